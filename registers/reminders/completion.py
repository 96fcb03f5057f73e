"""The lead fills in what a record does not say yet: a draft by its link, and then one proposal.

It is another thing than the answer about the review: neither closes the other.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from registers import changes
from registers.changes.locking import lock_rows
from registers.changes.papers import EMAIL_IN_NAME
from registers.changes.propose import propose
from registers.changes.transaction import dry_run
from registers.history.snapshot import field_values, to_python
from registers.models import Document, LeadDraft, Proposal, Protocol, Reminded
from registers.models.document import clear_name
from registers.models.form_draft import delete_after_commit
from registers.models.keys import private_emails
from registers.models.options import lines_of
from registers.models.protocol_fields import (
    PROTOCOL_FIELDS,
    FormSection,
    ProtocolField,
)
from registers.reminders.answers import LinkClosed, State, good_until, may_answer

NOT_APPLYING = "does_not_apply"
SECTIONS = (
    FormSection.SHARED,
    FormSection.LAW,
    FormSection.CARE,
    FormSection.RIGHTS,
    FormSection.WHEN,
    FormSection.WHY,
    FormSection.WHAT,
)
# What the partnership keeps: the rest of these sections is the agreement's own.
OFFICERS = {"reference", "title", "theme", "review_date", "review_note", "published_on"}
ASKED = tuple(
    field
    for section in SECTIONS
    for field in PROTOCOL_FIELDS
    if field.form is section
    and field.model_field
    and field.public
    and field.name not in {*OFFICERS, NOT_APPLYING}
)
BY_NAME = {field.name: field for field in ASKED}
USUAL_TITLE = "Signed agreement"
NOTHING = "Fill in one thing or choose a document, then send it."
SAVED_SINCE = (
    "Somebody else has saved by this link since you opened this page, so nothing was saved now."
    " Below are your words and, where you wrote none, theirs. Check them, then press the button"
    " again."
)
WHY = "Filled in by {organisation}."


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What a lead sends: values by the names of the fields, as a snapshot has them.

    What does not apply stands under `does_not_apply`, as lines. `upload` is a file that was
    chosen now, and `seen` when the draft was saved that the page showed; '' for none.
    """

    values: Mapping[str, Any]
    job_title: str
    title: str
    upload: Any = None
    seen: str = ""


def completion_state(line: Reminded, *, at: datetime.datetime) -> State:
    """Return whether the record can be filled in at the aware time `at` by the link of a line."""
    if timezone.localdate(at) > good_until(line.reminder):
        return State.EXPIRED
    if line.protocol.status != Protocol.Status.PUBLISHED:
        return State.WITHDRAWN
    if not may_answer(line, on=timezone.localdate(at)):
        return State.MOVED
    return State.WAITING if line.proposals.waiting().exists() else State.OPEN


def unrecorded(protocol: Protocol) -> list[ProtocolField]:
    """Return the fields of the public record that are not recorded, in the order of the form."""
    return [field for field in ASKED if not _is_recorded(protocol, field)]


def _is_recorded(protocol: Protocol, field: ProtocolField) -> bool:
    """Return whether it has a value or does not apply; words are stood for by the first option."""
    names = (field.name, *field.composed[:1])
    not_applying = protocol.not_applying
    return any(getattr(protocol, n) not in {None, ""} or n in not_applying for n in names)


def draft_of(line: Reminded) -> LeadDraft | None:
    """Return what was saved by the link of a line and not sent, if there is any."""
    return LeadDraft.objects.filter(reminded=line).first()


def returned_to(line: Reminded) -> Proposal | None:
    """Return the last proposal of the link where it came back with a comment; else None."""
    last = line.proposals.order_by("-proposed_at", "-pk").first()
    return last if last and last.status == Proposal.Status.RETURNED else None


def values_to_show(line: Reminded) -> dict[str, Any]:
    """Return what the form holds: the draft, or what came back, and else nothing."""
    if draft := draft_of(line):
        return dict(draft.values)
    returned = returned_to(line)
    wanted = dict(returned.wanted["fields"]) if returned else {}
    if NOT_APPLYING in wanted:
        recorded = line.protocol.not_applying
        new = [name for name in lines_of(wanted[NOT_APPLYING]) if name not in recorded]
        wanted[NOT_APPLYING] = "\n".join(new)
    return {name: value for name, value in wanted.items() if name in {*BY_NAME, NOT_APPLYING}}


def seen_of(draft: LeadDraft | None) -> str:
    """Return what a page carries to tell that it showed this draft."""
    return draft.saved_at.isoformat() if draft else ""


def save_draft(line: Reminded, filled: Filled, *, at: datetime.datetime) -> LeadDraft:
    """Store what was filled in until now. The file that was chosen before stays without another.

    Raises ValidationError by field, also where somebody else has saved since, and LinkClosed;
    then nothing is stored.
    """
    with transaction.atomic():
        line = _locked(line, at=at)
        return _save(line, filled, at=at)


def keep_paper(line: Reminded, filled: Filled, *, at: datetime.datetime) -> LeadDraft:
    """Store a file that was chosen on a page that comes back, since a browser sends it once.

    The rest of the draft stays as it was. Raises as `save_draft` does.
    """
    with transaction.atomic():
        line = _locked(line, at=at)
        draft = draft_of(line)
        before = draft.values if draft else {}
        job_title = draft.job_title if draft else ""
        only = Filled(
            values=before,
            job_title=job_title,
            title=filled.title,
            upload=filled.upload,
            seen=filled.seen,
        )
        return _save(line, only, at=at)


def _save(line: Reminded, filled: Filled, *, at: datetime.datetime) -> LeadDraft:
    draft = draft_of(line)
    if seen_of(draft) != filled.seen:
        raise ValidationError({"page": SAVED_SINCE})
    draft = draft or LeadDraft(reminded=line)
    draft.values, draft.job_title = dict(filled.values), filled.job_title
    draft.title, draft.saved_at = filled.title, at
    if filled.upload:
        _check_paper(filled)
        if draft.file:
            delete_after_commit(draft.file)
        draft.name = clear_name(filled.upload.name)
        draft.file = File(filled.upload.file, draft.name)
    draft.save()
    return draft


def _check_paper(filled: Filled) -> None:
    """Raise ValidationError where an upload is no paper that admin would take."""
    paper = Document(title=filled.title or USUAL_TITLE, file=filled.upload)
    try:
        paper.clean_fields(exclude={"protocol"})
    except ValidationError as refusal:
        raise ValidationError({"document": refusal.messages}) from refusal
    if private_emails(clear_name(filled.upload.name)):
        raise ValidationError({"document": EMAIL_IN_NAME})


def send_completion(line: Reminded, filled: Filled, *, at: datetime.datetime) -> Proposal:
    """Make one proposal of what was filled in, with the document, and discard the draft.

    Raises ValidationError by field and LinkClosed; then nothing is sent, and the draft stays.
    """
    with changes.no_orphans(), transaction.atomic():
        line = _locked(line, at=at)
        draft = _save(line, filled, at=at)
        protocol = line.protocol
        meanwhile = [
            name
            for name in (*filled.values, *lines_of(filled.values.get(NOT_APPLYING, "")))
            if name in BY_NAME and getattr(protocol, name) not in {None, ""}
        ]
        with dry_run() as states, changes.record_change(protocol, at=at, stays_complete=True):
            _fill_in(protocol, filled.values)
            changes.save(protocol)
            if draft.file:
                changes.save(_paper_of(draft))
        proposals = propose(
            states,
            at=at,
            by=None,
            why=WHY.format(organisation=line.reminder.organisation),
            sent_by={
                "source": Proposal.Source.LEAD,
                "reminded": line,
                "job_title": filled.job_title,
            },
        )
        if not proposals:
            raise ValidationError({"page": NOTHING})
        (proposal,) = proposals
        # The lead saw none of these, so that a Publisher is to choose between the two.
        for name in meanwhile:
            proposal.base["fields"].pop(name, None)
        proposal.save()
        LeadDraft.objects.filter(pk=draft.pk).discard()
        return proposal


def _fill_in(protocol: Protocol, values: Mapping[str, Any]) -> None:
    """Give a protocol the values. What has one applies, and what does not apply has none."""
    new = lines_of(values.get(NOT_APPLYING, ""))
    for name, value in values.items():
        if field := BY_NAME.get(name):
            setattr(protocol, name, to_python(field.model_field, value))  # type: ignore[arg-type]  # each of these has one
    for name in new:
        empty = field_values(Protocol())[name]
        setattr(protocol, name, empty)
    stay = [name for name in protocol.not_applying if name not in values]
    protocol.does_not_apply = "\n".join(dict.fromkeys([*stay, *new]))


def _paper_of(draft: LeadDraft) -> Document:
    with draft.file.storage.open(str(draft.file.name)) as stored:
        file = ContentFile(stored.read(), draft.name)
    return Document(protocol=draft.reminded.protocol, title=draft.title or USUAL_TITLE, file=file)


def _locked(line: Reminded, *, at: datetime.datetime) -> Reminded:
    """Return the line as it is stored. Of two who send at once, the second waits here.

    Raises LinkClosed where the record cannot be filled in by it.
    """
    lock_rows(Protocol.objects.filter(pk=line.protocol_id).only("pk"))
    stored = Reminded.objects.select_related("protocol", "reminder__organisation").get(pk=line.pk)
    state = completion_state(stored, at=at)
    if state != State.OPEN:
        raise LinkClosed(state)
    return stored
