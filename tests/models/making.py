"""A small cast beside the real register, made by the register's own way of saving."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import models, transaction
from pytest_django import DjangoDbBlocker

from registers import changes
from registers.models import Name, Organisation, Party, Protocol, Theme

NOW = datetime.datetime(2026, 11, 22, 9, 0, tzinfo=datetime.UTC)
Thing = TypeVar("Thing", bound=models.Model)


@contextmanager
def shared_by_a_module(blocker: DjangoDbBlocker) -> Iterator[None]:
    """Let all tests of a module start from what is made here, each in a savepoint of its own."""
    with blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


def saved(thing: Thing, *parts: models.Model, **how: Any) -> Thing:
    """Save a thing and its parts as one official change."""
    with changes.record_change(thing, **{"at": NOW, **how}):
        for each in (thing, *parts):
            changes.save(each)
    return thing


def a_protocol(reference: str, **fields: Any) -> Protocol:
    """A published protocol, not saved, under Housing if not told otherwise."""
    if "theme" not in fields:
        fields["theme"] = Theme.objects.get(slug="housing")
    return Protocol(**{"reference": reference, "title": "A title", "status": "published"} | fields)


def a_party(reference: str, organisation: str, role: str = "partner", **fields: Any) -> Party:
    """An organisation's part in a protocol, not saved."""
    return Party(
        protocol_id=reference,
        organisation=Organisation.objects.named(organisation).get(),
        role=role,
        **fields,
    )


def a_name(organisation: str, text: str, kind: str = "alias", **fields: Any) -> Name:
    """A further name of an organisation, not saved."""
    return Name(
        organisation=Organisation.objects.named(organisation).get(), text=text, kind=kind, **fields
    )


def make_cast() -> None:
    """Three organisations, two themes, three public protocols and a draft.

    Ashdown leads 9001 and Birch is its partner; Cedar has no part in anything.
    9002 has no party: nothing but its change keeps it. 9004 is a draft.
    """
    for position, name in enumerate(("Housing", "Transport")):
        saved(Theme(name=name, slug=name.lower(), position=10 + position))
    for name in ("Ashdown Council", "Birch Trust", "Cedar Charity"):
        saved(Organisation(name=name))
    ashdown = Organisation.objects.named("Ashdown Council").get()
    saved(
        a_protocol("9001"),
        Party(protocol_id="9001", organisation=ashdown, role="lead"),
        a_party("9001", "Birch Trust", position=1),
    )
    saved(a_protocol("9002"))
    saved(a_protocol("9003", status="withdrawn", withdrawn_on=NOW.date(), withdrawn_reason="Done."))
    saved(a_protocol("9004", status="draft"))
