"""The rules by which a record is looked through, the most useful first.

A rule is a function of the record, of what is known of the register, and of the day: it asks
the database nothing. What it finds is a sentence for those who can put it right; and, where it
is something that the record leaves open, what the public page adds to what is not recorded.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from django.template.defaultfilters import pluralize
from django.utils.formats import date_format
from django.utils.text import get_text_list

from registers.health.texts import (
    NamedBodies,
    abbreviations,
    is_spelled_out,
    last_year,
    plain,
    singular,
    without_names,
)
from registers.models import Party
from registers.models import Protocol as ProtocolModel
from registers.models.options import lines_of
from registers.models.review_dates import ReviewStatus, review_status

MOST_NAMED = 3  # in a sentence
NO_SPECIAL_CATEGORY = "None"
LEAD, PUBLISHED = Party.Role.LEAD.value, ProtocolModel.Status.PUBLISHED.value
PROCESSOR = Party.LegalRole.PROCESSOR.value
CONTROLLERS = {Party.LegalRole.CONTROLLER.value, Party.LegalRole.JOINT.value}


class PartyRecord(NamedTuple):
    """A party, as far as the rules read it."""

    organisation: int
    role: str
    legal_role: str
    note: str


class Record(NamedTuple):
    """A protocol, as far as the rules read it. `other_texts` can explain what the others say."""

    reference: str
    status: str
    title: str
    summary: str
    purpose: str
    information_items: str
    data_subjects: str
    lawful_basis: str
    bases: str
    special_categories: str
    special_conditions: str
    law_enforcement: bool | None
    does_not_apply: str
    review_date: datetime.date | None
    other_texts: tuple[str, ...]
    parties: tuple[PartyRecord, ...]
    has_document: bool

    def says(self, *names: str) -> bool:
        """Return whether any of these fields has a value, or does not apply."""
        return any(getattr(self, name) for name in names) or self.is_inapplicable(*names)

    def is_inapplicable(self, *names: str) -> bool:
        """Return whether it is recorded of any of these fields that it does not apply."""
        return bool(self.does_not_apply) and not set(names).isdisjoint(
            lines_of(self.does_not_apply)
        )


class Register(Protocol):
    """What is known of the register beside the record."""

    @property
    def bodies(self) -> NamedBodies:
        """What finds names of organisations in a text."""

    def name(self, organisation: int) -> str:
        """Return the official name of an organisation."""

    def explains(self, abbreviation: str) -> bool:
        """Return whether the glossary, the partnership or a name says what it is short for."""

    def short_names(self, organisations: Iterable[int]) -> list[str]:
        """Return the official names that are abbreviations themselves."""

    def in_place_of(
        self, organisation: int, reference: str, on: datetime.date
    ) -> tuple[list[str], datetime.date | None]:
        """Return who stands in the place of one that ended by a day, by name, and since when.

        Nobody while it stands itself; no day where it is not known or not the same for all.
        """

    def is_bound(self, organisation: int, parties: set[int]) -> bool:
        """Return whether it is one of some parties, or linked with one by succession or group."""

    def with_purpose(self, record: Record) -> list[str]:
        """Return the other protocols in force with the same purpose, by reference."""


class Found(NamedTuple):
    """What a rule found: a sentence, and what the record leaves open, for the public page."""

    sentence: str
    open_question: str = ""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule. `key` stands in addresses, `label` in lists; `remedy` says what to do.

    `field` is what to correct, by the name of the record's item. `lasting`: what it finds
    changes neither with the day nor with other protocols.
    """

    key: str
    label: str
    remedy: str
    field: str
    find: Callable[[Record, Register, datetime.date], Found | None]
    lasting: bool = True


def _few(words: Iterable[str]) -> str:
    """Return words for a sentence: the first ones, and how many more there are."""
    several = list(words)
    more = len(several) - MOST_NAMED
    if more > 0:
        several = [*several[:MOST_NAMED], f"{more} more"]
    return get_text_list(several, "and")


def lead_ended(record: Record, register: Register, on: datetime.date) -> Found | None:
    """Find a lead whose place was taken by another."""
    for party in record.parties:
        if party.role != LEAD:
            continue
        successors, since = register.in_place_of(party.organisation, record.reference, on)
        if successors:
            stands = (
                f"{pluralize(len(successors), 'has,have')} stood in its place since"
                f" {date_format(since, 'j F Y')}"
                if since
                else f"{pluralize(len(successors), 'stands,stand')} in its place"
            )
            name = register.name(party.organisation)
            return Found(
                f"{name} leads it and has ended: {_few(successors)} {stands}.", "who leads it now"
            )
    return None


def purpose_of_another(record: Record, register: Register, on: datetime.date) -> Found | None:
    """Find a purpose that other protocols have word for word."""
    others = register.with_purpose(record)
    return Found(f"It has the same purpose as {_few(others)}, word for word.") if others else None


def body_no_party(record: Record, register: Register, on: datetime.date) -> Found | None:
    """Find organisations that the purpose names and that take no part, nor through another."""
    parties = {party.organisation for party in record.parties}
    named = dict.fromkeys(
        body.organisation for body in register.bodies.found_in(plain(record.purpose))
    )
    strange = [register.name(key) for key in named if not register.is_bound(key, parties)]
    if not strange:
        return None
    who, takes = _few(strange), pluralize(len(strange), "takes,take")
    return Found(
        f"The purpose names {who}, which {takes} no part in it.", f"whether {who} {takes} part"
    )


def special_without_condition(
    record: Record, register: Register, on: datetime.date
) -> Found | None:
    """Find special category data without a condition of Article 9, unless Part 3 applies."""
    shared = [each for each in lines_of(record.special_categories) if each != NO_SPECIAL_CATEGORY]
    excused = record.law_enforcement and record.is_inapplicable("special_conditions")
    if not shared or record.special_conditions or excused:
        return None
    return Found(
        f"Special category data is shared ({_few(shared)}), and no condition in Article 9 is"
        " recorded.",
        "which condition in Article 9 applies",
    )


def processor_without_controller(
    record: Record,
    register: Register,
    on: datetime.date,
) -> Found | None:
    """Find a processor where nobody is recorded as a controller."""
    roles = {party.legal_role for party in record.parties}
    if PROCESSOR not in roles or roles & CONTROLLERS:
        return None
    who = _few(register.name(p.organisation) for p in record.parties if p.legal_role == PROCESSOR)
    return Found(
        f"{who} acts as a processor, and no controller is recorded.", "who the controller is"
    )


def no_basis(record: Record, register: Register, on: datetime.date) -> Found | None:
    """Find a record without any lawful basis."""
    if record.says("lawful_basis", "bases"):
        return None
    return Found("No lawful basis is recorded.")


def no_items(record: Record, register: Register, on: datetime.date) -> Found | None:
    """Find a record that does not say what is shared."""
    return None if record.says("information_items") else Found("What is shared is not recorded.")


def overdue(record: Record, register: Register, on: datetime.date) -> Found | None:
    """Find a review date that has passed."""
    if record.review_date is None or review_status(record.review_date, on) != ReviewStatus.OVERDUE:
        return None
    return Found(f"Its review was due in {date_format(record.review_date, 'F Y')}.")


def past_year(record: Record, register: Register, on: datetime.date) -> Found | None:
    """Find a title that is of a year that is over."""
    year = last_year(record.title)
    if not 0 < year < on.year:
        return None
    return Found(f"The title is of {year}, which is over.", f"whether it goes on after {year}")


def unexplained(record: Record, register: Register, on: datetime.date) -> Found | None:
    """Find abbreviations that neither the record nor the register explains."""
    notes = [party.note for party in record.parties if party.note]
    said = (record.title, record.summary, record.purpose, record.information_items)
    texts = [text for text in (*said, record.data_subjects, *notes) if text]
    found = dict.fromkeys(
        singular(word)
        for text in texts
        for word in abbreviations(text)
        if not register.explains(word)
    )
    if found:
        found = dict.fromkeys(_unexplained_in(record, texts, list(found), register.bodies))
    found |= dict.fromkeys(register.short_names(party.organisation for party in record.parties))
    if not found:
        return None
    words, count = _few(found), len(found)
    return Found(
        f"Nothing says what {words} {pluralize(count, 'stands,stand')} for.",
        f"what {words} {pluralize(count, 'stands,stand')} for",
    )


def _unexplained_in(
    record: Record, texts: list[str], words: list[str], bodies: NamedBodies
) -> list[str]:
    """Return those words that stand outside names and that no text of the record spells out."""
    whole = "\n".join((*texts, *record.other_texts, record.lawful_basis))
    outside = {
        singular(each) for text in texts for each in abbreviations(without_names(text, bodies))
    }
    return [word for word in words if word in outside and not is_spelled_out(word, whole)]


def no_document(record: Record, register: Register, on: datetime.date) -> Found | None:
    """Find a record without a document."""
    return None if record.has_document else Found("The signed document is not here.")


RULES = (
    Rule(
        key="lead-ended",
        label="The lead has ended",
        remedy="Record who leads it now.",
        field="lead",
        find=lead_ended,
        lasting=False,
    ),
    Rule(
        key="same-purpose",
        label="The same purpose as another protocol",
        remedy="See which protocol it belongs to, and write the others’ own purposes.",
        field="purpose",
        find=purpose_of_another,
        lasting=False,
    ),
    Rule(
        key="no-party",
        label="The purpose names a body that is no party",
        remedy="Add the body to the parties if it takes part, or correct the purpose.",
        field="lead",
        find=body_no_party,
    ),
    Rule(
        key="no-condition",
        label="Special category data, and no condition in Article 9",
        remedy="Choose the condition in Article 9 that applies.",
        field="special_conditions",
        find=special_without_condition,
    ),
    Rule(
        key="no-controller",
        label="A processor, and no controller",
        remedy="Record for which party it acts: that one is the controller.",
        field="lead",
        find=processor_without_controller,
    ),
    Rule(
        key="no-basis",
        label="No lawful basis recorded",
        remedy="Choose the basis in Article 6, or write it in the partners’ words.",
        field="bases",
        find=no_basis,
    ),
    Rule(
        key="no-items",
        label="What is shared is not recorded",
        remedy="List the information items, as the protocol does.",
        field="information_items",
        find=no_items,
    ),
    Rule(
        key="overdue",
        label="Overdue for review",
        remedy="Ask the lead organisation, and record the review.",
        field="review_date",
        find=overdue,
        lasting=False,
    ),
    Rule(
        key="past-year",
        label="A year in the title that is over",
        remedy="Renew it with a new title, or withdraw it.",
        field="title",
        find=past_year,
        lasting=False,
    ),
    Rule(
        key="abbreviation",
        label="An abbreviation that nothing explains",
        remedy="Write it in full once, or add it under Abbreviations; that of an organisation"
        " belongs to its names.",
        field="purpose",
        find=unexplained,
    ),
    Rule(
        key="no-document",
        label="No document here",
        remedy="Upload the protocol as signed.",
        field="documents",
        find=no_document,
    ),
)
BY_KEY = {rule.key: rule for rule in RULES}


class Finding(NamedTuple):
    """What one rule found of one protocol."""

    rule: Rule
    sentence: str
    open_question: str


def look_through(record: Record, register: Register, on: datetime.date) -> list[Finding]:
    """Return what the rules find of a record on a day, the most useful first.

    Of what is withdrawn nothing: nobody can put it right any more.
    """
    if record.status == ProtocolModel.Status.WITHDRAWN:
        return []
    found = ((rule, rule.find(record, register, on)) for rule in RULES)
    return [Finding(rule, *each) for rule, each in found if each]


# Each of these says what the record leaves open. The others are said elsewhere on a page, or need
# a reading of the whole register.
ASKING = (
    lead_ended,
    body_no_party,
    special_without_condition,
    processor_without_controller,
    past_year,
    unexplained,
)


def open_questions(record: Record, register: Register, on: datetime.date) -> list[str]:
    """Return what a record in force leaves open, in words for the middle of a sentence."""
    if record.status != PUBLISHED:
        return []
    found = (find(record, register, on) for find in ASKING)
    return [each.open_question for each in found if each]
