"""What a merge, its undoing or a split would do, in words for an officer, and who may do it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import capfirst

from registers.changes.journal import Step
from registers.changes.merge import MergePlan
from registers.models import Name, Organisation, Party, Protocol

MAY = "registers.merge_organisation"
CHANGED_SINCE = (
    "Nothing is done yet: since you looked, the register has changed. This is what would happen"
    " now."
)


def refuse_who_may_not(request: HttpRequest) -> None:
    """Raise PermissionDenied for a person who may not merge and split."""
    if not request.user.has_perm(MAY):
        raise PermissionDenied


def page(
    request: HttpRequest, template: str, organisation: Organisation | None = None, **more: Any
) -> HttpResponse:
    """Show one of the pages about organisations."""
    context = admin.site.each_context(request) | {
        "opts": Organisation._meta,
        "organisation": organisation,
        **more,
    }
    return render(request, f"admin/registers/organisation/{template}.html", context)


SHOWN = 200
ROLES = dict(Party.Role.choices)
KINDS = dict(Name.Kind.choices)


@dataclass(frozen=True, kw_only=True)
class Section:
    """One kind of what would happen: the first lines, and how many there are."""

    heading: str
    lines: list[str]
    count: int

    @property
    def more(self) -> int:
        """How many lines are not shown."""
        return self.count - len(self.lines)


def sections(steps: Sequence[Step], *, plan: MergePlan | None = None) -> list[Section]:
    """Return what the steps would do, by what they are about.

    With the plan of a merge it is also said what becomes of each; else it is
    said what moves, and that is all there is to say.
    """
    said = []
    for table, heading, lines in TOLD:
        of_it = [step for step in steps if step.table == table]
        told = list(lines(of_it, plan)) if of_it else []
        if told:
            said.append(Section(heading=heading, lines=told[:SHOWN], count=len(told)))
    if others := Counter(step.table for step in steps if step.table in COUNTED):
        counted = [COUNTED[table].format(number) for table, number in others.items()]
        said.append(Section(heading="Also", lines=counted, count=len(counted)))
    return said


def _parties(steps: list[Step], plan: MergePlan | None) -> Iterator[str]:
    """Say of each protocol what becomes of the part in it."""
    references = {(step.before or step.after or {})["protocol_id"] for step in steps}
    titles = {each.pk: str(each) for each in _protocols(references)}
    for step in steps:
        values = step.after or {}
        about = titles[(step.before or values)["protocol_id"]]
        if plan and step.kind == "removed":
            role = ROLES[(step.before or {})["role"]].lower()
            yield f"{about}: both stand in it as {role}. One row stays."
        elif plan and "organisation_id" not in values:
            said = "; ".join(f"{_label(name)} ‘{values[name]}’" for name in JOINED & values.keys())
            yield f"{about}: the row that stays says {said}."
        elif plan:
            yield f"{about}: published as ‘{values['name_as_published']}’"
        else:
            yield about


JOINED = {"name_as_published": "", "note": "", "signed_on": ""}.keys()


def _label(name: str) -> str:
    return str(Party._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def _protocols(references: Iterable[str]) -> Iterator[Protocol]:
    keys = sorted(references)
    for start in range(0, len(keys), 500):
        yield from Protocol.objects.filter(pk__in=keys[start : start + 500])


def _names(steps: list[Step], plan: MergePlan | None) -> Iterator[str]:
    for step in steps:
        values = step.after or {}
        yield f"{values['text']} ({KINDS[values['kind']].lower()})"


def _slugs(steps: list[Step], plan: MergePlan | None) -> Iterator[str]:
    for step in steps:
        address = reverse("organisation", args=[(step.after or {})["text"]])
        yield f"{address} leads to {plan.stays.get_absolute_url()}" if plan else address


def _approvers(steps: list[Step], plan: MergePlan | None) -> Iterator[str]:
    for step in steps:
        title = (step.before or step.after or {})["job_title"]
        yield f"{title}: stands there already" if step.after is None else title


def _contacts(steps: list[Step], plan: MergePlan | None) -> Iterator[str]:
    for step in steps:
        email = (step.before or step.after or {})["email"]
        if plan and step.after is None:
            yield f"{email} is dropped: {plan.stays} keeps its own contact"
        else:
            yield email


def _successions(steps: list[Step], plan: MergePlan | None) -> Iterator[str]:
    ends: set[int] = set()
    for step in steps:
        for values in filter(None, (step.before, step.after)):
            ends |= {values[name] for name in ("organisation_id", "successor_id") if name in values}
    names = dict(Organisation.objects.filter(pk__in=ends).values_list("pk", "name"))
    for step in steps:
        values = step.after or step.before or {}
        if "successor_id" in values:
            one, other = (names.get(values[end]) for end in ("organisation_id", "successor_id"))
            known = f"{one or 'It'} became part of {other or 'it'}"
            yield f"{known}: said no more, or said already" if step.after is None else known


def _notes(steps: list[Step], plan: MergePlan | None) -> Iterator[str]:
    for step in steps:
        if step.kind == "altered":
            for name, text in (step.after or {}).items():
                label = Organisation._meta.get_field(name).verbose_name  # type: ignore[union-attr]
                yield f"{capfirst(str(label))}: {text or 'empty'}"


Lines = Callable[[list[Step], MergePlan | None], Iterator[str]]
TOLD: tuple[tuple[str, str, Lines], ...] = (
    ("party", "Parts in protocols", _parties),
    ("name", "Names", _names),
    ("slug", "Addresses", _slugs),
    ("approver", "Approvers", _approvers),
    ("contact", "Contact for reminders", _contacts),
    ("succession", "What became of it, and what it came from", _successions),
    ("organisation", "Notes", _notes),
)
COUNTED = {
    "reminder": "Reminders that were sent: {}. The links in them keep working",
    "change": "Earlier changes: {}",
    "apart": "Organisations that it is known not to be: {}",
}
