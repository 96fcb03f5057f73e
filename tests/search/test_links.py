"""The links between organisations, followed quickly and slowly to the same bodies."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registers.models import Organisation
from registers.search.binding import path_in_words
from registers.search.links import Links, make_links
from tests.search.links_slowly import sources

D = datetime.date
ON = D(2026, 11, 22)
REFERENCE = "0001"


@dataclass(frozen=True)
class Graph:
    """Links by number, and what binds organisation 1 on `ON`; True: nobody decided it."""

    bound: dict[int, bool]
    successions: list[tuple[int, int, datetime.date | None]] = field(default_factory=list)
    members: list[tuple[Any, ...]] = field(default_factory=list)
    taken: list[tuple[str, int, int]] = field(default_factory=list)
    words: dict[int, str] = field(default_factory=dict)


SPLIT = [(2, 1, D(2023, 4, 1)), (2, 3, D(2023, 4, 1))]
GRAPHS = {
    "nothing but itself": Graph({1: False}, words={1: "in its own name"}),
    "a succession": Graph(
        {1: False, 2: False},
        [(2, 1, D(2022, 7, 1))],
        words={2: "through Body 2, whose place it took on 1 July 2022"},
    ),
    "a succession without a day": Graph(
        {1: False, 2: False}, [(2, 1, None)], words={2: "through Body 2, whose place it took"}
    ),
    "a succession of today": Graph({1: False, 2: False}, [(2, 1, ON)]),
    "a succession to come": Graph({1: False}, [(2, 1, D(2026, 11, 23))]),
    "the other way round": Graph({1: False}, [(1, 2, D(2022, 7, 1))]),
    "a chain of three": Graph(
        {1: False, 2: False, 3: False, 4: False},
        [(2, 1, D(2022, 7, 1)), (3, 2, D(2013, 4, 1)), (4, 3, None)],
        words={
            4: "through Body 4, whose place Body 3 took, and Body 3, whose place Body 2 took on"
            " 1 April 2013, and Body 2, whose place it took on 1 July 2022"
        },
    ),
    "a chain of one day": Graph({1: False, 2: False, 3: False}, [(2, 1, ON), (3, 2, ON)]),
    "several predecessors": Graph(
        {1: False, 2: False, 3: False}, [(2, 1, ON), (3, 1, None), (4, 5, None)]
    ),
    "a split that nobody decided": Graph(
        {1: False, 2: True},
        SPLIT,
        words={
            2: "through Body 2, part of whose place it took on 1 April 2023"
            " (who took it on is not recorded)"
        },
    ),
    "a split that was decided for it": Graph(
        {1: False, 2: False},
        SPLIT,
        taken=[(REFERENCE, 2, 1)],
        words={2: "through Body 2, part of whose place it took on 1 April 2023"},
    ),
    "a split that was decided for another": Graph({1: False}, SPLIT, taken=[(REFERENCE, 2, 3)]),
    "a split that was decided for both": Graph(
        {1: False, 2: False}, SPLIT, taken=[(REFERENCE, 2, 1), (REFERENCE, 2, 3)]
    ),
    "a split that was decided of another protocol": Graph(
        {1: False, 2: True}, SPLIT, taken=[("0002", 2, 3)]
    ),
    "a decision for whom no succession is recorded": Graph(
        {1: False, 2: True}, SPLIT, taken=[(REFERENCE, 2, 4)]
    ),
    "a body whose place one took that was split later": Graph(
        {1: False, 2: True, 4: True}, [*SPLIT, (4, 2, D(2010, 1, 1))]
    ),
    "two ways, and one is decided": Graph(
        {1: False, 2: False, 3: False}, [*SPLIT, (3, 1, ON)], taken=[(REFERENCE, 2, 3)]
    ),
    "a member": Graph(
        {1: False, 9: False},
        members=[(9, 1, None, None)],
        words={9: "through Body 9, of which it is a member"},
    ),
    "a member from today": Graph({1: False, 9: False}, members=[(9, 1, ON, None)]),
    "a member until today": Graph({1: False, 9: False}, members=[(9, 1, None, ON)]),
    "a member from tomorrow": Graph({1: False}, members=[(9, 1, D(2026, 11, 23), None)]),
    "a member until yesterday": Graph({1: False}, members=[(9, 1, None, D(2026, 11, 21))]),
    "a member twice": Graph(
        {1: False, 9: False}, members=[(9, 1, None, D(2020, 1, 1)), (9, 1, D(2025, 1, 1), None)]
    ),
    "the group is not bound by its member": Graph({1: False}, members=[(1, 2, None, None)]),
    "a group in a group": Graph(
        {1: False, 8: False, 9: False},
        members=[(9, 1, None, None), (8, 9, None, None)],
        words={
            8: "through Body 8, of which Body 9 is a member, and Body 9, of which it is a member"
        },
    ),
    "a group in a group that it left": Graph(
        {1: False, 9: False}, members=[(9, 1, None, None), (8, 9, None, D(2020, 1, 1))]
    ),
    "a succession of a member": Graph(
        {1: False, 2: False, 9: False},
        [(2, 1, D(2023, 9, 1))],
        [(9, 2, None, None)],
        words={
            9: "through Body 9, of which Body 2 was a member, and Body 2, whose place it took on"
            " 1 September 2023"
        },
    ),
    "of a member until the day before": Graph(
        {1: False, 2: False, 9: False}, [(2, 1, D(2023, 9, 1))], [(9, 2, None, D(2023, 8, 31))]
    ),
    "of one that had left": Graph(
        {1: False, 2: False}, [(2, 1, D(2023, 9, 1))], [(9, 2, None, D(2023, 8, 30))]
    ),
    "of one that became a member later": Graph(
        {1: False, 2: False}, [(2, 1, D(2023, 9, 1))], [(9, 2, D(2023, 9, 1), None)]
    ),
    "a group that took another's place": Graph(
        {1: False, 8: False, 9: False}, [(8, 9, ON)], [(9, 1, None, None)]
    ),
    "and did so after the member was gone": Graph(
        {1: False, 2: False, 9: False}, [(2, 1, D(2023, 9, 1)), (8, 9, ON)], [(9, 2, None, None)]
    ),
    "a ring of successions": Graph(
        {1: False, 2: False, 3: False}, [(2, 1, None), (3, 2, None), (1, 3, None)]
    ),
    "a ring of groups": Graph(
        {1: False, 8: False, 9: False},
        members=[(9, 1, None, None), (8, 9, None, None), (9, 8, None, None)],
    ),
}


def links_of(graph: Graph) -> Links:
    """The links as they are beside the index."""
    links = make_links(
        1,
        graph.successions,
        [(member, group, first, last) for group, member, first, last in graph.members],
    )
    decisions: dict[int, dict[str, frozenset[int]]] = {}
    for reference, who, by in graph.taken:
        if any(pair[:2] == (who, by) for pair in graph.successions):
            of = decisions.setdefault(who, {})
            of[reference] = of.get(reference, frozenset()) | {by}
    return replace(links, decisions=decisions)


def quickly(graph: Graph, organisation: int, on: datetime.date) -> dict[int, bool]:
    paths = links_of(graph).reach(organisation, on).paths(REFERENCE)
    return {source: path.undecided for source, path in paths.items()}


def slowly(graph: Graph, organisation: int, on: datetime.date) -> dict[int, bool]:
    links = {"successions": graph.successions, "members": graph.members, "taken": graph.taken}
    return sources(links, organisation, on, REFERENCE)


@pytest.mark.parametrize("graph", GRAPHS.values(), ids=GRAPHS)
def test_what_binds_an_organisation_is_known_quickly_and_slowly(graph):
    assert slowly(graph, 1, ON) == graph.bound
    assert quickly(graph, 1, ON) == graph.bound


NAMES = {key: Organisation(pk=key, name=f"Body {key}") for key in range(1, 10)}


@pytest.mark.parametrize(
    "graph",
    [each for each in GRAPHS.values() if each.words],
    ids=[k for k in GRAPHS if GRAPHS[k].words],
)
def test_each_way_is_said_in_words(graph):
    paths = links_of(graph).reach(1, ON).paths(REFERENCE)
    assert {key: path_in_words(paths[key], NAMES) for key in graph.words} == graph.words


def test_where_several_are_asked_for_the_words_say_which_is_bound():
    paths = links_of(GRAPHS["a succession"]).reach(1, ON).usual
    assert [path_in_words(paths[key], NAMES, NAMES[1]) for key in (1, 2)] == [
        "Body 1 in its own name",
        "Body 1 through Body 2, whose place Body 1 took on 1 July 2022",
    ]


numbers = st.integers(1, 7)
days = st.none() | st.sampled_from([ON + datetime.timedelta(days=d) for d in (-400, -1, 0, 1, 9)])
pairs = st.tuples(numbers, numbers).filter(lambda pair: pair[0] != pair[1])
graphs = st.builds(
    Graph,
    bound=st.just({}),
    successions=st.lists(
        st.builds(lambda pair, day: (*pair, day), pairs, days),
        max_size=6,
        unique_by=lambda each: each[:2],
    ),
    members=st.lists(
        st.builds(lambda pair, first, last: (*pair, first, last), pairs, days, days), max_size=5
    ),
    taken=st.lists(st.builds(lambda pair: (REFERENCE, *pair), pairs), max_size=4),
)


@settings(max_examples=300)
@given(graph=graphs, organisation=numbers, on=days.filter(bool))
def test_any_graph_rings_too_is_followed_to_the_same_bodies(graph, organisation, on):
    assert quickly(graph, organisation, on) == slowly(graph, organisation, on)
