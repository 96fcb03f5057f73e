"""What a column of a file can be: a table for each kind of rows, protocols or organisations."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

from registers.exports.columns import COMPUTED_COLUMNS, find_column
from registers.exports.workbook import ABOUT
from registers.imports.reading.read import Sheet
from registers.models import Identifier, ImportJob, Name
from registers.models.protocol_fields import PROTOCOL_FIELDS, Kind

OTHERS = "other_organisations"
# A column that names an organisation in its heading, and says of each row whether it takes part.
TICK = "tick"
# A column whose words go into the note that only administrators see.
NOTE = "note"
LEFT_OUT = "left_out"
# The column of a file of refused rows, which says why: it is passed over.
REASON_HEADING = "Why it was refused"
# What a column can be that is no field of its own.
NO_FIELDS = {OTHERS, TICK, NOTE, LEFT_OUT}
LEAVE = {LEFT_OUT: "Leave this column out"}
WITHDRAWAL = ("withdrawn_on", "withdrawn_reason")
FIELD_USES = {
    each.column or each.name: each.label
    for each in PROTOCOL_FIELDS
    if (each.column and each.imported) or each.name in WITHDRAWAL
}
# The columns of days and months: what stands first in them may have to be asked.
DATES = tuple(
    each.column or each.name
    for each in PROTOCOL_FIELDS
    if each.kind in {Kind.DAY, Kind.MONTH} and (each.column or each.name) in FIELD_USES
)

NAME, KIND, APPROVERS, CONTACT, GROUPS = "name", "kind", "approvers", "contact", "groups"
RIGHTS_CONTACT = "rights_contact"
FROM_DAY, TO_DAY = DAYS = ("from_day", "to_day")
OTHER_NAMES: dict[str, str] = {
    Name.Kind.ACRONYM: "Acronym",
    Name.Kind.ALIAS: "Also known as",
    Name.Kind.FORMER: "Former names",
    Name.Kind.MISSPELLING: "Misspellings",
}
SCHEMES: dict[str, str] = dict(Identifier.Scheme.choices)
# What a column of organisations can be, and what it is headed in the template: in that order.
ORGANISATION_COLUMNS: dict[str, str] = {
    NAME: "Official name",
    **OTHER_NAMES,
    KIND: "Body or group",
    **SCHEMES,
    APPROVERS: "Approvers",
    CONTACT: "Contact e-mail",
    RIGHTS_CONTACT: "Contact for rights",
    GROUPS: "Member of",
    FROM_DAY: "Member from",
    TO_DAY: "Member to",
}
EXAMPLE_SHEET = "Example"


@dataclass(frozen=True, kw_only=True, eq=False)
class RowKind:
    """What the rows of a file are, and what a column of it can be.

    `uses` are what a column can be, with the words for it, in the order of a form. More than one
    column can be one of `several`. `dates` are columns of dates, and `defaults` those that can be
    said once for all rows. A file needs a column of one of `found_by`, `title` where its headings
    speak for none; `no_column` and `no_headings` say so. `own` gives the column of a heading of the
    register's own files, of which `computed` are passed over, as sheets are called `not_read` are.
    `words` is the file of words by which people head the columns.
    """

    uses: Mapping[str, str]
    several: Collection[str]
    dates: Collection[str]
    defaults: Sequence[str] = ()
    title: str
    found_by: Set[str]
    no_column: str
    no_headings: str
    own: Callable[[str], str | None]
    computed: Collection[str] = ()
    not_read: Collection[str]
    words: str

    def computed_column(self, heading: str) -> str | None:
        """Return the column that the register works out by itself, or None for another."""
        found = self.own(heading)
        return found if found in self.computed else None

    def reads(self, sheet: Sheet) -> bool:
        """Return whether a sheet is read where nobody says otherwise."""
        return not sheet.hidden and sheet.name not in self.not_read


LONGEST_HEADING = 200


def heading_key(heading: str) -> str:
    """Return a heading as headings are compared: in any case, without a mark at its end."""
    return _key_of_short(heading) if len(heading) <= LONGEST_HEADING else _key(heading)


def _key(heading: str) -> str:
    return " ".join(heading.replace("_", " ").casefold().split()).rstrip(":*?. ")


# A wide file has each heading compared with each of its mapping.
_key_of_short = lru_cache(maxsize=4096)(_key)


def _own_heading(heading: str) -> str | None:
    return _OWN_HEADINGS.get(heading_key(heading))


_OWN_HEADINGS = {heading_key(label): use for use, label in ORGANISATION_COLUMNS.items()}

KINDS = {
    ImportJob.Kind.PROTOCOLS.value: RowKind(
        uses={
            **FIELD_USES,
            "lead_organisation": "Lead organisation",
            OTHERS: "Other organisations, or one of them",
            TICK: "Does the organisation in the heading take part?",
            NOTE: "A note for administrators",
            **LEAVE,
        },
        several=NO_FIELDS,
        dates=DATES,
        defaults=[use for use in FIELD_USES if use not in {"reference", "title", "withdrawn_on"}],
        title="title",
        found_by={"title", "reference"},
        no_column="No column is taken for the title. Choose the one that names the agreement.",
        no_headings=(
            "No row of headings was found in this file. One row must name the columns, such as:"
            " Theme, Title, Purpose, Lead Organisation, Other Organisations Involved, Review date."
        ),
        own=find_column,
        computed=COMPUTED_COLUMNS,
        not_read={ABOUT},  # what the register's own files say of themselves
        words="headings.toml",
    ),
    ImportJob.Kind.ORGANISATIONS.value: RowKind(
        uses=ORGANISATION_COLUMNS | LEAVE,
        several={*OTHER_NAMES, *SCHEMES, APPROVERS, GROUPS, LEFT_OUT},
        dates=DAYS,
        title=NAME,
        found_by={NAME, *OTHER_NAMES, *SCHEMES},
        no_column=(
            "No column is taken for the official name. Choose the one that names the organisations,"
            " or one with an identifier of theirs."
        ),
        no_headings=(
            "No row of headings was found in this file. One row must name the columns, such as:"
            " Official name, Acronym, ODS code, Approvers."
        ),
        own=_own_heading,
        not_read={ABOUT, EXAMPLE_SHEET},
        words="organisation_headings.toml",
    ),
}
PROTOCOLS = KINDS[ImportJob.Kind.PROTOCOLS]
