"""What a person said of a spreadsheet: which column is what, and how its cells are read."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, get_type_hints

from registers.imports.dates import Order
from registers.imports.mapping.kinds import KINDS, LEFT_OUT, RowKind, heading_key
from registers.models import ImportJob

STATUSES = {"current": "In force", "withdrawn": "Withdrawn", "draft": "A draft"}
THEMES_FROM = {
    "column": "A column, or one theme for all rows",
    "sheet": "The name of the sheet",
    "band": "A row of its own above the protocols of each theme",
}
DAY_ORDERS = {"day": "The day first: 3 April is 03/04", "month": "The month first: 04/03"}
# As editors on Windows begin a file.
BYTE_ORDER_MARK = "\ufeff"
# No database keeps NUL, nor half of a character.
NOT_KEPT = re.compile("[\x00\ud800-\udfff]")


class MappingError(ValueError):
    """A mapping that cannot be followed. Its sentences say what is wrong, and what to do."""

    def __init__(self, *messages: str) -> None:
        super().__init__(" ".join(messages))
        self.messages = list(messages)


def unique_headings(headings: Sequence[str]) -> list[str]:
    """Return the headings of a row; a repeated one has its number behind it: 'Partner (2)'."""
    seen: Counter[str] = Counter()
    found = []
    for heading in headings:
        key = heading_key(heading)
        seen[key] += 1
        found.append(f"{heading} ({seen[key]})" if key and seen[key] > 1 else heading)
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class SheetOptions:
    """How one sheet is read.

    `heading_row` is the number that a spreadsheet program shows; 0: it is looked for. `read` is
    None where a hidden sheet is left out and any other read.
    """

    read: bool | None = None
    heading_row: int = 0


@dataclass(kw_only=True, slots=True)
class ColumnMapping:
    """How a spreadsheet is read, whichever rows it has.

    `kind` says what its rows are: a key of KINDS. `columns` says what each column is, by its
    heading: one of the uses of that kind. `defaults` holds what
    is the same for all rows, by the names of columns. `statuses` says what the words of a
    status column mean, a value of STATUSES each. `day_orders` says of columns of dates, by their
    headings, what stands first in them: a key of DAY_ORDERS. `match_titles`: a row without a
    reference is the protocol of its theme that has its title. `withdrawn_on_review`: a withdrawn
    row without a day of its own was withdrawn on its review date. An empty `separator` or
    `encoding` is found out.
    """

    kind: str = ImportJob.Kind.PROTOCOLS.value
    name: str = ""
    columns: dict[str, str] = field(default_factory=dict)
    defaults: dict[str, str] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    day_orders: dict[str, str] = field(default_factory=dict)
    sheets: dict[str, SheetOptions] = field(default_factory=dict)
    theme_from: str = "column"
    match_titles: bool = False
    withdrawn_on_review: bool = False
    hidden_rows: bool = False
    separator: str = ""
    encoding: str = ""

    @property
    def row_kind(self) -> RowKind:
        """What its rows are, and what a column can be."""
        return KINDS[self.kind]

    def use_of(self, heading: str) -> str | None:
        """Return what the column with this heading is; None where the mapping does not say."""
        return _at_heading(self.columns, heading)

    def order_of(self, heading: str) -> Order | None:
        """Return what stands first in a column of dates; None where the mapping does not say."""
        order = _at_heading(self.day_orders, heading)
        return "month" if order == "month" else "day" if order else None

    def to_plain(self) -> dict[str, Any]:
        """Return it as plain data, without what is as it always is."""
        usual = asdict(ColumnMapping())
        return {name: value for name, value in asdict(self).items() if value != usual[name]}

    def to_json(self) -> str:
        """Return it as a file that a person can read and edit."""
        return json.dumps(self.to_plain(), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_plain(cls, plain: Any) -> ColumnMapping:
        """Return what `to_plain` gave. Raises MappingError for what is none."""
        if not isinstance(plain, dict):
            raise MappingError("This is not a mapping. It begins with { and names its columns.")
        known = {each.name for each in fields(cls)}
        if unknown := sorted(plain.keys() - known):
            raise MappingError(
                f"'{unknown[0]}' is not a part of a mapping. Use: {', '.join(sorted(known))}."
            )
        hints = get_type_hints(cls)
        given = {name: _typed(name, value, hints[name]) for name, value in plain.items()}
        mapping = cls(**given)
        if problems := list(mapping._problems()):
            raise MappingError(*problems)
        return mapping

    @classmethod
    def from_json(cls, text: str) -> ColumnMapping:
        """Return the mapping in a file. Raises MappingError."""
        try:
            plain = json.loads(text.removeprefix(BYTE_ORDER_MARK))
        except json.JSONDecodeError as problem:
            raise MappingError(
                f"This is not a mapping in JSON: line {problem.lineno}, {problem.msg}."
            ) from problem
        except (ValueError, RecursionError) as problem:  # a number or brackets without end
            text = "This is not a mapping in JSON: a number or its brackets have no end."
            raise MappingError(text) from problem
        return cls.from_plain(plain)

    def _problems(self) -> Iterable[str]:
        if self.kind not in KINDS:
            yield f"'kind' is '{self.kind}'. Use one of: {', '.join(KINDS)}."
            return
        defaults = self.row_kind.defaults
        for name, given, known in (
            ("columns", self.columns, self.row_kind.uses),
            ("statuses", self.statuses, STATUSES),
            ("day_orders", self.day_orders, DAY_ORDERS),
        ):
            for word, use in given.items():
                if use not in known:
                    yield f"'{name}' has '{use}' for '{word}'. Use one of: {', '.join(known)}."
        for column in self.defaults:
            if column not in defaults:
                yield f"'defaults' has '{column}'. Use one of: {', '.join(defaults) or 'none'}."
        if self.theme_from not in THEMES_FROM:
            yield f"'theme_from' is '{self.theme_from}'. Use one of: {', '.join(THEMES_FROM)}."


def _at_heading(given: dict[str, str], heading: str) -> str | None:
    if value := given.get(heading):
        return value
    wanted = heading_key(heading)
    return next((value for each, value in given.items() if heading_key(each) == wanted), None)


def _typed(name: str, value: Any, hint: Any) -> Any:
    """Return a value of a mapping's file as what its field takes. Raises MappingError."""
    if name == "sheets":
        return {sheet: _options(sheet, each) for sheet, each in _texts(name, value, dict).items()}
    if hint == dict[str, str]:
        return _texts(name, value, str)
    if not isinstance(value, hint):
        what = "true or false" if hint is bool else "a text"
        raise MappingError(f"'{name}' must be {what}.")
    if isinstance(value, str):
        _refuse_characters(value)
    return value


def _refuse_characters(text: str) -> None:
    """Raise MappingError for a text that cannot be stored."""
    if found := NOT_KEPT.search(text):
        raise MappingError(f"A mapping cannot hold the character U+{ord(found[0]):04X}.")


def _texts(name: str, value: Any, kind: type) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(each, kind) for each in value.values()):
        raise MappingError(f"'{name}' must be names with {'texts' if kind is str else 'values'}.")
    for text in (*value, *(each for each in value.values() if isinstance(each, str))):
        _refuse_characters(text)
    return value


def _options(sheet: str, given: dict[str, Any]) -> SheetOptions:
    read, row = given.get("read"), given.get("heading_row", 0)
    is_read = read is None or isinstance(read, bool)
    is_right = is_read and isinstance(row, int) and not isinstance(row, bool) and row >= 0
    if not is_right or given.keys() - {"read", "heading_row"}:
        raise MappingError(
            f"The sheet '{sheet}' can have 'read' (true or false) and 'heading_row' (a number)."
        )
    return SheetOptions(read=read, heading_row=row)


def refuse_mapping(mapping: ColumnMapping, headings: Sequence[str]) -> None:
    """Raise MappingError where a mapping cannot be followed in a file with these `headings`."""
    if problems := problems_of(mapping, headings):
        raise MappingError(*(sentence for _, sentence in problems))


def problems_of(mapping: ColumnMapping, headings: Sequence[str]) -> list[tuple[list[str], str]]:
    """Return why a mapping cannot be followed: the headings that are concerned, and a sentence."""
    problems: list[tuple[list[str], str]] = []
    used = {heading: mapping.use_of(heading) for heading in headings}
    kind = mapping.row_kind
    for use, label in kind.uses.items():
        columns = [heading for heading, each in used.items() if each == use]
        if len(columns) > 1 and use not in kind.several:
            named = " and ".join(f"‘{each}’" for each in columns)
            text = f"{label} can be one column, and {named} are taken for it. Choose one."
            problems.append((columns, text))
    if not kind.found_by & set(used.values()):
        problems.append(([], kind.no_column))
    if gone := missing_columns(mapping, headings):
        text = f"This file has no column headed {', '.join(gone)}, which is to be read."
        problems.append(([], text))
    return problems


def missing_columns(mapping: ColumnMapping, headings: Iterable[str]) -> list[str]:
    """Return the headings that a mapping reads and a file with these `headings` has not."""
    there = {heading_key(each) for each in headings}
    read = [heading for heading, use in mapping.columns.items() if use != LEFT_OUT]
    return [f"‘{heading}’" for heading in read if heading_key(heading) not in there]


# What stands in the column of an organisation that takes part, or does not.
TICKS = {"x", "✓", "✔", "☑", "☒", "yes", "y", "1", "true", "●", "•"}
NO_TICKS = {"", "no", "n", "0", "false", "-", "\u2013", "☐", "n/a"}


def is_tick(text: str) -> bool:
    """Return whether some words say that an organisation takes part, or that it does not."""
    return text.casefold() in TICKS | NO_TICKS


NUMBERED = re.compile(
    r"^(.*?)(?:\s*(?:no\.?|number)?\s*\(?\d{1,2}\)?|\s+\(?[a-z]\)?)$", re.IGNORECASE
)


def without_number(heading: str) -> str:
    """Return a heading without the number or letter at its end: 'Partner 3' is 'partner'."""
    found = NUMBERED.match(heading_key(heading))
    return found[1].strip() if found else heading_key(heading)
