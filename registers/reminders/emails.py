"""The reminder e-mail, as plain text and as HTML, with nothing loaded from elsewhere."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlencode, urlsplit

from django.core.mail import EmailMultiAlternatives
from django.template.defaultfilters import pluralize
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.text import get_text_list

from registers.exports.columns import ExportContext, url
from registers.models import Organisation, Party, Protocol, Reminder
from registers.models.review_dates import last_day
from registers.reminders.answers import good_until, make_token
from registers.search.links import Links, read_successions
from weisf.partnership import Partnership


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Who writes: a partnership, in its own words, and the address that its e-mails come from."""

    partnership: Partnership
    address: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What is said of one protocol. `days` are left until it is due; less than 0 when overdue.

    `approvers` has a line for each partner whose approvers are recorded, with
    their job titles; `without` names the other partners, and `others` says
    where there are more. `behalf` names the lead, where that has ended and the
    organisation is asked in its place.
    """

    protocol: Protocol
    title: str
    due_on: datetime.date
    days: int
    page: str
    answer: str
    approvers: list[str]
    without: str
    others: str
    ended: str
    others_asked: bool


def reminder_email(
    reminder: Reminder, protocols: Sequence[Protocol], *, place: ExportContext, sender: Sender
) -> EmailMultiAlternatives:
    """Return the e-mail of a stored reminder about `protocols`, for each of which it has a line.

    The most urgent stand first, as in `due.protocols_due`, which also loads
    what is said of partners. The day of the reminder is `place.on`.
    """
    organisation, partnership = reminder.organisation, sender.partnership
    tokens = {line.protocol_id: make_token(line) for line in reminder.lines.all()}
    links = read_successions()
    entries = [_entry(each, organisation, tokens[each.pk], place, links) for each in protocols]
    overdue = [entry for entry in entries if entry.days < 0]
    due = [entry for entry in entries if entry.days >= 0]
    context = {
        "organisation": one_line(organisation.name),
        "partnership": partnership,
        "overdue": overdue,
        "due": due,
        "number": len(entries),
        "in_place_of": get_text_list(sorted({e.ended for e in entries if e.ended}), "and"),
        "on": place.on,
        "good_until": good_until(reminder),
        "desk": _address(place, "reviews", organisation=organisation.slug),
    }
    message = EmailMultiAlternatives(
        subject=_subject(partnership.short_name, len(overdue), len(due)),
        body=render_to_string("reminders/email.txt", context).strip() + "\n",
        from_email=sender.address,
        to=[reminder.email],
        reply_to=[partnership.email],
        headers={
            # No 'out of office' comes back (RFC 3834), and one that goes out twice is one.
            "Auto-Submitted": "auto-generated",
            "Message-ID": f"<reminder-{reminder.pk}-{place.on}@{urlsplit(place.site).hostname}>",
        },
    )
    message.attach_alternative(render_to_string("reminders/email.html", context), "text/html")
    return message


def one_line(text: str) -> str:
    """Return `text` in one line, without what cannot be seen: neither can end a header."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _subject(name: str, overdue: int, due: int) -> str:
    """Return how many are overdue and due; one of the two numbers is not 0."""
    number = overdue or due
    said = f"{number} protocol{pluralize(number)} {'overdue' if overdue else 'due'} for review"
    return one_line(f"{name}: {said}{f' and {due} due' if overdue and due else ''}")


def _entry(
    protocol: Protocol,
    lead: Organisation,
    token: str,
    place: ExportContext,
    links: Links,
) -> Entry:
    due_on = last_day(cast(datetime.date, protocol.review_date))
    partners = [
        _approvers(party.organisation)
        for party in protocol.partners
        if party.organisation_id != lead.pk
    ]
    recorded = cast(Party, protocol.lead)
    is_other = recorded.organisation_id != lead.pk
    return Entry(
        protocol=protocol,
        title=one_line(protocol.title),
        due_on=due_on,
        days=(due_on - place.on).days,
        page=url(protocol, place),
        answer=_address(place, "answer", link=token),
        approvers=[f"{name}: {', '.join(titles)}" for name, titles in partners if titles],
        without="; ".join(name for name, titles in partners if not titles),
        ended=one_line(recorded.organisation.name) if is_other else "",
        others_asked=is_other
        and len(links.in_place_of(recorded.organisation_id, protocol.reference, place.on)) > 1,
        others="" if protocol.parties_complete is not False else _others(protocol),
    )


def _address(place: ExportContext, page: str, **question: str) -> str:
    return f"{place.site}{reverse(page)}?{urlencode(question)}"


def _approvers(organisation: Organisation) -> tuple[str, list[str]]:
    """Return its name, and the job titles that approve for it."""
    titles = [one_line(approver.job_title) for approver in organisation.approvers.all()]
    return one_line(organisation.name), titles


def _others(protocol: Protocol) -> str:
    """Return what is said where the list of partners is known not to be complete."""
    return one_line(f"This list is not complete. {protocol.parties_note}")
