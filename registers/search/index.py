"""The index: the public register in memory, as a few numbers per protocol in numpy arrays.

Every list and every facet count is computed here. The databases need seconds to
count 1.25 million parties by organisation; this needs milliseconds, gives the same
on both, and takes 20 MB for 250,000 protocols.

The position of a protocol in every array is the id of its search entry. A mask is
an array of booleans by position.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, count, islice
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from registers.models import (
    Organisation,
    Party,
    Protocol,
    RegisterVersion,
    SearchEntry,
    Theme,
)
from registers.models.options import OPTION_LISTS, lines_of, option_code, short_words
from registers.models.protocol_fields import FILTERS
from registers.models.references import reference_key
from registers.models.review_dates import ReviewStatus, months_with
from registers.search.exchange import Exchange, sorted_parties
from registers.search.findings import NO_SCAN, KnownNames, Scan
from registers.search.links import NO_LINKS, Links, updated_links
from registers.search.listed import ListedProtocol, listed_protocols
from registers.search.organisation_names import OrganisationNames
from registers.search.protocol_values import Reader, values_reader
from registers.search.reference_order import NO_REFERENCES, ReferenceOrder
from registers.search.titles import NO_TITLES, TitleOrder

Mask = NDArray[np.bool_]
IntArray = NDArray[np.int64]

# 0: no public protocol at this position.
STATUSES: dict[str, int] = {Protocol.Status.PUBLISHED: 1, Protocol.Status.WITHDRAWN: 2}
ROLES: dict[str, int] = {Party.Role.LEAD: 1, Party.Role.PARTNER: 2}
CHUNK = 10_000  # rows read at a time
MANY_KEYS = 1_000
NO_MONTH = 1_000_000  # later than any month


NO_END = 10_000_000  # later than any day
# The parameter of lists, and the code of an option.
OptionKey = tuple[str, str]
OPTION_FIELDS = {name: field.name for name, field in FILTERS.items()}


def day_number(day: datetime.date | None) -> int:
    """Return the last day of an agreement as a number: that of the next day is one more."""
    return day.toordinal() if day else NO_END


def option_rows(position: int, texts: Iterable[str]) -> Iterator[tuple[int, OptionKey, str]]:
    """Give the options in these texts, in the order of OPTION_FIELDS, of one protocol."""
    for parameter, text in zip(OPTION_FIELDS, texts, strict=True):
        for words in lines_of(text) if text else ():
            yield position, (parameter, option_code(words)), words


def month_number(month: datetime.date | None) -> int:
    """Return a month as a number: that of the next month is one more."""
    return month.year * 12 + month.month - 1 if month else NO_MONTH


@dataclass(frozen=True, kw_only=True)
class Index:
    """The public register in the version `number` with its `token`. It never changes."""

    number: int
    token: str
    # By entry.
    references: ReferenceOrder
    theme: NDArray[np.int32]
    status: NDArray[np.int8]
    month: NDArray[np.int32]
    # The last day of the agreement, as the number of a day.
    last_day: NDArray[np.int32]
    # The version in which the entry last changed, or that this was first read in: with the
    # lineage, which is another one for each reading of the whole register, it names a state.
    changed_in: NDArray[np.int64]
    lineage: int
    # By party, sorted by the key, which is of an organisation in a role: see `sorted_parties`.
    party_key: NDArray[np.int32]
    party_entry: NDArray[np.int32]
    # False for the second party of one organisation in the same protocol.
    party_first: Mask
    # By entry again: whether it has any party in the role.
    has_role: dict[str, Mask]
    # And which options of the record it has, by the parameter of lists and the option's code.
    with_option: dict[OptionKey, Mask]
    # What each of these options is called where it was recorded.
    option_words: dict[OptionKey, str]
    # Between organisations, beside all this.
    links: Links = NO_LINKS
    # Those of an earlier version: `titles` reads what changed since.
    earlier_titles: TitleOrder = NO_TITLES
    # And so what the rules of `registers.health` found.
    earlier_scan: Scan = NO_SCAN

    @property
    def version(self) -> str:
        """The register version as one string, for cache keys."""
        return f"{self.number}-{self.token}"

    @cached_property
    def themes(self) -> list[Theme]:
        """The themes in order: one query, when first read."""
        return list(Theme.objects.all())

    @cached_property
    def titles(self) -> TitleOrder:
        """The order of titles: one query of what changed since it was last read."""
        return self.earlier_titles.updated(self.number)

    @cached_property
    def known_names(self) -> KnownNames:
        """The names and abbreviations by which texts are read: one query."""
        known, before = KnownNames.read(), self.earlier_scan.known_names
        return before if known == before else known

    @cached_property
    def scan(self) -> Scan:
        """What the rules found: a reading of what changed since they were last asked."""
        return self.earlier_scan.updated(self)

    @cached_property
    def title_ranks(self) -> IntArray:
        """The rank of each title."""
        return self.titles.ranks(self.size)

    @cached_property
    def occurring(self) -> dict[Any, bool]:
        """Which forms of synonyms any public protocol has, as far as they were asked for."""
        return {}

    @cached_property
    def organisation_names(self) -> OrganisationNames:
        """Every name of every organisation, read when one is first compared with them."""
        return OrganisationNames()

    @property
    def reference_ranks(self) -> NDArray[np.int32]:
        """The rank of each reference."""
        return self.references.ranks

    def options(self, parameter: str) -> list[tuple[str, str]]:
        """Return the codes and words of the options that a parameter can ask for, in order.

        That is those that come with its list, and any that a protocol has.
        """
        supplied = OPTION_LISTS[FILTERS[parameter].options].options
        found = {option_code(words): short_words(words) for words in supplied}
        used = sorted(
            (short_words(words), code)
            for (name, code), words in self.option_words.items()
            if name == parameter
        )
        return [*found.items(), *((code, words) for words, code in used if code not in found)]

    def has_any_option(self, parameter: str, codes: Iterable[str]) -> Mask:
        """Return the mask of protocols that have any of these options of a list."""
        chosen = np.zeros(self.size, bool)
        for code in codes:
            chosen |= self.with_option.get((parameter, code), self.nothing)
        return chosen

    def ended(self, on: datetime.date) -> Mask:
        """Return the mask of protocols whose last day has passed on the day `on`."""
        ended: Mask = self.last_day < on.toordinal()
        return ended

    @cached_property
    def has_ends(self) -> bool:
        """Whether the last day of any agreement is recorded."""
        return bool((self.last_day[self.public] != NO_END).any())

    @property
    def size(self) -> int:
        """The number of positions, with or without a protocol."""
        return len(self.status)

    @cached_property
    def uncertain(self) -> Mask:
        """The mask of protocols of which that day's record is not kept: today, none."""
        return self.nothing

    @property
    def public(self) -> Mask:
        """The mask of every public protocol."""
        public: Mask = self.status > 0
        return public

    @cached_property
    def nothing(self) -> Mask:
        """The mask of no protocol. It cannot be changed: many share it."""
        nothing = np.zeros(self.size, bool)
        nothing.flags.writeable = False
        return nothing

    def in_status(self, status: str) -> Mask:
        """Return the mask of protocols with a status of the model."""
        chosen: Mask = self.status == STATUSES[status]
        return chosen

    def in_themes(self, themes: Iterable[int]) -> Mask:
        """Return the mask of protocols under any of the themes, by id."""
        return np.isin(self.theme, list(themes)) & self.public

    def with_review_status(self, statuses: Iterable[str], on: datetime.date) -> Mask:
        """Return the mask of protocols whose review has any of `statuses` on the day `on`."""
        chosen = np.zeros(self.size, bool)
        for status in map(ReviewStatus, statuses):
            if status == ReviewStatus.NONE:
                chosen |= self.month == NO_MONTH
            else:
                chosen |= self.review_between(*months_with(status, on))
        return chosen

    def review_between(self, first: datetime.date | None, last: datetime.date | None) -> Mask:
        """Return the mask of protocols with a review in the months `first` to `last`."""
        chosen: Mask = self.month != NO_MONTH
        if first:
            chosen &= self.month >= month_number(first)
        if last:
            chosen &= self.month <= month_number(last)
        return chosen

    def of_organisations(self, organisations: Iterable[int], role: str = "") -> Mask:
        """Return the mask of protocols that any of the organisations, by id, has a `role` in."""
        keys, chosen = list(organisations), np.zeros(self.size, bool)
        if len(keys) > MANY_KEYS:  # looking each party up is faster
            wanted = np.zeros(self._organisations, bool)
            wanted[[key for key in keys if key < self._organisations]] = True
            parties = wanted[self.party_organisation]
            if role:
                parties &= self.party_role == ROLES[role]
            chosen[self.party_entry[parties]] = True
            return chosen
        for key in keys:
            chosen[self.positions_of(key, role)] = True
        return chosen

    def positions_of(self, organisation: int, role: str = "") -> NDArray[np.int32]:
        """Return the positions of the protocols that an organisation, by id, has a `role` in.

        Without a role, a protocol in which it has both is there twice.
        """
        if organisation >= self._organisations:
            return self.party_entry[:0]
        first = 2 * organisation + (ROLES[role] - 1 if role else 0)
        ends = self._party_ends
        return self.party_entry[ends[first] : ends[first + (1 if role else 2)]]

    @cached_property
    def _party_ends(self) -> IntArray:
        """Where the parties of each key begin, and where the last ones end."""
        return np.searchsorted(self.party_key, np.arange(2 * self._organisations + 1))

    @property
    def party_organisation(self) -> NDArray[np.int32]:
        """The organisation of each party, by id."""
        return self.party_key >> 1

    @property
    def party_role(self) -> NDArray[np.int32]:
        """The role of each party, as in ROLES."""
        return (self.party_key & 1) + 1

    def with_role(self, role: str) -> Mask:
        """Return the mask of protocols with any party in `role`."""
        return self.has_role[role]

    def position_of(self, reference: str) -> int | None:
        """Return the position of the public protocol that `reference` means, in any spelling.

        None for any text that means none: it need be no reference.
        """
        position = self.references.position_of(reference)
        return position if position is not None and self.status[position] else None

    def can_be_reference(self, text: str) -> bool:
        """Return whether `text`, which looks like a reference, is more than a number such as 2022.

        A number is a reference where zeros stand before it, or a public protocol has a higher one.
        """
        if not text.isdigit() or text.startswith("0"):
            return True
        keys = self.references.keys[self.public[self.references.positions]]
        numbers = keys[: int(np.searchsorted(keys, b":"))]  # which is after 9
        return bool(numbers.size) and bool(reference_key(text).encode() <= numbers[-1])

    def count_by_theme(self, chosen: Mask) -> dict[int, int]:
        """Return the number of chosen protocols by theme id."""
        numbers = np.bincount(self.theme[chosen])
        return {int(key): int(numbers[key]) for key in np.flatnonzero(numbers)}

    def count_by_organisation(self, chosen: Mask, role: str = "") -> IntArray:
        """Return the number of chosen protocols that each organisation has a `role` in, or any.

        The position is the organisation's id; a larger id has none.
        """
        # What a home page asks for more than once.
        if not role and np.array_equal(chosen, self.in_status(Protocol.Status.PUBLISHED)):
            return self._in_force_by_organisation.copy()
        return self._count_by_organisation(chosen, role)

    @cached_property
    def _in_force_by_organisation(self) -> IntArray:
        return self._count_by_organisation(self.in_status(Protocol.Status.PUBLISHED))

    def _count_by_organisation(self, chosen: Mask, role: str = "") -> IntArray:
        counted = chosen[self.party_entry]
        starts = self._party_ends[:-1]
        if not role:
            counted &= self.party_first
            starts = starts[::2]
        # One more, since every part must begin before the end.
        numbers = np.add.reduceat(np.append(counted, False), starts, dtype=np.int64)
        # Of a part without parties it gives what stands where the next one begins.
        numbers[np.diff(np.append(starts, len(counted))) == 0] = 0
        return numbers[ROLES[role] - 1 :: 2] if role else numbers

    @cached_property
    def total_by_organisation(self) -> IntArray:
        """The same for all public protocols."""
        return self.count_by_organisation(self.public)

    @cached_property
    def _organisations(self) -> int:
        return int(self.party_key[-1] >> 1) + 1 if len(self.party_key) else 1

    def fetch(self, references: list[str]) -> dict[str, Protocol]:
        """Return public protocols by reference, with their theme and parties: two queries."""
        protocols = Protocol.public.get_queryset().select_related("theme").with_parties()
        return protocols.in_bulk(references)

    def listed(self, positions: Mapping[str, int]) -> dict[str, ListedProtocol]:
        """Return public protocols as lists show them, from their positions by reference."""
        return listed_protocols(self, positions)

    def reader(self) -> Reader:
        """Return a function that reads public protocols as plain values, for lists of many."""
        return values_reader()

    def organisations(self, keys: Iterable[int]) -> dict[int, Organisation]:
        """Return organisations by id: one query for those not asked for before."""
        wanted, known = dict.fromkeys(keys), self._known_organisations
        if missing := [key for key in wanted if key not in known]:
            known.update(self._read_organisations(missing))
        return {key: known[key] for key in wanted if key in known}

    def _read_organisations(self, keys: list[int]) -> dict[int, Organisation]:
        return Organisation.objects.in_bulk(keys)

    @cached_property
    def _known_organisations(self) -> dict[int, Organisation]:
        return {}

    def updated(
        self,
        *,
        number: int,
        token: str,
        entries: NDArray[np.integer[Any]],
        parties: NDArray[np.integer[Any]],
        references: Sequence[str] | NDArray[np.bytes_] | None = None,
        options: Iterable[tuple[int, OptionKey, str]] = (),
    ) -> Index:
        """Return the index of a later version, in which `entries` are replaced.

        A row of `entries` is a position, a theme, a status, a month and a last day; a row of
        `parties`, all those of these entries, is a position, an organisation and a role: each in
        the form of the arrays. `references` are those of the entries; without them none is new.
        `options` are all those of the entries: a position, the option and its words.
        """
        positions = entries[:, 0]
        size = max(self.size, int(positions.max(initial=0)) + 1)
        columns: dict[str, Any] = {}
        for column, name in enumerate(("theme", "status", "month", "last_day"), start=1):
            old = getattr(self, name)
            columns[name] = np.concatenate([old, np.zeros(size - self.size, old.dtype)])
            columns[name][positions] = entries[:, column]
        new = np.zeros(size - self.size, np.int64)
        columns["changed_in"] = np.concatenate([self.changed_in, new])
        columns["changed_in"][positions] = number
        stale = np.zeros(size, bool)
        stale[positions] = True
        keys, party_entries, first = sorted_parties(parties)
        exchange = Exchange(
            gone=np.flatnonzero(stale[self.party_entry]),
            places=np.searchsorted(self.party_key, keys),
        )
        columns["party_key"] = exchange.made(self.party_key, keys)
        columns["party_entry"] = exchange.made(self.party_entry, party_entries)
        columns["party_first"] = exchange.made(self.party_first, first)
        columns["has_role"] = {}
        for role, old_mask in self.has_role.items():
            mask = np.append(old_mask, np.zeros(size - self.size, bool))
            mask[positions] = False
            mask[parties[parties[:, 2] == ROLES[role], 0]] = True
            columns["has_role"][role] = mask
        columns |= self._options_updated(size, positions, list(options))
        if references is not None:
            columns["references"] = self.references.updated(size, positions, references)
        columns["earlier_titles"] = vars(self).get("titles", self.earlier_titles)
        columns["earlier_scan"] = vars(self).get("scan", self.earlier_scan)
        return replace(self, number=number, token=token, **columns)

    def _options_updated(
        self,
        size: int,
        positions: NDArray[np.integer[Any]],
        options: list[tuple[int, OptionKey, str]],
    ) -> dict[str, Any]:
        """Return the masks and the words of options, with those of the entries replaced."""
        words = self.option_words | {key: words for _, key, words in options}
        masks = {}
        for key in words:
            old = self.with_option.get(key, self.nothing)
            masks[key] = np.append(old, np.zeros(size - self.size, bool))
            masks[key][positions] = False
        for position, key, _ in options:
            masks[key][position] = True
        return {
            "with_option": {key: mask for key, mask in masks.items() if mask.any()},
            "option_words": {key: said for key, said in words.items() if masks[key].any()},
        }


EMPTY = Index(
    number=-1,
    token="",
    references=NO_REFERENCES,
    theme=np.zeros(1, np.int32),
    status=np.zeros(1, np.int8),
    month=np.full(1, NO_MONTH, np.int32),
    last_day=np.full(1, NO_END, np.int32),
    changed_in=np.zeros(1, np.int64),
    lineage=0,
    party_key=np.zeros(0, np.int32),
    party_entry=np.zeros(0, np.int32),
    party_first=np.zeros(0, bool),
    has_role={role: np.zeros(1, bool) for role in ROLES},
    with_option={},
    option_words={},
)


_lock = Lock()
_cached = [EMPTY]
_lineages = count(1)


def current_index() -> Index:
    """Return the index of the current register version: one light query if nothing has changed.

    An index never changes: whoever holds it sees one state of the register.
    """
    now = RegisterVersion.now()
    if _cached[0].version != str(now):
        with _lock:
            # Another thread may have updated it while this one waited.
            now = RegisterVersion.now()
            if _cached[0].version != str(now):
                _cached[0] = _updated(_cached[0], now)
    return _cached[0]


def clear_index() -> None:
    """Make the next `current_index()` read the whole register, as after a restored backup."""
    _cached[0] = EMPTY


def _updated(index: Index, now: RegisterVersion) -> Index:
    """Return the index updated to the version `now`.

    Entries that change while this reads may be included. They are read again for
    the next version.
    """
    if now.number <= index.number:
        index = EMPTY  # a backup was restored
    if index is EMPTY:
        index = replace(EMPTY, lineage=next(_lineages))
    entries = SearchEntry.objects.filter(changed_in__gt=index.number)
    own = ("theme_id", "status", "review_date", "ends_on", *OPTION_FIELDS.values())
    rows = entries.values_list("id", "protocol_id", *(f"protocol__{name}" for name in own))
    references: list[NDArray[np.bytes_]] = []
    options: list[tuple[int, OptionKey, str]] = []

    def numbers() -> Iterator[tuple[int, ...]]:
        found = rows.iterator(CHUNK)
        while chunk := list(islice(found, CHUNK)):
            references.append(np.array([reference for _, reference, *_ in chunk], np.bytes_))
            for key, _, theme, status, month, end, *texts in chunk:
                options.extend(option_rows(key, texts))
                yield key, theme or 0, STATUSES.get(status, 0), month_number(month), day_number(end)

    read = _array(numbers(), width=5)
    parties = Party.objects.filter(protocol__search_entry__changed_in__gt=index.number)
    parts = _array(
        (
            (entry, organisation, ROLES[role])
            for entry, organisation, role in parties.order_by()
            .values_list("protocol__search_entry__id", "organisation_id", "role")
            .iterator(CHUNK)
        ),
        width=3,
    )
    # A party of an entry that was added in the meantime has no position yet.
    parts = parts[np.isin(parts[:, 0], read[:, 0])]
    updated = index.updated(
        number=now.number,
        token=now.token,
        entries=read,
        parties=parts,
        references=np.concatenate([np.zeros(0, "S1"), *references]),
        options=options,
    )
    return replace(updated, links=updated_links(index.links, now.links))


def _array(rows: Iterable[tuple[Any, ...]], *, width: int) -> NDArray[np.int32]:
    return np.fromiter(chain.from_iterable(rows), np.int32).reshape(-1, width)
