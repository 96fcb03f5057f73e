"""The demonstration shows every feature of the public pages."""

from __future__ import annotations

import datetime
import html
import io
import re
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import models
from django.db.models import Count
from django.template.defaultfilters import filesizeformat
from django.test import Client
from django.utils import timezone

from demo.links import Later, memberships_of_parts
from demo.seed import New
from registers.models import (
    Approver,
    Change,
    Document,
    Membership,
    Name,
    News,
    Organisation,
    Overarching,
    Party,
    Protocol,
    Resource,
    Review,
    Slug,
    Succession,
    TakenOn,
    Theme,
)
from registers.search.index import current_index
from registers.search.splits import find_splits
from tests.conftest import TODAY
from tests.public.pages import facts, found, links, text

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demonstration")]


def protocol_with(**fields: object) -> Protocol:
    return Protocol.public.filter(**fields)[0]


@pytest.mark.parametrize(
    ("what", "fields", "shown"),
    [
        ("signed parties", {"parties__signed_on__isnull": False}, " approved "),
        ("documents", {"documents__isnull": False}, "PDF"),
        ("overarching", {"comes_under__isnull": False}, "Comes under 00"),
        ("covering", {"covers__isnull": False}, "Covers 00"),
        ("withdrawn", {"status": "withdrawn"}, "No. Withdrawn on"),
        ("superseded", {"replaced_by__isnull": False}, "Replaced by 0"),
        ("replacing", {"replaces__isnull": False}, "Replaces 0"),
        ("a chain", {"replaces__isnull": False, "replaced_by__isnull": False}, "Replaced by 0"),
        ("incomplete", {"parties_complete": False}, "and others take part"),
        ("no lawful basis", {"lawful_basis": ""}, "lawful basis, "),
        ("updated", {"updated_on__isnull": False}, "Updated"),
        (
            "confirmed",
            {"reviews__outcome": "unchanged", "status": "published"},
            "recorded by the partnership",
        ),
        ("changing", {"reviews__outcome": "changing"}, "changes are coming"),
        ("ended", {"reviews__outcome": "ended"}, "Reviews"),
        ("not known when", {"published_on": None}, "day of publication, "),
    ],
)
def test_a_protocol_shows(client: Client, today, what, fields, shown):
    page = client.get(protocol_with(**fields).get_absolute_url())
    assert page.status_code == 200
    assert shown in text(page)


def test_some_have_no_lead_a_note_another_name_or_no_name():
    leads = Party.objects.filter(role="lead").values("protocol")
    assert Protocol.public.exclude(pk__in=leads).exists()
    assert Party.objects.exclude(note="").exists()
    assert Party.objects.filter(name_as_published="").exists()
    named = Party.objects.exclude(name_as_published="")
    assert named.exclude(name_as_published=models.F("organisation__name")).exists()


def test_one_protocol_has_everything(client: Client, today):
    several = Protocol.public.annotate(papers=Count("documents", distinct=True))
    page = client.get(several.filter(papers=4, comes_under__isnull=False)[0].get_absolute_url())
    shown = facts(page)
    assert {"Information shared", "Comes under"} <= shown.keys()
    assert shown["About whom?"] != "Not recorded"
    assert ", version V" in text(page)
    for what in ("version", "information shared", "when each", "documents", "reviews"):
        assert what not in shown["missing"]


# Codes that the page has words for, what is worked out from or composed of the rest, what a file is
# saved as, and the time of the last change, which stands on the page of changes.
NOT_IN_THESE_WORDS = {
    *("status", "review_status", "role", "file_name", "modified"),
    *("legal_role", "flow", "party_roles", "has_ended", "does_not_apply"),
    "lawful_basis",
}


def facts_of_json(value: object, key: str = "") -> Iterator[tuple[str, str]]:
    """Give each value of a record in the words of a page, after its key."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from facts_of_json(each, name)
    elif isinstance(value, list):
        for each in value:
            yield from facts_of_json(each, key)
    elif value is not None and key not in NOT_IN_THESE_WORDS:
        yield key, in_words(value, key)


def in_words(value: object, key: str) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if key == "bytes":
        return filesizeformat(value).replace("\xa0", " ")
    if key == "outcome":
        return Review.Outcome(value).label.lower()
    written = " ".join(str(value).split())
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}", written):
        return f"{datetime.date.fromisoformat(f'{written}-01'):%B %Y}"
    if re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T|$)", written):
        return f"{datetime.date.fromisoformat(written[:10]):%-d %B %Y}"
    return written.partition("://localhost:8000")[2] if key == "url" else written


@pytest.mark.parametrize(
    "fields",
    [
        {"documents__isnull": False, "comes_under__isnull": False},
        {"replaced_by__isnull": False, "replaces__isnull": False},
        {"covers__isnull": False, "parties_complete": False},
        {"taken_on__isnull": False},
        {"reviews__outcome": "ended"},
        {"parties__note__gt": ""},
    ],
    ids=str,
)
def test_every_fact_of_the_json_is_on_the_page(client: Client, today, fields):
    address = protocol_with(**fields).get_absolute_url()
    page = client.get(address)
    whole = " ".join(html.unescape(page.content.decode().replace("<br>", " ")).split())
    record = client.get(f"{address.removesuffix('/')}.json").json()
    month, due = record.pop("review_date"), protocol_with(pk=record["reference"]).review_due_on
    assert month is None or f"{due:%-d %B %Y}" in whole or in_words(month, "") in whole
    for key, words in facts_of_json(record):
        assert words in whole, key


def test_every_kind_of_thing_is_there():
    assert set(Name.objects.values_list("kind", flat=True)) == set(Name.Kind.values)
    assert set(Organisation.objects.values_list("kind", flat=True)) == {"body", "group"}
    complete = Protocol.objects.values_list("parties_complete", flat=True)
    assert set(complete) == {True, False, None}
    assert Protocol.objects.filter(status="draft").count() == 1
    assert Overarching.objects.exists()
    assert Theme.objects.count() == 12


@pytest.mark.parametrize("status", ["overdue", "due-soon", "in-date", "none"])
def test_every_review_status_is_there(client: Client, today, status):
    assert found(client.get("/", {"review": status})) > 0


def test_changes_have_days_and_reasons(client: Client, today):
    changed = Protocol.public.annotate(number=Count("changes")).order_by("-number")[0]
    words = text(client.get(f"{changed.get_absolute_url()}changes/"))
    assert changed.changes.count() > 5
    assert words.count("Why:") == changed.changes.count()
    assert "Added to this register. Why: It was made up for this demonstration." in words
    assert Change.objects.filter(what__contains="Status changed from Published to").exists()


def test_documents_and_resources_can_be_downloaded(client: Client):
    addresses = [document.get_absolute_url() for document in Document.objects.all()]
    here = Resource.objects.exclude(file="")
    addresses += [f"{resource.get_absolute_url()}download/" for resource in here]
    assert len(addresses) > 10
    for address in addresses:
        content = client.get(address).getvalue()
        assert content.startswith(b"%PDF-1.4\n")
        assert content.endswith(b"%%EOF\n")
        assert b"This is a demonstration." in content
        start = int(re.search(rb"startxref\n(\d+)", content)[1])
        assert content[start:].startswith(b"xref\n")
    assert Resource.objects.filter(file="").exists()


def test_an_organisation_became_another(client: Client):
    succession = Succession.objects.exclude(source="")[0]
    page = client.get(succession.organisation.get_absolute_url())
    assert succession.successor.name in text(page)
    assert "Took the place of" in text(client.get(succession.successor.get_absolute_url()))


def test_groups_have_members_and_a_rule():
    groups = Organisation.objects.filter(kind="group")
    assert all(group.members.exists() and group.group_rule for group in groups)
    rows = Membership.objects.select_related("group", "member")
    assert all(kind_fits(row) for row in rows)


def kind_fits(row: Membership) -> bool:
    """Whether a school is in the group of schools, and a surgery in that of surgeries."""
    school = any(word in row.member.name for word in ("School", "Academy", "Nursery", "College"))
    return school == ("Schools" in row.group.name) or "Trust" in row.member.name


def test_one_body_was_split_and_partly_decided_and_one_is_to_be(client: Client, today):
    index = current_index()
    past, to_come = [], []
    for split in find_splits(index, TODAY):
        (past if split.is_past(TODAY) else to_come).append(split)
    assert to_come
    assert any(0 < split.count < split.protocols.sum() for split in past)
    assert TakenOn.objects.exists()


def test_new_bodies_belong_to_the_groups_of_what_was_split():
    row = Succession.objects.filter(successor__name__startswith="North ")[0]
    day, before = row.happened_on, row.happened_on - datetime.timedelta(1)
    later = Later(
        new=[New(subject=row.successor, at=timezone.now())],
        successions=[New(subject=row, at=timezone.now())],
    )
    open_, ends, ended, begins = (
        Organisation.objects.create(name=name, slug=name, kind="group") for name in "abcd"
    )
    for group, days in [
        (open_, {}),
        (ends, {"from_day": before, "to_day": day}),
        (ended, {"to_day": before}),
        (begins, {"from_day": day}),
    ]:
        Membership.objects.create(group=group, member=row.organisation, **days)
    found = [each.subject for each in memberships_of_parts(later, timezone.now())]
    assert {each.member for each in found} == {row.successor}
    wanted = {(open_, day, None), (ends, day, day)}
    assert {(each.group, each.from_day, each.to_day) for each in found} == wanted


def test_every_name_of_an_organisation_leads_to_it(client: Client):
    for name in Name.objects.exclude(kind="official")[:5]:
        slug = Slug.objects.filter(organisation=name.organisation).exclude(
            text=name.organisation.slug
        )[0]
        page = client.get(f"/organisations/{slug.text}/", follow=True)
        assert name.organisation.name in text(page)


def test_news_is_new_and_old_and_of_no_known_day(client: Client, today):
    words = text(client.get("/news/"))
    assert words.count("Date:") == News.objects.count() == 7
    assert "Date: 20 November 2026" in words
    assert "Date: Not recorded" in words


def test_every_page_of_the_demonstration_answers(client: Client, today):
    first = Organisation.objects.get(slug="exampleshire-county-council")
    second = Organisation.objects.get(slug="exampleshire-police")
    everything = [*Theme.objects.all(), *Organisation.objects.all()[::5]]
    everything += Protocol.public.all()[::9]
    everything += [*News.objects.all(), *Resource.objects.all()]
    addresses = ["/", "/themes/", "/organisations/", "/approvers/", "/news/", "/resources/"]
    addresses += ["/reviews/", f"/reviews/?organisation={first.slug}"]
    addresses += [f"/organisations/{first.slug}/with/{second.slug}/", "/protocols.json"]
    addresses += [thing.get_absolute_url() for thing in everything]
    assert {client.get(address).status_code for address in addresses} == {200}
    assert Approver.objects.exists()
    assert ("/themes/safer-communities/", "Safer Communities") in links(client.get("/themes/"))


def test_some_are_owed_a_reminder_and_some_cannot_have_one():
    said = io.StringIO()
    call_command("send_review_reminders", on=f"{TODAY}", dry_run=True, stdout=said)
    assert "Would be sent to Exampleshire County Council: " in said.getvalue()
    assert "No contact is recorded for " in said.getvalue()
