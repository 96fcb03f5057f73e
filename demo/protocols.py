"""The protocols of a fictional register, one after the other, as if signed over twelve years."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from django.db import models

from demo import words
from demo.days import office_hour, review_month
from demo.organisations import Cast
from demo.parties import Parties
from registers.changes.bulk import New
from registers.models import Organisation, Overarching, Protocol, Theme
from registers.models.review_dates import months_later

DETAILS, TITLES, happens = words.DETAILS, words.TITLES, words.happens
SHORTEST_REFERENCE = 4
YEARS = 12
SHORTEST_LIFE = 200  # days
LATEST_REVIEW = 9  # months after the end
ENOUGH_FOR_OVERARCHING = 30


@dataclass(frozen=True, kw_only=True)
class Earlier:
    """What a later protocol takes over from the one that it replaces."""

    title: str
    subject: words.Subject
    lead: Organisation | None
    partners: list[Organisation]
    version: int


class Protocols:
    """Makes the protocols of a register. What it gives is the same for the same seed and day."""

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
        """Return the day on which the protocol at a position was published."""
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
            review_date=review_month(self.random, day, self.on),
        )
        lead, partners = self.cast.regular[0], self.cast.regular[1:8]
        parties = self.parties.of(protocol, lead, partners, signed_by=day)
        return New(subject=protocol, parts=parties, at=office_hour(day))

    def _protocol(self, position: int, earlier: Earlier | None) -> New:
        """Return any other protocol, new or in the place of an earlier one."""
        random, day = self.random, self.day(position)
        if earlier is None:
            theme = random.choices(range(len(self.themes)), self.theme_weights)[0]
            subject = words.draw_subject(random, theme, self.cast.places)
            lead, partners = self.parties.draw(theme)
            title, version = words.title(random, subject), random.choice(TITLES["versions"])
        else:
            subject, lead, partners = earlier.subject, earlier.lead, earlier.partners
            title, version = earlier.title, f"V{earlier.version}.0"
        protocol = Protocol(
            reference=self.reference(position),
            title=title,
            version=version,
            theme=self.themes[subject.theme],
            status=Protocol.Status.PUBLISHED,
            purpose=words.purpose(random, subject),
            published_on=day if happens(random, "published_known") else None,
            review_date=review_month(random, day, self.on),
        )
        self._fill(protocol, subject, lead)
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
        parts += self.parties.of(protocol, lead, partners, signed_by=signed_by)
        if self.overarching and happens(random, "comes_under"):
            above = self.reference(subject.theme + 1)
            parts.append(Overarching(protocol_id=protocol.pk, overarching_id=above))
        return New(subject=protocol, parts=parts, at=office_hour(day))

    def _fill(self, protocol: Protocol, subject: words.Subject, lead: Organisation | None) -> None:
        """Write what many registers leave empty; some of it stays empty here too."""
        random = self.random
        if happens(random, "summary"):
            name = lead.name if lead else self.cast.regular[0].name
            protocol.summary = words.summary(random, subject, name)
        if happens(random, "information_items"):
            protocol.information_items = words.information_items(random, subject)
        if happens(random, "data_subjects"):
            protocol.data_subjects = words.data_subjects(random, subject)
        if happens(random, "lawful_basis"):
            protocol.lawful_basis = random.choice(DETAILS["bases"])
        protocol.parties_complete = random.choices((True, False, None), (60, 8, 32))[0]
        if protocol.parties_complete is False:
            protocol.parties_note = random.choice(DETAILS["parties_notes"])
        if happens(random, "review_note"):
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
            age = random.randint(SHORTEST_LIFE, lived)
            protocol.withdrawn_on = self.day(position) + datetime.timedelta(age)
            protocol.withdrawn_reason = random.choice(DETAILS["withdrawn"])
        protocol.status = Protocol.Status.WITHDRAWN
        if protocol.review_date:
            last = months_later(protocol.withdrawn_on.replace(day=1), LATEST_REVIEW)
            protocol.review_date = min(protocol.review_date, last)
