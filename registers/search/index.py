"""The register in memory: a few small numbers for each public protocol, in numpy's arrays.

Every list and every number beside a choice is worked out here. The databases
need seconds to count 1.25 million parties by organisation; this needs
milliseconds, gives the same on both, and takes 20 MB for 250,000 protocols.

A protocol stands in every array at the place that its search entry's key
names. A choice is an array of True and False by such places.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from django.db.models.functions import Lower
from numpy.typing import NDArray

from registers.models import Party, Protocol, SearchEntry, Theme
from registers.models.review_dates import ReviewStatus, months_with

Chosen = NDArray[np.bool_]
Numbers = NDArray[np.int64]

# 0 says that nothing public stands at a place.
STATUSES: dict[str, int] = {Protocol.Status.PUBLISHED: 1, Protocol.Status.WITHDRAWN: 2}
ROLES: dict[str, int] = {Party.Role.LEAD: 1, Party.Role.PARTNER: 2}
CHUNK = 10_000  # rows that are read at a time
FEW = 4
NO_MONTH = 1_000_000  # after every month there is
SHORTEST, LONGEST = 4, 8  # digits of a reference
LENGTHS = LONGEST - SHORTEST + 1


def month_number(month: datetime.date | None) -> int:
    """Return a month as a number that counts up by one each month."""
    return month.year * 12 + month.month - 1 if month else NO_MONTH


def reference_number(reference: str) -> int:
    """Return a reference as a number. Numbers stand in the order of the texts."""
    return int(reference.ljust(LONGEST, "0")) * LENGTHS + len(reference) - SHORTEST


def reference_of(number: int) -> str:
    """Return the reference that `reference_number` made a number of."""
    digits, longer = divmod(number, LENGTHS)
    return f"{digits:0{LONGEST}}"[: SHORTEST + longer]


@dataclass(frozen=True, kw_only=True)
class Index:
    """The public register as it was in the version `number` with its `token`."""

    number: int
    token: str
    # By entry.
    reference: Numbers
    theme: NDArray[np.int32]
    status: NDArray[np.int8]
    month: NDArray[np.int32]
    # By party, in no order.
    party_entry: NDArray[np.int32]
    party_organisation: NDArray[np.int32]
    party_role: NDArray[np.int8]
    # False for the second part that one organisation has in the same protocol.
    party_first: Chosen

    @property
    def version(self) -> str:
        """The version of the register, in one word: what is kept of another is out of date."""
        return f"{self.number}-{self.token}"

    @cached_property
    def themes(self) -> list[Theme]:
        """The themes in their order: one query, when first asked for."""
        return list(Theme.objects.all())

    @cached_property
    def titles(self) -> Numbers:
        """Where each title stands among all, in small letters, as the database sorts them."""
        entries = SearchEntry.objects.order_by(Lower("protocol__title"), "protocol_id")
        places = np.fromiter(entries.values_list("pk", flat=True).iterator(CHUNK), np.int64)
        places = places[places < self.size]  # one more may have come since
        turns = np.zeros(self.size, np.int64)
        turns[places] = range(len(places))
        return turns

    @property
    def size(self) -> int:
        """How many places there are, with or without a protocol."""
        return len(self.status)

    @property
    def public(self) -> Chosen:
        """Every public protocol."""
        public: Chosen = self.status > 0
        return public

    def in_status(self, status: str) -> Chosen:
        """Choose the protocols with a status of the model's."""
        chosen: Chosen = self.status == STATUSES[status]
        return chosen

    def in_themes(self, themes: Iterable[int]) -> Chosen:
        """Choose those under any of the themes, by key."""
        return np.isin(self.theme, list(themes)) & self.public

    def reviewed(self, statuses: Iterable[str], on: datetime.date) -> Chosen:
        """Choose those whose review has any of `statuses` on the day `on`."""
        chosen = np.zeros(self.size, bool)
        for status in map(ReviewStatus, statuses):
            if status == ReviewStatus.NONE:
                chosen |= self.month == NO_MONTH
            else:
                chosen |= self.between(*months_with(status, on))
        return chosen

    def between(self, first: datetime.date | None, last: datetime.date | None) -> Chosen:
        """Choose those to be reviewed from the month `first` to the month `last`, with both."""
        chosen: Chosen = self.month != NO_MONTH
        if first:
            chosen &= self.month >= month_number(first)
        if last:
            chosen &= self.month <= month_number(last)
        return chosen

    def of_organisations(self, organisations: Iterable[int], role: str = "") -> Chosen:
        """Choose those in which any organisation of the keys has the part `role`, or any."""
        keys = list(organisations)
        if len(keys) <= FEW:  # comparing is quicker than looking each party up
            parties = np.zeros(len(self.party_entry), bool)
            for key in keys:
                parties |= self.party_organisation == key
        else:
            wanted = np.zeros(self._organisations, bool)
            wanted[[key for key in keys if key < self._organisations]] = True
            parties = wanted[self.party_organisation]
        return self._of_parties(parties, role)

    def with_role_taken(self, role: str) -> Chosen:
        """Choose those in which anybody has the part `role`."""
        return self._with_role_taken[role]

    @cached_property
    def _with_role_taken(self) -> dict[str, Chosen]:
        everybody = np.ones(len(self.party_entry), bool)
        return {role: self._of_parties(everybody, role) for role in ROLES}

    def _of_parties(self, parties: Chosen, role: str) -> Chosen:
        if role:
            parties = parties & (self.party_role == ROLES[role])
        chosen = np.zeros(self.size, bool)
        chosen[self.party_entry[parties]] = True
        return chosen

    def at_reference(self, reference: str) -> int | None:
        """Return the place of the protocol with a well-formed reference, if it is public."""
        places = np.flatnonzero((self.reference == reference_number(reference)) & self.public)
        return int(places[0]) if len(places) else None

    def by_theme(self, chosen: Chosen) -> dict[int, int]:
        """Return how many of the chosen stand under each theme, by key."""
        numbers = np.bincount(self.theme[chosen])
        return {int(key): int(numbers[key]) for key in np.flatnonzero(numbers)}

    def by_organisation(self, chosen: Chosen, role: str = "") -> Numbers:
        """Return in how many of the chosen each organisation has a part, or the part `role`.

        The numbers stand at the organisations' keys; a key beyond has none.
        """
        parties = self.party_role == ROLES[role] if role else self.party_first
        parties = parties & chosen[self.party_entry]
        found = self.party_organisation[parties]
        return np.bincount(found, minlength=self._organisations).astype(np.int64)

    @cached_property
    def overall(self) -> Numbers:
        """The same of all public protocols."""
        return self.by_organisation(self.public)

    @cached_property
    def _organisations(self) -> int:
        return int(self.party_organisation.max(initial=0)) + 1

    def references(self, places: Iterable[int]) -> list[str]:
        """Return the references of the protocols at `places`."""
        return [reference_of(int(number)) for number in self.reference[list(places)]]

    def changed(
        self, *, number: int, token: str, entries: NDArray[np.int64], parties: NDArray[np.int64]
    ) -> Index:
        """Return the index of a later version, in which `entries` replace what they were.

        A row of `entries` is a place, a reference, a theme, a status and a
        month; one of `parties`, all those of these entries, is a place, an
        organisation and a role: each as the arrays hold them.
        """
        places = entries[:, 0]
        size = max(self.size, int(places.max(initial=0)) + 1)
        columns: dict[str, Any] = {}
        for position, name in enumerate(("reference", "theme", "status", "month"), start=1):
            old = getattr(self, name)
            columns[name] = np.concatenate([old, np.zeros(size - self.size, old.dtype)])
            columns[name][places] = entries[:, position]
        stale = np.zeros(size, bool)
        stale[places] = True
        kept = ~stale[self.party_entry]
        parties = parties[np.lexsort((parties[:, 2], parties[:, 1], parties[:, 0]))]
        first = np.ones(len(parties), bool)
        first[1:] = (parties[1:, :2] != parties[:-1, :2]).any(axis=1)
        for position, name in enumerate(("party_entry", "party_organisation", "party_role")):
            old = getattr(self, name)
            columns[name] = np.concatenate([old[kept], parties[:, position].astype(old.dtype)])
        columns["party_first"] = np.concatenate([self.party_first[kept], first])
        return replace(self, number=number, token=token, **columns)


EMPTY = Index(
    number=-1,
    token="",
    reference=np.zeros(1, np.int64),
    theme=np.zeros(1, np.int32),
    status=np.zeros(1, np.int8),
    month=np.full(1, NO_MONTH, np.int32),
    party_entry=np.zeros(0, np.int32),
    party_organisation=np.zeros(0, np.int32),
    party_role=np.zeros(0, np.int8),
    party_first=np.zeros(0, bool),
)
