"""The front page of the editors' door: what waits for somebody, before all that can be kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.db import models
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache

from registers.admin.entering import second_factor
from registers.admin.entering.login import LogInForm, OwnPasswordView, came_for
from registers.admin.importing import ways as importing
from registers.admin.importing.shared import may_import
from registers.admin.reference_log import number_book
from registers.models import Answer, Import, Name, Organisation, Protocol, Reminder
from registers.models.keys import key_of
from registers.models.review_dates import ReviewStatus
from registers.search.admin_search import called_anything_like
from registers.search.index_loader import index_now
from registers.search.reference_log import Shown, unexplained_gaps


class Offers(AutocompleteJsonView):
    """Django's own offers, but that an organisation is shown with the name that was found."""

    def get_queryset(self) -> models.QuerySet[Any]:
        """Return what fits what is typed; organisations without the numbers of their list."""
        if self.model_admin.model is not Organisation:
            offers: models.QuerySet[Any] = super().get_queryset()
            return offers
        names = Name.objects.order_by("kind", "text")
        return (
            called_anything_like(self.term)
            .order_by("name")
            .prefetch_related(models.Prefetch("names", names, to_attr="offered_names"))
        )

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        """Return one offer: 'Essex Partnership University NHS Foundation Trust (EPUT)'."""
        offer: dict[str, str] = super().serialize_result(obj, to_field_name)
        if isinstance(obj, Organisation) and (name := self._found_by(obj)):
            offer["text"] += f" ({name})"
        return offer

    def _found_by(self, organisation: Any) -> str | None:
        """Return the name with every word that was typed, unless the official one has them."""
        words = key_of(self.term).split()
        found = [
            name for name in organisation.offered_names if all(word in name.key for word in words)
        ]
        if any(name.kind == Name.Kind.OFFICIAL for name in found):
            return None
        return found[0].text if found else None


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
    login_form = LogInForm
    logout_template = "admin/entering/logged_out.html"

    def register(self, model_or_iterable: Any, *args: Any, **kwargs: Any) -> None:
        """Show a model in admin. What lets people in is never shown: whoever reads it is them."""
        one = isinstance(model_or_iterable, type)
        models: Any = [model_or_iterable] if one else model_or_iterable
        shown = [model for model in models if model._meta.app_label not in SECRET]
        super().register(shown, *args, **kwargs)

    def has_permission(self, request: HttpRequest) -> bool:
        """Say whether somebody may enter: an editor, with the second factor where it is asked."""
        return second_factor.may_enter(request)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Let every page know whether a second factor is asked for, and which version runs."""
        return super().each_context(request) | {
            "second_factor_asked": settings.SECOND_FACTOR,
            "register_version": settings.VERSION,
        }

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Call Django's own part, of users and groups, by a word that everybody knows."""
        apps: list[Any] = super().get_app_list(request, app_label)
        return [app | ({"name": "People"} if app["app_label"] == "auth" else {}) for app in apps]

    def get_urls(self) -> list[Any]:
        """Add our pages, and let out also those who are only half in."""
        book = self.admin_view(number_book)
        ours = [
            path("registers/references/", book, name="registers_references"),
            *importing.ways(self.admin_view),
            *second_factor.ways(self.admin_view),
            path("logout/", never_cache(self.logout), name="logout"),
        ]
        return ours + [way for way in super().get_urls() if getattr(way, "name", "") != "logout"]

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask for name and password, or lead on whoever has given them and lacks the factor."""
        user: Any = request.user
        if request.method == "GET" and user.is_active and user.is_staff:
            wanted = came_for(request)
            if not self.has_permission(request):
                wanted = f"{reverse('admin:second_factor')}?{urlencode({'next': wanted})}"
            return HttpResponseRedirect(wanted)
        return super().login(request, extra_context)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Let an editor change the own password."""
        view = OwnPasswordView.as_view(
            success_url=reverse("admin:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        return view(request)

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """Offer what fits what is typed, an organisation with the name that was found."""
        return cast(HttpResponse, Offers.as_view(admin_site=self)(request))

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show the desk, as far as this editor may see its lists, and below it every list."""
        desk = [
            Waiting(count=count(), what=what, address=f"{_list_of(model)}?{query}")
            for model, query, what, count in DESK
            if self.get_model_admin(model).has_view_or_change_permission(request)
        ]
        if self.get_model_admin(Protocol).has_view_or_change_permission(request):
            desk.append(_unexplained_gaps())
        if may_import(request.user):
            desk.append(_imports())
        return super().index(request, {**(extra_context or {}), "desk": desk})


# The secrets of telephones, recovery codes and who tried to come in.
SECRET = {"axes", "otp_static", "otp_totp"}


def _in_force(status: ReviewStatus) -> int:
    """Return how many protocols in force have the review status today."""
    index = index_now()
    reviewed = index.reviewed([status], timezone.localdate())
    return int((reviewed & index.in_status(Protocol.Status.PUBLISHED)).sum())


def _unexplained_gaps() -> Waiting:
    return Waiting(
        count=unexplained_gaps(),
        what="Unexplained gaps in the number book",
        address=f"{reverse('admin:registers_references')}?show={Shown.UNEXPLAINED}",
    )


def _imports() -> Waiting:
    return Waiting(
        count=Import.objects.waiting().count(),
        what="Imports that wait to be applied",
        address=f"{reverse('admin:registers_import_list')}?show=waiting",
    )


def _list_of(model: type[Model]) -> str:
    return reverse(f"admin:registers_{model._meta.model_name}_changelist")


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
        Protocol,
        f"status__exact={Protocol.Status.DRAFT}",
        "Drafts in work",
        lambda: Protocol.objects.filter(status=Protocol.Status.DRAFT).count(),
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
