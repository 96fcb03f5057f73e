"""Proposals: accepted, returned, written anew or ended.

What a proposal wants is what a save would have stored: the save is done, and rolled back.
Accepting is an ordinary official change of what is stored then, field by field and row by
row as it was chosen. Each function raises ValidationError, with sentences, for what is not
possible, and then nothing is kept.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import models, transaction

from registers.changes.locking import lock_one
from registers.changes.papers import delete_later
from registers.changes.proposal_view import ProposalView, view_proposal
from registers.changes.propose import differing_values, file_fields
from registers.changes.proposed_review import is_new, record_proposed
from registers.changes.record import record_change
from registers.changes.restore import (
    put_back_documents,
    put_back_members,
    put_file,
    put_part,
    resolve,
)
from registers.changes.transaction import dry_run
from registers.changes.writes import remove, save
from registers.history.compare import KEY, SNAPSHOTS, ChangedBy, Choice
from registers.history.snapshot import PARTS, Snapshot, comparable_value, field_values
from registers.models import Name, Organisation, Proposal, ProposedFile, Protocol, Resource
from registers.models.keys import key_of

ENDED = "This proposal is not waiting any more ({status}), so nothing was done."
CHANGED_SINCE = (
    "Nothing was done, because the record or the proposal changed after you opened this page."
    " Check what follows again."
)
OWN = "You proposed this, so another Publisher must accept it."
ALTERED = (
    "Two people must agree on every word, so a proposal is accepted as it was written. Return it"
    " with a comment, or leave out what you do not accept."
)
NONE_CHOSEN = "Tick at least one difference, or return the proposal."
NOTHING_LEFT = "What is public says all of this already."
COMMENT_NEEDED = "Write a comment, so that it is clear what to change."


# Deciding -----------------------------------------------------------------------------------


def accept(
    proposal: Proposal,
    *,
    shown: str,
    chosen: Mapping[str, Any],
    at: datetime.datetime,
    by: User,
    why: str = "",
    is_correction: bool = False,
    comment: str = "",
) -> Proposal:
    """Make the `chosen` differences one official change. Returns the proposal as it is then.

    `chosen` has by the names of the differences a value of a field, which may be another than
    was proposed, and of a row None. `shown` is the digest of the page that they were chosen on.
    """
    with transaction.atomic():
        stored = _waiting(proposal)
        if settings.SECOND_PAIR_OF_EYES and stored.by_id == by.pk:
            raise ValidationError(OWN)
        view = _as_shown(stored, shown)
        if view.differences and not chosen:
            raise ValidationError(NONE_CHOSEN)
        is_as_written = (why.strip(), is_correction) == (stored.why.strip(), stored.is_correction)
        if settings.SECOND_PAIR_OF_EYES and (_is_altered(view, chosen) or not is_as_written):
            raise ValidationError(ALTERED)
        subject = cast(models.Model, view.subject)
        how: dict[str, Any] = {"at": at, "by": by, "why": why, "stays_complete": True}
        how["is_correction"] = is_correction
        with record_change(subject, **how) as recorded:
            _apply(stored, view, chosen, at, by)
        if chosen and not recorded.changes:
            raise ValidationError(NOTHING_LEFT)
        stored.change = next(iter(recorded.changes), None)
        return _ended(stored, Proposal.Status.ACCEPTED, at=at, by=by, comment=comment)


def return_with_comment(
    proposal: Proposal, *, at: datetime.datetime, by: User, comment: str
) -> Proposal:
    """Give a proposal back to the person who made it. Nothing else changes."""
    with transaction.atomic():
        stored = _waiting(proposal)
        if not comment.strip():
            raise ValidationError({"comment": COMMENT_NEEDED})
        return _ended(stored, Proposal.Status.RETURNED, at=at, by=by, comment=comment)


def close(proposal: Proposal, *, at: datetime.datetime, by: User, comment: str) -> Proposal:
    """End a suggestion that a Publisher has dealt with. Nothing else changes."""
    with transaction.atomic():
        return _ended(_waiting(proposal), Proposal.Status.CLOSED, at=at, by=by, comment=comment)


def take_back(proposal: Proposal, *, at: datetime.datetime, by: User) -> Proposal:
    """End a proposal that waits or was returned, for the person who made it."""
    with transaction.atomic():
        stored = _waiting(proposal, Proposal.Status.RETURNED)
        how: dict[str, Any] = {"at": at, "by": by, "comment": stored.comment}
        return _ended(stored, Proposal.Status.TAKEN_BACK, **how)


def rewrite(
    proposal: Proposal,
    *,
    shown: str,
    chosen: Mapping[str, Any],
    at: datetime.datetime,
    why: str = "",
    is_correction: bool = False,
) -> Proposal:
    """Propose the `chosen` differences anew, against what is stored now, by the same person."""
    with transaction.atomic():
        stored = _waiting(proposal, Proposal.Status.RETURNED)
        view = _as_shown(stored, shown)
        subject = cast(models.Model, view.subject)
        # The reason is public once it is accepted, so it is checked as one.
        how: dict[str, Any] = {"at": at, "why": why, "stays_complete": True}
        how["is_correction"] = is_correction
        with dry_run() as states, record_change(subject, **how):
            _apply(stored, view, chosen, at, None)
        row = next(iter(states), None)
        before, after = states[row] if row else (None, None)
        if not (before and after):
            raise ValidationError(NOTHING_LEFT)
        stored.base, stored.wanted = differing_values(type(subject), before, after)
        stored.status, stored.why, stored.proposed_at = Proposal.Status.WAITING, why, at
        stored.is_correction = is_correction
        stored.decided_at = stored.decided_by = stored.announced_on = None
        stored.save()
        return stored


def _waiting(proposal: Proposal, *others: str) -> Proposal:
    """Return the proposal as it is stored, for this transaction alone. Raises ValidationError."""
    stored = lock_one(proposal)
    if stored is None or stored.status not in {Proposal.Status.WAITING, *others}:
        status = stored.get_status_display().lower() if stored else "deleted"
        raise ValidationError(ENDED.format(status=status))
    return stored


def _as_shown(proposal: Proposal, shown: str) -> ProposalView:
    """Lock the record; return the comparison. Raises ValidationError if it is another one now."""
    view = view_proposal(proposal, lock=True)
    if view.refusal:
        raise ValidationError(view.refusal)
    if view.digest != shown:
        raise ValidationError(CHANGED_SINCE)
    return view


def _is_altered(view: ProposalView, chosen: Mapping[str, Any]) -> bool:
    """Return whether a field is chosen with another value than was proposed."""
    return any(
        comparable_value(chosen[each.name]) != comparable_value(each.wanted)
        for each in view.differences
        if not each.kind and each.name in chosen
    )


def _ended(
    proposal: Proposal, status: str, *, at: datetime.datetime, by: User, comment: str = ""
) -> Proposal:
    proposal.status, proposal.decided_at, proposal.decided_by = status, at, by
    proposal.comment, proposal.announced_on = comment.strip(), None
    proposal.full_clean()
    proposal.save()
    return proposal


def delete_ended(*, on: datetime.date, dry: bool = False) -> int:
    """Delete the proposals that ended PROPOSAL_DAYS before the day `on`, or only count them.

    Suggestions go by a time of their own.
    """
    last = on - datetime.timedelta(days=settings.PROPOSAL_DAYS)
    proposals = Proposal.objects.exclude(source=Proposal.Source.SUGGESTION)
    old = proposals.filter(decided_at__date__lt=last)
    number = old.count()
    if number and not dry:
        with transaction.atomic():
            files = ProposedFile.objects.filter(proposal__in=old)
            delete_later(list(files.values_list("file", flat=True)))
            old.delete()
    return number


# Saving what was chosen ----------------------------------------------------------------------


def _apply(
    proposal: Proposal,
    view: ProposalView,
    chosen: Mapping[str, Any],
    at: datetime.datetime,
    by: User | None,
) -> None:
    """Save what was chosen of a proposal, within an official change of its record."""
    names, review = {each.name for each in view.differences}, view.review
    of_review = review.set_names if review else set()
    if not (review and review.name in chosen):
        names -= of_review
    if unknown := chosen.keys() - names:
        raise ValidationError(f"{min(unknown)} is no difference of this proposal.")
    subject, stored = cast(models.Model, view.subject), view.comparison.stored
    of_file = file_fields(type(subject))
    picked = {*chosen, *(of_file if "file" in chosen else ())}
    choices = {
        each.name: Choice.WANTED if each.name in picked else Choice.STORED
        for each in view.comparison.differences
        if each.changed_by != ChangedBy.THEIRS
    }
    wanted = view.comparison.resolve(choices)
    # What a review sets, it sets when it is recorded.
    fields = {each.name for each in view.differences if not each.kind} - of_review
    wanted["fields"] = {n: v for n, v in wanted["fields"].items() if n not in of_review}
    wanted["fields"] |= {name: value for name, value in chosen.items() if name in fields}
    _save_fields(subject, stored["fields"], wanted["fields"], at)
    for kind in proposal.wanted["parts"]:
        if kind == "documents":
            # One that is not listed now keeps its address too: its file tells which it is.
            keys = {row["file"]: row[KEY] for _, row in view.comparison.pairs[kind] if row}
            rows = [row | {KEY: row[KEY] or keys[row["file"]]} for row in wanted["parts"][kind]]
            put_back_documents(cast(Protocol, subject), rows, at)
        elif kind == "members":
            put_back_members(cast(Organisation, subject), wanted["parts"][kind])
        else:
            rows = [row for row in wanted["parts"][kind] if kind != "reviews" or not is_new(row)]
            _save_parts(subject, kind, stored["parts"][kind], rows)
    if review and review.name in chosen:
        record_proposed(review, cast(Protocol, subject), chosen, at=at, by=by)


def _save_fields(
    subject: models.Model, stored: Snapshot, wanted: Snapshot, at: datetime.datetime
) -> None:
    differing = [
        field
        for field in subject._meta.fields
        if field.name in wanted
        and comparable_value(wanted[field.name]) != comparable_value(stored[field.name])
    ]
    for field in differing:
        if isinstance(field, models.FileField):
            put_file(cast(Resource, subject), wanted, at)
        elif field.name not in file_fields(type(subject)):
            setattr(subject, field.attname, resolve(field, wanted[field.name]))
    if differing:
        save(subject)


def _save_parts(
    subject: models.Model, kind: str, stored: list[Snapshot], wanted: list[Snapshot]
) -> None:
    """Remove the rows that are wanted no more, then alter those that differ and add the others."""
    model, owner = PARTS[type(subject)][kind]
    fields = {field.name: field for field in model._meta.fields if not field.primary_key}
    gone = {row[KEY] for row in stored} - {row[KEY] for row in wanted}
    there: dict[Any, models.Model] = {}
    for part in model._default_manager.filter(**{owner: subject.pk}):
        if part.pk in gone:
            # First, so that the place of the lead is free, and a name for another.
            remove(part)
        else:
            there[part.pk] = part
    # A renamed organisation has just made its names itself.
    alike = {SNAPSHOTS.identity(kind, field_values(part)): part for part in there.values()}
    for each in wanted:
        found = there.get(each[KEY]) or alike.get(SNAPSHOTS.identity(kind, each))
        row = _official_or_not(cast(Organisation, subject), each) if model is Name else each
        if row.get("kind") != each.get("kind"):
            continue  # the new name was left out or altered: it never was the official one
        values = {
            fields[name].attname: resolve(fields[name], value)
            for name, value in row.items()
            if name in fields
        }
        put_part(found or model(**{owner: subject}), values)


def _official_or_not(organisation: Organisation, row: Snapshot) -> Snapshot:
    """Return a name as it can be recorded: the official one is what the organisation is called."""
    if key_of(row["text"]) == key_of(organisation.name):
        return row | {"kind": Name.Kind.OFFICIAL, "text": organisation.name}
    return row | ({"kind": Name.Kind.FORMER} if row["kind"] == Name.Kind.OFFICIAL else {})
