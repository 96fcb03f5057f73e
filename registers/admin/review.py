"""Reviews: recorded for one protocol or for many, looked up, and corrected in their words.

The chosen protocols and what was written travel in the form. Nothing is kept
between the pages, so an officer may have two of them open.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from registers import changes
from registers.admin.base import ModelForm, ReasonForm, RecordedAdmin
from registers.admin.permissions import may_publish, outcomes_for
from registers.admin.review_form import BOXES, ReviewForm
from registers.changes.review import NOT_IN_FORCE, ReviewPreview
from registers.models import Protocol, Review
from registers.models.review_dates import last_day


@admin.register(Review)
class ReviewAdmin(RecordedAdmin):
    """Every review, the newest first. Only its words can be mended: the decision stands."""

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
            "Its words",
            {
                "fields": ("job_title", "note"),
                "description": (
                    "The decision itself stands. To decide anew, record another review. What stood"
                    " here before stays on the protocol’s changes page, which is public."
                ),
            },
        ),
        ("This change", {"fields": ("why",)}),
    )

    def subject_of(self, thing: Review) -> models.Model:
        """Return the protocol."""
        return thing.protocol

    def save_object(self, form: ModelForm) -> None:
        """Save the review, and the reason of a withdrawal that repeats it."""
        changes.correct_review(form.instance)

    @admin.display(description="next review", ordering="next_review")
    def next_month(self, review: Review) -> str | None:
        """Return the month of the next review."""
        return f"{review.next_review:%B %Y}" if review.next_review else None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: a review is recorded from its protocol."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse what stands as the reason of a withdrawal to those who may not withdraw."""
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and (obj is None or obj.is_needed or may_publish(request.user))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False


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
    return _forecast_page(request, form, changes.preview_reviews(reviews, at=timezone.now(), by=by))


def _record(request: HttpRequest, form: ReviewForm, written: QueryDict) -> bool:
    """Record the reviews as they were shown, or none; say whether they are recorded."""
    shown = set(written.getlist("recordable"))
    reviews = [form.review_of(each) for each in form.protocols if each.pk in shown]
    by, promised = cast(User, request.user), written.get("promised", "")
    try:
        changes.record_reviews(reviews, at=timezone.now(), by=by, expected_digest=promised)
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
    request: HttpRequest, form: ReviewForm, foreseen: list[ReviewPreview]
) -> HttpResponse:
    return _page(
        request,
        "review_forecast",
        form,
        title="What will happen",
        recordable=[each for each in foreseen if not each.refusals],
        refused=[each for each in foreseen if each.refusals],
        promised=changes.previews_digest(foreseen),
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


TOO_MANY = (
    "You chose {number} protocols. Choose at most {most}: you are shown what will happen to each"
    " before anything is recorded, and nobody can read more than that. Filter the list by theme or"
    " lead organisation, for example."
)


def review_page(
    request: HttpRequest,
    protocol: Protocol,
    *,
    record: Callable[[Review], None],
    done: Callable[[Review], HttpResponse],
    template: str = "admin/registers/protocol/review.html",
    **shown: Any,
) -> HttpResponse:
    """Show the form for a review of one protocol, or record what was written on it.

    `record` saves the review, and raises ValidationError for what cannot be
    recorded: then all stays on the form as typed. `done` answers once it is
    saved. `shown` goes to the template: `title`, and `initial` for the form.
    """
    data = request.POST if request.method == "POST" else None
    form = ReviewForm(
        data,
        protocols=[protocol],
        offered=outcomes_for(request.user),
        initial=shown.pop("initial", None),
    )
    if form.is_valid():
        review = form.review_of(protocol)
        try:
            record(review)
        except ValidationError as refusal:
            form.refuse(refusal)
        else:
            return done(review)
    context = {"opts": Protocol._meta, "protocol": protocol, "adminform": form.in_admin()}
    context |= {"last": form.last, "on": timezone.localdate()}
    context |= admin.site.each_context(request) | shown
    return render(request, template, context)


class ReviewedAdmin(RecordedAdmin):
    """An admin of protocols in which reviews are recorded."""

    actions = ("review_chosen",)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return the actions without Django's own, which deletes past registers/changes."""
        actions: dict[str, Any] = super().get_actions(request)
        return {name: action for name, action in actions.items() if name != "delete_selected"}

    def get_urls(self) -> list[Any]:
        """Add the pages on which reviews are recorded."""
        one = admin.site.admin_view(self.review_view)
        many = admin.site.admin_view(self.review_many_view)
        return [
            path("review/", many, name="registers_protocol_review_many"),
            path("<path:object_id>/review/", one, name="registers_protocol_review"),
            *super().get_urls(),
        ]

    def review_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show or save the form for a review of one protocol."""
        protocol = self.get_object(request, unquote(object_id))
        if not self.has_change_permission(request, protocol):
            raise PermissionDenied
        if protocol is None:
            raise Http404
        own_page = reverse("admin:registers_protocol_change", args=[protocol.pk])
        if request.method != "POST" and protocol.status != Protocol.Status.PUBLISHED:
            self.message_user(request, NOT_IN_FORCE.format(protocol=protocol), messages.ERROR)
            return redirect(own_page)

        def record(review: Review) -> None:
            changes.record_review(review, at=timezone.now(), by=cast(User, request.user))

        def done(review: Review) -> HttpResponse:
            self.message_user(request, told(review), messages.SUCCESS)
            return redirect(own_page)

        initial = {"reviewed_on": timezone.localdate()}
        return review_page(
            request,
            protocol,
            record=record,
            done=done,
            initial=initial,
            title="Record a review",
        )

    @admin.action(description="Record a review of the chosen protocols", permissions=["change"])
    def review_chosen(
        self, request: HttpRequest, chosen: models.QuerySet[Protocol]
    ) -> HttpResponse | None:
        """Ask for the review of those that are ticked on the list."""
        if (number := chosen.count()) > MOST:
            sentence = TOO_MANY.format(number=f"{number:,}", most=MOST)
            self.message_user(request, sentence, messages.ERROR)
            return None
        return review_many(request, list(chosen.values_list("pk", flat=True)))

    def review_many_view(self, request: HttpRequest) -> HttpResponse:
        """Lead from what was written, over what will happen, to what is recorded."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        references = request.POST.getlist("protocol")
        if not 0 < len(references) <= MOST:
            sentence = f"Choose the protocols on this list: one at least, {MOST} at most."
            self.message_user(request, sentence, messages.ERROR)
            return redirect("admin:registers_protocol_changelist")
        return review_many(request, references, written=request.POST)


def told(review: Review) -> SafeString:
    """Return what recording the review did, with a link to the public page."""
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
