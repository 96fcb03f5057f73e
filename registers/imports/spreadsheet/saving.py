"""The rows of a plan become protocols, with the themes, organisations and names that they need."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, TypeVar

from django.contrib.auth.models import User

from registers.changes.bulk_import import (
    Incoming,
    IncomingOrganisation,
    Part,
    import_organisations,
    import_protocols,
    import_theme,
)
from registers.changes.record import Touched, collect_touched
from registers.imports.spreadsheet.plan import Fate, Line, Plan, Progress, Whom, Work
from registers.models import Organisation, Protocol
from registers.search.search_writer import publish_in_steps

T = TypeVar("T")
APPLIED = {Fate.NEW, Fate.CHANGED}


def references_of(plan: Plan) -> tuple[set[str], set[int]]:
    """Return the references of what is changed, and the keys of the organisations named there."""
    lines = _lines(plan)
    named = {part.organisation for line in lines for part in line.parts or []}
    named |= {name.organisation for name in plan.kept_names}
    changed = {line.reference for line in lines if line.fate == Fate.CHANGED}
    return changed, {each for each in named if isinstance(each, int)}


def save_plan(
    plan: Plan, *, at: datetime.datetime, by: User | None, why: str, published_before: bool
) -> Work[None]:
    """Save all of a plan that can be applied, and let search find it. Within a transaction.

    Raises ValidationError, and the database's own refusals.
    """
    how: dict[str, Any] = {"at": at, "by": by, "why": why}
    touched, lines = Touched(), _lines(plan)
    with collect_touched(touched):
        themes = {key: import_theme(name, **how).pk for key, name in plan.new_themes.items()}
    organisations = yield from _save_organisations(plan, touched, how)
    incoming = [_incoming(line, themes, organisations) for line in lines]
    saving = import_protocols(incoming, **how, published_before=published_before)
    for done in _gathering(touched, saving):
        yield Progress("rows saved", done, len(lines))
    of = len(touched.protocols) + len(touched.organisations)
    for done in publish_in_steps(protocols=touched.protocols, organisations=touched.organisations):
        yield Progress("made to be found", done, of)


def _lines(plan: Plan) -> list[Line]:
    return [line for line in plan.lines if line.fate in APPLIED]


def _save_organisations(plan: Plan, touched: Touched, how: dict[str, Any]) -> Work[dict[str, int]]:
    """Save new organisations and the names that are kept; return the new ones' keys."""
    names: defaultdict[Whom, list[tuple[str, str]]] = defaultdict(list)
    for name in plan.kept_names:
        names[name.organisation].append((name.text, name.kind))
    kinds = {False: Organisation.Kind.BODY, True: Organisation.Kind.GROUP}
    incoming = [
        IncomingOrganisation(new.name, kinds[new.group], names.pop(new.key, ()))
        for new in plan.new_organisations
    ]
    incoming += [
        IncomingOrganisation(names=kept, stored=whom)
        for whom, kept in names.items()
        if isinstance(whom, int)
    ]
    keys: list[int] = []
    for some in _gathering(touched, import_organisations(incoming, **how)):
        keys += some
        yield Progress("organisations saved", len(keys), len(incoming))
    new = plan.new_organisations
    return dict(zip([each.key for each in new], keys[: len(new)], strict=True))


def _gathering(touched: Touched, work: Iterator[T]) -> Iterator[T]:
    """Do `work` step by step, and let `touched` learn what each saves."""
    while True:
        with collect_touched(touched):
            step = next(work, None)
        if step is None:
            return
        yield step


def _incoming(line: Line, themes: dict[str, int], organisations: dict[str, int]) -> Incoming:
    values = dict(line.values)
    if "theme" in values:
        values["theme_id"] = themes[values.pop("theme")]
    if line.fate == Fate.NEW:
        values["status"] = Protocol.Status.PUBLISHED.value
    parts = None
    if line.parts is not None:
        parts = [
            Part(_key(part.organisation, organisations), part.role, part.written, part.note)
            for part in line.parts
        ]
    return Incoming(line.reference, line.fate == Fate.NEW, values, parts)


def _key(whom: Whom, organisations: dict[str, int]) -> int:
    return whom if isinstance(whom, int) else organisations[whom]
