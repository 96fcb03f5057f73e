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

from registers.models.protocol import Protocol


class Kind(Enum):
    """The kind of a field's values. The order has no meaning."""

    TEXT = "text"  # never a number, a formula or a link, whatever it looks like
    BOOLEAN = "boolean"
    DAY = "day"  # 2024-03-31
    MONTH = "month"  # 2024-03, stored as its first day


class FormSection(Enum):
    """A section of the editors' form. In the order of the form."""

    WHAT = "What"
    SHARED = "What is shared"
    PARTIES = "Who: is the list complete?"
    WHY = "Why"
    WHEN = "When"
    STATUS = "In force, or withdrawn?"
    NOTES = "For administrators"


class PageSection(Enum):
    """A place on a protocol's public page, besides the facts on top. In the order of the page."""

    SHARING = "sharing"  # a row under 'What information, and by what right'
    TEXT = "text"  # under a heading of its own
    RECORD = "record"  # a row of the details


KINDS: dict[type[models.Field[Any, Any]], Kind] = {
    models.CharField: Kind.TEXT,
    models.TextField: Kind.TEXT,
    models.BooleanField: Kind.BOOLEAN,
    models.DateField: Kind.DAY,
    models.ForeignKey: Kind.TEXT,
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
    `public`: False for what only administrators see.
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
        return KINDS[type(self.model_field)] if self.model_field else Kind.TEXT

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
        return self.choices.get(value, value) if self.choices else value


WHAT, SHARED, PARTIES, WHY, WHEN, STATUS, NOTES = FormSection
SHARING, TEXT, RECORD = PageSection

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
        missing="Summary in plain English",
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
        "data_subjects", SHARED, SHARING, "Whose information it is.", width=30, missing=True
    ),
    ProtocolField(
        "lawful_basis",
        WHY,
        SHARING,
        "Why the law allows the sharing.",
        width=45,
        missing="Lawful basis",
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
    ProtocolField("signed", missing="When each organisation signed"),
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
)


def form_fields(section: FormSection) -> list[str]:
    """Return the names of the fields in a section of the form."""
    return [field.name for field in PROTOCOL_FIELDS if field.form is section]


PRIVATE_FIELDS = frozenset(field.name for field in PROTOCOL_FIELDS if not field.public)
