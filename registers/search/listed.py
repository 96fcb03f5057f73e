"""The protocols of a page of a list: what its lines show, read in two queries and remembered."""

from __future__ import annotations

import datetime
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from registers.models import Party, Protocol
from registers.models.addresses import address
from registers.models.protocol_fields import PROTOCOL_FIELDS

if TYPE_CHECKING:
    from registers.search.index import Index

MAX_REMEMBERED = 4_000  # protocols of some 3 kB
# Of these a search shows a passage. The title is always shown whole.
TEXTS = [field for field in PROTOCOL_FIELDS if field.searched and field.name != "title"]
_PURPOSE = [field.name for field in TEXTS].index("purpose")


class ListedParty(NamedTuple):
    """A party as lists show it, with its organisation's name."""

    organisation_id: int
    role: str
    name_as_published: str
    note: str
    name: str


class ListedProtocol(NamedTuple):
    """A public protocol as lists show it. Equal ones have equal lines."""

    reference: str
    status: str
    title: str
    review_date: datetime.date | None
    review_note: str
    parties_note: str
    texts: tuple[str, ...]  # in the order of TEXTS
    all_parties: tuple[ListedParty, ...]  # in the published order

    @property
    def purpose(self) -> str:
        """The purpose: it is one of the texts."""
        return self.texts[_PURPOSE]

    @property
    def address(self) -> str:
        """The path of its page."""
        return address("protocol", self.reference)

    @property
    def lead(self) -> ListedParty | None:
        """The lead, if there is one."""
        return next((each for each in self.all_parties if each.role == Party.Role.LEAD), None)

    @property
    def partners(self) -> list[ListedParty]:
        """The partners, in the published order."""
        return [each for each in self.all_parties if each.role == Party.Role.PARTNER]


COLUMNS = ListedProtocol._fields[:-2]
TEXT_COLUMNS = [field.name for field in TEXTS]
OWN_COLUMNS = ListedParty._fields[:-1]
PARTY_COLUMNS = (*OWN_COLUMNS, "organisation__name")


class _Remembered(NamedTuple):
    """A protocol as it was read, the state of it that this was, and the version of its names."""

    state: tuple[int, int]
    version: str
    protocol: ListedProtocol


_remembered: OrderedDict[str, _Remembered] = OrderedDict()
_lock = Lock()


def listed(protocol: Protocol) -> ListedProtocol:
    """Return a protocol, of which the parties are loaded, as lists show it."""
    parties = [
        ListedParty._make(
            [*(getattr(party, name) for name in OWN_COLUMNS), str(party.organisation)]
        )
        for party in protocol.all_parties
    ]
    own = (getattr(protocol, name) for name in COLUMNS)
    texts = tuple(getattr(protocol, name) for name in TEXT_COLUMNS)
    return ListedProtocol._make([*own, texts, tuple(parties)])


def listed_protocols(index: Index, positions: Mapping[str, int]) -> dict[str, ListedProtocol]:
    """Return public protocols by reference, from their positions in the index by reference.

    Two queries for those that are not remembered as they stand. One that changed is read again,
    and so are, in one query, the names of what other versions of the register remembered.
    """
    found: dict[str, ListedProtocol] = {}
    older: list[_Remembered] = []
    with _lock:
        for reference, position in positions.items():
            known = _remembered.get(reference)
            if known is None or known.state != (index.lineage, index.changed_in[position]):
                continue
            _remembered.move_to_end(reference)
            found[reference] = known.protocol
            if known.version != index.version:
                older.append(known)
    new = dict(_renamed(index, older))
    new.update(_read([reference for reference in positions if reference not in found]))
    with _lock:
        for reference, protocol in new.items():
            state = (index.lineage, int(index.changed_in[positions[reference]]))
            _remembered[reference] = _Remembered(state, index.version, protocol)
        while len(_remembered) > MAX_REMEMBERED:
            _remembered.popitem(last=False)
    return found | new


def _renamed(index: Index, older: list[_Remembered]) -> Iterable[tuple[str, ListedProtocol]]:
    """Yield what is remembered of earlier versions, with the names of organisations in this one.

    Parties whose organisation was deleted by hand, or merged in this moment, are left out.
    """
    keys = {party.organisation_id for each in older for party in each.protocol.all_parties}
    names = index.organisations(keys) if keys else {}
    for each in older:
        parties = tuple(
            party._replace(name=names[party.organisation_id].name)
            for party in each.protocol.all_parties
            if party.organisation_id in names
        )
        yield each.protocol.reference, each.protocol._replace(all_parties=parties)


def _read(references: list[str]) -> Iterable[tuple[str, ListedProtocol]]:
    """Yield the protocols of these references: two queries."""
    if not references:
        return
    parties: dict[str, list[ListedParty]] = {}
    rows = Party.objects.filter(protocol__in=references)
    for reference, *row in rows.values_list("protocol_id", *PARTY_COLUMNS):
        parties.setdefault(reference, []).append(ListedParty._make(row))
    protocols = Protocol.public.filter(pk__in=references)
    for row in protocols.order_by().values_list(*COLUMNS, *TEXT_COLUMNS):
        own, texts = row[: len(COLUMNS)], row[len(COLUMNS) :]
        yield row[0], ListedProtocol._make([*own, texts, tuple(parties.get(row[0], ()))])
