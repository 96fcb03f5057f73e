"""What the rules of `registers.health` find: of one record, and which records of the register.

What depends on neither the day nor another record is looked for once, in one reading of the
register, and then only in what changed. The rest is worked out from arrays.
"""

from __future__ import annotations

import datetime
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from django.conf import settings
from django.db import models
from numpy.typing import NDArray

from registers.health import rules
from registers.health.rules import RULES, Finding, PartyRecord, Record, look_through
from registers.health.texts import NamedBodies, is_short, last_year, purpose_key, singular
from registers.models import Document, Name, Party, Protocol, SearchEntry
from registers.models.abbreviations import Abbreviation
from registers.models.keys import key_of
from registers.models.protocol_fields import PROTOCOL_FIELDS
from registers.models.review_dates import ReviewStatus

if TYPE_CHECKING:
    from registers.search.index import Index, Mask

CHUNK = 10_000  # protocols read at a time
PUBLISHED = Protocol.Status.PUBLISHED
LASTING = tuple(rule for rule in RULES if rule.lasting)
# The record's own values, in its order, and the other texts of a protocol.
VALUES = Record._fields[: Record._fields.index("other_texts")]
OTHER_TEXTS = tuple(
    each.name
    for each in PROTOCOL_FIELDS
    if each.public and each.name not in VALUES and type(each.model_field) is models.TextField
)
PARTY_VALUES = ("organisation_id", "role", "legal_role", "note")
# What is left of an official name without these is a place: 'Medway' of 'Medway Council'.
COUNCIL_WORDS = re.compile(
    "( |council|county|city|borough|district|unitary|authority|metropolitan|combined)*"
)


@dataclass(frozen=True, kw_only=True)
class KnownNames:
    """The names and abbreviations that texts are read by, as they were read from the database."""

    names: tuple[tuple[int, str, str, str], ...] = ()
    glossary: frozenset[str] = frozenset()

    @classmethod
    def read(cls) -> KnownNames:
        """Return them as they are now: one query, since each new version of the register asks."""
        names = Name.objects.order_by().values_list(
            "organisation_id", "kind", "text", "also_written"
        )
        none, nothing = models.Value(0), models.Value("")
        glossary = Abbreviation.objects.order_by().values_list(none, nothing, "short", nothing)
        rows = sorted(names.union(glossary))
        return cls(
            names=tuple(row for row in rows if row[0]),
            glossary=frozenset(short for key, _, short, _ in rows if not key),
        )

    @cached_property
    def official(self) -> dict[int, str]:
        """The official name of each organisation, by id."""
        return {key: text for key, kind, text, _ in self.names if kind == Name.Kind.OFFICIAL}

    @cached_property
    def explained(self) -> set[str]:
        """The keys of names that say what an abbreviation is: not one that is all there is."""
        return {key_of(text) for key, _, text, _ in self.names if key not in self.short}

    @cached_property
    def short(self) -> dict[int, str]:
        """The official names that are abbreviations, by organisation."""
        return {key: name for key, name in self.official.items() if is_short(name)}

    @cached_property
    def bodies(self) -> NamedBodies:
        """What finds the names in a text, but those that are places."""
        return NamedBodies(
            (key, each)
            for key, kind, text, also_written in self.names
            for each in (text, also_written)
            if each and (kind != Name.Kind.ALIAS or not self._is_place(key, each))
        )

    def _is_place(self, organisation: int, name: str) -> bool:
        official, short = key_of(self.official.get(organisation, "")), key_of(name)
        rest = official.removeprefix(short)
        return rest != official and COUNCIL_WORDS.fullmatch(rest) is not None


class RegisterRecords:
    """What is known of the register beside a record, for the rules. See `rules.Register`."""

    def __init__(self, index: Index) -> None:
        self._index, self._names = index, index.known_names
        self._own: dict[str, str] = settings.PARTNERSHIP.abbreviations

    @property
    def bodies(self) -> NamedBodies:
        """What finds names of organisations in a text."""
        return self._names.bodies

    def name(self, organisation: int) -> str:
        """Return the official name of an organisation."""
        return self._names.official.get(organisation, "")

    def explains(self, abbreviation: str) -> bool:
        """Return whether the glossary, the partnership's file or a name says what it stands for."""
        return any(
            each in self._own
            or each in self._names.glossary
            or key_of(each) in self._names.explained
            for each in (abbreviation, singular(abbreviation))
        )

    def short_names(self, organisations: Iterable[int]) -> list[str]:
        """Return the official names that are abbreviations which nothing explains."""
        short = self._names.short
        names = (short[key] for key in organisations if key in short)
        return [name for name in names if not self.explains(name)]

    def in_place_of(
        self, organisation: int, reference: str, on: datetime.date
    ) -> tuple[list[str], datetime.date | None]:
        """Return who stands in the place of one that ended, by name, and since when."""
        links = self._index.links
        keys = links.in_place_of(organisation, reference, on) - {organisation}
        days = {links.successors[organisation].get(key) for key in keys} if keys else set()
        day = days.pop() if len(days) == 1 else None
        return sorted(map(self.name, keys)), datetime.date.fromordinal(day) if day else None

    def is_bound(self, organisation: int, parties: set[int]) -> bool:
        """Return whether it is one of the parties, or linked with one, on whatever day."""
        return not parties.isdisjoint(self._index.links.linked_with(organisation))

    def with_purpose(self, record: Record) -> list[str]:
        """Return the other protocols in force with the same purpose, by reference."""
        key = purpose_key(record.purpose)
        same = self._index.scan.purpose == key if key else self._index.nothing
        positions = np.flatnonzero(same & self._index.in_status(PUBLISHED))
        found = sorted(self._index.references.at(positions))
        return [reference for reference in found if reference != record.reference]


@dataclass(frozen=True, kw_only=True)
class Scan:
    """What one reading of the register found, by position of the index, as of its `number`.

    `lasting` has the masks of those rules by key. `year` is the last one in the title, and
    `purpose` what equal purposes have in common. All of it is of what is in force.
    """

    number: int
    known_names: KnownNames
    links_version: int
    lasting: dict[str, Mask]
    year: NDArray[np.int16]
    purpose: NDArray[np.int64]

    def updated(self, index: Index) -> Scan:
        """Return the scan of a later index, with only what changed read.

        All is read where names of organisations, abbreviations or links have changed.
        """
        known, version = index.known_names, index.links.version
        is_same = (self.known_names, self.links_version) == (known, version)
        since = self.number if is_same else -1
        scan = Scan(
            number=index.number,
            known_names=known,
            links_version=version,
            lasting={key: _resized(mask, index.size) for key, mask in self.lasting.items()},
            year=_resized(self.year, index.size),
            purpose=_resized(self.purpose, index.size),
        )
        register, day = RegisterRecords(index), datetime.date.min
        for position, record in _records_since(since, index.size):
            is_current = record.status == PUBLISHED
            for rule in LASTING:
                found = is_current and rule.find(record, register, day) is not None
                scan.lasting[rule.key][position] = found
            scan.year[position] = last_year(record.title) if is_current else 0
            scan.purpose[position] = purpose_key(record.purpose) if is_current else 0
        return scan


def _resized(values: NDArray[Any], size: int) -> NDArray[Any]:
    return np.append(values, np.zeros(size - len(values), values.dtype))


NO_SCAN = Scan(
    number=-1,
    known_names=KnownNames(),
    links_version=-1,
    lasting={rule.key: np.zeros(1, bool) for rule in LASTING},
    year=np.zeros(1, np.int16),
    purpose=np.zeros(1, np.int64),
)


def _records_since(number: int, size: int) -> Iterator[tuple[int, Record]]:
    """Yield the public protocols that changed in a later version, each with its position.

    One that was added in the meantime has no position yet, and is read with the next version.
    """
    entries = SearchEntry.objects.filter(changed_in__gt=number, pk__lt=size).order_by("pk")
    documents = Document.objects.filter(protocol=models.OuterRef("protocol"), taken_off=False)
    columns = [f"protocol__{name}" for name in (*VALUES, *OTHER_TEXTS)]
    rows = entries.annotate(has_document=models.Exists(documents)).values_list(
        "pk", "has_document", *columns
    )
    found = rows.iterator(CHUNK)
    while chunk := list(islice(found, CHUNK)):
        parties = defaultdict(list)
        between = Party.objects.filter(
            protocol__search_entry__changed_in__gt=number,
            protocol__search_entry__id__range=(chunk[0][0], chunk[-1][0]),
        )
        for position, *values in between.order_by("position", "pk").values_list(
            "protocol__search_entry__id", *PARTY_VALUES
        ):
            parties[position].append(PartyRecord(*values))
        for position, has_document, *values in chunk:
            own, others = values[: len(VALUES)], values[len(VALUES) :]
            told = (tuple(others), tuple(parties[position]), has_document)
            yield position, Record._make([*own, *told])


def record_of(protocol: Protocol, *, has_document: bool | None = None) -> Record:
    """Return a protocol as the rules read it. In a list, prefetch the parties and documents.

    `has_document` spares the query for the documents.
    """
    own = (getattr(protocol, name) for name in VALUES)
    others = tuple(getattr(protocol, name) for name in OTHER_TEXTS)
    parties = tuple(
        PartyRecord._make([getattr(party, name) for name in PARTY_VALUES])
        for party in protocol.all_parties
    )
    if has_document is None:
        has_document = any(not paper.taken_off for paper in protocol.documents.all())
    return Record._make([*own, others, parties, has_document])


def findings_of(protocol: Protocol, index: Index, on: datetime.date) -> list[Finding]:
    """Return what the rules find of a protocol on a day, the most useful first."""
    return look_through(record_of(protocol), RegisterRecords(index), on)


def open_questions(protocol: Protocol, index: Index, on: datetime.date) -> list[str]:
    """Return what a protocol in force leaves open on a day, in words for a sentence."""
    return rules.open_questions(record_of(protocol, has_document=True), RegisterRecords(index), on)


def found_by(index: Index, key: str, on: datetime.date) -> Mask:
    """Return the mask of protocols in force of which the rule finds something on a day."""
    current, scan = index.in_status(PUBLISHED), index.scan
    if key in scan.lasting:
        return current & scan.lasting[key]
    if key == "overdue":
        return current & index.with_review_status([ReviewStatus.OVERDUE], on)
    if key == "past-year":
        return current & (scan.year > 0) & (scan.year < on.year)
    if key == "lead-ended":
        return current & index.of_organisations(index.links.ended(on), Party.Role.LEAD)
    return current & _several(scan.purpose, current)


def _several(purposes: NDArray[np.int64], current: Mask) -> Mask:
    """Return the mask of the purposes that are there several times among those in force."""
    values, counts = np.unique(purposes[current], return_counts=True)
    several: Mask = np.isin(purposes, values[(counts > 1) & (values != 0)])
    return several


def found_by_any(index: Index, keys: Iterable[str], on: datetime.date) -> Mask:
    """Return the mask of protocols in force of which any of the rules finds something."""
    chosen = index.nothing
    for key in keys:
        chosen = chosen | found_by(index, key, on)
    return chosen


def references_in(chosen: Mask) -> models.expressions.RawSQL:
    """Return the references of a mask as a subquery, however many they are.

    SQLite takes no long list of parameters.
    """
    positions = ",".join(map(str, np.flatnonzero(chosen).tolist())) or "0"
    table = SearchEntry._meta.db_table
    # Numbers of ours alone.
    sql = f"SELECT protocol_id FROM {table} WHERE id IN ({positions})"  # noqa: S608
    return models.expressions.RawSQL(sql, [])  # noqa: S611
