"""Protocols, with their parties, documents and overarching protocols, and drafts' previews."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.utils.formats import date_format

from registers import changes
from registers.admin.approval import approval_url
from registers.admin.base import NOT_SENT, PublishedAdmin, RecordedInline
from registers.admin.filters import (
    EndFilter,
    FindingFilter,
    LeadFilter,
    MissingFilter,
    RelatedFilter,
    ReviewFilter,
    UnclearFilter,
)
from registers.admin.findings import findings_today
from registers.admin.form_drafts import READ
from registers.admin.form_sections import sections_of
from registers.admin.forms import RecordedFormSet
from registers.admin.history import object_or_404
from registers.admin.options import box_of
from registers.admin.paper_suggestions import as_json, read_chosen, show_beside
from registers.admin.papers import DocumentInline, paper_urls
from registers.admin.paste_parties import ALL_NEW, TEXT, is_pasted, paste
from registers.admin.permissions import PUBLISH_FIELDS
from registers.admin.protocol_form import (
    NoScriptRows,
    PartyInline,
    ProtocolForm,
    without_javascript,
)
from registers.admin.publishing import ACTIONS, MAX_PROTOCOLS, act_links, act_urls
from registers.admin.redaction import redaction_url
from registers.admin.review import review_chosen, review_urls
from registers.changes.preview_link import LINK_DAYS, preview_url
from registers.models import Document, Overarching, Protocol
from registers.models.abbreviations import abbreviations_in
from registers.models.completeness import RECORD_ITEMS, missing, recorded_count, to_publish
from registers.models.protocol_fields import FormSection, form_fields
from registers.models.references import example, own_form
from registers.search.admin_search import search_protocols
from registers.search.reference_log import next_reference


def preview(model_admin: Any, request: HttpRequest, object_id: str) -> HttpResponse:
    """Show a draft's public page, marked as a draft. Redirect to the page of what is public.

    Raises PermissionDenied for a user who may not see protocols in admin, and Http404.
    """
    if not model_admin.has_view_or_change_permission(request):
        raise PermissionDenied
    protocol: Protocol = object_or_404(model_admin, request, object_id)
    if protocol.status != Protocol.Status.DRAFT:
        return redirect(protocol)
    today = timezone.localdate()
    # A draft has no reviews, and nothing public names it: the context leaves these out.
    context = {
        "protocol": protocol,
        "on": today,
        "today": today,
        "documents": protocol.documents.listed(),
        "abbreviations": abbreviations_in(protocol.all_words),
        "replaced_by": Protocol.public.filter(replaces=protocol),
        "comes_under": Protocol.public.filter(covers=protocol),
        "link": preview_url(protocol),
        "link_days": LINK_DAYS,
    }
    response = render(request, "protocols/preview.html", context)
    response["X-Robots-Tag"] = "noindex"
    return response


CHOOSE = [("", "Choose")]
IN_OUR_WORDS = {
    "No action selected.": "Nothing was done. Choose what to do with those that you ticked.",
    "Items must be selected in order to perform actions on them. No items have been changed.": (
        "Nothing was done. Tick at least one protocol first."
    ),
}

# The place on the form of what is missing, where that is not the box of its name; None: no box.
BOXES = {
    "lead": "parties-group",
    "lead organisation": "parties-group",
    "signed": "parties-group",
    "documents": "documents-group",
    "published-on": None,
}


def _box_of(key: str) -> str | None:
    return BOXES.get(key, f"id_{key.replace('-', '_')}")


FIRST_TITLE = "Signed protocol"


class OverarchingFormSet(RecordedFormSet):
    """A form set with a prefix: Django takes it from the reverse name, which is missing here."""

    @classmethod
    def get_default_prefix(cls) -> str:
        """Return the prefix of the field names."""
        return "overarching"


class OverarchingInline(NoScriptRows, RecordedInline):
    """The broader protocols that it comes under."""

    model = Overarching
    fk_name = "protocol"
    formset = OverarchingFormSet
    autocomplete_fields = ("overarching",)
    verbose_name = "protocol that this comes under"
    adds = "a broader protocol"
    verbose_name_plural = "Broader protocols that it comes under"
    before_fieldset = FormSection.NOTES.value


class ProtocolDocumentInline(NoScriptRows, DocumentInline):
    """Its documents, in their place on the form."""

    verbose_name_plural = "Documents"
    before_fieldset = FormSection.WHAT.value

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        """Return how many empty rows to show: one at least for a new protocol."""
        rows = super().get_extra(request, obj, **kwargs)
        return rows if obj else max(rows, 1)


class ProtocolList(ChangeList):
    """A page of protocols."""

    def get_queryset(self, *args: Any, **kwargs: Any) -> Any:
        """Prefetch what the list shows."""
        found: Any = super().get_queryset(*args, **kwargs)
        return found.with_parties().prefetch_related("documents")


@admin.register(Protocol)
class ProtocolAdmin(PublishedAdmin):
    """Protocols: their papers first, then what, who, why and when."""

    form = ProtocolForm
    inlines = (PartyInline, OverarchingInline, ProtocolDocumentInline)
    list_display = ("reference", "title", "its_theme", "lead", "review", "its_status", "recorded")
    list_display_links = ("reference", "title")
    list_filter = (
        ReviewFilter,
        "status",
        EndFilter,
        ("theme", RelatedFilter),
        LeadFilter,
        FindingFilter,
        MissingFilter,
        "parties_complete",
        UnclearFilter,
    )
    list_select_related = ("theme",)
    # Otherwise each page of a filtered list counts the whole register too.
    show_full_result_count = False
    # Without JavaScript, nothing can be selected on more than one page.
    list_max_show_all = MAX_PROTOCOLS
    # Django shows no search box without any. `get_search_results` does the search.
    search_fields = ("reference",)
    search_help_text = (
        f"A reference ({'12, ISP 0012' if own_form().is_number else example()}), any name of an"
        " organisation, or words from anywhere in the"
        " record, notes and documents included. Put words in “quotes” to find them together."
    )
    actions = (review_chosen, *ACTIONS)
    fieldsets: ClassVar[Any] = (
        *((section.value, {"fields": form_fields(section)}) for section in FormSection),
        ("This change", {"fields": ["why"]}),
    )

    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Return the box of a field: of one with options, the ticks of its list."""
        box = box_of(db_field, request)
        if isinstance(box, dict):
            return super().formfield_for_dbfield(db_field, request, **kwargs, **box)
        return box

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show or save the form, or tell its script what a chosen file says."""
        if READ in request.POST and "json" in request.headers.get("Accept", ""):
            if not self.has_add_permission(request):
                raise PermissionDenied
            return as_json(read_chosen(request))
        return super().changeform_view(request, *args, **kwargs)

    def _take_up_or_save(
        self, request: HttpRequest, object_id: str | None, *more: Any
    ) -> HttpResponse:
        pastes = READ not in request.POST and is_pasted(request)
        if pastes:
            request.pasted = paste(request)  # type: ignore[attr-defined]  # ours
        if pastes or READ in request.POST:
            # A refused form shows what was sent; its errors are taken away, as of a draft.
            return self._show_refusal(ValidationError(NOT_SENT), request, object_id, *more)
        return super()._take_up_or_save(request, object_id, *more)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: FBT001 (Django's own)
        """Save one inline, after the organisations that it makes. Raises ValidationError."""
        how: dict[str, Any] = {"at": timezone.now(), "by": request.user}
        for organisation in getattr(formset, "new_organisations", {}).values():
            with changes.record_change(organisation, **how):
                changes.save(organisation)
        super().save_formset(request, form, formset, change)

    def get_urls(self) -> list[Any]:
        """Add a draft's preview, the pages of reviews and of acts, and the files of documents."""
        view = self.admin_site.admin_view(partial(preview, self))
        return [
            path("<path:object_id>/preview/", view, name="registers_protocol_preview"),
            *paper_urls(self, Document, "documents"),
            *review_urls(self),
            approval_url(self),
            *act_urls(self),
            redaction_url(self),
            *super().get_urls(),
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that reads parties and documents with its protocols."""
        return ProtocolList

    def get_action_choices(  # type: ignore[override]  # the stubs are of a newer Django
        self, request: HttpRequest, default_choices: Any = CHOOSE
    ) -> Any:
        """Offer the actions, behind words that say what to do."""
        return super().get_action_choices(request, default_choices)

    def message_user(self, request: HttpRequest, message: Any, *args: Any, **kwargs: Any) -> None:
        """Show a message; where it is Django's about the actions, in words that help."""
        super().message_user(request, IN_OUR_WORDS.get(str(message), message), *args, **kwargs)

    def get_search_results(
        self, request: HttpRequest, queryset: models.QuerySet[Any], search_term: str
    ) -> tuple[models.QuerySet[Any], bool]:
        """Search anywhere in the record. Autocomplete fields search by this too."""
        return search_protocols(queryset, search_term), False

    @admin.display(description="theme", ordering="theme", empty_value="No theme")
    def its_theme(self, protocol: Protocol) -> Any:
        """Return its theme."""
        return protocol.theme

    @admin.display(description="lead", empty_value="No lead")
    def lead(self, protocol: Protocol) -> str | None:
        """Return the lead organisation's name."""
        lead = protocol.lead
        return lead.organisation.name if lead else None

    @admin.display(description="review today", ordering="review_date", empty_value="Not due")
    def review(self, protocol: Protocol) -> str | None:
        """Return its review status and month; None for a withdrawn protocol."""
        if protocol.status == Protocol.Status.WITHDRAWN:
            return None
        stands = protocol.review_status(timezone.localdate()).label
        return f"{stands}: {protocol.review_date:%B %Y}" if protocol.review_date else stands

    @admin.display(description="status", ordering="status")
    def its_status(self, protocol: Protocol) -> str:
        """Return its status, and that its end has passed where nobody has withdrawn it."""
        label, end = str(protocol.get_status_display()), protocol.ends_on
        is_withdrawn = protocol.status == Protocol.Status.WITHDRAWN
        if is_withdrawn or not end or not protocol.has_ended(timezone.localdate()):
            return label
        return f"{label}, past its end: {date_format(end, 'j F Y')}"

    @admin.display(description="filled in", ordering=recorded_count())
    def recorded(self, protocol: Protocol) -> str:
        """Return how many of the fields that it should have are recorded."""
        return f"{len(RECORD_ITEMS) - len(missing(protocol))} of {len(RECORD_ITEMS)} fields"

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Offer the next free reference."""
        return {
            "reference": next_reference(timezone.localdate())
        } | super().get_changeform_initial_data(request)

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> Any:
        """Propose the title of the first paper of a new protocol."""
        given = super().get_formset_kwargs(request, obj, inline, prefix)
        if isinstance(inline, ProtocolDocumentInline) and obj._state.adding:
            given["initial"] = [{"title": FIRST_TITLE}]
        return given

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Make what publishes or withdraws read-only, and the reference of a saved protocol."""
        return (*PUBLISH_FIELDS, "reference") if obj else PUBLISH_FIELDS

    def get_fieldsets(self, request: HttpRequest, obj: Protocol | None = None) -> Any:
        """Leave out the facts of a withdrawal, unless it is withdrawn or replaced."""
        ended = obj and (obj.status == Protocol.Status.WITHDRAWN or obj.replaced_by_id)
        *sections, (name, last) = [
            (name, options if ended or name != FormSection.STATUS.value else {"fields": ["status"]})
            for name, options in super().get_fieldsets(request, obj)
        ]
        is_public = obj and obj.is_stored_public
        return [*sections, (name, {"fields": ["why", "is_correction"]} if is_public else last)]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add what is still missing, and whether the page is without JavaScript."""
        if protocol := context.get("original"):
            # Each of the items that may be missing would ask for them again.
            models.prefetch_related_objects([protocol], "parties", "documents")
        needed = []
        if protocol and protocol.status == Protocol.Status.DRAFT:
            needed = to_publish(protocol)
        context["needed"] = [(what, _box_of(what)) for what in needed]
        context["missing"] = [
            (item.words, _box_of(item.key))
            for item in (missing(protocol) if protocol else [])
            if item.words.lower() not in needed
        ]
        context["sections"] = sections_of(context["adminform"])
        if protocol:
            context["findings"] = [
                (each, _box_of(each.rule.field.replace("_", "-")))
                for each in findings_today(protocol)
            ]
        context["without_javascript"] = without_javascript(request)
        context["reads_files"] = protocol is None and not context["is_popup"]
        if READ in request.POST and context["reads_files"]:
            shown = read_chosen(request)
            show_beside(context["adminform"].form, shown)
            context["read"] = shown.top
        context |= {
            "pasted": getattr(request, "pasted", None),
            "pasted_list": request.POST.get(TEXT, ""),
            "pasted_all_new": ALL_NEW in request.POST,
            "may_add_organisations": request.user.has_perm("registers.add_organisation"),
        }
        if self.has_publish_permission(request):
            context["acts"] = act_links(protocol)
        return super().render_change_form(request, context, *args, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return True only for drafts."""
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and (obj is None or obj.status == Protocol.Status.DRAFT)

    def view_on_site(self, protocol: Protocol) -> str | None:
        """Return its public page; a draft has none."""
        return None if protocol.status == Protocol.Status.DRAFT else protocol.get_absolute_url()
