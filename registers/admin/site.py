"""The front page of the editors' door: what waits for somebody, before all that can be kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.db.models import Model
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from registers.finding.indexing import index_now
from registers.models import Answer, Organisation, Protocol, Reminder
from registers.models.review_dates import ReviewStatus


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """How many things wait for somebody, what they are, and the address of their list."""

    count: int
    what: str
    address: str


class EditorsSite(AdminSite):
    """Django's admin, with the administrator's desk on its front page."""

    site_header = f"{settings.PARTNERSHIP.register_name}: editors"
    site_title = settings.PARTNERSHIP.register_name
    index_title = "Keep the register"
    index_template = "admin/desk.html"
    # Lists need the width; the menu is one step up.
    enable_nav_sidebar = False

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show the desk, as far as this editor may see its lists, and below it every list."""
        desk = [
            Waiting(count=count(), what=what, address=f"{_list_of(model)}?{query}")
            for model, query, what, count in DESK
            if self.get_model_admin(model).has_view_or_change_permission(request)
        ]
        return super().index(request, {**(extra_context or {}), "desk": desk})


def _in_force(status: ReviewStatus) -> int:
    """Return how many protocols in force have the review status today."""
    index = index_now()
    reviewed = index.reviewed([status], timezone.localdate())
    return int((reviewed & index.in_status(Protocol.Status.PUBLISHED)).sum())


def _list_of(model: type[Model]) -> str:
    return reverse(f"admin:registers_{model._meta.model_name}_changelist")  # noqa: SLF001 (Django's own)


IN_FORCE = f"status__exact={Protocol.Status.PUBLISHED}&review="
# What is kept, the query string of those that wait, what they are, and how many.
DESK: list[tuple[type[Model], str, str, Callable[[], int]]] = [
    (
        Protocol,
        f"{IN_FORCE}{ReviewStatus.OVERDUE}",
        "Protocols overdue for review",
        lambda: _in_force(ReviewStatus.OVERDUE),
    ),
    (
        Protocol,
        f"{IN_FORCE}{ReviewStatus.DUE_SOON}",
        "Protocols due for review within 3 months",
        lambda: _in_force(ReviewStatus.DUE_SOON),
    ),
    (
        Answer,
        f"status__exact={Answer.Status.WAITING}",
        "Answers from leads, to accept or refuse",
        lambda: Answer.objects.filter(status=Answer.Status.WAITING).count(),
    ),
    (
        Organisation,
        "contact=lacking",
        "Lead organisations without a contact to remind",
        lambda: Organisation.objects.lacking_contact().count(),
    ),
    (
        Reminder,
        "outcome=unresolved",
        "Reminders that failed, or were cut short",
        lambda: Reminder.objects.unresolved().count(),
    ),
]
