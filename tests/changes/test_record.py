"""How a change becomes official. Organisations' names and addresses: test_changes_of_names.py."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile

from registers import changes
from registers.history.snapshot import field_values
from registers.models import (
    Approver,
    Change,
    Contact,
    Document,
    Gap,
    Name,
    News,
    Organisation,
    Overarching,
    Party,
    Protocol,
    Resource,
    Succession,
    Theme,
    UsedReference,
)
from tests.models.making import (
    NOW,
    a_name,
    a_party,
    a_protocol,
    make_cast,
    saved,
    shared_by_a_module,
)
from tests.papers import pdf

LATER = datetime.datetime(2027, 1, 31, 12, 0, tzinfo=datetime.UTC)


pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def cast(django_db_setup, django_db_blocker) -> Iterator[None]:
    with shared_by_a_module(django_db_blocker):
        make_cast()
        yield


def organisation(name: str) -> Organisation:
    return Organisation.objects.named(name).get()


def protocol(reference: str, **fields: object) -> Protocol:
    stored = Protocol.objects.get(reference=reference)
    for field, value in fields.items():
        setattr(stored, field, value)
    return stored


def told(subject: Protocol | Organisation) -> list[str]:
    """What the register says of it, the newest first."""
    return list(subject.changes.values_list("what", flat=True))


def everything() -> dict[str, list[dict[str, object]]]:
    """Every row of every table of the register, its history included."""
    return {
        model.__name__: list(model._base_manager.order_by("pk").values())
        for model in apps.get_app_config("registers").get_models()
    }


# All or nothing ----------------------------------------------------------------------------


@pytest.mark.both_databases
def test_an_error_in_the_middle_leaves_nothing():
    before = everything()
    subject = protocol("9001", title="Changed")

    def change_much_and_fail() -> None:
        with changes.record_change(subject, at=LATER):
            changes.save(subject)
            changes.save(a_party("9001", "Cedar Charity"))
            changes.save(Theme(name="Energy", slug="energy"))
            changes.save(Organisation(name="Elm Trust"))
            changes.remove(Party.objects.get(protocol="9001", role="lead"))
            assert everything() != before
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_much_and_fail()
    assert everything() == before


@pytest.mark.both_databases
def test_a_refusal_in_the_middle_leaves_nothing():
    before = everything()
    subject = protocol("9001", title="Changed")
    with pytest.raises(ValidationError):
        saved(subject, a_party("9001", "Cedar Charity", "lead"), at=LATER)
    assert everything() == before


@pytest.mark.both_databases
def test_a_refused_rename_leaves_nothing():
    before = everything()
    birch = organisation("Birch Trust")
    birch.name = "Ashdown Council"
    with pytest.raises(ValidationError):
        changes.save(birch)
    assert everything() == before


# What is told, and what is not -------------------------------------------------------------


def test_a_change_tells_what_when_why_and_keeps_who():
    olive = User.objects.create_user("olive", first_name="Olive", last_name="Officer")
    saved(protocol("9001", title="Better"), at=LATER, why="It was unclear.", by=olive)
    change = protocol("9001").changes.first()
    assert change.what == "Title changed from A title to Better."
    assert change.why == "It was unclear."
    assert change.made_at == LATER
    assert change.by == olive
    assert change.organisation is None
    olive.delete()
    change.refresh_from_db()
    assert change.by is None


def test_no_person_is_named_in_what_is_told():
    olive = User.objects.create_user("olive", first_name="Olive", last_name="Officer")
    saved(protocol("9001", title="Better"), a_party("9001", "Cedar Charity"), by=olive)
    saved(organisation("Birch Trust"), a_name("Birch Trust", "BT", "acronym"), by=olive)
    saved(News(title="News", slug="news"), by=olive)
    public = " ".join(f"{change.what} {change.why}" for change in Change.objects.filter(by=olive))
    assert Change.objects.filter(by=olive).count() == 3
    assert "olive" not in public.lower()
    assert "officer" not in public.lower()


def test_parts_are_told_of_as_the_protocol_s_own():
    subject = protocol("9001")
    cedar = a_party("9001", "Cedar Charity", note="Temp workers", position=2)
    saved(subject, cedar, at=LATER)
    assert told(subject)[0] == ("Other organisations added: Cedar Charity (Temp workers).")
    assert subject.changes.count() == 2


@pytest.mark.parametrize("reference", ["9001", "9003", "9004"])
def test_nothing_is_told_when_nothing_differs(reference):
    before = Change.objects.count()
    subject = protocol(reference)
    saved(subject, *subject.parties.all(), at=LATER)
    assert Change.objects.count() == before
    assert protocol(reference).updated_on is None


def test_a_note_for_administrators_is_kept_and_not_told():
    before = Change.objects.public().count()
    saved(protocol("9001", admin_note="Ask Essex."), at=LATER)
    birch = organisation("Birch Trust")
    birch.admin_note = "Two of them?"
    saved(birch, at=LATER)
    assert Change.objects.public().count() == before
    assert protocol("9001").admin_note == "Ask Essex."
    assert protocol("9001").updated_on is None
    last = Change.objects.about(Protocol, "9001")[0]
    assert last.snapshot["fields"]["admin_note"] == "Ask Essex."
    assert (last.what, last.protocol) == ("", None)
    assert organisation("Birch Trust").admin_note == "Two of them?"


def test_a_note_for_administrators_stays_out_of_what_is_told_beside_it():
    saved(protocol("9001", admin_note="A secret", title="Better"), at=LATER)
    saved(a_protocol("9010", admin_note="A secret"))
    assert not Change.objects.filter(what__contains="secret").exists()


def test_a_draft_is_saved_without_becoming_official():
    before = Change.objects.public().count()
    draft = saved(a_protocol("9010", status="draft"), a_party("9001", "Cedar Charity"))
    saved(draft, a_party("9010", "Birch Trust"), at=LATER, why="A reason")
    assert Change.objects.public().count() == before
    assert [change.why for change in Change.objects.about(Protocol, "9010")] == ["A reason", ""]
    assert protocol("9010").published_on is None
    assert protocol("9010").updated_on is None
    assert protocol("9010").parties.count() == 1


def test_of_what_is_not_saved_nothing_is_recorded():
    with changes.record_change(a_protocol("9010"), at=LATER) as recorded:
        pass
    assert recorded.changes == []
    assert not Change.objects.filter(subject_key="9010").exists()


def test_an_event_makes_no_draft_official():
    draft = protocol("9004")
    with changes.record_change(draft, at=LATER, event="It was compared with 9001."):
        changes.save(protocol("9004", purpose="To pay."))
    change = Change.objects.about(Protocol, "9004")[0]
    assert (change.public, change.protocol) == (False, None)
    with changes.record_change(draft, at=LATER):
        changes.remove(protocol("9004"))
    assert not Protocol.objects.filter(pk="9004").exists()


def test_other_things_are_named_in_what_is_told():
    theme = Theme.objects.get(slug="transport")
    theme.name = "Travel"
    saved(theme, at=LATER)
    item = saved(News(title="A template", slug="a-template"), at=LATER)
    with changes.record_change(item, at=LATER):
        changes.remove(item)
    assert list(Change.objects.filter(made_at=LATER).values_list("what", flat=True)) == [
        "News 'A template': Taken out of this register.",
        "News 'A template': Added to this register.",
        "Theme 'Travel': Name changed from Transport to Travel.",
    ]


def test_an_organisation_that_goes_is_told_of_by_name():
    cedar = organisation("Cedar Charity")
    with changes.record_change(cedar, at=LATER):
        changes.remove(cedar)
    change = Change.objects.get(made_at=LATER)
    assert change.what == "Organisation 'Cedar Charity': Taken out of this register."
    assert change.organisation is None


# Days --------------------------------------------------------------------------------------


def test_a_new_protocol_is_published_on_the_day_of_the_change():
    assert protocol("9001").published_on == NOW.date()
    assert protocol("9001").updated_on is None
    assert told(protocol("9001")) == ["Added to this register."]


def test_a_day_of_publication_that_is_given_stays():
    given = datetime.date(2020, 1, 2)
    saved(a_protocol("9010", published_on=given))
    assert protocol("9010").published_on == given


def test_a_draft_that_is_published_is_new_on_that_day():
    saved(protocol("9004", status="published"), at=LATER)
    assert protocol("9004").published_on == LATER.date()
    assert protocol("9004").updated_on is None
    assert told(protocol("9004")) == ["Added to this register."]


def test_a_protocol_is_updated_on_the_day_of_the_change():
    subject = protocol("9001", title="Better")
    saved(subject, at=LATER)
    assert protocol("9001").updated_on == subject.updated_on == LATER.date()
    assert protocol("9001").published_on == NOW.date()


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        ("2027-06-30T22:59:00+00:00", "2027-06-30"),
        ("2027-06-30T23:00:00+00:00", "2027-07-01"),
        ("2027-12-31T23:59:00+00:00", "2027-12-31"),
    ],
)
def test_the_day_is_london_s(moment, day):
    saved(protocol("9001", title="Better"), at=datetime.datetime.fromisoformat(moment))
    assert protocol("9001").updated_on == datetime.date.fromisoformat(day)


@pytest.mark.parametrize("field", ["withdrawn_on", "published_on"])
def test_a_day_still_to_come_is_refused(field):
    tomorrow = datetime.date(2026, 6, 2)
    ended = {"status": "withdrawn", "withdrawn_on": tomorrow, "withdrawn_reason": "It ended."}
    given = ended if field == "withdrawn_on" else {"published_on": tomorrow}
    with pytest.raises(ValidationError) as refusal:
        saved(a_protocol("9011", **given), at=datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC))
    assert refusal.value.message_dict == {field: ["This date must be today or in the past."]}
    assert not Protocol.objects.filter(pk="9011").exists()


def test_what_was_published_before_keeps_its_days_as_they_are():
    saved(a_protocol("9010"), published_before=True)
    assert protocol("9010").published_on is None
    assert protocol("9010").updated_on is None
    assert told(protocol("9010")) == ["Added to this register."]


def test_withdrawing_is_told_with_its_day_and_reason():
    subject = protocol(
        "9001", status="withdrawn", withdrawn_on=LATER.date(), withdrawn_reason="It ended."
    )
    saved(subject, at=LATER)
    assert told(subject)[0].split("\n") == [
        "Status changed from Published to Withdrawn.",
        "Withdrawn on recorded: 31 January 2027.",
        "Withdrawn reason recorded: It ended.",
    ]
    assert protocol("9001").updated_on == LATER.date()


@pytest.mark.both_databases
def test_writing_the_day_undoes_nothing_that_another_saved_meanwhile():
    subject = protocol("9001")
    saved(protocol("9001", title="Another's"), at=NOW)
    with changes.record_change(subject, at=LATER):
        changes.save(a_party("9001", "Cedar Charity"))
    assert protocol("9001").title == "Another's"
    assert protocol("9001").updated_on == LATER.date()


# History -----------------------------------------------------------------------------------


def states(subject) -> list[dict]:
    """What each save of it left, the newest first."""
    return [each.snapshot for each in Change.objects.about(type(subject), subject.pk)]


@pytest.mark.both_databases
def test_every_save_of_what_an_editor_can_save_has_a_snapshot():
    draft = protocol("9004")
    for part, kind in (
        (a_party("9004", "Cedar Charity"), "parties"),
        (Overarching(protocol=draft, overarching=protocol("9002")), "overarching"),
        (Document(protocol=draft, title="Signed", file=ContentFile(pdf(), "a.pdf")), "documents"),
    ):
        saved(draft, part)
        newest, last = states(draft)[:2]
        assert len(newest["parts"][kind]) == len(last["parts"][kind]) + 1
    birch = organisation("Birch Trust")
    for part, kind in (
        (a_name("Birch Trust", "BT", "acronym"), "names"),
        (Approver(organisation=birch, job_title="Caldicott Guardian"), "approvers"),
        (Succession(organisation=birch, successor=organisation("Cedar Charity")), "successions"),
        (Contact(organisation=birch, email="ig@example.org"), "contact"),
    ):
        saved(birch, part)
        newest, last = states(birch)[:2]
        assert len(newest["parts"][kind]) == len(last["parts"][kind]) + 1
    for page in (
        Theme(name="Energy", slug="energy"),
        Resource(title="Template", slug="template"),
        News(title="News", slug="news"),
        Gap(reference="0013", fate="never"),
    ):
        saved(page)
        assert states(page)[0]["fields"] == json.loads(json.dumps(field_values(page)))


def test_the_state_before_the_first_change_is_kept():
    Change.objects.filter(subject_type="theme").delete()
    theme = Theme.objects.get(slug="transport")
    theme.name = "Travel"
    saved(theme, at=LATER)
    assert [
        (each.kind, each.public, each.snapshot["fields"]["name"])
        for each in (Change.objects.about(Theme, theme.pk))
    ] == [("changed", True, "Travel"), ("baseline", False, "Transport")]


@pytest.mark.both_databases
def test_snapshots_hold_the_protocol_as_it_was():
    saved(protocol("9001", title="Better"), at=LATER)
    newest, *_, oldest = states(protocol("9001"))
    assert newest["fields"]["title"] == "Better"
    assert newest["fields"]["updated_on"] == LATER.date().isoformat()
    assert oldest["fields"]["title"] == "A title"


@pytest.mark.both_databases
def test_the_number_of_a_deleted_draft_counts_as_used():
    draft = protocol("9004")
    with changes.record_change(draft, at=LATER):
        changes.remove(draft)
    assert [str(each) for each in UsedReference.objects.all()] == ["9004"]
    removed = Change.objects.about(Protocol, "9004")[0]
    assert (removed.kind, removed.public, removed.snapshot) == ("removed", False, None)


# Taking things out -------------------------------------------------------------------------

STAYS = "A published protocol stays for ever. Withdraw it instead."
REFUSED = {
    "a public protocol": (lambda: protocol("9002"), STAYS),
    "a withdrawn protocol": (lambda: protocol("9003"), STAYS),
    "a public protocol called a draft": (
        lambda: protocol("9002", status="draft"),
        "9002 - A title is in use, so it cannot be deleted.",
    ),
    "a theme in use": (
        lambda: Theme.objects.get(slug="housing"),
        "Housing is in use, so it cannot be deleted.",
    ),
    "an organisation in use": (
        lambda: organisation("Birch Trust"),
        "Birch Trust is in use, so it cannot be deleted.",
    ),
    "a successor": (
        lambda: (
            saved(
                Succession(
                    organisation=organisation("Birch Trust"),
                    successor=Organisation.objects.get(name="Cedar Charity"),
                )
            ).successor
        ),
        "Cedar Charity is in use, so it cannot be deleted.",
    ),
    "an official name": (
        lambda: Name.objects.get(text="Cedar Charity"),
        "The official name is the organisation's own. Rename the organisation instead.",
    ),
}


@pytest.mark.both_databases
@pytest.mark.parametrize(("thing", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_must_stay_stays(thing, sentence):
    thing = thing()
    before = everything()
    with pytest.raises(ValidationError) as refusal:
        changes.remove(thing)
    assert refusal.value.messages == [sentence]
    assert everything() == before


@pytest.mark.both_databases
@pytest.mark.parametrize(
    "thing",
    [
        lambda: protocol("9004"),
        lambda: Theme.objects.get(slug="transport"),
        lambda: organisation("Cedar Charity"),
        lambda: Party.objects.get(protocol="9001", role="lead"),
        lambda: saved(a_name("Cedar Charity", "Cedar")),
    ],
    ids=["a draft", "a theme", "an organisation", "a party", "another name"],
)
def test_what_nothing_needs_goes(thing):
    thing = thing()
    kind, key = type(thing), thing.pk
    changes.remove(thing)
    assert not kind.objects.filter(pk=key).exists()
