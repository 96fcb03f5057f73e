"""What binds an organisation: in its own name, through a body whose place it took, or a group.

A list for an organisation holds all three, and each line says which, in the words of this
module.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, reduce
from itertools import combinations
from operator import and_, or_
from typing import Any, NamedTuple

import numpy as np
from django.utils.formats import date_format
from numpy.typing import NDArray

from registers.models import Organisation, Party
from registers.search.index import Index, Mask
from registers.search.links import Path, Reach
from registers.search.listed import ListedParty, ListedProtocol
from registers.search.protocol_values import AnyProtocol, PartyValues

ANY, OWN = "any", "own"  # the values of `through` in a query string
OWN_NAME = Path((), undecided=False)
UNDECIDED = "who took it on is not recorded"
# Of the sources of a protocol that has none. An id of an organisation lies between them.
NO_LOWEST, NO_HIGHEST = np.iinfo(np.int32).max, -1


class Part(NamedTuple):
    """The positions of protocols that one source binds an organisation to, by one path."""

    source: int
    path: Path
    positions: NDArray[Any]


class Binding:
    """What binds an organisation, by id, on the day `on`.

    With `through` 'own' that is only what names the organisation itself. It leads what its
    source leads only where it took that one's place for certain: what a group of it leads, or
    a body that was split and nobody decided, binds it as a partner.
    """

    def __init__(
        self,
        index: Index,
        organisation: int,
        *,
        on: datetime.date,
        through: str = ANY,
    ) -> None:
        self.index, self.organisation, self._on = index, organisation, on
        self.is_linked = through == ANY and index.links.are_known_of(organisation)
        self._masks: dict[str, Mask] = {}
        self._ends_by_role: dict[str, tuple[NDArray[np.int32], NDArray[np.int32]]] = {}

    @property
    def has_ended(self) -> bool:
        """Whether somebody took its place by that day."""
        return self.index.links.has_ended(self.organisation, self._on)

    @cached_property
    def reach(self) -> Reach:
        """Every source and the path to it."""
        return self.index.links.reach(self.organisation, self._on)

    def mask(self, role: str = "") -> Mask:
        """Return the mask of protocols that bind it."""
        if role not in self._masks:
            chosen = np.zeros(self.index.size, bool)
            for part in self.parts(role):
                chosen[part.positions] = True
            self._masks[role] = chosen
        return self._masks[role]

    def decided(self, role: str = "") -> Mask:
        """Return the mask of protocols that bind it without doubt: nobody has to decide more."""
        decided: Mask = self._ends(role)[1] != NO_HIGHEST
        return decided

    def sources(self) -> set[int]:
        """Return the ids of the other organisations that it can be bound through."""
        return self.reach.organisations - {self.organisation} if self.is_linked else set()

    def named_with(self, other: Binding, role: str = "") -> Mask:
        """Return the mask of protocols in which this and `other` are two different parties.

        Two members of a group are not, where only the group is named. What nobody decided
        after a split does not count. `role` is that of this one's source.
        """
        lowest, highest = self._ends(role)
        other_lowest, other_highest = other._ends("")
        both = (highest != NO_HIGHEST) & (other_highest != NO_HIGHEST)
        two = np.minimum(lowest, other_lowest) != np.maximum(highest, other_highest)
        named: Mask = both & two
        return named

    def paths(
        self, protocol: AnyProtocol | ListedProtocol, role: str = ""
    ) -> list[tuple[int, Path]]:
        """Return each source in one protocol with its path, itself and the nearest first."""
        paths = {self.organisation: OWN_NAME}
        if self.is_linked:
            paths = self.reach.paths(protocol.reference)
        parties: Sequence[Party | PartyValues | ListedParty] = protocol.all_parties
        return [
            (source, path)
            for source, path in paths.items()
            if any(
                each.organisation_id == source
                and (not role or role == (each.role if path.keeps_role else Party.Role.PARTNER))
                for each in parties
            )
        ]

    def _ends(self, role: str) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return the lowest and the highest id of the decided sources in each protocol."""
        if role not in self._ends_by_role:
            self._ends_by_role[role] = self._find_ends(role)
        return self._ends_by_role[role]

    def _find_ends(self, role: str) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        lowest = np.full(self.index.size, NO_LOWEST, np.int32)
        highest = np.full(self.index.size, NO_HIGHEST, np.int32)
        parts = sorted(
            (each for each in self.parts(role) if not each.path.undecided),
            key=lambda each: each.source,
        )
        for part in parts:
            highest[part.positions] = part.source
        for part in reversed(parts):
            lowest[part.positions] = part.source
        return lowest, highest

    def parts(self, role: str = "") -> Iterator[Part]:
        """Give what binds it source by source, by each path."""
        if not self.is_linked:
            positions = self.index.positions_of(self.organisation, role)
            yield Part(self.organisation, OWN_NAME, positions)
            return
        decided = np.zeros(self.index.size, bool)
        cases = [(some[some < self.index.size], paths) for some, paths in self.reach.cases]
        for some, _ in cases:
            decided[some] = True
        for source, path in self.reach.usual.items():
            positions = self._positions(source, path, role)
            yield Part(source, path, positions[~decided[positions]] if cases else positions)
        for some, paths in cases:
            here = np.zeros(self.index.size, bool)
            here[some] = True
            for source, path in paths.items():
                positions = self._positions(source, path, role)
                yield Part(source, path, positions[here[positions]])

    def _positions(self, source: int, path: Path, role: str) -> NDArray[np.int32]:
        """Return the positions of what a source binds it to by a path, in a role."""
        if role and not path.keeps_role:
            return self.index.positions_of(source)[: 0 if role == Party.Role.LEAD else None]
        return self.index.positions_of(source, role)


def bound(asked: Sequence[Binding], together: Sequence[Binding], role: str = "") -> Mask:
    """Return the mask of protocols that bind any of `asked`, each of `together` with it.

    Where several are named, each two of them are two different parties. One of the two
    sequences may be empty. `role` is that of the one that is asked for. What nobody decided
    after a split binds who is asked for, and not who must be named with it, though it be alone.
    """
    if asked and not together:
        return reduce(or_, (each.mask(role) for each in asked))
    chosen = together[0].decided()
    if asked:
        chosen = reduce(or_, (_with_all(each, together, role) for each in asked))
    for one, other in combinations(together, 2):
        chosen = chosen & one.named_with(other)
    return chosen


def _with_all(binding: Binding, others: Sequence[Binding], role: str) -> Mask:
    return reduce(and_, (binding.named_with(other, role) for other in others))


class Through(NamedTuple):
    """Through which organisation a protocol binds the one that was asked for, and how.

    `source` is the organisation that the protocol names. `undecided`: it was split, and
    nobody recorded who took the protocol on. `own`: it is the organisation itself.
    `keeps_role`: what the source leads, it leads.
    """

    source: Organisation
    words: str
    undecided: bool
    own: bool
    keeps_role: bool


class Explanation:
    """How each protocol of a list binds the `organisations` that were asked for, in words.

    Their `bindings` are in the `role` that was asked for; those of `together`, which must
    take part too, are in any.
    """

    def __init__(
        self,
        bindings: Sequence[Binding],
        organisations: Sequence[Organisation],
        role: str = "",
        *,
        together: Sequence[Binding] = (),
    ) -> None:
        asked = {each.organisation for each in bindings}
        others = [each for each in together if each.organisation not in asked]
        self._bindings = [*bindings, *others]
        self._roles = [role] * len(bindings) + [""] * len(others)
        self._known = {each.pk: each for each in organisations}

    @property
    def is_plain(self) -> bool:
        """Whether one organisation was asked for, and every protocol names it itself."""
        return len(self._bindings) == 1 and not self._bindings[0].is_linked

    def of(self, protocol: AnyProtocol | ListedProtocol) -> list[Through]:
        """Return how one protocol, of which the parties are loaded, binds them."""
        several = len(self._bindings) > 1
        return [
            Through(
                self._names[source],
                path_in_words(
                    path,
                    self._names,
                    self._names[each.organisation] if several else None,
                    is_past=each.has_ended,
                ),
                path.undecided,
                not path.steps,
                path.keeps_role,
            )
            for each, role in zip(self._bindings, self._roles, strict=True)
            for source, path in each.paths(protocol, role)
        ]

    @property
    def plain(self) -> list[Through]:
        """What is said of every protocol, where it `is_plain`."""
        return [
            Through(
                each,
                path_in_words(OWN_NAME, self._known),
                undecided=False,
                own=True,
                keeps_role=True,
            )
            for each in self._known.values()
        ]

    @cached_property
    def _names(self) -> dict[int, Organisation]:
        """Every organisation on any path by its id: one query, if any are linked."""
        linked = [each.reach.organisations for each in self._bindings if each.is_linked]
        keys = set[int]().union(*linked) - self._known.keys()
        return self._known | (Organisation.objects.in_bulk(keys) if keys else {})


def path_in_words(
    path: Path,
    names: Mapping[int, Organisation],
    asked: Organisation | None = None,
    *,
    is_past: bool = False,
) -> str:
    """Return a path in words, such as 'through West Essex CCG, whose place it took'.

    'It' is the organisation that was asked for, or `asked` by its name where there
    are several. `is_past`: it ended, so it is no member any more.
    """
    whose = f"{asked} " if asked else ""
    if not path.steps:
        return f"{whose}in its own name"
    nearer = [str(asked or "it"), *(str(names[step.source]) for step in path.steps)]
    links = []
    for step, near in zip(reversed(path.steps), reversed(nearer[:-1]), strict=True):
        name = names[step.source]
        if step.is_group:
            was_or_is = "was" if step.former or (is_past and near == nearer[0]) else "is"
            links.append(f"{name}, of which {near} {was_or_is} a member")
            continue
        on = f" on {day_in_words(step.day)}" if step.day else ""
        links.append(f"{name}, {'part of ' if step.split else ''}whose place {near} took{on}")
    end = f" ({UNDECIDED})" if path.undecided else ""
    return f"{whose}through {', and '.join(links)}{end}"


def day_in_words(ordinal: int) -> str:
    """Return a day, given as an ordinal, like 1 July 2022."""
    return date_format(datetime.date.fromordinal(ordinal), "j F Y")


def bindings_of(
    index: Index, organisations: Iterable[Organisation], *, on: datetime.date, through: str = ANY
) -> list[Binding]:
    """Return the binding of each of the organisations."""
    return [Binding(index, each.pk, on=on, through=through) for each in organisations]
