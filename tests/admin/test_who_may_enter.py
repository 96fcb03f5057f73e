"""Who may come in, and that every room opens."""

from __future__ import annotations

import datetime

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.urls import reverse

from registers.models import (
    Answer,
    Apart,
    Approver,
    Change,
    Document,
    EarlierVersion,
    Gap,
    Import,
    ImportLine,
    ImportName,
    Membership,
    Merge,
    News,
    Organisation,
    OrganisationAltered,
    Party,
    Protocol,
    ProtocolAltered,
    RegisterVersion,
    Reminder,
    Resource,
    Review,
    SearchEntry,
    TakenOn,
    Theme,
    Try,
    UsedReference,
    VocabularyWord,
)
from tests.admin.typing_in import Page, address
from tests.merging import merged
from tests.reminders.lines import a_line, an_answer
from tests.reminders.making import reminded

REGISTERED = sorted(admin.site._registry, key=lambda model: model.__name__)
NEVER_ADDED = {Answer, Change, Merge, Reminder, Review}
NEVER_DELETED = {*NEVER_ADDED, User}


@pytest.fixture
def one_of_each(real_register, officer) -> None:
    """See that there is something of every kind to open."""
    Group.objects.create(name="Officers")
    theme = Theme.objects.first()
    Protocol.objects.create(reference="9001", title="A draft", theme=theme)
    Document.objects.create(protocol_id="0046", title="Signed copy", file="2026/11/signed.pdf")
    Approver.objects.create(organisation=Organisation.objects.first(), job_title="SIRO")
    Review.objects.create(
        protocol_id="0046",
        reviewed_on=datetime.date(2026, 11, 3),
        outcome="ended",
        job_title="SIRO",
        note="Over.",
        recorded_at=datetime.datetime(2026, 11, 3, tzinfo=datetime.UTC),
    )
    an_answer(a_line())
    merged("Pulse", "Remedy")
    reminded(Organisation.objects.first(), datetime.date(2026, 11, 1), Protocol.objects.first())
    if not News.objects.exists():
        News.objects.create(title="News", slug="news")
    if not Resource.objects.exists():
        Resource.objects.create(title="Template", slug="template")


# Kept on pages of our own: the reference log, the import, the members of a group, and who
# took protocols on.
ON_PAGES_OF_OURS = {Gap, Import, ImportLine, ImportName, Membership, TakenOn}
# What only the register itself writes: nothing for a person to keep.
MACHINERY = {
    Apart,
    EarlierVersion,
    OrganisationAltered,
    ProtocolAltered,
    RegisterVersion,
    SearchEntry,
    Try,
    UsedReference,
    VocabularyWord,
}


@pytest.mark.parametrize("page", ["changelist", "add", "change", "history", "delete"])
@pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model.__name__)
def test_every_page_opens_under_the_strict_policy(officers_door, one_of_each, model, page):
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
    # What only the audit log tells is on no page of the changes.
    shown = {"public": True} if model is Change else {}
    thing = model.objects.filter(**shown).order_by("-pk").first()
    response = officers_door.get(
        reverse(name, args=[] if page in {"changelist", "add"} else [thing.pk])
    )
    refused = model in {"add": NEVER_ADDED, "delete": NEVER_DELETED}.get(page, set())
    assert response.status_code == (403 if refused else 200)
    assert Page(response.content.decode()).inline == []


def test_every_noun_is_here_alone_or_on_the_page_of_what_it_belongs_to():
    inlines = {inline.model for site in admin.site._registry.values() for inline in site.inlines}
    nouns = apps.get_app_config("registers").get_models()
    assert set(nouns) - MACHINERY - ON_PAGES_OF_OURS <= inlines | set(REGISTERED)


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

    def test_is_not_offered_for_a_draft(self, officers_door, one_of_each):
        page = officers_door.get(address("protocol", "change", "9001")).content.decode()
        assert "/protocols/9001/" not in page

    def test_a_stored_paper_is_linked_where_editors_read_it(self, officers_door, one_of_each):
        page = officers_door.get(address("protocol", "change", "0046")).content.decode()
        paper = Document.objects.get(title="Signed copy")
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
