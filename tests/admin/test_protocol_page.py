"""The page of one protocol: its order, its statuses, its reference, its preview."""

from __future__ import annotations

import html
import re

import pytest
from django.contrib.auth.models import Permission, User

from registers.models import Document, Organisation, Party, Protocol, Theme
from tests.admin.typing_in import Page, add_row, address, boxes, errors, messages, send
from tests.makers import recorded
from tests.models.making import a_protocol

pytestmark = pytest.mark.usefixtures("real_register")

ADD = address("protocol", "add")
EDIT = address("protocol", "change", "0046")
DRAFT = address("protocol", "change", "0074")
PREVIEW = address("protocol", "preview", "0074")


@pytest.fixture
def draft(real_register) -> Protocol:
    draft = a_protocol("0074", theme=Theme.objects.first(), status="draft", purpose="To warn.")
    draft.save()
    Party.objects.create(
        protocol=draft, organisation=Organisation.objects.named("EPUT").get(), role="lead"
    )
    return draft


@pytest.fixture
def withdrawn(real_register) -> Protocol:
    Protocol.objects.filter(pk="0046").update(
        status="withdrawn",
        withdrawn_on="2026-01-31",
        withdrawn_reason="Over.",
        replaced_by="0042",
    )
    return Protocol.objects.get(pk="0046")


@pytest.fixture
def editor(client):
    """Edits protocols, and may not publish."""
    editor = User.objects.create_user("ed", is_staff=True)
    rights = ("add_protocol", "change_protocol", "view_protocol", "add_party", "change_party")
    editor.user_permissions.add(*Permission.objects.filter(codename__in=rights))
    client.force_login(editor)
    return client


def test_a_row_is_added_in_an_officers_words(officers_door):
    links = re.findall(
        '"addText": "([^"]*)"', html.unescape(officers_door.get(ADD).content.decode())
    )
    assert len(links) == 3
    assert not [words for words in links if "Add another" in words]


class TestTheOrder:
    def test_is_a_persons(self, officers_door):
        page = officers_door.get(EDIT).content.decode()
        headings = re.findall(r"<summary><h2>([^<]*)</h2>", page)
        assert headings == [
            "To put right: 5",
            "Documents",
            "What",
            "What is shared",
            "Who: the organisations",
            "Who: is the list complete?",
            "Why",
            "By what right",
            "Kept safe, and for how long",
            "People’s rights and benefits",
            "When",
            "In force, or withdrawn?",
            "Broader protocols that it comes under",
            "For administrators",
            "This change",
        ]

    def test_a_new_one_proposes_the_title_of_its_first_paper(self, officers_door):
        held = boxes(officers_door, ADD)
        assert held["documents-0-title"] == "Signed protocol"
        assert not boxes(officers_door, EDIT).get("documents-0-title")
        # Neither the proposed title nor an empty box is a paper that lacks its file.
        for reference, title in (("9001", "Signed protocol"), ("9002", "")):
            typed = {"reference": reference, "title": "Alarms", "documents-0-title": title}
            assert officers_door.post(ADD, held | typed).status_code == 302
        assert not Document.objects.filter(protocol__title="Alarms").exists()
        refused = officers_door.post(ADD, held | {"title": "Alarms", "documents-0-title": "Other"})
        assert "This field is required." in errors(refused)

    def test_it_says_what_is_missing(self, officers_door):
        page = officers_door.get(EDIT).content.decode()
        assert 'Still missing: <a href="#id_version">Version</a>; <a href="#id_summary">' in page
        assert "Still missing" not in officers_door.get(ADD).content.decode()

    def test_it_says_that_nothing_is(self, officers_door):
        Protocol.objects.filter(pk="0046").update(**recorded())
        Party.objects.filter(protocol="0046").update(signed_on="2020-01-01")
        Document.objects.create(protocol_id="0046", title="Signed", file="a.pdf")
        assert "Nothing is missing." in officers_door.get(EDIT).content.decode()

    def test_queries_are_few(self, officers_door, django_assert_max_num_queries):
        with django_assert_max_num_queries(35):
            officers_door.get(EDIT)


def test_a_refused_form_leads_to_each_box_that_is_wrong(officers_door):
    typed = {"title": "", "review_date": "soon", "parties-0-signed_on": "never"}
    page = send(officers_door, EDIT, **typed).content.decode()
    said = page.partition('aria-label="What to correct"')[2].partition("</ul>")[0]
    assert '<a href="#id_title">Title</a>: This field is required.' in said
    assert '<a href="#id_review_date">Review month</a>' in said
    assert '<a href="#id_parties-0-signed_on">Signed on</a>' in said


class TestTheReference:
    def test_the_next_free_one_is_offered(self, officers_door):
        assert boxes(officers_door, ADD)["reference"] == "0074"

    @pytest.mark.parametrize("typed", ["0074", "00074"])
    def test_two_officers_with_the_same_offer(self, officers_door, typed):
        theme = Theme.objects.first().pk
        offered = boxes(officers_door, ADD)
        officers_door.post(ADD, offered | {"title": "The first", "theme": theme})
        second = {"title": "The second", "theme": theme, "purpose": "Kept.", "reference": typed}
        response = officers_door.post(ADD, offered | second)
        form = response.context["adminform"].form
        assert form.errors["reference"] == [
            "A protocol has this reference already. The next free one is 0075."
        ]
        assert form["purpose"].value() == "Kept."
        assert Protocol.objects.get(pk="0074").title == "The first"

    def test_none_is_offered_after_the_last_of_all(self, officers_door):
        a_protocol("99999999", theme=Theme.objects.first()).save()
        assert boxes(officers_door, ADD)["reference"] == ""
        response = send(
            officers_door, ADD, reference="99999999", title="A", theme=Theme.objects.first().pk
        )
        assert errors(response).count("A protocol has this reference already.") == 1
        assert "next free" not in errors(response)


class TestThePreview:
    def test_is_the_public_page_with_a_banner(self, officers_door, draft):
        response = officers_door.get(PREVIEW)
        page = response.content.decode()
        assert "Draft: only editors can see this." in page
        assert "To warn." in page
        assert "Essex Partnership University" in page
        assert "In force" not in page
        assert "/changes/" not in page
        assert Page(page).inline == []

    def test_is_kept_and_listed_nowhere(self, officers_door, draft):
        response = officers_door.get(PREVIEW)
        # Django's door adds its own words behind.
        assert "no-store" in response["Cache-Control"]
        assert response["X-Robots-Tag"] == "noindex"
        assert '<meta name="robots" content="noindex">' in response.content.decode()

    def test_names_the_papers_without_the_public_way_to_them(self, officers_door, draft):
        paper = Document.objects.create(protocol=draft, title="Signed copy", file="a.pdf")
        Document.objects.create(protocol=draft, title="Gone", file="b.pdf", taken_off=True)
        page = officers_door.get(PREVIEW).content.decode()
        assert "Signed copy" in page
        assert paper.get_absolute_url() not in page
        assert "Gone" not in page

    def test_the_form_of_a_draft_leads_there(self, officers_door, draft):
        assert f'href="{PREVIEW}"' in officers_door.get(DRAFT).content.decode()
        assert "/preview/" not in officers_door.get(EDIT).content.decode()

    @pytest.mark.parametrize("status", ["published", "withdrawn"])
    def test_of_what_is_public_leads_to_its_page(self, officers_door, withdrawn, status):
        reference = {"published": "0012", "withdrawn": "0046"}[status]
        response = officers_door.get(address("protocol", "preview", reference))
        assert response["Location"] == f"/protocols/{reference}/"

    def test_of_nothing_is_not_found(self, officers_door):
        assert officers_door.get(address("protocol", "preview", "0099")).status_code == 404

    def test_who_may_not_see_protocols_is_refused(self, client, draft):
        client.force_login(User.objects.create_user("nobody", is_staff=True))
        for reference in ("0074", "0099"):
            assert client.get(address("protocol", "preview", reference)).status_code == 403

    def test_strangers_are_led_to_the_door(self, client, draft):
        assert client.get(PREVIEW)["Location"].startswith("/admin/login/")
        client.force_login(User.objects.create_user("reader"))
        assert client.get(PREVIEW)["Location"].startswith("/admin/login/")


class TestWithoutJavaScript:
    PLAIN = f"{EDIT}?plain=1"

    def test_the_form_leads_there(self, officers_door):
        assert '<noscript><p class="help">' in officers_door.get(EDIT).content.decode()
        page = officers_door.get(self.PLAIN).content.decode()
        assert "<noscript>" not in page
        assert Page(page).inline == []

    def test_as_it_stands_changes_nothing(self, officers_door):
        before = list(Party.objects.filter(protocol="0046").values())
        held = boxes(officers_door, self.PLAIN)
        assert held["parties-0-organisation"] == "Provide"
        assert "was changed successfully" in messages(send(officers_door, self.PLAIN))
        assert list(Party.objects.filter(protocol="0046").values()) == before
        assert Protocol.objects.get(pk="0046").changes.count() == 1

    def test_an_organisation_is_typed_by_any_name(self, officers_door):
        typed = {"parties-3-organisation": "medway", "parties-3-name_as_published": "Medway"}
        send(officers_door, self.PLAIN, **typed, **{"overarching-0-overarching": "0062"})
        protocol = Protocol.objects.get(pk="0046")
        party = protocol.parties.last()
        assert (party.organisation.name, party.name_as_published) == ("Medway Council", "Medway")
        assert [each.pk for each in protocol.comes_under.all()] == ["0062"]

    def test_another_name_is_another_organisation(self, officers_door):
        send(
            officers_door,
            self.PLAIN,
            **{"parties-0-organisation": "EPUT"} | {"parties-1-organisation": "Medway"},
        )
        names = [str(each.organisation) for each in Protocol.objects.get(pk="0046").all_parties]
        assert "Provide" not in names
        assert "Medway Council" in names

    @pytest.mark.parametrize("typed", ["Nobody", "<b>"])
    def test_a_name_that_nobody_has(self, officers_door, typed):
        row = {"parties-3-organisation": typed}
        response = send(officers_door, self.PLAIN, title="Not kept", **row)
        assert "No organisation has the name" in errors(response)
        assert "Enter any of its names in full." in response.content.decode()
        assert response.context["adminform"].form["title"].value() == "Not kept"
        assert Protocol.objects.get(pk="0046").title != "Not kept"

    def test_a_row_without_an_organisation(self, officers_door):
        response = send(officers_door, self.PLAIN, **{"parties-3-note": "Temp workers"})
        assert "This field is required." in errors(response)
        assert Party.objects.filter(protocol="0046").count() == 3


def test_a_second_lead_is_refused_and_all_stays_as_typed(officers_door):
    row = add_row(
        officers_door,
        EDIT,
        "parties",
        organisation=Organisation.objects.named("Medway").get().pk,
        role="lead",
        name_as_published="Medway Towns",
    )
    response = send(officers_door, EDIT, title="As typed", **row)
    assert "A protocol can have only one lead organisation. " in errors(response)
    assert "Medway Towns" in response.content.decode()
    assert Protocol.objects.get(pk="0046").lead.organisation.name == "Provide"
