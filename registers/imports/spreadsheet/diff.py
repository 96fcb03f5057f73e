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
from registers.imports.spreadsheet.fields import BLANK, compare_field, note_edit, was_cut
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
        self._plain_fields(row, line, title, stored, written)
        waits = self._theme(row, line, stored, written)
        self._review(row, line, stored, written)
        self._published(row, line, stored, written)
        _compare_status(row, line, stored, self.on)
        _compare_note(row, line, stored.admin_note if stored else "")
        parties = self.parties.read(row, stored, written)
        _compare_parties(row, line, parties, stored, written)
        _refuse_end_before_start(row, line, stored)
        if row.has(ROLES_COLUMN) and not parties.is_waiting:
            compare_roles(row, line, self.parties, stored, written)
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

    def _plain_fields(
        self,
        row: RowOf,
        line: Line,
        title: str,
        stored: Protocol | None,
        written: dict[str, str],
    ) -> None:
        if row.has("title") or stored is None:
            _compare_title(row, line, title, written.get("title", ""))
        for field in PLAIN_FIELDS:
            if row.has(field.column):
                options = self.options.get(field.options, ())
                compare_field(row, line, field, stored, written, options=options)
        if stored is None and not title:
            _refuse_empty_title(row)
        self._version(row, line, title, stored)

    def _version(self, row: RowOf, line: Line, title: str, stored: Protocol | None) -> None:
        """Take the version from the end of the title, where the file has no column for it."""
        was = stored.version if stored else ""
        now = version_in(title)
        # One that was recorded otherwise than from the title is nobody's to overwrite.
        follows = was == (version_in(stored.title) if stored else "")
        if not row.has("version") and "title" in line.values and follows and now not in {"", was}:
            note_edit(line, "version", was, now, {"version": now})

    def _theme(
        self, row: RowOf, line: Line, stored: Protocol | None, written: dict[str, str]
    ) -> bool:
        """Compare the theme; return whether the row waits for one to be chosen."""
        text = visible(row.text("theme"))
        if stored and (not row.has("theme") or are_same(written["theme"], text)):
            return False
        if row.is_refused("theme"):
            return False
        if not text:
            if stored and stored.status != Protocol.Status.DRAFT:
                row.refuse("theme", "The theme is empty.", NEEDS_THEME)
            elif stored:
                note_edit(line, "theme", written["theme"], "", {"theme_id": None})
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
        if not stored or stored.theme_id != match.whom:
            is_there = isinstance(match.whom, int)
            key = "theme_id" if is_there else "theme"
            note_edit(line, "theme", written.get("theme", ""), match.becomes, {key: match.whom})
        return False

    def _review(
        self, row: RowOf, line: Line, stored: Protocol | None, written: dict[str, str]
    ) -> None:
        """Compare the review month. Words in its place, or in brackets behind it, are its note."""
        if not row.has("review_date"):
            return
        found = row.read_date("review_date", review_of)
        if row.is_refused("review_date"):
            return
        was, note = (stored.review_date, stored.review_note) if stored else (None, "")
        date, words = found or (None, "")
        if was == date and (not words or are_same(note, words)):
            return
        values: dict[str, Any] = {} if was == date else {"review_date": date}
        # The words stood where a month does now, or the other way round.
        if words or (date and was is None and note):
            values["review_note"] = words
        before = written.get("review_date", "") or note
        after = f"{month(date)} ({words})" if date and words else month(date) or words
        note_edit(line, "review_date", before, after, values)

    def _published(
        self, row: RowOf, line: Line, stored: Protocol | None, written: dict[str, str]
    ) -> None:
        """Compare the days. Of a new protocol that was published elsewhere, they are the file's."""
        for name, column in (("published_on", "published"), ("updated_on", "updated")):
            if column == "updated" and (stored or not self.published_before):
                continue
            day = row.read_date(column, day_of)
            if day and day > self.on:
                row.refuse(column, *STILL_TO_COME)
            # A day that is known is not taken away: what was new has got one when it was applied.
            if day and day != getattr(stored, name, None):
                note_edit(line, column, written.get(column, ""), day.isoformat(), {name: day})


def _compare_status(row: RowOf, line: Line, stored: Protocol | None, on: datetime.date) -> None:
    """Compare the status. To withdraw, a row has a day and a reason as well."""
    text = " ".join(row.text("status").split())
    means = {key_of(word): status for word, status in row.table.mapping.statuses.items()}
    wanted = means.get(key_of(text), text.casefold())
    day = row.read_date("withdrawn_on", day_of)
    now = Protocol.Status(stored.status) if stored else None
    if now and now in STAYS:
        line.remarks.append(STAYS[now])
    if not row.has("status"):
        wanted = "withdrawn" if day else ""
    if wanted and wanted not in STATUSES:
        row.refuse(
            "status",
            f"'{text[:50]}' is no status.",
            f"Write {', '.join(STATUSES)}, or nothing, or say in the mapping what it means.",
        )
    elif wanted == "withdrawn":
        _compare_withdrawal(row, line, stored, day, on)
    elif day:
        row.refuse(
            "withdrawn_on",
            f"This is a day of withdrawal, and the status is {text or 'empty'}.",
            "Correct the one that is wrong.",
        )
    elif (refusal := NOT_TO.get((now, wanted))) is not None:
        row.refuse("status", *refusal)
    elif stored is None and wanted == "draft":
        line.values["status"] = DRAFT.value


def _compare_withdrawal(
    row: RowOf, line: Line, stored: Protocol | None, day: datetime.date | None, on: datetime.date
) -> None:
    """Compare the day and the reason of a withdrawal. Refuses one that lacks any of these.

    Of one that is withdrawn already, what the row does not say stays.
    """
    reason, column = row.text("withdrawn_reason"), "withdrawn_on"
    now = stored.status if stored else ""
    was_on, was_why = (stored.withdrawn_on, stored.withdrawn_reason) if stored else (None, "")
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
            note_edit(line, "status", before, "withdrawn", {"status": WITHDRAWN.value})
        if day != was_on:
            note_edit(line, "withdrawn_on", iso_day(was_on), iso_day(day), {"withdrawn_on": day})
        if stored is None and not row.text("theme") and not row.problems:
            row.refuse(
                "theme", "The theme is empty.", "Write it: what was public stands under one."
            )
        if not are_same(reason, was_why):
            note_edit(line, "withdrawn_reason", was_why, reason, {"withdrawn_reason": reason})
    else:
        lacks = [name for name, value in (("day", day), ("reason", reason)) if not value]
        row.refuse(
            "status",
            f"This row says that the protocol is withdrawn, but not the {' and the '.join(lacks)}.",
            "Write the day under 'withdrawn_on' and the reason, which is public, under"
            " 'withdrawn_reason'. Or say once, where you say what each column is, that the review"
            " date is the day, and what the reason is of all.",
        )


def _compare_parties(
    row: RowOf, line: Line, read: RowParties, stored: Protocol | None, written: dict[str, str]
) -> None:
    """Note what changes among the organisations, and words that are a note on them."""
    line.parts = read.parts
    if read.parts is not None:
        for column, after in ((LEAD_COLUMN, read.lead), (OTHERS_COLUMN, read.others)):
            before = written.get(column, "")
            if before != after and row.has(column):
                # Names that wait for a choice are read as nobody yet.
                now = row.text(column) if read.is_waiting else after
                note_edit(line, column, before, now, {})
        leads = {part.organisation for part in read.parts if part.role == LEAD}
        if any(part.role != LEAD and part.organisation in leads for part in read.parts):
            line.remarks.append("The lead stands among the other organisations too.")
    note = "; ".join(read.notes)
    was = stored.parties_note if stored else ""
    if note and "parties_note" not in line.values and not are_same(note, was):
        note_edit(line, "parties_note", was, note, {"parties_note": note})
    is_complete = stored.parties_complete if stored else None
    if read.has_more and is_complete is not False:
        values = {"parties_complete": False}
        note_edit(line, "parties_complete", yes_or_no(is_complete), yes_or_no(value=False), values)
        line.remarks.append(INCOMPLETE)


def _refuse_end_before_start(row: RowOf, line: Line, stored: Protocol | None) -> None:
    starts, ends = (
        line.values.get(name, getattr(stored or BLANK, name)) for name in ("starts_on", "ends_on")
    )
    if starts and ends and ends < starts:
        row.refuse("ends", "The end is before the start.", "Correct one of the two days.")


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


def _compare_note(row: RowOf, line: Line, was: str) -> None:
    """Compare what the columns of notes say with the note that only administrators see."""
    if (after := row.note_in(was)) != was:
        note_edit(line, "admin_note", was, after, {"admin_note": after})


def _compare_title(row: RowOf, line: Line, title: str, was: str) -> None:
    if are_same(was, title) or was_cut(row, "title", was, title):
        return
    if title:
        note_edit(line, "title", was, title, {"title": title})
    else:
        _refuse_empty_title(row)


def _refuse_empty_title(row: RowOf) -> None:
    if not row.is_refused("title"):
        row.refuse("title", "The title is empty.", "Write it.")
