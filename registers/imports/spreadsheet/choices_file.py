"""Choices for the names in a file as a CSV: written with what is open, filled in, read again."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator, Sequence

from django.core.exceptions import ValidationError

from registers.exports.csv import csv_rows
from registers.imports.reading.read import Sheet
from registers.imports.spreadsheet.choices import Choice, Choices
from registers.imports.spreadsheet.matching import nearest_to
from registers.imports.spreadsheet.plan import How, Named, Plan, place_of
from registers.imports.spreadsheet.public_text import refuse_name
from registers.models import ImportName, Name

COLUMNS = ("what", "written", "choice", "name", "kept as", "rows", "first in", "like it")
# What may stand under `choice`; what stands under `name` then.
MEANINGS = {
    "known": "the name that the register knows",
    "new": "the official name of a new organisation, or theme",
    "group": "the official name of a new group of organisations",
    "note": "nothing: the words name nobody",
    "piece": "the whole name, of which the words are a piece",
    "several": "nothing: the words are names with 'and', '&', '/', '|' or a line end between them",
}
NAMELESS = {"note", "several"}
KEPT_AS = [kind.value for kind in Name.Kind if kind != Name.Kind.OFFICIAL]
# What the words of a row of a file of organisations can be, which may name it anew.
KEPT_OF_ROWS = [kind.value for kind in Name.Kind]
KINDS = [kind.value for kind in ImportName.Kind]


class ChoicesError(ValueError):
    """The file of choices cannot be followed. Its sentence says where and why."""


def choices_csv(plan: Plan) -> bytes:
    """Return a CSV in which the names that are not known can be chosen for, safe to open."""
    # Spreadsheet programs learn by the mark that it is UTF-8.
    return BOM_UTF8 + b"".join(csv_rows(list(COLUMNS), _open_choices(plan)))


def _open_choices(plan: Plan) -> Iterator[list[str]]:
    for named, like in unknown_with_nearest(plan):
        count, place = str(named.uses), place_of(named.sheet, named.row)
        yield [named.kind.value, named.written, "", "", "", count, place, "; ".join(like)]


def unknown_with_nearest(plan: Plan) -> Iterator[tuple[Named, list[str]]]:
    """Give each name that is not known, with the official names that are like it."""
    nearest = {}
    for named in plan.names:
        if named.how == How.UNKNOWN:
            if named.kind not in nearest:
                new = [each.name for each in plan.new_organisations]
                themes = list(plan.new_themes.values())
                is_theme = named.kind == ImportName.Kind.THEME
                nearest[named.kind] = nearest_to(named.kind, themes if is_theme else new)
            near = (plan.near or {}).get(named.key, [])[1:]
            yield named, list(dict.fromkeys([*near, *nearest[named.kind](named.written)]))


def read_choices(
    sheets: Iterable[Sheet], choices: Choices, *, kinds: Sequence[str] = KEPT_AS
) -> None:
    """Choose in `choices` what the sheets of a file of choices say. Raises ChoicesError.

    A row whose choice is empty chooses nothing. Words can be kept as names of these `kinds`.
    """
    for sheet in sheets:
        heads = [str(value or "").strip().lower() for value in sheet.rows[0].values]
        if not {"what", "written", "choice", "name"} <= set(heads):
            raise ChoicesError(
                f"The choices need the columns {', '.join(COLUMNS[:5])}."
                " --write-choices writes such a file."
            )
        for row in sheet.rows[1:]:
            values = dict(zip(heads, (str(value or "").strip() for value in row.values)))  # noqa: B905 (none stands at the end)
            if values.get("choice"):
                _choose(choices, values, f"Row {row.number} of the choices: ", kinds)


def _choose(choices: Choices, values: dict[str, str], where: str, kinds: Sequence[str]) -> None:
    what, said = values.get("what", "").lower(), values["choice"].lower()
    name, kept_as = values.get("name", ""), values.get("kept as", "").lower()
    for wrong, sentence in (
        (what not in KINDS, f"'{what}' is not one of: {', '.join(KINDS)}."),
        (said not in MEANINGS, f"'{said}' is not one of: {', '.join(MEANINGS)}."),
        (said not in NAMELESS and not name, "the name is empty."),
        (bool(kept_as) and kept_as not in kinds, f"write {', '.join(kinds)}, or nothing."),
        (what == "theme" and said not in {"known", "new"}, "a theme is known or new."),
    ):
        if wrong:
            raise ChoicesError(where + sentence)
    for is_made, text in ((said in {"new", "group"}, name), (kept_as, values["written"])):
        try:
            if is_made:
                refuse_name(what, text)
        except ValidationError as refusal:
            raise ChoicesError(f"{where}'{text[:60]}': {' '.join(refusal.messages)}") from refusal
    if what == "theme":
        choices.choose_theme(values["written"], Choice(name=name, new=said == "new"))
    else:
        choices.choose(
            values["written"],
            Choice(
                name=name if said in {"known", "new", "group"} else "",
                note=said == "note",
                longer=name if said == "piece" else "",
                several=said == "several",
                new=said in {"new", "group"},
                group=said == "group",
                kept_as=kept_as,
            ),
        )
