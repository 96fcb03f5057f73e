"""Keeping themes, news, resources and approvers."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from registers import changes
from registers.changes.locking import fingerprint
from registers.models import Approver, Change, News, Organisation, Resource, Theme
from tests import papers
from tests.admin.typing_in import address, boxes, errors, messages, send
from tests.cast import door_of
from tests.models.making import saved

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


def test_a_resource_with_its_file(officers_door, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    paper = SimpleUploadedFile("template.docx", papers.docx())
    url = address("resource", "add")
    send(officers_door, url, title="Template", slug="new-template", file=paper)
    resource = Resource.objects.get(slug="new-template")
    assert (resource.kind, resource.status) == ("DOCX", "draft")
    html = officers_door.get(address("resource", "change", resource.pk)).content.decode()
    file = address("resource", "file", resource.pk)
    assert f'<a href="{file}">' in html
    assert officers_door.get(file).getvalue() == papers.docx()
    for public in (resource.get_absolute_url(), f"/resources/{resource.slug}/download/"):
        assert public not in html
        assert officers_door.get(public).status_code == 404


def test_a_resource_without_a_file_sends_none(officers_door):
    resource = saved(Resource(title="Template", slug="new-template"))
    assert officers_door.get(address("resource", "file", resource.pk)).status_code == 404


@pytest.mark.parametrize("noun", ["news", "resource"])
@pytest.mark.usefixtures("today")
class TestPublishing:
    TODAY = datetime.date(2026, 11, 22)
    TO_COME = datetime.date(2026, 11, 24)

    @pytest.fixture
    def draft(self, noun, officers_door) -> Any:
        """An item that Olive wrote, and did not publish."""
        given = {"title": "A meeting", "slug": "a-meeting", "body": "Where to **meet**."}
        forged = {"status": "published", "published_on": "1/1/2020"}
        send(officers_door, address(noun, "add"), **given, **forged)
        return self.model(noun).objects.get(slug="a-meeting")

    def model(self, noun: str) -> Any:
        return {"news": News, "resource": Resource}[noun]

    def seen(self, draft: Any) -> set[bool]:
        """Whether the public reads it: on its page, in the list, the site map and the feed."""
        public, url = Client(), draft.get_absolute_url()
        section, parent = {News: ("news", "/news/")}.get(type(draft), ("resources", "/resources/"))
        places = [parent, f"/sitemap-{section}.xml", *(["/news.atom"] * (section == "news"))]
        found = {url in public.get(place).content.decode() for place in places}
        return found | {public.get(url).status_code == 200}

    def publish(self, door: Client, draft: Any, **typed: str) -> Any:
        name = draft._meta.model_name
        return send(door, address(name, "publish", draft.pk), _do="1", **typed)

    def test_a_new_one_is_a_draft_that_nobody_sees(self, draft, noun):
        assert (draft.status, draft.published_on) == ("draft", None)
        assert self.seen(draft) == {False}
        assert not Change.objects.about(type(draft), draft.pk).public().exists()

    def test_a_day_left_empty_is_today(self, draft, noun, officers_door, officer):
        page = officers_door.get(address(noun, "publish", draft.pk))
        assert "Where to <strong>meet</strong>." in page.content.decode()
        self.publish(officers_door, draft, why="It is agreed.")
        draft.refresh_from_db()
        assert (draft.status, draft.published_on) == ("published", self.TODAY)
        assert self.seen(draft) == {True}
        change = Change.objects.about(type(draft), draft.pk).public().get()
        assert (change.kind, change.by, change.why) == ("added", officer, "It is agreed.")

    def test_a_day_to_come_is_published_on_that_day(self, draft, noun, officers_door):
        assert self.seen(draft) == {False}
        self.publish(officers_door, draft, published_on="24/11/2026")
        assert self.seen(draft) == {False}
        html = officers_door.get(address(noun, "change", draft.pk)).content.decode()
        assert draft.get_absolute_url() not in html
        for hour, seen in ((23, False), (25, True)):
            moment = datetime.datetime(2026, 11, 23, tzinfo=datetime.UTC)
            with time_machine.travel(moment + datetime.timedelta(hours=hour), tick=False):
                assert self.seen(draft) == {seen}

    def test_saving_what_is_published_leaves_its_day(self, draft, noun, officers_door):
        self.publish(officers_door, draft, published_on="24/11/2026")
        form = address(noun, "change", draft.pk)
        assert not {"status", "published_on"} & boxes(officers_door, form).keys()
        send(officers_door, form, title="Another", status="draft", published_on="1/1/2020")
        draft.refresh_from_db()
        assert (draft.title, draft.status, draft.published_on) == (
            "Another",
            "published",
            self.TO_COME,
        )

    def test_another_day_is_given_and_none_to_come_to_what_is_public(
        self, draft, noun, officers_door
    ):
        for day in ("24/11/2026", "1/11/2026"):
            self.publish(officers_door, draft, published_on=day)
        draft.refresh_from_db()
        assert draft.published_on == datetime.date(2026, 11, 1)
        page = self.publish(officers_door, draft, published_on="24/11/2026")
        assert list(page.context["form"].errors) == ["published_on"]
        assert self.seen(draft) == {True}

    def test_what_was_saved_since_is_not_published(self, draft, noun, officers_door):
        url = address(noun, "publish", draft.pk)
        sent = boxes(officers_door, url) | {"_do": "1"}
        draft.title = "Another"
        saved(draft)
        page = officers_door.post(url, sent)
        assert page.context["form"].non_field_errors()
        assert self.seen(draft) == {False}

    def test_what_was_deleted_since_is_not_published(self, draft, noun, today):
        shown, now = fingerprint(draft, []), timezone.now()
        with changes.record_change(draft, at=now):
            changes.remove(self.model(noun).objects.get(pk=draft.pk))
        with pytest.raises(ValidationError):
            changes.publish_page(draft, shown=shown, published_on=today, at=now)
        assert not self.model(noun).objects.filter(slug=draft.slug).exists()

    def test_publishing_is_a_security_event(self, draft, noun, officers_door, caplog):
        caplog.set_level("INFO", logger="security")
        for _ in range(2):  # the button was pressed twice: one event
            self.publish(officers_door, draft, published_on="")
        logged = [record for record in caplog.records if hasattr(record, "page")]
        assert [(each.event, each.page) for each in logged] == [(f"{noun}_published", draft.pk)]

    @pytest.mark.both_databases
    def test_a_button_that_is_pressed_twice_publishes_once(self, draft, noun, officers_door):
        url = address(noun, "publish", draft.pk)
        sent = boxes(officers_door, url) | {"_do": "1"}
        for _ in range(2):
            assert officers_door.post(url, sent).status_code == 302
        assert Change.objects.about(type(draft), draft.pk).public().count() == 1

    def test_a_saved_form_leads_on_to_the_page(self, draft, noun, officers_door):
        url = address(noun, "publish", draft.pk)
        page = send(officers_door, address(noun, "change", draft.pk), _publish="1")
        assert page.redirect_chain[-1][0] == url
        page = send(officers_door, address(noun, "add"), title="B", slug="b", _publish="1")
        assert page.redirect_chain[-1][0].endswith("/publish/")

    def test_an_editor_may_not(self, draft, noun, editor):
        door, url = door_of(editor), address(noun, "publish", draft.pk)
        sent = {"_do": "1", "shown": fingerprint(draft, [])}
        assert door.post(url, sent).status_code == 403
        html = door.get(address(noun, "change", draft.pk)).content.decode()
        assert url not in html
        page = send(door, address(noun, "change", draft.pk), title="Mine", _publish="1")
        assert not page.redirect_chain[-1][0].endswith("/publish/")
        assert self.seen(draft) == {False}

    def test_a_state_that_is_put_back_leaves_the_day(self, draft, noun, officers_door):
        """Else what the public reads would be gone again until a day to come."""
        self.publish(officers_door, draft, published_on="24/11/2026")
        first = Change.objects.about(type(draft), draft.pk).public().get()
        self.publish(officers_door, draft, published_on="1/11/2026")
        send(officers_door, address(noun, "change", draft.pk), title="Another")
        send(officers_door, address(noun, "restore", draft.pk, first.pk))
        draft.refresh_from_db()
        assert (draft.title, draft.published_on) == ("A meeting", datetime.date(2026, 11, 1))
        assert self.seen(draft) == {True}


def test_a_file_that_nobody_could_read_is_not_kept(officers_door, settings, tmp_path, today):
    """Neither that of a draft, nor one that is replaced before its day."""
    settings.MEDIA_ROOT = tmp_path
    paper = Resource(title="T", slug="t", status="draft", file=ContentFile(papers.pdf(), "a.pdf"))
    saved(paper)
    for number, day in enumerate((None, today + datetime.timedelta(1), today)):
        if day:
            paper.status, paper.published_on = "published", day
        paper.file = ContentFile(papers.pdf(f"{number}"), "b.pdf")
        if day == today:
            Resource.objects.update(published_on=day)
        saved(paper)
        assert paper.earlier_versions.count() == (1 if day == today else 0)


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
