"""What django-simple-history knew becomes changes, and nothing of it is lost."""

from __future__ import annotations

import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

import registers
from registers.history.as_of import names_as_of
from registers.models import Change, Gap, Organisation, Protocol, Theme, UsedReference
from registers.models.references import reference_key
from tests.admin.test_history import words
from tests.admin.typing_in import address

pytestmark = [
    pytest.mark.both_databases,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("real_register"),
]

MIGRATIONS = Path(registers.__file__).parent / "migrations"
OLD, SNAPSHOTS = "0010_words", "0011_snapshots"
NEWEST = max(path.stem for path in MIGRATIONS.glob("0*.py"))
AT = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)
GONE = 9_999  # the key of an organisation that was merged


def migrate(name: str) -> Any:
    """Migrate to a migration, and return the models as they are then."""
    executor = MigrationExecutor(connection)
    executor.migrate([("registers", name)])
    return MigrationExecutor(connection).loader.project_state([("registers", name)]).apps


@pytest.fixture
def old(settings, tmp_path) -> Any:
    """The register as the version before left it; and the newest one at the end."""
    settings.MEDIA_ROOT = tmp_path
    yield migrate(OLD)
    migrate(NEWEST)


def hours(number: float) -> datetime.datetime:
    return AT + datetime.timedelta(hours=number)


def row(old, thing, kind: str, at: datetime.datetime, by: User | None = None) -> None:
    """Write the history's row about a thing of the version before."""
    history = old.get_model("registers", f"Historical{type(thing).__name__}")
    known = {field.attname for field in history._meta.concrete_fields}
    values = {
        field.attname: getattr(thing, field.attname)
        for field in thing._meta.concrete_fields
        if field.attname in known
    }
    moment = at + datetime.timedelta(milliseconds=50)
    about = {"history_type": kind, "history_date": moment, "history_user_id": by and by.pk}
    history.objects.create(**values, **about)


def edited(old, model: str, key: Any, at: datetime.datetime, by: User | None, **fields) -> Any:
    """Save other values of a stored thing, with the row of the history."""
    thing = old.get_model("registers", model).objects.get(pk=key)
    for name, value in fields.items():
        setattr(thing, name, value)
    thing.save()
    row(old, thing, "~", at, by)
    return thing


def record(thing, **parts) -> dict[str, Any]:
    """The snapshot as the version before kept it, without what only editors read."""
    fields = {}
    for field in thing._meta.concrete_fields:
        value = getattr(thing, field.attname)
        if field.is_relation and value is not None:
            value = {"key": value, "says": "As it was called", "slug": "as-it-was-called"}
        if field.name not in {"admin_note", "key"}:
            fields[field.name] = value.isoformat() if hasattr(value, "isoformat") else value
    return {"fields": fields, "parts": parts}


def told(old, what: str, at: datetime.datetime, record=None, **subject) -> None:
    """Write an official change as the version before did."""
    changes = old.get_model("registers", "Change").objects
    changes.create(what=what, made_at=at, record=record, **subject)


@pytest.fixture
def of_old(old, officer) -> Any:
    """Official changes, and saves that only the history knows."""
    parties = old.get_model("registers", "Change").objects.get(protocol="0046").record["parts"]
    parts = {name: parties[name] for name in ("parties", "overarching", "documents")}
    protocol = edited(old, "Protocol", "0046", hours(1), officer, title="Flood alerts")
    told(old, "Title changed from A to B.", hours(1), record(protocol, **parts), protocol=protocol)
    edited(old, "Protocol", "0046", hours(2), officer, admin_note="Ask Provide.")
    # Nothing else was ever saved of this one since it was added.
    edited(old, "Protocol", "0053", hours(2), officer, admin_note="Ask Kent.")
    draft = old.get_model("registers", "Protocol")(
        reference="9001", title="A draft", theme_id=protocol.theme_id
    )
    row(old, draft, "+", hours(3), officer)
    draft.title = "Another title"
    row(old, draft, "~", hours(4))
    row(old, draft, "-", hours(5), officer)
    organisation = old.get_model("registers", "Organisation").objects.get(name="Medway Council")
    contact = old.get_model("registers", "Contact")(
        organisation=organisation, email="ig@example.org"
    )
    contact.save()
    row(old, contact, "+", hours(6), officer)
    theme = old.get_model("registers", "Theme").objects.order_by("pk")[0]
    name = theme.name
    theme = edited(old, "Theme", theme.pk, hours(7), officer, name="Homes", position=90)
    what = f"Theme 'Homes': Name changed from {name} to Homes."
    told(old, what, hours(7), record(theme))
    gone = old.get_model("registers", "Organisation")(pk=GONE, name="Department", slug="dept")
    row(old, gone, "+", hours(8))
    # A name that moved with the merge: what was saved before it was another organisation's.
    name = old.get_model("registers", "Name").objects.create(
        organisation=organisation, text="Dept", key="dept", kind="alias"
    )
    name.organisation_id = GONE
    row(old, name, "+", hours(8.5), officer)
    name.organisation_id = organisation.pk
    row(old, name, "~", hours(9), officer)
    told(old, "Added to this register.", hours(8), record(gone), organisation=organisation)
    row(old, gone, "-", hours(9), officer)
    # As of a register that was loaded as a whole: no row says what they were called before.
    kent = old.get_model("registers", "Organisation").objects.get(name="Kent County Council")
    for each, name in ((organisation, "Medway"), (kent, "Kent")):
        what = f"Official name changed from {each.name} to {name}."
        each.name = name
        each.save()
        changes = old.get_model("registers", "Change").objects.filter(organisation=each)
        changes.exclude(made_at=hours(8)).update(record=None)
        told(old, what, hours(10), record(each), organisation=each)
    old.get_model("registers", "Change").objects.filter(protocol="0042").update(record=None)
    told(old, "Purpose recorded: X.", hours(1), protocol_id="0042")
    return old


class StopError(Exception):
    """The migration is stopped."""


def test_nothing_of_an_older_version_is_lost(of_old, officers_door, officer, client, settings):
    """All in one test: to migrate there and back takes seconds."""
    papers_get_their_names_and_sizes(of_old, settings.MEDIA_ROOT)
    references = ("0000", "00100", "99999", "12345678", "00000009")
    theme = of_old.get_model("registers", "Theme").objects.all()[0].pk
    for reference in references:
        of_old.get_model("registers", "Protocol").objects.create(
            reference=reference, title="T", theme_id=theme
        )
    of_old.get_model("registers", "Gap").objects.create(reference="0013", fate="never")
    known = official(of_old.get_model("registers", "Change").objects)
    a_move_that_is_stopped_leaves_nothing()
    migrate(NEWEST)
    each_reference_has_its_key(references)
    assert official(Change.objects.public()) == known
    of_a_protocol(officers_door)
    a_note_for_administrators_is_a_change_of_its_own(officers_door, officer)
    a_deleted_draft_keeps_its_saves_and_its_number(officers_door)
    a_contact_is_in_the_audit_log_alone(officers_door, client)
    a_theme_can_be_put_back(officers_door)
    what_was_merged_keeps_its_own_state(officers_door)
    a_name_that_only_words_know_is_known_as_of_a_day()
    changes_without_a_snapshot_keep_their_words(client)


def official(changes) -> list[tuple[Any, ...]]:
    columns = ("pk", "made_at", "what", "why", "by", "protocol", "organisation")
    return list(changes.order_by("pk").values_list(*columns))


def of_a_protocol(officers_door):
    assert {(c.subject_type, c.subject_key) for c in Change.objects.filter(protocol="0046")} == {
        ("protocol", "0046")
    }
    page = words(officers_door.get(address("protocol", "history", "0046")))
    assert "Flood alerts" in page
    assert "Ask Provide." not in page


def a_note_for_administrators_is_a_change_of_its_own(officers_door, officer):
    of_another, added = Change.objects.about(Protocol, "0053")
    assert (of_another.by, of_another.public) == (officer, False)
    assert of_another.made_at > added.made_at
    assert added.snapshot["fields"]["admin_note"] != "Ask Kent."
    note = Change.objects.about(Protocol, "0046")[0]
    assert (note.by, note.public, note.kind, note.what) == (officer, False, "changed", "")
    assert note.snapshot["fields"]["admin_note"] == "Ask Provide."
    assert note.snapshot["parts"]["parties"]
    page = words(officers_door.get(address("protocol", "audit_log", "0046")))
    assert "Changed by: olive. Not public." in page
    assert "Note for administrators Nothing Ask Provide." in page


def a_deleted_draft_keeps_its_saves_and_its_number(officers_door):
    kinds = [(c.kind, c.public, c.protocol) for c in Change.objects.about(Protocol, "9001")]
    assert kinds == [("removed", False, None), ("changed", False, None), ("added", False, None)]
    assert list(UsedReference.objects.values_list("pk", flat=True)) == ["9001"]
    page = words(officers_door.get(address("protocol", "history", "9001")))
    assert "Title A draft Another title" in page
    assert "Removed by: olive." in page


def a_contact_is_in_the_audit_log_alone(officers_door, client):
    medway = Organisation.objects.get(name="Medway")
    page = words(officers_door.get(address("organisation", "audit_log", medway.pk)))
    assert "Contact for reminders Nothing ig@example.org" in page
    assert "ig@example.org" not in client.get(medway.get_absolute_url()).text


def a_theme_can_be_put_back(officers_door):
    change = Change.objects.get(what__startswith="Theme 'Homes'")
    theme = Theme.objects.get(name="Homes")
    assert (change.subject_type, change.subject_key) == ("theme", str(theme.pk))
    assert not Change.objects.about(Theme, theme.pk).filter(public=False).exists()
    first = Change.objects.about(Theme, theme.pk).last()
    page = officers_door.get(address("theme", "restore", theme.pk, first.pk))
    assert f"Homes {first.snapshot['fields']['name']}" in words(page)


def what_was_merged_keeps_its_own_state(officers_door):
    removed, *_, added = Change.objects.about(Organisation, GONE)
    moment = datetime.timedelta(milliseconds=50)
    medway = Change.objects.about(Organisation, Organisation.objects.get(name="Medway").pk)
    assert not medway.filter(made_at=hours(8.5) + moment).exists()
    (moved,) = medway.filter(made_at=hours(9) + moment)
    assert "Dept" in [name["text"] for name in moved.snapshot["parts"]["names"]]
    assert (removed.kind, removed.public, added.public) == ("removed", False, True)
    page = words(officers_door.get(address("organisation", "history", GONE)))
    assert "Audit log: Department" in page
    assert "Removed by: olive." in page


def a_name_that_only_words_know_is_known_as_of_a_day():
    for name, before in (("Medway", "Medway Council"), ("Kent", "Kent County Council")):
        key = Organisation.objects.get(name=name).pk
        # The register itself was loaded with snapshots: take them away.
        Change.objects.about(Organisation, key).filter(kind="added").delete()
        assert names_as_of(Organisation, [key], hours(-1)) == {key: before}
        assert names_as_of(Organisation, [key], hours(9)) == {key: before}
        assert names_as_of(Organisation, [key], hours(11)) == {key: name}


def changes_without_a_snapshot_keep_their_words(client):
    assert set(Change.objects.filter(protocol="0042").values_list("snapshot", flat=True)) == {None}
    page = client.get("/protocols/0042/changes/").text
    assert "Purpose recorded: X." in page
    assert "Added to this register." in page


def a_move_that_is_stopped_leaves_nothing():
    """So that it begins anew: all of the test is about what it did then."""
    middle = migrate(SNAPSHOTS)
    (module,) = [path.stem for path in MIGRATIONS.glob("0012*.py")]
    move = import_module(f"registers.migrations.{module}").move_history
    changes = middle.get_model("registers", "Change").objects

    def stopped() -> None:
        with transaction.atomic():
            move(middle, connection.schema_editor())
            assert changes.filter(public=True).exists()
            raise StopError

    with pytest.raises(StopError):
        stopped()
    assert not changes.filter(public=True).exists()


def each_reference_has_its_key(references):
    """All had digits alone before."""
    assert Protocol.objects.filter(pk__in=references).count() == len(references)
    for model in (Protocol, Gap, UsedReference):
        rows = list(model.objects.values_list("reference", "reference_key"))
        assert rows
        assert all(key == reference_key(reference) for reference, key in rows)


def papers_get_their_names_and_sizes(old, folder):
    (folder / "2026").mkdir()
    (folder / "2026" / "signed.pdf").write_bytes(b"12345")
    here = old.get_model("registers", "Document").objects.create(
        protocol_id="0046", title="A", file="2026/signed.pdf"
    )
    row(old, here, "+", AT)
    lost = old.get_model("registers", "Resource").objects.create(
        title="B", slug="b", file="2026/lost.ods"
    )
    (module,) = [path.stem for path in MIGRATIONS.glob("*_papers.py")]
    describe = import_module(f"registers.migrations.{module}").describe_stored_papers
    describe(old, connection.schema_editor())
    here.refresh_from_db()
    lost.refresh_from_db()
    assert (here.name, here.size) == ("signed.pdf", 5)
    assert here.uploaded_at == AT + datetime.timedelta(milliseconds=50)
    assert (lost.name, lost.size) == ("lost.ods", None)
