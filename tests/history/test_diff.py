"""How two records differ: nothing is left out, and nothing is told that is the same."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from registers.history.diff import (
    Difference,
    describe,
    differences,
    display,
    split_at_differences,
)
from registers.history.snapshot import snapshot_of
from registers.models import Change, Organisation, Protocol, Review
from tests.editing import days_on, edit
from tests.models.making import make_cast, shared_by_a_module

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def cast(django_db_setup, django_db_blocker) -> Iterator[None]:
    with shared_by_a_module(django_db_blocker):
        make_cast()
        yield


def text(side) -> str:
    return "".join(words for words, _ in side)


def a_record(**values: Any) -> Any:
    fields = {"title": "A title", "status": "published", "theme": other(1, "Housing")}
    parts: dict[str, Any] = {"parties": [], "overarching": [], "documents": []}
    parts |= {name: values.pop(name) for name in list(values) if name in parts}
    return {"fields": fields | values, "parts": parts}


def other(key, says):
    return {"key": key, "says": says, "slug": says.lower()}


def party(key, says, role="partner", **values):
    fields = {"name_as_published": "", "note": "", "signed_on": None}
    return {"organisation": other(key, says), "role": role} | fields | values


def paper(key=1, title="Signed", file="a.pdf", **values):
    return {"id": key, "title": title, "file": file, "name": "", "size": None} | values


ASH, BIRCH, CEDAR = party(1, "Ash"), party(2, "Birch"), party(3, "Cedar")
LEAD = party(1, "Ash", "lead")
NOTED = party(2, "Birch", note="Temps", name_as_published="B", signed_on="2021-01-31")
TOLD = {
    "nothing": ({}, {}, []),
    "a renamed theme": ({}, {"theme": other(1, "Homes")}, []),
    "another theme": ({}, {"theme": other(2, "Roads")}, [("Theme", "Housing", "Roads")]),
    "a choice": ({}, {"status": "withdrawn"}, [("Status", "Published", "Withdrawn")]),
    "a month": (
        {"review_date": None},
        {"review_date": "2027-03-01"},
        [("Review date", "", "March 2027")],
    ),
    "a day": (
        {"withdrawn_on": "2027-03-01"},
        {"withdrawn_on": None},
        [("Withdrawn on", "1 March 2027", "")],
    ),
    "yes and no": (
        {"parties_complete": False},
        {"parties_complete": True},
        [("List of parties is complete", "No", "Yes")],
    ),
    "nothing and empty": ({"version": None}, {"version": ""}, []),
    "a field of later": ({}, {"version": "V2"}, [("Version", "", "V2")]),
    "the day of the update": ({"updated_on": None}, {"updated_on": "2027-01-01"}, []),
    "a party that came": (
        {"parties": [BIRCH]},
        {"parties": [BIRCH, CEDAR]},
        [("Other organisation", "", "Cedar")],
    ),
    "a party that went": ({"parties": [BIRCH]}, {}, [("Other organisation", "Birch", "")]),
    "a party that was altered": (
        {"parties": [BIRCH]},
        {"parties": [NOTED]},
        [("Other organisation", "Birch", "Birch (Temps), published as B, signed 31 January 2021")],
    ),
    "a party that was renamed": ({"parties": [BIRCH]}, {"parties": [party(2, "Oak")]}, []),
    "a published name that is the organisation's": (
        {"parties": [BIRCH]},
        {"parties": [party(2, "Birch", name_as_published="Birch")]},
        [],
    ),
    "one that was the organisation's": (
        {"parties": [BIRCH]},
        {"parties": [party(2, "Oak", name_as_published="Birch")]},
        [],
    ),
    "another lead": (
        {"parties": [LEAD]},
        {"parties": [party(2, "Birch", "lead")]},
        [("Lead organisation", "Ash", "Birch")],
    ),
    "another lead of the same name": (
        {"parties": [LEAD]},
        {"parties": [party(9, "Ash", "lead")]},
        [("Lead organisation", "Ash", "Ash, another one")],
    ),
    "the lead is a partner": (
        {"parties": [LEAD, BIRCH]},
        {"parties": [BIRCH, ASH]},
        [("Lead organisation", "Ash", ""), ("Other organisation", "", "Ash")],
    ),
    "another order": (
        {"parties": [ASH, BIRCH]},
        {"parties": [BIRCH, ASH]},
        [("Order of the organisations", "Ash; Birch", "Birch; Ash")],
    ),
    "no order where one went": (
        {"parties": [ASH, BIRCH, CEDAR]},
        {"parties": [ASH, CEDAR]},
        [("Other organisation", "Birch", "")],
    ),
    "a paper": (
        {},
        {"documents": [paper(name="Signed.pdf", size=2048)]},
        [("Document", "", "Signed (Signed.pdf, 2.0 KB)")],
    ),
    "a newer file": (
        {"documents": [paper()]},
        {"documents": [paper(file="b.pdf")]},
        [("Document", "Signed (PDF)", "Signed (PDF), another one")],
    ),
    "a paper without a file": (
        {"documents": [paper(file="")]},
        {},
        [("Document", "Signed", "")],
    ),
}


@pytest.mark.parametrize(("before", "after", "expected"), TOLD.values(), ids=TOLD)
def test_each_difference_is_told(before, after, expected):
    found = differences(Protocol, a_record(**before), a_record(**after))
    assert [(each.field, text(each.before), text(each.after)) for each in found] == expected


def slowly(model, before, after) -> set[tuple[str, str]]:
    """Every (name, value) that is only in one of them, taken apart without any cleverness."""

    def flat(record) -> set[tuple[str, str]]:
        found = set()
        for name, value in record["fields"].items():
            if name not in ("id", "updated_on"):
                found.add((name, key(value)))
        for kind, rows in record["parts"].items():
            for row in rows:
                values = {n: key(v) for n, v in row.items() if n not in ("id", "position")}
                found.add((kind, str(sorted(values.items()))))
        return found

    def key(value) -> str:
        return str(value["key"] if isinstance(value, dict) else value or "" if value != 0 else 0)

    return flat(before) ^ flat(after)


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), kind=st.sampled_from([Protocol, Organisation]))
def test_what_a_slow_look_finds_is_told_and_nothing_else(seed, kind):
    random = Random(seed)
    with transaction.atomic():
        thing = kind.objects.get(
            **({"pk": "9001"} if kind is Protocol else {"name": "Birch Trust"})
        )
        before = snapshot_of(thing)
        edit(random, thing, days_on(1))
        after = snapshot_of(thing)
        found = differences(kind, before, after)
        differ = slowly(kind, before, after)
        ours = [each for each in found if not each.field.startswith("Order")]
        assert bool(ours) == bool(differ)
        labels = {
            str(field.verbose_name).capitalize(): field.name for field in kind._meta.fields
        } | {"Address": "slug"}
        fields = {labels[each.field] for each in ours if each.field in labels}
        assert fields == {name for name, _ in differ if name in before["fields"]}
        for each in ours:
            assert each.before != each.after
            if each.field in labels:
                field = kind._meta.get_field(labels[each.field])
                assert text(each.before) == display(field, before["fields"][field.name])
                assert text(each.after) == display(field, after["fields"][field.name])
        # Each part that came, went or was altered has its row: none is told twice.
        told_parts = [each for each in ours if each.field not in labels]
        sides = sum(bool(each.before) + bool(each.after) for each in told_parts)
        assert sides == len({pair for pair in differ if pair[0] in before["parts"]})
        transaction.set_rollback(True)


LONG = (
    "Every month the council sends a list of new families to the trust. A health visitor then"
    " calls on each of them, and tells nobody else."
)


@given(st.text(alphabet="ab \n", max_size=300), st.text(alphabet="ab \n", max_size=300))
def test_the_pieces_are_the_text(before, after):
    old, new = split_at_differences(before, after)
    assert (text(old), text(new)) == (before, after)


def test_words_that_differ_are_marked_in_long_texts_alone():
    old, new = split_at_differences(LONG, LONG.replace("trust", "charity"))
    assert [words.strip() for words, differs in old if differs] == ["trust."]
    assert [words.strip() for words, differs in new if differs] == ["charity."]
    assert split_at_differences("One", "Two") == ((("One", False),), (("Two", False),))
    assert split_at_differences(LONG, "") == (((LONG, False),), ())
    very = LONG * 100
    assert split_at_differences(very, very + "x") == (((very, False),), ((very + "x", False),))


def test_a_few_words_again_and_again_stay_whole():
    # To mark them took seconds, on a page that anybody can open.
    one, other = "yes no perhaps " * 300, "yes perhaps " * 450
    assert split_at_differences(one, other) == (((one, False),), ((other, False),))


def test_a_change_without_a_record_keeps_its_words():
    first, second, third = (
        Change(what=what, snapshot=record)
        for what, record in (
            ("Added to this register.", None),
            ("Title changed from A title to New.\nReview recorded: 3 May 2027.", a_record()),
            ("Review recorded: 4 May 2027.\nTitle changed from New to Old.", a_record(title="Old")),
        )
    )
    third.event = "Review recorded: 4 May 2027."
    newest, middle, oldest = describe(Protocol, [third, second, first], most=3)
    assert newest.differences == [Difference(field="Title", was="A title", now="Old")]
    assert newest.words == ["Review recorded: 4 May 2027."]
    assert (middle.differences, middle.words) == ([], second.what.splitlines())
    assert (oldest.differences, oldest.words) == ([], ["Added to this register."])
    assert [each.change for each in describe(Protocol, [third, second, first], most=2)] == [
        third,
        second,
    ]


def test_a_moment_is_told_in_london():
    field = Review._meta.get_field("recorded_at")
    assert display(field, "2027-07-01T09:00:00+00:00") == "1 July 2027, 10:00"


def test_what_was_taken_out_of_both_sides_is_told_as_a_difference():
    state = {"fields": {"purpose": "Ring [taken out]."}, "parts": {}}
    what = "Purpose changed from Ring [taken out] to Ring [taken out].\nMoved from A to B."
    several = [Change(snapshot=state, subject_key="1", what=what) for _ in range(2)]
    (told, *_) = describe(Protocol, several, most=1)
    assert [(each.field, each.before, each.after) for each in told.differences] == [
        ("Purpose", (("Ring [taken out]", False),), (("Ring [taken out]", False),))
    ]
    assert told.words == ["Moved from A to B."]
