"""The page on which an Administrator takes words, past texts and papers out of the register."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminForm
from django.contrib.admin.utils import quote
from django.contrib.admin.widgets import AdminTextareaWidget
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Page, Paginator
from django.db import OperationalError, models, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from registers import changes
from registers.admin.forms import add_refusal
from registers.admin.history import object_or_404
from registers.changes.locking import is_locked
from registers.changes.redaction.marked import LEAST_CHARACTERS, Marked, shortened
from registers.changes.redaction.places import names_of_codes
from registers.changes.redaction.redact import (
    Place,
    Reason,
    RedactionPreview,
    Wanted,
    files_left,
    papers_of,
)
from registers.history.diff import field_label
from registers.history.snapshot import PARTS, snapshot_of
from registers.models import Change, FormDraftFile, LeadDraft, Proposal, ProposedFile
from weisf.security_events import security_event

PERMISSION = "registers.take_out_words"
MOST_CHANGES = 500  # whose texts are offered
BUSY = "Nothing was taken out, because somebody else was saving at the same time. Try again."
DONE = "Taken out of {number} places. The changes page says the day and the reason."
# Without the words: a message is stored, and the log may have it.
OF_EACH = " Places of each text, in their order: {numbers}."
NOT_FOUND = (
    " A text with 0 was found nowhere and may still be public: check how it is written there."
)
NOT_TICKED = (
    "Nothing was taken out, because a text stands nowhere. Correct it, or tick that the others are"
    " to be taken out without it."
)
NOT_COMPACTED = (
    "The words are gone from the register. They may still stand in the files of its database,"
    " which could not be written anew: somebody was using it, or the log says what was wrong. The"
    " person who runs the register must run `manage.py compact_database`."
)
FILE_LEFT = (
    "A file could not be deleted, or something else still names it: {name}. Nobody can download it"
    " from here. The person who runs the register must delete it."
)
A_PAGE = 50  # of places
LONGEST_SHOWN = 300  # of a text that can be ticked

_log = logging.getLogger(__name__)


class RedactionForm(forms.Form):
    """What is to be taken out of everywhere, starting from one thing, and why."""

    words = forms.CharField(
        label="Words",
        required=False,
        widget=AdminTextareaWidget(attrs={"rows": 3}),
        help_text="As they are written in the register, one text on each line. Capitals make no"
        " difference. Parts of words are not found: ‘Smith’ does not find ‘Smithson’. Nor are"
        " other spellings, initials or a number with +44: enter each on a line of its own.",
    )
    texts = forms.MultipleChoiceField(
        label="Whole texts of this record, now, in the past and proposed",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="A text that you tick is taken out wherever it stands in the register, also"
        " within longer texts and in other records. The next page lists each place.",
    )
    papers = forms.MultipleChoiceField(
        label="Whole files",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Words within a file cannot be taken out: upload a corrected file, and take the"
        " old one out. The changes page still says the file’s name: enter that under Words too"
        " where it must go.",
    )
    reason = forms.ChoiceField(
        label="Why?",
        choices=[(each.value, capfirst(each.value)) for each in Reason],
        help_text="Public, with the day. It stands in the place of what is taken out.",
    )

    def __init__(self, *args: Any, subject: models.Model, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._texts = {_digest(text): (name, text) for name, text in _texts_of(subject)}
        shown = [
            (key, f"{name}: {shortened(text, LONGEST_SHOWN)}")
            for key, (name, text) in self._texts.items()
        ]
        papers = [(each.file.name, _called(each)) for each in papers_of(subject)]
        for name, choices in (("texts", shown), ("papers", papers)):
            cast(forms.MultipleChoiceField, self.fields[name]).choices = choices
            if not choices:
                del self.fields[name]

    @property
    def wanted(self) -> Wanted:
        """What is to be taken out. The form must be valid."""
        given = self.cleaned_data
        words = [line.strip() for line in given["words"].splitlines() if line.strip()]
        whole = [self._texts[key][1] for key in given.get("texts", ())]
        return Wanted(
            texts=tuple(dict.fromkeys([*words, *whole])),
            files=frozenset(given.get("papers", ())),
            reason=Reason(given["reason"]),
        )


def _called(paper: Any) -> str:
    """Return what the page calls a stored file: its title and name, and where it waits."""
    if isinstance(paper, FormDraftFile):
        return f"Chosen on a form that is not saved ({paper.draft.page}): {paper.name}"
    if isinstance(paper, LeadDraft):
        return f"Chosen by the lead, and not sent: {paper.name}"
    if isinstance(paper, ProposedFile):
        return f"Proposed: {paper.name}"
    return f"{paper}: {paper.file_name}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _texts_of(subject: models.Model) -> Iterator[tuple[str, str]]:
    """Yield the label and the text of each field that is text: as it is, was, or is proposed."""
    model = type(subject)
    part_models = {kind: part for kind, (part, _) in PARTS.get(model, {}).items()}
    past = Change.objects.about(model, subject.pk).exclude(snapshot=None)
    snapshots = [snapshot_of(subject), *past.values_list("snapshot", flat=True)[:MOST_CHANGES]]
    snapshots += Proposal.objects.about(model, subject.pk).values_list("wanted", flat=True)
    seen, not_texts = set[str](), names_of_codes() | {"slug"}
    for snapshot in snapshots:
        rows = [(model, snapshot["fields"])] if snapshot else []
        parts = (snapshot or {"parts": {}})["parts"]
        rows += [(part_models.get(kind, model), row) for kind in parts for row in parts[kind]]
        for of, row in rows:
            labels = {field.name: field_label(field) for field in of._meta.fields}
            for name, text in row.items():
                is_text = isinstance(text, str) and name not in not_texts
                if is_text and " " in text and len(text) > LEAST_CHARACTERS and text not in seen:
                    seen.add(text)
                    yield labels.get(name, capfirst(name.replace("_", " "))), text


def redaction_view(model_admin: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Ask what to take out, show every place where it stands, and take it out.

    Raises PermissionDenied for all but Administrators, and Http404.
    """
    if not may_redact(request) or not model_admin.has_view_or_change_permission(request):
        raise PermissionDenied
    subject = object_or_404(model_admin, request, object_id)
    form = RedactionForm(request.POST or None, subject=subject)
    preview: RedactionPreview | None = None
    status = 200
    if form.is_valid():
        try:
            if "_do" in request.POST and request.POST.get("shown"):
                return _redact(model_admin, request, subject, form.wanted)
            preview = changes.preview_redaction(form.wanted, on=timezone.localdate())
            if "_do" in request.POST:
                raise ValidationError(NOT_TICKED)
        except ValidationError as refusal:
            add_refusal(form, refusal)
        except OperationalError as problem:
            if not is_locked(problem):
                raise
            add_refusal(form, ValidationError(BUSY))
            status = 503
    found = preview.found if preview else {}
    context = {
        "title": f"Take words out: {subject}",
        "opts": model_admin.opts,
        "thing": subject,
        "form": form,
        "adminform": AdminForm(cast(Any, form), [(None, {"fields": list(form.fields)})], {}),
        "preview": preview,
        "found": found,
        "missing": 0 in found.values(),
        "page": _page_of_places(request, preview) if preview else None,
        "wanted": form.wanted if preview else None,
        "proxy_seconds": settings.SHARED_CACHE_SECONDS,
        "backup_days": settings.BACKUP_DAYS,
        "database_log_days": settings.DATABASE_LOG_DAYS,
    }
    context |= admin.site.each_context(request)
    return render(request, "admin/registers/redaction.html", context, status=status)


@dataclass(frozen=True, kw_only=True)
class ShownPlace:
    """A place as the page lists it: the record is empty where it is of none."""

    what: str
    context: SafeString
    record: str
    url: str


def _page_of_places(request: HttpRequest, preview: RedactionPreview) -> Page[Any]:
    """Return a page of the places, each with its record: the one that was asked for."""
    page: Page[Any] = Paginator(preview.places, A_PAGE).get_page(request.POST.get("_page"))
    marks = Marked(preview.marked.texts, marker="\0")
    page.object_list = [_shown(place, marks) for place in page.object_list]
    return page


def _with_mark(text: str, marks: Marked) -> SafeString:
    """Return the words of a place, marked from the first that goes to the end of the last."""
    before, *_, after = marks.clean(text).split("\0") if marks.is_in(text) else (text, "")
    match = text[len(before) : len(text) - len(after)]
    return format_html("{}<mark>{}</mark>{}", before, match, after) if match else escape(text)


def _shown(place: Place, marks: Marked) -> ShownPlace:
    record = url = ""
    if place.owner:
        model, key = place.owner
        thing = model._base_manager.filter(pk=key).first()
        # What a change is about may be gone, as may be the one that was merged.
        record = str(thing) if thing else f"{capfirst(str(model._meta.verbose_name))} {key}"
        if thing and admin.site.is_registered(model):
            url = reverse(f"admin:registers_{model._meta.model_name}_change", args=[quote(key)])
    words = _with_mark(place.context, marks)
    return ShownPlace(what=place.what, context=words, record=record, url=url)


def _redact(
    model_admin: Any, request: HttpRequest, subject: models.Model, wanted: Wanted
) -> HttpResponse:
    """Take it out, and lead back. Raises ValidationError and OperationalError."""
    by, shown = cast(User, request.user), request.POST.get("shown", "")
    done = changes.redact(subject, wanted, shown=shown, at=timezone.now(), by=by)
    event = {"places": done.number, "reason": str(wanted.reason)}
    security_event("words_taken_out", request=request, **event)
    said, numbers = DONE.format(number=f"{done.number:,}"), done.found.values()
    if len(numbers) > 1 or 0 in numbers:
        said += OF_EACH.format(numbers=", ".join(f"{each:,}" for each in numbers))
    if 0 in numbers:
        messages.warning(request, said + NOT_FOUND)
    else:
        messages.success(request, said)

    def finish() -> None:
        if not changes.compact():
            _log.warning("The database's files were not written anew after words were taken out")
            messages.warning(request, NOT_COMPACTED)
        for name in files_left(wanted.files):
            _log.error("The file %s was taken out and is still stored", name)
            messages.warning(request, FILE_LEFT.format(name=name))

    # Outside every transaction, and not where one is rolled back.
    transaction.on_commit(finish)
    return redirect(f"admin:registers_{model_admin.opts.model_name}_change", quote(subject.pk))


def may_redact(request: HttpRequest) -> bool:
    """Return whether the user may take words out."""
    return bool(request.user.has_perm(PERMISSION))


def redaction_url(model_admin: Any) -> URLPattern:
    """Return the address of the page, below those of a model in admin."""

    def view(request: HttpRequest, object_id: str) -> HttpResponse:
        return redaction_view(model_admin, request, object_id)

    name = f"registers_{model_admin.opts.model_name}_take_out"
    wrapped: Any = model_admin.admin_site.admin_view(view)
    pattern: URLPattern = path("<path:object_id>/take-out/", wrapped, name=name)
    return pattern
