"""Which organisations are due a reminder on a day. docs/decisions.md, 29, says why the rule is so.

E is the last day of a protocol's review month, and the protocol is in force
and has a lead. Its lead is due a reminder on the day D

- up to E, where the latest of these days that has come has had no reminder on it or
  after it: E less 30 days for each month of the partnership's notice (E-90 with 3),
  E-30 and E. So a run that was missed is made good by the next.
- after E, where there has been none since E, or the last is 90 days old.

What counts is a reminder that was sent to this lead, about this protocol and
this review month: a new lead or a new month starts afresh. An organisation
that is due one for any of its protocols gets one e-mail, about all of them
that are overdue or due within that notice, and it counts for each. So who leads
twenty hears of all of them at once, every 90 days, and not on twenty days.

Where the organisation that leads has ended, those that took its place are due the
reminder instead, each for itself: all of them after a split that nobody decided.

A protocol whose lead has answered is left out while the answer waits for an
administrator.
"""

from __future__ import annotations

import datetime
from typing import Any, NamedTuple, cast

from django.conf import settings
from django.db import models

from registers.models import Answer, Organisation, Party, Protocol, Reminded, Reminder
from registers.models.protocol import ProtocolQuerySet
from registers.models.review_dates import last_day, months_later
from registers.search.links import Links, read_successions

AGAIN = 90  # days since the last reminder


def reminded_since(month: datetime.date, on: datetime.date) -> datetime.date | None:
    """Return the day since which the lead must have been reminded of a review due in `month`.

    `on` is the day in question, in Europe/London. None while it is too early for a reminder.
    """
    due = last_day(month)
    if on > due:
        # The last one counts while it is less than 90 days old; one from before E never does.
        return max(due, on - datetime.timedelta(AGAIN - 1))
    wanted = settings.PARTNERSHIP.review.reminder_days
    moments = (due - datetime.timedelta(days) for days in (0, *reversed(wanted)))
    return next((moment for moment in moments if moment <= on), None)


def reminded_protocols(on: datetime.date) -> ProtocolQuerySet:
    """Return the protocols in force that reminders of the day `on` are about, the oldest first.

    Each knows `is_due`: whether it alone is a reason to send one.
    """
    return _reminded(
        on,
        # Where another has become the lead, it has not heard of it yet.
        reminder__organisation__parties__role=Party.Role.LEAD,
        reminder__organisation__parties__protocol=models.OuterRef("pk"),
    )


def _reminded(on: datetime.date, **to: Any) -> ProtocolQuerySet:
    """Return the same, where the reminders that count are those sent `to` somebody."""
    last, since = _thresholds(on)
    reminded = Reminded.objects.filter(
        protocol=models.OuterRef("pk"),
        review_date=models.OuterRef("review_date"),
        reminder__status=Reminder.Status.SENT,
        reminder__day__gte=models.OuterRef("reminded_since"),
        reminder__day__lte=on,
        **to,
    )
    waiting = Answer.objects.filter(
        status=Answer.Status.WAITING, reminded__protocol=models.OuterRef("pk")
    )
    return (
        Protocol.objects.current()
        .filter(~models.Exists(waiting), review_date__lte=last)
        .alias(reminded_since=since)
        .annotate(is_due=~models.Exists(reminded))
        .order_by("review_date", "reference_key")
    )


def _thresholds(on: datetime.date) -> tuple[datetime.date, models.Case]:
    """Return the last month to remind of on the day `on`, and `reminded_since` of any in SQL."""
    # From the first month that stands under the 90 days of its own E, to the last.
    first = months_later(on.replace(day=1), -4)
    months = (months_later(first, number) for number in range(17))
    days = [(month, day) for month in months if (day := reminded_since(month, on))]
    whens = [models.When(review_date=month, then=models.Value(day)) for month, day in days]
    before = models.Value(reminded_since(months_later(first, -1), on))
    case = models.Case(*whens, default=before, output_field=models.DateField())
    return days[-1][0], case


def organisations_due(on: datetime.date) -> list[Organisation]:
    """Return the organisations that are due a reminder on the day `on`, each with its contact.

    Those whose last one failed stand behind the others, the longest ago first, so
    that addresses which never work keep nobody waiting; else they stand by name.
    """
    links = read_successions()
    due = reminded_protocols(on).filter(is_due=True)  # type: ignore[misc] # annotated
    leads = Party.objects.filter(role=Party.Role.LEAD, protocol__in=due.values("pk")).exclude(
        organisation__in=links.ended(on)
    )
    failed = Reminder.objects.unresolved().filter(organisation=models.OuterRef("pk"))
    organisations = Organisation.objects.filter(
        models.Q(pk__in=leads.values("organisation")) | models.Q(pk__in=_due_for_others(on, links))
    )
    return list(
        organisations.select_related("contact")
        .annotate(failed_at=models.Subquery(failed.order_by("-begun_at").values("begun_at")[:1]))
        .order_by(models.F("failed_at").asc(nulls_first=True), "name")
    )


class _Led(NamedTuple):
    """A protocol to be reviewed, which an organisation leads that has ended."""

    reference: str
    review_date: datetime.date
    lead: int


def _led_by_ended(on: datetime.date, links: Links) -> list[_Led]:
    """Return those that reminders of the day `on` are about: no query where none has ended."""
    if not links.ended(on):
        return []
    due = reminded_protocols(on).order_by()
    leads = Party.objects.filter(
        role=Party.Role.LEAD, organisation__in=links.ended(on), protocol__in=due.values("pk")
    )
    rows = leads.order_by("pk").values_list("protocol", "protocol__review_date", "organisation")
    return [_Led(reference, cast(datetime.date, month), lead) for reference, month, lead in rows]


def _due_for_others(on: datetime.date, links: Links) -> set[int]:
    """Return the ids of the organisations that are due a reminder in the place of a lead."""
    led = _led_by_ended(on, links)
    sent = Reminded.objects.filter(
        protocol__in=[line.reference for line in led],
        reminder__status=Reminder.Status.SENT,
        reminder__day__lte=on,
    )
    last: dict[tuple[str, datetime.date, int], datetime.date] = {}
    if led:
        rows = sent.order_by("reminder__day").values_list(
            "protocol", "review_date", "reminder__organisation", "reminder__day"
        )
        last = {(reference, month, key): day for reference, month, key, day in rows}
    due = set()
    for line in led:
        since = reminded_since(line.review_date, on)
        for key in links.in_place_of(line.lead, line.reference, on):
            day = last.get((line.reference, line.review_date, key))
            if since and (day is None or day < since):
                due.add(key)
    return due


def protocols_due(organisation: Organisation, on: datetime.date) -> ProtocolQuerySet:
    """Return what the organisation's reminder of the day `on` is about, the oldest first."""
    links = read_successions()
    asked = [
        line.reference
        for line in _led_by_ended(on, links)
        if organisation.pk in links.in_place_of(line.lead, line.reference, on)
    ]
    parties = Party.objects.filter(role=Party.Role.LEAD, organisation=organisation).exclude(
        organisation__in=links.ended(on)
    )
    led = _reminded(on, reminder__organisation=organisation).filter(
        models.Q(pk__in=parties.values("protocol")) | models.Q(pk__in=asked)
    )
    approvers = "prefetched_parties__organisation__approvers"
    return led.with_parties().prefetch_related(approvers)
