"""What a thing says in public, and how two such statements differ."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import pytest

from registers.history.summary import ADDED, LONG, describe_difference, kind_of_change, summary
from registers.models import (
    Approver,
    Document,
    News,
    Organisation,
    Overarching,
    Protocol,
    Review,
    Slug,
    Succession,
    Theme,
)
from tests.models.making import a_name, a_party, a_protocol, make_cast, saved, shared_by_a_module

DAY = datetime.date(2026, 3, 5)


pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def cast(django_db_setup, django_db_blocker) -> Iterator[None]:
    with shared_by_a_module(django_db_blocker):
        make_cast()
        yield


def organisation(name: str) -> Organisation:
    return Organisation.objects.named(name).get()


def test_a_draft_says_nothing():
    assert summary(Protocol.objects.get(reference="9004")) is None


def test_what_is_not_stored_says_nothing():
    assert summary(a_protocol("9009")) is None
    assert summary(Theme(name="Not saved")) is None


def test_it_is_the_stored_thing_that_speaks():
    protocol = Protocol.objects.get(reference="9001")
    protocol.title = "Not saved"
    assert summary(protocol)["Title"] == "A title"


def test_a_protocol_says_every_field_and_part_as_a_reader_would():
    protocol = saved(
        a_protocol(
            "9010",
            title="Growth",
            version="V2.0",
            purpose="To grow.",
            summary="Growth for all.",
            information_items="Names",
            data_subjects="Children in care",
            lawful_basis="Public task",
            parties_complete=False,
            parties_note="Please ask.",
            review_date=datetime.date(2024, 3, 1),
            review_note="Under review",
            published_on=datetime.date(2020, 1, 2),
            status="withdrawn",
            withdrawn_on=DAY,
            withdrawn_reason="It ended.",
            replaced_by=Protocol.objects.get(reference="9001"),
            admin_note="A secret",
        ),
        a_party("9001", "Cedar Charity"),
    )
    saved(a_party("9010", "Ashdown Council", "lead", name_as_published="Ashdown Council"))
    saved(a_party("9010", "Birch Trust", note="Temp workers", signed_on=DAY))
    saved(
        a_party("9010", "Cedar Charity", name_as_published="Cedar", position=1),
        Overarching(protocol=protocol, overarching=Protocol.objects.get(reference="9001")),
        Overarching(protocol=protocol, overarching=Protocol.objects.get(reference="9002")),
    )
    for fields in (
        {"title": "Signed", "file": "2026/11/signed.pdf"},
        {"title": "Taken off", "file": "0.pdf", "taken_off": True},
        {
            "title": "The list",
            "file": "1.ods",
            "name": "list.ods",
            "size": 12,
            "uploaded_at": datetime.datetime(2026, 6, 5, 9, 30, 15, tzinfo=datetime.UTC),
        },
    ):
        Document.objects.create(protocol=protocol, **fields)
    Review.objects.create(
        protocol=protocol,
        reviewed_on=DAY,
        outcome="ended",
        job_title="Caldicott Guardian",
        note="It ended.\nAll agreed.",
        recorded_at=datetime.datetime(2026, 3, 6, tzinfo=datetime.UTC),
    )

    assert summary(protocol) == {
        "Reference": "9010",
        "Title": "Growth",
        "Version": "V2.0",
        "Theme": "Housing",
        "Status": "Withdrawn",
        "Purpose": "To grow.",
        "Summary": "Growth for all.",
        "Information shared": "Names",
        "Whose information it is": "Children in care",
        "Lawful basis for sharing": "Public task",
        "List of parties is complete": "no",
        "Note on the parties": "Please ask.",
        "Review date": "March 2024",
        "Review note": "Under review",
        "Published on": "2 January 2020",
        "Withdrawn on": "5 March 2026",
        "Withdrawn reason": "It ended.",
        "Replaced by": "9001 - A title",
        "Lead organisation": ("Ashdown Council",),
        "Other organisations": (
            "Birch Trust (Temp workers), signed 5 March 2026",
            "Cedar Charity, published as Cedar",
        ),
        "Comes under": ("9001", "9002"),
        "Documents": ("Signed (Signed.pdf)", "The list (list.ods, uploaded 5 June 2026, 10:30:15)"),
        "Review": (
            "5 March 2026, no longer needed; decided by: Caldicott Guardian;"
            " note: It ended. All agreed",
        ),
    }


def test_what_is_not_recorded_is_empty():
    said = summary(Protocol.objects.get(reference="9002"))
    assert said["Review date"] == said["Replaced by"] == said["List of parties is complete"] == ""
    assert said["Lead organisation"] == said["Documents"] == said["Review"] == ()


def test_complete_parties_are_said_so():
    Protocol.objects.filter(reference="9002").update(parties_complete=True)
    said = summary(Protocol.objects.get(reference="9002"))
    assert said["List of parties is complete"] == "yes"


def test_an_organisation_says_its_names_successors_and_approvers():
    birch = organisation("Birch Trust")
    birch.note, birch.admin_note = "Once a charity.", "A secret"
    saved(
        birch,
        a_name("Birch Trust", "BT", "acronym"),
        a_name("Birch Trust", "Birches", "misspelling", also_written="BIRCHES"),
        Approver(organisation=birch, job_title="Caldicott Guardian"),
        Succession(organisation=birch, successor=organisation("Ashdown Council")),
        Succession(
            organisation=birch,
            successor=organisation("Cedar Charity"),
            happened_on=DAY,
            source="An Order",
        ),
    )
    said = summary(birch)
    assert said.keys() == {
        *("Official name", "Slug", "Kind", "Note"),
        *("Names", "Became part of", "Approvers"),
    }
    assert said["Kind"] == "One body"
    assert said["Note"] == "Once a charity."
    assert set(said["Names"]) == {
        "Birch Trust (official name)",
        "BT (acronym)",
        "Birches (misspelling, also written BIRCHES)",
    }
    assert set(said["Became part of"]) == {
        "Ashdown Council",
        "Cedar Charity on 5 March 2026 (An Order)",
    }
    assert said["Approvers"] == ("Caldicott Guardian",)


def test_other_things_say_their_fields():
    item = saved(News(title="New", slug="new", body="Read on.", published_on=DAY))
    assert summary(item) == {
        "Title": "New",
        "Slug": "new",
        "Body": "Read on.",
        "Published on": "5 March 2026",
    }
    address = Slug.objects.get(text="birch-trust")
    assert summary(address) == {"Organisation": "Birch Trust", "Text": "birch-trust"}


DIFFERENCES = {
    "new": (None, {"Title": "One"}, "Added to this register."),
    "gone": ({"Title": "One"}, None, "Taken out of this register."),
    "nothing": ({"Title": "One"}, {"Title": "One"}, ""),
    "recorded": ({"Note": ""}, {"Note": "Here"}, "Note recorded: Here."),
    "taken out": ({"Note": "Here"}, {"Note": ""}, "Note taken out; it was: Here."),
    "changed": ({"Note": "Here"}, {"Note": "There"}, "Note changed from Here to There."),
    "whole sentences": ({"Note": "Here."}, {"Note": "Not."}, "Note changed from Here to Not."),
    "a line each": (
        {"Title": "One", "Note": "", "Body": "Same"},
        {"Title": "Two", "Note": "Here", "Body": "Same"},
        "Title changed from One to Two.\nNote recorded: Here.",
    ),
    "at the limit": (
        {"Note": ""},
        {"Note": "x" * LONG},
        f"Note recorded: {'x' * LONG}.",
    ),
    "long": (
        {"Note": "x" * (LONG + 1)},
        {"Note": "Here"},
        f"Note changed. It was: {'x' * (LONG + 1)}.",
    ),
    "of two lines": ({"Note": "One\r\nTwo"}, {"Note": "One"}, "Note changed from One Two to One."),
    "one of one": ({"Lead": ("A",)}, {"Lead": ("B",)}, "Lead changed from A to B."),
    "the only one": ({"Lead": ("A",)}, {"Lead": ()}, "Lead taken out; it was: A."),
    "one more": ({"Others": ("A",)}, {"Others": ("A", "B")}, "Others added: B."),
    "one less": ({"Others": ("A", "B")}, {"Others": ("B",)}, "Others taken out: A."),
    "one for another": (
        {"Others": ("A", "B")},
        {"Others": ("B", "C")},
        "Others added: C, and taken out: A.",
    ),
    "another order": (
        {"Others": ("A", "B")},
        {"Others": ("B", "A")},
        "Others put in another order.",
    ),
}


@pytest.mark.parametrize(("before", "after", "words"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_a_difference_is_told_in_words(before, after, words):
    assert describe_difference(before, after) == words


def saying(status: str) -> dict[str, str]:
    return {"Title": "One", "Status": status, "Summary": status}


KINDS = {
    "added": (ADDED, "added"),
    "changed": (describe_difference({"Title": "One"}, {"Title": "Two"}), "changed"),
    "withdrawn": (describe_difference(saying("Published"), saying("Withdrawn")), "withdrawn"),
    "in force again": (
        describe_difference(saying("Withdrawn"), saying("Published")),
        "in force again",
    ),
    "with such words in another field": (
        describe_difference({"Summary": ""}, {"Summary": f"It was\n{ADDED}"}),
        "changed",
    ),
    "no words": ("", "changed"),
}


@pytest.mark.parametrize(("what", "kind"), KINDS.values(), ids=KINDS)
def test_a_change_s_words_tell_its_kind(what, kind):
    assert kind_of_change(what) == kind
