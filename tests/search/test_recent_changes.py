"""The newest changes of any question are those that a slow, plain way finds."""

from __future__ import annotations

import datetime
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings

from registers.exports import feed
from registers.exports.feed import ChangeCount, change_counts, newest_changes
from registers.models import Change, Organisation, Protocol
from tests.lengths import times
from tests.search.questions import query_string, questions, results_of

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db]
START = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


@pytest.fixture
def much_changed(one_rich_register) -> None:
    """300 changes of few protocols more than of others, many at one time, some of no protocol."""
    random = Random(5)
    keys = list(Protocol.objects.exclude(status="draft").values_list("pk", flat=True))
    often = [1 / (rank + 1) for rank in range(len(keys))]
    organisation = Organisation.objects.first()
    Change.objects.bulk_create(
        Change(
            made_at=START + datetime.timedelta(hours=random.randrange(40)),
            protocol_id=key if random.random() < 0.9 else None,
            organisation=organisation if random.random() < 0.5 else None,
            what="Changed",
            public=True,
        )
        for key in random.choices(keys, often, k=300)
    )


def slowly(query: str, most: int) -> list[int]:
    found = {protocol.reference for protocol in results_of(query).iterator()}
    changes = [each for each in Change.objects.all() if each.protocol_id in found]
    changes.sort(key=lambda each: (each.made_at, each.pk), reverse=True)
    return [each.pk for each in changes[:most]]


def quickly(query: str, most: int) -> list[int]:
    return [change.pk for change, _ in newest_changes(results_of(query), most)]


# How few are named to the database, at most, and how many changes are read at first.
WAYS = {"named": (2_000, 2_000), "read": (0, 2_000), "read in steps": (0, 1)}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@given(asked=questions())
@settings(max_examples=times(10, long=300))
@pytest.mark.has_long_form
def test_any_question(much_changed, way, asked):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feed, "FEW_PROTOCOLS", way[0])
        patch.setattr(feed, "FIRST_STEP", way[1])
        query = query_string(asked)
        for most in (1, 7, 1_000):
            assert quickly(query, most) == slowly(query, most)


@pytest.mark.parametrize(("chunk", "most"), [(7, 5), (7, 1_000), (1, 20)])
def test_those_that_are_named_in_several_parts(much_changed, monkeypatch, chunk, most):
    monkeypatch.setattr("registers.search.rows.CHUNK", chunk)
    assert quickly("status=all", most) == slowly("status=all", most)


def test_each_comes_with_its_protocol_and_theme_without_a_query(much_changed):
    newest = newest_changes(results_of("status=all"), 100)
    with CaptureQueriesContext(connection) as queries:
        assert all(change.protocol_id == protocol.pk for change, protocol in newest)
        assert all(protocol.theme.name for _, protocol in newest)
    assert len(newest) == 100
    assert not queries


@pytest.mark.parametrize(("step", "number"), [(2_000, 2), (300, 2), (50, 3), (10, 4)])
def test_few_queries_reach_the_newest_hundred(much_changed, monkeypatch, step, number):
    monkeypatch.setattr(feed, "FEW_PROTOCOLS", 0)
    monkeypatch.setattr(feed, "FIRST_STEP", step)
    found = results_of("status=all")
    assert len(found.protocols) > 0
    with CaptureQueriesContext(connection) as queries:
        assert len(newest_changes(found, 100)) == 100
    assert len(queries) == number


def test_a_change_that_is_made_meanwhile_moves_the_others_on(much_changed, monkeypatch):
    monkeypatch.setattr(feed, "FEW_PROTOCOLS", 0)
    monkeypatch.setattr(feed, "FIRST_STEP", 1)
    found = results_of("status=all").protocols
    before = slowly("status=all", 1_000)
    walk = feed._newest_first(found, Change.objects.all())
    first = next(walk)
    Change.objects.create(
        made_at=START + datetime.timedelta(days=9), protocol_id="9000", public=True, what="Now"
    )
    assert [first, *walk] == before


def test_how_each_has_changed(much_changed):
    keys = list(Protocol.objects.values_list("pk", flat=True))
    plainly = {}
    for key in keys:
        times = [each.made_at for each in Change.objects.all() if each.protocol_id == key]
        if times:
            plainly[key] = ChangeCount(times=len(times), last=max(times))
    found = results_of("status=all")
    assert change_counts(found, keys) == plainly
    assert change_counts(found, keys[:3]).keys() == plainly.keys() & keys[:3]
    assert change_counts(found, []) == {}


def test_of_many_it_is_known_which_are_found(one_rich_register):
    found = results_of("status=all&review=overdue").protocols
    references = [*Protocol.objects.values_list("pk", flat=True), "00000000", "99999999"]
    inside = {protocol.reference for protocol in found.iterator()}
    assert list(found.contains(references)) == [each in inside for each in references]
    nothing = results_of("q=xylophone").protocols
    assert not nothing.contains(references).any()
    assert not len(nothing.contains([]))
