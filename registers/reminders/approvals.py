"""Approval by link: who is asked to approve a version of a protocol, and what they answer.

An approval is recorded at once, on the party. An objection, and that it is not theirs, wait
for an officer and are never public.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone

from registers.changes.approval import has_approved, record_link_approval
from registers.changes.locking import lock_one, lock_rows, plan_digest
from registers.history.snapshot import field_values
from registers.models import ApprovalRequest, Contact, Organisation, Party, Protocol
from registers.models.personal_words import JOB_TITLE, personal_words
from registers.reminders.links import (
    LONGEST_NOTE,
    LONGEST_TITLE,
    clean_lines,
    fault_of,
    last_day_of_link,
    one_spaced,
    organisation_keys,
    sign,
    unsign,
)
from registers.search.links import read_successions

# It stands in links that were sent, so it never changes.
SALT = "registers.reminders.approvals"
MOST_EMAILS = 3  # the request and two reminders: then it is quiet
NOT_IN_FORCE = "{protocol} is not in force, so nobody is asked to approve it."
NOBODY = "There is nobody to ask: each line says why."
CHANGED_SINCE = (
    "The record has changed since you opened this page, so nothing was sent. Read it again, then"
    " press the button again."
)
DEALT_WITH = "This answer was dealt with already."

HAS_APPROVED = "approved this version on {day}"
HAS_ENDED = "has ended: record the approval of whoever took its place from paper"
NO_CONTACT = "no e-mail address is recorded: add it under the organisation’s contact"
ASKED = "asked on {day}, and can answer until {until}"
NOT_SENT = "asked on {day}, but the e-mail was not taken: the daily run tries again"
ANSWERED = "{answer} on {day}: deal with that first"


def make_token(request: ApprovalRequest) -> str:
    """Return what stands in the link of a request."""
    return sign(_payload(request, request.organisation_id), salt=SALT)


def request_for_token(token: str) -> ApprovalRequest | None:
    """Return the request that a link is about, however old; None if it is not as it was sent."""
    said = unsign(token, salt=SALT)
    requests = ApprovalRequest.objects.select_related("protocol__theme", "organisation")
    request = requests.filter(pk=said[0]).first() if said else None
    if request is None or said is None:
        return None
    # Also as it was before its organisation was merged.
    payloads = {_payload(request, key) for key in organisation_keys(request.organisation_id)}
    return request if said[1] in payloads else None


def _payload(request: ApprovalRequest, organisation: int) -> str:
    """Return which request it is, and of what: a database that was put back numbers others so."""
    day = timezone.localdate(request.asked_at)
    return f"{request.pk}-{organisation}-{request.protocol_id}-{day}"


def last_day(request: ApprovalRequest) -> datetime.date:
    """Return the last day, in Europe/London, on which the link of a request can be used."""
    return last_day_of_link(request.asked_at)


class State(StrEnum):
    """What can be done with a link. The first that fits, in this order."""

    EXPIRED = "expired"  # its last day has passed
    ANSWERED = "answered"  # it was used
    WITHDRAWN = "withdrawn"  # the protocol is no longer in force
    ASKED_AGAIN = "asked-again"  # a later e-mail asks the same organisation
    OTHER_VERSION = "other-version"  # the protocol has another version by now
    NO_PARTY = "no-party"  # the organisation takes no part any more
    RECORDED = "recorded"  # its approval of this version is recorded otherwise
    OPEN = "open"  # it can be answered


class RequestClosed(Exception):  # noqa: N818 (it is no error, only too late)
    """A link that cannot be used: `state` says why."""

    def __init__(self, state: State) -> None:
        super().__init__(state.value)
        self.state = state


def state_of(request: ApprovalRequest, *, at: datetime.datetime) -> State:
    """Return what can be done, at the aware time `at`, with the link of a request."""
    protocol = request.protocol
    if timezone.localdate(at) > last_day(request):
        return State.EXPIRED
    if request.choice:
        return State.ANSWERED
    if protocol.status != Protocol.Status.PUBLISHED:
        return State.WITHDRAWN
    later = ApprovalRequest.objects.filter(
        protocol=request.protocol_id, organisation=request.organisation_id, pk__gt=request.pk
    )
    if later.exists():
        return State.ASKED_AGAIN
    if protocol.version != request.version:
        return State.OTHER_VERSION
    return _state_of_party(request)


def _state_of_party(request: ApprovalRequest) -> State:
    protocol = request.protocol
    parties = list(protocol.parties.filter(organisation=request.organisation_id))
    if not parties:
        return State.NO_PARTY
    is_recorded = all(has_approved(party, protocol.version) for party in parties)
    return State.RECORDED if is_recorded else State.OPEN


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """An organisation that takes part, the address it is asked at, and why it is not asked."""

    organisation: Organisation
    email: str
    why_not: str = ""


def recipients(protocol: Protocol, *, at: datetime.datetime) -> list[Recipient]:
    """Return each organisation that takes part, once, with whether it can be asked at `at`."""
    parties: dict[int, list[Party]] = {}
    for party in protocol.parties.select_related("organisation"):
        parties.setdefault(party.organisation_id, []).append(party)
    emails = dict(
        Contact.objects.filter(organisation__in=parties).values_list("organisation", "email")
    )
    requests = ApprovalRequest.objects.filter(protocol=protocol).order_by("asked_at", "pk")
    last = {each.organisation_id: each for each in requests}
    # Also where another was asked later: a merge can have brought two together.
    last |= {each.organisation_id: each for each in requests.to_deal_with()}
    ended = read_successions().ended(timezone.localdate(at))
    return [
        Recipient(
            organisation=theirs[0].organisation,
            email=emails.get(key, ""),
            why_not=_why_not_approved(theirs, protocol.version)
            or (HAS_ENDED if key in ended else "")
            or _why_not_again(last.get(key), protocol.version, on=timezone.localdate(at))
            or ("" if key in emails else NO_CONTACT),
        )
        for key, theirs in parties.items()
    ]


def _why_not_approved(parties: list[Party], version: str) -> str:
    if not all(has_approved(party, version) for party in parties):
        return ""
    return HAS_APPROVED.format(day=_day(parties[0].signed_on))


def _why_not_again(last: ApprovalRequest | None, version: str, *, on: datetime.date) -> str:
    """Return why an organisation with this last request is not asked; '' where it can be."""
    if last is None or (last.choice and last.dealt_with_at):
        return ""
    if last.choice in {ApprovalRequest.Choice.OBJECTED, ApprovalRequest.Choice.NOT_OURS}:
        answer = last.get_choice_display().lower()
        return ANSWERED.format(answer=answer, day=_day(timezone.localdate(last.answered_at)))
    if last.choice or last.version != version or on > last_day(last):
        return ""
    day, until = _day(timezone.localdate(last.asked_at)), _day(last_day(last))
    return (ASKED if last.emails else NOT_SENT).format(day=day, until=until)


def _day(day: datetime.date | None) -> str:
    return f"{day:%-d %B %Y}"


def ask_for_approval(
    protocol: Protocol, *, at: datetime.datetime, by: User
) -> list[ApprovalRequest]:
    """Store a request to each organisation that can be asked at `at`, and return them.

    Nothing is sent yet. Raises ValidationError where the protocol is not in force, or there
    is nobody to ask.
    """
    with transaction.atomic():
        # Of two who ask at once, the second sees whom the first has asked.
        stored = lock_one(protocol)
        if stored is None or stored.status != Protocol.Status.PUBLISHED:
            raise ValidationError(NOT_IN_FORCE.format(protocol=protocol))
        to = [each for each in recipients(stored, at=at) if not each.why_not]
        if not to:
            raise ValidationError(NOBODY)
        return [
            ApprovalRequest.objects.create(
                protocol=stored,
                organisation=each.organisation,
                version=stored.version,
                email=each.email,
                asked_at=at,
                asked_by=by,
            )
            for each in to
        ]


def requests_due(*, on: datetime.date, at: datetime.datetime) -> Iterator[ApprovalRequest]:
    """Give the requests of which an e-mail is due on the day `on`: the first one, or a reminder.

    Their links can be used at `at`, and there is a contact to write to.
    """
    again = on - datetime.timedelta(days=settings.PARTNERSHIP.review.approval_reminder_days)
    due = models.Q(emails=0) | models.Q(emails__lt=MOST_EMAILS, last_email_on__lte=again)
    requests = ApprovalRequest.objects.filter(
        due, choice="", organisation__contact__isnull=False
    ).select_related("protocol", "organisation__contact")
    for request in requests.order_by("organisation__name", "pk"):
        if state_of(request, at=at) == State.OPEN:
            yield request


def seen_of(protocol: Protocol) -> str:
    """Return a short text that differs as soon as the record or its documents do.

    Not where another organisation approves, or joins.
    """
    papers = [list(each) for each in protocol.documents.listed().values_list("pk", "title", "file")]
    return plan_digest([field_values(protocol), papers])[:16]


def answer(
    request: ApprovalRequest,
    *,
    choice: str,
    job_title: str,
    reason: str,
    seen: str,
    at: datetime.datetime,
) -> ApprovalRequest:
    """Record what the approver answered at `at`: an approval becomes official at once.

    `seen` is what `seen_of` gave of the record that was shown: nobody approves what they did
    not read.

    The same answer once more, by a double click, is one answer. Raises ValidationError, with
    its sentences by field, and RequestClosed where the link cannot be used; then nothing is
    stored.
    """
    given = {
        "choice": choice,
        "job_title": one_spaced(job_title),
        "reason": clean_lines(reason),
    }
    with transaction.atomic():
        # Of two who answer at once, the second waits here and then sees the first's.
        lock_rows(Protocol.objects.filter(pk=request.protocol_id).only("pk"))
        stored = ApprovalRequest.objects.select_related("protocol", "organisation").get(
            pk=request.pk
        )
        state = state_of(stored, at=at)
        if state == State.ANSWERED and all(getattr(stored, n) == v for n, v in given.items()):
            return stored
        if state != State.OPEN:
            raise RequestClosed(state)
        if wrong := dict(_errors(**given)):
            raise ValidationError(wrong)
        if choice == ApprovalRequest.Choice.APPROVED:
            if seen != seen_of(stored.protocol):
                raise ValidationError({"page": CHANGED_SINCE})
            record_link_approval(
                stored.protocol, stored.organisation, job_title=given["job_title"], at=at
            )
        for name, value in given.items():
            setattr(stored, name, value)
        stored.answered_at = at
        stored.full_clean()
        stored.save()
    return stored


def _errors(*, choice: str, job_title: str, reason: str) -> Iterator[tuple[str, str]]:
    """Give what is wrong, by field, the last being the one that is said."""
    if choice not in ApprovalRequest.Choice:
        yield "choice", "Select one of the 3 answers."
    texts = {
        "job_title": ("Job title", job_title, LONGEST_TITLE),
        "reason": ("Reason", reason, LONGEST_NOTE),
    }
    for field, (label, text, longest) in texts.items():
        if sentence := fault_of(text, longest):
            yield field, f"{label}: {sentence}"
    if personal_words(job_title, field=JOB_TITLE):
        yield "job_title", "Enter a job title, and not a person’s name: this is public."
    if not job_title:
        yield "job_title", "Enter your job title."
    if choice == ApprovalRequest.Choice.OBJECTED and not reason:
        yield "reason", "Enter why you object. Only administrators read this."


def deal_with(request: ApprovalRequest, *, at: datetime.datetime, by: User) -> None:
    """Record that an officer has dealt with an objection. Raises ValidationError if one has."""
    waiting = ApprovalRequest.objects.to_deal_with().filter(pk=request.pk)
    if not waiting.update(dealt_with_at=at, dealt_with_by=by):
        raise ValidationError(DEALT_WITH)


def delete_old_requests(*, on: datetime.date, dry: bool = False) -> int:
    """Delete requests asked more than APPROVAL_REQUEST_DAYS before the day `on`, or count them.

    What still waits to be dealt with stays. An approval stands on the party.
    """
    old = ApprovalRequest.objects.older_than(settings.APPROVAL_REQUEST_DAYS, on=on)
    return old.count() if dry else old.delete()[0]
