"""Who may what: everybody asks for every address, and gets what tests/permissions.py says."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from http import HTTPStatus
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, get_resolver, resolve

from registers.models import (
    Approver,
    Change,
    Document,
    News,
    Organisation,
    Protocol,
    Reminder,
    Resource,
    Review,
    Theme,
)
from tests.cast import groups, somebody
from tests.permissions import TABLE
from tests.reminders.lines import a_line, an_answer


def routes(patterns: list[Any], before: str = "") -> Iterator[str]:
    """Every route below, as the URL configuration writes it."""
    for each in patterns:
        route = before + str(each.pattern).removeprefix("^")
        if isinstance(each, URLPattern):
            yield route
        else:
            yield from routes(each.url_patterns, route)


@pytest.fixture
def things(real_register, settings, tmp_path) -> dict[str, Any]:
    """What the addresses are about: one of each, by its noun."""
    settings.MEDIA_ROOT = tmp_path
    groups()
    theme = Theme.objects.create(name="Empty", slug="empty", position=99)
    of_nobody = Organisation.objects.create(name="Of nobody", slug="of-nobody")
    draft = Protocol.objects.create(reference="9001", title="A draft", theme=theme)
    draft.theme = Theme.objects.exclude(pk=theme.pk).first()
    draft.save()
    document = Document(protocol_id="0046", title="Signed copy")
    document.file.save("signed.pdf", ContentFile(b"%PDF-1.7"))
    resource = Resource(title="A paper", slug="a-paper")
    resource.file.save("paper.pdf", ContentFile(b"%PDF-1.7"))
    answer = an_answer(a_line())
    review = Review.objects.create(
        protocol_id="0042",
        reviewed_on=datetime.date(2026, 11, 3),
        outcome="ended",
        job_title="SIRO",
        note="Over.",
        recorded_at=datetime.datetime(2026, 11, 3, tzinfo=datetime.UTC),
    )
    made = {
        "answer": answer,
        "approver": Approver.objects.create(organisation=of_nobody, job_title="SIRO"),
        "change": Change.objects.first(),
        "document": document,
        "group": Group.objects.get(name="Editor"),
        "news": News.objects.create(title="Some news", slug="some-news"),
        "organisation": of_nobody,
        "protocol": draft,
        "protocols": ContentType.objects.get_for_model(Protocol),
        "reminder": Reminder.objects.first(),
        "resource": resource,
        "review": review,
        "theme": theme,
        "user": somebody("nina", "Editor"),
    }
    return {name: thing.pk for name, thing in made.items()}


def got(answer: HttpResponseBase) -> str:
    """Return the table's word for an answer."""
    if "Location" in answer.headers:
        return "log-in" if answer.headers["Location"].startswith("/admin/login/") else "on"
    return "page" if answer.status_code == HTTPStatus.OK else str(answer.status_code)


def test_every_address_has_a_row_and_every_row_an_address():
    assert set(routes(get_resolver().url_patterns)) == TABLE.keys()


@pytest.fixture(scope="module")
def browsers() -> list[Client]:
    """Four browsers, made once: each sets all of the site up when it first asks."""
    return [Client() for _ in range(4)]


@pytest.fixture
def doors(browsers, stranger, editor, publisher, administrator) -> list[Client]:
    """The browser of each of the four people."""
    for browser, user in zip(browsers, (stranger, editor, publisher, administrator), strict=True):
        browser.cookies.clear()
        if user:
            browser.force_login(user)
    return browsers


@pytest.mark.parametrize("route", TABLE, ids=lambda route: route or "/")
def test_everybody_gets_what_the_table_says(route, things, doors):
    row, found = TABLE[route], {}
    address = row.at.format(**things)
    assert resolve(address.partition("?")[0]).route == route
    for method in ("GET", "POST"):
        found[method] = [ask(door, method, address, row.sends) for door in doors]
    assert found == {method: row.expected(method) for method in found}


def ask(door: Client, method: str, address: str, sends: dict[str, Any]) -> str:
    """Return what somebody gets, and let nothing of it be done."""
    kept = SimpleCookie(door.cookies)
    with transaction.atomic():
        answer = door.get(address) if method == "GET" else door.post(address, sends)
        if answer.streaming:
            answer.getvalue()
        transaction.set_rollback(True)
    door.cookies = kept
    return got(answer)
