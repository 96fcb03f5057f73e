"""Write a proposal down: what a save that was done and rolled back would have changed."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils.text import Truncator

from registers.changes.public_text import refuse_email_in_reason
from registers.changes.restore import FILE
from registers.changes.review import (
    lock_protocols,
    protocol_values,
    reason_of,
    record_reviews,
    refuse_proposed,
    review_from,
)
from registers.changes.transaction import States, dry_run
from registers.changes.writes import wanted_slug
from registers.history.compare import KEY, compare
from registers.history.snapshot import Snapshot
from registers.models import (
    Abbreviation,
    Document,
    News,
    Option,
    Organisation,
    Proposal,
    ProposedFile,
    Protocol,
    Resource,
    Review,
    SynonymSet,
    Theme,
    subject_columns,
)
from registers.models.synonyms import split_words

# Of these, what is published is changed by Publishers, or by a proposal.
PROPOSABLE: tuple[type[models.Model], ...] = (
    Protocol,
    Organisation,
    Theme,
    News,
    Resource,
    Abbreviation,
    SynonymSet,
    Option,
)
LONGEST_ABOUT = 400


def propose(
    states: States,
    *,
    at: datetime.datetime,
    by: User | None,
    why: str = "",
    is_correction: bool = False,
    sent_by: Mapping[str, Any] | None = None,
) -> list[Proposal]:
    """Store a proposal for each published row that a dry run has changed, and return them.

    `states` are what the dry run collected. What it added or removed cannot be proposed.
    `sent_by` are the fields of a proposal that say who sent it, where that is no user. Raises
    ValidationError, also for an e-mail address in the reason, and then stores nothing.
    """
    refuse_email_in_reason(why)
    proposals = []
    with transaction.atomic():
        for (model, key), (before, after) in states.items():
            if not (before and after and model in PROPOSABLE):
                raise ValidationError("Only a change of what is published can be proposed.")
            base, wanted = differing_values(model, before, after)
            if not any(wanted.values()):
                continue
            proposal = Proposal(
                **subject_columns(model, key),
                about=_name_of(model, key, before["fields"]),
                base=base,
                wanted=wanted,
                why=why,
                is_correction=is_correction,
                by=by,
                proposed_at=at,
                **(sent_by or {}),
            )
            proposal.full_clean()
            proposal.save()
            _keep_files(proposal)
            proposals.append(proposal)
    return proposals


def propose_reviews(
    reviews: Sequence[Review],
    *,
    at: datetime.datetime,
    by: User | None,
    expected_digest: str | None = None,
) -> list[Proposal]:
    """Store a proposal for the protocol of each review, of what recording it would do.

    Raises ValidationError as `record_reviews` does, and for a review that is proposed already;
    then none is stored.
    """
    with transaction.atomic():
        lock_protocols(reviews)
        for review in reviews:
            refuse_proposed(review)
        with dry_run() as states:
            record_reviews(reviews, at=at, by=by, expected_digest=expected_digest)
        proposals = []
        for review in reviews:
            row = (Protocol, review.protocol_id)
            proposals += propose({row: states[row]}, at=at, by=by, why=reason_of(review))
        return proposals


def _name_of(model: type[models.Model], key: Any, fields: Snapshot) -> str:
    """Return what a record was called, by its snapshot."""
    if model is SynonymSet:
        return Truncator(", ".join(split_words(fields["words"]))).chars(LONGEST_ABOUT)
    name = next(str(fields[each]) for each in ("title", "name", "short", "words") if each in fields)
    return f"{key} - {name}" if model is Protocol else name


def differing_values(
    model: type[models.Model], before: Snapshot, after: Snapshot
) -> tuple[Snapshot, Snapshot]:
    """Return the fields, and the rows of the kinds of parts, that differ: before and after."""
    found = compare(before, before, after).differences
    names = {
        each.name
        for each in found
        if not each.kind
        and (model._meta.get_field(each.name).editable or each.name in file_fields(model))
    }
    if model is Organisation and "name" in names and _slug_follows(after["fields"]):
        # It is made again when the name is accepted, which may be altered then.
        names.discard("slug")
    kinds = {each.kind for each in found if each.kind}
    stored = {kind: {row[KEY] for row in before["parts"][kind]} for kind in kinds}
    if "documents" in kinds:
        # One that was taken off is in no snapshot: it comes back to its own address.
        of_it = Document.objects.filter(protocol=before["fields"]["reference"], taken_off=True)
        stored["documents"] |= set(of_it.values_list("pk", flat=True))
    for row in after["parts"]["reviews"] if "reviews" in kinds else ():
        if row[KEY] not in stored["reviews"]:
            # Also what it leaves as it was: somebody else may change that before it is accepted.
            names |= protocol_values(review_from(row)).keys()
    base = {
        # The status is that of the record which this was written for.
        "fields": {n: v for n, v in before["fields"].items() if n in {*names, "status"}},
        "parts": {kind: before["parts"][kind] for kind in kinds},
    }
    wanted = {
        "fields": {name: after["fields"][name] for name in names},
        # The key of a new row was rolled back with it.
        "parts": {
            kind: [
                row if row[KEY] in stored[kind] else {**row, KEY: None}
                for row in after["parts"][kind]
            ]
            for kind in kinds
        },
    }
    return base, wanted


def _slug_follows(fields: Snapshot) -> bool:
    """Return whether the slug of an organisation is the one that is made from its name."""
    made = re.escape(wanted_slug(fields["name"]))
    return bool(re.fullmatch(f"{made}(-[0-9]+)?", fields["slug"]))


def file_fields(model: type[models.Model]) -> tuple[str, ...]:
    """Return the fields that follow from the file of a row of `model`, which no form has."""
    return FILE if model is Resource else ()


def _keep_files(proposal: Proposal) -> None:
    """Let the files that are new in a proposal belong to it: else nobody would know of them."""
    known = {row["file"] for row in _papers(proposal.base)}
    known |= set(proposal.files.values_list("file", flat=True))
    for row in _papers(proposal.wanted):
        if row["file"] and row["file"] not in known:
            name = row.get("name") or row["file"]
            ProposedFile.objects.create(proposal=proposal, file=row["file"], name=name)


def _papers(values: Snapshot) -> list[dict[str, Any]]:
    fields = values["fields"]
    return [*values["parts"].get("documents", ()), *([fields] if "file" in fields else ())]
