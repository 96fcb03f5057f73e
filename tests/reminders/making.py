"""Organisations that lead protocols to be reviewed, and what was sent to them."""

from __future__ import annotations

import datetime
from typing import Any

from registers.models import Contact, Organisation, Protocol, Reminded, Reminder
from tests.makers import OrganisationFactory, PartyFactory, ProtocolFactory, ThemeFactory
from tests.models.making import NOW


def a_lead(name: str, *months: datetime.date | None, contact: bool = True) -> Organisation:
    """An organisation that leads a protocol for each of the review months."""
    organisation: Organisation = OrganisationFactory(name=name)
    if contact:
        Contact.objects.create(organisation=organisation, email=f"ig@{organisation.slug}.example")
    for month in months:
        led_by(organisation, review_date=month)
    return organisation


def led_by(organisation: Organisation, **fields: Any) -> Protocol:
    """One more protocol that the organisation leads."""
    theme = fields.pop("theme", None) or ThemeFactory()
    protocol: Protocol = ProtocolFactory(theme=theme, **fields)
    PartyFactory(protocol=protocol, organisation=organisation, role="lead")
    return protocol


def reminded(
    organisation: Organisation, day: datetime.date, *protocols: Protocol, status: str = "sent"
) -> Reminder:
    """A reminder of that day about the protocols and their review months of now."""
    reminder = Reminder.objects.create(
        organisation=organisation, day=day, email="ig@a.example", status=status, begun_at=NOW
    )
    for protocol in protocols:
        Reminded.objects.create(
            reminder=reminder, protocol=protocol, review_date=protocol.review_date
        )
    return reminder
