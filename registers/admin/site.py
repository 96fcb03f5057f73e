"""The admin site: its addresses, its log-in, and the dashboard on its front page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.db import models
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from registers.admin.groups.taken_on import may_see
from registers.admin.importing import urls as import_urls
from registers.admin.importing.pages import may_import
from registers.admin.permissions import may_publish
from registers.admin.proposing import waiting_for
from registers.admin.reference_log import reference_log
from registers.models import (
    Answer,
    ApprovalRequest,
    Change,
    ImportJob,
    Name,
    Organisation,
    Proposal,
    Protocol,
    Reminder,
)
from registers.models.keys import key_of
from registers.models.review_dates import ReviewStatus
from registers.search.admin_search import search_organisations
from registers.search.index import current_index
from registers.search.reference_log import LogFilter, unexplained_gaps
from registers.search.splits import undecided_count
from weisf.mail import sends_mail


class AutocompleteView(AutocompleteJsonView):
    """Django's autocomplete view. An organisation is shown with the name that matched."""

    def get_queryset(self) -> models.QuerySet[Any]:
        """Return what matches the term; organisations without the counts of their list."""
        if self.model_admin.model is not Organisation:
            matches: models.QuerySet[Any] = super().get_queryset()
            return matches
        names = Name.objects.order_by("kind", "text")
        return (
            search_organisations(self.term)
            .order_by("name")
            .prefetch_related(models.Prefetch("names", names, to_attr="matching_names"))
        )

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        """Return one result, such as 'Essex Partnership University NHS Foundation Trust (EPUT)'."""
        result: dict[str, str] = super().serialize_result(obj, to_field_name)
        if isinstance(obj, Organisation) and (name := self._matching_name(obj)):
            result["text"] += f" ({name})"
        return result

    def _matching_name(self, organisation: Any) -> str | None:
        """Return the name with every word of the term; None if the official name has them."""
        words = key_of(self.term).split()
        found = [
            name for name in organisation.matching_names if all(word in name.key for word in words)
        ]
        if any(name.kind == Name.Kind.OFFICIAL for name in found):
            return None
        return found[0].text if found else None


@dataclass(frozen=True, kw_only=True)
class DashboardItem:
    """How many of something wait for an editor, what they are, and the address of their list."""

    count: int
    what: str
    address: str


class EditorsSite(AdminSite):
    """Django's admin, with a dashboard on its front page."""

    site_header = f"{settings.PARTNERSHIP.register_name}: editors"
    site_title = settings.PARTNERSHIP.register_name
    index_title = "What would you like to do?"
    index_template = "admin/dashboard.html"
    site_url = None  # our template links to the register in words of its own
    # Lists need the width; the menu is one step up.
    enable_nav_sidebar = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Django's only action deletes many at once, and would go past registers/changes.
        self.disable_action("delete_selected")

    def register(self, model_or_iterable: Any, *args: Any, **kwargs: Any) -> None:
        """Show a model in admin, unless it holds secrets: who reads these can log in as others."""
        one = isinstance(model_or_iterable, type)
        models: Any = [model_or_iterable] if one else model_or_iterable
        shown = [model for model in models if model._meta.app_label not in HIDDEN_APPS]
        super().register(shown, *args, **kwargs)

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether the user is an editor, and nothing is due before, such as a password."""
        return super().has_permission(request) and not getattr(request, "session_due", None)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Add how editors log in, whether e-mails are sent, and the version that runs."""
        return super().each_context(request) | {
            "single_sign_on": settings.SINGLE_SIGN_ON and settings.SINGLE_SIGN_ON.name,
            "second_factor_asked": settings.SECOND_FACTOR,
            "sends_mail": sends_mail(),
            "register_version": settings.VERSION,
        }

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Put models in the order of work, under plain words."""
        apps: list[Any] = super().get_app_list(request, app_label)
        for app in apps:
            app["models"].sort(key=lambda each: _position(each["object_name"]))
        apps.sort(key=lambda app: app["app_label"] != "registers")
        return [app | {"name": APPS.get(app["app_label"], app["name"])} for app in apps]

    def get_urls(self) -> list[Any]:
        """Add our pages. What comes before them, such as the log-in: registers/accounts/urls.py."""
        ours = [
            path(
                "registers/references/",
                self.admin_view(reference_log),
                name="registers_references",
            ),
            *import_urls.import_urls(self.admin_view),
        ]
        return ours + super().get_urls()

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """Return what matches the term, as JSON."""
        return cast(HttpResponse, AutocompleteView.as_view(admin_site=self)(request))

    def app_index(
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show the lists of one section under its name."""
        title = {"title": APPS.get(app_label, app_label)}
        return super().app_index(request, app_label, title | (extra_context or {}))

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show the dashboard, with the lists that this editor may see, and below it every list."""
        dashboard = [
            DashboardItem(count=count(), what=what, address=f"{_changelist_url(model)}?{query}")
            for model, query, what, count in DASHBOARD
            if self.get_model_admin(model).has_view_or_change_permission(request)
        ]
        if self.get_model_admin(Protocol).has_view_or_change_permission(request):
            dashboard.append(_unexplained_gaps())
        sees_organisations = self.get_model_admin(Organisation).has_view_or_change_permission
        if sees_organisations(request) and may_see(request):
            dashboard.append(_undecided())
        if self.get_model_admin(Proposal).has_view_permission(request):
            dashboard.append(_proposals(request.user))
        if may_import(request.user):
            dashboard.append(_imports())
        lately: Any = []
        if self.get_model_admin(Change).has_view_or_change_permission(request):
            public = Change.objects.public().defer("snapshot")
            lately = public.select_related("protocol", "organisation", "by")[:5]
        context = {"dashboard": dashboard, "lately": lately}
        return super().index(request, context | (extra_context or {}))


# In the order of work; what is not named follows.
MODELS = [
    *("Protocol", "Organisation", "Approver", "Proposal", "Review", "Answer"),
    *("ApprovalRequest", "Reminder"),
    *("News", "Resource", "Theme", "Abbreviation", "SynonymSet", "Option", "Merge", "Change"),
]
APPS = {"registers": "Records", "auth": "People"}


def _position(name: str) -> int:
    return MODELS.index(name) if name in MODELS else len(MODELS)


# Keys of authenticator apps, recovery codes, subjects of a directory, and sessions.
HIDDEN_APPS = {"account", "mfa", "socialaccount", "usersessions"}


def _count_in_force(status: ReviewStatus) -> int:
    """Return how many protocols in force have the review status today."""
    index = current_index()
    reviewed = index.with_review_status([status], timezone.localdate())
    return int((reviewed & index.in_status(Protocol.Status.PUBLISHED)).sum())


def _unexplained_gaps() -> DashboardItem:
    return DashboardItem(
        count=unexplained_gaps(),
        what="Unexplained gaps in the reference log",
        address=f"{reverse('admin:registers_references')}?show={LogFilter.UNEXPLAINED}",
    )


def _undecided() -> DashboardItem:
    return DashboardItem(
        count=undecided_count(current_index(), timezone.localdate()),
        what="Protocols of split organisations that nobody is recorded to have taken on",
        address=reverse("admin:registers_organisation_splits"),
    )


def _proposals(user: Any) -> DashboardItem:
    decides = may_publish(user)
    return DashboardItem(
        count=waiting_for(user).count(),
        what="Proposals to decide" if decides else "Your proposals that came back",
        address=f"{_changelist_url(Proposal)}?waiting=you",
    )


def _imports() -> DashboardItem:
    return DashboardItem(
        count=ImportJob.objects.waiting().count(),
        what="Imports that wait to be applied",
        address=f"{reverse('admin:registers_import_list')}?show=waiting",
    )


def _changelist_url(model: type[Model]) -> str:
    return reverse(f"admin:registers_{model._meta.model_name}_changelist")


IN_FORCE = f"status__exact={Protocol.Status.PUBLISHED}&review="
# The model, the query string of its list, what they are, and how many.
DASHBOARD: list[tuple[type[Model], str, str, Callable[[], int]]] = [
    (
        Protocol,
        f"{IN_FORCE}{ReviewStatus.OVERDUE}",
        "Protocols overdue for review",
        lambda: _count_in_force(ReviewStatus.OVERDUE),
    ),
    (
        Protocol,
        f"{IN_FORCE}{ReviewStatus.DUE_SOON}",
        f"Protocols due for review within {settings.PARTNERSHIP.review.notice}",
        lambda: _count_in_force(ReviewStatus.DUE_SOON),
    ),
    (
        Protocol,
        f"status__exact={Protocol.Status.DRAFT}",
        "Drafts",
        lambda: Protocol.objects.filter(status=Protocol.Status.DRAFT).count(),
    ),
    (
        Answer,
        f"status__exact={Answer.Status.WAITING}",
        "Answers from leads, to accept or refuse",
        lambda: Answer.objects.filter(status=Answer.Status.WAITING).count(),
    ),
    (
        ApprovalRequest,
        "answer=waiting",
        "Objections to approval, to deal with",
        lambda: ApprovalRequest.objects.to_deal_with().count(),
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
        "Reminders that failed or were interrupted",
        lambda: Reminder.objects.unresolved().count(),
    ),
]
