"""Many changes at once are what as many changes one by one would be."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.management.color import no_style
from django.db import DatabaseError, connection, transaction

from registers.changes import locking
from registers.changes.bulk_import import (
    Incoming,
    IncomingOrganisation,
    Part,
    import_organisations,
    import_protocols,
)
from registers.changes.record import record_change
from registers.changes.transaction import update_search_and_version
from registers.changes.writes import remove, save
from registers.history.snapshot import snapshot_of
from registers.models import (
    Change,
    Gap,
    Name,
    Organisation,
    Party,
    Protocol,
    RegisterVersion,
    Theme,
)
from registers.search import search_writer
from tests import makers
from tests.lengths import times
from tests.models.making import NOW, shared_by_a_module

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db]

LATER = datetime.datetime(2027, 1, 31, 12, 0, tzinfo=datetime.UTC)
DAY = datetime.date(2026, 3, 5)
TEXTS = ("title", "version", "purpose", "summary", "lawful_basis", "review_note", "admin_note")


@pytest.fixture(scope="module", autouse=True)
def cast(django_db_setup, django_db_blocker) -> Iterator[None]:
    with shared_by_a_module(django_db_blocker):
        makers.make_rich_register(seed=6, number=40)
        _first_states(Random(6))
        yield


@pytest.fixture(params=[locking.BATCH, 7], ids=["many", "few"])
def batch(request, monkeypatch) -> None:
    monkeypatch.setattr(locking, "BATCH", request.param)
    monkeypatch.setattr(search_writer, "BATCH", request.param)


def _first_states(random: Random) -> None:
    """Let some have a change with a record, some one without, and some none; some have signed."""
    for protocol in Protocol.objects.filter(pk__gte="9010"):
        recorded = random.choice((None, "no", "yes"))
        if recorded and protocol.status != "draft":
            Change.objects.create(
                protocol=protocol,
                subject_type="protocol",
                subject_key=protocol.pk,
                public=True,
                made_at=NOW,
                what="Before.",
                snapshot=snapshot_of(protocol) if recorded == "yes" else None,
            )
    for party in Party.objects.all():
        if random.random() < 0.3:
            party.signed_on = DAY
            party.save()


# The slow way ------------------------------------------------------------------------------


def one_by_one(incoming: list[Incoming], *, published_before: bool = False, **how: Any) -> None:
    with update_search_and_version() as touched:
        # At once, whatever is named is read again, also where nothing of it changes.
        touched.protocols.update(each.reference for each in incoming)
        for each in incoming:
            protocol = (
                Protocol(reference=each.reference)
                if each.new
                else Protocol.objects.get(pk=each.reference)
            )
            with record_change(protocol, published_before=each.new and published_before, **how):
                for name, value in each.values.items():
                    setattr(protocol, name, value)
                if each.new or each.values:
                    save(protocol)
                if each.parts is not None:
                    _parts_one_by_one(protocol, each.parts)


def _who_stays(stored: list[Party], parts: list[Part]) -> dict[int, Party]:
    stay: dict[int, Party] = {}
    for in_its_role in (True, False):
        for place, part in enumerate(parts):
            for party in stored:
                fits = party.organisation_id == part.organisation
                fits = fits and (party.role == part.role or not in_its_role)
                if fits and place not in stay and party not in stay.values():
                    stay[place] = party
    return stay


def _parts_one_by_one(protocol: Protocol, parts: list[Part]) -> None:
    stored = list(protocol.parties.all())
    stay = _who_stays(stored, parts)
    for party in stored:
        if party not in stay.values():
            remove(party)
    for lead_last in ("partner", "lead"):
        for place, part in enumerate(parts):
            if place in stay and part.role == lead_last:
                party = stay[place]
                was = (party.role, party.note, party.position)
                party.role, party.note, party.position = part.role, part.note, place
                if was != (part.role, part.note, place):
                    save(party)
    for place, part in enumerate(parts):
        if place not in stay:
            save(
                Party(
                    protocol=protocol,
                    organisation_id=part.organisation,
                    role=part.role,
                    note=part.note,
                    name_as_published=part.written,
                    position=place,
                )
            )


def at_once(incoming: list[Incoming], **how: Any) -> None:
    with update_search_and_version():
        done = list(import_protocols(incoming, journal=[], **how))
    assert done == sorted(done)
    assert (done or [0])[-1] == len(incoming)


def organisations_one_by_one(incoming: list[IncomingOrganisation], **how: Any) -> list[int]:
    keys = []
    with update_search_and_version():
        for each in incoming:
            organisation = (
                Organisation(name=each.name, kind=each.kind)
                if each.stored is None
                else Organisation.objects.get(pk=each.stored)
            )
            with record_change(organisation, **how):
                if each.stored is None:
                    save(organisation)
                for text, kind in each.names:
                    save(Name(organisation=organisation, text=text, kind=kind))
            keys.append(organisation.pk)
    return keys


def organisations_at_once(incoming: list[IncomingOrganisation], **how: Any) -> list[int]:
    with update_search_and_version():
        return [key for keys in import_organisations(incoming, journal=[], **how) for key in keys]


# What is compared --------------------------------------------------------------------------


def everything() -> dict[str, Any]:
    """Every row of the register and of its search."""
    models = apps.get_app_config("registers").get_models()
    tables = {m._meta.db_table: list(m._base_manager.order_by("pk").values()) for m in models}
    for rows in tables.values():
        for row in rows:
            row.pop("token", None)
    with connection.cursor() as cursor:
        for table in ("search_protocols", "search_organisations"):
            key = "rowid" if connection.vendor == "sqlite" else "id"
            cursor.execute(f"SELECT {key}, {table}.* FROM {table} ORDER BY {key}")
            tables[table] = cursor.fetchall()
    return tables


def outcome(do: Callable[[], object]) -> dict[str, Any]:
    """What there is after `do`, which is then taken back."""
    models = [m for m in apps.get_app_config("registers").get_models() if m._meta.auto_field]
    with connection.cursor() as cursor:
        # PostgreSQL does not take numbers back.
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)
    with transaction.atomic():
        said = do()
        found = everything() | {"said": said}
        transaction.set_rollback(True)
    return found


def same(slow: Callable[[], object], quick: Callable[[], object]) -> dict[str, Any]:
    first, second = outcome(slow), outcome(quick)
    for name in first:
        assert second[name] == first[name], name
    return second


# Protocols ---------------------------------------------------------------------------------


def some_of_all(random: Random) -> list[Incoming]:
    """New ones, changed ones, drafts, withdrawn ones and some that come as they are."""
    theme = Theme.objects.get(name="Cobra").pk
    organisations = list(Organisation.objects.order_by("name")[:20])
    stored = list(Protocol.objects.filter(pk__gte="9000").order_by("pk"))
    incoming = []
    for protocol in random.sample(stored, 30):
        values: dict[str, Any] = {
            name: random.choice(("", "Other words", "It's 50% more"))
            for name in random.sample(TEXTS[1:], random.randint(0, 3))
        }
        if random.random() < 0.2:
            values |= {"theme_id": theme, "review_date": datetime.date(2027, 5, 1)}
        if random.random() < 0.1:
            values |= {"published_on": DAY, "parties_complete": True}
        chance = random.random()
        parts = None if chance < 0.3 else _parts_of(random, protocol, organisations)
        incoming.append(Incoming(protocol.pk, new=False, values=values, parts=parts))
    for number in range(8):
        values = {"title": f"New {number}", "theme_id": theme, "status": "published"}
        values |= random.choice(({}, {"published_on": DAY}, {"published_on": DAY, "purpose": "x"}))
        parts = [] if number % 3 else _parts_of(random, None, organisations)
        incoming.append(Incoming(f"97{number:02}", new=True, values=values, parts=parts))
    random.shuffle(incoming)
    return incoming


def _parts_of(
    random: Random, protocol: Protocol | None, organisations: list[Organisation]
) -> list[Part]:
    """Those that are there, some with another role, note or place, some gone, and others."""
    there = [
        Part(party.organisation_id, party.role, "Not read", party.note)
        for party in (protocol.parties.all() if protocol else ())
        if random.random() < 0.8
    ]
    pairs = {(part.organisation, part.role): part for part in there}
    for organisation in random.sample(organisations, random.randint(0, 3)):
        role = random.choice(("lead", "partner"))
        note = random.choice(("", "Temps"))
        pairs[organisation.pk, role] = Part(organisation.pk, role, organisation.name[:9], note)
    parts = list(pairs.values())
    if random.random() < 0.3:
        random.shuffle(parts)
    leads = [part for part in parts if part.role == "lead"]
    return leads[:1] + [part for part in parts if part.role == "partner"]


@pytest.mark.usefixtures("batch")
@pytest.mark.has_long_form
@pytest.mark.parametrize("seed", range(times(2, long=6)))
def test_protocols_at_once_are_as_one_by_one(seed, officer):
    incoming = some_of_all(Random(seed))
    how = {"at": LATER, "by": officer, "why": "From a file.", "published_before": seed % 2 == 0}
    found = same(lambda: one_by_one(incoming, **how), lambda: at_once(incoming, **how))
    made = [row for row in found["registers_change"] if row["made_at"] == LATER]
    assert 15 < len([row for row in made if row["public"]]) < len(incoming)
    # Nobody is named where a row's state before its first change was not recorded.
    assert {row["by_id"] for row in made if row["kind"] != "baseline"} == {officer.pk}


def test_two_that_take_each_other_s_role_keep_what_only_they_have():
    (protocol, *_) = Protocol.public.filter(parties__role="lead").filter(parties__role="partner")
    lead, *others = protocol.parts.lead, *protocol.partners
    parts = [
        Part(others[0].organisation_id, "lead", "Not read", others[0].note),
        Part(lead.organisation_id, "partner", "Not read", "Temps"),
    ]
    incoming = [Incoming(protocol.pk, False, {}, parts)]
    found = same(lambda: one_by_one(incoming, at=LATER), lambda: at_once(incoming, at=LATER))
    now = [row for row in found["registers_party"] if row["protocol_id"] == protocol.pk]
    assert {(row["id"], row["role"]) for row in now} == {
        (others[0].pk, "lead"),
        (lead.pk, "partner"),
    }


def test_who_saved_need_not_be_known():
    incoming = some_of_all(Random(1))
    how = {"at": LATER}
    same(lambda: one_by_one(incoming, **how), lambda: at_once(incoming, **how))


# Organisations ------------------------------------------------------------------------------


def organisations_of_all() -> list[IncomingOrganisation]:
    """Names that lead to one address, to none, or to one that is taken; and further names."""
    there = Organisation.objects.order_by("pk")
    return [
        IncomingOrganisation("Quince Council"),
        IncomingOrganisation("Quince, Council", kind="group"),
        IncomingOrganisation("Ashdown  (Council)"),
        IncomingOrganisation("Совет", names=[("Quince Council 2", "alias")]),
        IncomingOrganisation("委員会", names=[("QC", "acronym"), ("Quinces", "misspelling")]),
        IncomingOrganisation(stored=there[0].pk, names=[("Aschdown", "misspelling")]),
        IncomingOrganisation("Quince Council!"),
        IncomingOrganisation(stored=there[1].pk, names=[("组", "alias"), ("Birches", "former")]),
        IncomingOrganisation("Q" * 250),
        IncomingOrganisation("Q" * 251),
        *(IncomingOrganisation(f"Quince no {number}") for number in range(8)),
    ]


@pytest.mark.usefixtures("batch")
def test_organisations_at_once_are_as_one_by_one(officer):
    incoming, how = organisations_of_all(), {"at": LATER, "by": officer, "why": "From a file."}
    found = same(
        lambda: sorted(organisations_one_by_one(incoming, **how)),
        lambda: sorted(organisations_at_once(incoming, **how)),
    )
    made = [row for row in found["registers_change"] if row["made_at"] == LATER]
    assert len([row for row in made if row["public"]]) == len(incoming)
    slugs = {row["text"] for row in found["registers_slug"]}
    assert {"quince-council", "quince-council-2", "organisation", "organisation-2"} <= slugs


# What is refused ---------------------------------------------------------------------------


FIELDS = {"title": "New", "status": "published"}
REFUSED = {
    "a day to come": (
        {"published_on": datetime.date(2027, 2, 1)},
        "This date must be today or in the past",
    ),
    "too long": ({"title": "x" * 301}, "at most 300 characters"),
    "an e-mail address": ({"parts": "jo@example.org"}, "Remove the e-mail address"),
    "a number that is told of": ({"reference": "98765"}, "098765 as"),
}


@pytest.mark.parametrize(("given", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused_leaves_nothing(given, said):
    Gap.objects.create(reference="098765", fate="never")
    before = everything()
    organisation = Organisation.objects.order_by("pk")[0].pk
    values = FIELDS | given | {"theme_id": Theme.objects.get(name="Cobra").pk}
    note = values.pop("parts", "")
    new = Incoming(
        values.pop("reference", "9799"), True, values, [Part(organisation, "lead", "x", note)]
    )
    changed = Incoming("9010", False, {"title": "Other"})
    with pytest.raises(ValidationError) as refusal:
        at_once([changed, new], at=LATER)
    assert said in " ".join(refusal.value.messages)
    assert everything() == before


@pytest.mark.parametrize("name", ["", " ", "ﷺ" * 200])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(ValidationError):
        organisations_at_once([IncomingOrganisation(name)], at=LATER)
    assert not Change.objects.filter(made_at=LATER).exists()


@pytest.mark.parametrize("reference", ["9010", "09010"])
def test_what_the_database_refuses_leaves_nothing(reference):
    before = everything()
    values = FIELDS | {"theme_id": Theme.objects.get(name="Cobra").pk}
    incoming = [Incoming("9011", False, {"title": "Other"}), Incoming(reference, True, values)]
    with pytest.raises(DatabaseError), transaction.atomic():
        at_once(incoming, at=LATER)
    assert everything() == before


def test_nothing_is_saved_of_nothing():
    version = RegisterVersion.now().number
    at_once([], at=LATER)
    assert RegisterVersion.now().number == version + 1


def test_the_queries_do_not_grow_with_the_number(django_assert_max_num_queries):
    references = list(Protocol.public.filter(pk__gte="9000").values_list("pk", flat=True))
    incoming = [Incoming(each, False, {"purpose": "Other"}, []) for each in references]
    assert len(incoming) > 30
    with django_assert_max_num_queries(60):
        at_once(incoming, at=LATER)
