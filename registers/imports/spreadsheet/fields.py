"""The cell of a plain field, beside what the register says: a text, a choice, options, a day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


def compare_field(
    row: RowOf,
    line: Line,
    field: ProtocolField,
    stored: Protocol | None,
    written: dict[str, str],
    *,
    options: Sequence[str] = (),
) -> None:
    """Compare the cell of a plain field with what is stored, or with what a new protocol has.

    `options` are those of its list, where it has one.
    """
    column, now = field.column, stored or BLANK
    was, text = written.get(column, ""), row.text(column)
    if row.is_refused(column) or are_same(was, text):
        return
    if field.may_not_apply:
        does_not_apply = key_of(text) in NOT_APPLYING
        _compare_applying(line, field, now, does_not_apply=does_not_apply)
        if does_not_apply:
            value = None if field.kind in READERS else ""
            note_edit(line, column, was, DOES_NOT_APPLY, {field.name: value})
            return
    if field.composed:
        was, text = getattr(now, field.name), _own_text(getattr(now, field.name), was, text)
        if not are_same(was, text) and not was_cut(row, column, was, text):
            note_edit(line, column, was, text, {field.name: text})
        return
    if is_text(field) and was_cut(row, column, was, text):
        return
    value = text if is_text(field) else _read(row, field, was, options)
    if not row.is_refused(column) and (was == DOES_NOT_APPLY or value != getattr(now, field.name)):
        note_edit(line, column, was, WRITERS[field.kind](value), {field.name: value})


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
        option = text if text in stored else match_option(text, options)
        if option is None:
            raise Refused(
                f"'{text[:50]}' is not in the list of options.",
                f"Enter any of: {BETWEEN.join(options)}. Or add it to the list in admin first.",
            )
        found.append(option)
    return "\n".join(sorted(dict.fromkeys(found), key=[*options, *found].index))


def _compare_applying(
    line: Line, field: ProtocolField, now: Protocol, *, does_not_apply: bool
) -> None:
    """Put the field into the list of what does not apply to the protocol, or take it out."""
    before = line.values.get("does_not_apply", now.does_not_apply)
    names = set(lines_of(before)) - {field.name} | ({field.name} if does_not_apply else set())
    after = "\n".join(each for each in MAY_NOT_APPLY if each in names)
    if after != before:
        line.values["does_not_apply"] = after


def _own_text(own: str, was: str, text: str) -> str:
    """Return the text of a field from a cell that says those which it is composed of, too.

    An export of before they were recorded, or one that was edited, has the text alone.
    """
    others = was.removeprefix(own).strip()
    return text.removesuffix(others).strip() if others else text


def was_cut(row: RowOf, column: str, was: str, text: str) -> bool:
    """Say whether a workbook had no room for the whole text. Refuses what was edited in it."""
    if TRUNCATED_NOTE not in text:
        return False
    if not comparable(was).startswith(comparable(text.partition(TRUNCATED_NOTE)[0])):
        row.refuse(
            column,
            "This text is longer than a cell can be, so the file has only its beginning.",
            "Change it on the protocol's own page, or use the CSV.",
        )
    return True


def note_edit(line: Line, column: str, before: str, after: str, values: dict[str, Any]) -> None:
    """Note what would be altered, in words and in values; also where it empties a column."""
    line.edits.append(Edit(column, before, after))
    if before and not after:
        line.remarks.append(f"This empties the {column.replace('_', ' ')}.")
    line.values |= values
