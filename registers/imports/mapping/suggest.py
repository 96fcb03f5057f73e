"""What each column of a file is likely to be: by its heading, and by what stands below it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.text import get_text_list

from registers.imports.cells import LIKE_A_DATE
from registers.imports.dates import DayOrder, day_order
from registers.imports.mapping.bands import find_bands
from registers.imports.mapping.kinds import (
    LEFT_OUT,
    NAME,
    NO_FIELDS,
    NOTE,
    OTHERS,
    PROTOCOLS,
    REASON_HEADING,
    TICK,
    RowKind,
    heading_key,
)
from registers.imports.mapping.layout import Layout, find_layouts, headings_of, shown
from registers.imports.mapping.mapping import (
    ColumnMapping,
    is_tick,
    missing_columns,
    without_number,
)
from registers.imports.reading.read import Sheet, Value
from registers.models import Name, Theme
from registers.models.keys import key_of
from registers.models.references import is_reference
from weisf.partnership import Partnership

LOOKED_AT = 200  # rows of each sheet
MOST = 0.6  # of the values of a column
MOST_NAMED = 6
MOST_STATUSES = 50
THEME_FOUND = {
    "sheet": "Say whether the name of each sheet is the theme of its rows.",
    "band": "Say whether the rows with one name alone are the themes of the rows below them.",
}
REPEATED = re.compile(r" \(\d+\)$")
# A heading that ends with one of these is of its kind: 'Proposal title'.
ENDINGS = {"reference", "ref", "title", "partners", "parties", "signatories"}
NAME_OF = re.compile(r"names? of (?:the |each )?(.+)|(.+) names?")
REMARK = re.compile(r"\s*[(\[].*?[)\]]")
# The register's own words. What those of others mean, a person says.
STATUS_WORDS = {"current": "current", "in force": "current"} | {
    word: word for word in ("withdrawn", "draft")
}


@cache
def _known_headings(kind: RowKind, partnership: Partnership) -> dict[str, str]:
    """Return what each known heading is, by its key: the partnership's own words first.

    What a form calls a column, and a message ('withdrawn_on'), is known as a heading too.
    """
    words = tomllib.loads(Path(__file__).with_name(kind.words).read_text(encoding="utf-8"))
    fields = {use: [use, label] for use, label in kind.uses.items() if use not in NO_FIELDS}
    own = partnership.import_headings if kind is PROTOCOLS else {}
    named = [(word, use) for some in (words, fields) for use, each in some.items() for word in each]
    return {heading_key(word): use for word, use in (*named, *own.items())}


def use_of_heading(heading: str, kind: RowKind = PROTOCOLS) -> str | None:
    """Return what a column is likely to be by its heading; None where no word is known."""
    if exact := _exactly(heading, kind):
        return exact
    known = _known_headings(kind, settings.PARTNERSHIP)
    text = REMARK.sub("", heading)
    key = heading_key(text)
    for each in (heading_key(heading), key, without_number(text), *_without_name(key)):
        if use := known.get(each) or kind.own(each):
            return use
    words = f" {re.sub(r'[^a-z0-9]+', ' ', key)} "
    within = [word for word in known if " " in word and f" {word} " in words]
    if within:
        return known[max(within, key=len)]
    last = key.rpartition(" ")[2]
    return known.get(last) or kind.own(last) if last in ENDINGS else None


def _exactly(heading: str, kind: RowKind) -> str | None:
    """Return what a column is that is headed as the register heads it."""
    return LEFT_OUT if kind.computed_column(heading) else kind.own(heading)


def _without_name(key: str) -> Iterator[str]:
    """Give what is named: 'name of lead body' and 'lead body name' are as 'lead body'."""
    if found := NAME_OF.fullmatch(key):
        yield found[1] or found[2]


@dataclass(slots=True)
class Suggestion:
    """How a file is likely to be read, and what a person is to be asked.

    `samples` are some of the words below each heading. `status_words` are the words of the status
    column. `questions` are sentences; without any the file can be read as the mapping says.
    `day_orders` are those of the columns of dates. `is_guess`: no word of the file speaks for
    the column of the titles.
    """

    mapping: ColumnMapping
    layouts: list[Layout]
    said: list[str]
    samples: dict[str, list[str]] = field(default_factory=dict)
    status_words: list[str] = field(default_factory=list)
    day_orders: dict[str, DayOrder] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)
    is_guess: bool = False

    @property
    def headings(self) -> list[str]:
        """Every heading of the file, once, in its order."""
        return headings_of(self.layouts)


def suggest(sheets: Sequence[Sheet], chosen: ColumnMapping | None = None) -> Suggestion:
    """Return how a file is likely to be read. What was `chosen` before is kept."""
    start = replace(chosen) if chosen else ColumnMapping()
    layouts, said = lay_out(sheets, start)
    suggestion = Suggestion(start, layouts, said)
    columns = _columns(layouts)
    suggestion.samples = {heading: _samples(values) for heading, values in columns.items()}
    start.columns = _uses(columns, start)
    suggestion.day_orders = day_orders(layouts, start)
    kind = start.row_kind
    if not kind.found_by & set(start.columns.values()):
        suggestion.is_guess = True
        if free := _like_titles(columns, start):
            start.columns[free] = kind.title
    _suggest_theme(suggestion)
    _suggest_statuses(suggestion)
    suggestion.questions = list(_questions(suggestion, chosen))
    if start.theme_from != (chosen or ColumnMapping()).theme_from:
        suggestion.questions.append(THEME_FOUND[start.theme_from])
    return suggestion


def lay_out(sheets: Iterable[Sheet], mapping: ColumnMapping) -> tuple[list[Layout], list[str]]:
    """Return how each sheet is laid out that is to be read, and sentences about the others."""
    chosen = set(map(heading_key, mapping.columns))

    @cache  # the cells of a wide sheet are the same few words
    def is_known(text: str) -> bool:
        return heading_key(text) in chosen or use_of_heading(text, mapping.row_kind) is not None

    return find_layouts(sheets, mapping, is_known)


def _columns(layouts: Iterable[Layout]) -> dict[str, list[Value]]:
    """Return the first values below each heading, those of all sheets."""
    found: dict[str, list[Value]] = {}
    for layout in layouts:
        for at, heading in enumerate(layout.headings):
            values = [row.values[at] for row in layout.rows[:LOOKED_AT] if at < len(row.values)]
            found.setdefault(heading, []).extend(value for value in values if value is not None)
    return {h: v for h, v in found.items() if v or not re.fullmatch(r"Column [A-Z]+", h)}


def day_orders(layouts: Iterable[Layout], mapping: ColumnMapping) -> dict[str, DayOrder]:
    """Return what stands first in each column of dates, by its heading, as its values say."""
    found: dict[str, set[Value]] = {}
    for layout in layouts:
        for at, heading in enumerate(layout.headings):
            if mapping.use_of(heading) in mapping.row_kind.dates:
                values = {row.values[at] for row in layout.rows if at < len(row.values)}
                found.setdefault(heading, set()).update(values)
    return {heading: day_order(sorted(values, key=str)) for heading, values in found.items()}


def _samples(values: Iterable[Value]) -> list[str]:
    return list(dict.fromkeys(" ".join(shown(value).split())[:60] for value in values))[:3]


def _uses(columns: dict[str, list[Value]], chosen: ColumnMapping) -> dict[str, str]:
    """Return what each column is: what was chosen, what its heading says, what its values say."""
    uses: dict[str, str] = {}
    for heading in columns:
        uses[heading] = chosen.use_of(heading) or ""
    names, kind = _known_names(), chosen.row_kind
    for find in (_exactly, use_of_heading):
        for heading, use in uses.items():
            found = None if use else find(heading, kind)
            same = heading_key(REPEATED.sub("", heading))
            is_same = same != heading_key(heading) and found == next(
                use for each, use in uses.items() if heading_key(each) == same
            )
            if found and (found in kind.several or is_same or found not in uses.values()):
                uses[heading] = found  # of two with one heading a person says which it is
            elif found == "lead_organisation":
                uses[heading] = OTHERS
    by_values = _by_values if kind is PROTOCOLS else _by_names
    for heading, values in columns.items():
        uses[heading] = uses[heading] or by_values(heading, values, names, uses)
    return uses


def _known_names() -> set[str]:
    return set(Name.objects.order_by().values_list("key", flat=True))


def _by_values(heading: str, values: list[Value], names: set[str], uses: dict[str, str]) -> str:
    """Return what a column is by its values; left out where nothing speaks for anything."""
    texts = [shown(value) for value in values]

    def are(test: Callable[[str], bool]) -> bool:
        return bool(texts) and sum(map(test, texts)) >= MOST * len(texts)

    if all(map(is_tick, texts)) and texts and key_of(heading) in names:
        return TICK
    if are(lambda text: any(key_of(each) in names for each in re.split(r"[;,\n]", text))):
        is_lead = "lead_organisation" not in uses.values() and OTHERS in uses.values()
        return "lead_organisation" if is_lead else OTHERS
    is_date = are(lambda text: bool(LIKE_A_DATE.search(text)))
    if is_date and "review_date" not in uses.values() and re.search(r"(?i)review|due", heading):
        return "review_date"
    is_number = are(is_reference) and len(set(texts)) == len(texts) and not is_date
    if is_number and "reference" not in uses.values() and "title" in uses.values():
        return "reference"
    return LEFT_OUT


def _by_names(heading: str, values: list[Value], names: set[str], uses: dict[str, str]) -> str:
    """Return the name for a column of known names in a file of organisations."""
    known = sum(key_of(shown(value)) in names for value in values)
    is_name = known and known >= MOST * len(values) and NAME not in uses.values()
    return NAME if is_name else LEFT_OUT


def _like_titles(columns: dict[str, list[Value]], mapping: ColumnMapping) -> str | None:
    """Return the heading of the column whose texts differ most: it may hold the titles."""
    free = {
        heading: len({shown(value) for value in columns[heading]})
        for heading, use in mapping.columns.items()
        if use in {"", LEFT_OUT, NOTE} and mapping.row_kind.own(heading) is None
    }
    return max(free, key=lambda heading: free[heading]) if free else None


def _suggest_theme(suggestion: Suggestion) -> None:
    """Take the theme from the names of the sheets, or from rows above, where no column has it."""
    mapping = suggestion.mapping
    is_said = "theme" in mapping.columns.values() or "theme" in mapping.defaults
    if mapping.theme_from != "column" or is_said or "theme" not in mapping.row_kind.uses:
        return
    themes = set(Theme.objects.values_list("key", flat=True))
    names = [layout.name for layout in suggestion.layouts]
    if any(key_of(name) in themes for name in names) or (
        len(names) > 1 and not any(re.fullmatch(r"(?i)sheet ?\d+|\d{4}", name) for name in names)
    ):
        mapping.theme_from = "sheet"
    elif any(_begins_with_a_band(layout, mapping) for layout in suggestion.layouts):
        mapping.theme_from = "band"


def _begins_with_a_band(layout: Layout, mapping: ColumnMapping) -> bool:
    """Return whether the first row names the theme of those below it: no row is without one."""
    first = replace(layout, rows=layout.rows[:LOOKED_AT])
    return bool(first.rows) and first.rows[0].number in find_bands(first, mapping).themes


def _suggest_statuses(suggestion: Suggestion) -> None:
    """Note the words of the status column, with what is plain of them."""
    mapping = suggestion.mapping
    words = dict.fromkeys(filter(None, _words_of("status", suggestion)))
    suggestion.status_words = list(words)[:MOST_STATUSES]
    given = {word.casefold() for word in mapping.statuses}
    plain = {w: STATUS_WORDS[w.casefold()] for w in words if w.casefold() in STATUS_WORDS}
    mapping.statuses = mapping.statuses | {
        word: status for word, status in plain.items() if word.casefold() not in given
    }


def _words_of(use: str, suggestion: Suggestion) -> Iterator[str]:
    """Give the words below each heading that is taken for `use`, those of all rows."""
    for layout in suggestion.layouts:
        for at, heading in enumerate(layout.headings):
            if suggestion.mapping.use_of(heading) == use:
                values = {row.values[at] for row in layout.rows if at < len(row.values)}
                yield from sorted(" ".join(shown(value).split()) for value in values)


def _questions(suggestion: Suggestion, chosen: ColumnMapping | None) -> Iterator[str]:
    """Give what a person is to say before the file is checked."""
    mapping = suggestion.mapping
    if not suggestion.layouts:
        yield "No row of headings was found. Choose the row that names the columns."
        return
    known = chosen.use_of if chosen and chosen.columns else mapping.row_kind.own
    asked = [heading for heading in suggestion.samples if heading != REASON_HEADING]
    if new := [heading for heading in asked if known(heading) is None]:
        named = ", ".join(f"‘{heading}’" for heading in new[:MOST_NAMED])
        more = f" and {len(new) - MOST_NAMED} more" if len(new) > MOST_NAMED else ""
        yield f"Say what the column{'s' if len(new) > 1 else ''} {named}{more} should become."
    if chosen and (gone := missing_columns(chosen, suggestion.headings)):
        several = len(gone) > 1
        yield (
            f"The file has no column{'s' if several else ''} headed {get_text_list(gone, 'and')}, "
            f"which {'were' if several else 'was'} used before."
        )
    for heading, order in suggestion.day_orders.items():
        if order.verdict == "ask" and mapping.order_of(heading) is None:
            yield f"{heading}: {order.sentence}"
    said = {word.casefold() for word in mapping.statuses}
    if [word for word in suggestion.status_words if word.casefold() not in said]:
        yield "Say what the words of the status column mean."
