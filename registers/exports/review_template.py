"""The review template: what the record of a protocol says and lacks, to be gone through and signed.

It is the same for the page that is printed and for the DOCX, and says nothing of the day, so that
a file of the same record is the same. Without a protocol it is empty, to be filled in by hand.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import date_format
from django.utils.text import get_text_list

from registers.exports.columns import ExportContext, url
from registers.models import Approver, Party, Protocol
from registers.models.completeness import RECORD_ITEMS
from registers.models.organisation import once_each, version_approved
from registers.models.protocol_fields import (
    BY_NAME,
    PROTOCOL_FIELDS,
    FormSection,
    ProtocolField,
)

TITLE = "Review template"
NOT_RECORDED, BLANK = "Not recorded", ""
EMPTY_ROWS = 6  # of organisations, where none is known
LEFT_OUT = {FormSection.STATUS, FormSection.NOTES}
SAID_ABOVE = {"reference", "title", "version", "theme", "review_date", "review_note"}

# The items of the ICO's data sharing code of practice, as in docs/record.md, and the fields that
# answer each. Without fields only the paper answers it.
ICO_ITEMS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("What is the sharing meant to achieve?", ("purpose", "summary")),
    ("Benefits and risks to people", ("benefits", "dpia_outcome")),
    (
        "Is it fair, necessary and proportionate? What is the least that must be shared?",
        ("dpia_state", "dpia_link"),
    ),
    ("Was an impact assessment done?", ("dpia_state", "dpia_on")),
    ("Which organisations take part?", ("lead", "partners")),
    ("Is anybody a joint controller?", ("party_roles", "agreement_kind")),
    ("What data items are shared?", ("information_items",)),
    ("What is the lawful basis?", ("bases", "lawful_basis")),
    ("What power is there to share?", ("legal_power",)),
    (
        "Is any of it special category data, or sensitive processing under Part 3?",
        ("special_categories", "criminal_offence_data", "law_enforcement"),
    ),
    ("Which condition covers that?", ("special_conditions", "schedule_1_conditions")),
    ("How should it be shared, and how safely?", ("sharing_methods", "security_measures")),
    ("When, and how often?", ("sharing_frequency",)),
    ("Is it transferred outside the UK?", ("transfers_abroad",)),
    ("Are people told?", ("privacy_notice",)),
    (
        "How do people get access and use their other rights?",
        ("rights_how", "rights_contact"),
    ),
    ("How long is it kept, and how is it deleted?", ("retention", "disposal")),
    ("What happens when the sharing ends?", ("ends_on", "at_end")),
    ("When is the agreement reviewed?", ("review_date",)),
    ("Common rules on accuracy, breaches, staff and complaints", ()),
)
APPROVAL_HEADINGS = (
    *("Organisation", "Part", "Who must approve"),
    *("Approved by", "Approved on", "Version"),
)
OUTCOMES = (
    "It goes on as it is.",
    "It goes on with the changes noted here.",
    "It is no longer needed, because:",
)


@dataclass(frozen=True, kw_only=True)
class TemplateSection:
    """A heading, paragraphs below it, and a table; `widths` are the shares of its columns."""

    heading: str
    words: Sequence[str] = ()
    headings: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    widths: Sequence[int] = ()

    @property
    def labelled_rows(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """The rows: the first cell, and each other cell with its heading."""
        return [(row[0], list(zip(self.headings[1:], row[1:], strict=True))) for row in self.rows]


@dataclass(frozen=True, kw_only=True)
class ReviewTemplate:
    """The whole: `title` is of the document, `subtitle` says of what, `address` where it is."""

    title: str
    subtitle: str
    address: str
    publisher: str
    sections: Sequence[TemplateSection]


def empty_template(context: ExportContext) -> ReviewTemplate:
    """Return the template of a protocol that is not known yet."""
    facts = [(name, BLANK) for name in _facts_of(None, context)]
    fields = [(each.title, BLANK) for each in _fields()]
    answers = [(item, BLANK, BLANK) for item, _ in ICO_ITEMS]
    parties = [(BLANK,) * len(APPROVAL_HEADINGS)] * EMPTY_ROWS
    return ReviewTemplate(
        title=TITLE,
        subtitle="For any information sharing protocol",
        address=context.site,
        publisher=context.publisher,
        sections=[
            _section_of_facts(facts),
            TemplateSection(
                heading="What the record should say",
                headings=("Item", "What the protocol says"),
                rows=fields,
                widths=(35, 65),
            ),
            *_last_sections(answers, parties, context),
        ],
    )


def review_template(
    protocol: Protocol,
    context: ExportContext,
    *,
    approvers: Mapping[int, Sequence[str]],
    open_questions: Sequence[str] = (),
) -> ReviewTemplate:
    """Return the template of a protocol, of which the parties and the documents are loaded.

    `approvers` are the job titles that approve for each organisation, by id; `open_questions`
    what the record leaves open.
    """
    facts = list(_facts_of(protocol, context).items())
    fields = [(each.title, _in_words(each, protocol) or NOT_RECORDED, BLANK) for each in _fields()]
    answers = [(item, _is_answered(protocol, names), BLANK) for item, names in ICO_ITEMS]
    parties = [_approval(party, approvers) for party in once_each(_in_order(protocol))]
    missing = [item.words for item in RECORD_ITEMS if not item.has(protocol)]
    lacking = [f"Not recorded: {'; '.join(missing)}."] if missing else []
    asked = [f"To be settled: {'; '.join(open_questions)}."] if open_questions else []
    return ReviewTemplate(
        title=f"{TITLE}: protocol {protocol.reference}",
        subtitle=protocol.title,
        address=url(protocol, context),
        publisher=context.publisher,
        sections=[
            _section_of_facts(facts),
            TemplateSection(
                heading="What is missing",
                words=[*asked, *lacking] or ["Nothing: every item is recorded."],
            ),
            TemplateSection(
                heading="What the record says",
                headings=("Item", "Recorded", "Correct, or what it should say"),
                rows=fields,
                widths=(25, 45, 30),
            ),
            *_last_sections(answers, parties, context, approved=_approved(protocol)),
        ],
    )


def approvers_of(protocol: Protocol) -> dict[int, list[str]]:
    """Return the job titles that approve for each of its organisations, by id: one query."""
    keys = {party.organisation_id for party in protocol.all_parties}
    found: dict[int, list[str]] = {}
    for key, title in Approver.objects.filter(organisation__in=keys).values_list(
        "organisation_id", "job_title"
    ):
        found.setdefault(key, []).append(title)
    return found


def _fields() -> Iterator[ProtocolField]:
    """Yield what editors fill in and the public reads, but what stands above."""
    for each in PROTOCOL_FIELDS:
        is_asked = each.public and each.form is not None and each.form not in LEFT_OUT
        if is_asked and each.name not in {*SAID_ABOVE, "does_not_apply"}:
            yield each


def _facts_of(protocol: Protocol | None, context: ExportContext) -> dict[str, str]:
    """Return the first facts by their names; blank without a protocol."""
    if protocol is None:
        names = ("Reference", "Title", "Version", "Theme", "Lead organisation", "Review due")
        return dict.fromkeys(names, BLANK)
    lead, due = protocol.lead, protocol.review_date
    return {
        "Reference": protocol.reference,
        "Title": protocol.title,
        "Version": protocol.version or NOT_RECORDED,
        "Theme": protocol.theme_name,
        "Lead organisation": lead.organisation_name if lead else NOT_RECORDED,
        "Review due": date_format(due, "F Y") if due else NOT_RECORDED,
        "Its page": url(protocol, context),
    }


def _section_of_facts(facts: Sequence[Sequence[str]]) -> TemplateSection:
    return TemplateSection(
        heading="The protocol", headings=("Item", "Recorded"), rows=facts, widths=(25, 75)
    )


def _last_sections(
    answers: Sequence[Sequence[str]],
    parties: Sequence[Sequence[str]],
    context: ExportContext,
    *,
    approved: Sequence[str] = (),
) -> Iterator[TemplateSection]:
    """Yield what is answered by those who review: the code, the approvals and the outcome.

    `approved` says how many have approved already.
    """
    yield TemplateSection(
        heading="What the code asks",
        words=["The items of the ICO’s data sharing code of practice, in short."],
        headings=("The code asks", "Recorded", "Your answer"),
        rows=answers,
        widths=(45, 20, 35),
    )
    yield TemplateSection(
        heading="Who must approve",
        words=[
            *approved,
            "Each organisation approves by the job title that it has named, never by a name.",
        ],
        headings=APPROVAL_HEADINGS,
        rows=parties,
        widths=(26, 10, 20, 20, 13, 11),
    )
    yield TemplateSection(
        heading="The outcome of the review",
        headings=("Outcome", "Tick one"),
        rows=[(each, BLANK) for each in OUTCOMES],
        widths=(80, 20),
    )
    yield TemplateSection(
        heading="Who reviewed it",
        words=[f"Send this to {context.email}."] if context.email else [],
        headings=("Item", "Answer"),
        rows=[(each, BLANK) for each in ("Job title", "Day of the review", "Next review, a month")],
        widths=(35, 65),
    )


def _approval(party: Party, approvers: Mapping[int, Sequence[str]]) -> Sequence[str]:
    """Return who must approve for a party, and the approval that is recorded, or room for it."""
    must = get_text_list(list(approvers.get(party.organisation_id, ())), "or") or NOT_RECORDED
    given = (BLANK, BLANK, BLANK)
    if party.signed_on:
        day = date_format(party.signed_on, "j F Y")
        given = (party.approved_by or NOT_RECORDED, day, party.approved_version or NOT_RECORDED)
    return (party.organisation_name, party.get_role_display(), must, *given)


def _approved(protocol: Protocol) -> Sequence[str]:
    """Return how many organisations have approved which version, in one sentence."""
    parties = once_each(protocol.all_parties)
    number = sum(party.signed_on is not None for party in parties)
    version = version_approved(parties, protocol.version)
    what = f"version {version}" if version else "this protocol"
    have = "has" if len(parties) == 1 else "have"
    return [f"{number} of {len(parties)} {have} approved {what}."] if number else []


def _in_order(protocol: Protocol) -> list[Party]:
    """Return the lead, and then the partners."""
    lead, partners = protocol.parts
    return [lead, *partners] if lead else partners


def _in_words(each: ProtocolField, protocol: Protocol) -> str:
    """Return a value as it is read; empty where none is recorded."""
    value: Any = each.display(protocol)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, datetime.date):
        return date_format(value, "j F Y")
    return str(value or "")


def _is_answered(protocol: Protocol, names: Sequence[str]) -> str:
    """Return whether all, some or none of the fields of an item are recorded."""
    if not names:
        return "In the paper"
    said = [_is_recorded(protocol, name) for name in names]
    return "Yes" if all(said) else "In part" if any(said) else "No"


def _is_recorded(protocol: Protocol, name: str) -> bool:
    if name == "party_roles":
        return any(party.legal_role for party in protocol.all_parties)
    if name in {"lead", "partners"}:
        return bool(getattr(protocol, name))
    return bool(_in_words(BY_NAME[name], protocol))
