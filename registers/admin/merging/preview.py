"""What a merge, an undo and a split share: permission, form, preview in words, confirmation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminForm
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst

from registers.admin.asking import ModelForm, PlainForm
from registers.changes.journal import Step
from registers.changes.locking import batches
from registers.changes.merge import MergePlan
from registers.models import Name, Organisation, Party, Protocol

Result = TypeVar("Result")
MERGE_PERMISSION = "registers.merge_organisation"
CHANGED_SINCE = (
    "Nothing has been done, because the register changed while you were looking. This is what would"
    " happen now."
)


def require_merge_permission(request: HttpRequest) -> None:
    """Raise PermissionDenied if the user may not merge and split."""
    if not request.user.has_perm(MERGE_PERMISSION):
        raise PermissionDenied


def render_page(
    request: HttpRequest, template: str, organisation: Organisation | None = None, **more: Any
) -> HttpResponse:
    """Render one of the templates in organisation/ with what all of them need."""
    context = admin.site.each_context(request) | {
        "opts": Organisation._meta,
        "organisation": organisation,
        **more,
    }
    return render(request, f"admin/registers/organisation/{template}.html", context)


class PlanForm(PlainForm):
    """The form of a merge or a split."""

    def as_admin_form(self, fieldsets: Any = None) -> AdminForm:
        """Return the form for the templates of Django's admin: all fields without `fieldsets`."""
        fieldsets = fieldsets or [(None, {"fields": tuple(self.fields)})]
        return AdminForm(cast(ModelForm, self), fieldsets, {})


REASON_HELP = "Public, and optional. The changes page of each protocol affected shows it."


def do_as_previewed(
    request: HttpRequest, change: Callable[..., Result], *about: Any, **values: Any
) -> Result | None:
    """Make the change and return its result; None if it cannot be done, or not as previewed."""
    try:
        return change(
            *about,
            **values,
            at=timezone.now(),
            by=cast(User, request.user),
            expected_digest=request.POST.get("digest", ""),
        )
    except ValidationError:
        return None


def redirect_with_success(
    request: HttpRequest, organisation: Organisation, message: str, *names: str
) -> HttpResponse:
    """Redirect to an organisation, with a message whose `{link}` leads to its public page."""
    address = organisation.get_absolute_url()
    link = format_html('<a href="{}">See its public page</a>', address)
    messages.success(request, format_html(message, *names, link=link))
    return redirect("admin:registers_organisation_change", organisation.pk)


MAX_LINES = 200
ROLE_LABELS = dict(Party.Role.choices)
NAME_KIND_LABELS = dict(Name.Kind.choices)


@dataclass(frozen=True, kw_only=True)
class Section:
    """One section of a preview: the first lines, and how many there are in all."""

    heading: str
    lines: list[str]
    count: int

    @property
    def more(self) -> int:
        """How many lines are not shown."""
        return self.count - len(self.lines)


def sections(steps: Sequence[Step], *, plan: MergePlan | None = None) -> list[Section]:
    """Return what the steps would do, a section for each table.

    With the plan of a merge the lines say what becomes of each row. Without, they
    name the rows that move.
    """
    result = []
    for table, heading, lines in SECTIONS:
        steps_here = [step for step in steps if step.table == table]
        entries = list(lines(steps_here, plan)) if steps_here else []
        if entries:
            result.append(Section(heading=heading, lines=entries[:MAX_LINES], count=len(entries)))
    if others := Counter(step.table for step in steps if step.table in COUNT_LINES):
        counted = [COUNT_LINES[table].format(number) for table, number in others.items()]
        result.append(Section(heading="Also", lines=counted, count=len(counted)))
    return result


def _parties(steps: list[Step], plan: MergePlan | None) -> Iterator[str]:
    """Yield a line for each party: its protocol, and what becomes of it."""
    references = {(step.before or step.after or {})["protocol_id"] for step in steps}
    titles = {
        each.pk: str(each)
        for some in batches(sorted(references))
        for each in Protocol.objects.filter(pk__in=some)
    }
    for step in steps:
        values = step.after or {}
        about = titles[(step.before or values)["protocol_id"]]
        if plan and step.kind == "removed":
            role = ROLE_LABELS[(step.before or {})["role"]].lower()
            yield f"{about}: both take part as {role}. Only one row stays."
        elif plan and "organisation_id" not in values:
            texts = "; ".join(
                f"{_label(name)} ‘{values[name]}’" for name in JOINED_FIELDS & values.keys()
            )
            yield f"{about}: the row that stays gets {texts}."
        elif plan:
            yield f"{about}: published as ‘{values['name_as_published']}’"
        else:
            yield about


JOINED_FIELDS = {"name_as_published": "", "note": "", "signed_on": "", "approved_by": ""}.keys()


def _label(name: str) -> str:
    return str(Party._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def _names(steps: list[Step], plan: MergePlan | None) -> Iterator[str]:
    for step in steps:
        values = step.after or {}
        yield f"{values['text']} ({NAME_KIND_LABELS[values['kind']].lower()})"


def _slugs(steps: list[Step], plan: MergePlan | None) -> Iterator[str]:
    for step in steps:
        address = reverse("organisation", args=[(step.after or {})["text"]])
        yield f"{address} leads to {plan.stays.get_absolute_url()}" if plan else address


def _approvers(steps: list[Step], plan: MergePlan | None) -> Iterator[str]:
    for step in steps:
        title = (step.before or step.after or {})["job_title"]
        yield f"{title}: the other has this already" if step.after is None else title


def _contacts(steps: list[Step], plan: MergePlan | None) -> Iterator[str]:
    for step in steps:
        email = (step.before or step.after or {})["email"]
        if plan and step.after is None:
            yield f"{email} is removed: {plan.stays} keeps its own contact"
        else:
            yield email


def _links(one: str, other: str, words: str) -> LineWriter:
    """Return what yields a line for each link: `words` with the names at both its ends."""

    def lines(steps: list[Step], plan: MergePlan | None) -> Iterator[str]:
        ends: set[int] = set()
        for step in steps:
            for values in filter(None, (step.before, step.after)):
                ends |= {values[name] for name in (one, other) if name in values}
        names = dict(Organisation.objects.filter(pk__in=ends).values_list("pk", "name"))
        for step in steps:
            values = step.after or step.before or {}
            if other in values:
                first, last = (names.get(values[end]) or "It" for end in (one, other))
                known = words.format(first, last, **values)
                yield f"{known}: removed, or recorded already" if step.after is None else known

    return lines


def _notes(steps: list[Step], plan: MergePlan | None) -> Iterator[str]:
    for step in steps:
        if step.kind == "altered":
            for name, text in (step.after or {}).items():
                label = Organisation._meta.get_field(name).verbose_name  # type: ignore[union-attr]
                yield f"{capfirst(str(label))}: {text or 'empty'}"


LineWriter = Callable[[list[Step], MergePlan | None], Iterator[str]]
SECTIONS: tuple[tuple[str, str, LineWriter], ...] = (
    ("party", "Protocols", _parties),
    ("name", "Names", _names),
    ("slug", "Addresses", _slugs),
    ("approver", "Approvers", _approvers),
    ("contact", "Contact for reminders", _contacts),
    (
        "succession",
        "Predecessors and successors",
        _links("organisation_id", "successor_id", "{} became part of {}"),
    ),
    ("membership", "Groups and members", _links("group_id", "member_id", "{1} belongs to {0}")),
    (
        "takenon",
        "Protocols taken on after a split",
        _links("predecessor_id", "successor_id", "{protocol_id}: {1} took it on from {0}"),
    ),
    ("organisation", "Notes", _notes),
)
COUNT_LINES = {
    "reminder": "Reminders that were sent: {}. The links in them keep working",
    "change": "Earlier changes: {}",
    "apart": "Organisations marked as different from it: {}",
}
