"""An Editor's edits of what is published, and the page on which a Publisher decides them."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import Permission
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from registers import changes
from registers.models import (
    Approver,
    Change,
    News,
    Party,
    Proposal,
    ProposedFile,
    Protocol,
    Resource,
    Theme,
)
from tests import papers
from tests.admin.conflicts import choose
from tests.admin.typing_in import Page, add_row, address, boxes, messages, send
from tests.cast import door_of, somebody
from tests.merging import named
from tests.models.making import saved
from tests.proposing import a_proposal, shown

pytestmark = pytest.mark.usefixtures("real_register", "today")

FORM = address("protocol", "change", "0046")
LIST = address("proposal", "changelist")


@pytest.fixture
def door(editor):
    return door_of(editor)


@pytest.fixture
def publishers_door(publisher):
    return door_of(publisher)


def protocol() -> Protocol:
    return Protocol.objects.get(pk="0046")


def page_of(proposal: Proposal) -> str:
    return address("proposal", "change", proposal.pk)


def press(door, proposal, verb, **typed):
    """Open the page of a proposal, type, tick or (with None) untick, and press a button."""
    held = boxes(door, page_of(proposal)) | typed
    sent = {name: value for name, value in held.items() if value is not None}
    return door.post(address("proposal", verb, proposal.pk), sent, follow=True)


@pytest.fixture
def proposal(editor) -> Proposal:
    return a_proposal(protocol(), by=editor, purpose="To warn.", title="Alarms", why="Vague.")


class TestProposing:
    def test_the_form_proposes_and_says_so(self, door, editor):
        page = door.get(FORM).content.decode()
        assert "Propose this change" in page
        assert "_continue" not in page
        answer = send(door, FORM, purpose="To warn.", why="It was vague.")
        made = Proposal.objects.get()
        assert answer.redirect_chain[-1][0] == page_of(made)
        assert (made.by, made.why, made.about) == (editor, "It was vague.", str(protocol()))
        assert "successfully" not in messages(answer)
        assert page_of(made) in door.get(FORM).content.decode()

    def test_a_typing_error_stays_one_until_a_publisher_says_otherwise(self, door, publishers_door):
        title = protocol().title
        send(door, FORM, title=f"{title}s", is_correction="on")
        made = Proposal.objects.get()
        assert made.is_correction
        assert boxes(publishers_door, page_of(made))["is_correction"] == "on"
        press(publishers_door, made, "accept", is_correction=None)
        assert protocol().changes.first().kind == Change.Kind.CHANGED
        send(door, FORM, title=title, is_correction="on")
        press(publishers_door, Proposal.objects.first(), "accept")
        assert protocol().changes.first().kind == Change.Kind.CORRECTED

    @pytest.mark.parametrize(
        ("box", "typed"),
        [
            ("is_correction", {"review_date": "March 2029", "is_correction": "on"}),
            ("purpose", {"purpose": ""}),
            ("published_on", {"published_on": "01/01/2098"}),
        ],
    )
    def test_what_the_save_refuses_at_its_end_is_not_proposed(self, door, box, typed):
        answer = send(door, FORM, **typed)
        assert box in answer.context["adminform"].form.errors
        assert not Proposal.objects.exists()

    def test_an_error_is_shown_as_on_any_form(self, door):
        answer = send(door, FORM, review_date="soon")
        assert answer.context["adminform"].form.errors.keys() == {"review_date"}
        assert not Proposal.objects.exists()

    def test_nothing_typed_is_nothing_proposed(self, door):
        answer = send(door, FORM)
        assert not Proposal.objects.exists()
        assert len(list(answer.context["messages"])) == 1

    def test_a_draft_is_saved_at_once(self, door):
        theme = Theme.objects.first()
        saved(Protocol(reference="9001", title="A draft", theme=theme))
        url = address("protocol", "change", "9001")
        assert "Propose this change" not in door.get(url).content.decode()
        assert "id_is_correction" not in door.get(url).content.decode()
        send(door, url, title="Another")
        assert Protocol.objects.get(pk="9001").title == "Another"

    def test_a_form_that_somebody_saved_since_shows_both(self, door, publishers_door):
        form = boxes(door, FORM)
        send(publishers_door, FORM, title="Theirs")
        answer = door.post(FORM, form | {"title": "Mine"})
        assert answer.status_code == 409
        assert not Proposal.objects.exists()
        choose(door, answer, **{"choose-title": "wanted"})
        assert Proposal.objects.get().wanted["fields"] == {"title": "Mine"}
        assert protocol().title == "Theirs"

    def test_a_party(self, door):
        row = add_row(
            door, FORM, "parties", organisation=named("Medway Council").pk, role="partner"
        )
        send(door, FORM, **row)
        assert "Medway Council" not in {each.organisation_name for each in protocol().partners}
        (added,) = [
            each for each in Proposal.objects.get().wanted["parts"]["parties"] if each["id"] is None
        ]
        assert added["organisation"]["says"] == "Medway Council"

    def test_a_paper_is_read_by_editors_alone(self, door, client, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path
        paper = SimpleUploadedFile("signed.pdf", papers.pdf("Agreed"))
        send(door, FORM, **add_row(door, FORM, "documents", title="Signed copy", file=paper))
        made = Proposal.objects.get()
        assert not protocol().documents.exists()
        url = reverse("admin:registers_proposal_file", args=[made.pk, made.files.get().pk])
        assert url in door.get(page_of(made)).content.decode()
        assert door.get(url).getvalue() == papers.pdf("Agreed")
        assert client.get(url).status_code == 302
        differences = door.get(page_of(made)).context["differences"]
        assert [each.file for each in differences] == [made.files.get()]
        made.files.get().file.delete(save=False)
        assert door.get(url).status_code == 404

    def test_an_organisation_its_members_and_approvers(self, door):
        schools = named("All Essex Schools")
        send(door, address("organisation", "change", schools.pk), note="Every one.")
        member = {"member_name": "Essex Police"}
        send(door, address("organisation", "member_add", schools.pk), **member)
        send(door, address("approver", "add"), organisation=schools.pk, job_title="Head")
        made = Proposal.objects.order_by("pk")
        assert [[*each.wanted["fields"], *each.wanted["parts"]] for each in made] == [
            ["note"],
            ["members"],
            ["approvers"],
        ]
        schools.refresh_from_db()
        assert (schools.note, schools.members.count(), schools.approvers.count()) == ("", 0, 0)

    @pytest.mark.parametrize(
        ("noun", "page", "button"),
        [
            ("organisation", "member_add", "Propose this change"),
            ("organisation", "members", "proposed to a Publisher"),
            ("approver", "delete", "Propose to delete it"),
            ("protocol", "restore", "Propose to put this state back"),
        ],
    )
    def test_a_page_without_a_record_form_says_so_too(
        self, door, publishers_door, noun, page, button
    ):
        schools = named("All Essex Schools")
        approver = saved(schools, Approver(organisation=schools, job_title="Head")).approvers.get()
        before = Change.objects.filter(protocol="0046").latest("made_at").pk
        stored = protocol()
        stored.title = "Another"
        saved(stored)
        keys = {
            "approver": [approver.pk],
            "organisation": [schools.pk],
            "protocol": ["0046", before],
        }
        url = address(noun, page, *keys[noun])
        assert button in door.get(url).content.decode()
        assert button not in publishers_door.get(url).content.decode()

    def test_taking_an_approver_away(self, door):
        medway = named("Medway Council")
        approver = saved(medway, Approver(organisation=medway, job_title="SIRO")).approvers.get()
        url = address("approver", "delete", approver.pk)
        door.post(url, boxes(door, url), follow=True)
        assert Proposal.objects.get().wanted["parts"] == {"approvers": []}
        assert medway.approvers.exists()

    def test_putting_an_earlier_state_back(self, door):
        before = Change.objects.filter(protocol="0046").latest("made_at").pk
        stored = protocol()
        stored.purpose = "To warn."
        saved(stored)
        url = address("protocol", "restore", "0046", before)
        door.post(url, boxes(door, url), follow=True)
        assert protocol().purpose == "To warn."
        assert list(Proposal.objects.get().wanted["fields"]) == ["purpose"]

    def test_no_organisation_is_deleted(self, door):
        pulse = named("Pulse")
        assert door.post(address("organisation", "delete", pulse.pk)).status_code == 403

    def test_themes_and_published_news(self, door):
        news = saved(News(title="News", slug="news", body="Old"))
        theme = Theme.objects.first()
        send(door, address("news", "change", news.pk), body="New")
        send(door, address("theme", "change", theme.pk), description="New")
        assert [*Proposal.objects.order_by("pk").values_list("subject_type", flat=True)] == [
            "news",
            "theme",
        ]
        news.refresh_from_db()
        assert news.body == "Old"

    @pytest.mark.both_databases
    def test_as_few_queries_as_a_save(self, door):
        url = address("protocol", "change", "0036")
        form = boxes(door, url) | {"purpose": "To find children at risk."}
        with CaptureQueriesContext(connection) as captured:
            assert door.post(url, form).status_code == 302
        asked = [each["sql"] for each in captured]
        assert 0 < len([s for s in asked if not s.startswith(("SAVEPOINT", "RELEASE"))]) <= 40


class TestSecondPairOfEyes:
    @pytest.fixture(autouse=True)
    def _asked(self, settings):
        settings.SECOND_PAIR_OF_EYES = True

    def test_a_publisher_proposes_and_another_accepts(
        self, publishers_door, publisher, administrator
    ):
        send(publishers_door, FORM, purpose="To warn.")
        made = Proposal.objects.get()
        page = publishers_door.get(page_of(made)).content.decode()
        assert address("proposal", "accept", made.pk) not in page
        shown = door_of(administrator).get(page_of(made)).context["differences"]
        assert [each.box for each in shown] == [None]
        assert press(publishers_door, made, "accept", **{"take-purpose": "on"}).status_code == 409
        press(door_of(administrator), made, "accept")
        assert protocol().purpose == "To warn."

    def test_the_reason_that_two_agree_on_is_not_typed(self, publisher, administrator):
        made = a_proposal(protocol(), by=publisher, purpose="To warn.", why="Vague.")
        office = door_of(administrator)
        assert {"why", "is_correction"}.isdisjoint(boxes(office, page_of(made)))
        press(office, made, "accept", why="Mine alone.", is_correction="on")
        change = protocol().changes.first()
        assert (change.why, change.kind) == ("Vague.", Change.Kind.CHANGED)

    def test_ones_own_does_not_wait_for_oneself(self, publishers_door, publisher):
        a_proposal(protocol(), by=publisher, purpose="To warn.")
        assert waiting(publishers_door) == 0


class TestDeciding:
    def test_it_is_shown_beside_what_is_public(self, publishers_door, proposal):
        before = protocol()
        shown = publishers_door.get(page_of(proposal)).context["differences"]
        assert {each.label: each.public for each in shown} == {
            "Title": before.title,
            "Purpose": before.purpose,
        }
        assert all(each.ticked and each.box for each in shown)

    def test_one_field_altered_and_another_left(self, publishers_door, proposal):
        before = protocol().title
        press(
            publishers_door,
            proposal,
            "accept",
            purpose="To warn early.",
            **{"take-title": None},
        )
        assert (protocol().title, protocol().purpose) == (before, "To warn early.")
        proposal.refresh_from_db()
        assert (proposal.status, proposal.change.why) == ("accepted", "Vague.")

    def test_the_editor_sees_what_became_of_it(self, door, publishers_door, proposal):
        before = protocol()
        altered = {"purpose": "To warn early.", "take-title": None}
        press(publishers_door, proposal, "accept", **altered)
        answer = door.get(page_of(proposal))
        assert {
            each.label: (each.public, each.wanted, each.accepted)
            for each in answer.context["differences"]
        } == {
            "Title": (before.title, "Alarms", before.title),
            "Purpose": (before.purpose, "To warn.", "To warn early."),
        }
        assert not any(each.then for each in answer.context["differences"])
        history = answer.context["history"]
        assert f'href="{history}"' in answer.content.decode()
        assert b"early" in door.get(history).content

    def test_what_was_accepted_of_a_row(self, door, publishers_door, editor):
        party = Party(protocol=protocol(), organisation=named("Kent County Council"))
        made = a_proposal(protocol(), party, by=editor, purpose="To warn.", version="V9")
        shown = publishers_door.get(page_of(made)).context["differences"]
        (row,) = [each.name for each in shown if "Kent" in each.wanted]
        press(publishers_door, made, "accept", version="", **{row: None})
        shown = door.get(page_of(made)).context["differences"]
        assert {each.wanted: each.accepted for each in shown} == {
            next(each.wanted for each in shown if "Kent" in each.wanted): "",
            "To warn.": None,
            "V9": "",
        }

    @pytest.mark.parametrize("page", ["record", "history"])
    def test_a_reference_that_an_address_must_quote(self, publishers_door, editor, page):
        odd = Protocol.objects.create(
            reference="ODR1617_278", title="Odd", theme=Theme.objects.first(), status="published"
        )
        made = a_proposal(odd, by=editor, title="Odder")
        answer = publishers_door.get(page_of(made))
        assert publishers_door.get(answer.context[page]).status_code == 200

    def test_a_month_is_typed_in_words(self, publishers_door, editor):
        month = protocol().review_date.replace(year=2029)
        made = a_proposal(protocol(), by=editor, review_date=month)
        press(publishers_door, made, "accept", review_date="May 2029")
        assert protocol().review_date.isoformat() == "2029-05-01"

    @pytest.mark.parametrize(
        "typed",
        [{"title": ""}, {"take-title": None, "take-purpose": None}, {"shown": "another"}],
        ids=["a box that is not valid", "nothing", "another page"],
    )
    def test_a_refusal_is_shown_and_nothing_is_done(self, publishers_door, proposal, typed):
        answer = press(publishers_door, proposal, "accept", **typed)
        assert answer.status_code == 409
        assert answer.context["refusals"]
        proposal.refresh_from_db()
        assert proposal.status == "waiting"
        assert protocol().title != "Alarms"

    @pytest.mark.parametrize("box", ["purpose", "why"])
    @pytest.mark.parametrize("since", ["the Editor writes another", "words are taken out"])
    def test_a_second_press_accepts_what_is_proposed_now(
        self, publishers_door, editor, administrator, since, box
    ):
        texts = {"purpose": "To warn.", "why": "Vague."} | {box: "To warn Jane."}
        made = a_proposal(protocol(), by=editor, **texts)
        held = boxes(publishers_door, page_of(made)) | {"comment": "Thank you."}
        if since == "words are taken out":
            office, url = door_of(administrator), address("protocol", "take_out", "0046")
            chosen = {"words": "Jane", "reason": "personal data"}
            preview = office.post(url, chosen | {"_preview": "1"}).context["preview"]
            office.post(url, chosen | {"_do": "1", "shown": preview.digest})
        else:
            press(door_of(editor), made, "again", **{box: "To warn all."})
        made.refresh_from_db()
        accept = address("proposal", "accept", made.pk)
        answer = publishers_door.post(accept, held)
        assert answer.status_code == 409
        assert Page(answer.content.decode()).boxes["comment"] == "Thank you."
        assert b"Jane" not in answer.content
        publishers_door.post(accept, Page(answer.content.decode()).boxes)
        assert protocol().purpose == made.wanted["fields"]["purpose"]
        assert protocol().changes.first().why == made.why

    @pytest.mark.parametrize("verb", ["accept", "return", "again", "take-back"])
    def test_after_a_session_that_ended_the_log_in_leads_to_its_page(
        self, publishers_door, publisher, proposal, verb
    ):
        Session.objects.all().delete()
        log_in = publishers_door.post(address("proposal", verb, proposal.pk), {"comment": "x"})
        publishers_door.force_login(publisher)
        back = parse_qs(urlsplit(log_in["Location"]).query)["next"][0]
        page = publishers_door.get(back, follow=True)
        assert page.redirect_chain[-1][0] == page_of(proposal)
        assert "Nothing has been decided" in messages(page)
        proposal.refresh_from_db()
        assert proposal.status == "waiting"

    def test_what_changed_since_is_shown_and_not_ticked(self, publishers_door, proposal):
        stored = protocol()
        before = stored.purpose
        stored.purpose = "Theirs."
        saved(stored)
        shown = publishers_door.get(page_of(proposal)).context["differences"]
        by_label = {each.label: each for each in shown}
        assert (by_label["Purpose"].then, by_label["Purpose"].public) == (before, "Theirs.")
        assert not by_label["Purpose"].ticked
        assert by_label["Title"].ticked
        press(publishers_door, proposal, "accept")
        assert (protocol().purpose, protocol().title) == ("Theirs.", "Alarms")

    def test_a_row_that_both_changed(self, publishers_door, editor):
        first = protocol().partners[0]
        first.note = "Mine"
        made = a_proposal(protocol(), first, by=editor)
        first.note = "Theirs"
        saved(protocol(), first)
        (each,) = publishers_door.get(page_of(made)).context["differences"]
        assert "Theirs" in each.public
        assert "Mine" in each.wanted
        assert not each.ticked

    def test_it_is_returned_and_written_anew(self, door, publishers_door, proposal):
        press(publishers_door, proposal, "return", comment="Say whom.")
        assert waiting(door) == 1
        assert "Say whom." in door.get(page_of(proposal)).content.decode()
        press(door, proposal, "again", purpose="To warn people.")
        assert (waiting(door), waiting(publishers_door)) == (0, 1)
        press(publishers_door, proposal, "accept")
        assert protocol().purpose == "To warn people."

    def test_a_return_needs_a_comment_and_keeps_the_filter(self, publishers_door, proposal):
        page = f"{page_of(proposal)}?_changelist_filters=waiting%3Dyou"
        shown = publishers_door.get(page).content.decode()
        url = re.search(r'formaction="([^"]+/return/[^"]*)"', shown)[1]
        refused = publishers_door.post(url, {"comment": " "})
        assert (refused.status_code, list(refused.context["form"].errors)) == (409, ["comment"])
        assert 'href="#id_comment"' in refused.content.decode()
        answer = publishers_door.post(url, {"comment": "Say whom."})
        assert answer["Location"].endswith("/proposal/?waiting=you")

    def test_it_is_taken_back(self, door, publishers_door, proposal):
        press(door, proposal, "take-back")
        assert waiting(publishers_door) == 0
        proposal.refresh_from_db()
        assert proposal.status == "taken-back"

    def test_one_that_came_back_is_taken_back(self, door, publishers_door, proposal):
        press(publishers_door, proposal, "return", comment="Say whom.")
        press(door, proposal, "take-back")
        assert waiting(door) == 0
        proposal.refresh_from_db()
        assert (proposal.status, proposal.comment) == ("taken-back", "Say whom.")

    def test_one_about_an_organisation_that_was_merged(self, publishers_door, editor):
        made = a_proposal(named("Pulse"), by=editor, note="Closed.")
        changes.merge(named("Medway Council"), named("Pulse"), at=made.proposed_at)
        answer = publishers_door.get(page_of(made))
        assert answer.context["refusal"]
        assert not answer.context["may"]["accept"]
        assert press(publishers_door, made, "accept").status_code == 409
        press(publishers_door, made, "return", comment="Merged.")
        made.refresh_from_db()
        assert made.status == "returned"

    def test_a_file_is_not_typed(self, publishers_door, editor, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path
        page = saved(Resource(title="A paper", slug="a-paper"))
        with changes.no_orphans():
            page.file = SimpleUploadedFile("paper.pdf", papers.pdf("Words"))
            made = a_proposal(page, page, by=editor)
        (each,) = publishers_door.get(page_of(made)).context["differences"]
        assert each.box is None
        press(publishers_door, made, "accept")
        page.refresh_from_db()
        assert page.file_name == "paper.pdf"


def waiting(door) -> int:
    """Return how many proposals the front page says wait for this person."""
    (item,) = [
        each
        for each in door.get("/admin/").context["dashboard"]
        if each.address.startswith(f"{LIST}?")
    ]
    assert door.get(item.address).context["cl"].result_count == item.count
    return item.count


class TestForgedPosts:
    """Who decides: two Publishers at most, and whoever proposed it for what is theirs."""

    MAY = {
        "accept": {"publisher", "administrator"},
        "return": {"publisher", "administrator"},
        "again": {"author"},
        "take-back": {"author"},
    }

    @pytest.mark.parametrize("who", ["stranger", "editor", "author", "publisher", "administrator"])
    @pytest.mark.parametrize("verb", MAY)
    def test_each_person_at_each_address(self, request, verb, who):
        author = somebody("nina", "Editor")
        made = a_proposal(protocol(), by=author, purpose="To warn.")
        user = author if who == "author" else request.getfixturevalue(who)
        held = boxes(door_of(somebody("pia", "Publisher")), page_of(made))
        answer = door_of(user).post(
            address("proposal", verb, made.pk), held | {"comment": "x", "purpose": "To tell."}
        )
        made.refresh_from_db()
        if who in self.MAY[verb]:
            assert answer.url == LIST
            return
        assert answer.status_code == (302 if who == "stranger" else 403)
        assert (made.status, made.wanted["fields"]) == ("waiting", {"purpose": "To warn."})
        assert protocol().purpose not in {"To warn.", "To tell."}

    @pytest.mark.parametrize("verb", ["accept", "return"])
    def test_a_publisher_who_may_not_change_organisations(self, verb, editor):
        odd = somebody("odette")
        rights = ("change_protocol", "view_organisation", "publish_protocol")
        odd.user_permissions.set(Permission.objects.filter(codename__in=rights))
        made = a_proposal(named("Medway Council"), by=editor, note="It has moved.")
        held = boxes(door_of(odd), page_of(made)) | {"comment": "No."}
        answer = door_of(odd).post(address("proposal", verb, made.pk), held)
        assert answer.status_code == 403
        assert not named("Medway Council").note

    def test_what_somebody_may_not_see(self, editor):
        odd = somebody("odette")
        rights = ("change_protocol", "publish_protocol")
        odd.user_permissions.set(Permission.objects.filter(codename__in=rights))
        made = a_proposal(named("Medway Council"), by=editor, note="It has moved.")
        file = ProposedFile.objects.create(proposal=made, file="x.pdf", name="x.pdf")
        door = door_of(odd)
        assert waiting(door) == 0
        assert "Medway Council" not in door.get(LIST).content.decode()
        assert door.get(page_of(made)).status_code in {302, 404}
        for url in (
            address("proposal", "accept", made.pk),
            address("proposal", "file", made.pk, file.pk),
        ):
            assert door.post(url, {"comment": "No."}).status_code == 404

    @pytest.mark.parametrize("verb", MAY)
    def test_whoever_may_only_see_the_record(self, verb):
        was_editor = somebody("vera")
        see = Permission.objects.filter(codename__in=["view_protocol", "publish_protocol"])
        was_editor.user_permissions.set(see)
        made = a_proposal(protocol(), by=was_editor, purpose="To warn.")
        file = ProposedFile.objects.create(proposal=made, file="x.pdf", name="x.pdf")
        door = door_of(was_editor)
        sent = {"comment": "No.", "shown": shown(made), "take-purpose": "on"}
        assert door.post(address("proposal", verb, made.pk), sent).status_code == 403
        assert door.get(address("proposal", "file", made.pk, file.pk)).status_code == 403

    @pytest.mark.parametrize("verb", MAY)
    def test_one_that_has_ended(self, request, verb, editor, publisher, proposal):
        door, author = door_of(publisher), door_of(editor)
        held = boxes(door, page_of(proposal)) | {"comment": "x"}
        press(author, proposal, "take-back")
        who = door if "publisher" in self.MAY[verb] else author
        answer = who.post(address("proposal", verb, proposal.pk), held)
        assert answer.status_code == 409
        proposal.refresh_from_db()
        assert (proposal.status, proposal.comment) == ("taken-back", "")
        assert protocol().title != "Alarms"


class TestDraftsOfNews:
    @pytest.mark.parametrize(("noun", "model"), [("news", News), ("resource", Resource)])
    def test_an_editor_prepares_one_and_a_publisher_publishes_it(
        self, door, publishers_door, noun, model
    ):
        send(door, address(noun, "add"), title="Soon", slug="soon", body="Words")
        made = model.objects.get(slug="soon")
        assert made.status == "draft"
        send(door, address(noun, "change", made.pk), body="Better words")
        made.refresh_from_db()
        assert made.body == "Better words"
        publish = address(noun, "publish", made.pk)
        assert door.get(publish).status_code == 403
        send(publishers_door, publish, _do="1")
        made.refresh_from_db()
        assert made.status == "published"


def test_a_save_that_takes_the_purpose_of_what_is_published_is_refused(publishers_door):
    answer = send(publishers_door, FORM, purpose="")
    assert answer.context["adminform"].form.errors.keys() == {"purpose"}
    assert protocol().purpose
