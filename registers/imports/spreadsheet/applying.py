"""What a check found is applied: all of it in one transaction, or nothing."""

from __future__ import annotations

import datetime
import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from registers.changes.bulk_import import hold
from registers.changes.locking import PLAN_CHANGED
from registers.imports.spreadsheet.plan import Plan, Progress, Work
from registers.imports.spreadsheet.saving import references_of, save_plan
from registers.models import RegisterVersion

T = TypeVar("T")
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
# PostgreSQL's words for: a row is held by another, a deadlock was broken, one was too late.
HELD = {"55P03", "40P01", "40001"}


def apply(
    recheck: Callable[[], Work[Plan]],
    promise: str,
    *,
    at: datetime.datetime,
    by: User | None = None,
    why: str = "",
    published_before: bool = False,
    also: Callable[[], None] = lambda: None,
) -> Work[Plan]:
    """Apply what a file would do, as it was promised, and return the plan that was done.

    `recheck` gives the check of the same file, which is made anew. Rows that
    are refused or wait are left out. `published_before` is as it was checked.
    `also` is called in the transaction, when all is saved. Whoever stops
    listening once the saving has begun does not stop it. Raises
    ValidationError, and then nothing is kept: where something else would
    happen than promised, or where somebody else saves at this moment.
    """
    version = RegisterVersion.now()
    plan = yield from recheck()
    _keep_to(promise, plan)

    def save() -> Work[Plan]:
        now = yield from _hold(plan)
        sure = plan
        if str(now) != str(version):
            sure = yield from recheck()
            _keep_to(promise, sure)
        yield from save_plan(sure, at=at, by=by, why=why, published_before=published_before)
        also()
        return sure

    return (yield from carry_on(_in_one_transaction(save)))


def carry_on(work: Work[T]) -> Work[T]:
    """Do `work` to its end, also where nobody listens to how far it has come any more."""
    listening = True
    while True:
        try:
            progress = next(work)
        except StopIteration as end:
            said: T = end.value
            return said
        if listening:
            try:
                yield progress
            except GeneratorExit:
                listening = False


def _keep_to(promise: str, plan: Plan) -> None:
    if plan.promise != promise:
        raise ValidationError(PLAN_CHANGED)


def _in_one_transaction(save: Callable[[], Work[T]]) -> Work[T]:
    """Do it in one transaction. Raises ValidationError for what the database refuses."""
    try:
        with transaction.atomic():
            return (yield from save())
    except DatabaseError as refusal:
        raise ValidationError(_said(refusal)) from refusal


def _said(refusal: DatabaseError) -> str:
    if _is_held(refusal):
        return BUSY
    logger.warning("An import was not applied: the database refused it", exc_info=refusal)
    return REFUSED


def _is_held(refusal: DatabaseError) -> bool:
    """Say whether the database refused since somebody else writes."""
    code = getattr(refusal.__cause__, "sqlstate", None)
    return code in HELD or "database is locked" in str(refusal)


def _hold(plan: Plan) -> Work[RegisterVersion]:
    """Let nobody else save what is to be changed, nor anything official, and return the version.

    Nothing is waited for while something is held, so that no two wait for each other.
    """
    give_up = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with transaction.atomic():
                return hold(*references_of(plan))
        except DatabaseError as refusal:
            if not _is_held(refusal) or time.monotonic() > give_up:
                raise
        left = max(0, round(give_up - time.monotonic()))
        yield Progress(WAITING, PATIENCE_SECONDS - left, PATIENCE_SECONDS)
        time.sleep(PAUSE_SECONDS)
