"""The e-mails that ask for approval, and remind of it: one to each organisation a run."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from itertools import groupby
from smtplib import SMTPRecipientsRefused

from django.core.mail import EmailMessage
from django.db import models
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from registers.exports.columns import ExportContext
from registers.models import ApprovalRequest
from registers.reminders.approvals import last_day, make_token
from registers.reminders.emails import Sender, one_line
from registers.reminders.sending import MOST_FAILURES, Connection, problem_text


def send_requests(
    requests: Iterable[ApprovalRequest], *, place: ExportContext, sender: Sender
) -> tuple[int, int]:
    """Send an e-mail to each organisation about its requests; return how many were sent and failed.

    `requests` stand by organisation. Each is marked before it is sent, so that two runs send
    it once; what the mail server refused is tried again by the next run. After three failures in
    a row the rest is left to it.
    """
    post, sent, failed, in_row = Connection(), 0, 0, 0
    try:
        for _, group in groupby(requests, key=lambda each: each.organisation_id):
            if in_row >= MOST_FAILURES:
                failed += 1
                continue
            theirs = [each for each in group if _mark(each, on=place.on)]
            if not theirs:
                continue
            refusal = _send(post, theirs, place=place, sender=sender)
            # An address that is refused says that the server works.
            if not isinstance(refusal, SMTPRecipientsRefused):
                in_row = in_row + 1 if refusal else 0
            sent, failed = sent + (not refusal), failed + bool(refusal)
            if refusal:
                _unmark(theirs, problem_text(refusal))
    finally:
        post.close()
    return sent, failed


def _mark(request: ApprovalRequest, *, on: datetime.date) -> bool:
    """Record that an e-mail goes out on the day `on`; False where another run has it."""
    stored = ApprovalRequest.objects.filter(pk=request.pk, emails=request.emails, choice="")
    # The address may have been put right since.
    request.email = request.organisation.contact.email
    sent = {"emails": request.emails + 1, "last_email_on": on, "problem": ""}
    return bool(stored.update(email=request.email, **sent))


def _unmark(requests: Sequence[ApprovalRequest], problem: str) -> None:
    for each in requests:
        ApprovalRequest.objects.filter(pk=each.pk, emails=each.emails + 1).update(
            emails=models.F("emails") - 1, last_email_on=each.last_email_on, problem=problem
        )


def _send(
    post: Connection,
    requests: Sequence[ApprovalRequest],
    *,
    place: ExportContext,
    sender: Sender,
) -> Exception | None:
    """Send one e-mail; return what went wrong, or None."""
    try:
        post.send(_email(requests, place=place, sender=sender))
    except Exception as refusal:  # a backend may raise anything, and the others are to get theirs
        return refusal
    return None


def _email(
    requests: Sequence[ApprovalRequest], *, place: ExportContext, sender: Sender
) -> EmailMessage:
    first = requests[0]
    number = len(requests)
    what = f"protocol {first.protocol_id}" if number == 1 else f"{number} protocols"
    again = (
        "Reminder: please approve" if all(each.emails for each in requests) else "Please approve"
    )
    context = {
        "organisation": one_line(first.organisation.name),
        "partnership": sender.partnership,
        "asked": [
            {
                "title": one_line(str(each.protocol)),
                "version": one_line(each.version),
                "page": f"{place.site}{each.protocol.get_absolute_url()}",
                "link": f"{place.site}{reverse('approve')}?{urlencode({'link': make_token(each)})}",
                "since": timezone.localdate(each.asked_at) if each.emails else None,
                "until": last_day(each),
            }
            for each in requests
        ],
    }
    return EmailMessage(
        subject=one_line(f"{sender.partnership.short_name}: {again} {what}"),
        body=render_to_string("approvals/email.txt", context).strip() + "\n",
        from_email=sender.address,
        to=[first.email],
        reply_to=[sender.partnership.email],
        headers={"Auto-Submitted": "auto-generated"},
    )
