"""The check: what a spreadsheet of organisations would do, row by row. It writes nothing."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from registers.changes.locking import batches
from registers.history.diff import differences
from registers.history.snapshot import Snapshot, blank_snapshot, snapshots_of
from registers.imports.cells import Refused, choice_of
from registers.imports.organisations.columns import (
    APPROVERS,
    CONTACT,
    GROUPS,
    KIND,
    NAME,
    read_table,
    refuse_columns,
)
from registers.imports.organisations.matching import KnownOrganisations, Matched, matched_rows
from registers.imports.organisations.memberships import Memberships
from registers.imports.organisations.plan import (
    OrganisationChoices,
    OrganisationPlan,
    Outcome,
    PlannedOrganisation,
)
from registers.imports.reading.read import Sheet
from registers.imports.spreadsheet.public_text import PERSONAL, refuse_name, refuse_words
from registers.models import Approver, ImportName, Name, Organisation
from registers.models.keys import key_of, private_emails
from registers.models.personal_words import JOB_TITLE, personal_words

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


def check(sheets: Iterable[Sheet], choices: OrganisationChoices) -> OrganisationPlan:
    """Return what a file would do. Raises MappingError where it cannot be read."""
    table = read_table(sheets, choices.columns)
    refuse_columns(table.columns)
    known = KnownOrganisations()
    found = matched_rows(table.rows, known, choices)
    stored: dict[int, Snapshot] = {}
    for some in batches([each.key for each in found if each.key is not None]):
        stored |= snapshots_of(Organisation, some)
    rows = [_planned(each, stored.get(each.key or 0), choices) for each in found]
    Memberships(known, rows, table.orders).plan()
    for row in rows:
        _decide(row)
    _refuse_without_group(rows)
    return OrganisationPlan(rows=rows, columns=table.columns, said=table.said)


def _planned(
    found: Matched, stored: Snapshot | None, choices: OrganisationChoices
) -> PlannedOrganisation:
    before = stored or blank_snapshot(Organisation)
    planned = PlannedOrganisation(
        row=found.row,
        name=found.name if found.near or not stored else before["fields"]["name"],
        key=found.key,
        before=before,
        after=copy.deepcopy(before),
        near=found.near,
    )
    planned.after["fields"]["kind"] = before["fields"]["kind"] or BODY.value
    _take_names(planned, found, renames=choices.renames(found.name))
    _take_kind(planned)
    _take_parts(planned, found)
    return planned


def _take_names(planned: PlannedOrganisation, found: Matched, *, renames: bool) -> None:
    """Add the names that it does not have. None is taken away: each was published."""
    fields, names = planned.after["fields"], planned.after["parts"]["names"]
    there = {key_of(name["text"]) for name in names}
    new = [(text, kind) for text, kind in found.names if key_of(text) not in there]
    if found.name and key_of(found.name) not in there:
        is_official = planned.key is None or renames
        new.insert(0, (found.name, Name.Kind.OFFICIAL if is_official else Name.Kind.ALIAS))
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
            use = kind if kind in found.row.letters else NAME
            said = f"‘{text[:60]}’: {' '.join(refusal.messages)}"
            found.row.refuse(use, said, _fix(text))
        _ask(planned, text)


def _name(text: str, kind: str) -> dict[str, Any]:
    return {"text": text, "kind": str(kind), "also_written": "", "source": ""}


def _fix(text: str) -> str:
    return ONLY_IN_CONTACT if private_emails(text) else FIX


def _ask(planned: PlannedOrganisation, text: str, field: str = "") -> None:
    """Note words that may be about a person."""
    for found in personal_words(text, field=field).items():
        planned.remarks.append(PERSONAL.format(*found))
        planned.personal = True


def _take_kind(planned: PlannedOrganisation) -> None:
    fields, text = planned.after["fields"], planned.row.text(KIND)
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
                _ask(planned, title, JOB_TITLE)
        _take(planned, "approvers", [{"job_title": each} for each in titles])
    if address := row.text(CONTACT):
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
    try:
        refuse_words(title)
    except ValidationError as refusal:
        said = f"‘{title[:60]}’: {' '.join(refusal.messages)}"
        planned.row.refuse(APPROVERS, said, _fix(title))


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
            if row.outcome in {Outcome.NEW, Outcome.CHANGED} and each.group in out
        ]
        for row, number in found:
            row.row.refuse(GROUPS, LEFT_OUT_GROUP.format(number), LEFT_OUT_FIX)
            row.outcome = Outcome.REFUSED
        if not found:
            return


def edits_of(planned: PlannedOrganisation) -> list[list[str]]:
    """Return what differs: for each the label, and the text before and after."""
    found = [
        [each.field, _text(each.before), _text(each.after)]
        for each in differences(Organisation, planned.before, planned.after, private=True)
    ]
    return found + [["Member of", "", each.words] for each in planned.memberships]


def _text(side: Iterable[tuple[str, bool]]) -> str:
    return "".join(text for text, _ in side)
