"""What the database itself refuses, when something writes past every check in Python."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction

from registers.models import (
    Approver,
    Change,
    Membership,
    Name,
    News,
    Organisation,
    Overarching,
    Party,
    Protocol,
    Resource,
    Review,
    Slug,
    Succession,
    TakenOn,
    Theme,
)
from tests.models.making import a_name, a_party, a_protocol, make_cast, shared_by_a_module

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db]
DAY = datetime.date(2026, 11, 22)


@pytest.fixture(scope="module", autouse=True)
def cast(django_db_setup, django_db_blocker) -> Iterator[None]:
    with shared_by_a_module(django_db_blocker):
        make_cast()
        yield


def write(*things: models.Model) -> None:
    """Insert without a word to any model's checks."""
    for thing in things:
        type(thing)._default_manager.bulk_create([thing])


def change(reference: str = "9001", **fields: object) -> None:
    assert Protocol.objects.filter(reference=reference).update(**fields) == 1


def organisation(name: str) -> Organisation:
    return Organisation.objects.named(name).get()


def under(reference: str, overarching: str) -> Overarching:
    return Overarching(protocol_id=reference, overarching_id=overarching)


def became(name: str, successor: str) -> Succession:
    return Succession(organisation=organisation(name), successor=organisation(successor))


def member(name: str, group: str = "Ashdown Council", **days: datetime.date) -> Membership:
    return Membership(group=organisation(group), member=organisation(name), **days)


def taken_on(predecessor: str, successor: str) -> TakenOn:
    return TakenOn(
        protocol_id="9001",
        predecessor=organisation(predecessor),
        successor=organisation(successor),
    )


def review(outcome: str = "unchanged", **fields: object) -> Review:
    """A review of 9001 on the last day of February 2024, past every check."""
    if outcome in {"unchanged", "changing"}:
        fields = {"next_review": datetime.date(2026, 3, 1)} | fields
    return Review(
        protocol_id="9001",
        reviewed_on=datetime.date(2024, 2, 29),
        outcome=outcome,
        job_title="Caldicott Guardian",
        recorded_at=datetime.datetime(2024, 3, 1, tzinfo=datetime.UTC),
        **fields,
    )


REVIEWS = {
    "still needed without a next review": review(next_review=None),
    "changes coming without a next review": review("changing", next_review=None),
    "still needed with a replacement": review(replaced_by_id="9002"),
    "replaced by nothing": review("replaced"),
    "replaced with a next review": review(
        "replaced", replaced_by_id="9002", next_review=datetime.date(2026, 3, 1)
    ),
    "ended without a reason": review("ended"),
    "ended with a next review": review(
        "ended", note="Over.", next_review=datetime.date(2026, 3, 1)
    ),
    "ended with a replacement": review("ended", note="Over.", replaced_by_id="9002"),
    "an outcome of another word": review("lost", note="Over."),
}
NONSENSE = {
    "a reference twice": (
        lambda: write(a_protocol("9001")),
        "protocol.reference|protocol_pkey|one_protocol_a_reference",
    ),
    "a reference twice, by save": (
        lambda: a_protocol("9001").save(),
        "protocol.reference|protocol_pkey|one_protocol_a_reference",
    ),
    "a number in another width": (
        lambda: write(a_protocol("09001")),
        "one_protocol_a_reference|protocol.reference_key",
    ),
    "withdrawn for a reason of spaces": (
        lambda: change(status="withdrawn", withdrawn_on=DAY, withdrawn_reason="  "),
        "withdrawn_why",
    ),
    "a review on the 2nd": (
        lambda: change(review_date=datetime.date(2024, 3, 2)),
        "review_month_first",
    ),
    "a review on the last day": (
        lambda: change(review_date=datetime.date(2024, 3, 31)),
        "review_month_first",
    ),
    "a new protocol with a review on the 15th": (
        lambda: write(a_protocol("9009", review_date=datetime.date(2024, 3, 15))),
        "review_month_first",
    ),
    "withdrawn without a day": (
        lambda: change(status="withdrawn", withdrawn_reason="It ended."),
        "withdrawn_why",
    ),
    "withdrawn without a reason": (
        lambda: change(status="withdrawn", withdrawn_on=DAY),
        "withdrawn_why",
    ),
    "withdrawn with neither": (lambda: change(status="withdrawn"), "withdrawn_why"),
    "in force with a day of withdrawal": (lambda: change(withdrawn_on=DAY), "withdrawn_why"),
    "in force with a reason of withdrawal": (
        lambda: change(withdrawn_reason="It ended."),
        "withdrawn_why",
    ),
    "a draft with a day and a reason of withdrawal": (
        lambda: change("9004", withdrawn_on=DAY, withdrawn_reason="It ended."),
        "withdrawn_why",
    ),
    "published without a theme": (lambda: change(theme=None), "theme_to_publish"),
    "its own replacement": (lambda: change(replaced_by="9001"), "no_own_replacement"),
    "two leads": (
        lambda: write(a_party("9001", "Cedar Charity", "lead")),
        "one_lead|party.protocol_id",
    ),
    "a partner made a second lead": (
        lambda: Party.objects.filter(protocol="9001").update(role="lead"),
        "one_lead|party.protocol_id",
    ),
    "a partner twice": (
        lambda: write(a_party("9001", "Birch Trust")),
        "once_per_role|party.protocol_id, registers_party.organisation_id",
    ),
    "two organisations with a name": (
        lambda: write(a_name("Cedar Charity", "Birch Trust", key="birch trust")),
        "name.key|name_key",
    ),
    "two official names": (
        lambda: write(a_name("Cedar Charity", "Cedar", "official", key="cedar")),
        "one_official_name|name.organisation_id",
    ),
    "an address of two organisations": (
        lambda: write(Slug(organisation=organisation("Cedar Charity"), text="birch-trust")),
        "slug.text|slug_text",
    ),
    "two organisations at an address": (
        lambda: write(Organisation(name="Another", slug="birch-trust")),
        "organisation.slug|organisation_slug",
    ),
    "two themes with a name": (
        lambda: write(Theme(name="HOUSING", key="housing", slug="housing-2")),
        "theme.key|theme_key",
    ),
    "two themes at an address": (
        lambda: write(Theme(name="Houses", key="houses", slug="housing")),
        "theme.slug|theme_slug",
    ),
    "an approver twice": (
        lambda: write(
            Approver(organisation=organisation("Birch Trust"), job_title="Caldicott Guardian"),
            Approver(organisation=organisation("Birch Trust"), job_title="Caldicott Guardian"),
        ),
        "one_approver_per_title|approver.organisation_id, registers_approver.job_title",
    ),
    "a successor twice": (
        lambda: write(
            became("Birch Trust", "Cedar Charity"), became("Birch Trust", "Cedar Charity")
        ),
        "one_succession_each|succession.organisation_id, registers_succession.successor_id",
    ),
    "its own successor": (lambda: write(became("Birch Trust", "Birch Trust")), "no_own_successor"),
    "a member twice from a day": (
        lambda: write(
            member("Birch Trust", from_day=DAY), member("Birch Trust", from_day=DAY, to_day=DAY)
        ),
        "one_membership_from_a_day|membership.group_id, registers_membership.member_id",
    ),
    "a member twice from the first": (
        lambda: write(member("Birch Trust"), member("Birch Trust", to_day=DAY)),
        "one_membership_from_the_first|membership.group_id, registers_membership.member_id",
    ),
    "a member to a day before it came": (
        lambda: write(member("Birch Trust", from_day=DAY, to_day=DAY - datetime.timedelta(1))),
        "membership_ends_after_it_begins",
    ),
    "its own member": (
        lambda: write(member("Ashdown Council")),
        "no_own_member",
    ),
    "taken on twice": (
        lambda: write(
            taken_on("Birch Trust", "Cedar Charity"), taken_on("Birch Trust", "Cedar Charity")
        ),
        "taken_on_once|takenon.protocol_id, registers_takenon.predecessor_id",
    ),
    "under a protocol twice": (
        lambda: write(under("9001", "9002"), under("9001", "9002")),
        "comes_under_once|overarching.protocol_id, registers_overarching.overarching_id",
    ),
    "under itself": (lambda: write(under("9001", "9001")), "not_under_itself"),
    "two items of news at an address": (
        lambda: write(News(title="One", slug="one"), News(title="Two", slug="one")),
        "news.slug|news_slug",
    ),
    "two resources at an address": (
        lambda: write(Resource(title="One", slug="one"), Resource(title="Two", slug="one")),
        "resource.slug|resource_slug",
    ),
    "a next review on the 2nd": (
        lambda: write(review(next_review=datetime.date(2026, 3, 2))),
        "next_review_month_first",
    ),
    "a next review in the month before": (
        lambda: write(review(next_review=datetime.date(2024, 1, 1))),
        "next_review_later",
    ),
    "a review that replaces by itself": (
        lambda: write(review("replaced", replaced_by_id="9001")),
        "review_no_own_replacement",
    ),
} | {
    f"a review: {name}": (lambda thing=thing: write(thing), "outcome_says_what_next")
    for name, thing in REVIEWS.items()
}


@pytest.mark.parametrize(("nonsense", "rule"), NONSENSE.values(), ids=NONSENSE)
def test_the_database_refuses(nonsense, rule):
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        nonsense()


SENSE = {
    "no lead": lambda: write(a_protocol("9009"), a_party("9009", "Birch Trust")),
    "no party": lambda: write(a_protocol("9009")),
    "lead and partner at once": lambda: write(a_party("9001", "Ashdown Council")),
    "the same lead elsewhere": lambda: write(a_party("9002", "Ashdown Council", "lead")),
    "the first of a month": lambda: change(review_date=datetime.date(2024, 2, 1)),
    "no review": lambda: change(review_date=None),
    "withdrawn with a day and a reason": lambda: change(
        status="withdrawn", withdrawn_on=DAY, withdrawn_reason="It ended."
    ),
    "replaced by another": lambda: change(replaced_by="9002"),
    "a review due again in its own month": lambda: write(
        review(next_review=datetime.date(2024, 2, 1))
    ),
    "a review of each outcome, and two of one day": lambda: write(
        review(),
        review("changing"),
        review("replaced", replaced_by_id="9002"),
        review("ended", note="Over."),
    ),
    "under two protocols": lambda: write(under("9001", "9002"), under("9001", "9003")),
    "many names, one of them official": lambda: write(
        a_name("Cedar Charity", "Cedar", key="cedar"), a_name("Cedar Charity", "CC", key="cc")
    ),
}


@pytest.mark.parametrize("sense", SENSE.values(), ids=SENSE)
def test_the_database_accepts(sense):
    with transaction.atomic():
        sense()


@pytest.mark.parametrize(
    "delete",
    [
        lambda: Protocol.objects.get(reference="9002").delete(),
        lambda: Protocol.objects.get(reference="9003").delete(),
        lambda: Protocol.objects.filter(reference__startswith="900").delete(),
        lambda: Theme.objects.get(slug="housing").delete(),
        lambda: organisation("Birch Trust").delete(),
        lambda: Organisation.objects.filter(name="Ashdown Council").delete(),
    ],
    ids=["public", "withdrawn", "many", "theme", "partner", "lead"],
)
def test_what_is_in_use_cannot_be_deleted_by_a_model_either(delete):
    with pytest.raises(models.ProtectedError):
        delete()


def test_a_reference_never_changes_by_a_queryset():
    with pytest.raises(ValidationError, match=r"A reference never changes\. Make a new protocol"):
        Protocol.objects.filter(reference="9001").update(reference="9999")


@pytest.mark.parametrize("reference", ["9001", "9004"])
def test_a_reference_never_changes_by_save_and_no_copy_is_made(reference):
    protocol = Protocol.objects.get(reference=reference)
    protocol.reference = "9999"
    with pytest.raises(ValidationError, match=r"A reference never changes\. Make a new protocol"):
        protocol.save()
    assert not Protocol.objects.filter(reference="9999").exists()


def test_a_reference_never_changes_on_the_thing_that_was_just_made():
    protocol = a_protocol("9010")
    protocol.save()
    protocol.reference = "9999"
    with pytest.raises(ValidationError, match="A reference never changes"):
        protocol.save()


def test_every_public_protocol_of_the_cast_is_kept_by_a_change():
    kept = Change.objects.filter(protocol__reference__startswith="900").values_list(
        "protocol", flat=True
    )
    assert sorted(kept) == ["9001", "9002", "9003"]


def test_a_successor_cannot_be_deleted():
    write(became("Birch Trust", "Cedar Charity"))
    with pytest.raises(models.ProtectedError):
        organisation("Cedar Charity").delete()


def test_an_organisation_without_a_part_is_deleted_with_its_names_and_addresses():
    organisation("Cedar Charity").delete()
    assert not Name.objects.filter(key="cedar charity").exists()
    assert not Slug.objects.filter(text="cedar-charity").exists()
