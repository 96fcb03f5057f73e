"""Two organisations that are one become one: shown beforehand, in one transaction, to be undone."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from registers.changes.many import official_changes
from registers.changes.merge_steps import Moving
from registers.changes.official import official_change, published_at_its_end
from registers.changes.promises import OTHERWISE, promise_of
from registers.changes.steps import Step, do
from registers.models import Change, Merge, Name, Organisation, Party, Protocol

ITSELF = "An organisation cannot be merged into itself."
NOT_HERE = "One of the two is not in this register any more. It may have been merged meanwhile."
# What the official name of the one that goes can become.
KINDS_OF_NAME = [one for one in Name.Kind if one != Name.Kind.OFFICIAL]


@dataclass(frozen=True, kw_only=True)
class MergePlan:
    """What a merge would do, row by row, and sentences that warn of what is not obvious."""

    stays: Organisation
    goes: Organisation
    kind_of_name: str
    steps: list[Step]
    warnings: list[str]

    @property
    def promise(self) -> str:
        """A short text that differs as soon as anything of what would happen differs."""
        return promise_of_steps([self.stays.pk, self.goes.pk], self.steps)


def plan_merge(
    stays: Organisation, goes: Organisation, *, kind_of_name: str = Name.Kind.ALIAS
) -> MergePlan:
    """Say what merging `goes` into `stays` would do. Nothing is kept.

    `kind_of_name` is what the official name of `goes` becomes among the names
    of `stays`. Raises ValidationError, by field, where it cannot be done.
    """
    if stays.pk == goes.pk:
        raise ValidationError({"other": ITSELF})
    if kind_of_name not in KINDS_OF_NAME:
        raise ValidationError({"kind_of_name": "Choose what its name becomes."})
    warnings = []
    if stays.kind != goes.kind:
        warnings.append(
            f"{goes} is {_kind(goes)}, and {stays} is {_kind(stays)}. Are they the same?"
        )
    moving = Moving(stays=stays, goes=goes, kind_of_name=kind_of_name)
    steps = list(moving.steps())
    return MergePlan(
        stays=stays,
        goes=goes,
        kind_of_name=kind_of_name,
        steps=steps,
        warnings=[*warnings, *moving.notes],
    )


def merge(
    stays: Organisation,
    goes: Organisation,
    *,
    kind_of_name: str = Name.Kind.ALIAS,
    at: datetime.datetime,
    by: User | None = None,
    why: str = "",
    promised: str | None = None,
) -> Merge:
    """Merge `goes` into `stays`, and return what is kept of it.

    All that belongs to `goes` moves: parties, names, addresses, approvers,
    contact, successions, reminders, changes. Then its row is gone. Each public
    protocol whose parties change gets an official change, and so does `stays`.
    Raises ValidationError where it cannot be done, or where something else
    would happen than what the `promised` plan said; then nothing is kept.
    """
    if stays.pk == goes.pk:
        raise ValidationError({"other": ITSELF})
    with published_at_its_end() as touched:
        held = hold([stays.pk, goes.pk])
        if len(held) < 2:  # noqa: PLR2004 (the two)
            raise ValidationError(NOT_HERE)
        stays, goes = held[stays.pk], held[goes.pk]
        plan = plan_merge(stays, goes, kind_of_name=kind_of_name)
        if promised not in {None, plan.promise}:
            raise ValidationError(OTHERWISE)
        name, key = goes.name, goes.pk
        touched.organisations.update([stays.pk, key])
        reason = because(f"{name} was merged with {stays.name}: they are one organisation.", why)
        with (
            official_change(stays, at=at, by=by, why=why),
            official_changes(Protocol, protocols_of(plan.steps), at=at, by=by, why=reason),
        ):
            do(plan.steps, by=by)
        change = say_first(stays, f"Merged with {name}: they are one organisation.")
        return Merge.objects.create(
            stays_key=stays.pk,
            gone_key=key,
            gone_name=name,
            moved={"steps": [step.plain() for step in plan.steps]},
            change=change,
        )


def hold(keys: Iterable[int]) -> dict[int, Organisation]:
    """Return organisations as they are now, held to the transaction's end with their protocols.

    Those that are gone are left out. The protocols come first, as they do
    when one is edited, and all are held in the order of their keys, so that
    no two officers wait for each other.
    """
    keys, known = list(keys), set[str]()
    held: dict[int, Organisation] | None = None
    while True:
        their = Party.objects.filter(organisation__in=keys).order_by()
        # A part may have been written before the organisations were held.
        new = set(their.values_list("protocol", flat=True)) - known
        if held is not None and not new:
            return held
        for batch in _batches(sorted(new)):
            protocols = Protocol.objects.select_for_update(no_key=True).order_by("pk")
            list(protocols.filter(pk__in=batch).values_list("pk"))
        organisations = Organisation.objects.select_for_update().order_by("pk")
        held = {each.pk: each for each in organisations.filter(pk__in=keys)}
        known |= new


def protocols_of(steps: Iterable[Step]) -> list[str]:
    """Return the references of the protocols whose parties the steps touch, in order."""
    rows = (step.after or step.before or {} for step in steps if step.table == "party")
    return sorted({row["protocol_id"] for row in rows})


def say_first(organisation: Organisation, sentence: str, *, alone: bool = False) -> Change:
    """Put a sentence before the words of the newest change, or in their place; return that."""
    change = Change.objects.filter(organisation=organisation.pk).latest("pk")
    change.what = sentence if alone else f"{sentence}\n{change.what}"
    change.save(update_fields=["what"])
    return change


def because(reason: str, why: str) -> str:
    """Return a reason with what an officer wrote behind it."""
    return f"{reason} {why}".strip()


def promise_of_steps(
    about: Sequence[object], steps: Iterable[Step], more: Iterable[str] = ()
) -> str:
    """Return the promise of steps that would be done, and of what else is said of them."""
    return promise_of([*about, [step.plain() for step in steps], *more])


def _batches(keys: list[str], length: int = 500) -> Iterable[list[str]]:
    return (keys[start : start + length] for start in range(0, len(keys), length))


def _kind(organisation: Organisation) -> str:
    return organisation.get_kind_display().lower()
