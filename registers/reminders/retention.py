"""What is kept for some days: what, the setting that says how many, and how it is deleted.

docs/running.md, 'What is kept, and for how long', has the same list, with the reasons.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import models
from django.utils import timezone

from registers.changes.proposal import delete_ended
from registers.models import Answer, FormDraft, FormDraftFile, LeadDraft, Reminder
from registers.models.form_draft import UNSAVED_FOLDER
from registers.reminders.approvals import delete_old_requests
from registers.reminders.suggestions import delete_old_suggestions

# A file is written before the row that names it is committed.
LEFT_OVER_AFTER = datetime.timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One kind of what is kept. `setting` is the name of the setting with the number of days.

    `delete(on=, dry=)` deletes what is too old on a day, or only counts it, and returns how much.
    """

    what: str
    setting: str
    delete: Callable[..., int]


def _last_day(setting: str, on: datetime.date) -> datetime.date:
    """Return the first day, in Europe/London, of which something is still kept on the day `on`."""
    return on - datetime.timedelta(days=getattr(settings, setting))


def delete_form_drafts(*, on: datetime.date, dry: bool = False) -> int:
    """Delete what editors wrote on forms and did not save, with the files that they chose."""
    old = FormDraft.objects.filter(saved_at__date__lt=_last_day("FORM_DRAFT_DAYS", on))
    return old.count() if dry else old.discard()


def delete_lead_drafts(*, on: datetime.date, dry: bool = False) -> int:
    """Delete what leads filled in and did not send, with the files that they chose."""
    old = LeadDraft.objects.filter(saved_at__date__lt=_last_day("LEAD_DRAFT_DAYS", on))
    return old.count() if dry else old.discard()


def delete_answer_notes(*, on: datetime.date, dry: bool = False) -> int:
    """Empty the notes of answers that were decided. The answers stay, and their reviews."""
    decided = Answer.objects.exclude(note="")
    old = decided.filter(decided_at__date__lt=_last_day("ANSWER_NOTE_DAYS", on))
    return old.count() if dry else old.update(note="")


def delete_sent_addresses(*, on: datetime.date, dry: bool = False) -> int:
    """Empty the address, and what went wrong, of reminders. That they were sent stays."""
    held = Reminder.objects.exclude(email="", problem="")
    old = held.filter(day__lt=_last_day("SENT_EMAIL_DAYS", on))
    return old.count() if dry else old.update(email="", problem="")


def delete_email_files(*, on: datetime.date, dry: bool = False) -> int:
    """Delete the files of e-mails, where these are written to a folder and not sent."""
    last, old = _last_day("SENT_EMAIL_DAYS", on), list[Path]()
    for path in Path(settings.EMAIL_FILE_PATH).glob("*.log") if settings.EMAIL_FILE_PATH else ():
        written = datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.UTC)
        if timezone.localdate(written) < last:
            old.append(path)
    for path in () if dry else old:
        path.unlink(missing_ok=True)
    return len(old)


KEPT = (
    Kept(what="Drafts of forms", setting="FORM_DRAFT_DAYS", delete=delete_form_drafts),
    Kept(what="Drafts of leads", setting="LEAD_DRAFT_DAYS", delete=delete_lead_drafts),
    Kept(what="Notes of answers", setting="ANSWER_NOTE_DAYS", delete=delete_answer_notes),
    Kept(what="Requests for approval", setting="APPROVAL_REQUEST_DAYS", delete=delete_old_requests),
    Kept(what="Proposals", setting="PROPOSAL_DAYS", delete=delete_ended),
    Kept(what="Suggestions", setting="SUGGESTION_DAYS", delete=delete_old_suggestions),
    Kept(what="Addresses of reminders", setting="SENT_EMAIL_DAYS", delete=delete_sent_addresses),
    Kept(what="Files of e-mails", setting="SENT_EMAIL_DAYS", delete=delete_email_files),
)


def delete_expired(*, on: datetime.date, dry: bool = False) -> Iterator[tuple[str, int]]:
    """Delete of each kind what has been kept long enough on the day `on`, or only count it."""
    for each in KEPT:
        yield each.what, each.delete(on=on, dry=dry)


def delete_unnamed_files(*, at: datetime.datetime, dry: bool = False) -> int:
    """Delete chosen files that no draft names: of deleted users, and of a store that failed."""
    try:
        _, names = default_storage.listdir(UNSAVED_FOLDER)
    except FileNotFoundError:  # nobody has chosen a file yet
        return 0
    paths = {f"{UNSAVED_FOLDER}/{name}" for name in names}
    models_with_files: tuple[type[models.Model], ...] = FormDraftFile, LeadDraft
    for model in models_with_files:
        paths -= set(model._default_manager.values_list("file", flat=True))
    old = [p for p in paths if default_storage.get_modified_time(p) < at - LEFT_OVER_AFTER]
    for path in () if dry else old:
        default_storage.delete(path)
    return len(old)
