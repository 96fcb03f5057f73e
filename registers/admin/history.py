"""The history of an object: its official changes field by field, and every save of it."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Page, Paginator
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.utils.formats import date_format

from registers.admin.restore import RESTORABLE, may_restore, official_changes, restore_view
from registers.changes.restore import is_of_other_row, merged_after, merges_into
from registers.history.diff import ChangeDescription, describe
from registers.history.snapshot import PARTS
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
    merged_name: str = ""
    not_restorable: str = ""


def history_entries(
    thing: models.Model, changes: models.QuerySet[Change], page: Page[Change]
) -> list[HistoryEntry]:
    """Return the entries of a page of the official `changes` of `thing`, the newest first."""
    first, most = page.start_index() - 1, page.paginator.per_page
    # One more: the last of the page is compared with it.
    shown = list(changes[first : first + most + 1])
    beyond = _rows_to_compare_with(shown, changes[first + most + 1 :], most)
    on_page = describe(type(thing), [*shown, *beyond], most=most)
    others = _merged_names(thing, shown[:most])
    merges = merges_into(thing)
    times = format_times(each.change.made_at for each in on_page)
    return [
        HistoryEntry(
            description=each,
            when=when,
            merged_name=others.get(each.change.subject_key, ""),
            not_restorable=_why_not_restorable(
                thing, each.change, merges, newest=first + index == 0
            ),
        )
        for index, (each, when) in enumerate(zip(on_page, times, strict=True))
    ]


def _rows_to_compare_with(
    shown: Sequence[Change], rest: models.QuerySet[Change], most: int
) -> list[Change]:
    """Return what changes of `shown` are compared with, where that is not in `shown` itself."""
    if len(shown) <= most or shown[-1].snapshot is None:
        return []
    wanted = {change.subject_key for change in shown if change.snapshot}
    wanted.discard(shown[-1].subject_key)
    found = []
    is_bare = models.ExpressionWrapper(
        models.Q(snapshot__isnull=True), output_field=models.BooleanField()
    )
    if wanted:
        rows = rest.annotate(is_bare=is_bare).values_list("pk", "subject_key", "is_bare")
        for pk, key, bare in rows:
            if not wanted or bare:
                break
            if key in wanted:
                wanted.remove(key)
                found.append(pk)
    stored = Change.objects.in_bulk(found)
    return [stored[pk] for pk in found]


def _merged_names(thing: models.Model, shown: Iterable[Change]) -> dict[str, str]:
    """Return the names of the organisations that were merged into `thing`, by their keys."""
    if not isinstance(thing, Organisation):
        return {}
    # The newest is read last, so that its name counts where no merge is recorded.
    names = {
        each.subject_key: each.snapshot["fields"]["name"]
        for each in reversed(list(shown))
        if each.snapshot and is_of_other_row(thing, each.snapshot)
    }
    merges = Merge.objects.filter(gone_key__in=map(int, names)).order_by("pk")
    return names | {str(key): name for key, name in merges.values_list("gone_key", "gone_name")}


def _why_not_restorable(
    thing: models.Model, change: Change, merges: list[Merge], *, newest: bool
) -> str:
    if change.snapshot is None:
        return NO_SNAPSHOT
    if is_of_other_row(thing, change.snapshot):
        return OTHER_ORGANISATION
    if newest:
        return CURRENT
    merge = merged_after(merges, change.made_at)
    return MERGED_LATER.format(gone=merge.gone_name) if merge else ""


def format_times(times: Iterable[datetime.datetime]) -> list[str]:
    """Return times in words, with seconds where two of them share a minute."""
    local = [timezone.localtime(time) for time in times]
    words = [date_format(time, "j F Y, H:i") for time in local]
    count = Counter(words)
    return [
        date_format(time, "j F Y, H:i:s") if count[word] > 1 else word
        for time, word in zip(local, words, strict=True)
    ]


# Django gave these methods their positional switches.


if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

PER_PAGE = 50


def object_or_404(model_admin: ModelAdmin, request: HttpRequest, object_id: str) -> Any:
    """Return the object at an address of `model_admin`. Raises Http404."""
    thing = model_admin.get_object(request, unquote(object_id))
    if thing is None:
        raise Http404
    return thing


class HistoryAdmin(ModelAdmin):
    """An admin with the history of its objects, from which an earlier state is put back.

    The history of an object is its official changes, with a link to the audit log:
    every save, those of drafts and notes for administrators included.
    """

    def subject_of(self, thing: Any) -> models.Model:
        """Return the object whose changes are recorded: `thing`, unless a subclass overrides it."""
        return thing  # type: ignore[no-any-return]  # a model's instance

    def get_urls(self) -> list[Any]:
        """Add the audit log, and the page that puts a state back."""
        name = f"registers_{self.opts.model_name}"
        wrap = admin.site.admin_view
        pages = [
            path("<path:object_id>/saves/", wrap(self.audit_log_view), name=f"{name}_audit_log")
        ]
        if self.model in RESTORABLE:
            restoring = "<path:object_id>/restore/<int:number>/"
            pages.append(path(restoring, wrap(self.restore_view), name=f"{name}_restore"))
        return [*pages, *super().get_urls()]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the official changes of an object that has any, or else every save."""
        thing = self.get_object(request, unquote(object_id))
        official = official_changes(self.subject_of(thing)) if thing else Change.objects.none()
        if thing is None or not official.exists():
            return self.audit_log_view(request, object_id, extra_context)
        if not self.has_view_or_change_permission(request, thing):
            raise PermissionDenied
        subject = self.subject_of(thing)
        official = official.select_related("by", "merge")
        page = Paginator(official, PER_PAGE).get_page(request.GET.get("p"))
        shown = history_entries(subject, official, page)
        may_change = self.model in RESTORABLE and self.has_change_permission(request, thing)
        restorable = {
            change.pk
            for change in (
                entry.description.change
                for entry in shown
                if may_change and not entry.not_restorable
            )
            if change.snapshot and may_restore(request, subject, change.snapshot)
        }
        context = {
            "title": f"History: {thing}",
            "opts": self.opts,
            "thing": thing,
            "page": page,
            "entries": shown,
            "restorable": restorable,
            "is_restorable": self.model in RESTORABLE,
            "may_merge": request.user.has_perm("registers.merge_organisation"),
        }
        context |= admin.site.each_context(request) | (extra_context or {})
        return render(request, "admin/registers/history.html", context)

    def audit_log_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show every save, those of drafts and of notes for administrators included."""
        thing = self.get_object(request, unquote(object_id))
        subject = self.subject_of(thing) if thing else None
        model = type(subject) if subject else self.model
        saves = Change.objects.about(model, subject.pk if subject else self._key(object_id))
        # What is deleted is called as in its last state.
        last = None if thing else saves.filter(snapshot__isnull=False).first()
        if thing is None and last is None:
            raise Http404
        if not self.has_view_or_change_permission(request, thing):
            raise PermissionDenied
        saves = saves.select_related("by")
        page = Paginator(saves, PER_PAGE).get_page(request.GET.get("p"))
        first = max(page.start_index() - 1, 0)
        described = describe(
            model,
            list(saves[first : first + PER_PAGE + 1]),
            most=PER_PAGE,
            private=True,
            hidden=_hidden_parts(request, model),
        )
        times = format_times(each.change.made_at for each in described)
        called = thing or _called(last)
        context = {
            "title": f"Audit log: {called}",
            "opts": self.opts,
            "thing": thing,
            "called": called,
            "official": subject and official_changes(subject).exists(),
            "page": page,
            "entries": [
                HistoryEntry(description=each, when=when)
                for each, when in zip(described, times, strict=True)
            ],
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


def _hidden_parts(request: HttpRequest, model: type[models.Model]) -> set[str]:
    """Return the kinds of parts that this user may not view."""
    return {
        kind
        for kind, (part, _) in PARTS.get(model, {}).items()
        if not any(
            request.user.has_perm(f"registers.{do}_{part._meta.model_name}")
            for do in ("view", "change")
        )
    }


def _called(change: Change | None) -> str:
    """Return what a deleted object was called."""
    fields = change.snapshot["fields"] if change and change.snapshot else {}
    words = [fields.get(name) for name in ("reference", "name", "title")]
    return " - ".join(str(word) for word in words if word)
