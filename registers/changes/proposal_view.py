"""Proposals against what is stored now, and against what became public."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.apps import apps
from django.db import models

from registers.changes.locking import lock_rows, plan_digest
from registers.changes.propose import file_fields
from registers.changes.proposed_review import (
    ProposedReview,
    as_accepted,
    find_review,
    is_new,
    why_not_recorded,
)
from registers.history.compare import SNAPSHOTS, ChangedBy, Comparison, Difference, Row, compare
from registers.history.snapshot import Snapshot, comparable_value, snapshot_of
from registers.models import Organisation, Proposal, Protocol

GONE = "{about} is not in the register any more: it was merged or deleted."
STATUS_CHANGED = "{about} is not in the same status as when this was proposed."


@dataclass(frozen=True, kw_only=True)
class ProposalView:
    """A proposal against what is stored now. `refusal` says why it cannot be accepted, if so.

    `differences` are those that it makes; what others changed since is none of them. A new
    review comes first, with the fields that come with it. `digest` is for the page that shows
    it to carry.
    """

    subject: models.Model | None
    comparison: Comparison
    differences: list[Difference]
    refusal: str
    digest: str
    review: ProposedReview | None = None


def model_of(proposal: Proposal) -> type[models.Model]:
    """Return the model of the record that a proposal is about."""
    return apps.get_model("registers", proposal.subject_type)


def view_proposal(proposal: Proposal, *, lock: bool = False) -> ProposalView:
    """Compare a proposal with what is stored now. With `lock`, the record is locked as well.

    One that was accepted or taken back is compared with what was stored when it was made.
    """
    model = model_of(proposal)
    subject = model._default_manager.filter(pk=proposal.subject_key).first()
    if subject and lock:
        subject = _lock(subject, proposal)
    stored = snapshot_of(subject) if subject else None
    refusal = "" if stored else GONE.format(about=proposal.about)
    if stored and stored["fields"].get("status") != proposal.base["fields"].get("status"):
        refusal = STATUS_CHANGED.format(about=subject)
    base, wanted = _of_today([proposal.base, proposal.wanted])
    ended = proposal.status not in {Proposal.Status.WAITING, Proposal.Status.RETURNED}
    comparison = compare(base, base if ended or not stored else stored, wanted)
    review = find_review(comparison)
    if review and subject and not (refusal or ended):
        refusal = why_not_recorded(review, cast(Protocol, subject))
    shown = [stored, proposal.status, proposal.base, proposal.wanted]
    shown += [proposal.why, proposal.is_correction]
    first = [review.difference, *review.sets] if review else []
    return ProposalView(
        subject=subject if stored else None,
        comparison=comparison,
        differences=first
        + [
            each
            for each in comparison.differences
            if each.changed_by != ChangedBy.THEIRS
            and each.name not in {*file_fields(model), *(its.name for its in first)}
        ],
        refusal=refusal,
        digest=plan_digest(shown),
        review=review,
    )


def _lock(subject: models.Model, proposal: Proposal) -> models.Model | None:
    """Lock a record, and what a proposed review says replaces it: in the order of all locks."""
    rows = proposal.wanted["parts"].get("reviews", ())
    replacing = {row["replaced_by"]["key"] for row in rows if row["replaced_by"]}
    keys = {subject.pk, *replacing}
    locked = lock_rows(type(subject)._default_manager.filter(pk__in=keys))
    return next((each for each in locked if each.pk == subject.pk), None)


def accepted_otherwise(proposal: Proposal) -> dict[str, Any]:
    """Return what became public of each difference in other words than proposed, by its name.

    What was left out is what it was before. Empty for a proposal that was not accepted, and
    where its change has no state.
    """
    state = proposal.change.snapshot if proposal.change else None
    if proposal.status != Proposal.Status.ACCEPTED or not state:
        return {}
    base, wanted, public = _of_today([proposal.base, proposal.wanted, state])
    found: dict[str, Any] = {}
    for each in compare(base, base, wanted).differences:
        if each.kind:
            value = _public_row(each, public["parts"].get(each.kind, []))
            if not SNAPSHOTS.same(each.kind, value, as_accepted(each.wanted)):
                found[each.name] = value
        elif each.name in public["fields"]:
            value = public["fields"][each.name]
            if comparable_value(value) != comparable_value(each.wanted):
                found[each.name] = value
    return found


def _public_row(each: Difference, rows: Sequence[Row]) -> Row | None:
    """Return the one of the `rows`, which became public, that a difference is about."""
    sides = [row for row in (each.stored, each.wanted) if row is not None]
    names = {SNAPSHOTS.identity(each.kind, row) for row in sides}
    for row in rows:
        # A new review or paper is known by a key, which it got when it was accepted.
        is_it = is_new(each.wanted) and SNAPSHOTS.same(each.kind, row, as_accepted(each.wanted))
        if is_it or SNAPSHOTS.identity(each.kind, row) in names:
            return row
    return None


def _of_today(several: Sequence[Snapshot]) -> list[Snapshot]:
    """Return values in which organisations that were merged since have the key of today."""
    rows = [row for each in several for rows in each["parts"].values() for row in rows]
    named = {
        value["key"]: value
        for row in rows
        for value in row.values()
        if isinstance(value, dict) and "slug" in value
    }
    there = Organisation.objects.in_bulk(named)
    moved = {}
    for key in named.keys() - there.keys():
        if found := Organisation.objects.at(named[key]["slug"]).first():
            moved[key] = {"key": found.pk, "says": found.name, "slug": found.slug}

    def today(value: Any) -> Any:
        is_moved = isinstance(value, dict) and "slug" in value
        return moved.get(value["key"], value) if is_moved else value

    return [
        {
            "fields": each["fields"],
            "parts": {
                kind: [{name: today(value) for name, value in row.items()} for row in rows]
                for kind, rows in each["parts"].items()
            },
        }
        for each in several
    ]
