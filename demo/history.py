"""What happened since: official changes and reviews of some protocols, news, resources, a draft.

It is bounded: as much in a register of 250,000 protocols as in one of 120.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from functools import partial
from random import Random

from django.core.files.base import ContentFile
from django.db import models
from django.utils.text import slugify

from demo.organisations import KINDS, Cast
from demo.pdf import write_pdf
from demo.protocols import Protocols, office_hour
from demo.vocabulary import VOCABULARY, Subject, draw_data_subjects, draw_items, draw_summary
from registers import changes
from registers.models import (
    Approver,
    Document,
    Gap,
    News,
    Overarching,
    Protocol,
    Resource,
    Review,
    Theme,
)
from registers.models.review_dates import months_later

CHOSEN = 24
EVERYTHING, WITHDRAWN = 2, 4  # how many protocols have everything, and how many come to an end
REVIEWED = 8  # beside those with everything
OLD_ENOUGH = 3 * 365  # days, to have had several reviews
ENOUGH_FOR_DRAFT = 30
NEWS_EVERY = 55  # days
# What is decided at the last review of each, one protocol after the other.
OUTCOMES = (
    Review.Outcome.UNCHANGED,
    Review.Outcome.CHANGING,
    Review.Outcome.UNCHANGED,
    Review.Outcome.ENDED,
)
MOST_REVIEWS = 3
FIRST_REVIEW = 180  # days after publication, at the earliest
# Days before the register's day, at least and at most.
LATEST_REVIEW, LATEST_END = (6, 200), (3, 60)
REVIEW_EVERY = (340, 390)  # days
FIELDS = (
    "summary",
    "data_subjects",
    "information_items",
    "lawful_basis",
    "parties_complete",
    "version",
)

Event = Callable[[datetime.date], None]


def add_history(random: Random, made: Protocols, cast: Cast) -> None:
    """Change and review protocols officially, add news, resources and a draft.

    `made` are all the protocols, which are stored. Nothing happens on the
    register's day or later.
    """
    stored = list(
        Protocol.objects.current()
        .filter(pk__in=made.subjects)
        .exclude(published_on=None)
        .order_by("-pk")
    )
    chosen = random.sample(stored, min(CHOSEN, len(stored)))
    # Those that are to have everything come first.
    chosen.sort(key=lambda each: not _can_have_everything(each, made.on))
    ending = chosen[EVERYTHING : EVERYTHING + WITHDRAWN]
    reviewed = [*chosen[:EVERYTHING], *chosen[EVERYTHING + WITHDRAWN :][-REVIEWED:]]
    for index, protocol in enumerate(chosen):
        life = _Life(random, protocol, made, cast, everything=index < EVERYTHING)
        if protocol in ending:
            life.withdraw()
        elif protocol in reviewed:
            life.review(OUTCOMES[reviewed.index(protocol) % len(OUTCOMES)])
        life.change()
        life.happen()
    yesterday = made.on - datetime.timedelta(1)
    if made.number >= ENOUGH_FOR_DRAFT:
        _add_draft(made.number, yesterday)
        _add_gaps(made.number + 1, yesterday)
    _add_news(made.on)
    _add_resources(yesterday)


def _can_have_everything(protocol: Protocol, on: datetime.date) -> bool:
    """Whether the protocol is old, says what is shared, and was signed by its lead and others."""
    return bool(
        protocol.published_on
        and (on - protocol.published_on).days > OLD_ENOUGH
        and protocol.information_items
        and protocol.lead
        and protocol.parties.filter(signed_on__isnull=False).exists()
    )


class _Life:
    """What happens to one protocol between its publication and the register's day."""

    def __init__(
        self,
        random: Random,
        protocol: Protocol,
        made: Protocols,
        cast: Cast,
        *,
        everything: bool,
    ) -> None:
        self.random, self.protocol, self.made, self.cast = random, protocol, made, cast
        self.subject = made.subjects[protocol.pk]
        self.everything = everything
        self.published = protocol.published_on or made.on
        self.last = made.on - datetime.timedelta(1)  # the last day on which anything can change
        self.events: list[tuple[datetime.date, Event]] = []

    def happen(self) -> None:
        """Let everything happen that was planned, in the order of the days."""
        for day, event in sorted(self.events, key=lambda each: each[0]):
            event(day)

    def withdraw(self) -> None:
        """Plan that it comes to an end."""
        day = self.made.on - datetime.timedelta(self.random.randint(*LATEST_END))
        if day > self.published:
            self.events.append((day, self._withdraw))
            self.last = day - datetime.timedelta(1)

    def review(self, last: str) -> None:
        """Plan up to three reviews, a year apart, the last with this outcome."""
        random = self.random
        outcome, day = last, self.made.on - datetime.timedelta(random.randint(*LATEST_REVIEW))
        number = MOST_REVIEWS if self.everything else random.randint(1, MOST_REVIEWS)
        for _ in range(number):
            if (day - self.published).days < FIRST_REVIEW:
                break
            self.events.append((day, partial(self._review, outcome)))
            if outcome == last:
                self.last = day - datetime.timedelta(1)
            outcome = Review.Outcome.UNCHANGED
            day -= datetime.timedelta(random.randint(*REVIEW_EVERY))

    def change(self) -> None:
        """Plan that its words change, and that its documents come; all before the last day."""
        random = self.random
        fields = FIELDS if self.everything else random.sample(FIELDS, random.randint(1, 3))
        events: list[Event] = [partial(self._change, field) for field in fields]
        events.append(self._add_documents)
        if self.everything:
            events.append(self._place_under)
        lived = max(0, (self.last - self.published).days)
        days = [self.published + datetime.timedelta(random.randint(0, lived)) for _ in events]
        self.events += zip(sorted(days), events, strict=True)

    def _change(self, field: str, day: datetime.date) -> None:
        """Change one field of what the protocol says, with the reason."""
        value = _new_value(self.random, self.protocol, field, self.subject)
        if value != getattr(self.protocol, field):
            setattr(self.protocol, field, value)
            if field == "parties_complete":
                self.protocol.parties_note = ""
            _save(self.protocol, day, VOCABULARY["changes"][field])

    def _add_documents(self, day: datetime.date) -> None:
        """Add documents, the signed protocol first; or all kinds of them."""
        protocol, titles = self.protocol, VOCABULARY["documents"]["titles"]
        number = len(titles) if self.everything else self.random.choice((0, 1, 1, 2))
        lines = [str(protocol), f"Published on {protocol.published_on:%-d %B %Y}"]
        documents = [
            Document(
                protocol=protocol,
                title=title,
                file=_file(title, lines, f"{protocol.pk}-{slugify(title)}"),
            )
            for title in titles[:number]
        ]
        if documents:
            _save(protocol, day, "The lead organisation sent its documents.", *documents)

    def _place_under(self, day: datetime.date) -> None:
        """Let the protocol come under the overarching one of its theme, if there is one."""
        protocol = self.protocol
        broad = Protocol.objects.filter(theme=protocol.theme, covers__isnull=False).first()
        if broad and not protocol.comes_under.exists():
            under = Overarching(protocol=protocol, overarching=broad)
            _save(protocol, day, f"Agreed with the partners of {broad.pk}.", under)

    def _withdraw(self, day: datetime.date) -> None:
        """Withdraw the protocol, in favour of a newer one about the same or of none."""
        protocol = self.protocol
        newer = [
            reference
            for reference, subject in self.made.subjects.items()
            if subject.topic == self.subject.topic and reference > protocol.pk
        ]
        later = Protocol.objects.current().filter(pk__in=newer, published_on__lte=day).first()
        protocol.status = Protocol.Status.WITHDRAWN
        protocol.withdrawn_on, protocol.replaced_by = day, later
        protocol.withdrawn_reason = (
            f"Its partners now share under protocol {later.pk}."
            if later
            else self.random.choice(VOCABULARY["details"]["withdrawn"])
        )
        if protocol.parties_note:
            protocol.parties_note = VOCABULARY["details"]["parties_notes"][0]
        _save(protocol, day, "Agreed at the partnership's meeting.")

    def _review(self, outcome: str, day: datetime.date) -> None:
        """Record one review on its own day."""
        review = Review(
            protocol=self.protocol,
            outcome=outcome,
            reviewed_on=day,
            job_title=self._job_title(),
            note=self.random.choice(VOCABULARY["reviews"]["notes"][outcome]),
        )
        if review.is_needed:
            months = self.random.choice((12, 24))
            review.next_review = months_later(day.replace(day=1), months)
        changes.record_review(review, at=office_hour(day))
        self.protocol.refresh_from_db()

    def _job_title(self) -> str:
        """Return who decides for the lead, or could, or for the first organisation."""
        lead = self.protocol.lead
        organisation = lead.organisation if lead else self.cast.regular[0]
        approvers = Approver.objects.filter(organisation=organisation)
        # In Python's order: databases differ in theirs.
        titles = sorted(approver.job_title for approver in approvers)
        return titles[0] if titles else str(KINDS[self.cast.kind(organisation)]["approvers"][0])


def _new_value(random: Random, protocol: Protocol, field: str, subject: Subject) -> object:
    """Return what the field says next, which may be what it says already."""
    stored = getattr(protocol, field)
    if field == "summary":
        name = protocol.lead.organisation.name if protocol.lead else "The lead organisation"
        return draw_summary(random, subject, name)
    if field == "lawful_basis":
        return random.choice(subject.topic.bases)
    if field == "parties_complete":
        return True
    if field == "version":
        number = re.search(r"\d+", stored)
        return f"V{int(number[0]) + 1 if number else 2}.0"
    if not stored:
        return (draw_items if field == "information_items" else draw_data_subjects)(random, subject)
    added = {
        "information_items": "; how the person wishes to be contacted.",
        "data_subjects": ", and people who act on their behalf.",
    }
    return stored.removesuffix(".") + added[field]


def _add_draft(protocols: int, on: datetime.date) -> None:
    """Add what only editors see."""
    draft = Protocol(
        reference=str(protocols + 1).zfill(4),
        title="A draft that only administrators see",
        theme=Theme.objects.all()[0],
    )
    _save(draft, on, "")


def _add_gaps(last: int, on: datetime.date) -> None:
    """Say of numbers after the last one what became of them."""
    for number, (fate, note) in enumerate(VOCABULARY["gaps"]["fates"], last + 1):
        _save(Gap(reference=str(number).zfill(4), fate=fate, note=note), on, "")


def _add_news(on: datetime.date) -> None:
    """Add the news, the newest first; the oldest has no day."""
    items = VOCABULARY["news"]["items"]
    for age, (title, body) in reversed(list(enumerate(items))):
        day = on - datetime.timedelta(2 + age * NEWS_EVERY)
        published_on = None if age == len(items) - 1 else day
        item = News(title=title, slug=slugify(title), body=body, published_on=published_on)
        _save(item, day, "")


def _add_resources(on: datetime.date) -> None:
    """Add the documents that belong to no protocol; one of them is not here yet."""
    for position, (title, body, is_here) in enumerate(VOCABULARY["resources"]["items"]):
        resource = Resource(
            title=title,
            slug=slugify(title),
            body=body,
            position=position,
            file=_file(title, [body], slugify(title)) if is_here else "",
        )
        _save(resource, on, "")


def _file(title: str, lines: list[str], name: str) -> ContentFile[bytes]:
    """Return a PDF to be stored."""
    return ContentFile(write_pdf(title, lines), f"{name}.pdf")


def _save(subject: models.Model, day: datetime.date, why: str, *parts: models.Model) -> None:
    """Save a thing and what is new under it as one official change within one day."""
    with changes.record_change(subject, at=office_hour(day), why=why):
        for thing in (subject, *parts):
            changes.save(thing)
