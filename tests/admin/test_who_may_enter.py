"""Who may come in. What each page answers to whom: tests/test_permissions.py."""

from __future__ import annotations

import datetime

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from registers.models import (
    Apart,
    Change,
    Document,
    EarlierVersion,
    FormDraft,
    FormDraftFile,
    Gap,
    ImportJob,
    ImportLine,
    ImportMapping,
    ImportName,
    ImportSteps,
    Layout,
    LeadDraft,
    Membership,
    Organisation,
    OrganisationAltered,
    Party,
    ProposalEmailDay,
    ProposedFile,
    Protocol,
    ProtocolAltered,
    RegisterVersion,
    SearchEntry,
    TakenOn,
    Theme,
    Try,
    UsedReference,
    VocabularyWord,
)
from tests.admin.typing_in import address

# Kept on pages of our own: the reference log, the import, the members of a group, and who
# took protocols on.
ON_PAGES_OF_OURS = {
    Gap,
    ImportJob,
    ImportLine,
    ImportMapping,
    ImportName,
    ImportSteps,
    Membership,
    TakenOn,
}
# What only the register itself writes: nothing for a person to keep.
MACHINERY = {
    Apart,
    EarlierVersion,
    FormDraft,
    FormDraftFile,
    Layout,
    LeadDraft,
    OrganisationAltered,
    ProposalEmailDay,
    ProposedFile,
    ProtocolAltered,
    RegisterVersion,
    SearchEntry,
    Try,
    UsedReference,
    VocabularyWord,
}


def test_every_noun_is_here_alone_or_on_the_page_of_what_it_belongs_to():
    inlines = {inline.model for site in admin.site._registry.values() for inline in site.inlines}
    nouns = apps.get_app_config("registers").get_models()
    assert set(nouns) - MACHINERY - ON_PAGES_OF_OURS <= inlines | set(admin.site._registry)


def test_the_front_page_is_named_after_the_register(officers_door):
    page = officers_door.get("/admin/").content.decode()
    assert settings.PARTNERSHIP.register_name in page
    assert 'href="/"' in page


def test_nothing_is_deleted_in_bulk(officers_door, real_register):
    url = address("protocol", "changelist")
    Protocol.objects.filter(pk="0046").update(status="draft")
    officers_door.post(
        url, {"action": "delete_selected", "_selected_action": ["0046"], "post": "yes"}
    )
    assert "delete_selected" not in officers_door.get(url).content.decode()
    assert Protocol.objects.filter(pk="0046").exists()


class TestWhoMayComeIn:
    @pytest.fixture
    def newcomer(self, db, client):
        """Nina, who may log in and may do nothing yet."""
        nina = User.objects.create_user("nina", is_staff=True)
        client.force_login(nina)
        return nina

    def test_a_stranger_is_sent_to_the_log_in_page(self, client, real_register):
        response = client.get(address("protocol", "change", "0046"))
        assert response.status_code == 302
        assert response.url.startswith("/admin/login/")

    def test_a_reader_with_an_account_is_no_editor(self, client, db):
        client.force_login(User.objects.create_user("rita"))
        assert client.get("/admin/").url.startswith("/admin/login/")

    @pytest.mark.parametrize("page", ["changelist", "add"])
    def test_staff_without_a_permission_is_refused(self, newcomer, client, page):
        assert client.get(address("protocol", page)).status_code == 403

    def test_staff_who_may_look_may_not_save(self, newcomer, client, real_register):
        newcomer.user_permissions.add(
            *Permission.objects.filter(codename__in=["view_protocol", "view_organisation"])
        )
        eput = Organisation.objects.named("EPUT").get()
        for noun, key in (("protocol", "0046"), ("organisation", eput.pk)):
            url = address(noun, "change", key)
            assert client.get(url).status_code == 200
            assert client.post(url, {"title": "Mine", "name": "Mine"}).status_code == 403


class TestViewOnSite:
    def test_leads_to_the_public_page(self, officers_door, real_register):
        page = officers_door.get(address("protocol", "change", "0046")).content.decode()
        assert 'href="/protocols/0046/"' in page

    def test_is_not_offered_for_a_draft(self, officers_door, real_register):
        Protocol.objects.create(reference="9001", title="A draft", theme=Theme.objects.first())
        page = officers_door.get(address("protocol", "change", "9001")).content.decode()
        assert "/protocols/9001/" not in page

    def test_a_stored_paper_is_linked_where_editors_read_it(self, officers_door, real_register):
        paper = Document.objects.create(
            protocol_id="0046", title="Signed copy", file="2026/11/signed.pdf"
        )
        page = officers_door.get(address("protocol", "change", "0046")).content.decode()
        assert f'href="{reverse("admin:registers_document_file", args=[paper.pk])}"' in page
        assert "Signed copy.pdf" in page


def test_changes_are_only_looked_up(officers_door, real_register):
    change = Change.objects.filter(protocol="0046").get()
    url = address("change", "change", change.pk)
    assert officers_door.post(url, {"what": "Nothing."}).status_code == 403
    assert officers_door.post(address("change", "delete", change.pk)).status_code == 403
    page = officers_door.get(address("change", "changelist"), {"q": "0046"}).content.decode()
    assert str(Protocol.objects.get(pk="0046")) in page
    change.refresh_from_db()
    assert change.made_at.date() == datetime.date(2026, 11, 22)


def test_a_party_never_stands_alone():
    assert not admin.site.is_registered(Party)
