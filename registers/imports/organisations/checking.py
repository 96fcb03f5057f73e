"""The check: what a spreadsheet of organisations would do, row by row. It writes nothing."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from registers.changes.locking import batches, plan_digest
from registers.history.diff import differences
from registers.history.snapshot import Snapshot, blank_snapshot, snapshots_of
from registers.imports.cells import Refused, are_same, choice_of
from registers.imports.mapping.kinds import (
    APPROVERS,
    CONTACT,
    GROUPS,
    KIND,
    NAME,
    RIGHTS_CONTACT,
)
from registers.imports.mapping.mapping import ColumnMapping
from registers.imports.organisations.matching import (
    KnownOrganisations,
    Matched,
    OrganisationRow,
    matched_rows,
)
from registers.imports.organisations.memberships import Memberships
from registers.imports.organisations.plan import OrganisationPlan, PlannedOrganisation
from registers.imports.reading.read import Sheet
from registers.imports.spreadsheet.choices import Choices
from registers.imports.spreadsheet.plan import (
    Edit,
    How,
    Line,
    Named,
    Outcome,
    Plan,
    Progress,
    Work,
)
from registers.imports.spreadsheet.public_text import (
    PERSONAL,
    personal_sentence,
    refuse_name,
    refuse_words,
)
from registers.imports.spreadsheet.tables import NotATable, read_tables
from registers.models import Approver, ImportName, Name, Organisation
from registers.models.keys import key_of, private_emails
from registers.models.personal_words import JOB_TITLE, personal_words

MOST_ROWS = 10_000
TOO_MANY = "This file has {:,} rows, and {:,} is the most that is taken. Divide it."
WORDS = "rows checked"
ONLY_IN_CONTACT = "E-mail addresses stand in the column of the contact alone."
FIX = "Correct it in the file."
ONE_ADDRESS = "Enter one e-mail address, of a mailbox that belongs to a role."
STAYS_GROUP = "It is a group with members, or with a rule for who belongs to it."
ON_ITS_PAGE = "Make it one body on its own page."
RENAMED = "‘{}’ stays as a former name."
NEAR = "You may mean {}."
LEFT_OUT_GROUP = "Its group is in row {}, which is left out as it is."
LEFT_OUT_FIX = "Correct that row, or choose what it stands for."
BODY, GROUP = Organisation.Kind.BODY, Organisation.Kind.GROUP
KIND_WORDS = {"organisation": BODY, "single body": BODY, "group of organisations": GROUP}
LONGEST_TITLE = int(Approver._meta.get_field("job_title").max_length or 0)


def check(
    sheets: list[Sheet],
    choices: Choices,
    *,
    on: datetime.date,
    published_before: bool,
    mapping: ColumnMapping,
) -> Work[Plan]:
    """Return what a file would do, read by `mapping`.

    Raises NotATable where nothing in it can be imported, and MappingError for a mapping that cannot
    be followed.
    """
    tables = read_tables(sheets, mapping)
    if tables.rows > MOST_ROWS:
        raise NotATable(TOO_MANY.format(tables.rows, MOST_ROWS))
    yield Progress(WORDS, 0, tables.rows)
    known = KnownOrganisations()
    of_file = [OrganisationRow(table, row) for table in tables.tables for row in table.rows]
    found = matched_rows(of_file, known, choices)
    rows: list[PlannedOrganisation] = []
    for some in batches(found):
        keys = [each.key for each in some if each.key is not None]
        stored = snapshots_of(Organisation, keys)
        rows += [_planned(each, stored.get(each.key or 0), choices) for each in some]
        yield Progress(WORDS, len(rows), tables.rows)
    Memberships(known, rows).plan()
    for row in rows:
        _decide(row)
    _refuse_without_group(rows)
    return _plan(rows, choices, tables.said)


def _plan(
    rows: Sequence[PlannedOrganisation], choices: Choices, said: Sequence[str]
) -> OrganisationPlan:
    """Gather what was found, and digest what would be done."""
    changing = [row for row in rows if row.is_applied]
    personal = [f"row {row.row.number}" for row in changing if row.personal]
    done = [[r.key, r.before, r.after, [str(each) for each in r.memberships]] for r in changing]
    asked = [row for row in rows if row.outcome != Outcome.REFUSED and row.written]
    return OrganisationPlan(
        lines=[_line(row) for row in rows],
        names=[
            _named(row)
            for row in sorted(asked, key=lambda row: row.outcome != Outcome.WAITING)
            if row.near or key_of(row.written) in choices.organisations
        ],
        new_organisations=[],
        new_themes={},
        kept_names=[],
        said=[*said, *([personal_sentence(personal)] if personal else [])],
        digest=plan_digest(done),
        personal=len(personal),
        near={key_of(r.written): [r.key is None, *_there(r)] for r in asked if r.near},
        changing=changing,
    )


def _there(row: PlannedOrganisation) -> list[str]:
    """Return the names of stored organisations that may be meant."""
    return list(dict.fromkeys(name for key, name in row.near.items() if key > 0))


def _line(row: PlannedOrganisation) -> Line:
    return Line(
        sheet=row.row.table.sheet,
        row=row.row.number,
        outcome=row.outcome,
        title=row.name,
        edits=_edits_of(row),
        problems=row.row.problems,
        remarks=row.remarks,
    )


def _named(row: PlannedOrganisation) -> Named:
    """Return the name of a row for which somebody chooses, or has chosen."""
    how = How.UNKNOWN if row.near else How.NEW if row.key is None else How.CHOSEN
    return Named(
        kind=ImportName.Kind.ORGANISATION,
        key=key_of(row.written),
        written=row.written,
        how=how,
        whom=row.key,
        becomes="" if row.near else row.name,
        uses=1,
        sheet=row.row.table.sheet,
        row=row.row.number,
        cell=row.written,
    )


def _planned(found: Matched, stored: Snapshot | None, choices: Choices) -> PlannedOrganisation:
    before = stored or blank_snapshot(Organisation)
    planned = PlannedOrganisation(
        row=found.row,
        name=found.name if found.near or not stored else before["fields"]["name"],
        written=found.name,
        key=found.key,
        before=before,
        after=copy.deepcopy(before),
        near=found.near,
    )
    planned.after["fields"]["kind"] = before["fields"]["kind"] or BODY.value
    choice = choices.organisations.get(key_of(found.name))
    _take_names(planned, found, kept_as=choice.kept_as if choice else "")
    _take_kind(planned)
    _take_rights_contact(planned)
    _take_parts(planned, found)
    return planned


def _take_names(planned: PlannedOrganisation, found: Matched, *, kept_as: str) -> None:
    """Add the names that it does not have. None is taken away: each was published.

    `kept_as` is the kind of name that was chosen for what the row calls it.
    """
    fields, names = planned.after["fields"], planned.after["parts"]["names"]
    there = {key_of(name["text"]) for name in names}
    new = [(text, kind) for text, kind in found.names if key_of(text) not in there]
    if found.name and key_of(found.name) not in there:
        is_official = planned.key is None or kept_as == Name.Kind.OFFICIAL
        kind = Name.Kind.OFFICIAL if is_official else kept_as or Name.Kind.ALIAS
        new.insert(0, (found.name, kind))
        for name in names:
            if is_official and name["kind"] == Name.Kind.OFFICIAL:
                name["kind"] = Name.Kind.FORMER.value
                planned.remarks.append(RENAMED.format(name["text"]))
    for text, kind in new:
        if kind == Name.Kind.OFFICIAL:
            fields["name"] = text  # which makes the name
        else:
            names.append(_name(text, kind))
        try:
            refuse_name(ImportName.Kind.ORGANISATION, text)
        except ValidationError as refusal:
            use = kind if found.row.has(kind) else NAME
            said = f"‘{text[:60]}’: {' '.join(refusal.messages)}"
            found.row.refuse(use, said, _fix(text))
        _ask(planned, text)


def _name(text: str, kind: str) -> dict[str, Any]:
    return {"text": text, "kind": str(kind), "also_written": "", "source": ""}


def _fix(text: str) -> str:
    return ONLY_IN_CONTACT if private_emails(text) else FIX


def _ask(planned: PlannedOrganisation, text: str, *, field: str = "", before: str = "") -> None:
    """Note words that may be about a person."""
    for found in personal_words(text, field=field, before=before).items():
        planned.remarks.append(PERSONAL.format(*found))
        planned.personal = True


def _take_kind(planned: PlannedOrganisation) -> None:
    fields, text = planned.after["fields"], planned.row.line(KIND)
    try:
        kind = KIND_WORDS.get(text.casefold()) or choice_of(text, dict(Organisation.Kind.choices))
    except Refused as refusal:
        planned.row.refuse(KIND, refusal.wrong, refusal.fix)
        return
    is_held = planned.after["parts"]["members"] or fields["group_rule"]
    if kind == BODY and fields["kind"] == GROUP and is_held:
        planned.row.refuse(KIND, STAYS_GROUP, ON_ITS_PAGE)
    elif kind:
        fields["kind"] = str(kind)


def _take_rights_contact(planned: PlannedOrganisation) -> None:
    before, text = planned.before["fields"][RIGHTS_CONTACT] or "", planned.row.text(RIGHTS_CONTACT)
    if not text or are_same(before, text):
        return
    _refuse_words(planned, RIGHTS_CONTACT, text)
    _ask(planned, text, before=before)
    planned.after["fields"][RIGHTS_CONTACT] = text


def _take_parts(planned: PlannedOrganisation, found: Matched) -> None:
    """Take the identifiers, approvers and contact: what a cell says is all of its column."""
    row = found.row
    for scheme, values in found.identifiers.items():
        _take(planned, "identifiers", [{"scheme": scheme, "value": each} for each in values])
    if titles := row.items(APPROVERS):
        there = {part["job_title"] for part in planned.before["parts"]["approvers"]}
        for title in titles:
            _refuse_title(planned, title)
            if title not in there:
                _ask(planned, title, field=JOB_TITLE)
        _take(planned, "approvers", [{"job_title": each} for each in titles])
    if address := row.line(CONTACT):
        try:
            validate_email(address)
        except ValidationError:
            row.refuse(CONTACT, f"‘{address[:60]}’ is not an e-mail address.", ONE_ADDRESS)
        _take(planned, "contact", [{"email": address}])


def _take(planned: PlannedOrganisation, kind: str, wanted: list[dict[str, Any]]) -> None:
    """Let the parts of a kind, and of the same scheme, be those that are wanted."""
    scheme = wanted[0].get("scheme")
    parts = planned.after["parts"][kind]
    kept = [
        part
        for part in parts
        if part.get("scheme") != scheme or any(part.items() >= each.items() for each in wanted)
    ]
    new = [each for each in wanted if not any(part.items() >= each.items() for part in parts)]
    planned.after["parts"][kind] = kept + new


def _refuse_title(planned: PlannedOrganisation, title: str) -> None:
    if len(title) > LONGEST_TITLE:
        wrong = f"‘{title[:60]}…’ is longer than {LONGEST_TITLE} characters."
        planned.row.refuse(APPROVERS, wrong, FIX)
    _refuse_words(planned, APPROVERS, title)


def _refuse_words(planned: PlannedOrganisation, column: str, text: str) -> None:
    try:
        refuse_words(text)
    except ValidationError as refusal:
        said = f"‘{text[:60]}’: {' '.join(refusal.messages)}"
        planned.row.refuse(column, said, _fix(text))


def _decide(planned: PlannedOrganisation) -> None:
    """Say what becomes of a row."""
    if planned.row.problems:
        planned.outcome = Outcome.REFUSED
    elif planned.near:
        planned.outcome = Outcome.WAITING
        names = [f"‘{name}’" for name in dict.fromkeys(planned.near.values())]
        planned.remarks.append(NEAR.format(" or ".join(names)))
    elif planned.key is None:
        planned.outcome = Outcome.NEW
    elif planned.after != planned.before or planned.memberships:
        planned.outcome = Outcome.CHANGED


def _refuse_without_group(rows: Sequence[PlannedOrganisation]) -> None:
    """Refuse rows whose group would not be one, because its own row is left out."""
    while True:
        out = {
            row.who: row.row.number
            for row in rows
            if row.outcome in {Outcome.REFUSED, Outcome.WAITING}
            and row.before["fields"] != row.after["fields"]
        }
        found = [
            (row, out[each.group])
            for row in rows
            for each in row.memberships
            if row.is_applied and each.group in out
        ]
        for row, number in found:
            row.row.refuse(GROUPS, LEFT_OUT_GROUP.format(number), LEFT_OUT_FIX)
            row.outcome = Outcome.REFUSED
        if not found:
            return


def _edits_of(planned: PlannedOrganisation) -> list[Edit]:
    """Return what differs: for each the label, and the text before and after."""
    found = [
        Edit(each.field, each.was, each.now)
        for each in differences(Organisation, planned.before, planned.after, private=True)
    ]
    return found + [Edit("Member of", "", each.words) for each in planned.memberships]
