"""How a change becomes official: dated, recorded with a snapshot, and described.

All of it happens in one transaction, or nothing of it. Nothing else in the
register saves: a view opens `record_change` for the protocol, organisation or
page concerned, and calls `save` and `remove` within.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from django.contrib.auth.models import User
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.utils import timezone

from registers.changes.bulk_writes import column_defaults, insert_values
from registers.changes.correction import refuse_more_than_typing
from registers.changes.locking import batches
from registers.changes.papers import made_at
from registers.changes.public_text import refuse_email_in_reason
from registers.changes.transaction import Touched, update_search_and_version
from registers.history.diff import differences, words_of
from registers.history.parts import is_lead
from registers.history.snapshot import Snapshot, blank_snapshot, is_public, snapshots_of
from registers.models import Change, Gap, Organisation, Party, Protocol, subject_columns
from registers.models.completeness import lacking_to_publish

ADDED = "Added to this register."
TAKEN_OUT = "Taken out of this register."
IN_THE_FUTURE = "This date must be today or in the past."


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
    stays_complete: bool = False,
    is_correction: bool = False,
) -> Iterator[Recorded]:
    """Record all that is saved within as one change of `subject`, or save nothing.

    `at` is the aware time of the change; its day is Europe/London's.
    `why` is shown to the public, and so is `event`, a line for what no difference of
    the subject says: that it was merged. `official` is False where another change
    tells the public. `published_before` says that a protocol which is new here was
    published elsewhere, so that its days stay as they are given. `stays_complete` refuses
    that a published protocol loses what it needs to be published. `is_correction` says that
    only typing errors are put right, and refuses what is more.

    What alters nothing that the public reads, such as a draft, is recorded without
    becoming official. Raises ValidationError, from `save` and `remove`, and then
    nothing is kept.
    """
    refuse_email_in_reason(why)
    model, key, recorded = type(subject), subject.pk, Recorded()
    how = _Details(
        at=at,
        by=by,
        why=why,
        event=event,
        official=official,
        published_before=published_before,
        stays_complete=stays_complete,
        is_correction=is_correction,
    )
    with made_at(at), update_search_and_version(savepoint=True) as touched:
        # Locked, so that nobody else's save in the meantime is taken for a part of this one.
        before = snapshots_of(model, [key], lock=True)
        yield recorded
        key = key if subject.pk is None else subject.pk
        after = snapshots_of(model, [key])
        recorded.changes = _write_changes(
            model, [key], before, after, how, touched=touched, about=str(subject)
        )
        if isinstance(subject, Protocol):
            _set_days(subject, recorded.changes)
        if touched.states is not None:
            # A dry run has no end at which they are looked for.
            touched.refuse_rings()


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
    or not; no public protocol may be deleted within. They are yielded as a list, in the order
    of the changes; the caller appends the keys of rows that get one only when they are
    stored. It takes few queries, however many rows there are. All else is as with
    `record_change`.
    """
    refuse_email_in_reason(why)
    how = _Details(at=at, by=by, why=why, published_before=published_before)
    with update_search_and_version() as touched:
        before: dict[Any, Snapshot] = {}
        for some in batches(keys):
            before |= snapshots_of(model, some)
        every = list(keys)
        yield every
        (touched.protocols if model is Protocol else touched.organisations).update(every)
        for some in batches(every):
            after = snapshots_of(model, some)
            if model is Organisation and any((key in before) != (key in after) for key in some):
                touched.links = True
            _write_changes(model, some, before, after, how, touched=touched, store=_insert_changes)


@dataclass(frozen=True, kw_only=True)
class _Details:
    """What is the same for all changes that are recorded at once."""

    at: datetime.datetime
    by: User | None
    why: str
    event: str = ""
    official: bool = True
    published_before: bool = False
    stays_complete: bool = False
    is_correction: bool = False


def _write_changes(
    model: type[models.Model],
    keys: Sequence[Any],
    before: Mapping[Any, Snapshot],
    after: Mapping[Any, Snapshot],
    how: _Details,
    *,
    touched: Touched,
    about: str = "",
    store: Callable[[list[Change]], object] = Change.objects.bulk_create,
) -> list[Change]:
    """Write and return a change for each row that differs, and the days of protocols.

    What the changes alter in other things is added to `touched`. `store` writes them.
    `about` names a subject that no change points at: the words must say what it is.
    """
    changes = [
        change
        for key in keys
        if (change := _change(model, key, (before.get(key), after.get(key)), how, about))
    ]
    for key in keys:
        states = (before.get(key), after.get(key))
        if states[0] != states[1]:
            touched.altered.add(model, key, states, at=how.at)
            touched.add_states((model, key), *states)
            if model is Protocol and how.stays_complete:
                _refuse_lacking(key, *states)
            if how.is_correction:
                refuse_more_than_typing(model, *states)
    if model is Protocol:
        official = [change for change in changes if change.public]
        _date_protocols(official, how)
        if not how.published_before:
            _name_parties([each for each in official if each.kind == Change.Kind.ADDED])
    first = _backfill(model, {each.subject_key for each in changes}, before, at=how.at)
    store(
        [
            each
            for change in changes
            for each in (first.get(change.subject_key), change)
            if each is not None
        ]
    )
    return changes


def _insert_changes(changes: Sequence[Change]) -> None:
    """Write changes of which nobody needs the keys, in a third of the time."""
    columns = [*column_defaults(Change)]
    insert_values(Change, columns, [[getattr(c, name) for name in columns] for c in changes])


def _refuse_lacking(key: str, before: Snapshot | None, after: Snapshot | None) -> None:
    """Raise ValidationError where a published protocol loses what it needs to be published.

    What it lacked already when it was published elsewhere, it may lack still.
    """
    if not (before and after and is_public(before) and is_public(after)):
        return
    lost = [what for what in _lacking(after) if what not in _lacking(before)]
    if lost:
        sentence = f"{key} is published, so it cannot be without a {' or a '.join(lost)}."
        raise ValidationError({"purpose" if lost == ["purpose"] else NON_FIELD_ERRORS: sentence})


def _lacking(snapshot: Snapshot) -> list[str]:
    fields, parties = snapshot["fields"], snapshot["parts"]["parties"]
    return lacking_to_publish(
        theme=fields["theme"], purpose=fields["purpose"], lead=any(map(is_lead, parties))
    )


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
            **subject_columns(model, key),
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
    if how.is_correction and public and kind == Change.Kind.CHANGED:
        kind = Change.Kind.CORRECTED
    if public and kind == Change.Kind.ADDED:
        what = event = event or ADDED
    elif public and kind == Change.Kind.REMOVED:
        what = event = TAKEN_OUT
    else:
        found = differences(model, was, now) if public and was and now else []
        public = public and bool(found or event)
        what = "\n".join(filter(None, [event, words_of(found)]))
    # Something said of a draft is kept too, with no difference: that words were taken out.
    matters = public or (how.event and how.official)
    if not matters and was and now and not differences(model, was, now, private=True):
        return None
    change = Change(
        made_at=how.at,
        **subject_columns(model, key),
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
        about = about or str((now or was or {})["fields"]["name"])
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
        elif not (fields["published_on"] or fields["withdrawn_on"] or how.published_before):
            fields["published_on"] = on.isoformat()
            new.append(change.subject_key)
    if changed:
        Protocol.objects.filter(pk__in=changed).update(updated_on=on)
    if new:
        Protocol.objects.filter(pk__in=new).update(published_on=on)


def _name_parties(changes: Sequence[Change]) -> None:
    """Record the official names that protocols are published with, there and in the snapshots."""
    unnamed = set()
    for change in changes:
        for party in cast(Snapshot, change.snapshot)["parts"]["parties"]:
            if not party["name_as_published"]:
                party["name_as_published"] = party["organisation"]["says"]
                unnamed.add(change.subject_key)
    if unnamed:
        official = Organisation.objects.filter(pk=models.OuterRef("organisation")).values("name")
        parties = Party.objects.filter(protocol__in=unnamed, name_as_published="")
        parties.update(name_as_published=models.Subquery(official))


def _set_days(protocol: Protocol, changes: Sequence[Change]) -> None:
    """Let the object have the days that its change set in the database."""
    for snapshot in [change.snapshot for change in changes if change.snapshot]:
        for name in ("published_on", "updated_on"):
            day = snapshot["fields"][name]
            setattr(protocol, name, day and datetime.date.fromisoformat(day))
