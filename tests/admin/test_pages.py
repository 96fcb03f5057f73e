"""Keeping themes, news, resources and approvers."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from registers.models import Approver, Change, News, Organisation, Resource, Theme
from tests import papers
from tests.admin.typing_in import address, boxes, errors, messages, send

pytestmark = pytest.mark.usefixtures("real_register")


class TestThemes:
    ADD = address("theme", "add")

    def test_one_is_added_and_told(self, officers_door):
        send(officers_door, self.ADD, name="Climate", slug="climate", position="9")
        assert Theme.objects.get(slug="climate").name == "Climate"
        assert Change.objects.first().what == "Theme 'Climate': Added to this register."

    def test_its_address_stays(self, officers_door):
        theme = Theme.objects.get(slug="safer-community")
        url = address("theme", "change", theme.pk)
        assert "slug" not in boxes(officers_door, url)
        send(officers_door, url, name="Safer Communities", slug="safer")
        theme.refresh_from_db()
        assert (theme.name, theme.slug) == ("Safer Communities", "safer-community")

    def test_its_address_is_proposed_from_its_name(self, officers_door):
        html = officers_door.get(self.ADD).content.decode()
        assert "prepopulate" in html
        assert "#id_name" in html

    @pytest.mark.parametrize(
        ("typed", "sentence"),
        [
            ({"name": "safer  community", "slug": "s"}, "A theme has this name already."),
            ({"name": "Safer", "slug": "safer-community"}, "already exists"),
            ({"name": "", "slug": "s"}, "This field is required."),
            ({"name": "Safer", "slug": "a b"}, "Enter a valid “slug”"),
            ({"name": "Safer", "slug": "s", "position": "9" * 33}, "less than or equal to"),
        ],
    )
    def test_what_is_wrong_is_said(self, officers_door, typed, sentence):
        assert sentence in errors(send(officers_door, self.ADD, **typed))
        assert Theme.objects.count() == 4

    def test_one_in_use_cannot_be_deleted(self, officers_door):
        theme = Theme.objects.get(slug="safer-community")
        html = officers_door.post(address("theme", "delete", theme.pk), {"post": "yes"}).content
        assert b"Safer Community is in use, so it cannot be deleted." in html
        assert Theme.objects.count() == 4

    def test_one_that_is_empty_can(self, officers_door):
        theme = Theme.objects.create(name="Climate", key="climate", slug="climate")
        url = address("theme", "delete", theme.pk)
        assert "deleted" in messages(send(officers_door, url))
        assert Theme.objects.count() == 4


def test_news(officers_door):
    url = address("news", "add")
    send(officers_door, url, title="A meeting", slug="a-meeting", published_on="1/12/2026")
    item = News.objects.get(slug="a-meeting")
    assert (item.published_on.day, item.published_on.month) == (1, 12)


def test_a_resource_with_its_file(officers_door, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    paper = SimpleUploadedFile("template.docx", papers.docx())
    url = address("resource", "add")
    send(officers_door, url, title="Template", slug="new-template", file=paper)
    resource = Resource.objects.get(slug="new-template")
    assert resource.kind == "DOCX"
    html = officers_door.get(address("resource", "change", resource.pk)).content.decode()
    assert f'<a href="{resource.get_absolute_url()}">' in html


class TestApprovers:
    @pytest.fixture
    def medway(self):
        return Organisation.objects.get(name="Medway Council")

    def test_one_is_told_as_a_change_of_its_organisation(self, officers_door, officer, medway):
        url = address("approver", "add")
        send(officers_door, url, organisation=medway.pk, job_title="SIRO", why="They asked.")
        change = medway.changes.first()
        assert change.what == "Approvers recorded: SIRO."
        assert (change.why, change.by) == ("They asked.", officer)

    def test_one_stays_with_its_organisation(self, officers_door, medway):
        approver = Approver.objects.create(organisation=medway, job_title="SIRO")
        other = Organisation.objects.named("Kent County Council").get()
        url = address("approver", "change", approver.pk)
        send(officers_door, url, organisation=other.pk, job_title="Caldicott Guardian")
        approver.refresh_from_db()
        assert (approver.organisation, approver.job_title) == (medway, "Caldicott Guardian")

    def test_a_title_that_stands_there_already_is_refused(self, officers_door, medway):
        Approver.objects.create(organisation=medway, job_title="SIRO")
        approver = Approver.objects.create(organisation=medway, job_title="Caldicott Guardian")
        url = address("approver", "change", approver.pk)
        response = send(officers_door, url, job_title="SIRO")
        assert "This job title is already here." in errors(response)

    def test_one_is_deleted(self, officers_door, medway):
        approver = Approver.objects.create(organisation=medway, job_title="SIRO")
        send(officers_door, address("approver", "delete", approver.pk))
        assert medway.changes.first().what == "Approvers taken out; it was: SIRO."
