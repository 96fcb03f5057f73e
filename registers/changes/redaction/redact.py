"""Take words out: a preview of every place, then all of it as official changes, or nothing."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.core.cache import caches
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.formats import date_format

from registers.changes.locking import PLAN_CHANGED, lock_register, plan_digest
from registers.changes.papers import delete_later
from registers.changes.record import record_change
from registers.changes.redaction.files import StoredEmails, find_emails
from registers.changes.redaction.marked import LEAST_CHARACTERS, Marked
from registers.changes.redaction.places import KEY_OF, How, all_models, unique_texts
from registers.changes.redaction.rows import Row, find_rows
from registers.changes.transaction import Touched, update_search_and_version
from registers.history.snapshot import snapshots_of
from registers.models import (
    Document,
    EarlierVersion,
    FormDraftFile,
    LeadDraft,
    Organisation,
    Proposal,
    ProposedFile,
    Protocol,
    Resource,
    SearchEntry,
    VocabularyWord,
)
from registers.search.text.engine import ORGANISATIONS, PROTOCOLS, engine
from registers.search.text.terms import Form
from registers.search.text.words import words_of

# More are not what a person means, and would keep everybody from saving for long.
MOST_RECORDS, MOST_ROWS = 500, 10_000
PLACES = {
    "registers.change.what": "Changes pages: what changed",
    "registers.change.event": "Changes pages: what happened",
    "registers.change.why": "Changes pages: why",
    "registers.change.snapshot": "Earlier states of a record",
    "registers.slug.text": "Addresses of organisations, present and past",
    "registers.merge.moved": "What a merge of organisations moved",
    "registers.proposal.base": "Proposals: what was public",
    "registers.proposal.wanted": "Proposals: what is proposed",
    "registers.formdraft.values": "Forms that colleagues have not saved yet",
    "registers.importjob.content": "Uploaded spreadsheets, which are deleted",
    "registers.contact.email": "Contacts for reminders, which are deleted",
    "registers.identifier.value": "Identifiers of organisations, which are deleted",
    "sessions.session.session_data": "Sessions of people who are logged in",
    "usersessions.usersession.user_agent": "Browsers in the lists of sessions",
}
NOTHING_FOUND = "These words stand nowhere in the register. Check how they are written there."
NOTHING_MARKED = "Enter the words, or choose a past text or a document."
TOO_SHORT = f"Enter words of {LEAST_CHARACTERS} letters or digits or more: '{{text}}' is too short."
IN_MARKER = (
    "'{text}' stands in the words that are put in its place, and in those of earlier times. Enter"
    " more of the words around it."
)
TOO_MANY = (
    f"These words stand in more than {MOST_RECORDS} records, or {MOST_ROWS:,} places. Enter more of"
    " the words around them, so that only what must go is meant."
)
ALIKE = (
    "Nothing was taken out, because two things would be called the same. Take the words out of one"
    " of them first, by changing it."
)
IN_REFERENCE = (
    "These words stand in the reference {key}, which is an address and never changes. Delete the"
    " protocol if it is a draft. A published one must be withdrawn, and then only the person who"
    " runs the register can remove its reference from the database."
)


class Reason(StrEnum):
    """Why something is taken out. The public reads it."""

    PERSONAL = "personal data"
    CONFIDENTIAL = "confidential"
    SECURITY = "security"
    LEGAL = "required by law"
    MISTAKE = "published by mistake"


def marker(reason: Reason, on: datetime.date) -> str:
    """Return what stands in the place of what was taken out on the day `on`."""
    return f"[taken out on {date_format(on, 'j F Y')}: {reason}]"


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be taken out: texts, and files by the names by which they are stored."""

    texts: tuple[str, ...] = ()
    files: frozenset[str] = frozenset()
    reason: Reason = Reason.PERSONAL

    def check(self, on: datetime.date) -> None:
        """Raise ValidationError where nothing is marked, or so little that much is meant."""
        markers = [marker(reason, on) for reason in Reason]
        if not (self.texts or self.files):
            raise ValidationError(NOTHING_MARKED)
        for text in self.texts:
            if sum(map(str.isalnum, text)) < LEAST_CHARACTERS:
                raise ValidationError(TOO_SHORT.format(text=text))
            if any(map(Marked([text], marker="").is_in, markers)):
                raise ValidationError(IN_MARKER.format(text=text))

    def marked(self, on: datetime.date) -> Marked:
        """Return what finds and replaces it."""
        words = marker(self.reason, on)
        return Marked(self.texts, self.files, marker=words, is_free_slug=_is_free_slug)


@dataclass(frozen=True, kw_only=True)
class Place:
    """One field of a row in which the words stand, as officers call it, and around what."""

    what: str
    context: str
    owner: tuple[type[models.Model], Any] | None


@dataclass(frozen=True, kw_only=True)
class RedactionPreview:
    """Every place where the marked texts stand. `accounts` are left as they are."""

    wanted: Wanted
    marked: Marked
    rows: list[Row]
    emails: list[StoredEmails]
    refusals: list[str]
    accounts: int

    @property
    def digest(self) -> str:
        """A short text that differs as soon as anything else would be taken out, or elsewhere."""
        rows = [
            [row.model._meta.label, str(row.key), sorted(row.fields), row.digest]
            for row in self.rows
        ]
        wanted = [sorted(self.wanted.texts), sorted(self.wanted.files), self.wanted.reason]
        emails = [str(each.path) for each in self.emails]
        return plan_digest([wanted, self.marked.marker, sorted(rows), emails])

    @property
    def number(self) -> int:
        """The number of places, with e-mails and whole files."""
        places = sum(len(row.fields) for row in self.rows)
        return places + len(self.emails) + len(self.wanted.files)

    @property
    def found(self) -> dict[str, int]:
        """Each text, in its order, with the number of places that it is taken out of."""
        found = Counter(text for row in self.rows for each in row.texts.values() for text in each)
        found.update(text for each in self.emails for text in each.texts)
        return {text: found[text] for text in self.marked.texts}

    @property
    def places(self) -> list[Place]:
        """The places, in the order in which they are shown."""
        places = [
            Place(what=_place(row.model, name), context=row.contexts[name], owner=row.owner)
            for row in self.rows
            for name in row.fields
        ]
        return sorted(places, key=lambda place: place.what)


def preview_redaction(wanted: Wanted, *, on: datetime.date) -> RedactionPreview:
    """Return every place of what is wanted, without changing anything.

    Where there are too many, it stops at that. Raises ValidationError where too little is
    marked, or nothing is found.
    """
    wanted.check(on)
    marked = wanted.marked(on)
    rows: list[Row] = []
    refusals: list[str] = []
    owners: set[Any] = set()
    accounts = 0
    for row in find_rows(marked):
        ways = set(row.fields.values())
        if How.ACCOUNT in ways:
            accounts += 1
            continue
        if How.REFUSED in ways:
            refusals.append(IN_REFERENCE.format(key=row.key))
        rows.append(row)
        owners.update(filter(None, [row.owner]))
        if len(owners) > MOST_RECORDS or len(rows) > MOST_ROWS:
            refusals.append(TOO_MANY)
            break
    emails = [] if refusals else list(find_emails(marked))
    if not (rows or accounts or emails or wanted.files):
        raise ValidationError(NOTHING_FOUND)
    return RedactionPreview(
        wanted=wanted,
        marked=marked,
        rows=rows,
        emails=emails,
        refusals=refusals,
        accounts=accounts,
    )


def redact(
    subject: models.Model, wanted: Wanted, *, shown: str, at: datetime.datetime, by: User | None
) -> RedactionPreview:
    """Take what is wanted out of all that is stored, at the aware time `at`.

    Each thing of which something was taken out gets an official change that says the day and
    the reason, and so does `subject` in any case. `shown` is the digest of the preview. Returns
    what was taken out. Raises ValidationError where it is refused or something else would go
    than was shown, and OperationalError where somebody is saving at that moment; then nothing
    is kept.
    """
    on = timezone.localdate(at)
    # Whom to keep from saving is found before anybody is.
    first = _allowed(preview_redaction(wanted, on=on))
    with transaction.atomic():
        lock_register(*_to_lock(first.rows, subject))
        preview = _allowed(preview_redaction(wanted, on=on))
        if preview.digest != shown:
            raise ValidationError(PLAN_CHANGED)
        with update_search_and_version() as touched:
            _take_out(subject, preview, touched, at=at, by=by)
        _forget_words(preview.marked)
        for alias in settings.CACHES:
            transaction.on_commit(caches[alias].clear, robust=True)

        def delete_emails() -> None:
            for each in preview.emails:
                each.path.unlink(missing_ok=True)

        transaction.on_commit(delete_emails, robust=True)
    return preview


def _allowed(preview: RedactionPreview) -> RedactionPreview:
    """Return the preview. Raises ValidationError where it says why nothing can be taken out."""
    if preview.refusals:
        raise ValidationError(preview.refusals)
    return preview


def _to_lock(rows: Iterable[Row], subject: models.Model) -> tuple[set[str], set[int]]:
    owners = {row.owner for row in rows if row.owner} | {(type(subject), subject.pk)}
    return (
        {str(key) for model, key in owners if model is Protocol},
        {int(key) for model, key in owners if model is Organisation},
    )


def _take_out(
    subject: models.Model,
    preview: RedactionPreview,
    touched: Touched,
    *,
    at: datetime.datetime,
    by: User | None,
) -> None:
    """Clean the rows and files, and record it."""
    marked, reason = preview.marked, preview.wanted.reason
    owners: dict[type[models.Model], set[Any]] = {type(subject): {subject.pk}}
    for model, key in filter(None, (row.owner for row in preview.rows)):
        owners.setdefault(model, set()).add(key)
    before = {model: snapshots_of(model, sorted(keys)) for model, keys in owners.items()}
    marked.number(_is_free)
    for row in preview.rows:
        _clean(row, marked)
    _take_files_out(preview.wanted.files, marked)
    _forget_texts(marked, touched)
    event = f"Taken out on {date_format(timezone.localdate(at), 'j F Y')}: {reason}."
    for model, was in before.items():
        for key, thing in model._base_manager.in_bulk(was).items():
            touched.add(thing)
            with record_change(thing, at=at, by=by, event=event) as recorded:
                pass  # what is recorded before and after is the same: cleaned
            touched.altered.add(model, key, (was[key], recorded.change.snapshot), at=at)


def _clean(row: Row, marked: Marked) -> None:
    """Write one row cleaned, or remove it. Raises ValidationError."""
    rows = row.model._base_manager.filter(pk=row.key)
    if {How.ROW, How.IMPORT} & set(row.fields.values()):
        rows.delete()
    elif values := row.cleaned(marked):
        try:
            rows.update(**values)
        except IntegrityError as problem:
            raise ValidationError(ALIKE) from problem


def _is_free(key: str) -> bool:
    """Return whether no row has a text with this key, of those that must differ."""
    return not any(
        model._base_manager.filter(
            **{"key" if model._meta.label_lower in KEY_OF else f"{name}__iexact": key}
        ).exists()
        for model, name in unique_texts()
    )


def _take_files_out(files: Collection[str], marked: Marked) -> None:
    """Take whole papers out: their files go, and earlier versions go with their rows."""
    gone: dict[str, Any] = {"file": "", "name": marked.marker, "size": None, "uploaded_at": None}
    Document.objects.filter(file__in=files).update(**gone, taken_off=True)
    Resource.objects.filter(file__in=files).update(**gone | {"name": ""})
    EarlierVersion.objects.filter(file__in=files).delete()
    ProposedFile.objects.filter(file__in=files).delete()
    FormDraftFile.objects.filter(file__in=files).discard()
    LeadDraft.objects.filter(file__in=files).discard_files()
    delete_later(files)


def files_left(files: Collection[str]) -> list[str]:
    """Return which of the files that were taken out are still stored, after the commit."""
    return sorted(name for name in files if default_storage.exists(name))


def _forget_texts(marked: Marked, touched: Touched) -> None:
    """Let search write anew the rows that hold the words, and remove those of nothing public."""
    plains = [tuple(word.plain for word in words_of(text)) for text in marked.texts]
    for plain in filter(None, plains):
        for table in (PROTOCOLS, ORGANISATIONS):
            ids = {int(each) for each in engine().find(table, [Form(plain=plain)], table.fields)}
            public = SearchEntry.objects.filter(pk__in=ids, protocol__in=Protocol.public.all())
            if table is PROTOCOLS:
                known = dict(public.values_list("pk", "protocol"))
                touched.protocols.update(known.values())
            else:
                there = Organisation.objects.filter(pk__in=ids)
                known = dict.fromkeys(there.values_list("pk", flat=True), "")
                touched.organisations.update(known)
            engine().remove(table, ids - known.keys())


def _forget_words(marked: Marked) -> None:
    """Remove from the vocabulary the words that stand nowhere any more."""
    plain = {word.plain for text in marked.texts for word in words_of(text)}
    left = {
        word
        for word in plain
        for table in (PROTOCOLS, ORGANISATIONS)
        if engine().find(table, [Form(plain=(word,))], table.fields).size
    }
    VocabularyWord.objects.filter(pk__in=plain - left).delete()


def _is_free_slug(slug: str) -> bool:
    """Return whether nothing has this slug."""
    return not any(
        model._base_manager.filter(**{each.name: slug}).exists()
        for model in all_models()
        for each in model._meta.concrete_fields
        if isinstance(each, models.SlugField)
    )


def _place(model: type[models.Model], name: str) -> str:
    """Return what officers call a field."""
    if found := PLACES.get(f"{model._meta.label_lower}.{name}"):
        return found
    field: Any = model._meta.get_field(name)
    label = f"{model._meta.verbose_name}: {field.verbose_name}"
    return label[0].upper() + label[1:]


def papers_of(subject: models.Model) -> list[Any]:
    """Return each stored file of a protocol or a resource: documents and earlier versions.

    Also those of proposals about it, and of its forms that were not saved yet.
    """
    papers: Any
    if isinstance(subject, Protocol):
        papers = subject.documents.prefetch_related("earlier_versions")
    elif isinstance(subject, Resource):
        papers = [subject]
    else:
        return []
    own = [each for paper in papers for each in (paper, *paper.earlier_versions.all())]
    proposals = Proposal.objects.about(type(subject), subject.pk)
    proposed = ProposedFile.objects.filter(proposal__in=proposals)
    form = models.Q(draft__page__contains=f"/{subject._meta.model_name}/{quote(subject.pk)}/")
    names = {each.file_name for each in (*own, *proposed)}
    unsaved = FormDraftFile.objects.filter(form | models.Q(name__in=names)).select_related("draft")
    leads = LeadDraft.objects.filter(reminded__protocol=str(subject.pk))
    of_leads = leads if isinstance(subject, Protocol) else leads.none()
    every = [each for each in (*own, *proposed, *unsaved, *of_leads) if each.file]
    return list({each.file.name: each for each in every}.values())


def compact() -> bool:
    """Write the files of the database anew, so that nothing deleted is left in them.

    Outside a transaction. Returns False where somebody was reading or saving: then
    the words are gone from the register, and may still stand in its files.
    """
    return engine().compact()
