"""Record that organisations approved a version of a protocol, or let their approval start anew.

An approval stands on the party, so that its history, a past day, a merge and a restored state
say the same of it as of all else that a party says. docs/decisions.md, 91.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import get_text_list

from registers.changes.locking import lock_one
from registers.changes.record import IN_THE_FUTURE, record_change
from registers.changes.writes import save
from registers.models import Document, Organisation, Party, Protocol
from registers.models.organisation import NO_APPROVAL

NO_LONGER = "{protocol} is not in force, so there is nothing to approve."
GONE = "Somebody has deleted this protocol in the meantime."
NO_PARTY = "Select the organisations that approved it, of those that take part."
APPROVED = "{names}: the approval of this version is recorded already."
PAPER = "Select the document that shows it, of the documents of this protocol."
NOT_ANEW = "No approval is recorded, so nothing starts anew."
ANEW = "{version} changes what was agreed: each organisation is asked to approve it."


@dataclass(frozen=True, kw_only=True)
class PaperApproval:
    """What a document shows: the organisations that approved, the day and the job title."""

    organisations: Collection[Organisation]
    signed_on: datetime.date
    job_title: str
    paper: Document


def record_paper_approval(
    protocol: Protocol, approval: PaperApproval, *, at: datetime.datetime, by: User
) -> None:
    """Record at `at` an approval of the protocol's version that stands in one of its documents.

    It is an official change where the protocol is public. Raises ValidationError, by
    field, for a day to come, a document of another protocol, an organisation that takes no
    part or has approved this version already; then nothing is kept.
    """
    with transaction.atomic():
        protocol = _locked(protocol)
        parties = _parties(protocol, approval.organisations)
        _check(protocol, approval, parties, on=timezone.localdate(at))
        given = {
            "signed_on": approval.signed_on,
            "approved_by": approval.job_title,
            "approved_version": protocol.version,
            "approval_source": Party.ApprovalSource.PAPER,
            "approval_paper_id": approval.paper.pk,
        }
        with record_change(protocol, at=at, by=by):
            _save_approvals(parties, given)


def record_link_approval(
    protocol: Protocol, organisation: Organisation, *, job_title: str, at: datetime.datetime
) -> None:
    """Record at `at` that an organisation approved the protocol's version by its signed link.

    It is an official change. Raises ValidationError where the protocol is not in force or the
    organisation takes no part; then nothing is kept.
    """
    with transaction.atomic():
        protocol = _locked(protocol)
        parties = _parties(protocol, [organisation])
        given = {
            "signed_on": timezone.localdate(at),
            "approved_by": job_title,
            "approved_version": protocol.version,
            "approval_source": Party.ApprovalSource.LINK,
            "approval_paper_id": None,
        }
        with record_change(protocol, at=at):
            _save_approvals(parties, given)


def start_approvals_anew(protocol: Protocol, *, at: datetime.datetime, by: User) -> None:
    """Take away all approvals, since the protocol's version changes what was agreed.

    They stay on the changes page. Raises ValidationError where there is none.
    """
    with transaction.atomic():
        protocol = _locked(protocol)
        parties = list(protocol.parties.exclude(signed_on=None))
        if not parties:
            raise ValidationError(NOT_ANEW)
        version = f"Version {protocol.version}" if protocol.version else "This version"
        with record_change(protocol, at=at, by=by, why=ANEW.format(version=version)):
            _save_approvals(parties, NO_APPROVAL)


def has_approved(party: Party, version: str) -> bool:
    """Return whether more than the day is recorded of the approval of this version."""
    return bool(party.approval_source) and party.approved_version == version


def _locked(protocol: Protocol) -> Protocol:
    """Lock the protocol until the transaction ends: of two who record, the second sees both."""
    held = lock_one(protocol)
    if not isinstance(held, Protocol):
        raise ValidationError(GONE)
    if held.status == Protocol.Status.WITHDRAWN:
        raise ValidationError(NO_LONGER.format(protocol=held))
    return held


def _parties(protocol: Protocol, organisations: Collection[Organisation]) -> list[Party]:
    """Return their parts in the protocol: one can be lead and partner."""
    keys = {each.pk for each in organisations}
    parties = list(protocol.parties.filter(organisation__in=keys).select_related("organisation"))
    if not keys or {party.organisation_id for party in parties} != keys:
        raise ValidationError({"organisations": NO_PARTY})
    return parties


def _check(
    protocol: Protocol, approval: PaperApproval, parties: list[Party], *, on: datetime.date
) -> None:
    if approval.signed_on > on:
        raise ValidationError({"signed_on": IN_THE_FUTURE})
    if approval.paper.protocol_id != protocol.pk or approval.paper.taken_off:
        raise ValidationError({"paper": PAPER})
    done = {str(each.organisation) for each in parties if has_approved(each, protocol.version)}
    if done:
        names = get_text_list(sorted(done), "and")
        raise ValidationError({"organisations": APPROVED.format(names=names)})


def _save_approvals(parties: Collection[Party], values: dict[str, Any]) -> None:
    for party in parties:
        party.set_approval(values)
        save(party)
