"""The reference log: every number with its protocol or gap, and a form that explains gaps."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextareaWidget
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.text import get_text_list

from registers import changes
from registers.admin.asking import PlainForm
from registers.admin.forms import add_refusal
from registers.admin.permissions import may_publish
from registers.models import Gap, Protocol
from registers.search.reference_log import LogFilter, ReferenceLog
from weisf.reference_form import MAX_LENGTH

NUMBERS_PER_PAGE = 200
EXPLAIN, REMOVE = "_say", "_take_back"
NUMBER = forms.TextInput(attrs={"size": 9})
TOO_MANY = f"Select at least one number, and no more than {NUMBERS_PER_PAGE}."
NO_RANGE = "Enter two numbers that are in the reference log, the lower one first."
TAKEN = (
    "{first} has a protocol or an explanation already. Enter a range without it, or select the"
    " numbers in the list."
)


class GapForm(PlainForm):
    """What became of the selected numbers. `fate` is not needed to remove an explanation."""

    fate = forms.ChoiceField(
        label="What became of them?",
        choices=Gap.Fate.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Select what became of them."},
    )
    note = forms.CharField(
        label="Note",
        required=False,
        widget=AdminTextareaWidget(attrs={"rows": 2}),
        help_text="Public, and optional. For example, where you found this out.",
    )
    references = forms.Field(required=False, widget=forms.MultipleHiddenInput)
    first = forms.CharField(label="From", required=False, max_length=MAX_LENGTH, widget=NUMBER)
    last = forms.CharField(label="To", required=False, max_length=MAX_LENGTH, widget=NUMBER)

    def __init__(self, *args: Any, log: ReferenceLog, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.log = log
        self.fields["fate"].required = EXPLAIN in self.data

    @property
    def selected(self) -> list[str]:
        """The selected references, each once."""
        selected = self.data.getlist("references") if self.is_bound else []  # type: ignore[attr-defined]  # a QueryDict
        return list(dict.fromkeys(selected))

    def clean(self) -> dict[str, Any]:
        """Add those of the range to the references: one at least, and not too many."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        try:
            ranged = self._range(cleaned.get("first", ""), cleaned.get("last", ""))
        except ValidationError as refusal:
            self.add_error("last", refusal)
            return cleaned
        every = list(dict.fromkeys([*cleaned.get("references", ()), *ranged]))
        if "references" in cleaned and not 0 < len(every) <= NUMBERS_PER_PAGE:
            self.add_error("references", TOO_MANY)
        return cleaned | {"references": every}

    def _range(self, first: str, last: str) -> list[str]:
        """Return the references from `first` to `last`: none without both.

        Raises ValidationError for what is no range of the log, for one that is too long and, to
        be explained, for one in which a number has a protocol or an explanation already.
        """
        if not (first or last):
            return []
        numbers = self.log.numbers_between(first, last)
        if not numbers:
            raise ValidationError(NO_RANGE)
        if len(numbers) > NUMBERS_PER_PAGE:
            raise ValidationError(TOO_MANY)
        entries = self.log.entries(numbers)
        taken = [each for each in entries if each.protocol or each.gap]
        if taken and EXPLAIN in self.data:
            raise ValidationError(TAKEN.format(first=taken[0].reference))
        return [each.reference for each in entries]

    def clean_references(self) -> list[str]:
        """Return the selected references. Raises ValidationError for too many, or no gap."""
        if len(self.selected) > NUMBERS_PER_PAGE:
            raise ValidationError(TOO_MANY)
        if wrong := [each[:20] for each in self.selected if not self.log.is_gap(each)]:
            some = get_text_list(wrong[:5], "and")
            raise ValidationError(
                f"You cannot explain {some}: a protocol has the number, or it is not in the"
                " reference log."
            )
        return self.selected

    def save(self, user: User) -> str:
        """Save or remove the explanation; return what was done. Raises ValidationError."""
        references = self.cleaned_data["references"]
        numbers = get_text_list(references[:5], "and")
        if len(references) > len(references[:5]):
            numbers = f"{len(references)} numbers"
        at = timezone.now()
        if REMOVE in self.data:
            removed = changes.clear_gaps(references, at=at, by=user)
            return f"The explanation of {numbers} is removed." if removed else NOTHING_REMOVED
        fate, note = self.cleaned_data["fate"], self.cleaned_data["note"]
        changes.explain_gaps(references, fate=fate, note=note, at=at, by=user)
        return f"The reference log now says of {numbers}: {Gap.Fate(fate).label.lower()}."


NOTHING_REMOVED = "These numbers had no explanation, so nothing was removed."


def reference_log(request: HttpRequest) -> HttpResponse:
    """Show a page of the log, or save the explanation of gaps. Raises PermissionDenied."""
    if not admin.site.get_model_admin(Protocol).has_view_or_change_permission(request):
        raise PermissionDenied
    may_explain = may_publish(request.user)
    if request.method == "POST" and not may_explain:
        raise PermissionDenied
    log = ReferenceLog()
    form = GapForm(request.POST if request.method == "POST" else None, log=log)
    if form.is_valid():
        try:
            done = form.save(cast(User, request.user))
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            messages.success(request, done)
            return redirect(request.get_full_path())
    context = _page_context(request, log) | {"form": form, "may_explain": may_explain}
    context |= admin.site.each_context(request) | {"title": "Reference log", "opts": Protocol._meta}
    return render(request, "admin/registers/reference_log/list.html", context)


def _page_context(request: HttpRequest, log: ReferenceLog) -> dict[str, Any]:
    """Return the context of the page: its lines, and the counts at its top."""
    asked = request.GET.get("show", "")
    shown = LogFilter(asked) if asked in LogFilter.values else LogFilter.ALL
    lines = log.lines(shown)
    paginator = Paginator(range(len(lines)), NUMBERS_PER_PAGE)
    page = paginator.get_page(_page_of_number(request, log) or request.GET.get("page"))
    gaps = len(log.lines(LogFilter.GAPS))
    return {
        "log": log,
        "total": len(log.lines()),
        "gaps": gaps,
        "explained": gaps - len(log.lines(LogFilter.UNEXPLAINED)),
        "shown": shown,
        "choices": LogFilter,
        "page": page,
        "lines": log.entries(lines.at(cast(range, page.object_list))),
    }


def _page_of_number(request: HttpRequest, log: ReferenceLog) -> int | None:
    """Return the page that holds the number in `?number=`, or None if that is no number."""
    wanted = request.GET.get("number", "").strip()
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) <= len(str(log.last)) + 8):
        return None
    return log.position(int(wanted)) // NUMBERS_PER_PAGE + 1
