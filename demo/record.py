"""The whole record of a fictional protocol: what some of them say, and all could."""

from __future__ import annotations

import datetime
from random import Random

from registers.models import Party, Protocol
from registers.models.options import NONE, OPTION_LISTS, OptionsField

SHARE = 0.3  # of all protocols
MOST_OPTIONS = 2
WORDS = {
    "legal_power": "Local Government Act 2000, section 2",
    "retention": "6 years after the case is closed",
    "disposal": "Deleted, and each partner confirms it",
    "security_measures": "Encrypted on the way and where it is kept",
    "dpia_outcome": "Approved, with a low risk left",
    "rights_how": "Each partner answers for what it holds",
    "rights_contact": "The data protection officer of the lead organisation",
    "at_end": "Each partner returns or deletes what it has received",
    "benefits": "People tell their story once, and get help sooner",
}


def fill_record(protocol: Protocol) -> None:
    """Fill in the record of one protocol in some, always the same ones in the same way."""
    random = Random(protocol.pk)  # noqa: S311 (no secret)
    if random.random() > SHARE:
        return
    for field in Protocol._meta.fields:
        if isinstance(field, OptionsField):
            options = [each for each in OPTION_LISTS[field.options].options if each != NONE]
            number = random.randint(1, MOST_OPTIONS) if field.several else 1
            chosen = sorted(random.sample(options, number), key=options.index)
            setattr(protocol, field.name, "\n".join(chosen))
    for name, words in WORDS.items():
        setattr(protocol, name, words)
    protocol.criminal_offence_data = random.random() < SHARE
    protocol.does_not_apply = "law_enforcement\ntransfers_abroad"
    protocol.dpia_link = protocol.privacy_notice = "https://www.council.example/privacy"
    if protocol.published_on:
        protocol.dpia_on = protocol.starts_on = protocol.published_on
        years = random.randint(2, 9)
        protocol.ends_on = protocol.published_on + datetime.timedelta(days=365 * years)


def fill_roles(protocol: Protocol, parties: list[Party]) -> None:
    """Say of the parties of a protocol with a filled record what they are, and who gives."""
    random = Random(protocol.pk)  # noqa: S311 (no secret)
    for party in parties if protocol.legal_power else ():
        party.legal_role = random.choice(Party.LegalRole.values)
        party.flow = random.choice(Party.Flow.values)
