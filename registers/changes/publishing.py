"""Publish, withdraw, put back in force, and move to a theme: one protocol or many, or none.

A page shows first what would happen to each of them, with its fingerprint. What was
saved since then is not overwritten: nothing is done, and the page is shown again.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils import timezone

from registers.changes.bulk_writes import update_rows
from registers.changes.locking import batches, fingerprint, lock_one, lock_rows, plan_digest
from registers.changes.record import record_change, record_changes
from registers.changes.transaction import update_search_and_version
from registers.changes.writes import save
from registers.history.snapshot import Snapshot, snapshots_of
from registers.models import Protocol
from registers.models.completeness import to_publish
from registers.models.pages import PublishedPage
from registers.models.protocol_fields import MODEL_FIELDS

Page = TypeVar("Page", bound=PublishedPage)

DRAFT, PUBLISHED, WITHDRAWN = Protocol.Status
PUBLISHED_BY_MISTAKE = "Published by mistake"
NOT_FROM = {
    DRAFT: "It is a draft.",
    PUBLISHED: "It is published and in force.",
    WITHDRAWN: "It is withdrawn.",
}
TO_COME = "Its date of publication is to come. Clear that date, or enter today or an earlier day."
LACKS = "It has no {what}."
CHANGED_SINCE = (
    "Nothing has been done, because somebody saved these in the meantime: {references}."
    " Check the list again."
)


@dataclass(frozen=True, kw_only=True)
class Act:
    """What can be done to protocols with these statuses. `publishes`: they become public."""

    statuses: frozenset[str]
    publishes: bool = False


PUBLISH = Act(statuses=frozenset({DRAFT}), publishes=True)
WITHDRAW = Act(statuses=frozenset({PUBLISHED}))
REINSTATE = Act(statuses=frozenset({WITHDRAWN}))
CORRECT_WITHDRAWAL = Act(statuses=frozenset({WITHDRAWN}))
MOVE = Act(statuses=frozenset(Protocol.Status))


@dataclass(frozen=True, kw_only=True)
class ActPreview:
    """A protocol as it is stored, and why the act is refused for it; empty where it is not."""

    protocol: Protocol
    snapshot: Snapshot
    refusals: list[str] = field(default_factory=list)

    @property
    def fingerprint(self) -> str:
        """A short text that differs as soon as its snapshot differs.

        So it does where a theme or an organisation that it names is renamed, and does not
        where documents that are taken off, or who recorded a review, differ.
        """
        return plan_digest(self.snapshot)[:16]


def in_force() -> dict[str, Any]:
    """Return the values of a protocol that is put back in force."""
    return {
        "status": PUBLISHED,
        "withdrawn_on": None,
        "withdrawn_reason": "",
        "replaced_by": None,
    }


def withdrawn(
    *, on: datetime.date, reason: str, replaced_by: Protocol | None = None
) -> dict[str, Any]:
    """Return the values of a protocol that is withdrawn on the day `on`, for a public reason."""
    return {
        "status": WITHDRAWN,
        "withdrawn_on": on,
        "withdrawn_reason": reason,
        "replaced_by": replaced_by,
    }


def preview_act(act: Act, keys: Sequence[str], *, on: datetime.date) -> list[ActPreview]:
    """Return what is stored of protocols on the day `on`, and why the act is refused for each.

    It takes as many queries for 500 as for one. What is not stored is left out.
    """
    previews = []
    for some in batches(sorted(keys)):
        rows = Protocol.objects.filter(pk__in=some).select_related("theme").with_parties()
        snapshots = snapshots_of(Protocol, some)
        previews += [
            ActPreview(
                protocol=protocol,
                snapshot=snapshots[protocol.pk],
                refusals=_refusals(act, protocol, on),
            )
            for protocol in rows.prefetch_related("documents")
            if protocol.pk in snapshots
        ]
    return previews


def perform_act(
    act: Act,
    shown: Mapping[str, str],
    values: Mapping[str, Any],
    *,
    at: datetime.datetime,
    by: User | None = None,
    why: str = "",
) -> list[str]:
    """Give each protocol in `shown` the `values`, as one change each, or none of them.

    `shown` has the fingerprint of each as its page showed it. Returns the references of
    those that changed: what has the values already stays as it is. Raises ValidationError
    where one was saved since, or is refused.
    """
    keys, on = sorted(shown), timezone.localdate(at)
    other = values.get("replaced_by")
    with update_search_and_version(savepoint=True):
        for some in batches(sorted({*keys, *([other.pk] if other else [])})):
            lock_rows(Protocol.objects.filter(pk__in=some).only("pk"))
        if other:
            other.refresh_from_db()  # what replaces it may have been saved before the locks
        stored = {each.protocol.pk: each for each in preview_act(act, keys, on=on)}
        # One that has the values already is no conflict: a button was pressed twice.
        previews = {key: each for key, each in stored.items() if _differs(each.protocol, values)}
        changed = [key for key in keys if key not in stored] + [
            key for key, each in previews.items() if each.fingerprint != shown[key]
        ]
        if changed:
            raise ValidationError(CHANGED_SINCE.format(references=", ".join(changed)))
        refused = [
            f"{each.protocol}: {says}" for each in previews.values() for says in each.refusals
        ]
        if refused:
            raise ValidationError(refused)
        differing = [each.protocol for each in previews.values()]
        for protocol in differing:
            for name, value in values.items():
                setattr(protocol, name, value)
            if other:
                _check(protocol, named=len(keys) > 1)
        done = [protocol.pk for protocol in differing]
        with record_changes(Protocol, done, at=at, by=by, why=why):
            columns = [MODEL_FIELDS[name].attname for name in values]
            update_rows([(protocol, columns) for protocol in differing], check=True)
        return done


def _check(protocol: Protocol, *, named: bool) -> None:
    """Check the values of a protocol. `named`: the refusal says of which one it is."""
    try:
        protocol.clean()
    except ValidationError as refusal:
        if named:
            says = [f"{protocol}: {each}" for each in refusal.messages]
            raise ValidationError(says) from refusal
        raise


def _differs(protocol: Protocol, values: Mapping[str, Any]) -> bool:
    return any(getattr(protocol, name) != value for name, value in values.items())


PAGE_CHANGED_SINCE = (
    "Nothing has been done, because somebody saved this in the meantime. Check it again."
)
ALREADY_PUBLIC = "The public can read this already. Enter today or an earlier day."


def publish_page(
    page: Page,
    *,
    shown: str,
    published_on: datetime.date | None,
    at: datetime.datetime,
    by: User | None = None,
    why: str = "",
) -> Page:
    """Publish news or a resource on a day, which may be to come; None: on the day of `at`.

    `shown` is the fingerprint of its row when it was shown. One that is published already gets
    another day. Returns it as it is then. Raises ValidationError, and then nothing is kept.
    """
    on = timezone.localdate(at)
    with update_search_and_version(savepoint=True):
        stored = lock_one(page)
        if stored is None:
            raise ValidationError(PAGE_CHANGED_SINCE)
        day = published_on or on
        wanted = (PublishedPage.Status.PUBLISHED, day)
        if (stored.status, stored.published_on) == wanted:
            return stored  # the button was pressed twice
        if fingerprint(stored, []) != shown:
            raise ValidationError(PAGE_CHANGED_SINCE)
        if day > on and stored.is_public(on):
            raise ValidationError({"published_on": ALREADY_PUBLIC})
        with record_change(stored, at=at, by=by, why=why):
            stored.status, stored.published_on = wanted
            save(stored)
        return stored


def _refusals(act: Act, protocol: Protocol, on: datetime.date) -> list[str]:
    if protocol.status not in act.statuses:
        return [NOT_FROM[Protocol.Status(protocol.status)]]
    if not act.publishes:
        return []
    lacking = [LACKS.format(what=each) for each in to_publish(protocol)]
    if protocol.published_on and protocol.published_on > on:
        lacking.append(TO_COME)
    return lacking
