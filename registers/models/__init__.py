"""What the register holds: nouns, constraints, and the domain's verbs as querysets."""

from registers.models.abbreviations import Abbreviation
from registers.models.approval_request import ApprovalRequest
from registers.models.change import (
    Apart,
    Change,
    Merge,
    OrganisationAltered,
    ProtocolAltered,
    UsedReference,
    subject_columns,
)
from registers.models.document import Document
from registers.models.form_draft import FormDraft, FormDraftFile
from registers.models.identifier import Identifier
from registers.models.import_job import (
    ImportJob,
    ImportLine,
    ImportMapping,
    ImportName,
    ImportSteps,
)
from registers.models.layout import Layout
from registers.models.lead_draft import LeadDraft
from registers.models.links import Membership, Succession, TakenOn
from registers.models.options import Option
from registers.models.organisation import Approver, Contact, Name, Organisation, Party, Slug
from registers.models.pages import EarlierVersion, News, Resource, Theme
from registers.models.proposal import Proposal, ProposalEmailDay, ProposedFile
from registers.models.protocol import Gap, Overarching, Protocol
from registers.models.reminder import Answer, Reminded, Reminder, Try
from registers.models.review import Review
from registers.models.search import RegisterVersion, SearchEntry, VocabularyWord
from registers.models.synonyms import SynonymSet

__all__ = [
    "Abbreviation",
    "Answer",
    "Apart",
    "ApprovalRequest",
    "Approver",
    "Change",
    "Contact",
    "Document",
    "EarlierVersion",
    "FormDraft",
    "FormDraftFile",
    "Gap",
    "Identifier",
    "ImportJob",
    "ImportLine",
    "ImportMapping",
    "ImportName",
    "ImportSteps",
    "Layout",
    "LeadDraft",
    "Membership",
    "Merge",
    "Name",
    "News",
    "Option",
    "Organisation",
    "OrganisationAltered",
    "Overarching",
    "Party",
    "Proposal",
    "ProposalEmailDay",
    "ProposedFile",
    "Protocol",
    "ProtocolAltered",
    "RegisterVersion",
    "Reminded",
    "Reminder",
    "Resource",
    "Review",
    "SearchEntry",
    "Slug",
    "Succession",
    "SynonymSet",
    "TakenOn",
    "Theme",
    "Try",
    "UsedReference",
    "VocabularyWord",
    "subject_columns",
]
