"""A whole register from one JSON file, as fixtures/ keeps it, into an empty database."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models, transaction

from registers import changes
from registers.imports.synonyms import update_synonyms
from registers.models import (
    Approver,
    Identifier,
    Name,
    News,
    Organisation,
    Party,
    Protocol,
    Resource,
    Succession,
    Theme,
)

Entry = dict[str, Any]
LISTS = ("themes", "organisations", "protocols", "news", "resources")


class FixtureError(Exception):
    """The file cannot become a register. Its sentence says where and why."""


def read_register(path: Path) -> Entry:
    """Return what the JSON file at `path` holds.

    Raises FixtureError when it cannot be read.
    """
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise FixtureError(f"{path} cannot be read as JSON: {problem}") from problem
    if not isinstance(given, dict) or given.keys() != {"source", *LISTS}:
        raise FixtureError(f"{path} must hold exactly: source, {', '.join(LISTS)}.")
    for name in LISTS:
        entries = given[name]
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise FixtureError(f"{path} must hold a list of objects as {name}.")
    return given


def is_empty() -> bool:
    """Say whether the register holds no theme, organisation or protocol yet."""
    return not any(model.objects.exists() for model in (Theme, Organisation, Protocol))


def load_register(register: Entry, *, at: datetime.datetime) -> int:
    """Save all of `register`, as `read_register` gives it, at the aware time `at`.

    Returns the number of protocols. All is saved or nothing. Raises
    FixtureError, which names the entry that is wrong.
    """
    with transaction.atomic():
        for position, entry in enumerate(register["themes"]):
            with naming("Theme", entry):
                _save(Theme(**entry, position=position), at=at)
        for entry in register["organisations"]:
            with naming("Organisation", entry):
                _save_organisation(entry, at)
        for entry in register["organisations"]:
            with naming("Organisation", entry):
                _save_successions(entry, at)
        why = f"Taken over from {register['source']}."
        for entry in register["protocols"]:
            with naming("Protocol", entry):
                _save_protocol(entry, at, why)
        for entry in register["news"]:
            with naming("News", entry):
                _save(News(**entry), at=at)
        for position, entry in enumerate(register["resources"]):
            with naming("Resource", entry):
                _save(Resource(**entry, position=position), at=at)
        update_synonyms()
    return len(register["protocols"])


@contextmanager
def naming(kind: str, entry: Entry) -> Iterator[None]:
    """Turn whatever is wrong with an entry into a FixtureError that names the entry."""
    label = entry.get("reference") or entry.get("name") or entry.get("title")
    try:
        yield
    except FixtureError as problem:
        raise FixtureError(f"{kind} '{label}' {problem}") from problem
    except ValidationError as problem:
        wrong = " ".join(
            message if field == NON_FIELD_ERRORS else f"{field}: {message}"
            for field, messages in problem.message_dict.items()
            for message in messages
        )
        raise FixtureError(f"{kind} '{label}': {wrong}") from problem
    except KeyError as problem:
        raise FixtureError(f"{kind} '{label}' lacks {problem}.") from problem
    except (AttributeError, TypeError, ValueError) as problem:
        raise FixtureError(f"{kind} '{label}' cannot be read: {problem}.") from problem


def _save(
    subject: models.Model,
    parts: Iterable[models.Model] = (),
    *,
    at: datetime.datetime,
    why: str = "",
) -> None:
    """Save a thing, then its parts, made when it has its key, as one change."""
    with changes.record_change(subject, at=at, why=why, published_before=True):
        for thing in chain([subject], parts):
            changes.save(thing)


def _save_organisation(entry: Entry, at: datetime.datetime) -> None:
    parts = {"names", "also_written", "name_source", "identifiers", "approvers", "became"}
    organisation = Organisation(**{key: entry[key] for key in entry.keys() - parts})
    _save(organisation, _names_and_the_rest(organisation, entry), at=at)


def _names_and_the_rest(organisation: Organisation, entry: Entry) -> Iterator[models.Model]:
    if "also_written" in entry or "name_source" in entry:
        official = organisation.names.get(kind=Name.Kind.OFFICIAL)
        official.also_written = entry.get("also_written", "")
        official.source = entry.get("name_source", "")
        yield official
    for name in entry.get("names", []):
        yield Name(organisation=organisation, **name)
    for identifier in entry.get("identifiers", []):
        yield Identifier(organisation=organisation, **identifier)
    for title in entry.get("approvers", []):
        yield Approver(organisation=organisation, job_title=title)


def _save_successions(entry: Entry, at: datetime.datetime) -> None:
    if not entry.get("became"):
        return
    organisation = _organisation(entry["name"])
    parts = [
        Succession(
            organisation=organisation,
            successor=_organisation(became["name"]),
            happened_on=became.get("on"),
            source=became.get("source", ""),
        )
        for became in entry["became"]
    ]
    _save(organisation, parts, at=at)


def _save_protocol(entry: Entry, at: datetime.datetime, why: str) -> None:
    rest = {key: value for key, value in entry.items() if key not in {"theme", "parties"}}
    month = rest.pop("review_date", None)
    theme = Theme.objects.filter(name=entry["theme"]).first()
    if theme is None:
        raise FixtureError(f"names '{entry['theme']}', which is not among the themes.")
    protocol = Protocol(
        **({"status": Protocol.Status.PUBLISHED} | rest),
        theme=theme,
        review_date=month and datetime.date.fromisoformat(f"{month}-01"),
    )
    parties = (
        Party(
            **{**party, "organisation": _organisation(party["organisation"])},
            protocol=protocol,
            position=position,
        )
        for position, party in enumerate(entry["parties"])
    )
    _save(protocol, parties, at=at, why=why)


def _organisation(name: str) -> Organisation:
    """Return the organisation that has this name. Raises FixtureError when there is none."""
    organisation = Organisation.objects.named(name).first()
    if organisation is None:
        raise FixtureError(f"names '{name}', which is not among the organisations.")
    return organisation
