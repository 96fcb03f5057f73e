"""Take words out: a preview of every place, then all of it as official changes, or nothing."""

from __future__ import annotations

import datetime
import email
import email.policy
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.cache import caches
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.formats import date_format

from registers.changes.locking import PLAN_CHANGED, lock_register, plan_digest
from registers.changes.papers import delete_later
from registers.changes.record import record_change
from registers.changes.redaction.marked import LEAST_CHARACTERS, Marked
from registers.changes.redaction.places import How, Row, all_models, find_rows
from registers.changes.transaction import Touched, update_search_and_version
from registers.history.snapshot import snapshot_of
from registers.models import (
    Document,
    EarlierVersion,
    Name,
    Organisation,
    ProposedFile,
    Protocol,
    Resource,
    SearchEntry,
    VocabularyWord,
)
from registers.search.text.engine import ORGANISATIONS, PROTOCOLS, engine
from registers.search.text.terms import Form
from registers.search.text.words import words_of

MOST_RECORDS = 500
MOST_ALIKE = 20
PLACES = {
    "registers.change.what": "Changes pages: what changed",
    "registers.change.event": "Changes pages: what happened",
    "registers.change.why": "Changes pages: why",
    "registers.change.snapshot": "Earlier states of a record",
    "registers.slug.text": "Addresses of organisations, present and past",
    "registers.merge.moved": "What a merge of organisations moved",
    "registers.layout.positions": "Positions in the picture of organisations",
    "registers.import.content": "Uploaded spreadsheets, which are deleted",
    "registers.contact.email": "Contacts for reminders, which are deleted",
    "sessions.session.session_data": "Sessions of people who are logged in",
    "usersessions.usersession.user_agent": "Browsers in the lists of sessions",
}
AROUND = 40  # characters of the context that a preview shows
NOTHING_FOUND = "These words stand nowhere in the register. Check how they are written there."
NOTHING_MARKED = "Enter the words, or choose a past text or a document."
TOO_SHORT = f"Enter words of {LEAST_CHARACTERS} letters or digits or more: '{{text}}' is too short."
TOO_MANY = (
    f"These words stand in more than {MOST_RECORDS} records. Enter more of the words around them,"
    " so that only what must go is meant."
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

    def check(self) -> None:
        """Raise ValidationError where nothing is marked, or so little that much is meant."""
        if not (self.texts or self.files):
            raise ValidationError(NOTHING_MARKED)
        for text in self.texts:
            if sum(map(str.isalnum, text)) < LEAST_CHARACTERS:
                raise ValidationError(TOO_SHORT.format(text=text))

    def marked(self, on: datetime.date, number: int = 1) -> Marked:
        """Return what finds and replaces it. `number` tells apart what must not be alike."""
        words = marker(self.reason, on)
        words = words if number == 1 else f"{words[:-1]}, {number}]"
        return Marked(self.texts, self.files, marker=words, free_slug=_free_slug)


@dataclass(frozen=True, kw_only=True)
class PlaceCount:
    """In how many rows of one kind the words stand, and around what, in the first of them."""

    what: str
    count: int
    context: str


@dataclass(frozen=True, kw_only=True)
class RedactionPreview:
    """Every place where the marked texts stand. `accounts` are left as they are."""

    rows: list[Row]
    mails: list[Path]
    refusals: list[str]
    accounts: int
    places: list[PlaceCount] = field(default_factory=list)

    @property
    def digest(self) -> str:
        """A short text that differs as soon as a place is another one."""
        places = [[row.model._meta.label, str(row.key), sorted(row.fields)] for row in self.rows]
        return plan_digest([sorted(places), sorted(map(str, self.mails))])


def preview_redaction(wanted: Wanted, *, on: datetime.date) -> RedactionPreview:
    """Return every place of what is wanted, without changing anything.

    Raises ValidationError where too little is marked, or nothing is found.
    """
    wanted.check()
    marked = wanted.marked(on)
    found = list(find_rows(marked))
    accounts = [row for row in found if How.ACCOUNT in row.fields.values()]
    refused = [row for row in found if How.REFUSED in row.fields.values()]
    rows = [row for row in found if row not in accounts]
    mails = list(_mails(marked))
    if not (found or mails or wanted.files):
        raise ValidationError(NOTHING_FOUND)
    refusals = [IN_REFERENCE.format(key=row.key) for row in refused]
    if len({row.owner for row in rows if row.owner}) > MOST_RECORDS:
        refusals.append(TOO_MANY)
    return RedactionPreview(
        rows=rows,
        mails=mails,
        refusals=refusals,
        accounts=len(accounts),
        places=list(_places(rows, marked)),
    )


def redact(
    subject: models.Model, wanted: Wanted, *, shown: str, at: datetime.datetime, by: User | None
) -> int:
    """Take what is wanted out of all that is stored, at the aware time `at`.

    Each thing of which something was taken out gets an official change that says the day and
    the reason, and so does `subject` in any case. `shown` is the digest of the preview. Returns
    the number of places. Raises ValidationError where it is refused or something else would go
    than was shown, and OperationalError where somebody is saving at that moment; then nothing
    is kept.
    """
    on = timezone.localdate(at)
    with transaction.atomic():
        rows = preview_redaction(wanted, on=on).rows
        lock_register(*_to_lock(rows, subject))
        preview = preview_redaction(wanted, on=on)
        if preview.refusals:
            raise ValidationError(preview.refusals)
        if preview.digest != shown:
            raise ValidationError(PLAN_CHANGED)
        with update_search_and_version() as touched:
            _take_out(subject, wanted, preview.rows, touched, at=at, by=by)
        _forget_words(wanted.marked(on))
        for alias in settings.CACHES:
            caches[alias].clear()
        for mail in preview.mails:
            transaction.on_commit(mail.unlink)
    return sum(len(row.fields) for row in preview.rows) + len(preview.mails) + len(wanted.files)


def _to_lock(rows: Iterable[Row], subject: models.Model) -> tuple[set[str], set[int]]:
    owners = {row.owner for row in rows if row.owner} | {(type(subject), subject.pk)}
    return (
        {str(key) for model, key in owners if model is Protocol},
        {int(key) for model, key in owners if model is Organisation},
    )


def _take_out(
    subject: models.Model,
    wanted: Wanted,
    rows: list[Row],
    touched: Touched,
    *,
    at: datetime.datetime,
    by: User | None,
) -> None:
    """Clean the rows and files, and record it."""
    marked = wanted.marked(timezone.localdate(at))
    owners = dict.fromkeys(row.owner for row in rows if row.owner)
    owners[type(subject), subject.pk] = None
    stored = [
        thing for model, key in owners if (thing := model._base_manager.filter(pk=key).first())
    ]
    before = {(type(thing), thing.pk): snapshot_of(thing) for thing in stored}
    for row in rows:
        _clean(row, marked, wanted, on=timezone.localdate(at))
    for name in Name.objects.filter(kind=Name.Kind.OFFICIAL, organisation__in=_keys(stored)):
        # Of two names that became alike, one has a number.
        Organisation.objects.filter(pk=name.organisation_id).update(name=name.text)
    _take_files_out(wanted.files, marked)
    _forget_texts(marked, touched)
    event = f"Taken out on {date_format(timezone.localdate(at), 'j F Y')}: {wanted.reason}."
    for thing in stored:
        thing.refresh_from_db()
        states = (before[type(thing), thing.pk], snapshot_of(thing))
        touched.add(thing)
        touched.altered.add(type(thing), thing.pk, states, at=at)
        with record_change(thing, at=at, by=by, event=event):
            pass  # what is recorded before and after is the same: cleaned


def _keys(things: Iterable[models.Model]) -> list[Any]:
    return [thing.pk for thing in things if isinstance(thing, Organisation)]


def _clean(row: Row, marked: Marked, wanted: Wanted, *, on: datetime.date) -> None:
    """Write one row cleaned, or remove it. Raises IntegrityError."""
    rows = row.model._base_manager.filter(pk=row.key)
    if {How.ROW, How.IMPORT} & set(row.fields.values()):
        rows.delete()
        return
    for number in range(2, MOST_ALIKE):
        try:
            with transaction.atomic():
                rows.update(**row.cleaned(marked))
            return
        except IntegrityError:  # another has the same words now, where no two can be alike
            marked = wanted.marked(on, number)
    rows.update(**row.cleaned(marked))


def _take_files_out(files: Collection[str], marked: Marked) -> None:
    """Take whole papers out: their files go, and earlier versions go with their rows."""
    gone: dict[str, Any] = {"file": "", "name": marked.marker, "size": None, "uploaded_at": None}
    Document.objects.filter(file__in=files).update(**gone, taken_off=True)
    Resource.objects.filter(file__in=files).update(**gone | {"name": ""})
    EarlierVersion.objects.filter(file__in=files).delete()
    ProposedFile.objects.filter(file__in=files).delete()
    delete_later(files)


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


def _free_slug(wanted: str) -> str:
    """Return `wanted`, with a number behind it where something has that slug."""
    fields = [
        (model, each.name)
        for model in all_models()
        for each in model._meta.concrete_fields
        if isinstance(each, models.SlugField)
    ]
    number, slug = 1, wanted
    while any(model._base_manager.filter(**{name: slug}).exists() for model, name in fields):
        number += 1
        slug = f"{wanted}-{number}"
    return slug


def _mails(marked: Marked) -> Iterator[Path]:
    """Yield the files of e-mails that hold any, where e-mails are written to a folder."""
    folder = Path(settings.EMAIL_FILE_PATH) if settings.EMAIL_FILE_PATH else None
    for path in sorted(folder.glob("*.log")) if folder else ():
        for one in path.read_bytes().split(b"-" * 79 + b"\n"):
            message = email.message_from_bytes(one, policy=email.policy.default)
            headers = [str(value) for value in message.values()]
            texts = [p.get_content() for p in message.walk() if p.get_content_maintype() == "text"]
            if any(map(marked.is_in, [*headers, *texts])):
                yield path
                break


def _places(rows: list[Row], marked: Marked) -> Iterator[PlaceCount]:
    counts: Counter[str] = Counter()
    contexts: dict[str, str] = {}
    for row in rows:
        for name in row.fields:
            what = _place(row.model, name)
            counts[what] += 1
            contexts.setdefault(what, marked.context(row.text_of(name, marked), AROUND))
    for what, count in sorted(counts.items()):
        yield PlaceCount(what=what, count=count, context=contexts[what])


def _place(model: type[models.Model], name: str) -> str:
    """Return what officers call a field."""
    if found := PLACES.get(f"{model._meta.label_lower}.{name}"):
        return found
    field: Any = model._meta.get_field(name)
    label = f"{model._meta.verbose_name}: {field.verbose_name}"
    return label[0].upper() + label[1:]


def papers_of(subject: models.Model) -> list[Any]:
    """Return each stored file of a protocol or a resource: documents and earlier versions."""
    papers: Any = ()
    if isinstance(subject, Protocol):
        papers = subject.documents.prefetch_related("earlier_versions")
    elif isinstance(subject, Resource):
        papers = [subject]
    return [
        each for paper in papers for each in (paper, *paper.earlier_versions.all()) if each.file
    ]


def compact() -> bool:
    """Write the files of the database anew, so that nothing deleted is left in them.

    Outside a transaction. Returns False where somebody was reading or saving: then
    the words are gone from the register, and may still stand in its files.
    """
    return engine().compact()
