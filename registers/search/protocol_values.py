"""Protocols as plain values: what a file or a calendar says of each, for lists of many.

A model's instance takes four times as long to make as its row to read, and there are six
of them for each protocol with its parties.
"""

from __future__ import annotations

import datetime
from collections import defaultdict, namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from registers.models import Party, Protocol
from registers.models.addresses import address
from registers.models.protocol_fields import PRIVATE_FIELDS
from registers.models.review_dates import ReviewStatus, last_day, review_status
from registers.search.statements import Statements

NOT_READ = PRIVATE_FIELDS | {"reference_key"}
NAMES = tuple(
    field.attname for field in Protocol._meta.concrete_fields if field.name not in NOT_READ
)
THEME_NAME = "theme__name"
PARTY_NAMES = (
    *("protocol_id", "role", "organisation_id", "organisation__name", "note"),
    *("legal_role", "flow"),
)


class PartyValues(NamedTuple):
    """A party, with the official name of its organisation. In the order of PARTY_NAMES."""

    protocol_id: str
    role: str
    organisation_id: int
    organisation_name: str
    note: str
    legal_role: str = ""
    flow: str = ""


class ProtocolValues(namedtuple("_Values", [*NAMES, "theme_name", "all_parties"])):  # type: ignore[misc]
    """What is public of a protocol: attributes as the model has, parties in their order."""

    __slots__ = ()
    reference: str
    title: str
    purpose: str
    status: str
    theme_name: str
    review_date: datetime.date | None
    review_note: str
    withdrawn_on: datetime.date | None
    withdrawn_reason: str
    replaced_by_id: str | None
    all_parties: list[PartyValues]
    does_not_apply: str
    ends_on: datetime.date | None

    def __str__(self) -> str:
        return f"{self.reference} - {self.title}"

    @property
    def pk(self) -> str:
        """The reference."""
        return self.reference

    @property
    def lead(self) -> PartyValues | None:
        """The lead, if there is one."""
        return next((party for party in self.all_parties if party.role == Party.Role.LEAD), None)

    @property
    def partners(self) -> list[PartyValues]:
        """The partners, in the published order."""
        return [party for party in self.all_parties if party.role == Party.Role.PARTNER]

    @property
    def review_due_on(self) -> datetime.date | None:
        """The day the review falls due."""
        return self.review_date and last_day(self.review_date)

    def review_status(self, on: datetime.date) -> ReviewStatus:
        """Return how its review stands on the day `on`."""
        return review_status(self.review_date, on)

    def has_ended(self, on: datetime.date) -> bool | None:
        """Return whether its last day has passed on the day `on`; None where none is recorded."""
        return None if self.ends_on is None else self.ends_on < on

    def get_absolute_url(self) -> str:
        """Return the protocol's own page."""
        return address("protocol", self.reference)


# As their own `_make`, in half the time.
PARTY: Callable[[Sequence[Any]], PartyValues] = partial(tuple.__new__, PartyValues)
PROTOCOL: Callable[[Sequence[Any]], ProtocolValues] = partial(tuple.__new__, ProtocolValues)
AnyProtocol = Protocol | ProtocolValues
# Gives public protocols by reference, those of a chunk.
Reader = Callable[[list[str]], Mapping[str, AnyProtocol]]


def values_reader() -> Reader:
    """Return a function that reads public protocols by reference: two queries each time."""
    protocols = Statements(
        lambda keys: Protocol.public.filter(pk__in=keys).order_by().values_list(*NAMES, THEME_NAME)
    )
    parties = Statements(
        lambda keys: Party.objects.filter(protocol__in=keys).values_list(*PARTY_NAMES)
    )

    def read(references: list[str]) -> dict[str, ProtocolValues]:
        by_protocol: dict[str, list[PartyValues]] = defaultdict(list)
        for party in parties.rows(references):
            by_protocol[party[0]].append(PARTY(party))
        # The reference is the first of NAMES.
        return {row[0]: PROTOCOL((*row, by_protocol[row[0]])) for row in protocols.rows(references)}

    return read
