"""Which protocol each row is about: by its reference, or a new one with the next free number."""

from __future__ import annotations

import datetime
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from registers.exports.columns import COLUMNS, COMPUTED_COLUMNS, ExportContext
from registers.imports.cells import front_of_title, reference_and_title, reference_of, visible
from registers.imports.spreadsheet.matching import Themes
from registers.imports.spreadsheet.plan import Line, Outcome, Problem, place_of
from registers.imports.spreadsheet.row import RowOf
from registers.imports.spreadsheet.tables import Tables
from registers.models import Gap, Protocol
from registers.models.keys import key_of
from registers.models.references import as_written, example, keys_of, own_form, reference_key
from registers.search.reference_log import following, next_of_any, next_reference
from weisf.reference_form import MAX_DIGITS


class Stored:
    """Every reference that was ever used, by its key; the protocols when they are asked for."""

    def __init__(self, on: datetime.date) -> None:
        references = Protocol.objects.order_by().values_list("pk", flat=True)
        self._references = {reference_key(each): each for each in references.iterator()}
        self._gaps = {gap.reference_key: gap for gap in Gap.objects.all()}
        self._place = ExportContext(site="", on=on)
        self._next = next_reference(on)
        self._of_file = set[str]()

    def reference(self, written: str) -> str | None:
        """Return the reference of the protocol that is meant, however it is written."""
        found = (self._references.get(key) for key in keys_of(written))
        return next((each for each in found if each), None)

    def gap(self, written: str) -> Gap | None:
        """Return what is said of this reference where no protocol has it."""
        return self._gaps.get(reference_key(written))

    def free(self, used: Iterable[str]) -> Iterator[str]:
        """Give the next free references, without those that the file uses: above the register's.

        It ends where there is no number left, and gives none where none can be offered. Where the
        register does not say how they go on, and no form either, the file may.
        """
        used = sorted(used, key=reference_key, reverse=True)
        taken = {reference_key(each) for each in used} | self._references.keys()
        reference = self._next
        if used and own_form().is_any and not (reference and self._references):
            reference = next_of_any(used[:2])
        while reference:
            if reference_key(reference) not in taken:
                yield reference
            reference = following(reference)

    def unused_before(self, reference: str) -> int:
        """Return how many numbers lie between the register's last and this one.

        0 where the references have no numbers that run on.
        """
        shape = own_form()
        said, free = shape.read(reference), shape.read(self._next)
        return said.number - free.number if said and free and not shape.has_year else 0

    def is_like_one(self, written: str) -> bool:
        """Return whether a protocol has this reference, or references here look so.

        The latter is asked where no form says how they look. Those that are there count where
        they have letters, and those with which the titles of the file begin. Where there are
        numbers, or nothing yet, a number of four digits counts that is no year.
        """
        if self.reference(written) is not None:
            return True
        is_number = self._may_be_numbers and NO_YEAR.fullmatch(written) is not None
        return own_form().is_any and (is_number or _shape(written) in self._shapes)

    def learn(self, titles: Sequence[str]) -> None:
        """Note how the references look with which most of the `titles` of a file begin."""
        fronts = {front for title in titles if (front := front_of_title(title))}
        self._of_file = {
            shape
            for shape, often in Counter(map(_shape, fronts)).items()
            if often > 1 and often >= MOST * len(titles)
        }

    @cached_property
    def _shapes(self) -> set[str]:
        shapes = map(_shape, self._references.values())
        return {each for each in shapes if each != each.upper()} | self._of_file

    @cached_property
    def _may_be_numbers(self) -> bool:
        return not self._references or any(map(str.isdigit, self._references.values()))

    @cached_property
    def _titles(self) -> dict[str, list[tuple[str, int | None]]]:
        found: dict[str, list[tuple[str, int | None]]] = defaultdict(list)
        rows = Protocol.objects.order_by("pk").values_list("title", "pk", "theme")
        for title, reference, theme in rows.iterator():
            found[key_of(title)].append((reference, theme))
        return found

    def with_title(self, title: str) -> list[tuple[str, int | None]]:
        """Return the references and themes of the protocols that have this very title."""
        return self._titles.get(key_of(title), [])

    def protocols(self, references: Iterable[str]) -> dict[str, Protocol]:
        """Return the protocols with their parties, by their references."""
        return (
            Protocol.objects.select_related("theme", "replaced_by")
            .with_parties()
            .in_bulk(list(references))
        )

    def written(self, protocol: Protocol) -> dict[str, str]:
        """Return what the register's own files say of a protocol, by the columns' names."""
        return {column.name: column.write(protocol, self._place) for column in IMPORTED}


IMPORTED = [column for column in COLUMNS if column.name not in COMPUTED_COLUMNS]
REFERENCE_AND_TITLE = ("reference", "title")
# So many numbers are not left out without a word.
MANY_UNUSED = 500
MOST_NAMED = 4
MOST = 0.6  # of the titles of a file
NO_YEAR = re.compile(r"(?!(?:19|20)[0-9]{2}\Z)[0-9]{4,8}")
# Stands for the reference of a new protocol until all rows are read.
TO_GET_ONE = "?"
NUMBER = re.compile(rf"[0-9]{{1,{MAX_DIGITS}}}(?![0-9\w])")
FIRST_WORD = re.compile(r"[0-9A-Za-z]+(?:[._/-]+[0-9A-Za-z]+)*(?!\w)")


@dataclass(slots=True)
class Entry:
    """A row with what names its protocol: its reference, none where it is to get one, its title."""

    row: RowOf
    reference: str
    title: str


def entries_of(tables: Tables, stored: Stored, themes: Themes) -> list[Entry]:
    """Return every row with its reference. What cannot be told is refused in the row.

    Where the mapping says so, a row without a reference is the protocol of its theme that has
    its title.
    """
    rows = [RowOf(table, row) for table in tables.tables for row in table.rows]
    if own_form().is_any:
        stored.learn([title for row in rows if (title := row.text("title"))])
    entries = [_entry(row, stored) for row in rows]
    by_title = tables.mapping.match_titles
    _refuse_twice(entries, within_themes=by_title)
    open_entries = [each for each in entries if not each.reference and not each.row.problems]
    if by_title:
        for entry in open_entries:
            _match_title(entry, stored, themes)
        _refuse_twice(entries, within_themes=True)
    given = {reference_key(entry.reference) for entry in entries if entry.reference}
    for entry in open_entries:
        if not entry.reference and not entry.row.problems:
            _refuse_likely_known(entry, given, stored, by_title=by_title)
    return entries


def _match_title(entry: Entry, stored: Stored, themes: Themes) -> None:
    """Let a row be about the one protocol of its theme that has its title. Refuses a doubt.

    A row without a theme can be about one of any, and so can one whose theme is but a default and
    has none with this title. Where its theme is still to be chosen, nothing is said yet.
    """
    text = visible(entry.row.text("theme"))
    theme = themes.match(text).whom if text else None
    with_title = stored.with_title(entry.title)
    if not with_title or (text and theme is None):
        return
    here = [reference for reference, of in with_title if not text or of == theme]
    if not here and entry.row.is_default("theme"):
        here = [reference for reference, _ in with_title]
    if len(here) == 1:
        (entry.reference,) = here
    elif here:
        entry.row.refuse(
            "title",
            f"Several protocols have this very title: {', '.join(here[:MOST_NAMED])}.",
            f"Write the reference of the one that is meant in front of it, such as {here[0]}.",
        )
    else:
        named = ", ".join(reference for reference, _ in with_title[:MOST_NAMED])
        entry.row.refuse(
            "title",
            f"Protocol {named} has this very title, under another theme.",
            f"Write {named} in front of the title if it is the same protocol, which moves it to"
            " this theme. If it is not, write another reference there.",
        )


def give_references(lines: Sequence[Line], entries: Iterable[Entry], stored: Stored) -> None:
    """Give those that are to be new the next free references. What is refused uses up none."""
    free = stored.free(entry.reference for entry in entries if entry.reference)
    written = [x for x in lines if x.outcome == Outcome.NEW and x.reference != TO_GET_ONE]
    unused = _unused_before([line.reference for line in written], stored)
    for line in written:
        line.remarks += _remarks_on_new(line, unused[line.reference], stored)
    for line in lines:
        if line.reference != TO_GET_ONE:
            continue
        line.reference = "" if line.outcome == Outcome.REFUSED else next(free, "")
        if not line.reference and line.outcome != Outcome.REFUSED:
            line.outcome = Outcome.REFUSED
            line.problems = [Problem("", "There is no next free reference.", "Write one yourself.")]


def _unused_before(references: Sequence[str], stored: Stored) -> dict[str, int]:
    """Return how many numbers before each new reference neither the register uses nor the file."""
    found: dict[str, int] = {}
    free = 0
    for number, reference in sorted((stored.unused_before(each), each) for each in references):
        found[reference] = number - free
        free = max(free, number + 1)
    return found


def _remarks_on_new(line: Line, unused: int, stored: Stored) -> Iterator[str]:
    """Give what may be a slip in a new protocol whose reference was written."""
    if unused > MANY_UNUSED:
        yield f"This number is far from the last: {unused:,} before it stay unused for ever."
    if there := stored.with_title(line.title):
        yield f"Protocol {there[0][0]} has this very title too."


def _shape(reference: str) -> str:
    """Return a reference with one digit for each of its numbers: isa-0 for ISA-012."""
    return re.sub(r"[0-9]+", "0", reference.lower())


def _entry(row: RowOf, stored: Stored) -> Entry:
    """Return a row with the reference in its own cell, or at the front of its title."""
    reference = row.read("reference", reference_of) or ""
    title = row.text("title")
    if title and not row.problems:
        found = row.read("title", lambda _: reference_and_title(title, stored.is_like_one)) or (
            "",
            title,
        )
        reference, title = _one_reference(row, reference, title, found)
    if not title and not reference and not row.problems:
        filled = [name for name in row.table.columns if row.value(name) is not None]
        row.refuse(
            filled[0] if filled else "title",
            f"Nothing is written but: {', '.join(filled)}. The row has no title and no reference."
            if filled
            else "Nothing stands under the headings that this register knows.",
            "Write its title, or delete the row.",
        )
    if reference and not row.problems:
        there = stored.reference(reference)
        gap = stored.gap(reference)
        if there is None and reference_key(reference) == reference_key("0"):
            row.refuse(*_at_reference(row), "0000 is not a reference.", "Begin with 0001.")
        elif there is None and gap is not None:
            row.refuse(
                *_at_reference(row),
                f"The reference log says of {gap.pk}: {gap.get_fate_display().lower()}.",
                "Clear that there first, or use another reference.",
            )
        reference = there or reference
    return Entry(row, reference, title)


def _one_reference(
    row: RowOf, reference: str, title: str, found: tuple[str, str]
) -> tuple[str, str]:
    """Return the reference and the title, where each may name one. Refuses two that differ.

    A title that the register itself wrote may begin with any number.
    """
    if not reference:
        return found
    if not found[0] or "title" in row.table.own:
        return reference, title
    if not set(keys_of(found[0])) & set(keys_of(reference)):
        row.refuse(
            "title",
            f"The title begins with {found[0]}, and the reference of this row is {reference}.",
            "Leave the right one of them.",
        )
    return reference, found[1]


def _at_reference(row: RowOf) -> tuple[str]:
    return (next((name for name in REFERENCE_AND_TITLE if row.has(name)), "title"),)


def _refuse_twice(entries: list[Entry], *, within_themes: bool) -> None:
    """Refuse every row whose reference, or whose title where it has none, stands twice."""
    same: dict[tuple[bool, str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.reference:
            same[True, reference_key(entry.reference), ""].append(entry)
        elif entry.title:
            theme = key_of(entry.row.text("theme")) if within_themes else ""
            same[False, key_of(entry.title), theme].append(entry)
    for (is_given, _, _), alike in same.items():
        for entry in alike if len(alike) > 1 else ():
            others = "; ".join(
                place_of(each.row.table.sheet, each.row.number)
                for each in alike[:MOST_NAMED]
                if each is not entry
            )
            if is_given:
                (column,) = _at_reference(entry.row)
                entry.row.refuse(
                    column,
                    f"The reference {entry.reference} stands more than once: also in {others}.",
                    "Leave one of them, or give the other its own number. A sheet that is hidden"
                    " is not read.",
                )
            else:
                entry.row.refuse(
                    "title",
                    f"This title stands more than once without a reference: also in {others}.",
                    f"Write the reference in front of each, such as {example()}.",
                )


def _refuse_likely_known(entry: Entry, given: set[str], stored: Stored, *, by_title: bool) -> None:
    """Refuse a row without a reference that may be about a protocol that is there, or is given."""
    there = [] if by_title else stored.with_title(entry.title)
    number = (NUMBER if own_form().is_number else FIRST_WORD).match(entry.title)
    if there:
        reference = there[0][0]
        entry.row.refuse(
            "title",
            f"Protocol {reference} has this very title, and the row has no reference.",
            f"Write {reference} in front of the title if it is the same protocol; another number"
            " if it is not.",
        )
    elif number and (given.intersection(keys_of(number[0])) or stored.reference(number[0])):
        reference = as_written(number[0])
        entry.row.refuse(
            "title",
            f"This title begins with the number of a protocol, {number[0]}, but not as a"
            " reference is written.",
            f"Write '{reference} - ' if it is that protocol, or another number in front of it all.",
        )
