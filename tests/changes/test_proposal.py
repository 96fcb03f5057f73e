"""Proposals: what one holds, what accepting it saves, and what is refused."""

from __future__ import annotations

import datetime

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile

from registers import changes
from registers.changes import proposal as deciding
from registers.changes.proposal_view import accepted_otherwise, view_proposal
from registers.changes.propose import propose
from registers.changes.publishing import withdrawn
from registers.changes.transaction import update_search_and_version
from registers.history.compare import ChangedBy
from registers.history.snapshot import snapshot_of
from registers.models import (
    Approver,
    Change,
    Document,
    EarlierVersion,
    Gap,
    Membership,
    Name,
    Party,
    Proposal,
    Protocol,
    Resource,
    Succession,
    Theme,
)
from tests import papers
from tests.merging import named
from tests.models.making import NOW, saved
from tests.proposing import a_proposal, all_of, shown

pytestmark = pytest.mark.usefixtures("real_register")


def protocol(reference="0046") -> Protocol:
    return Protocol.objects.get(pk=reference)


def accept(proposal, by, *, chosen=None, digest=None, **how):
    return deciding.accept(
        proposal,
        shown=digest or shown(proposal),
        chosen=all_of(proposal) if chosen is None else chosen,
        at=NOW,
        by=by,
        **how,
    )


def test_it_holds_only_what_differs_and_changes_nothing(editor):
    before = snapshot_of(protocol())
    count = Change.objects.count()
    made = a_proposal(protocol(), by=editor, purpose="To warn.", why="It was vague.")
    assert made.wanted == {"fields": {"purpose": "To warn."}, "parts": {}}
    assert made.base["fields"] == {"purpose": before["fields"]["purpose"], "status": "published"}
    assert snapshot_of(protocol()) == before
    assert Change.objects.count() == count


@pytest.mark.both_databases
def test_several_are_written_down_or_none():
    """One of another kind, such as what became of a number, is proposed by nobody."""
    states = {
        (Protocol, "0046"): [{"fields": {"title": title}, "parts": {}} for title in ("One", "Two")],
        (Gap, "0013"): [{"fields": {"note": note}, "parts": {}} for note in ("Lost", "Found")],
    }
    with pytest.raises(ValidationError):
        propose(states, at=NOW, by=None)
    assert not Proposal.objects.exists()


def test_what_nobody_types_is_not_proposed():
    days = [{"fields": {"title": "A", "updated_on": day}, "parts": {}} for day in (None, "2026-1")]
    assert propose({(Protocol, "0046"): days}, at=NOW, by=None) == []


@pytest.mark.both_databases
def test_accepting_is_an_official_change(editor, publisher):
    made = a_proposal(protocol(), by=editor, purpose="To warn.", title="Alarms")
    done = accept(made, publisher, why="Agreed.")
    assert (protocol().purpose, protocol().title) == ("To warn.", "Alarms")
    assert done.status == Proposal.Status.ACCEPTED
    change = Change.objects.public().filter(protocol="0046").first()
    assert (done.change, change.by, change.why) == (change, publisher, "Agreed.")


def test_a_field_alone_and_one_that_is_altered(editor, publisher):
    made = a_proposal(protocol(), by=editor, purpose="To warn.", title="Alarms")
    before = protocol().title
    accept(made, publisher, chosen={"purpose": "To warn early."})
    assert (protocol().purpose, protocol().title) == ("To warn early.", before)


def test_fields_of_each_kind(editor, publisher):
    fields = {
        "review_date": datetime.date(2027, 3, 1),
        "theme": Theme.objects.get(slug="safer-community"),
        "parties_complete": True,
        "published_on": None,
        "admin_note": "Ask again.",
    }
    made = a_proposal(protocol(), by=editor, **fields)
    accept(made, publisher)
    assert {name: getattr(protocol(), name) for name in fields} == fields


@pytest.mark.both_databases
class TestRows:
    """Parties are known by organisation and role, and so is each other part by what it is."""

    def test_parties_come_go_and_are_altered(self, editor, publisher):
        lead = protocol().lead
        gone, altered = protocol().partners[:2]
        altered.note = "Temp workers"
        new = Party(protocol=protocol(), organisation=named("Medway Council"), position=99)
        made = a_proposal(protocol(), altered, new, by=editor, without=[gone])
        accept(made, publisher)
        now = {party.organisation_name: party.note for party in protocol().partners}
        assert gone.organisation_name not in now
        assert now[altered.organisation_name] == "Temp workers"
        assert "Medway Council" in now
        assert protocol().lead == lead

    def test_another_lead_and_the_old_one_a_partner(self, editor, publisher):
        lead, partner = protocol().lead, protocol().partners[0]
        swapped = [
            Party(protocol=protocol(), organisation=partner.organisation, role="lead"),
            Party(protocol=protocol(), organisation=lead.organisation, position=50),
        ]
        made = a_proposal(protocol(), *swapped, by=editor, without=[lead, partner])
        accept(made, publisher)
        assert protocol().lead.organisation == partner.organisation
        assert lead.organisation in [each.organisation for each in protocol().partners]

    def test_what_others_added_since_stays(self, editor, publisher):
        new = Party(protocol=protocol(), organisation=named("Medway Council"), position=99)
        made = a_proposal(protocol(), new, by=editor)
        theirs = Party(protocol=protocol(), organisation=named("Pulse"), position=98)
        saved(protocol(), theirs)
        accept(made, publisher)
        names = {party.organisation_name for party in protocol().partners}
        assert {"Medway Council", theirs.organisation_name} <= names

    def test_an_organisation_that_was_merged_since(self, editor, publisher):
        new = Party(protocol=protocol(), organisation=named("Pulse"), position=99)
        made = a_proposal(protocol(), new, by=editor)
        changes.merge(named("Medway Council"), named("Pulse"), at=NOW)
        accept(made, publisher)
        assert "Medway Council" in {party.organisation_name for party in protocol().partners}

    def test_names_with_a_rename(self, editor, publisher):
        medway = named("Medway Council")
        alias = saved(medway, Name(organisation=medway, text="Medway Borough")).names.get(
            text="Medway Borough"
        )
        made = a_proposal(medway, by=editor, without=[alias], name="Medway Unitary")
        accept(made, publisher)
        medway.refresh_from_db()
        names = dict(medway.names.values_list("text", "kind"))
        assert names["Medway Unitary"] == "official"
        assert names["Medway Council"] == "former"
        assert "Medway Borough" not in names
        assert medway.slug == "medway-unitary"

    @pytest.mark.parametrize("chosen", ["name", "names"])
    def test_a_rename_in_part_leaves_names_in_step(self, editor, publisher, chosen):
        medway = named("Medway Council")
        made = a_proposal(medway, by=editor, name="Medway Unitary")
        every = all_of(made)
        parts = {name: None for name in every if name.startswith("names-")}
        if chosen == "name":
            accept(made, publisher, chosen={"name": every["name"]})
        else:
            with pytest.raises(ValidationError):  # nothing is left to change
                accept(made, publisher, chosen=parts)
        medway.refresh_from_db()
        official = medway.names.filter(kind="official").values_list("text", flat=True)
        assert list(official) == [medway.name]

    @pytest.mark.parametrize("slug", [None, "medway-west"], ids=["made of it", "typed"])
    def test_a_name_that_is_altered_leaves_nothing_of_the_proposed_one(
        self, editor, publisher, slug
    ):
        medway = named("Medway Council")
        fields = {"slug": slug} if slug else {}
        made = a_proposal(medway, by=editor, name="Medway Unitray", **fields)
        accept(made, publisher, chosen=all_of(made, name="Medway Unitary"))
        medway.refresh_from_db()
        names = dict(medway.names.values_list("text", "kind"))
        assert names.pop("Medway Unitary") == "official"
        assert names["Medway Council"] == "former"
        assert "Medway Unitray" not in names
        assert medway.slug == (slug or "medway-unitary")
        slugs = medway.slugs.values_list("text", flat=True)
        assert {medway.slug, "medway-council"} <= set(slugs)
        assert not [each for each in slugs if "unitray" in each]

    def test_a_name_that_is_left_out_leaves_nothing(self, editor, publisher):
        medway = named("Medway Council")
        made = a_proposal(medway, by=editor, name="Medway Unitary", note="New.")
        chosen = all_of(made)
        del chosen["name"]
        accept(made, publisher, chosen=chosen)
        medway.refresh_from_db()
        assert (medway.name, medway.note) == ("Medway Council", "New.")
        assert "Medway Unitary" not in medway.names.values_list("text", flat=True)
        assert not medway.slugs.filter(text__contains="unitary").exists()

    @pytest.mark.parametrize("chosen", ["altered", "left out"])
    def test_an_alias_that_was_to_be_the_name(self, editor, publisher, chosen):
        medway = named("Medway Council")
        before = dict(medway.names.values_list("text", "kind"))
        assert before["Medway"] == "alias"
        made = a_proposal(medway, by=editor, name="Medway", note="New.")
        every = all_of(made, name="Medway Unitary")
        if chosen == "left out":
            del every["name"]
        accept(made, publisher, chosen=every)
        medway.refresh_from_db()
        expected = {"Medway Council": "former", "Medway Unitary": "official"}
        now = dict(medway.names.values_list("text", "kind"))
        assert now == before | (expected if chosen == "altered" else {})

    def test_members_and_approvers(self, editor, publisher):
        schools = named("All Essex Schools")
        made = a_proposal(
            schools,
            Membership(group=schools, member=named("Essex Police")),
            Approver(organisation=schools, job_title="Head"),
            by=editor,
        )
        assert not schools.members.exists()
        accept(made, publisher)
        assert [row.member.name for row in schools.members.all()] == ["Essex Police"]
        assert schools.approvers.get().job_title == "Head"


class TestFiles:
    @pytest.fixture(autouse=True)
    def _folder(self, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path

    def new_file(self, words):
        return ContentFile(papers.pdf(words), "signed.pdf")

    def propose_file(self, editor):
        with changes.no_orphans():
            paper = Document(protocol=protocol(), title="Signed copy", file=self.new_file("one"))
            return a_proposal(protocol(), paper, by=editor)

    def test_a_new_document_is_nobodys_until_it_is_accepted(self, editor, publisher, tmp_path):
        made = self.propose_file(editor)
        assert not protocol().documents.exists()
        (kept,) = made.files.all()
        assert (kept.kind, len(list(tmp_path.iterdir()))) == ("PDF", 1)
        done = accept(made, publisher)
        assert accepted_otherwise(done) == {}
        paper = protocol().documents.get()
        assert (paper.title, paper.file.name, paper.name) == (
            "Signed copy",
            kept.file.name,
            "signed.pdf",
        )

    @pytest.mark.parametrize("since", ["taken off before", "taken off since", "put back since"])
    def test_a_document_that_comes_back_keeps_its_address(self, editor, publisher, since):
        paper = Document(protocol=protocol(), title="Signed", file=self.new_file("one"))
        paper = saved(protocol(), paper).documents.get()
        earlier = {"file": "a.pdf", "name": "a.pdf", "replaced_at": NOW}
        EarlierVersion.objects.create(document=paper, **earlier)
        paper.taken_off = since != "taken off since"
        saved(protocol(), paper)
        paper.taken_off, paper.title = False, "Signed copy"
        made = a_proposal(protocol(), paper, by=editor)
        paper.refresh_from_db()
        paper.taken_off = since != "put back since"
        saved(protocol(), paper)
        accept(made, publisher)
        back = protocol().documents.get()
        assert (back.pk, back.taken_off, back.title) == (paper.pk, False, "Signed copy")
        assert back.earlier_versions.count() == 1

    @pytest.mark.both_databases
    @pytest.mark.django_db(transaction=True)
    def test_its_file_goes_with_a_proposal_that_is_deleted(self, real_register, settings, tmp_path):
        made = self.propose_file(None)
        deciding.take_back(made, at=NOW, by=None)
        deciding.delete_ended(on=NOW.date() + datetime.timedelta(settings.PROPOSAL_DAYS + 2))
        assert list(tmp_path.iterdir()) == []
        assert not Proposal.objects.exists()

    def test_the_file_of_a_resource(self, editor, publisher):
        page = Resource(title="A paper", slug="a-paper", file=self.new_file("one"))
        saved(page)
        before = page.file.name
        with changes.no_orphans():
            page.file = self.new_file("two")
            made = a_proposal(page, by=editor, title="The paper")
        accept(made, publisher)
        page.refresh_from_db()
        assert page.title == "The paper"
        assert page.file.name != before
        assert EarlierVersion.objects.get(resource=page).file.name == before


class TestConflicts:
    def test_what_both_changed_is_marked_and_nothing_is_done(self, editor, publisher):
        made = a_proposal(protocol(), by=editor, purpose="To warn.", title="Alarms")
        digest = shown(made)
        saved(self.with_purpose("To warn everybody."))
        with pytest.raises(ValidationError) as refusal:
            accept(made, publisher, digest=digest)
        assert refusal.value.messages == [deciding.CHANGED_SINCE]
        assert protocol().purpose == "To warn everybody."
        by_name = {each.name: each.changed_by for each in view_proposal(made).differences}
        assert by_name == {"purpose": ChangedBy.BOTH, "title": ChangedBy.YOURS}

    def with_purpose(self, text):
        found = protocol()
        found.purpose = text
        return found

    def test_what_is_public_already_is_no_difference(self, editor, publisher):
        made = a_proposal(protocol(), by=editor, purpose="To warn.")
        saved(self.with_purpose("To warn."))
        assert view_proposal(made).differences == []
        assert accept(made, publisher).change is None

    def test_what_is_chosen_and_changes_nothing_is_not_accepted(self, editor, publisher):
        made = a_proposal(protocol(), by=editor, purpose="To warn.")
        with pytest.raises(ValidationError):
            accept(made, publisher, chosen={"purpose": protocol().purpose})
        assert Proposal.objects.get().status == "waiting"

    @pytest.mark.both_databases
    def test_of_two_who_accept_it_the_second_is_refused(self, editor, publisher, administrator):
        made = a_proposal(protocol(), by=editor, purpose="To warn.")
        digest = shown(made)
        accept(made, publisher, digest=digest)
        with pytest.raises(ValidationError):
            accept(made, administrator, digest=digest)
        assert Proposal.objects.get(pk=made.pk).decided_by == publisher


class TestRefusals:
    def test_one_whose_record_was_withdrawn(self, editor, publisher):
        made = a_proposal(protocol(), by=editor, purpose="To warn.")
        ended = protocol()
        for name, value in withdrawn(on=NOW.date(), reason="Over.").items():
            setattr(ended, name, value)
        saved(ended)
        before = protocol().purpose
        with pytest.raises(ValidationError):
            accept(made, publisher)
        assert protocol().purpose == before
        assert deciding.return_with_comment(made, at=NOW, by=publisher, comment="Over.").comment

    def test_one_whose_record_was_merged(self, editor, publisher):
        made = a_proposal(named("Pulse"), by=editor, note="Closed.")
        changes.merge(named("Medway Council"), named("Pulse"), at=NOW)
        view = view_proposal(made)
        assert view.subject is None
        assert "Pulse" in view.refusal
        with pytest.raises(ValidationError):
            accept(made, publisher, digest=view.digest)

    def test_ones_own_where_two_pairs_of_eyes_are_needed(self, publisher, administrator, settings):
        settings.SECOND_PAIR_OF_EYES = True
        made = a_proposal(protocol(), by=publisher, purpose="To warn.")
        with pytest.raises(ValidationError):
            accept(made, publisher)
        with pytest.raises(ValidationError):
            accept(made, administrator, chosen={"purpose": "To tell."})
        for alone in ({"why": "Mine."}, {"is_correction": True}):
            with pytest.raises(ValidationError):
                accept(made, administrator, **alone)
        assert Proposal.objects.get().status == "waiting"
        accept(made, administrator)
        assert protocol().purpose == "To warn."

    @pytest.mark.parametrize(
        ("chosen", "comment"),
        [
            pytest.param({}, "x", id="nothing"),
            pytest.param({"purpose": "y", "status": "draft"}, "x", id="a field that it has not"),
        ],
    )
    def test_what_cannot_be_chosen(self, editor, publisher, chosen, comment):
        made = a_proposal(protocol(), by=editor, purpose="To warn.")
        with pytest.raises(ValidationError):
            accept(made, publisher, chosen=chosen, comment=comment)
        assert Proposal.objects.get(pk=made.pk).status == "waiting"

    def test_what_would_be_without_a_lead(self, editor, publisher):
        with pytest.raises(ValidationError):
            a_proposal(protocol(), by=editor, without=[protocol().lead])

    def test_a_ring_that_is_not_stored(self):
        """Two who save at once each add a half of it, and neither sees the other's."""
        one, other = named("Medway Council"), named("Pulse")
        Succession.objects.create(organisation=one, successor=other)

        def add_the_other_half():
            with update_search_and_version() as touched:
                touched.add(Succession.objects.create(organisation=other, successor=one))

        with pytest.raises(ValidationError):
            a_proposal(other, do=add_the_other_half)

    def test_what_a_dry_run_added(self, editor):
        theme = Theme(name="New", slug="new")
        with pytest.raises(ValidationError):
            a_proposal(theme, by=editor, name="New")

    def test_a_return_without_a_comment(self, editor, publisher):
        made = a_proposal(protocol(), by=editor, purpose="To warn.")
        with pytest.raises(ValidationError) as refusal:
            deciding.return_with_comment(made, at=NOW, by=publisher, comment=" ")
        assert list(refusal.value.error_dict) == ["comment"]

    def test_one_that_is_deleted(self, editor):
        made = a_proposal(protocol(), by=editor, purpose="To warn.")
        Proposal.objects.all().delete()
        with pytest.raises(ValidationError):
            deciding.take_back(made, at=NOW, by=editor)


class TestWritingAnew:
    def rewrite(self, made, chosen):
        return deciding.rewrite(made, shown=shown(made), chosen=chosen, at=NOW, why="Better.")

    def test_a_returned_one_waits_again(self, editor, publisher):
        made = a_proposal(protocol(), by=editor, purpose="To warn.", title="Alarms")
        made = deciding.return_with_comment(made, at=NOW, by=publisher, comment="Shorter.")
        again = self.rewrite(made, {"purpose": "To warn early."})
        assert again.wanted["fields"] == {"purpose": "To warn early."}
        assert (again.status, again.decided_at, again.why) == ("waiting", None, "Better.")
        accept(again, publisher)
        assert protocol().purpose == "To warn early."

    def test_nothing_is_no_proposal(self, editor):
        made = a_proposal(protocol(), by=editor, purpose="To warn.")
        with pytest.raises(ValidationError):
            self.rewrite(made, {})

    def test_an_accepted_one_has_ended(self, editor, publisher):
        made = a_proposal(protocol(), by=editor, purpose="To warn.")
        digest = shown(made)
        accept(made, publisher)
        with pytest.raises(ValidationError):
            deciding.rewrite(made, shown=digest, chosen={"purpose": "x"}, at=NOW)


@pytest.mark.both_databases
def test_those_that_ended_long_ago_are_deleted(editor, publisher, settings):
    settings.PROPOSAL_DAYS = 30
    for at in (NOW, NOW - datetime.timedelta(40)):
        made = a_proposal(protocol(), by=editor, purpose=f"To warn {at}.")
        deciding.return_with_comment(made, at=at, by=publisher, comment="No.")
    waiting = a_proposal(protocol(), by=editor, purpose="To warn.", at=NOW - datetime.timedelta(40))
    assert deciding.delete_ended(on=NOW.date(), dry=True) == 1
    assert Proposal.objects.count() == 3
    assert deciding.delete_ended(on=NOW.date()) == 1
    assert waiting in Proposal.objects.all()


@pytest.mark.both_databases
class TestWhatIsPublishedKeepsWhatItNeeds:
    @pytest.mark.parametrize(
        ("lost", "field"), [("purpose", "purpose"), ("lead", "__all__"), ("both", "__all__")]
    )
    def test_a_save_cannot_take_it_away(self, lost, field):
        with pytest.raises(ValidationError) as refusal:
            self.save_without(lost)
        assert list(refusal.value.error_dict) == [field]
        assert protocol().purpose.strip()
        assert protocol().lead

    def save_without(self, lost):
        stored = protocol()
        with changes.record_change(stored, at=NOW, stays_complete=True):
            if lost != "purpose":
                changes.remove(stored.lead)
            if lost != "lead":
                stored.purpose = " "
                changes.save(stored)

    def test_what_was_lacking_already_may_lack(self):
        bare = Protocol(
            reference="9001", title="Old", theme=Theme.objects.first(), status="published"
        )
        saved(bare, published_before=True)
        bare.title = "Older"
        assert saved(bare, stays_complete=True).title == "Older"
