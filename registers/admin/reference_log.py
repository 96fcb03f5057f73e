"""The number book: every reference with what became of it, and a form to say so of gaps."""

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
from registers.admin.base import errors_by_field
from registers.models import Gap, Protocol
from registers.search.reference_log import NumberBook, Shown

A_PAGE = 200
SAY, TAKE_BACK = "_say", "_take_back"


class GapForm(forms.Form):
    """What became of the numbers that are ticked. Without `fate`, for taking it back."""

    fate = forms.ChoiceField(
        label="What became of them?",
        choices=Gap.Fate.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what became of them."},
    )
    note = forms.CharField(
        label="Note",
        required=False,
        widget=AdminTextareaWidget(attrs={"rows": 2}),
        help_text="Public, and optional. Such as: where this was found out.",
    )
    references = forms.Field(required=False, widget=forms.MultipleHiddenInput)

    def __init__(self, *args: Any, book: NumberBook, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.book = book
        self.fields["fate"].required = SAY in self.data

    @property
    def ticked(self) -> list[str]:
        """The references that are ticked, each once."""
        held = self.data.getlist("references") if self.is_bound else []  # type: ignore[attr-defined]  # a QueryDict
        return list(dict.fromkeys(held))

    def clean_references(self) -> list[str]:
        """Return them. Raises ValidationError for none, too many, or one that is no gap."""
        if not 0 < len(self.ticked) <= A_PAGE:
            raise ValidationError(f"Tick the numbers: one at least, {A_PAGE} at most.")
        if wrong := [each[:20] for each in self.ticked if not self.book.is_gap(each)]:
            some = get_text_list(wrong[:5], "and")
            raise ValidationError(
                f"Nothing can be said of {some}: a protocol has the number, or it is not in"
                " this book."
            )
        return self.ticked

    def save(self, user: User) -> str:
        """Say it, or take it back; return what was done. Raises ValidationError."""
        numbers = get_text_list(self.ticked[:5], "and")
        if len(self.ticked) > len(self.ticked[:5]):
            numbers = f"{len(self.ticked)} numbers"
        at = timezone.now()
        if TAKE_BACK in self.data:
            taken = changes.clear_gaps(self.ticked, at=at, by=user)
            return f"What was said of {numbers} is taken back." if taken else NOTHING_SAID
        fate, note = self.cleaned_data["fate"], self.cleaned_data["note"]
        changes.explain_gaps(self.ticked, fate=fate, note=note, at=at, by=user)
        return f"The book now says of {numbers}: {Gap.Fate(fate).label.lower()}."


NOTHING_SAID = "Nothing was said of these numbers, so nothing was taken back."


def number_book(request: HttpRequest) -> HttpResponse:
    """Show a page of the book, or record what is said of gaps. Raises PermissionDenied."""
    if not admin.site.get_model_admin(Protocol).has_view_or_change_permission(request):
        raise PermissionDenied
    may_say = request.user.has_perm("registers.publish_protocol")
    if request.method == "POST" and not may_say:
        raise PermissionDenied
    book = NumberBook()
    form = GapForm(request.POST if request.method == "POST" else None, book=book)
    if form.is_valid():
        try:
            done = form.save(cast(User, request.user))
        except ValidationError as refusal:
            for field, errors in errors_by_field(refusal).items():
                form.add_error(field if field in form.fields else None, errors)
        else:
            messages.success(request, done)
            return redirect(request.get_full_path())
    context = _shown(request, book) | {"form": form, "may_say": may_say}
    context |= admin.site.each_context(request) | {"title": "Number book", "opts": Protocol._meta}
    return render(request, "admin/registers/reference/list.html", context)


def _shown(request: HttpRequest, book: NumberBook) -> dict[str, Any]:
    """Return the page that is asked for: its lines, and the numbers on top of it."""
    asked = request.GET.get("show", "")
    shown = Shown(asked) if asked in Shown.values else Shown.ALL
    numbers = book.numbers(shown)
    paginator = Paginator(range(len(numbers)), A_PAGE)
    page = paginator.get_page(_page_with(request, book) or request.GET.get("page"))
    gaps = len(book.numbers(Shown.GAPS))
    return {
        "book": book,
        "gaps": gaps,
        "explained": gaps - len(book.numbers(Shown.UNEXPLAINED)),
        "shown": shown,
        "choices": Shown,
        "page": page,
        "lines": book.lines(numbers.at(cast(range, page.object_list))),
    }


def _page_with(request: HttpRequest, book: NumberBook) -> int | None:
    """Return the page of all numbers that holds the one that is looked for, if one is."""
    wanted = request.GET.get("number", "").strip()
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) <= len(str(book.last)) + 8):
        return None
    page: int = (int(wanted) - book.first) // A_PAGE + 1
    return page
