"""What a protocol holds: one record for each field, read by forms, pages, files and imports.

The model says what a field is: its type, label (verbose_name), hint and choices.
The record says the rest. A plain field (text, choice, yes or no, day) needs no
more than these two and a migration. Some records are no field of the model, but
stand in other tables or are worked out: these, and fields such as the theme, are
treated by name where their values are read.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from enum import Enum
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.text import capfirst

from registers.models.options import LinesField, OptionsField, in_one_line, lines_of
from registers.models.protocol import Protocol


class Kind(Enum):
    """The kind of a field's values. The order has no meaning."""

    TEXT = "text"  # never a number, a formula or a link, whatever it looks like
    BOOLEAN = "boolean"
    DAY = "day"  # 2024-03-31
    MONTH = "month"  # 2024-03, stored as its first day
    OPTIONS = "options"  # several from a list, a line each
    LINK = "link"  # the address of a page


# What is in words in a table and a workbook, whatever it is in JSON.
IN_WORDS = frozenset({Kind.TEXT, Kind.BOOLEAN, Kind.OPTIONS, Kind.LINK})


class FormSection(Enum):
    """A section of the editors' form. In the order of the form."""

    WHAT = "What"
    SHARED = "What is shared"
    PARTIES = "Who: is the list complete?"
    WHY = "Why"
    LAW = "By what right"
    CARE = "Kept safe, and for how long"
    RIGHTS = "People’s rights and benefits"
    WHEN = "When"
    STATUS = "In force, or withdrawn?"
    NOTES = "For administrators"


class PageSection(Enum):
    """A place on a protocol's public page, besides the facts on top. In the order of the page."""

    SHARING = "What information"  # a row under this heading, and so with the next two
    RIGHT = "By what right, and for how long"
    RIGHTS = "The rights of the people it is about"
    TEXT = "text"  # under a heading of its own
    RECORD = "record"  # a row of the details


KINDS: dict[type[models.Field[Any, Any]], Kind] = {
    models.CharField: Kind.TEXT,
    models.TextField: Kind.TEXT,
    models.BooleanField: Kind.BOOLEAN,
    models.DateField: Kind.DAY,
    models.ForeignKey: Kind.TEXT,
    models.URLField: Kind.LINK,
    LinesField: Kind.OPTIONS,
    OptionsField: Kind.OPTIONS,
}
MODEL_FIELDS = {field.name: field for field in Protocol._meta.fields}


@dataclass(frozen=True)
class ProtocolField:
    """How one thing that a protocol holds is written, shown, exported and imported.

    `name` is the name of the model's field, or a name of its own. `form` and `page` are
    where it stands; None: nowhere. `meaning` says what its column in exports means;
    empty: it has no column. The column has the name `column_name`, if that is not `name`,
    and a `width` in workbooks, in characters; `imported`: the import reads it. `heading`
    is its heading on the page, if that is not the label. `missing`: a complete record
    has it; a text: what to call it where it is missing, if that is not the label.
    `searched`: the public search finds its words. `month`: the day stands for its month.
    `public`: False for what only administrators see. `kind_of_own`: the kind of what is worked
    out, if that is no text. `filter`: the parameter of lists that asks for its options.
    `composed`: the fields whose words its
    column and its fact on the page say too, after its own; where it is missing, the first of
    these stands for it. `may_not_apply`: a record can say that it does not apply. `law`: what
    asks for it.
    """

    name: str
    form: FormSection | None = None
    page: PageSection | None = None
    meaning: str = ""
    _: KW_ONLY
    column_name: str = ""
    heading: str = ""
    width: int = 16
    imported: bool = True
    missing: bool | str = False
    searched: bool = False
    month: bool = False
    public: bool = True
    kind_of_own: Kind | None = None
    filter: str = ""
    composed: tuple[str, ...] = ()
    may_not_apply: bool = False
    law: str = ""

    def __post_init__(self) -> None:
        """Raise ValueError for what is not public and would be shown or found."""
        if not self.public and (self.meaning or self.page or self.searched):
            raise ValueError(f"{self.name} is not public: it can have no column, page or search.")

    @property
    def column(self) -> str:
        """The name of its column in exports; empty for none."""
        return (self.column_name or self.name) if self.meaning else ""

    @property
    def model_field(self) -> models.Field[Any, Any] | None:
        """The model's field of this name, if there is one."""
        return MODEL_FIELDS.get(self.name)

    @cached_property
    def kind(self) -> Kind:
        """The kind of its values. Raises KeyError for a field of a kind that is none of these."""
        if self.month:
            return Kind.MONTH
        if self.kind_of_own:
            return self.kind_of_own
        if self.model_field is None or not getattr(self.model_field, "several", True):
            return Kind.TEXT
        return KINDS[type(self.model_field)]

    @property
    def options(self) -> str:
        """The name of the list that its values are chosen from; empty where it has none."""
        return getattr(self.model_field, "options", "")

    @cached_property
    def choices(self) -> dict[str, str]:
        """The label of each value that it can have, besides none; empty where it is free."""
        choices = self.model_field.flatchoices if self.model_field else ()
        return {value: label for value, label in choices if value}

    @cached_property
    def label(self) -> str:
        """Its label, with a capital letter."""
        return str(capfirst(getattr(self.model_field, "verbose_name", self.name)))

    @property
    def missing_label(self) -> str:
        """What to call it where it is missing."""
        return self.missing if isinstance(self.missing, str) else self.label

    @property
    def title(self) -> str:
        """Its heading on the public page."""
        return self.heading or self.label

    def display(self, protocol: Protocol) -> Any:
        """Return the value as a page shows it: of a choice its label, else the value itself."""
        value = getattr(protocol, self.name)
        if self.may_not_apply and value in {None, ""} and self.name in protocol.not_applying:
            return DOES_NOT_APPLY
        return self.choices.get(value, value) if self.choices else value


DOES_NOT_APPLY = "Does not apply"


def text_with_composed(protocol: Any, field: ProtocolField) -> str:
    """Return the words of a field, and below them those of the fields that it is composed of.

    Where all that is known is that the first of these does not apply, it says so.
    """
    own: str = getattr(protocol, field.name)
    said = [in_one_line(text) for name in field.composed if (text := getattr(protocol, name))]
    if not said and own:
        return own
    words = "\n".join([own, *said] if own else said)
    if not words and field.composed[0] in lines_of(protocol.does_not_apply):
        return DOES_NOT_APPLY
    return words


WHAT, SHARED, PARTIES, WHY, LAW, CARE, RIGHTS, WHEN, STATUS, NOTES = FormSection
SHARING, RIGHT, ON_RIGHTS, TEXT, RECORD = PageSection
ICO = "ICO data sharing code of practice, 'Data sharing agreements'"

# In the order of the columns, which is a contract: what comes later is added at the end.
PROTOCOL_FIELDS = (
    ProtocolField(
        "reference", WHAT, None, "The protocol's number. It never changes, and is never used again."
    ),
    ProtocolField("title", WHAT, None, "What it is called.", width=45, searched=True),
    ProtocolField("version", WHAT, None, "Its version, as written in it.", missing=True),
    ProtocolField("theme", WHAT, None, "The heading under which it is published.", width=24),
    ProtocolField(
        "purpose", WHY, TEXT, "Why information is shared.", width=60, missing=True, searched=True
    ),
    ProtocolField(
        "summary",
        WHAT,
        TEXT,
        "The same in plain English.",
        heading="In plain English",
        width=45,
        missing="Summary",
        searched=True,
    ),
    ProtocolField(
        "information_items",
        SHARED,
        SHARING,
        "What information is shared.",
        width=45,
        missing=True,
        searched=True,
    ),
    ProtocolField(
        "data_subjects",
        SHARED,
        SHARING,
        "Whose information it is: in words, and then the categories.",
        width=30,
        missing=True,
        composed=("people",),
        law="UK GDPR Article 30(1)(c)",
    ),
    ProtocolField(
        "lawful_basis",
        LAW,
        RIGHT,
        "Why the law allows the sharing: in words, then the articles, conditions and powers.",
        width=45,
        missing="Lawful basis",
        composed=("bases", "special_conditions", "schedule_1_conditions", "legal_power"),
        law=ICO,
    ),
    ProtocolField(
        "lead",
        meaning="The organisation that leads it, by its official name.",
        column_name="lead_organisation",
        width=32,
        missing="Lead organisation",
    ),
    ProtocolField(
        "partners",
        meaning="The other organisations that take part, separated by semicolons, with any note in"
        " brackets.",
        column_name="other_organisations",
        width=60,
    ),
    ProtocolField("signed", missing="When each signed"),
    ProtocolField(
        "parties_complete",
        PARTIES,
        RECORD,
        heading="Is the list of organisations complete?",
        missing="Whether others take part",
    ),
    ProtocolField(
        "parties_note",
        PARTIES,
        None,
        "How to find those who take part and are not listed.",
        width=30,
    ),
    ProtocolField(
        "review_date",
        WHEN,
        None,
        "The month of its next review, which is due by the last day of that month.",
        missing="Review month",
        month=True,
    ),
    ProtocolField("review_note", WHEN),
    ProtocolField(
        "review_status",
        meaning="The review status on the day this file was made: overdue, due-soon (within"
        f" {settings.PARTNERSHIP.review.notice}), in-date, or none (no review date is recorded).",
        imported=False,
    ),
    ProtocolField("status", STATUS, None, "current: in force. withdrawn: no longer in force."),
    ProtocolField(
        "published_on",
        WHEN,
        RECORD,
        "The day on which it was first published.",
        column_name="published",
        heading="Published",
        missing="Day of publication",
    ),
    ProtocolField(
        "updated_on",
        page=RECORD,
        meaning="The day of its last official change.",
        column_name="updated",
        heading="Updated",
        imported=False,
    ),
    ProtocolField("withdrawn_on", STATUS),
    ProtocolField("withdrawn_reason", STATUS),
    ProtocolField("replaced_by", STATUS),
    ProtocolField("admin_note", NOTES, public=False),
    ProtocolField(
        "url",
        meaning="The address of its page in the register. Rely on that page, not on this copy.",
        width=48,
        imported=False,
    ),
    ProtocolField(
        "through",
        meaning="Where organisations are asked for: how the protocol binds them, in their own name,"
        " through a body whose place they took, or through a group.",
        width=48,
        imported=False,
    ),
    ProtocolField("documents", missing="Documents"),
    ProtocolField(
        "agreement_kind",
        WHAT,
        RECORD,
        "The kind of agreement.",
        width=30,
        filter="kind",
        law=ICO,
    ),
    ProtocolField(
        "people",
        SHARED,
        None,
        "The categories of people whose information it is.",
        width=30,
        searched=True,
        may_not_apply=True,
        filter="people",
        law="UK GDPR Article 30(1)(c)",
    ),
    ProtocolField(
        "special_categories",
        SHARED,
        SHARING,
        "The special categories of data that are shared. None: there are none.",
        width=30,
        missing="Special categories",
        filter="special",
        may_not_apply=True,
        law="UK GDPR Article 9(1)",
    ),
    ProtocolField(
        "criminal_offence_data",
        SHARED,
        SHARING,
        "Whether data about criminal convictions and offences is shared.",
        may_not_apply=True,
        law="UK GDPR Article 10",
    ),
    ProtocolField(
        "sharing_methods",
        SHARED,
        SHARING,
        "How the information is shared.",
        width=30,
        missing=True,
        may_not_apply=True,
        law=ICO,
    ),
    ProtocolField(
        "sharing_frequency",
        SHARED,
        SHARING,
        "How often the information is shared.",
        may_not_apply=True,
        law="Data Sharing and Governance Act 2019 (Ireland), section 19(1)(h)",
    ),
    ProtocolField(
        "bases",
        LAW,
        RIGHT,
        "The bases in UK GDPR Article 6.",
        heading="Lawful basis",
        width=45,
        filter="basis",
        may_not_apply=True,
        law="UK GDPR Article 6(1)",
    ),
    ProtocolField(
        "special_conditions",
        LAW,
        RIGHT,
        "The conditions in UK GDPR Article 9, for special category data.",
        heading="For special category data",
        width=45,
        may_not_apply=True,
        law="UK GDPR Article 9(2)",
    ),
    ProtocolField(
        "schedule_1_conditions",
        LAW,
        RIGHT,
        "The conditions in Schedule 1 of the Data Protection Act 2018.",
        width=45,
        may_not_apply=True,
        law="Data Protection Act 2018, sections 10 and 11 and Schedule 1",
    ),
    ProtocolField(
        "law_enforcement",
        LAW,
        RIGHT,
        "Whether any of it is under Part 3 of the Data Protection Act 2018 (law enforcement).",
        may_not_apply=True,
        law="Data Protection Act 2018, Part 3",
    ),
    ProtocolField(
        "legal_power",
        LAW,
        RIGHT,
        "The act and section that give the power or the duty to share.",
        width=45,
        missing="Legal power",
        searched=True,
        may_not_apply=True,
        law="ICO data sharing code of practice, 'Lawfulness'",
    ),
    ProtocolField(
        "confidentiality",
        LAW,
        RIGHT,
        "How the common law duty of confidentiality is met.",
        width=30,
        may_not_apply=True,
        law="HDR UK data use register, 'Common law duty of confidentiality'",
    ),
    ProtocolField(
        "retention",
        CARE,
        RIGHT,
        "How long the information is kept.",
        heading="Kept for",
        width=30,
        missing=True,
        may_not_apply=True,
        law="UK GDPR Articles 5(1)(e) and 30(1)(f)",
    ),
    ProtocolField(
        "disposal",
        CARE,
        RIGHT,
        "How the information is disposed of.",
        width=30,
        may_not_apply=True,
        law="Data Sharing and Governance Act 2019 (Ireland), section 19(1)(o)",
    ),
    ProtocolField(
        "security_measures",
        CARE,
        RIGHT,
        "How the information is kept safe, in a sentence.",
        width=45,
        may_not_apply=True,
        law="UK GDPR Articles 5(1)(f) and 30(1)(g)",
    ),
    ProtocolField(
        "transfers_abroad",
        CARE,
        RIGHT,
        "Transfers outside the United Kingdom, and their safeguard.",
        width=30,
        may_not_apply=True,
        law="UK GDPR Article 30(1)(e); DSPT evidence 1.1.2",
    ),
    ProtocolField(
        "dpia_state",
        CARE,
        RIGHT,
        "How the data protection impact assessment (DPIA) stands.",
        missing="Impact assessment (DPIA)",
        may_not_apply=True,
        law="UK GDPR Article 35",
    ),
    ProtocolField(
        "dpia_on",
        CARE,
        RIGHT,
        "The day of the DPIA.",
        may_not_apply=True,
        law="UK GDPR Article 35",
    ),
    ProtocolField(
        "dpia_outcome",
        CARE,
        RIGHT,
        "What came of the DPIA.",
        width=30,
        may_not_apply=True,
        law="Data Sharing and Governance Act 2019 (Ireland), section 19(1)(l)",
    ),
    ProtocolField(
        "dpia_link",
        CARE,
        RIGHT,
        "Where the DPIA or its summary can be read.",
        heading="The DPIA",
        width=45,
        may_not_apply=True,
        law="ICO data sharing code of practice, 'Deciding to share data'",
    ),
    ProtocolField(
        "privacy_notice",
        RIGHTS,
        ON_RIGHTS,
        "Where people can read how their information is used.",
        width=45,
        missing=True,
        may_not_apply=True,
        law="UK GDPR Articles 13 and 14",
    ),
    ProtocolField(
        "rights_how",
        RIGHTS,
        ON_RIGHTS,
        "How people can use their rights.",
        width=45,
        missing="People’s rights",
        may_not_apply=True,
        law="UK GDPR Articles 12 to 22",
    ),
    ProtocolField(
        "rights_contact",
        RIGHTS,
        ON_RIGHTS,
        "Whom people ask about their rights.",
        width=30,
        may_not_apply=True,
        law="UK GDPR Article 13(1)(a) and (b)",
    ),
    ProtocolField(
        "benefits",
        RIGHTS,
        TEXT,
        "What is better for whom.",
        width=45,
        searched=True,
        may_not_apply=True,
        law="HDR UK data use register, 'Public benefit statement'",
    ),
    ProtocolField(
        "starts_on",
        WHEN,
        RECORD,
        "The first day of the agreement.",
        column_name="starts",
        may_not_apply=True,
        law=ICO,
    ),
    ProtocolField(
        "ends_on",
        WHEN,
        RECORD,
        "The last day of the agreement. Nothing is withdrawn by it.",
        column_name="ends",
        may_not_apply=True,
        law="DSPT evidence 1.1.2",
    ),
    ProtocolField(
        "has_ended",
        kind_of_own=Kind.BOOLEAN,
        meaning="Whether that last day has passed on the day this file was made.",
        imported=False,
    ),
    ProtocolField(
        "at_end",
        WHEN,
        TEXT,
        "What happens at the end of the agreement.",
        width=30,
        may_not_apply=True,
        law="Data Sharing and Governance Act 2019 (Ireland), section 19(1)(n)",
    ),
    ProtocolField("does_not_apply", WHAT),
    ProtocolField(
        "party_roles",
        meaning="What each organisation is in law, and whether it gives or receives, separated by"
        " semicolons: Riverside Council: controller, receives.",
        width=45,
        law="UK GDPR Articles 4, 26 and 28; ICO data sharing code of practice",
    ),
)
BY_NAME = {field.name: field for field in PROTOCOL_FIELDS}
FILTERS = {field.filter: field for field in PROTOCOL_FIELDS if field.filter}
MAY_NOT_APPLY = tuple(field.name for field in PROTOCOL_FIELDS if field.may_not_apply)


def form_fields(section: FormSection) -> list[str]:
    """Return the names of the fields in a section of the form."""
    return [field.name for field in PROTOCOL_FIELDS if field.form is section]


PRIVATE_FIELDS = frozenset(field.name for field in PROTOCOL_FIELDS if not field.public)
