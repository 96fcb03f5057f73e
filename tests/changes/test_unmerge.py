"""A merge is undone: what comes back, what was altered since, and when it cannot be."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registers import changes
from registers.models import (
    Approver,
    Change,
    Contact,
    Membership,
    Name,
    Organisation,
    Party,
    Protocol,
    Reminded,
    Reminder,
    Slug,
    Succession,
    TakenOn,
)
from tests.lengths import times
from tests.merging import NOON, dump, merged, named, undone
from tests.models.making import a_name, a_party, make_cast, saved, shared_by_a_module

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db]


@pytest.fixture(scope="module", autouse=True)
def cast(django_db_setup, django_db_blocker) -> Iterator[None]:
    with shared_by_a_module(django_db_blocker):
        make_cast()
        saved(a_name("Birch Trust", "BT", "acronym"))
        saved(named("BT"), Approver(organisation=named("BT"), job_title="SIRO"))
        saved(named("BT"), Contact(organisation=named("BT"), email="birch@example.org"))
        yield


@pytest.fixture
def merge():
    return merged("Cedar Charity", "Birch Trust")


def test_it_comes_back_as_it_was_with_a_change_for_each():
    before = dump()
    birch = named("BT")
    merge = merged("Cedar Charity", "Birch Trust")
    newest = Change.objects.latest("pk").pk
    back = undone(merge, why="A slip.")
    assert dump() == before
    assert back == birch
    merge.refresh_from_db()
    assert merge.undone_at == NOON
    told = {(c.protocol_id, str(c.organisation)): c for c in Change.objects.filter(pk__gt=newest)}
    assert set(told) == {("9001", "None"), (None, "Cedar Charity"), (None, "Birch Trust")}
    sentence = "The merge of Birch Trust with Cedar Charity was undone."
    assert told["9001", "None"].why == f"{sentence} A slip."
    assert told[None, "Cedar Charity"].what.startswith(sentence)
    assert told[None, "Birch Trust"].what == (f"{sentence} It is an organisation of its own again.")
    assert str(merge) == "Birch Trust merged"


def test_only_once(merge):
    undone(merge)
    with pytest.raises(ValidationError, match="undone already"):
        undone(merge)


def test_not_otherwise_than_was_shown(merge):
    before = dump()
    with pytest.raises(ValidationError, match="The register changed after"):
        undone(merge, expected_digest="x")
    assert dump() == before
    undone(merge, expected_digest=changes.plan_undo(merge).digest)


def test_a_later_merge_of_the_one_that_stays_comes_first(merge):
    later = merged("Ashdown Council", "Cedar Charity")
    with pytest.raises(ValidationError, match="Cedar Charity was merged later"):
        undone(merge)
    undone(later)
    undone(merge)
    assert named("BT").name == "Birch Trust"


def test_a_later_merge_into_the_one_that_stays_comes_first(merge):
    later = merged("Cedar Charity", "Ashdown Council")
    with pytest.raises(ValidationError, match="Ashdown Council was merged later"):
        undone(merge)
    undone(later)
    undone(merge)


def test_where_the_one_that_stayed_is_gone():
    for name in ("Elm Trust", "Oak Trust"):
        saved(Organisation(name=name))
    merge = merged("Elm Trust", "Oak Trust")
    changes.remove(named("Elm Trust"))
    with pytest.raises(ValidationError, match="not in this register any more"):
        undone(merge)


class TestNamesAndAddresses:
    def test_another_took_the_name(self, merge):
        changes.split(named("BT").names.get(text="Birch Trust"), at=NOON)
        with pytest.raises(ValidationError, match="Birch Trust now has the name 'Birch Trust'"):
            undone(merge)

    def test_the_one_that_stays_is_called_so_now(self, merge):
        cedar = named("BT")
        cedar.name = "Birch Trust"
        saved(cedar)
        with pytest.raises(ValidationError, match="Give it another official name first"):
            undone(merge)

    def test_the_name_was_taken_out(self, merge):
        cedar = named("BT")
        with changes.record_change(cedar, at=NOON):
            changes.remove(cedar.names.get(text="Birch Trust"))
        assert undone(merge).names.get(kind="official").key == "birch trust"

    def test_the_name_is_of_another_kind_by_now(self, merge):
        name = named("BT").names.get(text="Birch Trust")
        name.kind = Name.Kind.FORMER
        saved(name.organisation, name)
        assert undone(merge).names.get(kind="official").text == "Birch Trust"

    def test_the_one_that_stays_has_its_address_now(self, merge):
        cedar = named("BT")
        cedar.slug = "birch-trust"
        saved(cedar)
        with pytest.raises(ValidationError, match="/organisations/birch-trust/ now leads to Cedar"):
            undone(merge)

    def test_another_address_that_it_took_stays(self, merge):
        cedar = named("BT")
        cedar.slug = "bt"
        saved(cedar)
        plan = changes.plan_undo(merge)
        assert plan.left == ["The address ‘bt’: altered since the merge. It stays as it is."]
        undone(merge)
        assert Slug.objects.get(text="bt").organisation.name == "Cedar Charity"


class TestWhatWasAltered:
    def test_a_party_keeps_a_note_that_it_was_given(self, merge):
        party = named("BT").parties.get()
        party.note = "Temps"
        saved(party.protocol, party)
        back = undone(merge)
        party = back.parties.get()
        assert (party.note, party.name_as_published) == ("Temps", "Birch Trust")

    def test_a_party_with_another_published_name_stays(self, merge):
        party = named("BT").parties.get()
        party.name_as_published = "Otherwise"
        saved(party.protocol, party)
        assert changes.plan_undo(merge).left == [
            "Its part in ‘9001’: altered since the merge. It stays as it is."
        ]
        assert not undone(merge).parties.exists()

    def test_a_party_that_was_taken_out_stays_out(self, merge):
        party = named("BT").parties.get()
        with changes.record_change(party.protocol, at=NOON):
            changes.remove(party)
        assert not undone(merge).parties.exists()

    def test_one_row_for_both_that_was_taken_out(self):
        saved(Protocol.objects.get(pk="9001"), a_party("9001", "Cedar Charity"))
        merge = merged("Cedar Charity", "Birch Trust")
        party = named("BT").parties.get()
        with changes.record_change(party.protocol, at=NOON):
            changes.remove(party)
        assert len(changes.plan_undo(merge).left) == 2
        assert not undone(merge).parties.exists()

    def test_a_draft_that_was_deleted(self):
        saved(Protocol.objects.get(pk="9004"), a_party("9004", "BT"))
        saved(Protocol.objects.get(pk="9004"), a_party("9004", "Cedar Charity"))
        merge = merged("Cedar Charity", "Birch Trust")
        changes.remove(Protocol.objects.get(pk="9004"))
        back = undone(merge)
        assert [party.protocol_id for party in back.parties.all()] == ["9001"]

    def test_a_contact_with_another_address_stays(self, merge):
        contact = named("BT").contact
        contact.email = "new@example.org"
        saved(contact.organisation, contact)
        left = changes.plan_undo(merge).left
        assert left == ["The contact for reminders: altered since the merge. It stays as it is."]
        assert not hasattr(undone(merge), "contact")
        assert named("Cedar Charity").contact.email == "new@example.org"


# What stands in a small register, drawn: an organisation each, by its place.
ORGANISATIONS = ("Ashdown Council", "Birch Trust", "Cedar Charity", "Elm Trust")
PLACES = st.integers(0, len(ORGANISATIONS) - 1)
PARTS = st.tuples(
    st.sampled_from(["9001", "9002", "9004"]),
    PLACES,
    st.sampled_from(["lead", "partner"]),
    st.sampled_from(["", "Once So", "x" * 200]),
    st.sampled_from(["", "Temps"]),
    st.sampled_from([None, datetime.date(2020, 1, 2), datetime.date(2021, 3, 4)]),
)


def draw_register(
    *, parts, approvers, contacts, successions, groups, members, taken_on, reminders, apart
) -> None:
    Party.objects.filter(protocol__in=["9001", "9002", "9004"]).delete()
    Approver.objects.all().delete()
    Contact.objects.all().delete()
    saved(Organisation(name="Elm Trust", note="Of elms."), a_name("BT", "The Birches"))
    cast = [named(name) for name in ORGANISATIONS]
    for reference, place, role, published, note, signed in parts:
        in_it = Party.objects.filter(protocol=reference)
        lead = role == "lead" and in_it.filter(role="lead").exists()
        if not lead and not in_it.filter(organisation=cast[place], role=role).exists():
            party = a_party(reference, ORGANISATIONS[place], role, name_as_published=published)
            party.note, party.signed_on = note, signed
            saved(party.protocol, party)
    for place, title in approvers:
        Approver.objects.get_or_create(organisation=cast[place], job_title=title)
    for place in contacts:
        Contact.objects.create(organisation=cast[place], email=f"ig{place}@example.org")
    for one, other in successions:
        if one != other:
            Succession.objects.create(organisation=cast[one], successor=cast[other])
    draw_groups(cast, successions, groups, members, taken_on)
    for place, reference, day in reminders:
        moment = {"email": "ig@example.org", "status": "sent", "begun_at": NOON}
        reminder, _ = Reminder.objects.get_or_create(
            organisation=cast[place], day=datetime.date(2026, 1, day), defaults=moment
        )
        month = datetime.date(2026, 2, 1)
        Reminded.objects.create(reminder=reminder, protocol_id=reference, review_date=month)
    for one, other in apart:
        if one != other:
            changes.mark_not_duplicate(cast[one], cast[other])


def draw_groups(cast, successions, groups, members, taken_on) -> None:
    for place in groups:
        cast[place].kind, cast[place].group_rule = "group", f"Rule {place}"
        cast[place].save()
    for group, member, first, last in members:
        if group in groups and group != member:
            days = {"from_day": first, "to_day": last}
            Membership.objects.create(group=cast[group], member=cast[member], **days)
    for reference, one, other in taken_on:
        if (one, other) in successions and one != other:
            TakenOn.objects.create(
                protocol_id=reference, predecessor=cast[one], successor=cast[other]
            )


@settings(max_examples=times(6, long=300), suppress_health_check=list(HealthCheck))
@given(
    stays=PLACES,
    goes=PLACES,
    parts=st.lists(PARTS, max_size=8),
    approvers=st.lists(st.tuples(PLACES, st.sampled_from(["SIRO", "Siro", "DPO"])), max_size=5),
    contacts=st.sets(PLACES),
    successions=st.sets(st.tuples(PLACES, PLACES), max_size=5),
    groups=st.sets(PLACES),
    members=st.lists(
        st.tuples(
            *(PLACES, PLACES, st.sampled_from([None, datetime.date(2020, 1, 2)])),
            st.sampled_from([None, datetime.date(2021, 3, 4), datetime.date(2022, 3, 4)]),
        ),
        unique_by=lambda row: row[:3],
        max_size=5,
    ),
    taken_on=st.sets(st.tuples(st.sampled_from(["9001", "9002"]), PLACES, PLACES), max_size=4),
    reminders=st.sets(
        st.tuples(PLACES, st.sampled_from(["9001", "9002"]), st.integers(1, 2)), max_size=4
    ),
    apart=st.sets(st.tuples(PLACES, PLACES), max_size=4),
)
@pytest.mark.has_long_form
def test_nothing_is_lost_by_merging_and_undoing(stays, goes, **drawn):
    """Whatever stood there: either the merge is refused, or undoing it brings all of it back."""
    with transaction.atomic():
        draw_register(**drawn)
        before = dump()
        one, other = named(ORGANISATIONS[stays]), named(ORGANISATIONS[goes])
        public = Party.objects.exclude(protocol="9004")
        published = set(public.values_list("name_as_published", flat=True))
        try:
            merge = changes.merge(one, other, at=NOON)
        except ValidationError:
            assert dump() == before
        else:
            kept = " ".join(Party.objects.values_list("name_as_published", flat=True))
            told = " ".join(Change.objects.values_list("what", flat=True))
            assert all(name in kept or name in told for name in published)
            assert Organisation.objects.at("birch-trust").exists()
            assert not Party.objects.filter(organisation=merge.gone_key).exists()
            undone(merge)
            assert dump() == before
        transaction.set_rollback(True)
