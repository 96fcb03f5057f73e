"""How the files of papers are stored, replaced and taken off, so that none is lost or left over.

A file is written before its row, and deleted after its row is gone: so a crash
leaves at most a file that no row names, never a row without its file.
"""

from __future__ import annotations

import datetime
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from pathlib import PurePath

from django.core.exceptions import ValidationError
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import Error, models, transaction
from django.utils.timezone import localdate

from registers.changes.locking import lock_one
from registers.files.kinds import kind_of
from registers.models import Document, EarlierVersion, ProposedFile, Protocol, Resource
from registers.models.document import clear_name, is_new, refuse_other_than
from registers.models.keys import private_emails

Paper = Document | Resource
NOT_STORED = (
    "This file could not be stored. Try again later, or tell the person who runs the register."
)
EMAIL_IN_NAME = (
    "Readers see the name of the file. Remove the e-mail address from it, then upload it again."
)
NOT_THERE = "This file is not in the place where documents are kept."

logger = logging.getLogger(__name__)
# The files written since `no_orphans` began, and the time of the official change that is made.
_written: ContextVar[list[str] | None] = ContextVar("written", default=None)
_made_at: ContextVar[datetime.datetime | None] = ContextVar("made_at", default=None)


@contextmanager
def no_orphans() -> Iterator[None]:
    """Delete at its end, outside every transaction within, the files whose rows were refused."""
    if _written.get() is not None:
        yield
        return
    written: list[str] = []
    token = _written.set(written)
    try:
        yield
    finally:
        _written.reset(token)
        for name in written:
            _delete_unnamed(name)


@contextmanager
def made_at(at: datetime.datetime) -> Iterator[None]:
    """Let the files that come or go within have come or gone at the aware time `at`."""
    token = _made_at.set(at)
    try:
        yield
    finally:
        _made_at.reset(token)


def save_paper(paper: Paper) -> None:
    """Check and save a paper; the file that a new one replaces is kept as an earlier version.

    What a draft held was never public, so there the replaced file goes.
    Raises ValidationError, also where the file cannot be stored.
    """
    stored = _locked(paper)
    paper.full_clean()
    if is_new(paper.file):
        _store(paper)
    elif not paper.file:
        paper.name, paper.size, paper.uploaded_at = "", None, None
    elif stored is None or stored.file.name != paper.file.name:
        _check_stored(paper)
    paper.save()
    if stored and stored.file and stored.file.name != paper.file.name:
        _keep(stored)


def bring_back(paper: Paper, version: EarlierVersion, *, at: datetime.datetime) -> None:
    """Make an earlier file the paper's own again; the present one is kept as a version.

    To be called within an official change. The version stays, for its address.
    Raises ValidationError where the file is lost, or is no kind that is taken.
    """
    if version not in paper.earlier_versions.all():
        raise ValueError("This is a version of another document.")
    paper.file = version.file.name
    paper.name, paper.size = version.name, version.size
    paper.uploaded_at = version.uploaded_at
    with no_orphans(), transaction.atomic(), made_at(at):
        save_paper(paper)


def was_public(document: Document) -> bool:
    """Return whether the public could read the stored document: all but a draft's."""
    drafts = Protocol.objects.filter(status=Protocol.Status.DRAFT)
    return not drafts.filter(pk=document.protocol_id).exists()


def delete(thing: models.Model) -> None:
    """Delete a thing, and its files after the commit.

    A document that was public is taken off instead: listed and downloaded no
    longer, and it can be put back.
    """
    if isinstance(thing, Document) and was_public(thing):
        thing.taken_off = True
        thing.save(update_fields=["taken_off"])
        return
    delete_later(files_of(thing))
    thing.delete()


def files_of(thing: models.Model) -> set[str]:
    """Return the names of all stored files that go when `thing` is deleted."""
    if isinstance(thing, Protocol):
        return set().union(*(files_of(document) for document in thing.documents.all()))
    if not isinstance(thing, Paper):
        return set()
    names = set(thing.earlier_versions.values_list("file", flat=True))
    return names | ({str(thing.file.name)} if thing.file else set())


def delete_later(names: Iterable[str]) -> None:
    """Delete files once the transaction is committed, unless a row still names them."""
    for name in names:
        transaction.on_commit(partial(_delete_unnamed, name))


def _locked(paper: Paper) -> Paper | None:
    """Return the paper as it is stored. Two who replace its file wait for each other."""
    return lock_one(paper)


def _store(paper: Paper) -> None:
    """Write the new file, and note what it is."""
    upload = paper.file.file
    paper.name = clear_name(str(paper.file.name))
    if private_emails(paper.name):
        raise ValidationError({"file": EMAIL_IN_NAME})
    paper.size = upload.size
    paper.uploaded_at = _made_at.get()
    name = paper.file.field.generate_filename(paper, paper.name)
    written = _written.get()
    if written is not None:
        written.append(name)
    try:
        # Not the upload itself, which would be moved: the form may have to be read again.
        paper.file = default_storage.save(name, File(upload))
    except OSError as problem:
        logger.exception("A document could not be stored")
        raise ValidationError({"file": NOT_STORED}) from problem


def _check_stored(paper: Paper) -> None:
    """Raise ValidationError unless the stored file that is given by its name is what that says."""
    ending = PurePath(str(paper.file.name)).suffix.lower().lstrip(".")
    try:
        with default_storage.open(str(paper.file.name)) as file:
            refuse_other_than(ending, kind_of(file))
    except ValidationError as refusal:
        raise ValidationError({"file": refusal.messages}) from refusal
    except OSError as problem:
        raise ValidationError({"file": NOT_THERE}) from problem


def _keep(stored: Paper) -> None:
    """Keep the file of a paper as it was stored, if it was ever public."""
    at = _made_at.get()
    if isinstance(stored, Document):
        is_public = was_public(stored)
    else:
        is_public = at is None or stored.is_public(localdate(at))
    if not is_public:
        delete_later([str(stored.file.name)])
        return
    if at is None:
        raise ValueError("A file is replaced within an official change, which knows when.")
    document, resource = (stored, None) if isinstance(stored, Document) else (None, stored)
    # It may have been replaced before, and brought back since.
    EarlierVersion.objects.update_or_create(
        document=document,
        resource=resource,
        file=str(stored.file.name),
        defaults={
            "name": stored.name,
            "size": stored.size,
            "uploaded_at": stored.uploaded_at,
            "replaced_at": at,
        },
    )


def _delete_unnamed(name: str) -> None:
    """Delete a file, unless a row names it. A failure leaves a file too many, and is logged."""
    try:
        with transaction.atomic():
            named = any(
                model._default_manager.filter(file=name).exists()
                for model in (Document, Resource, EarlierVersion, ProposedFile)
            )
        if not named:
            default_storage.delete(name)
    except (Error, OSError):
        logger.exception("The file %s may be left over", name)
