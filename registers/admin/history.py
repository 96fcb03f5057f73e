"""The history of a thing: every official change field by field, and beside it every save."""

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

from registers.admin.audit_log import page_of, saves_of, sources, times_in_words
from registers.admin.restore import PAGES, may_restore, restore_view
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

NO_RECORD = "No record of this state was kept, so it cannot be put back."
OF_ANOTHER = "This is the state of another organisation, so it cannot be put back here."
BEHIND_A_MERGE = "{gone} was merged into this one after it, so it cannot be put back."
TODAY = "This is how it stands today."


@dataclass(frozen=True, kw_only=True)
class Line:
    """One change as it is shown. `other`: the name of the organisation that it was made to.

    `instead` says why the state cannot be put back; empty where nothing but
    what a person may do stands in its way.
    """

    told: ChangeDescription
    when: str
    other: str
    instead: str


def lines(thing: models.Model, changes: models.QuerySet[Change], page: Any) -> list[Line]:
    """Return the lines of a page of all the `changes` of `thing`, the newest first."""
    first, most = page.start_index() - 1, page.paginator.per_page
    # One more, for the last of the page to be compared with.
    shown = list(changes[first : first + most + 1])
    beyond = _beyond(type(thing), shown, changes[first + most + 1 :], most)
    on_page = describe(type(thing), [*shown, *beyond], most=most)
    others = _names_of_others(thing, shown[:most])
    merges = merges_into(thing)
    whens = times_in_words(each.change.made_at for each in on_page)
    return [
        Line(
            told=each,
            when=when,
            other=others.get(subject_key(type(thing), each.change), ""),
            instead=_instead(thing, each.change, merges, newest=first + place == 0),
        )
        for place, (each, when) in enumerate(zip(on_page, whens, strict=True))
    ]


def _beyond(
    model: type[models.Model],
    shown: Sequence[Change],
    rest: models.QuerySet[Change],
    most: int,
) -> list[Change]:
    """Return what those are compared with whose like does not stand in `shown`, newest first."""
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


def _names_of_others(thing: models.Model, shown: Iterable[Change]) -> dict[Any, str]:
    """Return the names of the organisations that were merged into `thing`, by their keys."""
    if not isinstance(thing, Organisation):
        return {}
    # The oldest of the page last: where no merge says it, the newest name counts.
    names = {
        each.record["fields"]["id"]: each.record["fields"]["name"]
        for each in reversed(list(shown))
        if each.record and is_of_other_row(thing, each.record)
    }
    merges = Merge.objects.filter(gone_key__in=list(names)).order_by("pk")
    return names | dict(merges.values_list("gone_key", "gone_name"))


def _instead(thing: models.Model, change: Change, merges: list[Merge], *, newest: bool) -> str:
    if change.record is None:
        return NO_RECORD
    if is_of_other_row(thing, change.record):
        return OF_ANOTHER
    if newest:
        return TODAY
    merge = merged_after(merges, change.made_at)
    return BEHIND_A_MERGE.format(gone=merge.gone_name) if merge else ""


# Django and simple-history gave these methods their positional switches.
# ruff: noqa: FBT001, FBT002


if TYPE_CHECKING:
    SimpleHistory = admin.ModelAdmin[Any]
else:
    SimpleHistory = SimpleHistoryAdmin

CHANGES_A_PAGE = 50


class HistoryAdmin(SimpleHistory):
    """An admin with the history of its things, from which an earlier state is put back.

    Of protocols and organisations the official changes are shown, and every
    save one link further. Of other things, to which no change points, the saves.
    """

    object_history_list_template = "admin/history_list.html"

    def get_urls(self) -> list[Any]:
        """Add the page with every save, and the one that puts a state back."""
        name = f"registers_{self.opts.model_name}"
        urls: list[Any] = super().get_urls()
        saves = path(
            "<path:object_id>/saves/",
            admin.site.admin_view(self.saves_view),
            name=f"{name}_saves",
        )
        restoring = path(
            "<path:object_id>/restore/<int:number>/",
            admin.site.admin_view(self.restore_view),
            name=f"{name}_restore",
        )
        return [
            *([saves] if self.model in SUBJECTS else []),
            *([restoring] if self.model in SUBJECTS or self.model in PAGES else []),
            *urls,
        ]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the official changes of a thing that has any, else every save."""
        thing = self.get_object(request, unquote(object_id))
        if thing is None or not _changes_of(thing).exists():
            return self.saves_view(request, object_id, extra_context)
        if not self.has_view_or_change_permission(request, thing):
            raise PermissionDenied
        changes = _changes_of(thing).select_related("by", "merge")
        page = Paginator(changes, CHANGES_A_PAGE).get_page(request.GET.get("p"))
        shown = lines(thing, changes, page)
        may_change = self.has_change_permission(request, thing)
        restorable = {
            change.pk
            for change in (line.told.change for line in shown if may_change and not line.instead)
            if change.record and may_restore(request, thing, change.record)
        }
        context = {
            "title": f"History: {thing}",
            "opts": self.opts,
            "thing": thing,
            "page": page,
            "lines": shown,
            "restorable": restorable,
            "may_merge": request.user.has_perm("registers.merge_organisation"),
        }
        context |= admin.site.each_context(request) | (extra_context or {})
        return render(request, "admin/registers/history.html", context)

    def saves_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show every save, with drafts and notes for administrators, as simple-history keeps it."""
        thing = self.get_object(request, unquote(object_id))
        if self.model not in SUBJECTS:
            may = self.model in PAGES and self.has_change_permission(request, thing)
            more = {"restorable": may} | (extra_context or {})
            return super().history_view(request, object_id, more)
        whence = sources(request, self.model, thing.pk if thing else self._key(object_id))
        # Of what is gone its last state, to be named.
        last = None if thing else whence[0].rows().order_by("history_date").last()
        shown = last.instance if last else thing
        if shown is None:
            raise Http404
        if not self.has_view_or_change_permission(request, shown):
            raise PermissionDenied
        page = page_of(whence, request.GET.get("p"))
        context = {
            "title": f"Every save: {shown}",
            "opts": self.opts,
            "thing": shown,
            "official": thing and _changes_of(thing).exists(),
            "page": page,
            "saves": saves_of(whence, page.object_list),
        }
        context |= admin.site.each_context(request) | (extra_context or {})
        return render(request, "admin/registers/every_save.html", context)

    def _key(self, object_id: str) -> Any:
        """Return the key that an address names. Raises Http404 for what cannot be one."""
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
        """Tell each save of a page how it differs from the one before, the page's last one too."""
        rows = list(page_obj)
        beyond = page_obj.paginator.object_list[page_obj.end_index() :][:1]
        super().set_history_delta_changes(request, [*rows, *beyond], foreign_keys_are_objs)  # type: ignore[misc]  # a mixin
        for row, when in zip(rows, times_in_words(row.history_date for row in rows), strict=True):
            row.when = when
        page_obj.object_list = rows

    def get_historical_record_context_helper(
        self, request: HttpRequest, historical_record: Any
    ) -> HistoricalRecordContextHelper:
        """Return what puts a save in words: whole, and marked where it differs."""
        return InWords(self.model, historical_record)


class InWords(HistoricalRecordContextHelper):
    """Puts how two saves differ in the words in which official changes are told."""

    def context_for_delta_changes(self, delta: Any) -> list[Difference]:
        """Return the differences, field by field."""
        return [self._difference(change) for change in delta.changes]

    def _difference(self, change: Any) -> Difference:
        field = self.model._meta.get_field(change.field)
        before, after = (display(field, _recorded(value)) for value in (change.old, change.new))
        old, new = split_at_differences(before, after)
        return Difference(field=str(field.verbose_name).capitalize(), before=old, after=new)


def _recorded(value: Any) -> Any:
    """Return a value as a record holds it."""
    if value is None or isinstance(value, str | int | bool | datetime.date):
        return to_json(value)
    # Another thing, or what simple-history has in its place where it is gone.
    return {"says": str(value)}


def _changes_of(thing: Any) -> models.QuerySet[Change]:
    name = SUBJECTS.get(type(thing))
    return Change.objects.filter(**{name: thing.pk}) if name else Change.objects.none()
