"""Pairs: which two organisations are named together, in their own names, and in how many protocols.

Only protocols in force count, and in each only who is named in it: neither through a
body whose place was taken nor through a group.

12,000 organisations can make 70 million pairs. Around one organisation all are counted;
of all organisations only those with the most protocols are kept.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, overload
from urllib.parse import urlencode

import numpy as np
from django import forms
from django.core.exceptions import ValidationError
from numpy.typing import NDArray

from registers.models import Name, Organisation, Protocol
from registers.models.addresses import address
from registers.search.binding import OWN
from registers.search.fields import OrganisationsField, PageField, SingleField
from registers.search.index import Index, IntArray, Mask

MOST_PAIRS = 5_000  # kept of all organisations

MOST_FIRST = "-protocols"
SORTS = [
    (MOST_FIRST, "Most protocols first"),
    ("protocols", "Fewest protocols first"),
    ("organisation", "First organisation, A to Z"),
    ("-organisation", "First organisation, Z to A"),
    ("with", "Second organisation, A to Z"),
    ("-with", "Second organisation, Z to A"),
]


class PairsForm(forms.Form):
    """The parameters of a list of pairs: one organisation or none for all, the order, the page."""

    organisation = OrganisationsField(label="Organisation", required=False)
    sort = SingleField(label="Sort by", choices=SORTS, default=MOST_FIRST, required=False)
    page = PageField(label="Page", required=False)

    def clean_organisation(self) -> Organisation | None:
        """Return the one organisation that is asked about, or None. Raises ValidationError."""
        asked: list[Organisation] = self.cleaned_data["organisation"]
        if len(asked) > 1:
            raise ValidationError("Organisation: ask about one organisation at a time.")
        return asked[0] if asked else None


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Pairs of organisations, by id, each with its number of protocols.

    The most protocols come first, then by the names. `complete` is False where
    pairs with fewer protocols were left out.
    """

    organisation: IntArray
    other: IntArray
    protocols: IntArray
    complete: bool = True

    def __len__(self) -> int:
        return len(self.protocols)


@dataclass(frozen=True, kw_only=True)
class PairRow:
    """One pair of a list. `protocols` is the number in force that name both."""

    organisation: Organisation
    other: Organisation
    protocols: int

    def get_absolute_url(self) -> str:
        """Return the page of what the two are named in together."""
        return address("together", *sorted([self.organisation.slug, self.other.slug]))

    @property
    def query(self) -> str:
        """The query string of the list that `protocols` counts."""
        values = {"organisation": self.organisation.slug, "with": self.other.slug}
        return urlencode(values | {"through": OWN})


@dataclass(frozen=True, kw_only=True)
class PairList(Sequence[PairRow]):
    """Pairs in the order that was asked for; rows are read from the database when shown."""

    pairs: Pairs
    order: IntArray

    def __len__(self) -> int:
        return len(self.order)

    @overload
    def __getitem__(self, item: int) -> PairRow: ...
    @overload
    def __getitem__(self, item: slice) -> list[PairRow]: ...
    def __getitem__(self, item: int | slice) -> PairRow | list[PairRow]:
        """Return one row, or those of a slice: one query."""
        if isinstance(item, int):
            return self[item : item + 1 or None][0]
        chosen = self.order[item]
        several = (self.pairs.organisation[chosen], self.pairs.other[chosen])
        organisations = Organisation.objects.in_bulk(
            sorted({int(key) for keys in several for key in keys})
        )
        return [
            PairRow(
                organisation=organisations[int(one)],
                other=organisations[int(other)],
                protocols=int(number),
            )
            for one, other, number in zip(*several, self.pairs.protocols[chosen], strict=True)
            # One that was merged in the meantime has no page to lead to.
            if int(one) in organisations and int(other) in organisations
        ]


def pair_list(index: Index, around: Organisation | None, sort: str) -> PairList:
    """Return the pairs of all organisations, or those of one, in the order `sort`."""
    ranks = name_ranks(index)
    pairs = pairs_around(index, around, ranks) if around else pairs_of_all(index, ranks)
    keys = {
        "protocols": pairs.protocols,
        "organisation": ranks[pairs.organisation],
        "with": ranks[pairs.other],
    }
    key = keys[sort.removeprefix("-")]
    # A stable sort: what is equal stays in the order of the pairs.
    return PairList(pairs=pairs, order=np.argsort(-key if sort[0] == "-" else key, kind="stable"))


def name_ranks(index: Index) -> IntArray:
    """Return the position of each organisation in A to Z, by id: one query."""
    names = Name.objects.filter(kind=Name.Kind.OFFICIAL).order_by("key")
    keys = np.fromiter(names.values_list("organisation_id", flat=True).iterator(), np.int64)
    ranks = np.zeros(max(int(keys.max(initial=0)), _last(index)) + 1, np.int64)
    ranks[keys] = np.arange(len(keys))
    return ranks


def pairs_around(index: Index, organisation: Organisation, ranks: IntArray) -> Pairs:
    """Return every pair of one organisation, which is the first of each."""
    current = index.in_status(Protocol.Status.PUBLISHED)
    numbers = index.count_by_organisation(index.of_organisations([organisation.pk]) & current)
    if organisation.pk < len(numbers):
        numbers[organisation.pk] = 0
    others = np.flatnonzero(numbers)
    others = others[np.lexsort((ranks[others], -numbers[others]))]
    return Pairs(
        organisation=np.full(len(others), organisation.pk, np.int64),
        other=others,
        protocols=numbers[others],
    )


_lock = Lock()
# The index that they are of is not kept alive by them.
_cached: list[tuple[weakref.ref[Index], Pairs]] = []


def pairs_of_all(index: Index, ranks: IntArray) -> Pairs:
    """Return the MOST_PAIRS pairs with the most protocols, counted once for each version.

    In each the organisation that comes first in A to Z is the first.
    """
    with _lock:
        if not _cached or _cached[0][0]() is not index:
            _cached[:] = [(weakref.ref(index), _PairCount(index, ranks).most(MOST_PAIRS))]
        return _cached[0][1]


def _last(index: Index) -> int:
    """Return the largest id of an organisation that takes part in a protocol."""
    return int(index.party_organisation.max(initial=0))


class _PairCount:
    """Counts pairs organisation by organisation, the one with the most protocols first.

    A pair is in no more protocols than either organisation, so the count ends with the
    first organisation that is in fewer than the last pair kept. It needs memory for one
    organisation's protocols at a time, not for all pairs.
    """

    def __init__(self, index: Index, ranks: IntArray) -> None:
        current = index.in_status(Protocol.Status.PUBLISHED)
        chosen: Mask = index.party_first & current[index.party_entry]
        entries, keys = index.party_entry[chosen], index.party_organisation[chosen]
        numbers = np.bincount(keys, minlength=1)
        self.organisations = np.argsort(-numbers, kind="stable")[: np.count_nonzero(numbers)]
        self.numbers = numbers[self.organisations]
        turns = np.zeros(len(numbers), np.int32)
        turns[self.organisations] = np.arange(len(self.organisations))
        self.ranks = ranks[self.organisations]
        self.bits = int(ranks.max(initial=0)).bit_length() or 1
        # The parties of each protocol, and the protocols of each organisation, side by side.
        by_entry = np.argsort(entries, kind="stable")
        self.parties = turns[keys[by_entry]]
        self.sizes = np.bincount(entries, minlength=index.size)
        self.starts = np.cumsum(self.sizes) - self.sizes
        self.entries = entries[np.argsort(turns[keys], kind="stable")]

    def most(self, most: int) -> Pairs:
        """Return the `most` pairs with the most protocols."""
        best = np.zeros(0, np.int64)
        worst = int(np.iinfo(np.int64).max)  # the largest sort key that can still be kept
        complete, end = True, 0
        for turn, number in enumerate(self.numbers):
            start, end = end, end + int(number)
            if not complete and number < self._numbers_of(worst):
                break
            pairs = self._with_earlier(turn, self.entries[start:end])
            best = np.concatenate([best, pairs[pairs < worst]])
            if len(best) > most:
                complete = False
                best = np.partition(best, most - 1)[:most]
                worst = int(best.max())
        best.sort()
        return self._pairs(best, complete=complete)

    def _with_earlier(self, turn: int, entries: NDArray[np.int32]) -> IntArray:
        """Return the sort keys of the pairs of an organisation with those counted before it."""
        sizes = self.sizes[entries]
        offsets = np.repeat(self.starts[entries] - (np.cumsum(sizes) - sizes), sizes)
        parties = self.parties[offsets + np.arange(len(offsets))]
        numbers = np.bincount(parties[parties < turn], minlength=1)
        others = np.flatnonzero(numbers)
        ranks = self.ranks[others]
        first, last = np.minimum(ranks, self.ranks[turn]), np.maximum(ranks, self.ranks[turn])
        counted: IntArray = (-numbers[others] << 2 * self.bits) | (first << self.bits) | last
        return counted

    def _numbers_of(self, sort_keys: Any) -> Any:
        return -(sort_keys >> 2 * self.bits)

    def _pairs(self, sort_keys: IntArray, *, complete: bool) -> Pairs:
        by_rank = np.zeros(1 << self.bits, np.int64)
        by_rank[self.ranks] = self.organisations
        mask = (1 << self.bits) - 1
        return Pairs(
            organisation=by_rank[(sort_keys >> self.bits) & mask],
            other=by_rank[sort_keys & mask],
            protocols=self._numbers_of(sort_keys),
            complete=complete,
        )
