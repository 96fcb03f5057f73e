"""Recording reviews: of one protocol on a page beside its own, or of many chosen on the list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from registers import changes
from registers.admin.official import OfficialAdmin
from registers.admin.review_form import ReviewForm
from registers.admin.review_many import MOST, review_many
from registers.admin.rights import outcomes_for
from registers.changes.review import NOT_IN_FORCE
from registers.models import Protocol, Review
from registers.models.review_dates import last_day

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


class ReviewedAdmin(OfficialAdmin):
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
