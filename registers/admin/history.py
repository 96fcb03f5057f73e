"""The history of an object: its official changes field by field, and its audit log."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from simple_history.admin import SimpleHistoryAdmin
from simple_history.template_utils import HistoricalRecordContextHelper

from registers.admin.audit_log import audit_entries, audit_page, audit_sources, format_times
from registers.admin.restore import PAGE_MODELS, may_restore, restore_view
from registers.changes.restore import is_of_other_row, merged_after, merges_into
from registers.history.backfill import SUBJECTS
from registers.history.diff import (
    ChangeDescription,
    Difference,
    describe,
    split_at_differences,
    subject_key,
)
from registers.history.snapshot import display, to_json
from registers.models import Change, Merge, Organisation

NO_SNAPSHOT = "This state was not recorded, so it cannot be put back."
OTHER_ORGANISATION = "This is the state of another organisation, so it cannot be put back here."
MERGED_LATER = "{gone} was merged into this organisation later, so this state cannot be put back."
CURRENT = "This is the current state."


@dataclass(frozen=True, kw_only=True)
class HistoryEntry:
    """One change as it is shown.

    `merged_name`: the organisation that it was made to, if that was merged into
    this one later. `not_restorable`: why nobody can put this state back, or empty.
    """

    description: ChangeDescription
    when: str
    merged_name: str
    not_restorable: str


def history_entries(
    thing: models.Model, changes: models.QuerySet[Change], page: Any
) -> list[HistoryEntry]:
    """Return the entries of a page of all the `changes` of `thing`, the newest first."""
    first, most = page.start_index() - 1, page.paginator.per_page
    # One more: the last of the page is compared with it.
    shown = list(changes[first : first + most + 1])
    beyond = _rows_to_compare_with(type(thing), shown, changes[first + most + 1 :], most)
    on_page = describe(type(thing), [*shown, *beyond], most=most)
    others = _merged_names(thing, shown[:most])
    merges = merges_into(thing)
    times = format_times(each.change.made_at for each in on_page)
    return [
        HistoryEntry(
            description=each,
            when=when,
            merged_name=others.get(subject_key(type(thing), each.change), ""),
            not_restorable=_why_not_restorable(
                thing, each.change, merges, newest=first + index == 0
            ),
        )
        for index, (each, when) in enumerate(zip(on_page, times, strict=True))
    ]


def _rows_to_compare_with(
    model: type[models.Model],
    shown: Sequence[Change],
    rest: models.QuerySet[Change],
    most: int,
) -> list[Change]:
    """Return what changes of `shown` are compared with, where that is not in `shown` itself."""
    if len(shown) <= most or shown[-1].record is None:
        return []
    wanted = {subject_key(model, change) for change in shown} - {
        subject_key(model, shown[-1]),
        None,
    }
    found = []
    if wanted:
        for pk, key in rest.values_list("pk", "record__fields__id"):
            if not wanted or key is None:
                break
            if key in wanted:
                wanted.remove(key)
                found.append(pk)
    stored = Change.objects.in_bulk(found)
    return [stored[pk] for pk in found]


def _merged_names(thing: models.Model, shown: Iterable[Change]) -> dict[Any, str]:
    """Return the names of the organisations that were merged into `thing`, by their keys."""
    if not isinstance(thing, Organisation):
        return {}
    # The newest is read last, so that its name counts where no merge is recorded.
    names = {
        each.record["fields"]["id"]: each.record["fields"]["name"]
        for each in reversed(list(shown))
        if each.record and is_of_other_row(thing, each.record)
    }
    merges = Merge.objects.filter(gone_key__in=list(names)).order_by("pk")
    return names | dict(merges.values_list("gone_key", "gone_name"))


def _why_not_restorable(
    thing: models.Model, change: Change, merges: list[Merge], *, newest: bool
) -> str:
    if change.record is None:
        return NO_SNAPSHOT
    if is_of_other_row(thing, change.record):
        return OTHER_ORGANISATION
    if newest:
        return CURRENT
    merge = merged_after(merges, change.made_at)
    return MERGED_LATER.format(gone=merge.gone_name) if merge else ""


# Django and simple-history gave these methods their positional switches.
# ruff: noqa: FBT001, FBT002


if TYPE_CHECKING:
    SimpleHistory = admin.ModelAdmin[Any]
else:
    SimpleHistory = SimpleHistoryAdmin

CHANGES_PER_PAGE = 50


class HistoryAdmin(SimpleHistory):
    """An admin with the history of its objects, from which an earlier state is put back.

    The history of a protocol or organisation is its official changes, with a link
    to the audit log. No change refers to other objects: their history is the saves.
    """

    object_history_list_template = "admin/history_list.html"

    def get_urls(self) -> list[Any]:
        """Add the audit log, and the page that puts a state back."""
        name = f"registers_{self.opts.model_name}"
        urls: list[Any] = super().get_urls()
        audit_log = path(
            "<path:object_id>/saves/",
            admin.site.admin_view(self.audit_log_view),
            name=f"{name}_audit_log",
        )
        restoring = path(
            "<path:object_id>/restore/<int:number>/",
            admin.site.admin_view(self.restore_view),
            name=f"{name}_restore",
        )
        return [
            *([audit_log] if self.model in SUBJECTS else []),
            *([restoring] if self.model in SUBJECTS or self.model in PAGE_MODELS else []),
            *urls,
        ]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the official changes of an object that has any, or else its saves."""
        thing = self.get_object(request, unquote(object_id))
        if thing is None or not _changes_of(thing).exists():
            return self.audit_log_view(request, object_id, extra_context)
        if not self.has_view_or_change_permission(request, thing):
            raise PermissionDenied
        changes = _changes_of(thing).select_related("by", "merge")
        page = Paginator(changes, CHANGES_PER_PAGE).get_page(request.GET.get("p"))
        shown = history_entries(thing, changes, page)
        may_change = self.has_change_permission(request, thing)
        restorable = {
            change.pk
            for change in (
                entry.description.change
                for entry in shown
                if may_change and not entry.not_restorable
            )
            if change.record and may_restore(request, thing, change.record)
        }
        context = {
            "title": f"History: {thing}",
            "opts": self.opts,
            "thing": thing,
            "page": page,
            "entries": shown,
            "restorable": restorable,
            "may_merge": request.user.has_perm("registers.merge_organisation"),
        }
        context |= admin.site.each_context(request) | (extra_context or {})
        return render(request, "admin/registers/history.html", context)

    def audit_log_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show every save, those of drafts and of notes for administrators included."""
        thing = self.get_object(request, unquote(object_id))
        if self.model not in SUBJECTS:
            may = self.model in PAGE_MODELS and self.has_change_permission(request, thing)
            more = {"restorable": may} | (extra_context or {})
            return super().history_view(request, object_id, more)
        sources = audit_sources(request, self.model, thing.pk if thing else self._key(object_id))
        # What is deleted is named by its last state.
        last = None if thing else sources[0].rows().order_by("history_date").last()
        shown = last.instance if last else thing
        if shown is None:
            raise Http404
        if not self.has_view_or_change_permission(request, shown):
            raise PermissionDenied
        page = audit_page(sources, request.GET.get("p"))
        context = {
            "title": f"Audit log: {shown}",
            "opts": self.opts,
            "thing": shown,
            "official": thing and _changes_of(thing).exists(),
            "page": page,
            "entries": audit_entries(sources, page.object_list),
        }
        context |= admin.site.each_context(request) | (extra_context or {})
        return render(request, "admin/registers/audit_log.html", context)

    def _key(self, object_id: str) -> Any:
        """Return the key in an address. Raises Http404 for what cannot be a key."""
        try:
            return self.opts.pk.to_python(unquote(object_id))
        except ValidationError:
            raise Http404 from None

    def restore_view(self, request: HttpRequest, object_id: str, number: int) -> HttpResponse:
        """Show what putting an earlier state back would do, or do it."""
        thing = self.get_object(request, unquote(object_id))
        return restore_view(self, request, thing, number)

    def set_history_delta_changes(
        self, request: HttpRequest, page_obj: Any, foreign_keys_are_objs: bool = True
    ) -> None:
        """Compare each save of a page with the one before it, the page's last one too."""
        rows = list(page_obj)
        beyond = page_obj.paginator.object_list[page_obj.end_index() :][:1]
        super().set_history_delta_changes(request, [*rows, *beyond], foreign_keys_are_objs)  # type: ignore[misc]  # a mixin
        for row, when in zip(rows, format_times(row.history_date for row in rows), strict=True):
            row.when = when
        page_obj.object_list = rows

    def get_historical_record_context_helper(
        self, request: HttpRequest, historical_record: Any
    ) -> HistoricalRecordContextHelper:
        """Return what words the differences between two saves."""
        return DifferenceHelper(self.model, historical_record)


class DifferenceHelper(HistoricalRecordContextHelper):
    """Words the differences between two saves as those of official changes."""

    def context_for_delta_changes(self, delta: Any) -> list[Difference]:
        """Return the differences, field by field."""
        return [self._difference(change) for change in delta.changes]

    def _difference(self, change: Any) -> Difference:
        field = self.model._meta.get_field(change.field)
        before, after = (display(field, _as_json(value)) for value in (change.old, change.new))
        old, new = split_at_differences(before, after)
        return Difference(field=str(field.verbose_name).capitalize(), before=old, after=new)


def _as_json(value: Any) -> Any:
    """Return a value as a snapshot holds it."""
    if value is None or isinstance(value, str | int | bool | datetime.date):
        return to_json(value)
    # Another object, or simple-history's placeholder for a deleted one.
    return {"says": str(value)}


def _changes_of(thing: Any) -> models.QuerySet[Change]:
    name = SUBJECTS.get(type(thing))
    return Change.objects.filter(**{name: thing.pk}) if name else Change.objects.none()
