"""What a protocol holds: one record for each field, read by forms, pages, files and imports.

The model says what a field is: its type, label (verbose_name), hint and choices.
The record says the rest. A plain field (text, choice, yes or no, day) needs no
more than these two and a migration. Some records are no field of the model, but
stand in other tables or are worked out: these, and fields such as the theme, are
treated by name where their values are read.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

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
    """A place on a protocol's public page. In the order of the page."""

    TEXT = "text"  # under a heading of its own, at the top
    SHARING = "sharing"  # the first rows of the details
    RECORD = "record"  # the rows after these


KINDS: dict[type[models.Field[Any, Any]], Kind] = {
    models.CharField: Kind.TEXT,
    models.TextField: Kind.TEXT,
    models.BooleanField: Kind.BOOLEAN,
    models.DateField: Kind.DAY,
    models.ForeignKey: Kind.TEXT,
}
MODEL_FIELDS = {field.name: field for field in Protocol._meta.fields}


@dataclass(frozen=True, kw_only=True)
class ProtocolField:
    """How one thing that a protocol holds is written, shown, exported and imported.

    `name` is the name of the model's field, or a name of its own. `form` and `page` are
    where it stands; None: nowhere. `heading` is its heading on the page, if that is
    not the field's label. `column` is its name in exports, empty for none, `meaning`
    says there what it means, and `width` is its width in a workbook, in characters.
    `imported`: the import reads the column. `missing` is what it is called where it is
    missing; empty for what may rightly be empty. `public`: False for what
    only administrators see. `searched`: the public search finds its words. `month`: the
    day stands for its month.
    """

    name: str
    form: FormSection | None = None
    page: PageSection | None = None
    heading: str = ""
    column: str = ""
    meaning: str = ""
    width: int = 16
    imported: bool = True
    missing: str = ""
    public: bool = True
    searched: bool = False
    month: bool = False

    @property
    def model_field(self) -> models.Field[Any, Any] | None:
        """The model's field of this name, if there is one."""
        return MODEL_FIELDS.get(self.name)

    @property
    def kind(self) -> Kind:
        """The kind of its values. Raises KeyError for a field of a kind that is none of these."""
        if self.month:
            return Kind.MONTH
        return KINDS[type(self.model_field)] if self.model_field else Kind.TEXT

    @property
    def choices(self) -> dict[str, str]:
        """The label of each value that it can have, besides none; empty where it is free."""
        choices = self.model_field.flatchoices if self.model_field else ()
        return {value: label for value, label in choices if value}

    @property
    def label(self) -> str:
        """Its label, with a capital letter."""
        return str(capfirst(getattr(self.model_field, "verbose_name", self.name)))

    @property
    def title(self) -> str:
        """Its heading on the public page."""
        return self.heading or self.label

    def display(self, protocol: Protocol) -> Any:
        """Return the value as a page shows it: of a choice its label, else the value itself."""
        value = getattr(protocol, self.name)
        return self.choices.get(value, value) if self.choices else value


# In the order of the columns, which is a contract: what comes later is added at the end.
PROTOCOL_FIELDS = (
    ProtocolField(
        name="reference",
        form=FormSection.WHAT,
        column="reference",
        meaning="The protocol's number. It never changes, and is never used again.",
    ),
    ProtocolField(
        name="title",
        form=FormSection.WHAT,
        searched=True,
        column="title",
        meaning="What it is called.",
        width=45,
    ),
    ProtocolField(
        name="version",
        form=FormSection.WHAT,
        page=PageSection.RECORD,
        column="version",
        meaning="Its version, as written in it.",
        missing="Version",
    ),
    ProtocolField(
        name="theme",
        form=FormSection.WHAT,
        page=PageSection.RECORD,
        column="theme",
        meaning="The heading under which it is published.",
        width=24,
    ),
    ProtocolField(
        name="purpose",
        form=FormSection.WHY,
        page=PageSection.TEXT,
        searched=True,
        column="purpose",
        meaning="Why information is shared.",
        width=60,
        missing="Purpose",
    ),
    ProtocolField(
        name="summary",
        form=FormSection.WHAT,
        page=PageSection.TEXT,
        heading="In plain English",
        searched=True,
        column="summary",
        meaning="The same in plain English.",
        width=45,
        missing="Summary in plain English",
    ),
    ProtocolField(
        name="information_items",
        form=FormSection.SHARED,
        page=PageSection.SHARING,
        searched=True,
        column="information_items",
        meaning="What information is shared.",
        width=45,
        missing="Information shared",
    ),
    ProtocolField(
        name="data_subjects",
        form=FormSection.SHARED,
        page=PageSection.SHARING,
        column="data_subjects",
        meaning="Whose information it is.",
        width=30,
        missing="Whose information it is",
    ),
    ProtocolField(
        name="lawful_basis",
        form=FormSection.WHY,
        page=PageSection.SHARING,
        column="lawful_basis",
        meaning="Why the law allows the sharing.",
        width=45,
        missing="Lawful basis for sharing",
    ),
    ProtocolField(
        name="lead",
        column="lead_organisation",
        meaning="The organisation that leads it, by its official name.",
        width=32,
        missing="Lead organisation",
    ),
    ProtocolField(
        name="partners",
        column="other_organisations",
        meaning="The other organisations that take part, separated by semicolons, with any note in"
        " brackets.",
        width=60,
    ),
    ProtocolField(name="signed", missing="When each organisation signed"),
    ProtocolField(
        name="parties_complete",
        form=FormSection.PARTIES,
        page=PageSection.RECORD,
        heading="Is the list of organisations complete?",
        missing="Whether the list of organisations is complete",
    ),
    ProtocolField(
        name="parties_note",
        form=FormSection.PARTIES,
        column="parties_note",
        meaning="How to find those who take part and are not listed.",
        width=30,
    ),
    ProtocolField(
        name="review_date",
        month=True,
        form=FormSection.WHEN,
        page=PageSection.RECORD,
        column="review_date",
        meaning="The month of its next review, which is due by the last day of that month.",
        missing="Review month",
    ),
    ProtocolField(name="review_note", form=FormSection.WHEN),
    ProtocolField(
        name="review_status",
        column="review_status",
        meaning="The review status on the day this file was made: overdue, due-soon (within 3"
        " months), in-date, or none (no review date is recorded).",
        imported=False,
    ),
    ProtocolField(
        name="status",
        form=FormSection.STATUS,
        column="status",
        meaning="current: in force. withdrawn: no longer in force.",
    ),
    ProtocolField(
        name="published_on",
        form=FormSection.WHEN,
        page=PageSection.RECORD,
        heading="Published",
        column="published",
        meaning="The day on which it was first published.",
        missing="Day of publication",
    ),
    ProtocolField(
        name="updated_on",
        page=PageSection.RECORD,
        heading="Updated",
        column="updated",
        meaning="The day of its last official change.",
        imported=False,
    ),
    ProtocolField(name="withdrawn_on", form=FormSection.STATUS),
    ProtocolField(name="withdrawn_reason", form=FormSection.STATUS),
    ProtocolField(name="replaced_by", form=FormSection.STATUS),
    ProtocolField(name="admin_note", form=FormSection.NOTES, public=False),
    ProtocolField(
        name="url",
        column="url",
        meaning="The address of its page in the register. Rely on that page, not on this copy.",
        width=48,
        imported=False,
    ),
    ProtocolField(name="documents", missing="Documents"),
)


def form_fields(section: FormSection) -> list[str]:
    """Return the names of the fields in a section of the form."""
    return [field.name for field in PROTOCOL_FIELDS if field.form is section]


PRIVATE_FIELDS = frozenset(field.name for field in PROTOCOL_FIELDS if not field.public)
