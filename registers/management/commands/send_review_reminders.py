"""`manage.py send_review_reminders [--on DATE] [--dry-run]`: once a day, by a timer."""

import datetime
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from registers.exports.columns import ExportContext
from registers.models.review_dates import FIRST_YEAR, LAST_YEAR, ReviewStatus
from registers.reminders.approval_emails import send_requests
from registers.reminders.approvals import requests_due
from registers.reminders.emails import Sender
from registers.reminders.proposals import send_about_proposals
from registers.reminders.sending import Outcome, Status, preview_reminders, send_reminders
from weisf.mail import sends_mail

WORDS = {
    Status.SENT: "Sent to {organisation}: {protocols}.",
    Status.FAILED: "Failed for {organisation}: {problem}",
    Status.SKIPPED: "Left for the next run: {organisation}.",
    Status.UNFINISHED: (
        "Not sent again to {organisation}: a run began it today and did not record how it ended."
    ),
    Status.NO_CONTACT: "No contact is recorded for {organisation}.",
    Status.DUE: "Would be sent to {organisation}: {protocols}.",
}
SUMMARY = {
    Status.DUE: "{} would be sent",
    Status.SENT: "{} sent",
    Status.FAILED: "{} failed",
    Status.SKIPPED: "{} left for the next run",
    Status.UNFINISHED: "{} begun and not finished",
    Status.NO_CONTACT: "{} without a contact",
}
NOWHERE = (
    "No mail server is set up, so nothing was sent. Set EMAIL_URL, such as "
    "smtp+tls://user:password@host:587 (docs/settings.md). --dry-run needs none."
)


class Command(BaseCommand):
    help = "Remind the lead organisations of the reviews that are overdue or due soon."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--on", metavar="DAY", help="as if it were that day, 2026-11-22")
        parser.add_argument(
            "--dry-run", action="store_true", help="say who would get what, and do nothing"
        )

    def handle(self, *, on: str | None, dry_run: bool, **_options: Any) -> None:
        today = timezone.localdate()
        day = today if on is None else _day(on)
        if day > today and not dry_run:
            self.stderr.write(
                f"{day:%-d %B %Y} is in the future, but reminders are sent now."
                " To try a future date, use --dry-run, which sends nothing."
            )
        ends: Counter[Status] = Counter()
        for outcome in preview_reminders(day) if dry_run else self._send(day):
            ends[outcome.end] += 1
            self.stdout.write(_line(outcome, day))
            self.stdout.flush()
        failed = self._approvals(day, dry_run=dry_run)
        failed += 0 if dry_run else self._proposals(day)
        said = [words.format(ends[end]) for end, words in SUMMARY.items() if ends[end]]
        self.stdout.write(f"{day:%-d %B %Y}: {', '.join(said) or 'no reminder is due'}.")
        if failed := failed + ends[Status.FAILED] + ends[Status.SKIPPED]:
            raise CommandError(
                f"{failed} of {failed + ends[Status.SENT]} reminders were not sent. "
                "Fix what is named above. The next run tries them again."
            )

    def _approvals(self, day: datetime.date, *, dry_run: bool) -> int:
        """Send what asks for approval and was not taken, and reminders; return how many failed."""
        due = requests_due(on=day, at=timezone.now())
        if dry_run:
            if number := len({each.organisation_id for each in due}):
                self.stdout.write(f"About approvals: {number} would be sent.")
            return 0
        place = ExportContext(site=settings.SITE_URL, on=day)
        sent, failed = send_requests(due, place=place, sender=_sender())
        if sent or failed:
            self.stdout.write(f"About approvals: {sent} sent, {failed} failed.")
        return failed

    def _proposals(self, day: datetime.date) -> int:
        """Send what is to be said about proposals and suggestions; return how many failed."""
        place = ExportContext(site=settings.SITE_URL, on=day)
        sent, failed = send_about_proposals(place=place, sender=_sender())
        if sent or failed:
            self.stdout.write(f"About proposals: {sent} sent, {failed} failed.")
        return failed

    def _send(self, day: datetime.date) -> Iterator[Outcome]:
        """Send, and give each outcome. Raises CommandError where that cannot even begin."""
        if not sends_mail():
            raise CommandError(NOWHERE)
        try:
            yield from send_reminders(
                place=ExportContext(site=settings.SITE_URL, on=day),
                at=timezone.now(),
                sender=_sender(),
            )
        except ImportError as problem:
            raise CommandError(f"Correct the setting EMAIL_BACKEND: {problem}.") from problem


def _sender() -> Sender:
    return Sender(partnership=settings.PARTNERSHIP, address=settings.DEFAULT_FROM_EMAIL)


def _line(outcome: Outcome, day: datetime.date) -> str:
    statuses = [protocol.review_status(day) for protocol in outcome.protocols]
    overdue = statuses.count(ReviewStatus.OVERDUE)
    due = len(statuses) - overdue
    numbers = [f"{overdue} overdue"] if overdue else []
    numbers += [f"{due} due"] if due else []
    return WORDS[outcome.end].format(
        organisation=outcome.organisation,
        protocols=", ".join(numbers),
        problem=outcome.problem,
    )


def _day(text: str) -> datetime.date:
    try:
        day = datetime.datetime.strptime(text, "%Y-%m-%d").date()  # noqa: DTZ007 (a day, no time)
    except ValueError as problem:
        raise CommandError(f"--on takes a day like 2026-11-22, not '{text}'.") from problem
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise CommandError(f"--on takes a day from {FIRST_YEAR} to {LAST_YEAR}, not '{text}'.")
    return day
