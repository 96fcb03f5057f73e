"""The links between organisations: who took whose place, who belongs to a group, who took what on.

They stand beside the index, and are read again only when they change. `Links.reach`
follows them from an organisation, on a day, to every body and group whose protocols
bind it. Days are ordinals here: an integer for each day.
"""

from __future__ import annotations

import datetime
import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain, count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from registers.models import Membership, Succession, TakenOn

CHUNK = 10_000  # rows read at a time
LONGEST_PATH = 20  # steps that `limits` follows: rings would have no end
FIRST_DAY, LAST_DAY = datetime.date.min.toordinal(), datetime.date.max.toordinal()
# Who took protocols on: for each split organisation, the successors by reference.
Decisions = Mapping[int, Mapping[str, frozenset[int]]]


class Step(NamedTuple):
    """One link, from an organisation to a predecessor or to a group that it belongs to.

    `day` is that of the succession, None where it is not known. `split`: the predecessor
    has other successors too. `former`: it was a member, before its own place was taken.
    """

    source: int
    is_group: bool
    day: int | None = None
    split: bool = False
    former: bool = False


class Path(NamedTuple):
    """How an organisation is bound by what names another: no steps for its own name.

    `undecided`: a body on the way was split, and nobody recorded who took the protocol on.
    """

    steps: tuple[Step, ...]
    undecided: bool

    @property
    def keeps_role(self) -> bool:
        """Whether it leads what the other leads: it took its place, and nobody doubts that."""
        return not self.undecided and not any(step.is_group for step in self.steps)


@dataclass(frozen=True, kw_only=True, eq=False)
class Links:
    """All links, as of the register version `version`. They never change."""

    version: int
    # By successor: each predecessor and the day, None where it is not known.
    predecessors: Mapping[int, list[tuple[int, int | None]]]
    # By membership, sorted by member; `member_ends` says where those of each id begin, and
    # where the last ones end.
    member: NDArray[np.int32]
    member_ends: NDArray[np.int64]
    group: NDArray[np.int32]
    from_day: NDArray[np.int32]
    to_day: NDArray[np.int32]
    decisions: Decisions = field(default_factory=dict)
    # The positions in the index of the protocols that decisions name.
    positions: Mapping[str, int] = field(default_factory=dict)

    def reach(self, organisation: int, on: datetime.date) -> Reach:
        """Return what binds an organisation, by id, on the day `on`."""
        return Reach(self, organisation, on.toordinal())

    @cached_property
    def successors(self) -> Mapping[int, Mapping[int, int | None]]:
        """By organisation: who took its place or will, in part or whole, each with the day."""
        found: dict[int, dict[int, int | None]] = {}
        for successor, known in self.predecessors.items():
            for key, day in known:
                found.setdefault(key, {})[successor] = day
        return found

    @cached_property
    def splits(self) -> frozenset[int]:
        """Every organisation that has several successors, on whatever day."""
        return frozenset(key for key, each in self.successors.items() if len(each) > 1)

    def ended(self, on: datetime.date) -> set[int]:
        """Return the organisations of which somebody has taken the place by the day `on`."""
        return {key for key in self.successors if self._took(key, on)}

    def has_ended(self, organisation: int, on: datetime.date) -> bool:
        """Return whether somebody has taken the place of the organisation by the day `on`."""
        return bool(self._took(organisation, on))

    def in_place_of(self, organisation: int, reference: str, on: datetime.date) -> set[int]:
        """Return who stands in an organisation's place in a protocol on the day `on`.

        That is itself while it stands, else its successors: all of them after a split that
        nobody decided.
        """
        found, seen, waiting = set[int](), set[int](), [organisation]
        while waiting:
            key = waiting.pop()
            if key in seen:
                continue
            seen.add(key)
            decided = self.decisions.get(key, {}).get(reference)
            further = [each for each in self._took(key, on) if not decided or each in decided]
            waiting += further
            if not further:
                found.add(key)
        return found or {organisation}

    def linked_with(self, organisation: int) -> set[int]:
        """Return itself and all that successions and groups link it with, on whatever day.

        Down the line of those before it and after it and up to groups; not to other members.
        """
        found, waiting = set[int](), [organisation]
        while waiting:
            key = waiting.pop()
            if key not in found:
                found.add(key)
                waiting += [each for each, _ in self.predecessors.get(key, ())]
                waiting += [*self.successors.get(key, ()), *self.group[self._memberships(key)]]
        return {int(key) for key in found}

    def _took(self, organisation: int, on: datetime.date) -> list[int]:
        successors = self.successors.get(organisation, {})
        return [key for key, day in successors.items() if (day or FIRST_DAY) <= on.toordinal()]

    def are_known_of(self, organisation: int) -> bool:
        """Return whether any link, on whatever day, leads from the organisation to another."""
        return organisation in self.predecessors or self.has_memberships(organisation)

    def has_memberships(self, member: int) -> bool:
        """Return whether it belongs to a group on whatever day."""
        rows = self._memberships(member)
        return bool(rows.start < rows.stop)

    def _memberships(self, member: int) -> slice:
        if member + 1 >= len(self.member_ends):
            return slice(0, 0)
        return slice(int(self.member_ends[member]), int(self.member_ends[member + 1]))

    def limits(self, numbers: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return what each organisation, by id, has at most with those whose place it took.

        `numbers` is what each has itself. On whatever day; what comes by several ways is
        counted for each.
        """
        keys = [*self.predecessors, *self.successors]
        own = np.zeros(max(len(numbers), *keys, 0) + 1)
        own[: len(numbers)] = numbers
        limits = own
        for _ in range(LONGEST_PATH):
            longer = own.copy()
            for successor, known in self.predecessors.items():
                longer[successor] += sum(limits[key] for key, _ in known)
            if np.array_equal(longer, limits):
                break
            limits = longer
        return limits

    def groups_of(self, member: int, on: int) -> list[int]:
        """Return the groups that `member` belongs to on a day, in order and none twice."""
        rows = self._memberships(member)
        if rows.start == rows.stop:
            return []
        belongs = (self.from_day[rows] <= on) & (self.to_day[rows] >= on)
        return sorted({int(key) for key in self.group[rows][belongs]})


class _State(NamedTuple):
    """An organisation on the way, and the days on which its links count.

    What a body belonged to when its place was taken binds its successor. What took
    place later among those groups does not: `succeeded_by` is the last day of
    successions, `member_on` the day of memberships.
    """

    organisation: int
    member_on: int
    succeeded_by: int


class Reach:
    """What binds one organisation on a day: each source, and the path to it.

    A source is an organisation whose own protocols bind it, itself among them.
    """

    def __init__(self, links: Links, organisation: int, on: int) -> None:
        self.organisation = organisation
        self._links, self._on = links, on
        self._start = _State(organisation, on, on)
        self._edges: dict[_State, list[tuple[_State, Step]]] = {}
        waiting = [self._start]
        while waiting:
            state = waiting.pop()
            if state not in self._edges:
                self._edges[state] = list(self._steps_from(state))
                waiting += [further for further, _ in self._edges[state]]
        split = {step.source for _, step in chain(*self._edges.values()) if step.split}
        self._decisions = {
            key: links.decisions[key] for key in sorted(split) if key in links.decisions
        }
        self._paths: dict[tuple[tuple[int, frozenset[int]], ...], dict[int, Path]] = {}

    def _steps_from(self, state: _State) -> Iterator[tuple[_State, Step]]:
        organisation, member_on, succeeded_by = state
        for key, day in self._links.predecessors.get(organisation, ()):
            if day is None or day <= succeeded_by:
                before = member_on if day is None else day - 1
                split = key in self._links.splits
                step = Step(key, is_group=False, day=day, split=split)
                yield _State(key, before, succeeded_by), step
        for key in self._links.groups_of(organisation, member_on):
            step = Step(key, is_group=True, former=member_on != self._on)
            yield _State(key, member_on, member_on), step

    @cached_property
    def usual(self) -> dict[int, Path]:
        """The path to each source, for a protocol that nobody recorded a decision of."""
        return self._paths_by(())

    def paths(self, reference: str) -> dict[int, Path]:
        """Return the path to each source, for the protocol with this reference."""
        return self._paths_by(self._decided(reference))

    @cached_property
    def cases(self) -> list[tuple[NDArray[np.int64], dict[int, Path]]]:
        """The index positions of protocols with decisions, and the paths that these leave."""
        found: dict[tuple[tuple[int, frozenset[int]], ...], list[int]] = {}
        for reference in sorted({text for each in self._decisions.values() for text in each}):
            if reference in self._links.positions:
                position = self._links.positions[reference]
                found.setdefault(self._decided(reference), []).append(position)
        return [(np.array(some), self._paths_by(decided)) for decided, some in found.items()]

    @property
    def organisations(self) -> set[int]:
        """Every organisation on any path."""
        return {state.organisation for state in self._edges}

    def _decided(self, reference: str) -> tuple[tuple[int, frozenset[int]], ...]:
        return tuple(
            (key, successors[reference])
            for key, successors in self._decisions.items()
            if reference in successors
        )

    def _paths_by(self, decided: tuple[tuple[int, frozenset[int]], ...]) -> dict[int, Path]:
        """Return the best path to each source: decided, through no group, and short."""
        if decided not in self._paths:
            self._paths[decided] = self._find_paths(dict(decided))
        return self._paths[decided]

    def _find_paths(self, decided: Mapping[int, frozenset[int]]) -> dict[int, Path]:
        turn = count()  # so that equal paths stay in the order in which they were found
        heap = [(False, False, 0, next(turn), self._start, Path((), undecided=False))]
        seen, found = set[_State](), dict[int, Path]()
        while heap:
            _, grouped, *_, state, path = heapq.heappop(heap)
            if state in seen:
                continue
            seen.add(state)
            found.setdefault(state.organisation, path)
            for further, step in self._edges[state]:
                undecided = path.undecided
                if step.split:
                    successors = decided.get(step.source)
                    if successors is not None and state.organisation not in successors:
                        continue
                    undecided |= successors is None
                longer = Path((*path.steps, step), undecided)
                order = undecided, grouped or step.is_group, len(longer.steps), next(turn)
                heapq.heappush(heap, (*order, further, longer))
        return found


def updated_links(links: Links, version: int) -> Links:
    """Return the links as they are now, `version` being the register version they are of.

    Successions and members are read only when that differs from what `links` have. Who
    took protocols on is read each time, if anybody ever did: a protocol that is
    published has a position in the index that it had not before.
    """
    if version != links.version:
        links = _read(version)
    return _with_decisions(links) if links.splits else links


def read_successions() -> Links:
    """Return the links without members: one query, one more after a split. Needs no index."""
    links = make_links(NO_LINKS.version, _successions(), [])
    return _with_decisions(links) if links.splits else links


def make_links(
    version: int,
    successions: Iterable[tuple[int, int, datetime.date | None]],
    memberships: Iterable[tuple[int, int, datetime.date | None, datetime.date | None]],
) -> Links:
    """Return links of rows: predecessor, successor, day; and member, group, first day, last day."""
    predecessors: dict[int, list[tuple[int, int | None]]] = {}
    for predecessor, successor, day in successions:
        ordinal = day.toordinal() if day else None
        predecessors.setdefault(successor, []).append((predecessor, ordinal))
    rows = np.fromiter(
        chain.from_iterable(
            (
                member,
                group,
                first.toordinal() if first else FIRST_DAY,
                last.toordinal() if last else LAST_DAY,
            )
            for member, group, first, last in memberships
        ),
        np.int32,
    ).reshape(-1, 4)
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    member, group, from_day, to_day = (np.ascontiguousarray(rows[:, each]) for each in range(4))
    return Links(
        version=version,
        predecessors={key: sorted(each, key=_day_order) for key, each in predecessors.items()},
        member=member,
        member_ends=np.searchsorted(
            member, np.arange(int(member.max(initial=0)) + 2, dtype=np.int32)
        ),
        group=group,
        from_day=from_day,
        to_day=to_day,
    )


def _day_order(predecessor: tuple[int, int | None]) -> tuple[int, int]:
    key, day = predecessor
    return day or FIRST_DAY, key


NO_LINKS = make_links(-1, [], [])


def _read(version: int) -> Links:
    memberships = Membership.objects.order_by().values_list("member", "group", "from_day", "to_day")
    return make_links(version, _successions(), memberships.iterator(CHUNK))


def _successions() -> Iterable[tuple[int, int, datetime.date | None]]:
    return Succession.objects.order_by().values_list("organisation", "successor", "happened_on")


def _with_decisions(links: Links) -> Links:
    """Return the links with who took which protocols on, of successions that are recorded."""
    decisions: dict[int, dict[str, frozenset[int]]] = {}
    positions: dict[str, int] = {}
    rows = TakenOn.objects.order_by().values_list(
        "predecessor", "successor", "protocol", "protocol__search_entry__id"
    )
    for predecessor, successor, reference, position in rows.iterator(CHUNK):
        if any(key == predecessor for key, _ in links.predecessors.get(successor, ())):
            of_split = decisions.setdefault(predecessor, {})
            of_split[reference] = of_split.get(reference, frozenset()) | {successor}
            if position is not None:
                positions[reference] = position
    return replace(links, decisions=decisions, positions=positions)
