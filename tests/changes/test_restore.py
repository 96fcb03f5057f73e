"""An earlier state is put back whole, as a new change, or not at all."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from random import Random

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from hypothesis import example, given, settings
from hypothesis import strategies as st

from registers import changes
from registers.history.snapshot import snapshot_of
from registers.models import (
    Change,
    Document,
    EarlierVersion,
    Merge,
    Name,
    Organisation,
    Party,
    Protocol,
    Review,
    Slug,
    Succession,
    Theme,
)
from tests.changes.test_record import everything
from tests.editing import bare, days_on, edit
from tests.lengths import times
from tests.models.making import a_name, a_party, make_cast, saved, shared_by_a_module
from tests.papers import pdf

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def cast(django_db_setup, django_db_blocker) -> Iterator[None]:
    with shared_by_a_module(django_db_blocker):
        make_cast()
        yield


@pytest.fixture(autouse=True)
def papers(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path


def protocol() -> Protocol:
    return Protocol.objects.get(pk="9001")


def birch() -> Organisation:
    return Organisation.objects.at("birch-trust").get()


def first(thing):
    """The state after the first change."""
    return thing.changes.last().snapshot


def put_back(thing, snapshot=None, day=90, **how):
    return changes.restore(thing, snapshot or first(thing), at=days_on(day), **how)


def refused(thing, **how) -> list[str]:
    before = everything()
    with pytest.raises(ValidationError) as refusal:
        put_back(thing, **how)
    assert everything() == before
    assert changes.preview_restore(
        thing, first(thing), at=days_on(90), said_at=how.get("said_at")
    ).refusals == (refusal.value.messages if "expected_digest" not in how else [])
    return refusal.value.messages


def rewritten(thing, *, title: str = "Another", day: int = 5, **fields) -> None:
    for name, value in ({"title": title} | fields).items():
        setattr(thing, name, value)
    saved(thing, at=days_on(day))


@settings(max_examples=times(4, long=200))
@given(seed=st.integers(0, 2**32), kind=st.sampled_from([Protocol, Organisation]))
@example(seed=96920, kind=Organisation)  # two successors of one day
@pytest.mark.has_long_form
def test_any_earlier_state_can_be_put_back(seed, kind):
    random = Random(seed)
    with transaction.atomic():
        for number in range(9):
            for folder in ("paper",):
                default_storage.delete(f"{folder}{number}.pdf")
                default_storage.save(f"{folder}{number}.pdf", ContentFile(pdf()))
        thing = protocol() if kind is Protocol else birch()
        for day in range(1, random.randint(3, 7)):
            edit(random, thing, days_on(day))
        for change in random.sample(list(thing.changes.all()), min(3, thing.changes.count())):
            now, stored = snapshot_of(thing), everything()
            foreseen = changes.preview_restore(thing, change.snapshot, at=days_on(90))
            assert foreseen.refusals == []
            assert everything() == stored
            told = thing.changes.count()
            done = put_back(thing, change.snapshot, expected_digest=foreseen.digest)
            again = snapshot_of(thing)
            assert as_said(again, now) == as_said(change.snapshot, now)
            assert done == (bare(now) != bare(again))
            assert thing.changes.count() == told + done
            # Twice changes nothing, and says so.
            assert put_back(thing, change.snapshot) is False
            assert snapshot_of(thing) == again
            nothing = changes.preview_restore(thing, change.snapshot, at=days_on(90))
            assert (nothing.differences, nothing.refusals) == ([], [])
        transaction.set_rollback(True)


def as_said(record, before):
    """What it says; of names, also what it was officially called just before: that stays."""
    fields, parts = bare(record)
    if "names" in parts:
        lasting = {
            name["text"]
            for name in before["parts"]["names"]
            if name["kind"] in ("official", "former")
        }
        parts["names"] = {
            name["text"]: name
            for name in parts["names"]
            if name["kind"] != "former" or name["text"] not in lasting
        }
    return fields, parts


def test_it_is_a_new_change_with_its_reason_and_its_person(officer):
    rewritten(protocol(), summary="Worse.")
    assert put_back(protocol(), by=officer, why="It was a slip.")
    change = protocol().changes.first()
    assert change.what == (
        "Title changed from Another to A title.\nSummary taken out; it was: Worse."
    )
    assert (change.why, change.by) == ("It was a slip.", officer)
    assert protocol().updated_on == days_on(90).date()
    assert change.snapshot["fields"]["title"] == "A title"


def test_reviews_and_notes_for_administrators_stay():
    review = Review(
        protocol=protocol(),
        reviewed_on=days_on(0).date(),
        outcome="unchanged",
        next_review=datetime.date(2029, 3, 1),
        job_title="SIRO",
    )
    changes.record_review(review, at=days_on(1))
    Protocol.objects.filter(pk="9001").update(admin_note="Ask Essex.")
    put_back(protocol())
    assert protocol().review_date is None
    assert protocol().admin_note == "Ask Essex."
    assert protocol().reviews.count() == 1


@pytest.mark.both_databases
class TestParties:
    def test_lead_and_partner_change_places_and_back(self):
        record = first(protocol())
        lead, partner = protocol().all_parties
        with changes.record_change(protocol(), at=days_on(1)):
            changes.remove(lead)
            changes.remove(partner)
            changes.save(a_party("9001", "Birch Trust", "lead", position=4))
            changes.save(a_party("9001", "Ashdown Council", note="Now a partner", position=5))
        put_back(protocol(), record)
        assert [(p.organisation.name, p.role, p.note) for p in protocol().all_parties] == [
            ("Ashdown Council", "lead", ""),
            ("Birch Trust", "partner", ""),
        ]

    def test_an_organisation_that_is_gone_is_found_by_its_old_address(self):
        record = first(protocol())
        gone, cedar = birch(), Organisation.objects.named("Cedar Charity").get()
        with changes.record_change(protocol(), at=days_on(1)):
            changes.remove(protocol().partners[0])
        Slug.objects.filter(organisation=gone).update(organisation=cedar)
        gone.changes.update(organisation=None)
        gone.delete()
        put_back(protocol(), record)
        assert [party.organisation for party in protocol().partners] == [cedar]
        assert not put_back(protocol(), record)

    def test_two_that_became_one_take_part_once(self):
        saved(protocol(), a_party("9001", "Cedar Charity", position=2), at=days_on(1))
        record, cedar = snapshot_of(protocol()), Organisation.objects.named("Cedar Charity").get()
        with changes.record_change(protocol(), at=days_on(2)):
            for party in protocol().partners:
                changes.remove(party)
        gone = birch()
        Slug.objects.filter(organisation=gone).update(organisation=cedar)
        gone.delete()
        put_back(protocol(), record)
        assert [party.organisation for party in protocol().partners] == [cedar]

    def test_an_organisation_without_any_address_is_named(self):
        with changes.record_change(protocol(), at=days_on(1)):
            changes.remove(protocol().partners[0])
        birch().delete()
        assert refused(protocol()) == ["Birch Trust is not in this register any more."]

    def test_places_that_say_no_order_are_numbered(self):
        Party.objects.filter(protocol="9001").update(position=0)
        record = snapshot_of(protocol())
        with changes.record_change(protocol(), at=days_on(1)):
            changes.remove(protocol().lead)
        put_back(protocol(), record)
        assert [party.role for party in protocol().all_parties] == ["lead", "partner"]


class TestPapers:
    @pytest.fixture
    def document(self) -> Document:
        document = Document(protocol=protocol(), title="Signed", name="Signed.pdf", size=4)
        document.file.save("a.pdf", ContentFile(pdf()), save=False)
        saved(protocol(), document, at=days_on(1))
        return document

    def test_one_that_was_taken_off_comes_back(self, document):
        record = snapshot_of(protocol())
        with changes.record_change(protocol(), at=days_on(2)):
            document.taken_off = True
            document.save()
        assert put_back(protocol(), record)
        document.refresh_from_db()
        assert not document.taken_off
        assert (
            protocol().changes.first().what == "Documents recorded: Signed (Signed.pdf, 4 bytes)."
        )

    def test_one_that_was_not_there_is_taken_off(self, document):
        assert put_back(protocol())
        document.refresh_from_db()
        assert document.taken_off
        assert document.file.storage.exists(document.file.name)

    def test_one_that_was_deleted_comes_back_at_its_address(self, document):
        record, address = snapshot_of(protocol()), document.get_absolute_url()
        with changes.record_change(protocol(), at=days_on(2)):
            changes.remove(document)
        put_back(protocol(), record)
        assert protocol().documents.get().get_absolute_url() == address
        assert snapshot_of(protocol())["parts"] == record["parts"]

    def test_an_earlier_file_is_the_current_one_again(self, document):
        record, earlier = snapshot_of(protocol()), document.file.name
        with changes.record_change(protocol(), at=days_on(2)):
            EarlierVersion.objects.create(document=document, file=earlier, replaced_at=days_on(2))
            document.name, document.size = "Newer.pdf", 5
            document.file.save("b.pdf", ContentFile(pdf("Newer")))
        newer = snapshot_of(protocol())
        put_back(protocol(), record)
        document.refresh_from_db()
        assert (document.file.name, document.name, document.size) == (earlier, "Signed.pdf", 4)
        assert document.earlier_versions.first().name == "Newer.pdf"
        # There and back again, each file stands once among the earlier ones.
        put_back(protocol(), newer)
        put_back(protocol(), record)
        assert sorted(v.size or 0 for v in document.earlier_versions.all()) == [0, 5]

    def test_a_file_that_is_lost_is_named(self, document):
        record = snapshot_of(protocol())
        with changes.record_change(protocol(), at=days_on(2)):
            changes.remove(document)
        default_storage.delete(document.file.name)
        with pytest.raises(ValidationError) as refusal:
            put_back(protocol(), record)
        assert refusal.value.messages == ["The earlier file of ‘Signed’ is not kept here any more."]


@pytest.mark.both_databases
class TestOrganisations:
    def test_a_rename_goes_back_and_keeps_the_name_between(self):
        before = birch()
        before.name = "Oak Trust"
        saved(before, at=days_on(1))
        assert put_back(birch())
        assert (birch().name, birch().slug) == ("Birch Trust", "birch-trust")
        assert dict(birch().names.values_list("text", "kind")) == {
            "Birch Trust": "official",
            "Oak Trust": "former",
        }
        assert Organisation.objects.at("oak-trust").get() == birch()

    def test_a_name_that_another_has_by_now_is_refused(self):
        saved(birch(), a_name("Birch Trust", "BT"), at=days_on(1))
        record = snapshot_of(birch())
        with changes.record_change(birch(), at=days_on(2)):
            changes.remove(Name.objects.get(text="BT"))
        changes.save(a_name("Cedar Charity", "BT"))
        with pytest.raises(ValidationError) as refusal:
            put_back(birch(), record)
        assert refusal.value.messages[0] == "Name 'BT': Cedar Charity has the name 'BT' already."

    def test_an_official_name_that_another_has_by_now_is_refused(self):
        organisation = birch()
        organisation.name = "Oak Trust"
        saved(organisation, at=days_on(1))
        with changes.record_change(organisation, at=days_on(2)):
            changes.remove(Name.objects.get(text="Birch Trust"))
        saved(
            Organisation.objects.named("Cedar Charity").get(),
            a_name("Cedar Charity", "Birch Trust"),
        )
        assert refused(organisation) == ["Cedar Charity has the name 'Birch Trust' already."]

    def test_an_address_that_leads_elsewhere_by_now_is_refused(self):
        organisation = birch()
        organisation.slug = "the-birch"
        saved(organisation, at=days_on(1))
        cedar = Organisation.objects.named("Cedar Charity").get()
        Slug.objects.filter(text="birch-trust").update(organisation=cedar)
        assert refused(organisation) == [
            "This address already leads to another organisation. Enter a different one."
        ]

    def test_nobody_goes_back_behind_a_merge(self):
        merged = saved(birch(), a_name("Birch Trust", "Oak"), at=days_on(3)).changes.first()
        merge = Merge.objects.create(
            stays_key=birch().pk, gone_key=0, gone_name="Oak", moved={}, change=merged
        )
        assert refused(birch(), said_at=days_on(0)) == [
            "Oak was merged into Birch Trust after that state. Undo the merge first, so that what"
            " came with it is not lost."
        ]
        merge.undone_at = days_on(4)
        merge.save()
        assert put_back(birch(), said_at=days_on(0))

    def test_a_successor_that_became_the_organisation_itself_is_refused(self):
        cedar = Organisation.objects.named("Cedar Charity").get()
        saved(birch(), Succession(organisation=birch(), successor=cedar), at=days_on(1))
        record = snapshot_of(birch())
        with changes.record_change(birch(), at=days_on(2)):
            changes.remove(birch().successions.get())
        Slug.objects.filter(organisation=cedar).update(organisation=birch())
        cedar.delete()
        with pytest.raises(ValidationError) as refusal:
            put_back(birch(), record)
        assert "An organisation cannot succeed itself." in refusal.value.messages[0]


class TestPages:
    def test_a_theme(self):
        theme = Theme.objects.get(slug="housing")
        (change,) = Change.objects.about(Theme, theme.pk)
        theme.name, theme.description, theme.position = "Homes", "What", 90
        saved(theme, at=days_on(1))
        assert changes.restore(theme, change.snapshot, at=days_on(2))
        theme.refresh_from_db()
        assert (theme.name, theme.description, theme.position) == ("Housing", "", 10)
        assert "Name changed from Homes to Housing." in Change.objects.first().what
        assert not changes.restore(theme, change.snapshot, at=days_on(2))


@pytest.mark.parametrize("meanwhile", ["the same", "something else", "the very restoring"])
def test_what_was_shown_is_what_happens_or_nothing(meanwhile):
    rewritten(protocol())
    promise = changes.preview_restore(protocol(), first(protocol()), at=days_on(90)).digest
    if meanwhile == "the same":
        assert put_back(protocol(), expected_digest=promise)
        return
    if meanwhile == "something else":
        rewritten(protocol(), summary="Mine.", day=6)
    else:
        put_back(protocol(), day=80)
    sentences = refused(protocol(), expected_digest=promise)
    assert "The register changed after you opened this page" in sentences[0]


def test_what_refuses_the_thing_itself_is_said():
    rewritten(protocol(), published_on=None)
    record = snapshot_of(protocol())
    record["fields"]["published_on"] = "2030-01-01"
    with pytest.raises(ValidationError, match="This date must be today or in the past"):
        put_back(protocol(), record)


def test_what_was_merged_meanwhile_is_told():
    gone = birch()
    record = snapshot_of(gone)
    changes.merge(Organisation.objects.exclude(pk=gone.pk)[0], gone, at=days_on(0))
    with pytest.raises(ValidationError, match="not in the register any more"):
        changes.restore(gone, record, at=days_on(1))
    foreseen = changes.preview_restore(gone, record, at=days_on(1))
    assert "not in the register any more" in foreseen.refusals[0]
