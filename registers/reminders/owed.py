"""Who is owed a reminder on a day. docs/decisions.md, 29, says why the rule is so.

E is the last day of a protocol's review month, and the protocol is in force
and has a lead. Its lead is owed a reminder on the day D

- up to E, where the latest of the days E-90, E-30 and E that has come has had
  no reminder on it or after it. So a run that was missed is made good by the
  next.
- after E, where there has been none since E, or the last is 90 days old.

What counts is a reminder that was sent to this lead, about this protocol and
this review month: a new lead or a new month starts afresh. An organisation
that is owed one for any of its protocols gets one e-mail, about all of them
that are overdue or due within 90 days, and it counts for each. So who leads
twenty hears of all of them at once, every 90 days, and not on twenty days.

Of a protocol whose lead has answered nothing is said while the answer waits:
the next word is the administrators'.
"""

from __future__ import annotations

import datetime

from django.db import models

from registers.models import Answer, Organisation, Party, Protocol, Reminded, Reminder
from registers.models.protocol import ProtocolQuerySet
from registers.models.review_dates import last_day, months_later

FIRST, SECOND, AGAIN = 90, 30, 90  # days before the due day, before it, and after the last one


def told_since(month: datetime.date, on: datetime.date) -> datetime.date | None:
    """Return since when the lead must have been told of a review due in `month`, on the day `on`.

    None while it is too early to tell.
    """
    due = last_day(month)
    if on > due:
        # The last one counts while it is less than 90 days old; one from before E never does.
        return max(due, on - datetime.timedelta(AGAIN - 1))
    moments = (due - datetime.timedelta(days) for days in (0, SECOND, FIRST))
    return next((moment for moment in moments if moment <= on), None)


def protocols_told_of(on: datetime.date) -> ProtocolQuerySet:
    """Return the protocols in force that reminders of the day `on` are about, the oldest first.

    Each knows `is_owed`: whether it is a reason by itself to send one.
    """
    last, since = _thresholds(on)
    told = Reminded.objects.filter(
        protocol=models.OuterRef("pk"),
        review_date=models.OuterRef("review_date"),
        reminder__status=Reminder.Status.SENT,
        reminder__day__gte=models.OuterRef("told_since"),
        reminder__day__lte=on,
        # Where another has become the lead, it has not heard of it yet.
        reminder__organisation__parties__role=Party.Role.LEAD,
        reminder__organisation__parties__protocol=models.OuterRef("pk"),
    )
    waiting = Answer.objects.filter(
        status=Answer.Status.WAITING, reminded__protocol=models.OuterRef("pk")
    )
    return (
        Protocol.objects.current()
        .filter(~models.Exists(waiting), review_date__lte=last)
        .alias(told_since=since)
        .annotate(is_owed=~models.Exists(told))
        .order_by("review_date", "reference")
    )


def _thresholds(on: datetime.date) -> tuple[datetime.date, models.Case]:
    """Return the last month that is told of on the day `on`, and `told_since` of any in SQL."""
    # From the first month that stands under the 90 days of its own E, to the last.
    first = months_later(on.replace(day=1), -4)
    months = (months_later(first, number) for number in range(12))
    days = [(month, day) for month in months if (day := told_since(month, on))]
    whens = [models.When(review_date=month, then=models.Value(day)) for month, day in days]
    before = models.Value(told_since(months_later(first, -1), on))
    case = models.Case(*whens, default=before, output_field=models.DateField())
    return days[-1][0], case


def organisations_owed(on: datetime.date) -> list[Organisation]:
    """Return the organisations that are owed a reminder on the day `on`, each with its contact.

    Those whose last one failed stand behind the others, the longest ago first, so
    that addresses which never work keep nobody waiting; else they stand by name.
    """
    owed = protocols_told_of(on).filter(is_owed=True)  # type: ignore[misc] # annotated
    leads = Party.objects.filter(role=Party.Role.LEAD, protocol__in=owed.values("pk"))
    failed = Reminder.objects.unresolved().filter(organisation=models.OuterRef("pk"))
    organisations = Organisation.objects.filter(pk__in=leads.values("organisation"))
    return list(
        organisations.select_related("contact")
        .annotate(failed_at=models.Subquery(failed.order_by("-begun_at").values("begun_at")[:1]))
        .order_by(models.F("failed_at").asc(nulls_first=True), "name")
    )


def protocols_of(organisation: Organisation, on: datetime.date) -> ProtocolQuerySet:
    """Return what the organisation's reminder of the day `on` is about, the oldest first."""
    led = protocols_told_of(on).of_organisations([organisation], Party.Role.LEAD)
    approvers = "brought_parties__organisation__approvers"
    return led.with_parties().prefetch_related(approvers)
