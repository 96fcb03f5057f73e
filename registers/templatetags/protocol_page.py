"""What a protocol's page is made of: one tag, for the public page and for a draft's preview."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import template
from django.utils.text import get_text_list

from registers.history.diff import ChangeDescription
from registers.models import Party, Protocol
from registers.models.completeness import RECORD_ITEMS
from registers.models.organisation import once_each, version_approved
from registers.models.protocol_fields import (
    BY_NAME,
    PROTOCOL_FIELDS,
    PageSection,
    ProtocolField,
    text_with_composed,
)

register = template.Library()

BRIEF_LENGTH = 300
# Of more parties than this, a telephone shows the first ones, and all if it is asked to.
MOST_PARTIES, FIRST_PARTIES = 40, 20
# A full stop after these ends no sentence.
SENTENCE_END = re.compile(
    r"(?<!\be\.g)(?<!\bi\.e)(?<!\betc)(?<!\bNo)(?<!\bSt)(?<!\bDr)[.!?](?=\s|\Z)"
)
# The facts on top say of themselves that they are not recorded.
SECTIONS = {
    "information": PageSection.SHARING,
    "right": PageSection.RIGHT,
    "rights": PageSection.RIGHTS,
}
SAID_ON_TOP = {"purpose", "lead", "data-subjects"}

FieldValues = list[tuple[ProtocolField, Any]]


@dataclass(frozen=True, kw_only=True)
class Brief:
    """A text to show on top of the page: whole, or if it is long its first sentence."""

    text: str
    is_whole: bool


def brief(text: str) -> Brief:
    """Return the text, or its first sentence if it has over 300 characters."""
    whole = text.strip()
    if len(whole) <= BRIEF_LENGTH:
        return Brief(text=whole, is_whole=True)
    end = SENTENCE_END.search(whole)
    first = whole[: end.end()] if end else whole
    line = first.partition("\n")[0]
    if len(line) > BRIEF_LENGTH:
        cut = line[:BRIEF_LENGTH]
        line = f"{cut.rpartition(' ')[0] or cut}…"
    return Brief(text=line, is_whole=False)


@dataclass(frozen=True, kw_only=True)
class ProtocolPage:
    """The parts of a page. `documents` and `reviews` are those that it shows.

    `open_questions` are what the record leaves open, in words for the middle of a sentence.
    """

    protocol: Protocol
    documents: Collection[Any]
    reviews: Collection[Any]
    open_questions: Sequence[str] = ()

    @cached_property
    def summary(self) -> Brief:
        """The plain-English summary; empty if none is written."""
        return brief(self.protocol.summary)

    @cached_property
    def purpose(self) -> Brief:
        """Why information is shared."""
        return brief(self.protocol.purpose)

    @cached_property
    def data_subjects(self) -> Brief:
        """Whose information it is: in words, and then the categories."""
        return brief(text_with_composed(self.protocol, BY_NAME["data_subjects"]))

    @cached_property
    def parties(self) -> list[Party]:
        """The lead, then the partners in the published order."""
        lead, partners = self.protocol.parts
        return [lead, *partners] if lead else partners

    @cached_property
    def first_parties(self) -> list[Party]:
        """Those that a telephone shows at once."""
        return self.parties[: FIRST_PARTIES if len(self.parties) > MOST_PARTIES else None]

    @cached_property
    def other_parties(self) -> list[Party]:
        """Those that it shows if it is asked to."""
        return self.parties[len(self.first_parties) :]

    @cached_property
    def organisation_count(self) -> int:
        """How many organisations take part: one can be lead and partner."""
        return len({party.organisation_id for party in self.parties})

    @cached_property
    def published_otherwise(self) -> list[Party]:
        """Those whose name as published is not the organisation's name."""
        return [
            party
            for party in self.parties
            if party.name_as_published not in {"", party.organisation.name}
        ]

    @cached_property
    def texts(self) -> FieldValues:
        """The recorded texts that stand under headings of their own."""
        return self._recorded(PageSection.TEXT)

    @cached_property
    def sections(self) -> list[tuple[str, str, FieldValues]]:
        """The sections of rows of which anything is recorded: their ids, headings and rows."""
        found = ((key, each.value, self._recorded(each)) for key, each in SECTIONS.items())
        return [section for section in found if section[2]]

    @cached_property
    def says_flows(self) -> bool:
        """Whether it is recorded of any party what it is in law, or whether it gives."""
        return any(party.legal_role or party.flow for party in self.parties)

    @cached_property
    def approved_count(self) -> int:
        """How many organisations have approved it: one can be lead and partner."""
        return len({party.organisation_id for party in self.parties if party.signed_on})

    @cached_property
    def approved_version(self) -> str:
        """The protocol's version, where all who have approved it approved that one."""
        return version_approved(self.parties, self.protocol.version)

    @cached_property
    def approvals(self) -> list[tuple[Party, Any]]:
        """Each organisation's part, with the document that shows its approval, if it is listed."""
        listed = {each.pk: each for each in self.documents if hasattr(each, "pk")}
        return [(party, listed.get(party.approval_paper_id)) for party in once_each(self.parties)]

    @cached_property
    def rights_contact(self) -> str:
        """Whom the lead organisation names for people's rights, where the record names nobody."""
        lead = self.protocol.lead
        is_said = self.protocol.rights_contact or "rights_contact" in self.protocol.not_applying
        return lead.organisation.rights_contact if lead and not is_said else ""

    @cached_property
    def record(self) -> FieldValues:
        """What is recorded of the protocol itself."""
        return self._recorded(PageSection.RECORD)

    @cached_property
    def missing(self) -> str:
        """What is not recorded yet, in words for the middle of a sentence, or nothing."""
        said = SAID_ON_TOP
        if self.protocol.status != Protocol.Status.WITHDRAWN:
            said = said | {"review-date"}
        is_signed = any(party.signed_on for party in self.parties)
        words = [
            "when the others signed"
            if item.key == "signed" and is_signed
            else _uncapitalised(item.words)
            for item in RECORD_ITEMS
            if item.key not in {*said, "documents"} and not item.has(self.protocol)
        ]
        words += [] if self.parties else ["who takes part"]
        words += [] if self.documents else ["documents"]
        is_draft = self.protocol.status == Protocol.Status.DRAFT
        words += [] if self.reviews or is_draft else ["reviews"]
        words += self.open_questions
        return get_text_list(words, "and")

    def _recorded(self, section: PageSection) -> FieldValues:
        """Return the fields of a section that have a value and are not whole on top."""
        on_top = {
            name for name in ("summary", "purpose", "data_subjects") if getattr(self, name).is_whole
        }
        values = (
            (field, self._value(field))
            for field in PROTOCOL_FIELDS
            if field.page is section and field.name not in on_top
        )
        return [(field, value) for field, value in values if value not in {None, ""}]

    def _value(self, field: ProtocolField) -> Any:
        if field.name == "data_subjects":
            return text_with_composed(self.protocol, field)
        return field.display(self.protocol)


def _uncapitalised(words: str) -> str:
    """Return a label for the middle of a sentence: 'Version' as 'version', 'DPIA' as it is."""
    return words[:1].lower() + words[1:] if words[1:2].islower() else words


@register.simple_tag
def protocol_page(
    protocol: Protocol,
    documents: Collection[Any] = (),
    reviews: Sequence[Any] = (),
    open_questions: Sequence[str] = (),
) -> ProtocolPage:
    """Return what the page of a protocol shows, from the fields that it holds."""
    return ProtocolPage(
        protocol=protocol, documents=documents, reviews=reviews, open_questions=open_questions
    )


@register.filter
def changed_fields(descriptions: Sequence[ChangeDescription]) -> str:
    """Return what the fields that differ in some changes are called."""
    names = (difference.field for each in descriptions for difference in each.differences)
    return get_text_list(list(dict.fromkeys(names)), "and")
