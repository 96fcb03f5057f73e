"""What the text of a signed paper says of a protocol: its title, and dates with a word beside them.

All of it is to be suggested to a person, who decides.
"""

from __future__ import annotations

import calendar
import datetime
import json
import re
import subprocess
import sys
import unicodedata
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from registers.files.kinds import kind_of
from registers.imports.dates import readings
from registers.imports.reading.limits import Unreadable
from registers.imports.reading.paper import BY_HAND, READERS, SECONDS, TOO_DEAR
from registers.models.document import PAPER_BYTES
from registers.models.personal_words import JOB_TITLE, personal_words
from registers.models.review_dates import FIRST_YEAR, LAST_YEAR

PROGRAM = "registers.imports.reading.paper"
ROOT = Path(__file__).parents[2]  # where Python finds the program
OTHER_KIND = f"Only the text of a PDF or DOCX is read. {BY_HAND}"
TOO_LARGE = "This file is larger than 20 MB, so it is not read, and cannot be saved."

MONTH = "|".join(f"{name[:3]}(?:{name[3:]})?" for name in calendar.month_name[1:])
DATE = re.compile(
    rf"\b(?:[0-9]{{1,2}}(?:st|nd|rd|th)?\s+(?:day\s+)?(?:of\s+)?)?"
    rf"(?:{MONTH}|sept)\.?,?\s+[0-9]{{4}}\b"
    r"|\b[0-9]{4}-[0-9]{2}-[0-9]{2}\b"
    r"|\b(?:[0-9]{1,2}(?P<by>[/.-]))?[0-9]{1,2}(?(by)(?P=by)|/)(?:[0-9]{4}|(?(by)[0-9]{2}|(?!)))\b",
    re.IGNORECASE,
)
# The words beside a date. Those of 'past' say that it is none of the others.
WORDS = re.compile(
    r"\b(?:(?P<past>(?:last|previous|was|been)\s+review\w*|review(?:ed)?\s+completed"
    r"|(?:years?|months?|annual|annually)\s+(?:from|after|since|of))"
    r"|(?P<review>review(?:ed)?)"
    r"|(?P<signed>signed|signature|date\s+of\s+signing)"
    r"|(?P<start>commence\w*|start(?:s|ing)?|effective|in\s+force\s+from))\b",
    re.IGNORECASE,
)
MOST_BETWEEN = 80  # characters between a word and its date

# What stands above the title of a protocol, and what programs write into a file as its title:
# a name of theirs, that of the file, an address.
NO_TITLE = re.compile(
    r"(?:the\s+)?(?:whole\s+essex\s+)?(?:(?:information|data|personal)[\s-]+)*sharing"
    r"(?:\s+(?:protocol|agreement|framework))?|official.*|draft.*|version\b.*|v?[0-9.]+|page\b.*"
    r"|untitled.*|(?:document|presentation|book|slide|layout)\s*[0-9]*|microsoft\s+\w+.*"
    r"|powerpoint\s+presentation|contents|.*\.(?:docx?|pptx?|xlsx?|pdf|rtf|od[st]|txt|html?|indd)"
    r"|\S*[._]\S*|[a-z][a-z0-9+.-]*:\S*",
    re.IGNORECASE,
)
TITLE_LABEL = re.compile(r"(?:title|name)(?:\s+of\s+[\w\s]{1,40})?\s*:\s*(.+)", re.IGNORECASE)
FRONT_LINES = 40
SHORTEST_TITLE, LONGEST_TITLE = 8, 150


@dataclass(frozen=True, kw_only=True)
class Suggestions:
    """What a paper says. Empty or None where it does not say it, or says two things."""

    title: str = ""
    review: datetime.date | None = None
    signed: datetime.date | None = None
    start: datetime.date | None = None

    def __bool__(self) -> bool:
        return self != Suggestions()


def read_paper(file: IO[bytes]) -> Suggestions:
    """Return what a file says, which may have been made to harm.

    Raises Unreadable or ValidationError, whose sentence says why it cannot be read.
    """
    kind = kind_of(file)
    if kind not in READERS:
        raise Unreadable(OTHER_KIND)
    file.seek(0)
    content = file.read(PAPER_BYTES + 1)
    if len(content) > PAPER_BYTES:
        raise Unreadable(TOO_LARGE)
    found = _read_apart(kind, content)
    if "problem" in found:
        raise Unreadable(found["problem"])
    return suggest(found["text"], title=found["title"], headings=found["headings"])


def _read_apart(kind: str, content: bytes) -> dict[str, Any]:
    """Let the program read a paper. It is given no setting, secret or open file of this process."""
    try:
        done = subprocess.run(  # noqa: S603 (the program is ours)
            [sys.executable, "-m", PROGRAM, kind],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env={},
            timeout=SECONDS,
            check=False,
        )
        found: dict[str, Any] = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError):  # it was ended, by us or by its limits
        return {"problem": TOO_DEAR}
    return found


def suggest(text: str, *, title: str = "", headings: Iterable[str] = ()) -> Suggestions:
    """Return what `text` says; `title` is what the file itself calls it."""
    lines = [line for line in map(_one_line, text.splitlines()) if line]
    one = {kind: days.pop() for kind, days in _days("\n".join(lines)).items() if len(days) == 1}
    return Suggestions(
        title=_title(lines[:FRONT_LINES], _one_line(title), [*map(_one_line, headings)]),
        review=one.get("review"),
        signed=one.get("signed"),
        start=one.get("start"),
    )


def _days(text: str) -> dict[str, set[datetime.date]]:
    """Return the days of the text by the last word before each that says what it is.

    Of a month without a day it is the first; only a review has such.
    """
    found: dict[str, set[datetime.date]] = defaultdict(set)
    words, earliest = list(WORDS.finditer(text)), 0
    ends = [word.end() for word in words]
    for date in DATE.finditer(text):
        place = bisect_right(ends, date.start()) - 1
        after, earliest = max(earliest, date.start() - MOST_BETWEEN), date.end()
        if place < 0 or ends[place] < after:
            continue
        kind = str(words[place].lastgroup)
        day = _day(date, whole=kind != "review")
        if day and kind != "past":
            found[kind].add(day.replace(day=1) if kind == "review" else day)
    return found


def _day(date: re.Match[str], *, whole: bool) -> datetime.date | None:
    """Return the day of a date; None for one that is not valid or, if `whole`, has no day."""
    found = readings(" ".join(date[0].split()))
    if not found.day or (whole and not found.has_day):
        return None
    return found.day if FIRST_YEAR <= found.day.year <= LAST_YEAR else None


def _title(front: list[str], said: str, headings: list[str]) -> str:
    """Return the title: the line called so, else the file's own, else a heading, else a line."""
    called = [found[1] for line in front if (found := TITLE_LABEL.fullmatch(line))]
    for line in (*called, said, *headings, *front):
        if (
            SHORTEST_TITLE <= len(line) <= LONGEST_TITLE
            and not NO_TITLE.fullmatch(line)
            and (line in {*called, said} or not _is_of_a_date(line))
            and not personal_words(line, field=JOB_TITLE)
        ):
            return line
    return ""


def _is_of_a_date(line: str) -> bool:
    """Return whether a line says when something is, and not what the protocol is called."""
    rest, dates = DATE.subn("", line)
    word = WORDS.search(line)
    begins = line.lower().startswith("date") or (word and word.start() == 0)
    return bool(begins or len(rest) < SHORTEST_TITLE or (word and (dates or ":" in line)))


def _one_line(text: str) -> str:
    """Return a text on one line, without what is not seen."""
    seen = "".join(" " if unicodedata.category(each)[0] in "CZ" else each for each in text)
    return " ".join(unicodedata.normalize("NFC", seen).split())
