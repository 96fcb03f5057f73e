"""The members of a group: a list in pages, and a form for one of them."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminDateWidget, AdminTextInputWidget, AutocompleteSelect
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.formats import date_format

from registers import changes
from registers.admin.forms import DATE_ERRORS, add_refusal, reason_field
from registers.admin.merging.merge import MAX_NAME_LENGTH, UNKNOWN_NAME
from registers.admin.merging.preview import PlanForm, render_page
from registers.changes.locking import plan_digest
from registers.changes.members import COLUMNS
from registers.models import Membership, Organisation
from registers.models.keys import slug_of
from registers.models.links import NO_GROUP
from registers.search.admin_search import search_organisations

PER_PAGE = 100
MEMBER: Any = Membership._meta.get_field("member")
WHY_HELP = "Public, and optional. It is shown beside what changed."
NONE_SELECTED = "Select at least one member in the list."
CHANGED_SINCE = (
    "Nothing was saved, because somebody else changed this in the meantime. This is what is stored"
    " now: change it again."
)


class MemberFilter(models.TextChoices):
    """Which members the list shows."""

    TODAY = "today", "Members today"
    OTHERS = "others", "Those that left, or are to come"
    ALL = "all", "All"


def may(request: HttpRequest, *verbs: str) -> bool:
    """Return whether the user may do all of these with members."""
    return all(request.user.has_perm(f"registers.{verb}_membership") for verb in verbs)


def require(request: HttpRequest, *verbs: str) -> None:
    """Raise PermissionDenied if the user may not do all of these with members."""
    if not may(request, *verbs):
        raise PermissionDenied


def to_list(group: Organisation) -> HttpResponse:
    """Return a redirect to the list of members."""
    return redirect("admin:registers_organisation_members", group.pk)


def refuse_body(request: HttpRequest, organisation: Organisation) -> HttpResponse | None:
    """Return a redirect to the organisation, with a message, if it is one body; else None."""
    if organisation.kind == Organisation.Kind.GROUP:
        return None
    messages.error(request, NO_GROUP.format(organisation=organisation))
    return redirect("admin:registers_organisation_change", organisation.pk)


def days_in_words(row: Membership) -> str:
    """Return the days of a membership, such as ' from 1 July 2022'; empty for one without."""
    words = f" from {date_format(row.from_day, 'j F Y')}" if row.from_day else ""
    return words + (f" to {date_format(row.to_day, 'j F Y')}" if row.to_day else "")


def day_field(label: str, help_text: str) -> forms.DateField:
    """Return the field for an optional day."""
    how: dict[str, Any] = {"label": label, "help_text": help_text, **DATE_ERRORS}
    return forms.DateField(required=False, widget=AdminDateWidget, **how)


def source_field() -> forms.CharField:
    """Return the field for where the membership can be read."""
    return forms.CharField(
        required=False,
        max_length=255,
        widget=AdminTextInputWidget,
        help_text="Public. Where this can be read, such as a list.",
    )


def from_field() -> forms.DateField:
    """Return the field for the first day."""
    return day_field("From", "The first day. Empty if it was always a member.")


def to_field() -> forms.DateField:
    """Return the field for the last day."""
    return day_field("To", "The last day. Empty if it has no end.")


class EndForm(PlanForm):
    """What to do with the selected members: their last day, where they are ended; and why."""

    members = forms.ModelMultipleChoiceField(
        Membership.objects.none(),
        widget=forms.MultipleHiddenInput,
        required=False,
        error_messages={"invalid_choice": "One of these members is no longer in this list."},
    )
    to_day = day_field("Last day", "Only to end memberships. Empty: they have no end.")
    why = reason_field(WHY_HELP)

    def __init__(self, *args: Any, group: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = group.members.select_related("member")
        self.fields["members"].queryset = rows  # type: ignore[attr-defined]  # this kind of field's

    def clean_members(self) -> list[Membership]:
        """Return the selected ones. Raises ValidationError for none."""
        chosen = list(self.cleaned_data["members"])
        if not chosen:
            raise ValidationError(NONE_SELECTED)
        return chosen


def members_page(request: HttpRequest, group: Organisation) -> HttpResponse:
    """Show a page of the members, or end or remove the selected ones."""
    require(request, "view")
    if refused := refuse_body(request, group):
        return refused
    form = EndForm(request.POST if request.method == "POST" else None, group=group)
    if request.method == "POST":
        require(request, "delete" if "_remove" in request.POST else "change")
        if form.is_valid() and (done := _end_or_remove(request, group, form)):
            return done
    fieldsets = [("With the selected members", {"fields": ("to_day", "why")})]
    shown = _list(request, group) | {"form": form, "adminform": form.as_admin_form(fieldsets)}
    return render_page(request, "members", group, **shown)


def _list(request: HttpRequest, group: Organisation) -> dict[str, Any]:
    """Return what the list shows, as the query string asks."""
    every = group.members.select_related("member")
    of_today = every.on(timezone.localdate())
    shown = request.GET.get("show", "")
    shown = shown if shown in MemberFilter.values else MemberFilter.TODAY.value
    by_filter = {
        MemberFilter.TODAY: of_today,
        MemberFilter.OTHERS: every.exclude(pk__in=of_today.order_by().values("pk")),
        MemberFilter.ALL: every,
    }
    rows = by_filter[MemberFilter(shown)]
    words = request.GET.get("q", "").strip()
    if words:
        rows = rows.filter(member__in=search_organisations(words).values("pk"))
    return {
        "title": f"Members of {group}",
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "shown": MemberFilter(shown),
        "choices": [(each, several.count()) for each, several in by_filter.items()],
        "words": words,
        "may_add": may(request, "add"),
        "may_change": may(request, "change"),
        "may_remove": may(request, "delete"),
    }


def _end_or_remove(request: HttpRequest, group: Organisation, form: EndForm) -> HttpResponse | None:
    """Do it as one official change. Return None, with an error in the form, if it is refused."""
    chosen, to_day = form.cleaned_data["members"], form.cleaned_data["to_day"]
    removes = "_remove" in request.POST
    try:
        with changes.record_change(group, **_how(request, form)):
            # As they are now: the group is locked.
            keys = [row.pk for row in chosen]
            rows = list(group.members.select_related("member").filter(pk__in=keys))
            if removes:
                changes.write_members(group, remove=rows)
            else:
                for row in rows:
                    row.to_day = to_day
                changes.write_members(group, alter=rows)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return None
    number = len(rows)
    words = f"{number} member{'' if number == 1 else 's'}"
    did = "removed" if removes else "given this last day" if to_day else "left without an end"
    messages.success(request, f"{words} of {group} {'was' if number == 1 else 'were'} {did}.")
    return redirect(request.get_full_path())


def _how(request: HttpRequest, form: forms.Form) -> dict[str, Any]:
    by = cast(User, request.user)
    return {"at": timezone.now(), "by": by, "why": form.cleaned_data["why"]}


class MembershipForm(PlanForm):
    """One membership: its days and its source."""

    from_day, to_day, source = from_field(), to_field(), source_field()
    why = reason_field(WHY_HELP)
    # What was stored when the form was opened, so that another save is noticed.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)


class NewMemberForm(MembershipForm):
    """A new member, chosen in a box or by any of its names."""

    member = forms.ModelChoiceField(
        Organisation.objects.all(),
        label="Organisation",
        required=False,
        widget=AutocompleteSelect(MEMBER, admin.site),
        help_text="Search by any of its names. It can be a group too.",
        error_messages={"invalid_choice": "This organisation is no longer in the register."},
    )
    # For a browser without JavaScript, in which the field above offers nothing.
    member_name = forms.CharField(
        label="Or enter any of its names",
        required=False,
        max_length=MAX_NAME_LENGTH,
        widget=AdminTextInputWidget,
    )
    field_order = ("member", "member_name")

    def clean(self) -> dict[str, Any]:
        """Find the member. Refuse an unknown name."""
        cleaned = super().clean() or {}
        name = cleaned.get("member_name", "")
        if name and not cleaned.get("member"):
            found = Organisation.objects.named(name) or Organisation.objects.at(slug_of(name))
            cleaned["member"] = found.first()
            if not cleaned["member"]:
                self.add_error("member_name", UNKNOWN_NAME.format(name))
        elif not cleaned.get("member") and "member" not in self.errors:
            self.add_error("member", "Select the organisation.")
        return cleaned


def member_page(request: HttpRequest, group: Organisation, key: int | None = None) -> HttpResponse:
    """Show or save the form of a membership, or of a new one without a `key`. Raises Http404."""
    require(request, "change" if key else "add")
    if refused := refuse_body(request, group):
        return refused
    stored = None
    if key:
        stored = get_object_or_404(group.members.select_related("member"), pk=key)
    form_class = MembershipForm if stored else NewMemberForm
    form = form_class(request.POST or None, initial=_initial(stored) if stored else {})
    if form.is_valid() and (done := _save_member(request, group, stored, form)):
        return done
    return render_page(
        request,
        "member",
        group,
        title=f"{stored.member} in {group}" if stored else f"Add a member to {group}",
        membership=stored,
        adminform=form.as_admin_form(),
    )


def _initial(row: Membership) -> dict[str, Any]:
    values = {name: getattr(row, name) for name in COLUMNS}
    return values | {"seen": _digest(row)}


def _digest(row: Membership) -> str:
    return plan_digest([str(getattr(row, name)) for name in COLUMNS])


def _save_member(
    request: HttpRequest, group: Organisation, stored: Membership | None, form: MembershipForm
) -> HttpResponse | None:
    """Save it as an official change. Return None, with an error in the form, if it is refused."""
    values = {name: form.cleaned_data[name] for name in COLUMNS}
    try:
        with changes.record_change(group, **_how(request, form)):
            if stored is None:
                row = Membership(group=group, member=form.cleaned_data["member"], **values)
            else:
                row = get_object_or_404(group.members.select_related("member"), pk=stored.pk)
                if _digest(row) != form.cleaned_data["seen"]:
                    messages.error(request, CHANGED_SINCE)
                    return redirect(request.path)
                for name, value in values.items():
                    setattr(row, name, value)
            changes.save(row)
    except ValidationError as refusal:
        add_refusal(form, refusal)
        return None
    messages.success(request, f"{row} is saved.")
    return to_list(group)
