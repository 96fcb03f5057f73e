"""The protocols of a fictional register, one after the other, as if signed over twelve years."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from django.db import models

from demo import vocabulary
from demo.organisations import Cast, Parties
from demo.record import fill_record, fill_roles
from demo.seed import New
from demo.vocabulary import DETAILS, TITLES, TOPICS, Subject, happens
from registers.models import Organisation, Overarching, Protocol, Theme
from registers.models.review_dates import months_later

SHORTEST_REFERENCE = 4
YEARS = 12
SHORTEST_LIFE = 200  # days
LATEST_REVIEW = 9  # months after the end
ENOUGH_FOR_OVERARCHING = 30
MOST_OVERARCHING_PARTIES = 8
REMEMBERED = 400
# Months from now to the review, at least and at most, and how often.
SPANS, WEIGHTS = ((-60, -1), (0, 2), (3, 34), None), (30, 12, 46, 12)
FIRST_REVIEW = 6  # months after publication, at the earliest
SOON = 3  # months: a review that is due by then may have begun


def office_hour(day: datetime.date) -> datetime.datetime:
    """Return some time around noon of the day, which is that same day in Europe/London."""
    noon = datetime.datetime.combine(day, datetime.time(12), tzinfo=datetime.UTC)
    return noon + datetime.timedelta(minutes=day.toordinal() * 37 % 300 - 150)


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """What a later protocol takes over from the one that it replaces."""

    title: str
    subject: Subject
    lead: Organisation | None
    partners: list[Organisation]
    version: int


class Protocols:
    """Makes the protocols of a register. What it gives is the same for the same seed and day.

    Once it has given them, `subjects` says what some of them are about, from
    the first to the last, by their references.
    """

    def __init__(
        self, random: Random, cast: Cast, themes: list[Theme], *, number: int, on: datetime.date
    ) -> None:
        self.random, self.cast, self.themes, self.number, self.on = random, cast, themes, number, on
        self.digits = max(SHORTEST_REFERENCE, len(str(number)))
        self.parties = Parties(random, cast, protocols=number)
        self.theme_weights = [1 / (rank + 3) for rank in range(len(themes))]
        self.overarching = len(themes) if number >= ENOUGH_FOR_OVERARCHING else 0
        self.replacing: dict[int, Earlier] = {}
        # One that was replaced twice is in every register that is large enough, not by chance.
        self.chain = {self.overarching + 1} if self.overarching else set()
        self.subjects: dict[str, Subject] = {}

    def __iter__(self) -> Iterator[New]:
        """Give each protocol with its parties, in the order of the references."""
        for position in range(1, self.number + 1):
            if position <= self.overarching:
                yield self._overarching(position)
            else:
                yield self._protocol(position, self.replacing.pop(position, None))

    def reference(self, position: int) -> str:
        """Return the reference of the protocol at a position, counted from 1."""
        return str(position).zfill(self.digits)

    def day(self, position: int) -> datetime.date:
        """Return the day on which the protocol at a position was published, before `on`."""
        days = YEARS * 365
        return self.on - datetime.timedelta(days - days * position // (self.number + 1))

    def _overarching(self, position: int) -> New:
        """Return the broad protocol that others of its theme come under."""
        theme, day = self.themes[position - 1], self.day(position)
        protocol = Protocol(
            reference=self.reference(position),
            title=TITLES["overarching"].format(theme=theme.name),
            version="V2.0",
            theme=theme,
            status=Protocol.Status.PUBLISHED,
            purpose=TITLES["overarching_purpose"].format(theme=theme.name),
            parties_complete=False,
            parties_note=DETAILS["parties_notes"][0],
            published_on=day,
            review_date=self._review_month(day),
        )
        kinds = {kind for topic in TOPICS[position - 1] for kind in topic.kinds}
        fitting = [each for each in self.cast.regular if self.cast.kind(each) in kinds]
        lead, *partners = self.parties.standing(fitting[:MOST_OVERARCHING_PARTIES], day)
        parties = self.parties.of(protocol, lead, partners, signed_by=day)
        return New(subject=protocol, parts=parties, at=office_hour(day))

    def _protocol(self, position: int, earlier: Earlier | None) -> New:
        """Return any other protocol, new or in the place of an earlier one."""
        random, day = self.random, self.day(position)
        if earlier is None:
            theme = random.choices(range(len(self.themes)), self.theme_weights)[0]
            topic = random.choice(TOPICS[theme])
            lead, partners = self.parties.draw(topic, day)
            place, place2 = self._places(lead, partners)
            subject = Subject(theme=theme, topic=topic, place=place, place2=place2)
            title = vocabulary.draw_title(random, subject)
            version = random.choice(TITLES["versions"])
        else:
            subject, title, version = earlier.subject, earlier.title, f"V{earlier.version}.0"
            lead = self.parties.standing([earlier.lead], day)[0] if earlier.lead else None
            partners = self.parties.standing(earlier.partners, day)
            partners = [each for each in partners if each is not lead]
        protocol = Protocol(
            reference=self.reference(position),
            title=title,
            version=version,
            theme=self.themes[subject.theme],
            status=Protocol.Status.PUBLISHED,
            purpose=vocabulary.draw_purpose(random, subject),
            published_on=day if happens(random, "published_known") else None,
            review_date=self._review_month(day),
        )
        self._fill(protocol, subject, lead)
        fill_record(protocol)
        withdrawn = happens(random, "withdrawn_too" if earlier else "withdrawn")
        if withdrawn or position in self.chain:
            later = Earlier(
                title=title,
                subject=subject,
                lead=lead,
                partners=partners,
                version=earlier.version + 1 if earlier else 2,
            )
            self._withdraw(protocol, position, later)
        signed_by = protocol.published_on if happens(random, "signed") else None
        parts: list[models.Model] = []
        parties = self.parties.of(protocol, lead, partners, signed_by=signed_by)
        fill_roles(protocol, parties)
        parts += parties
        if self.overarching and happens(random, "comes_under"):
            above = self.reference(subject.theme + 1)
            parts.append(Overarching(protocol_id=protocol.pk, overarching_id=above))
        if position % max(1, self.number // REMEMBERED) == 0:
            self.subjects[protocol.pk] = subject
        return New(subject=protocol, parts=parts, at=office_hour(day))

    def _places(self, lead: Organisation | None, partners: list[Organisation]) -> tuple[str, str]:
        """Return two places that a protocol can be about, where its parties are."""
        names = [each.name for each in (lead, *partners) if each]
        homes = list(
            dict.fromkeys(self.cast.home[name] for name in names if name in self.cast.home)
        )
        place, place2 = self.random.sample(self.cast.places, 2)
        if homes:
            place, *others = self.random.sample(homes, min(2, len(homes)))
            place2 = others[0] if others else place2
        return (place, place2) if place != place2 else self._places(lead, partners)

    def _review_month(self, published: datetime.date) -> datetime.date | None:
        """Return the month of the next review as it stands on the register's day, or None."""
        span = self.random.choices(SPANS, WEIGHTS)[0]
        if span is None:
            return None
        month = months_later(self.on.replace(day=1), self.random.randint(*span))
        earliest = months_later(published.replace(day=1), FIRST_REVIEW)
        return max(month, earliest)

    def _fill(self, protocol: Protocol, subject: Subject, lead: Organisation | None) -> None:
        """Write what many registers leave empty; some of it stays empty here too."""
        random = self.random
        if happens(random, "summary"):
            name = lead.name if lead else self.cast.regular[0].name
            protocol.summary = vocabulary.draw_summary(random, subject, name)
        if happens(random, "information_items"):
            protocol.information_items = vocabulary.draw_items(random, subject)
        if happens(random, "data_subjects"):
            protocol.data_subjects = vocabulary.draw_data_subjects(random, subject)
        if happens(random, "lawful_basis"):
            protocol.lawful_basis = random.choice(subject.topic.bases)
        protocol.parties_complete = random.choices((True, False, None), (60, 8, 32))[0]
        if protocol.parties_complete is False:
            protocol.parties_note = random.choice(DETAILS["parties_notes"])
        soon = months_later(self.on.replace(day=1), SOON)
        due = protocol.review_date is None or protocol.review_date <= soon
        if due and happens(random, "review_note"):
            protocol.review_note = random.choice(DETAILS["review_notes"])
        if happens(random, "admin_note"):
            protocol.admin_note = random.choice(DETAILS["admin_notes"])

    def _withdraw(self, protocol: Protocol, position: int, later: Earlier) -> None:
        """Withdraw the protocol, if it is old enough; often a later one takes its place."""
        random = self.random
        after = position + random.randint(self.number // YEARS, self.number // 4)
        if (
            position < after <= self.number
            and after not in self.replacing
            and (happens(random, "replaced") or position in self.chain)
        ):
            self.replacing[after] = later
            if position in self.chain and len(self.chain) == 1:
                self.chain.add(after)
            protocol.replaced_by_id = self.reference(after)
            protocol.withdrawn_on = self.day(after)
            protocol.withdrawn_reason = random.choice(DETAILS["superseded"])
        else:
            lived = (self.on - self.day(position)).days
            if lived <= SHORTEST_LIFE:
                return
            age = random.randint(SHORTEST_LIFE, lived - 1)
            protocol.withdrawn_on = self.day(position) + datetime.timedelta(age)
            protocol.withdrawn_reason = random.choice(DETAILS["withdrawn"])
        protocol.status = Protocol.Status.WITHDRAWN
        protocol.review_note = ""
        if protocol.parties_note:
            protocol.parties_note = DETAILS["parties_notes"][0]  # nobody else will join
        if protocol.review_date:
            last = months_later(protocol.withdrawn_on.replace(day=1), LATEST_REVIEW)
            protocol.review_date = min(protocol.review_date, last)
