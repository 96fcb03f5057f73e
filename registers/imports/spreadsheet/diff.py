"""What one row would do: its cells beside what the register says, and the register's own rules."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError

from registers.exports.columns import day as iso_day
from registers.exports.columns import month, yes_or_no
from registers.imports.cells import (
    are_same,
    day_of,
    last_day_of,
    review_of,
    version_in,
    visible,
)
from registers.imports.spreadsheet.fields import BLANK, Compared, compare_field
from registers.imports.spreadsheet.matching import COUNT, Themes
from registers.imports.spreadsheet.parties import (
    LEAD,
    LEAD_COLUMN,
    OTHERS_COLUMN,
    ROLES_COLUMN,
    PartiesReader,
    RowParties,
    Tell,
    compare_roles,
)
from registers.imports.spreadsheet.plan import Line, Outcome
from registers.imports.spreadsheet.public_text import (
    FIX_IN_FILE,
    refuse_words_in_row,
)
from registers.imports.spreadsheet.row import RowOf
from registers.models import ImportName, Protocol
from registers.models.keys import EMAIL_REFUSED, key_of, private_emails
from registers.models.protocol_fields import (
    PRIVATE_FIELDS,
    PROTOCOL_FIELDS,
)

# Columns with rules of their own. All others are plain fields.
OWN_RULES = {
    *("reference", "title", "theme", "lead_organisation", "other_organisations"),
    *("review_date", "status", "published", "party_roles"),
}
PLAIN_FIELDS = [
    field
    for field in PROTOCOL_FIELDS
    if field.column and field.imported and field.column not in OWN_RULES
]
# In which column each field stands.
COLUMNS = {field.name: field.column or field.name for field in PROTOCOL_FIELDS} | {
    "review_note": "review_date"
}
# What a field is called where a line's values say it.
RULES = {field.attname: field for field in Protocol._meta.fields if field.name != "theme"}
# Columns in which an address is looked for elsewhere, or may stand.
MAY_HAVE_EMAIL = {LEAD_COLUMN, OTHERS_COLUMN, *PRIVATE_FIELDS}


def refuse_by_rules(row: RowOf, line: Line) -> None:
    """Refuse in `row` what the protocol could not be saved with."""
    for name, value in line.values.items():
        if (field := RULES.get(name)) is None or (field.blank and value in field.empty_values):
            continue
        try:
            field.clean(value, BLANK)
        except ValidationError as refusal:
            for message in refusal.messages:
                row.refuse(COLUMNS[name], message, FIX_IN_FILE)
    for edit in line.edits:
        found = edit.column not in MAY_HAVE_EMAIL and private_emails(edit.after)
        if found and found - private_emails(edit.before):
            row.refuse(edit.column, EMAIL_REFUSED, FIX_IN_FILE)


DRAFT, PUBLISHED, WITHDRAWN = Protocol.Status
# What a file can say of a status.
STATUSES = ("current", "withdrawn", "draft")
STAYS = {
    DRAFT: "This is a draft, and stays one.",
    WITHDRAWN: "This protocol is withdrawn, and stays so.",
}
NO_DRAFT = "Delete the draft, or leave the status empty."
STAYS_PUBLIC = ("This protocol is public, and cannot be a draft again.", "Withdraw it instead.")
NOT_TO: dict[tuple[str | None, str], tuple[str, str]] = {
    (PUBLISHED, "draft"): STAYS_PUBLIC,
    (WITHDRAWN, "draft"): STAYS_PUBLIC,
    (WITHDRAWN, "current"): (
        "This protocol is withdrawn. A spreadsheet cannot put it back in force.",
        "Do so on its own page in admin.",
    ),
}
INCOMPLETE = (
    "The words at the end of the organisations ('etc.', 'and others') say that more take part: the"
    " list is recorded as not complete."
)
LOST = "{} is published, so it cannot be without a {}."
LEAVE_OUT = "Write it. Or leave this column out of the file: then it stays as it is."
NEEDS_THEME = "Write the theme: what is published stands under one."
STILL_TO_COME = ("This day is still to come.", "Write a day that has been.")


@dataclass(frozen=True, slots=True)
class Comparing:
    """Everything that a row is compared with. `on` is today's date in Europe/London."""

    on: datetime.date
    published_before: bool
    themes: Themes
    parties: PartiesReader
    tell_theme: Tell
    options: Mapping[str, Sequence[str]]

    def line(
        self,
        row: RowOf,
        reference: str,
        title: str,
        stored: Protocol | None,
        written: dict[str, str],
    ) -> Line:
        """Return what a row would do to the protocol `reference`, or to a new one.

        `written` is what the register's own file says of `stored`; empty for a new one.
        """
        line = Line(row.table.sheet, row.number, Outcome.UNCHANGED, reference, title)
        if not reference:  # nobody knows which protocol it is about
            line.outcome, line.problems = Outcome.REFUSED, row.problems
            return line
        before = len(row.problems)
        each = Compared(row, line, stored, written)
        self._plain_fields(each)
        waits = self._theme(each)
        _compare_review(each)
        self._published(each)
        _compare_status(each, self.on)
        _compare_note(each)
        parties = self.parties.read(each)
        _compare_parties(each, parties)
        _refuse_end_before_start(each)
        if row.has(ROLES_COLUMN) and not parties.is_waiting:
            compare_roles(each, self.parties)
        if stored and stored.status != DRAFT:
            _refuse_lacking(row, line, stored, parties)
        if len(row.problems) == before:
            refuse_by_rules(row, line)
        if row.problems:
            # What it would do is not known: what was read of it may be half of a cell.
            return Line(
                line.sheet, line.row, Outcome.REFUSED, reference, title, problems=row.problems
            )
        if waits or parties.is_waiting:
            line.outcome = Outcome.WAITING
        elif stored is None:
            line.outcome = Outcome.NEW
        elif line.values or line.parts is not None:
            line.outcome = Outcome.CHANGED
        return line

    def _plain_fields(self, each: Compared) -> None:
        if each.row.has("title") or each.stored is None:
            _compare_title(each)
        for field in PLAIN_FIELDS:
            if each.row.has(field.column):
                compare_field(each, field, self.options.get(field.options, ()))
        _compare_version(each)

    def _theme(self, each: Compared) -> bool:
        """Compare the theme; return whether the row waits for one to be chosen."""
        row, stored, text = each.row, each.stored, visible(each.row.text("theme"))
        if stored and (not row.has("theme") or are_same(each.was("theme"), text)):
            return False
        if row.is_refused("theme"):
            return False
        if not text:
            if stored and stored.status != Protocol.Status.DRAFT:
                row.refuse("theme", "The theme is empty.", NEEDS_THEME)
            elif stored:
                each.note("theme", "", {"theme_id": None})
            return False
        match = self.themes.match(text)
        if not isinstance(match.whom, int):
            # Nobody can choose for a name that is too long, and none such is made.
            before = len(row.problems)
            name = match.becomes or COUNT.sub("", text)
            refusals = self.parties.name_refusals(ImportName.Kind.THEME, name)
            refuse_words_in_row(row, "theme", name, refusals)
            if len(row.problems) > before:
                return False
        self.tell_theme(text, match, "theme")
        if match.whom is None:
            return True
        if each.now.theme_id != match.whom:
            key = "theme_id" if isinstance(match.whom, int) else "theme"
            each.note("theme", match.becomes, {key: match.whom})
        return False

    def _published(self, each: Compared) -> None:
        """Compare the days. Of a new protocol that was published elsewhere, they are the file's."""
        for name, column in (("published_on", "published"), ("updated_on", "updated")):
            if column == "updated" and (each.stored or not self.published_before):
                continue
            day = each.row.read_date(column, day_of)
            if day and day > self.on:
                each.row.refuse(column, *STILL_TO_COME)
            # A day that is known is not taken away: what was new has got one when it was applied.
            if day and day != getattr(each.stored, name, None):
                each.note(column, day.isoformat(), {name: day})


def _compare_title(each: Compared) -> None:
    title, was = each.line.title, each.was("title")
    if title and not are_same(was, title) and not each.is_cut("title", was, title):
        each.note("title", title, {"title": title})
    elif not title and not each.row.is_refused("title"):
        each.row.refuse("title", "The title is empty.", "Write it.")


def _compare_version(each: Compared) -> None:
    """Take the version from the end of the title, where the file has no column for it."""
    was, now = each.now.version, version_in(each.line.title)
    # One that was recorded otherwise than from the title is nobody's to overwrite.
    follows = was == version_in(each.now.title)
    is_new = "title" in each.line.values and now not in {"", was}
    if is_new and follows and not each.row.has("version"):
        each.note("version", now, {"version": now}, before=was)


def _compare_review(each: Compared) -> None:
    """Compare the review month. Words in its place, or in brackets behind it, are its note."""
    row, was, note = each.row, each.now.review_date, each.now.review_note
    if not row.has("review_date"):
        return
    found = row.read_date("review_date", review_of)
    if row.is_refused("review_date"):
        return
    date, words = found or (None, "")
    if was == date and (not words or are_same(note, words)):
        return
    values: dict[str, Any] = {} if was == date else {"review_date": date}
    # The words stood where a month does now, or the other way round.
    if words or (date and was is None and note):
        values["review_note"] = words
    after = f"{month(date)} ({words})" if date and words else month(date) or words
    each.note("review_date", after, values, before=each.was("review_date") or note)


def _compare_status(each: Compared, on: datetime.date) -> None:
    """Compare the status. To withdraw, a row has a day and a reason as well."""
    row, stored = each.row, each.stored
    text = " ".join(row.text("status").split())
    means = {key_of(word): status for word, status in row.table.mapping.statuses.items()}
    wanted = means.get(key_of(text), text.casefold())
    day = row.read_date("withdrawn_on", day_of)
    now = Protocol.Status(stored.status) if stored else None
    if now and now in STAYS:
        each.line.remarks.append(STAYS[now])
    if not row.has("status"):
        wanted = "withdrawn" if day else ""
    if wanted and wanted not in STATUSES:
        row.refuse(
            "status",
            f"'{text[:50]}' is no status.",
            f"Write {', '.join(STATUSES)}, or nothing, or say in the mapping what it means.",
        )
    elif wanted == "withdrawn":
        _compare_withdrawal(each, day, on)
    elif day:
        row.refuse(
            "withdrawn_on",
            f"This is a day of withdrawal, and the status is {text or 'empty'}.",
            "Correct the one that is wrong.",
        )
    elif (refusal := NOT_TO.get((now, wanted))) is not None:
        row.refuse("status", *refusal)
    elif stored is None and wanted == "draft":
        each.line.values["status"] = DRAFT.value


def _compare_withdrawal(each: Compared, day: datetime.date | None, on: datetime.date) -> None:
    """Compare the day and the reason of a withdrawal. Refuses one that lacks any of these.

    Of one that is withdrawn already, what the row does not say stays.
    """
    row, stored = each.row, each.stored
    reason, column = row.text("withdrawn_reason"), "withdrawn_on"
    now, was_on = stored.status if stored else "", each.now.withdrawn_on
    was_why = each.now.withdrawn_reason
    if now == WITHDRAWN:
        day, reason = day or was_on, reason or was_why
    elif not day and row.table.mapping.withdrawn_on_review:
        day, column = row.read_date("review_date", last_day_of), "review_date"
    if day and day > on:
        row.refuse(column, *STILL_TO_COME)
    elif now == DRAFT:
        row.refuse("status", "This is a draft, and only what is public can be withdrawn.", NO_DRAFT)
    elif day and reason:
        if now != WITHDRAWN:
            before = "current" if stored else ""
            each.note("status", "withdrawn", {"status": WITHDRAWN.value}, before=before)
        if day != was_on:
            days = {"withdrawn_on": day}
            each.note("withdrawn_on", iso_day(day), days, before=iso_day(was_on))
        if stored is None and not row.text("theme") and not row.problems:
            row.refuse(
                "theme", "The theme is empty.", "Write it: what was public stands under one."
            )
        if not are_same(reason, was_why):
            reasons = {"withdrawn_reason": reason}
            each.note("withdrawn_reason", reason, reasons, before=was_why)
    else:
        lacks = [name for name, value in (("day", day), ("reason", reason)) if not value]
        row.refuse(
            "status",
            f"This row says that the protocol is withdrawn, but not the {' and the '.join(lacks)}.",
            "Write the day under 'withdrawn_on' and the reason, which is public, under"
            " 'withdrawn_reason'. Or say once, where you say what each column is, that the review"
            " date is the day, and what the reason is of all.",
        )


def _compare_parties(each: Compared, read: RowParties) -> None:
    """Note what changes among the organisations, and words that are a note on them."""
    row, line = each.row, each.line
    line.parts = read.parts
    if read.parts is not None:
        for column, after in ((LEAD_COLUMN, read.lead), (OTHERS_COLUMN, read.others)):
            if each.was(column) != after and row.has(column):
                # Names that wait for a choice are read as nobody yet.
                each.note(column, row.text(column) if read.is_waiting else after, {})
        leads = {part.organisation for part in read.parts if part.role == LEAD}
        if any(part.role != LEAD and part.organisation in leads for part in read.parts):
            line.remarks.append("The lead stands among the other organisations too.")
    note, was = "; ".join(read.notes), each.now.parties_note
    if note and "parties_note" not in line.values and not are_same(note, was):
        each.note("parties_note", note, {"parties_note": note}, before=was)
    is_complete = each.now.parties_complete
    if read.has_more and is_complete is not False:
        values, before = {"parties_complete": False}, yes_or_no(is_complete)
        each.note("parties_complete", yes_or_no(value=False), values, before=before)
        line.remarks.append(INCOMPLETE)


def _refuse_end_before_start(each: Compared) -> None:
    starts, ends = (
        each.line.values.get(name, getattr(each.now, name)) for name in ("starts_on", "ends_on")
    )
    if starts and ends and ends < starts:
        each.row.refuse("ends", "The end is before the start.", "Correct one of the two days.")


def _refuse_lacking(row: RowOf, line: Line, stored: Protocol, read: RowParties) -> None:
    """Refuse that a public protocol loses what it was published with. The theme is refused before.

    What it lacked already, as one that was published elsewhere may, it may lack still.
    """
    is_emptied = stored.purpose and line.values.get("purpose") == ""
    if is_emptied and not row.is_refused("purpose"):
        row.refuse("purpose", LOST.format(stored.pk, "purpose"), LEAVE_OUT)
    if read.parts is None or read.is_waiting or read.lead or row.is_refused(LEAD_COLUMN):
        return
    if stored.lead:
        row.refuse(LEAD_COLUMN, LOST.format(stored.pk, "lead"), LEAVE_OUT)


def _compare_note(each: Compared) -> None:
    """Compare what the columns of notes say with the note that only administrators see."""
    was = each.now.admin_note
    if (after := each.row.note_in(was)) != was:
        each.note("admin_note", after, {"admin_note": after}, before=was)
