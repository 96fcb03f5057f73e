"""How a change becomes official: checked, saved, dated, recorded, summarised and made findable.

All of it happens in one transaction, or nothing of it. Nothing else in the
register saves: a view opens `record_change` for the protocol, organisation or
page concerned, and calls `save` and `remove` within.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.text import slugify

from registers.changes.bulk_writes import write_history
from registers.changes.papers import delete, made_at, no_orphans, save_paper
from registers.history.backfill import SUBJECTS, backfill_snapshots
from registers.history.snapshot import snapshot_of
from registers.history.summary import describe_difference, summary
from registers.models import Change, Document, Name, Organisation, Party, Protocol, Resource, Slug
from registers.models.keys import key_of
from registers.models.organisation import OFFICIAL_IS_ITS_OWN
from registers.search.search_writer import update_search

IN_THE_FUTURE = "This date must be today or in the past."


def refuse_future_dates(protocol: Protocol, on: datetime.date) -> None:
    """Raise ValidationError if the day of publishing or withdrawing is after `on`."""
    for name in ("published_on", "withdrawn_on"):
        day = getattr(protocol, name)
        if day and day > on:
            raise ValidationError({name: IN_THE_FUTURE})


def set_date(protocol: Protocol, *, new: bool, on: datetime.date, since: int) -> None:
    """Set the day on which a public protocol was published (`new`) or updated.

    The day is written into the history row that the change has made since the one
    numbered `since`; where only parties were saved, the protocol gets a history row.
    """
    if not new:
        protocol.updated_on = on
    elif protocol.published_on is None:
        protocol.published_on = on
    last = last_history_id(protocol)
    if last == since:
        protocol.save(update_fields=["published_on", "updated_on"])
        return
    days = {"published_on": protocol.published_on, "updated_on": protocol.updated_on}
    Protocol.objects.filter(pk=protocol.pk).update(**days)
    Protocol.history.filter(history_id=last).update(**days)


def set_dates(
    new: Collection[str],
    changed: Collection[str],
    *,
    on: datetime.date,
    since: int,
    by: User | None,
) -> None:
    """Do for many protocols, by reference, what `set_date` does for one.

    `since` is the number of the newest history row of all before the changes.
    History rows that must be made name the user `by`.
    """
    updated, published = {"updated_on": on}, {"published_on": on}
    Protocol.objects.filter(pk__in=changed).update(**updated)
    Protocol.objects.filter(pk__in=new, published_on=None).update(**published)
    entries = Protocol.history.filter(history_id__gt=since)
    # The newest last, so that it is the one that stays.
    last = dict(
        entries.filter(reference__in=[*new, *changed])
        .order_by("history_id")
        .values_list("reference", "history_id")
    )
    of_changed = [last[reference] for reference in changed if reference in last]
    entries.filter(history_id__in=of_changed).update(**updated)
    of_new = [last[reference] for reference in new if reference in last]
    entries.filter(history_id__in=of_new, published_on=None).update(**published)
    without = Protocol.objects.filter(pk__in=set(changed) - last.keys())
    write_history(list(without), "~", by=by)


def newest_history_id() -> int:
    """Return the number of the newest row in the history of all protocols; 0 for none."""
    return int(Protocol.history.aggregate(last=models.Max("history_id"))["last"] or 0)


def last_history_id(protocol: Protocol) -> int:
    """Return the number of the newest row in its history; 0 where there is none."""
    entries = Protocol.history.filter(reference=protocol.pk)
    return int(entries.aggregate(last=models.Max("history_id"))["last"] or 0)


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
def update_search_and_version() -> Iterator[Touched]:
    """Collect what is saved within; at the end of the outermost block, update the search index.

    That also moves the register's version.
    """
    outer = _touched.get()
    if outer is not None:
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


@contextmanager
def record_change(
    subject: models.Model,
    *,
    at: datetime.datetime,
    by: User | None = None,
    why: str = "",
    published_before: bool = False,
) -> Iterator[None]:
    """Record all that is saved within as one official change of `subject`, or save nothing.

    `at` is the aware time of the change; its day is Europe/London's.
    `why` is shown to the public. `published_before` says that a protocol which
    is new here was published elsewhere, so that its days stay as they are given.
    A draft is saved without becoming official. Raises ValidationError, from
    `save` and `remove`, and then nothing is kept.
    """
    with made_at(at), update_search_and_version(), transaction.atomic():
        before = summary(subject)
        last = last_history_id(subject) if isinstance(subject, Protocol) else 0
        if (kind := type(subject)) in SUBJECTS and subject.pk:
            backfill_snapshots(kind, [subject.pk])
        yield
        after = summary(subject)
        if after == before:
            return
        if isinstance(subject, Protocol):
            on = timezone.localdate(at)
            refuse_future_dates(subject, on)
            if not published_before:
                set_date(subject, new=before is None, on=on, since=last)
        protocol = subject if isinstance(subject, Protocol) else None
        organisation = subject if isinstance(subject, Organisation) and after else None
        what = describe_difference(before, after)
        if not protocol and not organisation:
            # Nothing that the change points at says what it is about: its words must.
            what = f"{str(subject._meta.verbose_name).capitalize()} '{subject}': {what}"
        Change.objects.create(
            made_at=at,
            protocol=protocol,
            organisation=organisation,
            what=what,
            why=why,
            by=by,
            record=snapshot_of(subject),
        )


def save(thing: models.Model) -> None:
    """Check and save one thing; an organisation's names and addresses are kept in step.

    Raises ValidationError, with its sentences by field, and then nothing is saved.
    """
    with update_search_and_version() as touched, transaction.atomic():
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
        with update_search_and_version() as touched, transaction.atomic():
            touched.add(thing)
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
