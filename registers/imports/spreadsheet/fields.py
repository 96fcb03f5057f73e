"""The cell of a plain field, beside what the register says: a text, a choice, options, a day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from registers.exports.columns import WRITERS
from registers.exports.xlsx import TRUNCATED_NOTE
from registers.imports.cells import (
    Refused,
    are_same,
    choice_of,
    comparable,
    day_of,
    text_of,
    yes_or_no_of,
)
from registers.imports.reading.messages import Value
from registers.imports.spreadsheet.plan import Edit, Line
from registers.imports.spreadsheet.row import RowOf
from registers.models import Protocol
from registers.models.keys import key_of
from registers.models.options import BETWEEN, lines_of, match_option
from registers.models.protocol_fields import DOES_NOT_APPLY, MAY_NOT_APPLY, Kind, ProtocolField

BLANK = Protocol()  # what a new protocol has where a file says nothing
# How the cell of a plain field is read that is neither text nor a choice.
READERS: dict[Kind, Callable[[RowOf, str], Any]] = {
    Kind.BOOLEAN: lambda row, column: row.read(column, yes_or_no_of),
    Kind.DAY: lambda row, column: row.read_date(column, day_of),
}
# What a cell says whose field does not apply. 'None' is a value.
NOT_APPLYING = {key_of(words) for words in (DOES_NOT_APPLY, "Not applicable", "N/A")}


@dataclass(frozen=True, slots=True)
class Compared:
    """A row, the line that is made of it, and the protocol it is about; None for a new one.

    `written` is what the register's own file says of that protocol, by the columns.
    """

    row: RowOf
    line: Line
    stored: Protocol | None
    written: dict[str, str]

    @property
    def now(self) -> Protocol:
        """The protocol as it is stored, or with what a new one has."""
        return self.stored or BLANK

    def was(self, column: str) -> str:
        """Return what the register's own file says in a column."""
        return self.written.get(column, "")

    def note(
        self, column: str, after: str, values: dict[str, Any], *, before: str | None = None
    ) -> None:
        """Note what would be altered, in words and in values; also where it empties a column."""
        before = self.was(column) if before is None else before
        self.line.edits.append(Edit(column, before, after))
        if before and not after:
            self.line.remarks.append(f"This empties the {column.replace('_', ' ')}.")
        self.line.values |= values

    def is_cut(self, column: str, was: str, text: str) -> bool:
        """Say whether a workbook had no room for the whole text. Refuses what was edited in it."""
        if TRUNCATED_NOTE not in text:
            return False
        if not comparable(was).startswith(comparable(text.partition(TRUNCATED_NOTE)[0])):
            self.row.refuse(
                column,
                "This text is longer than a cell can be, so the file has only its beginning.",
                "Change it on the protocol's own page, or use the CSV.",
            )
        return True


def compare_field(each: Compared, field: ProtocolField, options: Sequence[str] = ()) -> None:
    """Compare the cell of a plain field with what is stored, or with what a new protocol has.

    `options` are those of its list, where it has one.
    """
    row, column = each.row, field.column
    was, text = each.was(column), row.text(column)
    if row.is_refused(column) or are_same(was, text):
        return
    if field.may_not_apply:
        does_not_apply = key_of(text) in NOT_APPLYING
        _compare_applying(each, field, does_not_apply=does_not_apply)
        if does_not_apply:
            value = None if field.kind in READERS else ""
            each.note(column, DOES_NOT_APPLY, {field.name: value})
            return
    if field.composed:
        own = getattr(each.now, field.name)
        was, text = own, _own_text(own, was, text)
        if not are_same(was, text) and not each.is_cut(column, was, text):
            each.note(column, text, {field.name: text}, before=was)
        return
    if is_text(field) and each.is_cut(column, was, text):
        return
    value = text if is_text(field) else _read(row, field, was, options)
    is_other = was == DOES_NOT_APPLY or value != getattr(each.now, field.name)
    if not row.is_refused(column) and is_other:
        each.note(column, WRITERS[field.kind](value), {field.name: value})


def is_text(field: ProtocolField) -> bool:
    """Return whether any text can stand in the column of a field."""
    return field.kind in {Kind.TEXT, Kind.LINK} and not (field.choices or field.options)


def _read(row: RowOf, field: ProtocolField, was: str, options: Sequence[str]) -> Any:
    if field.options:
        return row.read(field.column, partial(_options_of, options=options, was=was))
    if field.choices:
        return row.read(field.column, partial(choice_of, choices=field.choices))
    return READERS[field.kind](row, field.column)


def _options_of(value: Value, options: Sequence[str], was: str) -> str:
    """Return the options that a cell names, a line each. Raises Refused for one that is in no list.

    `was` is what the register's own file says: it stays, whatever became of the list.
    """
    stored, found = was.split(BETWEEN), list[str]()
    for text in lines_of(text_of(value).replace(BETWEEN.strip(), "\n")):
        option = text if text in stored or text in options else match_option(text, options)
        if option is None:
            raise Refused(
                f"'{text[:50]}' is not in the list of options.",
                f"Enter any of: {BETWEEN.join(options)}. Or add it to the list in admin first.",
            )
        found.append(option)
    return "\n".join(sorted(dict.fromkeys(found), key=[*options, *found].index))


def _compare_applying(each: Compared, field: ProtocolField, *, does_not_apply: bool) -> None:
    """Put the field into the list of what does not apply to the protocol, or take it out."""
    before = each.line.values.get("does_not_apply", each.now.does_not_apply)
    names = set(lines_of(before)) - {field.name} | ({field.name} if does_not_apply else set())
    after = "\n".join(name for name in MAY_NOT_APPLY if name in names)
    if after != before:
        each.line.values["does_not_apply"] = after


def _own_text(own: str, was: str, text: str) -> str:
    """Return the text of a field from a cell that says those which it is composed of, too.

    An export of before they were recorded, or one that was edited, has the text alone.
    """
    others = was.removeprefix(own).strip()
    return text.removesuffix(others).strip() if others else text
