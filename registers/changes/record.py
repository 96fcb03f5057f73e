"""How a change becomes official: checked, saved, dated, recorded, described and made findable.

All of it happens in one transaction, or nothing of it. Nothing else in the
register saves: a view opens `record_change` for the protocol, organisation or
page concerned, and calls `save` and `remove` within.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, cast

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.text import slugify

from registers.changes.locking import batches
from registers.changes.papers import delete, made_at, no_orphans, save_paper
from registers.history.diff import differences, words_of
from registers.history.snapshot import Snapshot, blank_snapshot, is_public, snapshots_of
from registers.models import (
    Change,
    Document,
    Gap,
    Name,
    Organisation,
    Party,
    Protocol,
    Resource,
    Slug,
    UsedReference,
)
from registers.models.keys import key_of
from registers.models.organisation import OFFICIAL_IS_ITS_OWN
from registers.search.search_writer import update_search

ADDED = "Added to this register."
TAKEN_OUT = "Taken out of this register."
IN_THE_FUTURE = "This date must be today or in the past."


@dataclass(frozen=True, kw_only=True)
class Touched:
    """The primary keys of what one transaction saved or removed, for the search index."""

    protocols: set[str] = field(default_factory=set)
    organisations: set[int] = field(default_factory=set)

    def add(self, thing: models.Model) -> None:
        """Remember `thing`, before or after it is saved or removed."""
        if isinstance(thing, Protocol):
            self.protocols.add(thing.pk)
        elif isinstance(thing, Party):
            self.protocols.add(thing.protocol_id)
        elif isinstance(thing, Organisation) and thing.pk:
            self.organisations.add(thing.pk)
        elif isinstance(thing, Name):
            self.organisations.add(thing.organisation_id)


_touched: ContextVar[Touched | None] = ContextVar("touched", default=None)


@contextmanager
def update_search_and_version(*, savepoint: bool = False) -> Iterator[Touched]:
    """Collect what is saved within; at the end of the outermost block, update the search index.

    That also moves the register's version. An outermost block is a transaction. With
    `savepoint` one within another is too, so that whoever catches an error keeps nothing of it.
    """
    outer = _touched.get()
    if outer is not None:
        with transaction.atomic() if savepoint else nullcontext():
            yield outer
        return
    touched = Touched()
    token = _touched.set(touched)
    try:
        with no_orphans(), transaction.atomic():
            yield touched
            update_search(protocols=touched.protocols, organisations=touched.organisations)
    finally:
        _touched.reset(token)


@contextmanager
def collect_touched(touched: Touched) -> Iterator[None]:
    """Collect in `touched` what is saved within. The caller updates the search index."""
    token = _touched.set(touched)
    try:
        with transaction.atomic():
            yield
    finally:
        _touched.reset(token)


@contextmanager
def dry_run() -> Iterator[None]:
    """Roll back all that is saved within, to see what it would do. The index is not updated."""
    with collect_touched(Touched()):
        yield
        transaction.set_rollback(True)


@dataclass(kw_only=True)
class Recorded:
    """What a `record_change` recorded: no change until its end, and where nothing changed."""

    changes: list[Change] = field(default_factory=list)

    @property
    def change(self) -> Change:
        """The change. Raises ValueError where there is none."""
        (change,) = self.changes
        return change


@contextmanager
def record_change(
    subject: models.Model,
    *,
    at: datetime.datetime,
    by: User | None = None,
    why: str = "",
    event: str = "",
    official: bool = True,
    published_before: bool = False,
) -> Iterator[Recorded]:
    """Record all that is saved within as one change of `subject`, or save nothing.

    `at` is the aware time of the change; its day is Europe/London's.
    `why` is shown to the public, and so is `event`, a line for what no difference of
    the subject says: that it was merged. `official` is False where another change
    tells the public. `published_before` says that a protocol which is new here was
    published elsewhere, so that its days stay as they are given.

    What alters nothing that the public reads, such as a draft, is recorded without
    becoming official. Raises ValidationError, from `save` and `remove`, and then
    nothing is kept.
    """
    model, key, recorded = type(subject), subject.pk, Recorded()
    how = _Details(
        at=at,
        by=by,
        why=why,
        event=event,
        official=official,
        published_before=published_before,
    )
    with made_at(at), update_search_and_version(savepoint=True):
        # Locked, so that nobody else's save in the meantime is taken for a part of this one.
        before = snapshots_of(model, [key], lock=True)
        yield recorded
        key = key if subject.pk is None else subject.pk
        after = snapshots_of(model, [key])
        recorded.changes = _write_changes(model, [key], before, after, how, about=str(subject))
        if isinstance(subject, Protocol):
            _set_days(subject, recorded.changes)


@contextmanager
def record_changes(
    model: type[models.Model],
    keys: Sequence[Any],
    *,
    at: datetime.datetime,
    by: User | None,
    why: str = "",
    published_before: bool = False,
) -> Iterator[list[Any]]:
    """Record what is saved within as one change for each row of `model` that changed.

    `model` is Protocol or Organisation. `keys` are the primary keys of the rows, stored
    or not; none of them may be deleted within. They are yielded as a list, in the order
    of the changes; the caller appends the keys of rows that get one only when they are
    stored. It takes few queries, however many rows there are. All else is as with
    `record_change`.
    """
    how = _Details(at=at, by=by, why=why, published_before=published_before)
    with update_search_and_version() as touched:
        before: dict[Any, Snapshot] = {}
        for some in batches(keys):
            before |= snapshots_of(model, some)
        every = list(keys)
        yield every
        (touched.protocols if model is Protocol else touched.organisations).update(every)
        for some in batches(every):
            _write_changes(model, some, before, snapshots_of(model, some), how)


@dataclass(frozen=True, kw_only=True)
class _Details:
    """What is the same for all changes that are recorded at once."""

    at: datetime.datetime
    by: User | None
    why: str
    event: str = ""
    official: bool = True
    published_before: bool = False


def _write_changes(
    model: type[models.Model],
    keys: Sequence[Any],
    before: Mapping[Any, Snapshot],
    after: Mapping[Any, Snapshot],
    how: _Details,
    *,
    about: str = "",
) -> list[Change]:
    """Write and return a change for each row that differs, and the days of protocols.

    `about` names a subject that no change points at: the words must say what it is.
    """
    changes = [
        change
        for key in keys
        if (change := _change(model, key, (before.get(key), after.get(key)), how, about))
    ]
    if model is Protocol:
        _date_protocols([change for change in changes if change.public], how)
    first = _backfill(model, {each.subject_key for each in changes}, before, at=how.at)
    Change.objects.bulk_create(
        each
        for change in changes
        for each in (first.get(change.subject_key), change)
        if each is not None
    )
    return changes


def _backfill(
    model: type[models.Model],
    changed: Collection[str],
    before: Mapping[Any, Snapshot],
    *,
    at: datetime.datetime,
) -> dict[str, Change]:
    """Keep the state `before` of rows that changed, where no snapshot says it.

    The last change of a row may have no snapshot: it is from before they were kept,
    or from a register that was loaded as a whole, and nothing has happened to the row
    since. For rows without any change, returns one that says how they were, not saved.
    """
    by_key = {str(key): each for key, each in before.items() if str(key) in changed}
    is_bare = models.ExpressionWrapper(
        models.Q(snapshot__isnull=True), output_field=models.BooleanField()
    )
    # The oldest first, so that the last of each is what stays.
    changes = Change.objects.filter(
        subject_type=model._meta.model_name, subject_key__in=by_key
    ).order_by("made_at", "pk")
    rows = changes.annotate(is_bare=is_bare).values_list("subject_key", "pk", "is_bare")
    last = {key: (pk, is_bare) for key, pk, is_bare in rows}
    Change.objects.bulk_update(
        [Change(pk=pk, snapshot=by_key[key]) for key, (pk, is_bare) in last.items() if is_bare],
        ["snapshot"],
    )
    return {
        key: Change(
            made_at=at,
            subject_type=str(model._meta.model_name),
            subject_key=key,
            kind=Change.Kind.BASELINE,
            snapshot=snapshot,
        )
        for key, snapshot in by_key.items()
        if key not in last
    }


def _change(
    model: type[models.Model],
    key: Any,
    states: tuple[Snapshot | None, Snapshot | None],
    how: _Details,
    about: str,
) -> Change | None:
    """Return the change from one state of a row to the next, not saved; None for none."""
    was, now = states
    event, snapshot = how.event, now
    public = how.official and (is_public(was) or is_public(now))
    if model is Gap:
        # The number is public before anything is said of it, and stays so.
        was, now = was or blank_snapshot(model), now or blank_snapshot(model)
    if was is None and now is None:
        return None
    kind = _kind(was, now)
    if public and kind == Change.Kind.ADDED:
        what = event = event or ADDED
    elif public and kind == Change.Kind.REMOVED:
        what = event = TAKEN_OUT
    else:
        found = differences(model, was, now) if public and was and now else []
        public = public and bool(found or event)
        what = "\n".join(filter(None, [event, words_of(found)]))
    if not public and was and now and not differences(model, was, now, private=True):
        return None
    change = Change(
        made_at=how.at,
        subject_type=str(model._meta.model_name),
        subject_key=str(key),
        public=public,
        kind=kind,
        what=what,
        event=event,
        why=how.why,
        by=how.by,
        snapshot=snapshot,
    )
    if public and model is Protocol:
        change.protocol_id = key
    elif public and model is Organisation:
        change.organisation_id = key if now else None
    if public and about and not (change.protocol_id or change.organisation_id):
        change.what = f"{str(model._meta.verbose_name).capitalize()} '{about}': {what}"
    return change


def _kind(before: Snapshot | None, after: Snapshot | None) -> str:
    """Return what happened. A draft that is published is added."""
    if after is None:
        return Change.Kind.REMOVED
    if before is None or (is_public(after) and not is_public(before)):
        return Change.Kind.ADDED
    published, withdrawn = Protocol.Status.PUBLISHED, Protocol.Status.WITHDRAWN
    moves = {
        (published, withdrawn): Change.Kind.WITHDRAWN,
        (withdrawn, published): Change.Kind.REINSTATED,
    }
    status = (before["fields"].get("status"), after["fields"].get("status"))
    return moves.get(status, Change.Kind.CHANGED)


def _date_protocols(changes: Sequence[Change], how: _Details) -> None:
    """Set the days on which protocols were published or updated, there and in the snapshots.

    Raises ValidationError if a day of publishing or withdrawing is in the future.
    """
    on = timezone.localdate(how.at)
    new, changed = list[str](), list[str]()
    for change in changes:
        fields = cast(Snapshot, change.snapshot)["fields"]  # no protocol is removed officially
        for name in ("published_on", "withdrawn_on"):
            if fields[name] and fields[name] > on.isoformat():
                raise ValidationError({name: IN_THE_FUTURE})
        if change.kind != Change.Kind.ADDED:
            fields["updated_on"] = on.isoformat()
            changed.append(change.subject_key)
        elif fields["published_on"] is None and not how.published_before:
            fields["published_on"] = on.isoformat()
            new.append(change.subject_key)
    if changed:
        Protocol.objects.filter(pk__in=changed).update(updated_on=on)
    if new:
        Protocol.objects.filter(pk__in=new).update(published_on=on)


def _set_days(protocol: Protocol, changes: Sequence[Change]) -> None:
    """Let the object have the days that its change set in the database."""
    for snapshot in [change.snapshot for change in changes if change.snapshot]:
        for name in ("published_on", "updated_on"):
            day = snapshot["fields"][name]
            setattr(protocol, name, day and datetime.date.fromisoformat(day))


def save(thing: models.Model) -> None:
    """Check and save one thing; an organisation's names and addresses are kept in step.

    Raises ValidationError, with its sentences by field, and then nothing is saved.
    """
    # One row is saved or not; of these several are.
    several = isinstance(thing, Organisation | Name | Document | Resource)
    with update_search_and_version(savepoint=several) as touched:
        if isinstance(thing, Party | Name) and thing.pk:
            # It may have belonged to another before.
            for stored in type(thing).objects.filter(pk=thing.pk):
                touched.add(stored)
        if isinstance(thing, Organisation):
            _save_organisation(thing)
        elif isinstance(thing, Document | Resource):
            save_paper(thing)
        else:
            thing.full_clean()
            thing.save()
        if isinstance(thing, Name):
            _keep_address(thing.organisation, slugify(thing.text))
        touched.add(thing)


def remove(thing: models.Model) -> None:
    """Delete one thing, with its files. Raises ValidationError for what must stay.

    A document that was public stays too: it is taken off, and can be put back.
    """
    if isinstance(thing, Protocol) and thing.status != Protocol.Status.DRAFT:
        raise ValidationError("A published protocol stays for ever. Withdraw it instead.")
    if isinstance(thing, Name) and thing.kind == Name.Kind.OFFICIAL:
        raise ValidationError(OFFICIAL_IS_ITS_OWN)
    try:
        with update_search_and_version(savepoint=True) as touched:
            touched.add(thing)
            if isinstance(thing, Protocol):
                UsedReference.objects.get_or_create(reference=thing.pk)
            delete(thing)
    except models.ProtectedError as refusal:
        raise ValidationError(f"{thing} is in use, so it cannot be deleted.") from refusal


def _save_organisation(organisation: Organisation) -> None:
    """Save it; a new name gives it a new address, and the old name and address stay."""
    official = Name.objects.filter(organisation=organisation.pk, kind=Name.Kind.OFFICIAL).first()
    renamed = official is not None and key_of(official.text) != key_of(organisation.name)
    stored = Organisation.objects.filter(pk=organisation.pk).values_list("slug", flat=True).first()
    if not organisation.slug or (renamed and organisation.slug == stored):
        organisation.slug = free_slug(organisation)
    holder = Organisation.objects.named(organisation.name).exclude(pk=organisation.pk).first()
    if holder:
        raise ValidationError({"name": f"{holder} has the name '{organisation.name}' already."})
    taken = Slug.objects.filter(text=organisation.slug).exclude(organisation=organisation.pk)
    if taken.exists():
        raise ValidationError(
            {"slug": "This address already leads to another organisation. Enter a different one."}
        )
    organisation.full_clean()
    organisation.save()
    _keep_official_name(organisation, official)
    _keep_address(organisation, organisation.slug)


def _keep_official_name(organisation: Organisation, official: Name | None) -> None:
    """Let the organisation's own name be the official one among its names."""
    if official and key_of(official.text) != key_of(organisation.name):
        official.kind = Name.Kind.FORMER
        official.save()
        official = None
    name = (
        official
        or organisation.names.filter(key=key_of(organisation.name)).first()
        or Name(organisation=organisation)
    )
    if (name.text, name.kind) != (organisation.name, Name.Kind.OFFICIAL):
        name.text, name.kind = organisation.name, Name.Kind.OFFICIAL
        save(name)


def _keep_address(organisation: Organisation, slug: str) -> None:
    """Let `slug` lead to the organisation, unless it leads to another since before."""
    if slug:
        Slug.objects.get_or_create(text=slug, defaults={"organisation": organisation})


def free_slug(organisation: Organisation) -> str:
    """Return an address made from the name, with a number behind it where that is taken."""
    wanted = wanted_slug(organisation.name)
    others = Slug.objects.exclude(organisation=organisation.pk)
    taken = set(others.filter(text__startswith=wanted).values_list("text", flat=True))
    return next(slug for slug in slug_candidates(wanted) if slug not in taken)


def wanted_slug(name: str) -> str:
    """Return the address that an organisation with this name has if it is free."""
    return slugify(name)[:240] or "organisation"


def slug_candidates(wanted: str) -> Iterator[str]:
    """Give the addresses that are tried one after the other, without end."""
    yield wanted
    yield from (f"{wanted}-{number}" for number in itertools.count(2))
