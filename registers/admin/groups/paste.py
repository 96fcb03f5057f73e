"""Members of a group pasted as a list of names: a form, a preview, and the members."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.admin.widgets import AdminTextareaWidget
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from registers.admin.asking import ticks
from registers.admin.forms import add_refusal, reason_field
from registers.admin.groups.members import (
    WHY_HELP,
    days_in_words,
    from_field,
    refuse_body,
    require,
    source_field,
    to_field,
    to_list,
)
from registers.admin.merging.preview import (
    CHANGED_SINCE,
    MAX_LINES,
    PlanForm,
    Section,
    render_page,
)
from registers.imports.pasted_lists import MemberPlan, add_members, plan_members
from registers.models import Organisation

INSTEAD = "instead-"  # begins the name of the box with what an unknown line should be
FIELDS = ("names", "from_day", "to_day", "source", "why")


class PasteForm(PlanForm):
    """A list of names, and the days and the source for all of them."""

    names = forms.CharField(
        widget=AdminTextareaWidget(attrs={"rows": 12}),
        help_text="One on each line: any of an organisation’s names.",
        error_messages={"required": "Enter at least one name."},
    )
    from_day, to_day, source = from_field(), to_field(), source_field()
    why = reason_field(WHY_HELP)


def paste_page(request: HttpRequest, group: Organisation) -> HttpResponse:
    """Show the form or the preview, or add the members, as the pressed button says."""
    require(request, "add")
    if refused := refuse_body(request, group):
        return refused
    if request.method != "POST":
        return _form_page(request, group, PasteForm())
    data = {name: request.POST.get(name, "") for name in FIELDS} | ticks(request.POST)
    data["names"] = _with_choices(request, data["names"])
    if "_write" in request.POST:
        return _form_page(request, group, PasteForm(initial=data))
    form, left_out = PasteForm(data), list[str]()
    try:
        plan = _plan(form, group) if form.is_valid() else None
        if plan and plan.unknown and "_without" in request.POST:
            left_out = [line.text for line in plan.unknown]
            data["names"] = _without(data["names"], plan)
            form = PasteForm(data)
            plan = _plan(form, group) if form.is_valid() else None
        if plan and "_add" in request.POST and (done := _add(request, plan, data["why"])):
            return done
    except ValidationError as refusal:
        plan = None
        add_refusal(form, refusal)
    if plan is None or not plan.is_possible:
        return _form_page(request, group, form, plan)
    return _preview_page(request, form, plan, left_out)


def _plan(form: PasteForm, group: Organisation) -> MemberPlan:
    values = {name: form.cleaned_data[name] for name in ("from_day", "to_day", "source")}
    return plan_members(group, form.cleaned_data["names"], **values)


def _with_choices(request: HttpRequest, names: str) -> str:
    """Return the names, with what was chosen in place of unknown lines."""
    lines = names.splitlines()
    for box, chosen in request.POST.items():
        number = box.removeprefix(INSTEAD)
        if box.startswith(INSTEAD) and chosen and number.isdecimal():
            place = int(number) - 1
            if 0 <= place < len(lines):
                lines[place] = str(chosen)
    return "\n".join(lines)


def _without(names: str, plan: MemberPlan) -> str:
    unknown = {line.number for line in plan.unknown}
    lines = enumerate(names.splitlines(), start=1)
    return "\n".join(line for number, line in lines if number not in unknown)


def _add(request: HttpRequest, plan: MemberPlan, why: str) -> HttpResponse | None:
    """Add them as previewed. Return None if something else would happen now."""
    by, digest = cast(User, request.user), request.POST.get("digest", "")
    try:
        number = add_members(plan, at=timezone.now(), by=by, why=why, expected_digest=digest)
    except ValidationError:
        messages.warning(request, CHANGED_SINCE)
        return None
    words = f"{number:,} members were" if number > 1 else "1 member was"
    messages.success(request, f"{words} added to {plan.group}.")
    return to_list(plan.group)


def _form_page(
    request: HttpRequest, group: Organisation, form: PasteForm, plan: MemberPlan | None = None
) -> HttpResponse:
    return render_page(
        request,
        "paste",
        group,
        title=f"Paste members of {group}",
        adminform=form.as_admin_form(),
        plan=plan,
        unknown=plan.unknown[:MAX_LINES] if plan else [],
        more=max(0, len(plan.unknown) - MAX_LINES) if plan else 0,
        instead=INSTEAD,
        fields=FIELDS,
    )


def _preview_page(
    request: HttpRequest, form: PasteForm, plan: MemberPlan, left_out: list[str]
) -> HttpResponse:
    hidden_fields: dict[str, Any] = {name: form[name].value() for name in FIELDS}
    return render_page(
        request,
        "paste_preview",
        plan.group,
        title="What will happen",
        plan=plan,
        sections=_sections(plan, left_out),
        hidden_fields=hidden_fields | {"digest": plan.digest} | ticks(request.POST),
    )


def _sections(plan: MemberPlan, left_out: list[str]) -> list[Section]:
    several = {
        "New members": [str(each) for each in plan.members],
        "Members already, which stay as they are": [
            f"{row.member}{days_in_words(row)}" for row in plan.already
        ],
        "Named more than once": plan.repeated,
        "Left out, because no organisation has this name": left_out,
    }
    return [
        Section(heading=f"{heading}: {len(lines):,}", lines=lines[:MAX_LINES], count=len(lines))
        for heading, lines in several.items()
        if lines
    ]
