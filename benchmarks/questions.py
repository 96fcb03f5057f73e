"""Questions that nobody has asked yet: each is asked once in the life of a server.

Every question is made from a protocol that is in the register, so that most find something; the
same kinds, in the same measure, at every size of the register.
"""

from __future__ import annotations

import datetime
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from urllib.parse import urlencode

from benchmarks.places import Unable

SEED = 2026
SAMPLE = 2000
MONTHS_AWAY = 180
DRAWS = 10_000  # for a question that was not asked before
LONG_WORD = re.compile(r"[a-z]{4,20}")
DUE_SOON = 92  # days, about three months
DATASETTE_TABLE = "/datasette/protocol"
DATASETTE_FACETS = (("_facet", "theme"), ("_facet", "lead"), ("_size", "50"))

Pairs = list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class Known:
    """What a question is made from: one protocol, as it stands in Datasette's file."""

    theme: str
    theme_slug: str
    lead: str
    lead_slug: str
    review: datetime.date
    words: list[str]


@dataclass(frozen=True)
class Question:
    """One question, in the register's words and in Datasette's."""

    ours: Pairs
    datasette: Pairs

    @property
    def address(self) -> str:
        """Where the register answers it."""
        return f"/?{urlencode(self.ours)}"

    @property
    def datasette_address(self) -> str:
        """Where Datasette does, with its facets on theme and lead."""
        return f"{DATASETTE_TABLE}?{urlencode([*self.datasette, *DATASETTE_FACETS])}"


class Questions:
    """The questions for one register, from the file that is made of it for Datasette."""

    def __init__(self, file: Path, *, on: datetime.date) -> None:
        self.on = on
        self.random = Random(SEED)  # noqa: S311 (nothing secret: the same questions each time)
        self.known = list(_known(file))
        self.asked: set[str] = set()
        self.kinds: dict[str, tuple[Callable[[Known], Question], ...]] = {
            "search": (self._one_word, self._two_words),
            "filter": (self._months, self._facets),
            "new": (self._one_word, self._two_words, self._months, self._facets),
        }

    def take(self, kind: str, number: int) -> list[Question]:
        """Return `number` questions of a kind, none of which was ever taken before."""
        taken: list[Question] = []
        makers = self.kinds[kind]
        in_vain = 0
        while len(taken) < number:
            in_vain += 1
            if in_vain > DRAWS:
                raise Unable(f"This register has no {number} questions of the kind '{kind}' more.")
            question = makers[len(taken) % len(makers)](self.random.choice(self.known))
            if question.address not in self.asked:
                self.asked.add(question.address)
                in_vain = 0
                taken.append(question)
        return taken

    def _one_word(self, known: Known) -> Question:
        """Return a search for a word, to be reviewed by some month: words alone are too few."""
        last = self._month(known.review, 0)
        word = self.random.choice(known.words)
        return Question(
            [("q", word), ("review_to", last)],
            [("_search", word), ("review_date__lte", f"{last}-01")],
        )

    def _two_words(self, known: Known) -> Question:
        words = " ".join(sorted(self.random.sample(known.words, 2)))
        return Question([("q", words)], [("_search", words)])

    def _months(self, known: Known) -> Question:
        """Return a span of months under a theme."""
        first, last = self._month(known.review, -MONTHS_AWAY), self._month(known.review, 0)
        return Question(
            [("theme", known.theme_slug), ("review_from", first), ("review_to", last)],
            [
                ("theme__exact", known.theme),
                ("review_date__gte", f"{first}-01"),
                ("review_date__lte", f"{last}-01"),
            ],
        )

    def _facets(self, known: Known) -> Question:
        """Return a theme, a lead and a review status at once, with a span of months."""
        first, last = self._month(known.review, -MONTHS_AWAY), self._month(known.review, 0)
        soon = self.on + datetime.timedelta(DUE_SOON)
        month = f"{self.on:%Y-%m}-01"
        if known.review < self.on.replace(day=1):
            status, same = "overdue", [("review_date__lt", month)]
        elif known.review < soon:
            status, same = "due-soon", [("review_date__gte", month)]
        else:
            status, same = "in-date", [("review_date__gte", f"{soon:%Y-%m}-01")]
        return Question(
            [
                ("theme", known.theme_slug),
                ("organisation", known.lead_slug),
                ("review", status),
                ("review_from", first),
                ("review_to", last),
            ],
            [
                ("theme__exact", known.theme),
                ("lead__exact", known.lead),
                *same,
                ("review_date__gte", f"{first}-01"),
                ("review_date__lte", f"{last}-01"),
            ],
        )

    def _month(self, day: datetime.date, earliest: int) -> str:
        """Return a month up to MONTHS_AWAY from `earliest` months after that of `day`."""
        months = day.year * 12 + day.month - 1 + earliest + self.random.randrange(MONTHS_AWAY)
        return f"{months // 12:04}-{months % 12 + 1:02}"


def pages_of(file: Path) -> tuple[str, str]:
    """Return the addresses of a protocol's page and of an organisation's, from Datasette's file."""
    first = """
        SELECT reference, lead_slug FROM protocol WHERE lead IS NOT NULL ORDER BY reference LIMIT 1
    """
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        reference, slug = database.execute(first).fetchone()
    return f"/protocols/{reference}/", f"/organisations/{slug}/"


def _known(file: Path) -> Iterator[Known]:
    """Give some of the protocols in force that have a lead and a review month."""
    rows = """
        SELECT theme, theme_slug, lead, lead_slug, review_date, title || ' ' || purpose
        FROM protocol
        WHERE status = 'published' AND lead IS NOT NULL AND review_date IS NOT NULL
        ORDER BY id * 7919 % 1000003 LIMIT ?
    """
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        for theme, theme_slug, lead, lead_slug, review, text in database.execute(rows, [SAMPLE]):
            words = sorted(set(LONG_WORD.findall(text.lower())))
            if len(words) > 1:
                yield Known(
                    theme=theme,
                    theme_slug=theme_slug,
                    lead=lead,
                    lead_slug=lead_slug,
                    review=datetime.date.fromisoformat(review),
                    words=words,
                )
