"""What a check found is applied: all of it in one transaction, or nothing."""

from __future__ import annotations

import datetime
import logging
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from registers.changes.bulk_import import (
    Incoming,
    IncomingOrganisation,
    Part,
    import_organisations,
    import_protocols,
    import_theme,
)
from registers.changes.journal import Step
from registers.changes.locking import (
    NO_ROOM,
    PLAN_CHANGED,
    is_full,
    is_locked,
    lock_register,
)
from registers.changes.transaction import Touched, collect_touched
from registers.imports.spreadsheet.plan import (
    Line,
    Outcome,
    Plan,
    Progress,
    Whom,
    Work,
    keeps_draft,
)
from registers.models import Organisation, Protocol, RegisterVersion
from registers.search.search_writer import update_search_in_steps

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How an import is applied: by whom, for which public reason, and whether it publishes.

    `publish`: new protocols that may be published are, and the others are drafts.
    `published_before`: they were published elsewhere, and lack what they lacked there.
    """

    by: User | None = None
    why: str = ""
    publish: bool = False
    published_before: bool = False

    def status_of(self, line: Line) -> str:
        """Return the status that a new protocol gets. One that the file calls withdrawn is."""
        if said := line.values.get("status"):
            return str(said)
        lacks = keeps_draft(line.lacks, published_before=self.published_before)
        is_public = self.publish and not lacks
        return Protocol.Status.PUBLISHED if is_public else Protocol.Status.DRAFT


APPLIED = {Outcome.NEW, Outcome.CHANGED}


def save_plan(
    plan: Plan, terms: Terms, *, at: datetime.datetime, keep: Callable[[list[Step]], None]
) -> Work[None]:
    """Save all of a plan that can be applied, and let search find it. Within a transaction.

    `keep` is called with what was done, some at a time. Raises ValidationError,
    and the database's own refusals.
    """
    journal: list[Step] = []
    how: dict[str, Any] = {"at": at, "by": terms.by, "why": terms.why, "journal": journal}
    touched, lines = Touched(), _lines(plan)
    with collect_touched(touched):
        themes = {key: import_theme(name, **how).pk for key, name in plan.new_themes.items()}
    organisations = yield from _save_organisations(plan, touched, how)
    incoming = [_incoming(line, terms, themes, organisations) for line in lines]
    saving = import_protocols(incoming, **how, published_before=terms.published_before)
    for done in gathering(touched, saving):
        keep(journal)
        journal.clear()
        yield Progress("rows saved", done, len(lines))
    yield from make_findable(touched)


def make_findable(touched: Touched) -> Work[None]:
    """Let search find what was saved. Within a transaction."""
    of = len(touched.protocols) + len(touched.organisations)
    for done in update_search_in_steps(
        protocols=touched.protocols,
        organisations=touched.organisations,
        links=touched.links,
    ):
        yield Progress("made to be found", done, of)
    touched.altered.store()


def _lines(plan: Plan) -> list[Line]:
    return [line for line in plan.lines if line.outcome in APPLIED]


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
    for some in gathering(touched, import_organisations(incoming, **how)):
        keys += some
        yield Progress("organisations saved", len(keys), len(incoming))
    new = plan.new_organisations
    return dict(zip([each.key for each in new], keys[: len(new)], strict=True))


def gathering(touched: Touched, work: Iterator[T]) -> Iterator[T]:
    """Do `work` step by step, and let `touched` learn what each saves."""
    while True:
        with collect_touched(touched):
            step = next(work, None)
        if step is None:
            return
        yield step


def _incoming(
    line: Line, terms: Terms, themes: dict[str, int], organisations: dict[str, int]
) -> Incoming:
    values = dict(line.values)
    if "theme" in values:
        values["theme_id"] = themes[values.pop("theme")]
    if line.outcome == Outcome.NEW:
        values["status"] = terms.status_of(line)
    parts = None
    if line.parts is not None:
        parts = [
            Part(
                _key(part.organisation, organisations),
                *(part.role, part.written, part.note, part.legal_role, part.flow),
            )
            for part in line.parts
        ]
    return Incoming(line.reference, line.outcome == Outcome.NEW, values, parts)


def _key(whom: Whom, organisations: dict[str, int]) -> int:
    return whom if isinstance(whom, int) else organisations[whom]


logger = logging.getLogger(__name__)

WAITING = "waiting for another save to end"
BUSY = (
    "Somebody else is saving, or another import is being applied. Nothing was applied: try again"
    " in a minute."
)
REFUSED = (
    "The database refused it: something that the file needs has changed in this very moment."
    " Nothing was applied. Check the file again."
)
PATIENCE_SECONDS = 20
PAUSE_SECONDS = 0.5


def apply(
    recheck: Callable[[], Work[Plan]],
    digest: str,
    *,
    at: datetime.datetime,
    terms: Terms,
    checked: Plan | None = None,
    save: Callable[..., Work[None]] = save_plan,
    keep: Callable[[list[Step]], None] = lambda steps: None,
    also: Callable[[], None] = lambda: None,
) -> Work[Plan]:
    """Apply what a file would do, as it was expected_digest, and return the plan that was done.

    `recheck` gives the check of the same file, which is made anew, unless it was `checked` and
    the register is as it was then. Rows that are refused or wait are left out. `save` saves a
    plan as `save_plan` does, and is given `keep`; `also` is called when all is saved. Raises
    ValidationError, and then nothing is kept: where something else would happen than is
    expected, or where somebody else saves at this moment.
    """
    version = str(RegisterVersion.now())
    is_same = checked is not None and checked.version == version
    plan = checked if checked and is_same else (yield from recheck())
    _check_digest(digest, plan)

    def save_all() -> Work[Plan]:
        now = yield from hold(*plan.locks)
        sure = plan
        if str(now) != version:
            sure = yield from recheck()
            _check_digest(digest, sure)
        yield from save(sure, terms, at=at, keep=keep)
        also()
        return sure

    return (yield from in_one_transaction(save_all))


def _check_digest(digest: str, plan: Plan) -> None:
    if plan.digest != digest:
        raise ValidationError(PLAN_CHANGED)


def in_one_transaction(save: Callable[[], Work[T]]) -> Work[T]:
    """Do it in one transaction. Raises ValidationError for what the database refuses."""
    try:
        with transaction.atomic():
            return (yield from save())
    except DatabaseError as refusal:
        raise ValidationError(refused_because(refusal)) from refusal


def refused_because(refusal: DatabaseError) -> str:
    """Return the sentence for a refusal of the database, which is logged unless it is busy."""
    if is_locked(refusal):
        return BUSY
    if is_full(refusal):
        return NO_ROOM
    logger.warning("An import was not applied: the database refused it", exc_info=refusal)
    return REFUSED


def hold(references: Collection[str], organisations: Collection[int]) -> Work[RegisterVersion]:
    """Let nobody else save what is to be changed, nor anything official, and return the version.

    Nothing is waited for while something is held, so that no two wait for each other.
    """
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with transaction.atomic():
                return lock_register(references, organisations)
        except DatabaseError as refusal:
            if not is_locked(refusal) or time.monotonic() > give_up:
                raise
        left = max(0, round(give_up - time.monotonic()))
        yield Progress(WAITING, PATIENCE_SECONDS - left, PATIENCE_SECONDS)
        time.sleep(PAUSE_SECONDS)
