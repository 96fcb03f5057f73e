"""Saving in the same moment as somebody else, twice, or something that is there no more."""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from html import unescape
from importlib import import_module
from typing import Any

import psycopg
import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models.signals import pre_save
from django.test import Client

from registers.models import Change, Name, News, Organisation, Protocol, Theme
from tests.admin.typing_in import add_row, address, boxes, errors, messages, send
from tests.papers import pdf
from tests.threads import close_connection

pytestmark = [pytest.mark.both_databases]

EDIT = address("protocol", "change", "0046")
ADD = address("protocol", "add")
WAITS = "SELECT 1 FROM pg_locks WHERE NOT granted"
BUSY = "somebody else was saving at the same time"
on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql",
    reason="SQLite writes one transaction after the other, and in memory nobody waits",
)
on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite has one writer")


def until_one_waits(execute: Callable[[str], Any]) -> None:
    """Return once somebody waits for a lock of PostgreSQL, or after 20 seconds."""
    give_up = time.monotonic() + 120
    while not execute(WAITS).fetchone() and time.monotonic() < give_up:
        time.sleep(0.02)


@pytest.fixture
def draft(real_register) -> Protocol:
    return Protocol.objects.create(reference="9001", title="A draft", theme=Theme.objects.first())


def counted() -> int:
    return Change.objects.count()


@contextmanager
def meanwhile(act: Any, sender: Any) -> Iterator[None]:
    """Let something happen just before one of the things is saved."""

    def happen(instance: Any, **_: Any) -> None:
        act(instance)

    pre_save.connect(happen, sender=sender)
    try:
        yield
    finally:
        pre_save.disconnect(happen, sender=sender)


def take_its_number(protocol: Protocol) -> None:
    """Add another protocol with the same reference, past every check."""
    if protocol._state.adding:
        taken = Protocol(reference=protocol.pk, title="Taken", theme=Theme.objects.first())
        Protocol.objects.bulk_create([taken])


@on_postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("model", "typed", "sentence"),
    [
        (Protocol, {"reference": "9002"}, "A protocol has this reference already."),
        (Organisation, {"name": "Basildon Council"}, "has the name 'Basildon Council' already."),
    ],
    ids=["a reference", "a name"],
)
def test_the_same_is_added_twice_in_one_moment(real_register, officer, model, typed, sentence):
    together, waited = threading.Barrier(2), threading.local()

    def wait_once(_: Any) -> None:
        # Both have been checked before either is saved.
        if not getattr(waited, "done", False):
            waited.done = True
            together.wait(120)

    def add(title: str) -> Any:
        door = Client()
        door.force_login(officer)
        own = {"title": title, "theme": Theme.objects.first().pk} if model is Protocol else {}
        url = address(model._meta.model_name, "add")
        try:
            return door.post(url, boxes(door, url) | own | {"why": title} | typed)
        finally:
            close_connection()

    with meanwhile(wait_once, model), ThreadPoolExecutor(2) as both:
        first, second = sorted(
            both.map(add, ["Mine", "Theirs"]), key=lambda each: -each.status_code
        )
    assert (first.status_code, second.status_code) == (302, 200)
    # As it is read: Django's client mixes what two threads hand to their templates.
    page = unescape(second.content.decode())
    beside = page.partition(f'id="id_{next(iter(typed))}_error"')[2].partition("</ul>")[0]
    assert sentence in beside
    # What was typed stands there still.
    assert re.search(r'<textarea name="why"[^>]*>\s*(Mine|Theirs)</textarea>', page)
    assert model.objects.filter(**typed).count() == 1


@pytest.mark.usefixtures("real_register")
class TestTakenAgainAndAgain:
    def new(self, **typed: Any) -> dict[str, Any]:
        theme = Theme.objects.first().pk
        return {"reference": "9002", "title": "Flood alerts", "theme": theme} | typed

    def test_is_said_on_the_form_as_typed(self, officers_door):
        with meanwhile(take_its_number, Protocol):
            response = send(officers_door, ADD, **self.new())
        assert response.status_code == 503
        assert BUSY in errors(response)
        assert response.context["adminform"].form["title"].value() == "Flood alerts"
        assert not Protocol.objects.filter(pk="9002").exists()
        send(officers_door, ADD, **self.new())
        assert Protocol.objects.get(pk="9002").title == "Flood alerts"

    def test_a_file_need_not_be_chosen_again(self, officers_door, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path
        paper = SimpleUploadedFile("signed.pdf", pdf())
        row = add_row(officers_door, ADD, "documents", title="Signed copy", file=paper)
        with meanwhile(take_its_number, Protocol):
            response = send(officers_door, ADD, **self.new(), **row)
        assert BUSY in errors(response)
        (shown,) = response.context["draft"].files.all()
        assert shown.name == "signed.pdf"


@on_sqlite
@pytest.mark.django_db(transaction=True)
class TestWhileAnotherWrites:
    @contextmanager
    def writing(self) -> Iterator[None]:
        name = connection.settings_dict["NAME"]
        with closing(sqlite3.connect(name, uri=True, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")

    def test_a_form_is_kept_as_typed(self, real_register, officers_door):
        form = boxes(officers_door, EDIT) | {"title": "Mine"}
        with self.writing():
            response = officers_door.post(EDIT, form)
            assert response.status_code == 503
            assert BUSY in errors(response)
        form = response.context["adminform"].form
        assert form["title"].value() == "Mine"
        send_again = boxes(officers_door, EDIT) | {"title": form["title"].value()}
        assert officers_door.post(EDIT, send_again).status_code == 302

    def test_a_proposal_is_kept_as_typed(self, real_register, editor, client):
        client.force_login(editor)
        form = boxes(client, EDIT) | {"title": "Mine"}
        with self.writing():
            response = client.post(EDIT, form)
        assert response.status_code == 503
        assert BUSY in errors(response)
        assert response.context["adminform"].form["title"].value() == "Mine"

    def test_nothing_is_deleted(self, draft, officers_door):
        url = address("protocol", "delete", draft.pk)
        form = boxes(officers_door, url)
        with self.writing():
            response = officers_door.post(url, form)
        assert response.status_code == 302
        assert response.url == url
        said = messages(officers_door.get(url))
        assert "Nothing was deleted" in said
        assert Protocol.objects.filter(pk=draft.pk).exists()


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_two_who_wait_for_each_other(real_register, officer):
    given = connection.get_connection_params()
    known = {name: given[name] for name in ("host", "port", "user", "dbname") if given.get(name)}
    door = Client()
    door.force_login(officer)
    form = boxes(door, EDIT) | {"title": "Mine"}

    def save() -> Any:
        try:
            return door.post(EDIT, form)
        finally:
            close_connection()

    with psycopg.connect(**known) as other, ThreadPoolExecutor(1) as pool:
        other.execute("SET deadlock_timeout = '20s'")
        other.execute("SELECT 1 FROM registers_party WHERE protocol_id = '0046' FOR UPDATE")
        saving = pool.submit(save)
        # Once it waits for the parties, it holds the protocol.
        until_one_waits(other.execute)
        other.execute("SELECT 1 FROM registers_protocol WHERE reference = '0046' FOR UPDATE")
        other.rollback()
        response = saving.result()
    assert response.status_code == 503
    assert BUSY in errors(response)
    assert response.context["adminform"].form["title"].value() == "Mine"
    assert Protocol.objects.get(pk="0046").title != "Mine"


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_adding_an_organisation_while_it_is_merged(real_register, officer, monkeypatch):
    goes, stays = (Organisation.objects.named(name).get() for name in ("Pulse", "EPUT"))
    parts = Protocol.objects.filter(parties__organisation__in=[goes, stays])
    url = address("protocol", "change", Protocol.objects.exclude(pk__in=parts)[0].pk)
    merge_url = address("organisation", "merge", stays.pk)
    doors = [Client(), Client()]
    for door in doors:
        door.force_login(officer)
    form = boxes(doors[0], url) | add_row(doors[0], url, "parties", organisation=goes.pk)
    typed = {"other": goes.pk, "stays": "this", "kind_of_name": Name.Kind.ALIAS}
    typed |= doors[1].post(merge_url, typed).context["hidden_fields"]
    # The package has a function of the same name.
    merge = import_module("registers.changes.merge")
    is_held, apply_steps = threading.Event(), merge.apply_steps

    def apply_slowly(*args: Any, **kwargs: Any) -> None:
        is_held.set()
        # The other is to wait for the organisation, and not to hold the register's version.
        with connection.cursor() as cursor:
            until_one_waits(cursor.execute)
        apply_steps(*args, **kwargs)

    monkeypatch.setattr(merge, "apply_steps", apply_slowly)

    def post(door: Client, where: str, what: Any) -> Any:
        try:
            return door.post(where, what)
        finally:
            close_connection()

    with ThreadPoolExecutor(1) as pool:
        merged = pool.submit(post, doors[1], merge_url, typed | {"_merge": "1"})
        assert is_held.wait(120)
        edited = doors[0].post(url, form)
    assert merged.result().status_code == 302
    assert edited.status_code == 200
    assert "Select a valid choice" in errors(edited)
    assert not Organisation.objects.filter(pk=goes.pk).exists()


@pytest.mark.usefixtures("real_register")
class TestTwice:
    def test_pressing_save_twice_makes_one_change(self, officers_door):
        form = boxes(officers_door, EDIT) | {"title": "Mine", "why": "They asked."}
        assert officers_door.post(EDIT, form).status_code == 302
        before = counted()
        again = officers_door.post(EDIT, form, follow=True)
        assert "what you typed is stored already" in messages(again)
        assert again.redirect_chain == [(address("protocol", "changelist"), 302)]
        assert counted() == before

    def test_and_staying_on_the_page(self, officers_door):
        form = boxes(officers_door, EDIT) | {"title": "Mine", "_continue": "x"}
        officers_door.post(EDIT, form)
        before = counted()
        assert officers_door.post(EDIT, form, follow=True).redirect_chain == [(EDIT, 302)]
        assert counted() == before

    def test_going_back_to_the_form_and_typing_more(self, officers_door):
        form = boxes(officers_door, EDIT) | {"title": "Mine"}
        officers_door.post(EDIT, form)
        response = officers_door.post(EDIT, form | {"version": "V9"})
        assert response.status_code == 409
        assert "You saved this yourself" in response.content.decode()
        assert [each.changed_by for each in response.context["differences"]] == ["yours"]

    def test_adding_twice_adds_one(self, officers_door):
        url = address("organisation", "add")
        form = boxes(officers_door, url) | {"name": "Basildon Council"}
        assert officers_door.post(url, form).status_code == 302
        before = counted()
        assert officers_door.post(url, form).status_code == 200
        assert counted() == before

    @pytest.mark.parametrize(
        "typed", [{"title": "Mine"}, {"title": "Mine", "parties-0-note": "Mine"}]
    )
    def test_one_save_is_one_entry_in_the_history(self, officers_door, today, typed):
        before = counted()
        send(officers_door, EDIT, **typed)
        assert counted() == before + 1
        fields = Change.objects.about(Protocol, "0046")[0].snapshot["fields"]
        assert (fields["title"], fields["updated_on"]) == ("Mine", today.isoformat())
        assert Protocol.objects.get(pk="0046").updated_on == today

    def test_and_where_only_a_party_changed(self, officers_door, today):
        before = counted()
        send(officers_door, EDIT, **{"parties-0-note": "Mine"})
        assert counted() == before + 1
        fields = Change.objects.about(Protocol, "0046")[0].snapshot["fields"]
        assert fields["updated_on"] == today.isoformat()


class TestGone:
    def test_what_was_typed_is_shown(self, draft, officers_door):
        url = address("protocol", "change", draft.pk)
        eput = Organisation.objects.named("EPUT").get()
        row = add_row(officers_door, url, "parties", organisation=eput.pk, note="My note")
        form = boxes(officers_door, url) | row | {"purpose": "My purpose.", "why": "My reason."}
        send(officers_door, address("protocol", "delete", draft.pk))
        before = counted()
        response = officers_door.post(url, form)
        assert response.status_code == 409
        page = response.content.decode()
        for text in ("Somebody deleted this", "My purpose.", "My note", "My reason.", "A draft"):
            assert text in page
        assert "_resolve" not in page
        assert counted() == before

    def test_who_may_not_change_anything_is_refused(self, real_register, client):
        nina = User.objects.create_user("nina", is_staff=True)
        nina.user_permissions.add(Permission.objects.get(codename="view_protocol"))
        client.force_login(nina)
        typed = {"title": "Mine", "_resolve": "x"}
        assert client.post(address("protocol", "change", "9009"), typed).status_code == 403
        assert client.post(EDIT, typed).status_code == 403


class TestDeleting:
    def test_what_was_saved_meanwhile_stays(self, draft, officers_door):
        url = address("protocol", "delete", draft.pk)
        form = boxes(officers_door, url)
        send(officers_door, address("protocol", "change", draft.pk), purpose="Written since.")
        response = officers_door.post(url, form, follow=True)
        assert "Nothing was deleted" in messages(response)
        assert response.redirect_chain == [(url, 302)]
        assert Protocol.objects.filter(pk=draft.pk).exists()
        send(officers_door, url)
        assert not Protocol.objects.filter(pk=draft.pk).exists()

    @pytest.mark.parametrize("box", ["", "forged"])
    def test_not_without_the_page_that_asks(self, draft, officers_door, box):
        url = address("protocol", "delete", draft.pk)
        officers_door.post(url, {"post": "yes", "edit_token": box})
        assert Protocol.objects.filter(pk=draft.pk).exists()

    def test_twice(self, real_register, officers_door):
        url = address("news", "delete", News.objects.create(title="A", slug="a").pk)
        form = boxes(officers_door, url)
        officers_door.post(url, form)
        assert "Perhaps it was deleted?" in messages(officers_door.post(url, form, follow=True))
