"""E-mails about proposals: that some wait, and that one was accepted or came back.

A Publisher gets one a day at most. What is written stands in admin: an e-mail only says
where, so that nothing that is not public leaves by it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.db import models
from django.template.defaultfilters import pluralize
from django.urls import reverse

from registers.changes.proposal_view import accepted_otherwise
from registers.exports.columns import ExportContext
from registers.models import Proposal, ProposalEmailDay
from registers.reminders.emails import Sender, one_line
from registers.reminders.sending import Connection

_log = logging.getLogger(__name__)
MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
ENDS = {
    Proposal.Status.ACCEPTED: "was accepted",
    Proposal.Status.RETURNED: "was returned with a comment",
}


def send_about_proposals(*, place: ExportContext, sender: Sender) -> tuple[int, int]:
    """Send what is to be said on the day `place.on`; return how many were sent, and failed.

    Each proposal is marked before, so that a second run says nothing twice; where all
    of its e-mails failed, the next run tries again.
    """
    post, sent, failed = Connection(), 0, 0
    try:
        for emails, about in _batches(place, sender):
            keys = [each.pk for each in about]
            marked = Proposal.objects.filter(pk__in=keys)
            # Unless another run marked them in this moment.
            is_first = marked.filter(announced_on=None).update(announced_on=place.on)
            taken = [_send(post, email) for email in emails] if is_first else []
            sent, failed = sent + sum(taken), failed + len(taken) - sum(taken)
            if taken and not any(taken):
                marked.update(announced_on=None)
                if about[0].status == Proposal.Status.WAITING:
                    ProposalEmailDay.objects.filter(day=place.on).delete()
    finally:
        post.close()
    return sent, failed


def _batches(
    place: ExportContext, sender: Sender
) -> Iterator[tuple[list[EmailMessage], list[Proposal]]]:
    """Give the e-mails that are to be sent, with the proposals that they are the first about."""
    new = list(
        Proposal.objects.filter(announced_on=None).select_related("by", "change").order_by("pk")
    )
    waiting = [each for each in new if each.status == Proposal.Status.WAITING]
    # Not by what was announced: that may have been decided since.
    if waiting and ProposalEmailDay.objects.get_or_create(day=place.on)[1]:
        ProposalEmailDay.objects.filter(day__lt=place.on).delete()
        page = place.site + reverse("admin:registers_proposal_changelist")
        emails = []
        for to in publishers():
            theirs = Proposal.objects.waiting()
            if settings.SECOND_PAIR_OF_EYES:  # nobody decides their own
                theirs = theirs.exclude(by=to)
            if number := theirs.count():
                subject = f"{number} proposal{pluralize(number)} to decide"
                text = f"{subject}.\n\nThey are listed here:\n{page}?status__exact=waiting\n"
                emails.append(_email(to, subject, text, sender))
        yield emails, waiting
    for each in new:
        if each.status in ENDS and each.by:
            page = place.site + reverse("admin:registers_proposal_change", args=[each.pk])
            what = ENDS[Proposal.Status(each.status)]
            what += " with alterations" if accepted_otherwise(each) else ""
            subject = f"Your proposal about {each.about} {what}"
            text = f"{subject}.\n\nSee it here:\n{page}\n"
            has_address = each.by.is_active and each.by.email
            yield ([_email(each.by, subject, text, sender)] if has_address else []), [each]


def publishers() -> Iterable[User]:
    """Return those who may decide proposals and have an e-mail address."""
    users: models.QuerySet[User] = User.objects.with_perm(
        "registers.publish_protocol", backend=MODEL_BACKEND
    )
    return users.filter(is_active=True, is_staff=True).exclude(email="").order_by("pk")


def _email(to: User, subject: str, text: str, sender: Sender) -> EmailMessage:
    return EmailMessage(
        subject=one_line(f"{sender.partnership.short_name}: {subject}"),
        body=text,
        from_email=sender.address,
        to=[to.email],
        reply_to=[sender.partnership.email],
        headers={"Auto-Submitted": "auto-generated"},
    )


def _send(post: Connection, email: EmailMessage) -> bool:
    try:
        post.send(email)
    except Exception as problem:  # a backend may raise anything, and the others are to get theirs
        _log.warning("An e-mail about proposals was not sent: %s", type(problem).__name__)
        return False
    return True
