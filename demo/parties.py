"""Who takes part in each protocol of a fictional register, and in which words."""

from __future__ import annotations

import datetime
from random import Random

from demo.organisations import Cast
from demo.words import DETAILS, VOCABULARY, happens
from registers.models import Organisation, Party, Protocol

# How many partners beside the lead and the first organisation, and how often.
PARTNERS = ((0, 12), (1, 22), (2, 20), (3, 15), (4, 11), (5, 7), (7, 5), (11, 5), (19, 3))
NUMBERS, WEIGHTS = zip(*PARTNERS, strict=True)
SIGNING_DAYS = 60


class Parties:
    """Draws the parties, so that the seldom ones are spread over all the protocols."""

    def __init__(self, random: Random, cast: Cast, *, protocols: int) -> None:
        self.random, self.cast = random, cast
        self.seldom = iter(cast.seldom)
        self.seldom_share = min(1.0, len(cast.seldom) / protocols)
        self.again: Organisation | None = None

    def draw(self, theme: int) -> tuple[Organisation | None, list[Organisation]]:
        """Return a lead, or None, and the partners of one protocol under a theme."""
        random, first = self.random, self.cast.regular[0]
        number = random.choices(NUMBERS, WEIGHTS)[0]
        found = random.choices(self.cast.regular[1:], cum_weights=self.cast.weights, k=number + 1)
        lead, *partners = found
        if happens(random, "lead_of_theme"):
            lead = self.cast.by_name[random.choice(VOCABULARY["themes"][theme]["leads"])]
        elif lead.kind == Organisation.Kind.GROUP or happens(random, "first_leads"):
            lead = first
        if happens(random, "first_takes_part"):
            partners.insert(0, first)
        partners += self._seldom()
        without_lead = happens(random, "no_lead")
        others = [each for each in dict.fromkeys(partners) if each is not lead]
        return (None if without_lead else lead), others

    def of(
        self,
        protocol: Protocol,
        lead: Organisation | None,
        partners: list[Organisation],
        *,
        signed_by: datetime.date | None,
    ) -> list[Party]:
        """Return the parties of a protocol. All had signed by a day; None, if it is not known."""
        roles = [(lead, Party.Role.LEAD)] if lead else []
        roles += [(each, Party.Role.PARTNER) for each in partners]
        return [
            self._party(protocol, organisation, role, position, signed_by)
            for position, (organisation, role) in enumerate(roles)
        ]

    def _seldom(self) -> list[Organisation]:
        """Return the next of those that stand in one protocol, or two, when it is their turn."""
        found, self.again = ([self.again] if self.again else []), None
        if self.random.random() < self.seldom_share:
            found += [each for each in [next(self.seldom, None)] if each]
            if happens(self.random, "seldom_again"):
                self.again = found[-1] if found else None
        return found

    def _party(
        self,
        protocol: Protocol,
        organisation: Organisation,
        role: str,
        position: int,
        signed_by: datetime.date | None,
    ) -> Party:
        random = self.random
        published = organisation.name
        if happens(random, "written_otherwise"):
            published = random.choice(self.cast.written.get(published, [published]))
        elif happens(random, "name_not_recorded"):
            published = ""
        signed_on = None
        can_sign = organisation.kind == Organisation.Kind.BODY
        if signed_by and can_sign and happens(random, "party_signed"):
            signed_on = signed_by - datetime.timedelta(random.randint(0, SIGNING_DAYS))
        has_note = role == Party.Role.PARTNER and happens(random, "party_note")
        return Party(
            protocol_id=protocol.pk,
            organisation_id=organisation.pk,
            role=role,
            name_as_published=published,
            note=random.choice(DETAILS["party_notes"]) if has_note else "",
            signed_on=signed_on,
            position=position,
        )
