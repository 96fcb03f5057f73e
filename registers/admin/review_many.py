"""One review of many protocols: written once, shown as what will happen to each, then recorded.

The chosen protocols and what was written travel in the form. Nothing is kept
between the pages, so an officer may have two of them open.
"""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone

from registers import changes
from registers.admin.review_form import BOXES, ReviewForm
from registers.admin.rights import outcomes_for
from registers.changes.review import Forecast
from registers.models import Protocol

MOST = 200
CHANGED_SINCE = (
    "Nothing is recorded yet: since you looked, the register has changed. This is what would"
    " happen now."
)


def review_many(
    request: HttpRequest, references: list[str], written: QueryDict | None = None
) -> HttpResponse:
    """Answer one step about the protocols of these references, at most MOST.

    `written` is what was sent from one of these pages; its button says which
    step is next. What cannot be right leads back to the form, as typed.
    """
    protocols = list(Protocol.objects.filter(pk__in=references))
    offered = outcomes_for(request.user)
    if written is None:
        today = {"reviewed_on": timezone.localdate()}
        return _form_page(request, ReviewForm(protocols=protocols, offered=offered, initial=today))
    if "_write" in written:
        typed = {name: written[name] for name in BOXES if name in written}
        return _form_page(request, ReviewForm(protocols=protocols, offered=offered, initial=typed))
    form = ReviewForm(written, protocols=protocols, offered=offered)
    if not form.is_valid():
        return _form_page(request, form)
    if "_record" in written:
        if _record(request, form, written):
            return redirect("admin:registers_protocol_changelist")
        messages.warning(request, CHANGED_SINCE)
    reviews = [form.review_of(protocol) for protocol in protocols]
    by = cast(User, request.user)
    return _forecast_page(request, form, changes.forecast(reviews, at=timezone.now(), by=by))


def _record(request: HttpRequest, form: ReviewForm, written: QueryDict) -> bool:
    """Record the reviews as they were shown, or none; say whether they are recorded."""
    shown = set(written.getlist("recordable"))
    reviews = [form.review_of(each) for each in form.protocols if each.pk in shown]
    by, promised = cast(User, request.user), written.get("promised", "")
    try:
        changes.record_reviews(reviews, at=timezone.now(), by=by, promised=promised)
    except ValidationError:
        return False
    number = len(reviews)
    said = "One review is recorded." if number == 1 else f"{number} reviews are recorded."
    if left := [each.pk for each in form.protocols if each.pk not in shown]:
        said += f" Not recorded, as you were shown: {', '.join(left)}."
    messages.success(request, said)
    return True


def _form_page(request: HttpRequest, form: ReviewForm) -> HttpResponse:
    title = "Record a review of the chosen protocols"
    return _page(request, "review_many", form, title=title, adminform=form.in_admin())


def _forecast_page(
    request: HttpRequest, form: ReviewForm, foreseen: list[Forecast]
) -> HttpResponse:
    return _page(
        request,
        "review_forecast",
        form,
        title="What will happen",
        recordable=[each for each in foreseen if not each.refusals],
        refused=[each for each in foreseen if each.refusals],
        promised=changes.promise(foreseen),
        written=[form[name].as_hidden() for name in (*form.boxes, "seen")],
    )


def _page(request: HttpRequest, name: str, form: ReviewForm, **more: Any) -> HttpResponse:
    context = admin.site.each_context(request) | {
        "opts": Protocol._meta,
        "form": form,
        "protocols": form.protocols,
        **more,
    }
    return render(request, f"admin/registers/protocol/{name}.html", context)
