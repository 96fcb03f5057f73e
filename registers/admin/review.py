"""Reviews: recorded for one protocol or for many, listed, and corrected in their wording.

The protocols and the values travel in the form. Nothing is stored between the
pages, so an editor can have two of them open.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.utils import quote, unquote
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from registers import changes
from registers.admin.asking import ModelForm
from registers.admin.base import RecordedAdmin
from registers.admin.form_drafts import is_taken_up, with_drafts
from registers.admin.forms import ReasonForm, add_refusal
from registers.admin.permissions import allowed_outcomes
from registers.admin.proposing import changes_at_once
from registers.admin.review_form import FIELDS, ReviewForm
from registers.changes.review import NOT_IN_FORCE, ReviewPreview
from registers.models import Proposal, Protocol, Review
from registers.models.review_dates import last_day


@admin.register(Review)
class ReviewAdmin(RecordedAdmin):
    """Every review, newest first. Only its job title and note can be corrected."""

    form = ReasonForm
    list_display = ("protocol", "reviewed_on", "outcome", "job_title", "next_month")
    list_filter = ("outcome", "reviewed_on")
    list_select_related = ("protocol",)
    search_fields = ("protocol__reference", "protocol__title", "job_title", "note")
    search_help_text = "A reference, or words of the title, the job title or the note"
    readonly_fields = (
        "protocol",
        "reviewed_on",
        "outcome",
        "next_month",
        "replaced_by",
        "recorded_at",
        "by",
    )
    fieldsets = (
        ("Decision", {"fields": readonly_fields}),
        (
            "Wording",
            {
                "fields": ("job_title", "note"),
                "description": (
                    "You cannot change the decision here: record another review instead. The old"
                    " wording stays on the protocol’s changes page, which is public."
                ),
            },
        ),
        ("This change", {"fields": ("why",)}),
    )

    def subject_of(self, thing: Review) -> models.Model:
        """Return the protocol."""
        return thing.protocol

    def save_object(self, form: ModelForm) -> None:
        """Save the review, and the reason of the withdrawal that repeats its note."""
        changes.correct_review(form.instance)

    @admin.display(description="next review", ordering="next_review")
    def next_month(self, review: Review) -> str | None:
        """Return the month of the next review."""
        return f"{review.next_review:%B %Y}" if review.next_review else None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: a review is recorded from its protocol."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False


MAX_PROTOCOLS = 200
CHANGED_SINCE = (
    "Nothing has been done, because the register changed while you were looking. This is what"
    " would happen now."
)
PROPOSED = "Your review is proposed. Nothing public has changed: a Publisher decides about it."
MANY_PROPOSED = "{number} reviews are proposed. Nothing public has changed: a Publisher decides."


def review_many(
    request: HttpRequest, references: list[str], data: QueryDict | None = None
) -> HttpResponse:
    """Show the form or the preview of one review of many protocols, or record or propose it.

    `references` are at most MAX_PROTOCOLS. `data` is what one of these pages
    sent, and its button says what is next. Errors lead back to the form, as typed.
    """
    protocols = list(Protocol.objects.filter(pk__in=references))
    make = partial(ReviewForm, protocols=protocols, outcomes=allowed_outcomes(request.user))
    if data is None:
        return _form_page(request, make(initial={"reviewed_on": timezone.localdate()}))
    if "_write" in data:
        typed = {name: data[name] for name in FIELDS if name in data}
        return _form_page(request, make(initial=typed))
    form = make(data)
    if not form.is_valid():
        return _form_page(request, form)
    proposing = not changes_at_once(request.user)
    if "_record" in data:
        if _record(request, form, data, proposing=proposing):
            return redirect(f"admin:registers_{'proposal' if proposing else 'protocol'}_changelist")
        messages.warning(request, CHANGED_SINCE)
    reviews = [form.build_review(protocol) for protocol in protocols]
    how: dict[str, Any] = {"at": timezone.now(), "by": request.user, "proposed": proposing}
    return _preview_page(request, form, changes.preview_reviews(reviews, **how))


def _record(request: HttpRequest, form: ReviewForm, data: QueryDict, *, proposing: bool) -> bool:
    """Record or propose the reviews as previewed, or none; return whether that is done."""
    shown = set(data.getlist("recordable"))
    reviews = [form.build_review(each) for each in form.protocols if each.pk in shown]
    do: Callable[..., Any] = changes.propose_reviews if proposing else changes.record_reviews
    by, digest = cast(User, request.user), data.get("digest", "")
    try:
        do(reviews, at=timezone.now(), by=by, expected_digest=digest)
    except ValidationError:
        return False
    number, done = len(reviews), "proposed" if proposing else "recorded"
    if proposing:
        message = PROPOSED if number == 1 else MANY_PROPOSED.format(number=number)
    else:
        message = "One review is recorded." if number == 1 else f"{number} reviews are recorded."
    if left := [each.pk for each in form.protocols if each.pk not in shown]:
        message += f" Not {done}, as the preview said: {', '.join(left)}."
    messages.success(request, message)
    return True


def _form_page(request: HttpRequest, form: ReviewForm) -> HttpResponse:
    title = "Record a review of the selected protocols"
    return _page(request, "review_many", form, title=title, adminform=form.as_admin_form())


def _preview_page(
    request: HttpRequest, form: ReviewForm, previews: list[ReviewPreview]
) -> HttpResponse:
    proposing = not changes_at_once(request.user)
    keys = [each.protocol.pk for each in previews]
    about = {"subject_type": Protocol._meta.model_name, "subject_key__in": keys}
    waiting = Proposal.objects.waiting().filter(**about).select_related("by")
    for each in previews:
        its = [one for one in waiting if one.subject_key == each.protocol.pk]
        vars(each.protocol)["proposals_waiting"] = its
    return _page(
        request,
        "review_preview",
        form,
        title="What would happen" if proposing else "What will happen",
        done="proposed" if proposing else "recorded",
        recordable=[each for each in previews if not each.refusals],
        refused=[each for each in previews if each.refusals],
        digest=changes.previews_digest(previews),
        hidden_fields=[form[name].as_hidden() for name in (*form.shown_fields, "seen")],
    )


def _page(request: HttpRequest, name: str, form: ReviewForm, **more: Any) -> HttpResponse:
    context = admin.site.each_context(request) | {
        "opts": Protocol._meta,
        "form": form,
        "protocols": form.protocols,
        "proposing": not changes_at_once(request.user),
        **more,
    }
    return render(request, f"admin/registers/protocol/{name}.html", context)


TOO_MANY = (
    "You selected {number} protocols. Select {most} or fewer, so that you can check each of them"
    " before anything is recorded. For example, filter the list by theme or lead organisation."
)


def review_page(
    request: HttpRequest,
    protocol: Protocol,
    *,
    save: Callable[[Review], HttpResponse],
    template: str = "admin/registers/protocol/review.html",
    **context: Any,
) -> HttpResponse:
    """Show the form for a review of one protocol, or save the review.

    `save` records or proposes the review, and returns the response. If it raises
    ValidationError, the form is shown again, as typed. `context` goes to the template, but
    for `initial`, which goes to the form. What is written is stored as a draft.
    """
    view = partial(_show_or_save, request, protocol, save=save, template=template, **context)
    return with_drafts(request, view)


def _show_or_save(
    request: HttpRequest,
    protocol: Protocol,
    *,
    save: Callable[[Review], HttpResponse],
    template: str,
    **context: Any,
) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = ReviewForm(
        data,
        protocols=[protocol],
        outcomes=allowed_outcomes(request.user),
        initial=context.pop("initial", None),
    )
    if not is_taken_up(request) and form.is_valid():
        review = form.build_review(protocol)
        try:
            return save(review)
        except ValidationError as refusal:
            add_refusal(form, refusal)
    proposals = Proposal.objects.about(Protocol, protocol.pk).waiting().select_related("by")
    shown = {"opts": Protocol._meta, "protocol": protocol, "adminform": form.as_admin_form()}
    shown |= {"last": form.last, "on": timezone.localdate(), "proposals": proposals}
    shown |= admin.site.each_context(request) | context
    return TemplateResponse(request, template, shown)


def review_urls(model_admin: RecordedAdmin) -> list[URLPattern]:
    """Return the addresses of the pages on which reviews are recorded, for admin of protocols."""
    wrap = model_admin.admin_site.admin_view
    one, many = (wrap(partial(view, model_admin)) for view in (review_view, review_many_view))
    return [
        path("review/", many, name="registers_protocol_review_many"),
        path("<path:object_id>/review/", one, name="registers_protocol_review"),
    ]


def review_view(model_admin: RecordedAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
    """Show the form for a review of one protocol; record the review, or propose it."""
    protocol = model_admin.get_object(request, unquote(object_id))
    if not model_admin.has_change_permission(request, protocol):
        raise PermissionDenied
    if protocol is None:
        raise Http404
    own_page = reverse("admin:registers_protocol_change", args=[quote(protocol.pk)])
    if request.method != "POST" and protocol.status != Protocol.Status.PUBLISHED:
        messages.error(request, NOT_IN_FORCE.format(protocol=protocol))
        return redirect(own_page)

    # Also of a draft, which is refused: it may be published at this moment.
    proposing = not changes_at_once(request.user)

    def save(review: Review) -> HttpResponse:
        how: dict[str, Any] = {"at": timezone.now(), "by": request.user}
        if proposing:
            (proposal,) = changes.propose_reviews([review], **how)
            messages.success(request, PROPOSED)
            return redirect("admin:registers_proposal_change", proposal.pk)
        changes.record_review(review, **how)
        messages.success(request, success_message(review))
        return redirect(own_page)

    return review_page(
        request,
        protocol,
        save=save,
        initial={"reviewed_on": timezone.localdate()},
        title="Record a review",
        proposing=proposing,
    )


@admin.action(description="Record a review of the selected protocols", permissions=["change"])
def review_chosen(
    model_admin: RecordedAdmin, request: HttpRequest, chosen: models.QuerySet[Protocol]
) -> HttpResponse | None:
    """Show the form for a review of the protocols selected on the list."""
    if (number := chosen.count()) > MAX_PROTOCOLS:
        sentence = TOO_MANY.format(number=f"{number:,}", most=MAX_PROTOCOLS)
        messages.error(request, sentence)
        return None
    return review_many(request, list(chosen.values_list("pk", flat=True)))


def review_many_view(model_admin: RecordedAdmin, request: HttpRequest) -> HttpResponse:
    """Show the form or the preview of one review of many protocols, or record or propose it."""
    if not model_admin.has_change_permission(request):
        raise PermissionDenied
    references = request.POST.getlist("protocol")
    if not 0 < len(references) <= MAX_PROTOCOLS:
        sentence = f"Select at least one protocol on this list, and no more than {MAX_PROTOCOLS}."
        messages.error(request, sentence)
        return redirect("admin:registers_protocol_changelist")
    return review_many(request, references, data=request.POST)


def success_message(review: Review) -> SafeString:
    """Return what recording the review did, in words, with a link to the public page."""
    if review.is_needed and review.next_review:
        due = date_format(last_day(review.next_review), "j F Y")
        did = f"It stays in force, and its next review is due by {due}."
    elif review.replaced_by:
        did = f"It is withdrawn, and its page leads to {review.replaced_by}."
    else:
        did = "It is withdrawn, and its page says why."
    return format_html(
        'The review of {} is recorded. {} <a href="{}">See its public page</a>.',
        review.protocol,
        did,
        review.protocol.get_absolute_url(),
    )
