"""A protocol's page on a day that is over says what was stored on that day, and no more."""

from __future__ import annotations

import datetime
import html
import re
from collections.abc import Iterator
from random import Random

import pytest
import time_machine
from django.conf import settings as site
from django.core.files.base import ContentFile
from django.db import transaction
from django.test import Client
from django.urls import include, path
from hypothesis import given, settings
from hypothesis import strategies as st

from registers import changes
from registers.history.as_of import as_of
from registers.history.snapshot import snapshot_of
from registers.models import (
    Change,
    Document,
    EarlierVersion,
    Organisation,
    Overarching,
    Party,
    Protocol,
    Slug,
    Theme,
)
from tests.editing import bare, edit
from tests.lengths import times
from tests.models.making import a_party, a_protocol, make_cast, saved, shared_by_a_module
from tests.papers import pdf
from tests.public.pages import facts, links, text

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("real_register"),
]

PAGE = "/protocols/9001/"
# The first day of the cast, at nine; it is kept from the 22nd of November 2026 on.
START = datetime.datetime(2026, 11, 22, 9, 0, tzinfo=datetime.UTC)
LATER = START + datetime.timedelta(days=400)

urlpatterns = [
    path("", include(site.ROOT_URLCONF)),
    path(
        "protocols/<str:reference>/documents/<int:pk>/versions/<int:version>/",
        lambda request, **where: None,
        name="document-version",
    ),
]


def days_on(days: int) -> datetime.datetime:
    return START + datetime.timedelta(days=days)


def day(days: int) -> str:
    return days_on(days).date().isoformat()


@pytest.fixture(scope="module", autouse=True)
def cast(django_db_setup, django_db_blocker) -> Iterator[None]:
    with shared_by_a_module(django_db_blocker):
        make_cast()
        yield


@pytest.fixture(autouse=True)
def later() -> Iterator[None]:
    with time_machine.travel(LATER, tick=False):
        yield


def protocol() -> Protocol:
    return Protocol.objects.get(pk="9001")


def rewrite(days: int, **fields) -> None:
    thing = protocol()
    for name, value in fields.items():
        setattr(thing, name, value)
    saved(thing, at=days_on(days))


def page(client: Client, days: int):
    return client.get(PAGE, {"on": day(days)})


def rename(slug: str, name: str, days: int) -> None:
    organisation = Organisation.objects.get(slug=slug)
    organisation.name = name
    saved(organisation, at=days_on(days))


def test_each_day_has_its_own_words(client: Client):
    rewrite(3, title="First", purpose="To begin.")
    rewrite(6, title="Second", purpose="To go on.")
    for days, shown, hidden in (
        (2, "A title", "First"),
        (3, "First", "Second"),
        (6, "Second", "First"),
    ):
        answer = page(client, days)
        words = text(answer)
        assert f"Protocol 9001, Housing {shown} Not today’s page." in words
        when = datetime.date.fromisoformat(day(days))
        assert f"This is what the register said at the end of {when:%-d %B %Y}" in words
        assert hidden not in words
        assert f"<title>9001 - {shown}, as on {when:%-d %B %Y}" in answer.content.decode()
        assert {PAGE, f"{PAGE}changes/"} <= {address for address, _ in links(answer)}
    assert facts(page(client, 5))["Updated"] == "25 November 2026"
    assert "Updated" not in facts(page(client, 2))


@pytest.mark.both_databases
def test_a_day_ends_at_midnight_in_london(client: Client):
    # In summer that is 23:00 in UTC.
    for minute, title in ((59, "Before midnight"), (60, "After midnight")):
        thing = protocol()
        thing.title = title
        at = datetime.datetime(2027, 7, 1, 22, tzinfo=datetime.UTC)
        saved(thing, at=at + datetime.timedelta(minutes=minute))
    assert "Before midnight" in text(client.get(PAGE, {"on": "2027-07-01"}))
    assert "After midnight" in text(client.get(PAGE, {"on": "2027-07-02"}))


@settings(max_examples=times(4, long=100))
@given(seed=st.integers(0, 2**32))
@pytest.mark.has_long_form
def test_it_is_what_was_stored(seed):
    random = Random(seed)
    with transaction.atomic():
        stored = {0: snapshot_of(protocol())}
        for days in range(1, 8):
            stored[days] = stored[days - 1]
            if random.random() < 0.7:
                edit(random, protocol(), days_on(days))
                stored[days] = snapshot_of(protocol())
            if random.random() < 0.3:
                rename(Organisation.objects.at("birch-trust").get().slug, f"Birch {days}", days)
        for days, record in stored.items():
            shown = as_of(protocol(), days_on(days).date())
            fields, parts = bare(record)
            for name, value in fields.items():
                field = Protocol._meta.get_field(name)
                said = getattr(shown.protocol, field.attname)
                assert (said.isoformat() if hasattr(said, "isoformat") else said) == value, name
            assert [
                (party.organisation.pk, party.role, party.name_as_published, party.note)
                for party in filter(None, [shown.protocol.lead, *shown.protocol.partners])
            ] == [
                (row["organisation"], row["role"], row["name_as_published"], row["note"])
                for row in parts["parties"]
            ]
            assert [each.pk for each in shown.comes_under] == sorted(
                row["overarching"] for row in parts["overarching"]
            )
            assert [each.title for each in shown.documents] == [
                row["title"] for row in parts["documents"]
            ]
            assert [each.pk for each in shown.replaced_by] == [
                key for key in [fields["replaced_by"]] if key
            ]
            assert shown.known
        transaction.set_rollback(True)


@pytest.mark.both_databases
class TestNames:
    def test_of_organisations_are_those_of_the_day(self, client: Client):
        rename("birch-trust", "Oak Trust", 3)
        rename("oak-trust", "Elm Trust", 6)
        assert "Birch Trust" in facts(page(client, 2))["parties"].splitlines()
        assert "Oak Trust" in facts(page(client, 5))["parties"].splitlines()
        assert "Elm Trust" in facts(page(client, 6))["parties"].splitlines()
        # The links lead to today's pages, by any address that it had.
        found = {words: address for address, words in links(page(client, 5))}
        assert client.get(found["Oak Trust"], follow=True).status_code == 200

    def test_that_no_record_holds_are_followed_back_in_words(self, client: Client):
        # As after a register that was brought in whole: no organisation has a change.
        Change.objects.filter(protocol=None).delete()
        Change.objects.update(snapshot=None)
        rename("birch-trust", "Oak Trust", 3)
        rename("oak-trust", f"{'Elm ' * 40}Trust", 4)
        rename(Organisation.objects.named(f"{'Elm ' * 40}Trust").get().slug, "Yew Trust", 5)
        assert "Birch Trust" in facts(page(client, 2))["parties"].splitlines()
        assert "Oak Trust" in facts(page(client, 3))["parties"].splitlines()
        assert "Elm Elm Elm" in text(page(client, 4))

    def test_of_what_is_gone_is_as_it_was_recorded(self, client: Client):
        rewrite(1, version="V1")
        with changes.record_change(protocol(), at=days_on(2)):
            changes.remove(protocol().partners[0])
        ashdown = Organisation.objects.get(slug="ashdown-council")
        birch = Organisation.objects.get(slug="birch-trust")
        Slug.objects.filter(organisation=birch).update(organisation=ashdown)
        birch.changes.update(organisation=None)
        birch.delete()
        assert "Birch Trust" in facts(page(client, 1))["parties"].splitlines()
        found = {words: address for address, words in links(page(client, 1))}
        assert client.get(found["Birch Trust"]).url == "/organisations/ashdown-council/"

    def test_of_themes_and_other_protocols_too(self, client: Client):
        saved(protocol(), Overarching(protocol=protocol(), overarching_id="9002"), at=days_on(1))
        theme = Theme.objects.get(slug="housing")
        theme.name = "Homes"
        saved(theme, at=days_on(3))
        theme.name = "Roofs"
        saved(theme, at=days_on(5))
        other = Protocol.objects.get(pk="9002")
        other.title = "Renamed"
        saved(other, at=days_on(4))
        assert "Protocol 9001, Housing" in text(page(client, 2))
        assert "Protocol 9001, Homes" in text(page(client, 3))
        assert "Protocol 9001, Roofs" in text(page(client, 5))
        assert facts(page(client, 3))["Comes under"] == "9002 - A title"
        assert facts(page(client, 4))["Comes under"] == "9002 - Renamed"
        assert facts(client.get("/protocols/9002/"))["Covers"].startswith("9001")
        Protocol.objects.filter(pk="9002").update(replaced_by="9001")
        assert facts(page(client, 4))["Replaces today"] == "9002 - Renamed"
        assert "Covers today" not in facts(page(client, 4))

    def test_of_a_theme_that_is_gone(self, client: Client):
        theme = Theme.objects.get(slug="transport")
        rewrite(2, theme=theme)
        rewrite(4, theme=Theme.objects.get(slug="housing"))
        theme.delete()
        assert "Protocol 9001, Transport" in text(page(client, 3))


def test_what_was_withdrawn_later_was_in_force(client: Client):
    withdrawn = {"withdrawn_on": days_on(4).date(), "withdrawn_reason": "It ended."}
    rewrite(8, status="withdrawn", **withdrawn, replaced_by_id="9002")
    in_force = "Is it in force?"
    words = text(page(client, 3))
    assert facts(page(client, 3))[in_force].startswith("Yes.")
    assert "It ended." not in words
    assert "recorded later" not in words
    words = text(page(client, 5))
    assert facts(page(client, 5))[in_force].startswith("Yes.")
    assert "It was recorded later that it had been withdrawn on 26 November 2026." in words
    withdrawn = "No. Withdrawn on 26 November 2026: It ended. Replaced by 9002 - A title."
    assert facts(page(client, 8))[in_force] == withdrawn
    rewrite(9, status="published", withdrawn_on=None, withdrawn_reason="", replaced_by=None)
    assert facts(page(client, 8))[in_force] == withdrawn
    assert facts(page(client, 9))[in_force].startswith("Yes.")


class TestBeforeTheRegister:
    def test_it_says_that_it_does_not_know(self, client: Client):
        rewrite(3, title="Later", review_date=datetime.date(2030, 1, 1))
        words = text(client.get(PAGE, {"on": "2020-02-29"}))
        assert "What was in force on 29 February 2020 is not known" in words
        assert "the register has been kept here since 22 November 2026" in words
        assert "Protocol 9001, Housing A title" in words
        assert "the earliest record, from 22 November 2026" in words

    def test_what_came_later_was_not_here(self, client: Client):
        saved(a_protocol("9010"), at=days_on(10))
        answer = client.get("/protocols/9010/", {"on": day(9)})
        assert answer.status_code == 200
        words = text(answer)
        assert "This protocol was not in this register on 1 December 2026" in words
        assert "It was added on 2 December 2026" in words
        assert "in force" not in words
        assert facts(client.get("/protocols/9010/", {"on": day(10)}))["Is it in force?"]
        assert "1 January 2020 is not known" in text(
            client.get("/protocols/9010/", {"on": "2020-01-01"})
        )

    def test_what_kept_no_record_says_so(self, client: Client):
        rewrite(3, title="Second")
        rewrite(6, title="Third")
        Change.objects.filter(protocol="9001", made_at__lt=days_on(6)).update(snapshot=None)
        words = text(page(client, 4))
        assert "the register kept no record of that day" in words
        assert "the earliest record, from 28 November 2026" in words
        assert "Third" in words
        # Of registers from before records were kept, the last state is still that of its day.
        Change.objects.filter(protocol="9001").update(snapshot=None)
        assert "at the end of 28 November 2026" in text(page(client, 6))
        assert "the earliest record, from 28 November 2026" in text(page(client, 4))

    def test_what_nobody_made_official_is_as_today(self, client: Client):
        Protocol.objects.create(
            reference="9020", title="By hand", theme=Theme.objects.first(), status="published"
        )
        words = text(client.get("/protocols/9020/", {"on": day(1)}))
        assert "By hand" in words
        assert "no official change is recorded" in words

    def test_a_draft_has_no_page(self, client: Client):
        assert client.get("/protocols/9004/", {"on": day(1)}).status_code == 404


def test_a_day_to_come_is_today_s_with_its_review_judged_then(client: Client):
    rewrite(3, title="Newest", review_date=datetime.date(2028, 6, 1))
    answer = client.get(PAGE, {"on": "2029-01-31"})
    words = text(answer)
    assert "Newest" in words
    assert "overdue by 7 months" in facts(answer)["Is it in force?"]
    assert "with its review status worked out for 31 January 2029" in words


class TestPapers:
    @pytest.fixture(autouse=True)
    def papers(self, settings, tmp_path) -> None:
        settings.MEDIA_ROOT = tmp_path
        for title in ("Kept", "Gone", "Newer"):
            document = Document(protocol=protocol(), title=title, name=f"{title}.pdf", size=2048)
            document.file.save(f"{title}.pdf", ContentFile(pdf(title)), save=False)
            saved(protocol(), document, at=days_on(1))
        with changes.record_change(protocol(), at=days_on(3)):
            Document.objects.filter(title="Gone").update(taken_off=True)
            document = Document.objects.get(title="Newer")
            EarlierVersion.objects.create(
                document=document, file=document.file.name, replaced_at=days_on(3)
            )
            document.file.save("other.pdf", ContentFile(pdf("Other")))

    def test_lead_to_their_files_as_far_as_these_are_public(self, client: Client, settings):
        words = text(page(client, 2))
        assert "Kept Kept.pdf, 2.0 KB" in words
        assert "Gone Gone.pdf, 2.0 KB (no longer published)" in words
        assert "Newer Newer.pdf, 2.0 KB (an earlier file)" in words
        kept, newer = (Document.objects.get(title=title) for title in ("Kept", "Newer"))
        settings.ROOT_URLCONF = "tests.public.test_on_a_day"
        found = {words: address for address, words in links(page(client, 2))}
        assert found["Kept"] == kept.get_absolute_url()
        version = newer.earlier_versions.get()
        assert found["Newer"].endswith(f"/{newer.pk}/versions/{version.pk}/")
        assert "Gone" not in found
        assert "Gone" not in text(page(client, 3))

    def test_that_were_taken_off_are_not_on_today_s_page(self, client: Client):
        assert "Gone" not in text(client.get(PAGE))

    def test_had_none_before(self, client: Client):
        assert "documents" in facts(page(client, 0))["missing"]


def test_nothing_of_editors_is_shown(client: Client, officer):
    thing = protocol()
    thing.admin_note = "Ask Provide in secret."
    saved(thing, at=days_on(1), by=officer)
    rewrite(2, title="Another")
    for days in (0, 1, 2):
        whole = html.unescape(page(client, days).content.decode())
        assert not re.search("olive|secret", whole)


def test_it_costs_few_queries(client: Client, django_assert_max_num_queries):
    for number in range(6):
        rename("birch-trust" if not number else f"birch-{number - 1}", f"Birch {number}", number)
        rewrite(number, version=f"V{number}")
    saved(protocol(), a_party("9001", "Cedar Charity", position=7), at=days_on(7))
    assert Party.objects.filter(protocol="9001").count() == 3
    with django_assert_max_num_queries(16):
        page(client, 7)
