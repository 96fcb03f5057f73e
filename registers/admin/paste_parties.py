"""The list of partners as signed, pasted on a protocol's form: it becomes rows, and is not saved.

The rows are put into what was sent, as if they were typed there. So all that a form does
with what was typed, such as storing it as a draft, holds for them too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, QueryDict

from registers.admin.conflicts.form_values import MAX_DIGITS, MAX_ROWS
from registers.admin.form_drafts import PASTE
from registers.admin.party_organisation import CHOICE, new_organisation, new_value, sent_value
from registers.admin.protocol_form import EMPTY_ROWS, without_javascript
from registers.imports.pasted_lists import NamedParty, PartyList, read_all, read_party_list
from registers.imports.spreadsheet.matching import Organisations, unlike_any
from registers.imports.spreadsheet.plan import Whom
from registers.models import Organisation, Party
from registers.models.keys import key_of

# The names of the box, and of the tick beside it.
TEXT, ALL_NEW = "pasted_list", "pasted_all_new"
PREFIX, COMPLETE = "parties", "parties_complete"
BOXES = ("organisation", "name_as_published", "note", "signed_on")
# A row has so many fields, and the other boxes and the ticks that may be asked for need some too.
FIELDS_OF_ROW, OTHER_FIELDS = 10, 200
TOO_MANY_ROWS = (
    "The form of a protocol can have {} organisations at most, and would have {}. Name a group of"
    " them instead, or import the protocol from a spreadsheet."
)
LEADS, TAKES_PART = "{}, which leads", "{}"


@dataclass(kw_only=True)
class Pasted:
    """What became of a list, to be shown. `error` says why no row was added.

    `rows` counts those that were added. `unknown` are names that are in no register, each
    with the number of its row; of these `new` are chosen to be made. `already` are parties
    of the form, and `repeated` are named more than once: both are added once only. `wrapped` are
    unknown names in two lines that were read as one. `has_more` says that the list is not complete
    by its own words.
    """

    error: str = ""
    rows: int = 0
    unknown: list[tuple[int, str]] = field(default_factory=list)
    new: list[str] = field(default_factory=list)
    already: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    wrapped: list[str] = field(default_factory=list)
    has_more: bool = False

    @property
    def to_choose(self) -> list[tuple[int, str]]:
        """The unknown names for which nothing is chosen, with the numbers of their rows."""
        return [pair for pair in self.unknown if pair[1] not in self.new]


def is_pasted(request: HttpRequest) -> bool:
    """Return whether a list was sent to become rows, or is there and was overlooked."""
    return PASTE in request.POST or bool(request.POST.get(TEXT, "").strip())


def paste(request: HttpRequest) -> Pasted:
    """Put the list of a form into rows of what was sent, and return what became of it.

    Where that is not possible, what was sent stays as it is.
    """
    data, organisations = request.POST.copy(), read_all()
    data[PASTE] = "1"
    rows = _Rows(data, organisations, plain=without_javascript(request))
    try:
        pasted = _paste(rows, read_party_list(data.get(TEXT, ""), organisations))
    except ValidationError as refusal:
        pasted = Pasted(error=" ".join(refusal.messages))
    else:
        for name in (TEXT, ALL_NEW):
            data.pop(name, None)
        if pasted.has_more:
            data[COMPLETE] = "false"
    request.POST = data  # type: ignore[assignment]  # a form may be changed
    return pasted


def _paste(rows: _Rows, found: PartyList) -> Pasted:
    there = dict(rows.parties())
    adding = [each for each in found.parties if each.whom not in there]
    if adding and rows.total + len(adding) > rows.most:
        raise ValidationError(TOO_MANY_ROWS.format(rows.most, rows.total + len(adding)))
    unknown = [each.written for each in adding if not each.official]
    may_be_new = unlike_any(unknown) if ALL_NEW in rows.data else []
    numbers = rows.add(adding, may_be_new)
    return Pasted(
        rows=len(adding),
        unknown=[
            (number, each.written)
            for number, each in zip(numbers, adding, strict=True)
            if not each.official
        ],
        new=may_be_new,
        already=[
            (LEADS if there[each.whom] == Party.Role.LEAD else TAKES_PART).format(
                each.official or each.written
            )
            + (f" (not taken: the note ‘{each.note}’)" if each.note else "")
            for each in found.parties
            if each.whom in there
        ],
        repeated=found.repeated,
        wrapped=[each for each in found.wrapped if each in unknown],
        has_more=found.has_more,
    )


@dataclass
class _Rows:
    """The rows of the form set of parties in what was sent; `plain` without JavaScript."""

    data: QueryDict
    organisations: Organisations
    plain: bool

    def _number(self, name: str) -> int:
        text = self.data.get(f"{PREFIX}-{name}", "")
        return int(text) if text.isdecimal() and len(text) <= MAX_DIGITS else 0

    @property
    def total(self) -> int:
        """How many rows were sent."""
        return min(self._number("TOTAL_FORMS"), MAX_ROWS)

    @property
    def most(self) -> int:
        """How many rows a form can send: Django reads no more fields."""
        others = sum(not name.startswith(f"{PREFIX}-") for name in self.data)
        room = (settings.DATA_UPLOAD_MAX_NUMBER_FIELDS or 0) - others - OTHER_FIELDS
        return min(MAX_ROWS, room // FIELDS_OF_ROW)

    def parties(self) -> Iterator[tuple[Whom, str]]:
        """Give who takes part by the rows that are not to be deleted, and as what."""
        for row in range(self.total):
            start = f"{PREFIX}-{row}-"
            whom = self._whom(start)
            if whom and f"{start}DELETE" not in self.data:
                yield whom, self.data.get(f"{start}role", "")

    def _whom(self, start: str) -> Whom:
        value = sent_value(self.data, f"{start}organisation")
        if not self.plain and value.isdecimal():
            return int(value)
        new = new_organisation(value)
        name = new.name if new else value or self.data.get(f"{start}name_as_published", "")
        match = self.organisations.match(name)
        return key_of(name) if match.whom is None else match.whom

    def add(self, parties: list[NamedParty], new: list[str]) -> list[int]:
        """Fill empty rows, and then further ones; return the number of the row of each."""
        first, total = self._number("INITIAL_FORMS"), self.total
        empty = [row for row in range(first, total) if self._is_empty(row)]
        numbers = [*empty, *range(total, total + len(parties))][: len(parties)]
        for number, party in zip(numbers, parties, strict=True):
            self._fill(number, party, is_new=party.written in new)
        total = max([total, *(number + 1 for number in numbers)])
        if self.plain and len(empty) <= len(parties):
            for number in range(total, total + EMPTY_ROWS):
                self._fill(number, NamedParty(written="", note="", whom=""))
            total += EMPTY_ROWS
        self.data[f"{PREFIX}-TOTAL_FORMS"] = str(total)
        return numbers

    def _is_empty(self, row: int) -> bool:
        return not any(self.data.get(f"{PREFIX}-{row}-{box}") for box in BOXES)

    def _fill(self, row: int, party: NamedParty, *, is_new: bool = False) -> None:
        start = f"{PREFIX}-{row}-"
        official, written = party.official, party.written
        key = str(party.whom) if official else ""
        self.data[f"{start}organisation"] = official if self.plain else key
        self.data[f"{start}role"] = Party.Role.PARTNER
        self.data[f"{start}name_as_published"] = "" if written == official else written
        self.data[f"{start}note"] = party.note
        if is_new:
            self.data[f"{start}organisation{CHOICE}"] = new_value(Organisation.Kind.BODY, written)
