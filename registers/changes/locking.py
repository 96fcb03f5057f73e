"""Row locks, fingerprints of what is stored, edit tokens, and digests of what a preview showed.

A form carries an edit token with a fingerprint of what it was made from. When it is
posted, the stored rows are locked and compared with it, so that the second of two
editors learns of the first.

A preview carries a digest of what would happen. Confirming it does exactly
that, or nothing.
"""

from __future__ import annotations

import datetime
import errno
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.contrib.auth.models import User
from django.core import signing
from django.core.serializers.json import DjangoJSONEncoder
from django.db import DatabaseError, models

from registers.history.snapshot import Snapshot
from registers.models import Change, Organisation, Party, Protocol, RegisterVersion

Row = TypeVar("Row", bound=models.Model)
Key = TypeVar("Key")
BATCH = 500
# PostgreSQL's codes for: another has locked the row, a deadlock was broken, one was too late.
LOCKED = {"55P03", "40P01", "40001"}
DISK_FULL = "53100"  # PostgreSQL's code
NO_ROOM = (
    "There is no room left on the register’s disk. Nothing was changed: ask those who run the"
    " register to make room, and try again."
)
# A kind of thing that belongs to another, and its field that says to which.
Part = tuple[type[models.Model], str]


@dataclass(frozen=True, kw_only=True)
class LastSave:
    """When something was last saved, and by whom: None where a command saved it."""

    at: datetime.datetime
    by: User | None


def lock_rows(rows: models.QuerySet[Row], *, strong: bool = False, wait: bool = True) -> list[Row]:
    """Lock rows until the transaction ends, and return them as they are now.

    They are locked in the order of their keys, so that no two transactions wait for each
    other. `strong` also keeps others from adding rows that point at these: for what is
    deleted, or whose parts are moved. Without `wait`, raises OperationalError where
    somebody else holds one of them. SQLite runs one writing transaction after the
    other, so it needs no row locks.
    """
    return list(
        rows.select_for_update(no_key=not strong, nowait=not wait, of=("self",)).order_by("pk")
    )


def is_locked(refusal: DatabaseError) -> bool:
    """Return whether the database refused because somebody else writes at this moment."""
    code = getattr(refusal.__cause__, "sqlstate", None)
    return code in LOCKED or "is locked" in str(refusal)


def is_full(problem: Exception) -> bool:
    """Return whether there is no room left on the disk: that of the database, or this one."""
    code = getattr(problem.__cause__, "sqlstate", None)
    is_disk = isinstance(problem, OSError) and problem.errno in {errno.ENOSPC, errno.EDQUOT}
    return is_disk or code == DISK_FULL or "disk is full" in str(problem)


def lock_one(row: Row) -> Row | None:
    """Lock the stored `row` until the transaction ends; return it as it is now, None if gone."""
    rows = type(row)._default_manager.filter(pk=row.pk)
    return next(iter(lock_rows(rows)), None)


def lock_organisations(keys: Iterable[int]) -> dict[int, Organisation]:
    """Lock organisations and their protocols, and return the organisations as they are now.

    Those that are gone are left out. The protocols are locked first, as when one
    is edited.
    """
    keys, known = list(keys), set[str]()
    locked: dict[int, Organisation] | None = None
    while True:
        their = Party.objects.filter(organisation__in=keys).order_by()
        # A part may have been written before the organisations were locked.
        new = set(their.values_list("protocol", flat=True)) - known
        if locked is not None and not new:
            return locked
        for some in batches(sorted(new)):
            lock_rows(Protocol.objects.filter(pk__in=some).only("pk"))
        organisations = Organisation.objects.filter(pk__in=keys)
        locked = {each.pk: each for each in lock_rows(organisations, strong=True)}
        known |= new


def lock_register(references: Iterable[str], organisations: Iterable[int]) -> RegisterVersion:
    """Let nobody else save these, nor anything official, until the transaction ends.

    Protocols come first with their parties, then organisations, then the version,
    which is returned: so does everybody who saves. Nothing is waited for: raises
    OperationalError where somebody else holds one of them.
    """
    wanted = sorted(references)
    for model, field, keys in (
        (Protocol, "pk", wanted),
        (Party, "protocol", wanted),
        (Organisation, "pk", sorted(organisations)),
    ):
        for some in batches(keys):
            rows = model._default_manager.filter(**{f"{field}__in": some}).only("pk")
            lock_rows(rows, wait=False)
    lock_rows(RegisterVersion.objects.filter(pk=RegisterVersion.ONLY), strong=True, wait=False)
    return RegisterVersion.now()


def batches(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    """Yield the keys in batches of a size that one query can name."""
    return (keys[start : start + BATCH] for start in range(0, len(keys), BATCH))


def fingerprint(thing: models.Model, parts: list[Part], *, lock: bool = False) -> str:
    """Return a short text that differs as soon as anything stored of `thing` or `parts` differs.

    That is each field of each row, public or not. With `lock`, the rows are locked
    until the transaction ends.
    """
    rows = list(_rows(thing, parts))
    if lock:
        rows = [each.select_for_update(no_key=True) for each in rows]
    stored = [list(each.values()) for each in rows]
    return hashlib.sha256(json.dumps(stored, cls=DjangoJSONEncoder).encode()).hexdigest()


def last_saved(subject: models.Model) -> LastSave | None:
    """Return when `subject`, or a part of it, was last saved; None where nothing is recorded."""
    saves = Change.objects.about(type(subject), subject.pk).exclude(kind=Change.Kind.BASELINE)
    newest = saves.select_related("by").defer("snapshot").first()
    return LastSave(at=newest.made_at, by=newest.by) if newest else None


def _rows(thing: models.Model, parts: list[Part]) -> Iterator[models.QuerySet[Any]]:
    for model, owner in [(type(thing), _key(thing)), *parts]:
        # Always in the same order, so that no two transactions wait for each other.
        yield model._base_manager.filter(**{owner: thing.pk}).order_by("pk")


def _key(thing: models.Model) -> str:
    return thing._meta.pk.name


# The name of a form's hidden field for its token, and the salt of the signature.
EDIT_TOKEN = "edit_token"  # noqa: S105 (a name)


@dataclass(frozen=True, kw_only=True)
class EditToken:
    """What was stored when a form was shown: a fingerprint of all of it, and the form's values.

    On the conflict page, `base` holds the values of the form that was shown first.
    """

    fingerprint: str
    values: Snapshot
    base: Snapshot | None = None

    def signed(self, thing: models.Model) -> str:
        """Return the token of `thing` as signed text."""
        data = [thing._meta.label_lower, str(thing.pk), self.fingerprint, self.values, self.base]
        return signing.dumps(data, salt=EDIT_TOKEN, compress=True)

    @classmethod
    def read(cls, text: str, thing: models.Model) -> EditToken | None:
        """Return the token in `text`; None unless it was signed for `thing`."""
        try:
            *of, fingerprint, values, base = signing.loads(text, salt=EDIT_TOKEN)
        except signing.BadSignature:
            return None
        if of != [thing._meta.label_lower, str(thing.pk)]:
            return None
        return cls(fingerprint=fingerprint, values=values, base=base)


PLAN_CHANGED = "The register changed after you opened this page. Check again what would happen."


def plan_digest(plan: Any) -> str:
    """Return the SHA-256 of a plan, given as JSON values: a confirmation must match it."""
    return hashlib.sha256(json.dumps(plan, sort_keys=True).encode()).hexdigest()
