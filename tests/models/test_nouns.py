"""How each thing is called in lists and messages, and in which order things come."""

from __future__ import annotations

import datetime
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from registers.models import (
    Abbreviation,
    Approver,
    Change,
    Document,
    ImportJob,
    ImportLine,
    ImportMapping,
    ImportName,
    ImportSteps,
    Name,
    News,
    Option,
    Organisation,
    Overarching,
    Party,
    Protocol,
    ProtocolAltered,
    Resource,
    Slug,
    Succession,
    SynonymSet,
    Theme,
)
from registers.models.keys import key_of
from registers.models.review_dates import ReviewStatus
from tests.models.making import NOW, a_party, make_cast

CALLED = {
    "protocol": (Protocol(reference="0012", title="Growth"), "0012 - Growth"),
    "theme": (Theme(name="Housing"), "Housing"),
    "organisation": (Organisation(name="Birch Trust"), "Birch Trust"),
    "address": (Slug(text="birch-trust"), "birch-trust"),
    "successor": (
        Succession(organisation=Organisation(name="Birch"), successor=Organisation(name="Elm")),
        "Birch became part of Elm",
    ),
    "party": (Party(protocol_id="0012", organisation=Organisation(name="Elm")), "Elm in 0012"),
    "import": (ImportJob(name="live.xlsx"), "live.xlsx"),
    "mapping": (ImportMapping(name="Monthly list"), "Monthly list"),
    "steps of an import": (ImportSteps(job_id=3), "Steps of 3"),
    "row of an import": (ImportLine(sheet="Live", row=12), "Live 12"),
    "name in an import": (ImportName(written="Birch"), "Birch"),
    "overarching": (
        Overarching(protocol_id="0012", overarching_id="0013"),
        "0012 comes under 0013",
    ),
    "approver": (Approver(job_title="Caldicott Guardian"), "Caldicott Guardian"),
    "change": (Change(what="Title changed."), "Title changed."),
    "altered": (ProtocolAltered(protocol_id="0012", made_at=NOW), f"0012 altered at {NOW}"),
    "abbreviation": (Abbreviation(short="FGM", meaning="x"), "FGM: x"),
    "option": (Option(options="people", words="Anglers"), "Categories of people: Anglers"),
    "set of synonyms": (SynonymSet(words="owl\nbird"), "owl, bird"),
    "news": (News(title="A new template"), "A new template"),
    "document": (Document(title="Signed"), "Signed"),
    "resource": (Resource(title="Review template"), "Review template"),
}


@pytest.mark.parametrize(("thing", "words"), CALLED.values(), ids=CALLED)
def test_each_thing_is_called_by_its_words(thing, words):
    assert str(thing) == words


@pytest.mark.django_db
def test_a_name_is_called_by_its_text():
    make_cast()
    assert [str(name) for name in Organisation.objects.named("birch trust").get().names.all()] == [
        "Birch Trust"
    ]


@pytest.mark.parametrize(
    ("file", "kind"),
    [("2026/11/signed.pdf", "PDF"), ("a.b/list.XLSX", "XLSX"), ("a.b/list", ""), ("", "")],
)
def test_a_paper_says_what_kind_of_file_it_is(file, kind):
    assert Document(file=file).kind == kind


@pytest.mark.parametrize(
    ("text", "initial"), [("provide", "P"), ("15billion", "1"), ("École", "É"), ("‘Elm’", "'")]
)
def test_a_name_stands_under_its_first_letter(text, initial):
    assert Name(text=text, key=key_of(text)).initial == initial


@pytest.mark.both_databases
@pytest.mark.django_db
def test_news_without_a_day_comes_after_the_newest():
    for slug, day in (("old", "2024-01-01"), ("undated", None), ("new", "2026-01-01")):
        published_on = day and datetime.date.fromisoformat(day)
        News.objects.create(title=slug, slug=slug, published_on=published_on)
    ours = News.objects.filter(slug__in=["old", "undated", "new"])
    assert [item.slug for item in ours] == ["new", "old", "undated"]


@pytest.mark.both_databases
@pytest.mark.django_db
def test_parties_come_in_the_order_that_was_published():
    make_cast()
    a_party("9002", "Cedar Charity", position=2).save()
    a_party("9002", "Birch Trust", position=1).save()
    a_party("9002", "Ashdown Council", position=2).save()
    parties = Protocol.objects.get(reference="9002").parties.all()
    assert [party.organisation.name for party in parties] == [
        "Birch Trust",
        "Cedar Charity",
        "Ashdown Council",
    ]


@pytest.mark.both_databases
@pytest.mark.django_db
def test_changes_come_newest_first():
    moments = [datetime.datetime(2030, month, 1, tzinfo=datetime.UTC) for month in (2, 1, 3, 3)]
    for number, moment in enumerate(moments):
        Change.objects.create(made_at=moment, what=f"{number}")
    ours = Change.objects.filter(made_at__year=2030)
    assert [change.what for change in ours] == ["3", "2", "0", "1"]


def test_a_protocol_is_a_draft_until_somebody_publishes_it():
    assert Protocol(reference="0012").status == Protocol.Status.DRAFT
    assert ReviewStatus.OVERDUE.label == "Overdue"


@pytest.mark.django_db
def test_what_was_recorded_of_pages_before_they_had_drafts_was_published(real_register):
    item = News.objects.first()
    change = Change.objects.about(News, item.pk).first()
    for name in ("status", "published_on"):
        change.snapshot["fields"].pop(name)
    change.save()
    migration = import_module("registers.migrations.0022_news_and_resource_drafts")
    migration.add_to_snapshots(apps, SimpleNamespace(connection=connection))
    change.refresh_from_db()
    assert change.snapshot["fields"]["status"] == "published"
    assert change.snapshot["fields"]["title"] == item.title


@pytest.mark.both_databases
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("model", "fields"),
    [
        (News, {"status": "draft"}),
        (Resource, {"status": "draft"}),
        (Resource, {"published_on": datetime.date.max}),
    ],
    ids=str,
)
def test_migrating_back_makes_no_draft_public(model, fields):
    migration = import_module("registers.migrations.0022_news_and_resource_drafts")
    shown = model.objects.create(title="Shown", slug="shown", published_on=datetime.date.min)
    here = SimpleNamespace(connection=connection)
    migration.refuse_what_would_be_public(apps, here)
    model.objects.filter(pk=shown.pk).update(title="A slip", **fields)
    with pytest.raises(RuntimeError, match="A slip"):
        migration.refuse_what_would_be_public(apps, here)
