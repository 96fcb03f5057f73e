"""Proposals: a list, and a page that shows one beside what is public and decides it."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.contrib.admin.widgets import AdminTextareaWidget
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import Case, When
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone

from registers.admin.asking import PlainForm
from registers.admin.forms import reason_field
from registers.admin.history import ModelAdmin, object_or_404
from registers.admin.options import NOT_APPLYING
from registers.admin.permissions import may_publish
from registers.admin.proposing import changes_at_once, seen_by, waiting_for
from registers.admin.read_only import ReadOnlyAdmin, not_decided
from registers.changes import proposal as deciding
from registers.changes.preview_link import LINK_DAYS, preview_url
from registers.changes.proposal_view import (
    ProposalView,
    accepted_otherwise,
    model_of,
    view_proposal,
)
from registers.changes.propose import PROPOSABLE
from registers.changes.proposed_review import ProposedReview
from registers.exports.downloads import download_headers
from registers.history.compare import ChangedBy, Difference
from registers.history.diff import display, field_label
from registers.history.parts import PART_KINDS
from registers.history.snapshot import field_values, to_python
from registers.models import Proposal, ProposedFile, Protocol

DONE = {
    "accept": "The proposal is accepted. What was ticked is public now.",
    "return": "The proposal is returned with your comment.",
    "again": "The proposal is changed. A Publisher decides about it.",
    "take-back": "The proposal is taken back. Nothing public has changed.",
    "close": "The suggestion is closed.",
}
# Those that wait come first, the oldest at the top.
WAITING_FIRST = Case(When(status=Proposal.Status.WAITING, then="proposed_at")).asc(nulls_last=True)
AFTER_RETURN = {"again", "take-back"}  # what its writer may still do
DECIDES = {"accept", "return"}
STAYS_OPEN = {Proposal.Status.WAITING, Proposal.Status.RETURNED}
TICK = "take-"  # how the names of the ticks begin


class DecisionForm(PlainForm):
    """The reason and the comment, and the digest of what the page showed."""

    why = reason_field()
    is_correction = forms.BooleanField(label="Only a typing error", required=False)
    comment = forms.CharField(
        label="Comment to the person who proposed it",
        required=False,
        widget=AdminTextareaWidget(attrs={"rows": 2}),
        help_text="Never public. Needed to return a proposal.",
    )
    shown = forms.CharField(required=False, widget=forms.HiddenInput)


@dataclass(frozen=True, kw_only=True)
class ShownDifference:
    """A difference in words, with the box in which a field can be altered.

    `then` is what was public when it was proposed, where that has changed since; `accepted`
    is what became public, where that differs from what was proposed. `of_review` says that it
    comes with a new review, and has no tick of its own; `reviewed_since` that it is one, and
    another was recorded after it was proposed.
    """

    name: str
    label: str
    public: str
    wanted: str
    file: ProposedFile | None  # the one that came with it
    box: Any
    then: str | None
    ticked: bool
    accepted: str | None
    of_review: bool
    reviewed_since: bool


class WaitingFilter(admin.SimpleListFilter):
    """Those that wait for this user, as the front page counts them."""

    title, parameter_name = "the person it waits for", "waiting"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the user."""
        return [("you", "You")]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> Any:
        """Keep them."""
        mine = waiting_for(request.user).order_by().values("pk")
        return queryset.filter(pk__in=mine) if self.value() == "you" else queryset


@admin.register(Proposal)
class ProposalAdmin(ReadOnlyAdmin, ModelAdmin):
    """Every proposal. A save of a published record adds one; each ends once."""

    ordering = (WAITING_FIRST, "-proposed_at", "-pk")
    list_display = ("about", "source", "writer", "proposed_at", "status", "decided_by")
    list_select_related = ("by", "decided_by", "reminded__reminder__organisation")
    list_filter = ("status", "source", WaitingFilter)
    search_fields = ("about", "why", "words")
    search_help_text = "Words of the record’s name, of the reason, or of a suggestion"

    def get_urls(self) -> list[Any]:
        """Add the addresses that decide a proposal, and the files that came with it."""
        wrap = admin.site.admin_view
        verbs = [
            path(
                f"<path:object_id>/{verb}/",
                wrap(partial(self.decide_view, verb=verb)),
                name=f"registers_proposal_{verb}",
            )
            for verb in DONE
        ]
        file = path(
            "<int:key>/files/<int:file>/", wrap(self.file_view), name="registers_proposal_file"
        )
        return [file, *verbs, *super().get_urls()]

    @admin.display(description="proposed by", ordering="by")
    def writer(self, proposal: Proposal) -> str:
        """Return who it comes from."""
        return proposal.writer

    # Who may what ------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Proposal]:
        """Leave out those about what the user may not see."""
        return seen_by(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return True for those who may edit what proposals are about."""
        return any(
            request.user.has_perm(f"registers.change_{model._meta.model_name}")
            for model in PROPOSABLE
        )

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return the same."""
        return self.has_view_permission(request)

    def _may(self, request: HttpRequest, verb: str, proposal: Proposal) -> bool:
        """Return whether the user may do this with a proposal, as long as it has not ended."""
        if _is_suggestion(proposal):
            return verb == "close" and may_publish(request.user)
        if verb in DECIDES:
            record: Any = admin.site.get_model_admin(model_of(proposal))
            return may_publish(request.user) and bool(record.has_change_permission(request))
        return verb in AFTER_RETURN and proposal.by_id == request.user.pk

    # The page ----------------------------------------------------------------------------------

    def change_view(self, request: HttpRequest, object_id: str, *args: Any) -> HttpResponse:
        """Show a proposal beside what is public. The addresses below it decide."""
        if not self.has_view_permission(request) or request.method != "GET":
            raise PermissionDenied
        proposal = object_or_404(self, request, object_id)
        return self._page(request, proposal)

    def decide_view(self, request: HttpRequest, object_id: str, verb: str) -> HttpResponse:
        """Accept, return, propose anew or take back, or show the page with what is wrong.

        A GET leads to the page: a session had ended, and the log-in leads back to this address.
        """
        proposal: Proposal = object_or_404(self, request, object_id)
        if request.method != "POST":
            return not_decided(request, proposal)
        if not (self.has_view_permission(request) and self._may(request, verb, proposal)):
            raise PermissionDenied
        form = _form(request, proposal, request.POST)
        form.is_valid()  # only an acceptance makes its reason public
        try:
            self._decide(request, proposal, verb, form)
        except ValidationError as refusal:
            proposal.refresh_from_db()
            if "comment" in getattr(refusal, "error_dict", {}):
                form.add_error(None, refusal)
            return self._page(request, proposal, form, refusals=list(refusal.messages))
        messages.success(request, DONE[verb])
        return redirect(self._list(request))

    def _list(self, request: HttpRequest) -> str:
        """Return the address of the list, filtered as it was when the user left it."""
        query = QueryDict(request.GET.get("_changelist_filters", "")).urlencode()
        return f"{reverse('admin:registers_proposal_changelist')}{query and '?'}{query}"

    def _decide(
        self, request: HttpRequest, proposal: Proposal, verb: str, form: DecisionForm
    ) -> None:
        """Do it. Raises ValidationError where nothing was done."""
        at, by, typed = timezone.now(), cast(User, request.user), form.cleaned_data
        if verb == "return":
            deciding.return_with_comment(proposal, at=at, by=by, comment=typed["comment"])
        elif verb == "close":
            deciding.close(proposal, at=at, by=by, comment=typed["comment"])
        elif verb == "take-back":
            deciding.take_back(proposal, at=at, by=by)
        else:
            chosen = self._chosen(request, proposal)
            how: dict[str, Any] = {"shown": typed["shown"], "chosen": chosen, "at": at}
            if form.errors:
                raise ValidationError(_sentences(form))
            how["why"] = typed["why"]
            how["is_correction"] = typed["is_correction"]
            if verb == "again":
                deciding.rewrite(proposal, **how)
            else:
                deciding.accept(proposal, by=by, comment=typed["comment"], **how)

    def _chosen(self, request: HttpRequest, proposal: Proposal) -> dict[str, Any]:
        """Return the differences that are ticked, each field with the value in its box."""
        view = view_proposal(proposal)
        leads = dict.fromkeys(view.review.set_names, view.review.name) if view.review else {}
        ticked = [
            each
            for each in view.differences
            if f"{TICK}{leads.get(each.name, each.name)}" in request.POST
        ]
        chosen = {each.name: each.wanted if not each.kind else None for each in ticked}
        boxes = self._boxes(request, view, ticked, request.POST)
        if boxes is None:
            return chosen
        # What is not sent stays as it was proposed: the page may be one without boxes.
        for name in set(boxes.fields) - {each.name for each in ticked if each.name in boxes.data}:
            del boxes.fields[name]
        if boxes.fields and not boxes.is_valid():
            raise ValidationError(_sentences(boxes))
        values = field_values(boxes.instance)
        return chosen | {name: values[name] for name in boxes.fields}

    def _boxes(
        self,
        request: HttpRequest,
        view: ProposalView,
        differences: list[Difference],
        data: Any = None,
    ) -> Any:
        """Return the record's own form with boxes for the fields that differ; None without any."""
        if view.subject is None:
            return None
        fields = {field.name: field for field in view.subject._meta.fields}
        # Of what comes with a review, its month alone is anything but what the review says.
        fixed = view.review.set_names - {"review_date"} if view.review else set()
        # Its ticks stand beside boxes that may not be here.
        fixed = {*fixed, NOT_APPLYING}
        initial = {
            each.name: to_python(fields[each.name], each.wanted)
            for each in differences
            if not (each.kind or each.name in fixed)
            and not isinstance(fields[each.name], models.FileField)
        }
        if not initial:
            return None
        model_admin: Any = admin.site.get_model_admin(type(view.subject))
        made = model_admin.get_form(request, view.subject, change=True, fields=list(initial))
        form = made(data, instance=copy(view.subject), initial=initial)
        for name in set(form.fields) - initial.keys():
            del form.fields[name]
        for field in form.fields.values():
            field.widget.can_add_related = False
        return form

    def _page(
        self,
        request: HttpRequest,
        proposal: Proposal,
        form: DecisionForm | None = None,
        refusals: list[str] | None = None,
    ) -> HttpResponse:
        if _is_suggestion(proposal):
            return self._suggestion_page(request, proposal, refusals or [])
        view = view_proposal(proposal)
        if form is None or form.data.get("shown", view.digest) != view.digest:
            # What was sent holds the words of an older page: they are not what is proposed now.
            form = _form(request, proposal)
        waits = proposal.status == Proposal.Status.WAITING
        verbs = self._verbs(request, proposal, view)
        data = request.POST if form.is_bound else None
        # Where two people must agree, only the one who proposed it can alter it.
        alters = verbs["again"] or (verbs["accept"] and not settings.SECOND_PAIR_OF_EYES)
        boxes = self._boxes(request, view, view.differences, data) if alters else None
        pages = f"admin:registers_{proposal.subject_type}"
        context = {
            "title": str(proposal),
            "opts": self.opts,
            "list": self._list(request),
            "proposal": proposal,
            "is_waiting": waits,
            "is_ended": proposal.status not in STAYS_OPEN,
            "record": view.subject and reverse(f"{pages}_change", args=[quote(view.subject.pk)]),
            "history": view.subject and reverse(f"{pages}_history", args=[quote(view.subject.pk)]),
            "refusal": view.refusal if proposal.status in STAYS_OPEN else "",
            "refusals": refusals or [],
            "boxes": boxes,
            "digest": view.digest,
            "form": form,
            "chooses": verbs["accept"] or verbs["again"],
            "alters": alters,
            "may_correct": alters and isinstance(view.subject, Protocol) and not view.review,
            "review": view.review,
            "may": verbs,
            "preview": preview_url(proposal) if waits and not view.refusal else "",
            "link_days": LINK_DAYS,
        }
        context |= _in_words(proposal, view, boxes=boxes, sent=data)
        context |= admin.site.each_context(request)
        status = 409 if refusals else 200
        return render(request, "admin/registers/proposal.html", context, status=status)

    def _suggestion_page(
        self, request: HttpRequest, proposal: Proposal, refusals: list[str]
    ) -> HttpResponse:
        """Show what a reader wrote, with the record that it is about, if it is about one."""
        record = proposal.subject_type and reverse(
            f"admin:registers_{proposal.subject_type}_change", args=[quote(proposal.subject_key)]
        )
        waits = proposal.status == Proposal.Status.WAITING
        context = {
            "title": str(proposal),
            "opts": self.opts,
            "list": self._list(request),
            "proposal": proposal,
            "record": record,
            "is_waiting": waits,
            "may_close": waits and self._may(request, "close", proposal),
            "refusals": refusals,
            "days": settings.SUGGESTION_DAYS,
        } | admin.site.each_context(request)
        status = 409 if refusals else 200
        return render(request, "admin/registers/suggestion.html", context, status=status)

    def _verbs(
        self, request: HttpRequest, proposal: Proposal, view: ProposalView
    ) -> dict[str, bool]:
        """Return whether the page has the button of each verb, by its name in the template."""
        open_to = {Proposal.Status.WAITING: set(DONE), Proposal.Status.RETURNED: AFTER_RETURN}
        has = {
            verb
            for verb in open_to.get(Proposal.Status(proposal.status), ())
            if self._may(request, verb, proposal)
        }
        if view.refusal:
            has -= {"accept", "again"}
        if proposal.by_id == request.user.pk and not changes_at_once(request.user):
            has.discard("accept")
        return {verb.replace("-", "_"): verb in has for verb in DONE}

    def file_view(self, request: HttpRequest, key: int, file: int) -> HttpResponseBase:
        """Send a file that came with a proposal."""
        proposal: Proposal = object_or_404(self, request, str(key))
        if not self.has_view_permission(request):
            raise PermissionDenied
        stored = get_object_or_404(proposal.files, pk=file)
        try:
            response = FileResponse(stored.file.storage.open(str(stored.file.name)))
        except FileNotFoundError as gone:
            raise Http404(f"{stored} is not stored here any more.") from gone
        for name, value in download_headers(stored).items():
            response[name] = value
        return response


def _is_suggestion(proposal: Proposal) -> bool:
    return proposal.source == Proposal.Source.SUGGESTION


def _form(request: HttpRequest, proposal: Proposal, data: Any = None) -> DecisionForm:
    """Return the form with what is proposed. Where two must agree, the second types no reason."""
    initial = {"why": proposal.why, "is_correction": proposal.is_correction}
    form = DecisionForm(data, initial=initial | {"comment": request.POST.get("comment", "")})
    if settings.SECOND_PAIR_OF_EYES and proposal.by_id != request.user.pk:
        for name in initial:
            form.fields[name].disabled = True
    return form


def _sentences(form: Any) -> list[str]:
    """Return the errors of a form, each with the label of its box."""
    return [
        f"{form.fields[name].label if name in form.fields else 'It'}: {sentence}"
        for name, errors in form.errors.items()
        for sentence in errors
    ]


def _in_words(
    proposal: Proposal, view: ProposalView, *, boxes: Any, sent: QueryDict | None
) -> dict[str, Any]:
    """Return the differences as the page shows them, and the files that came with them."""
    files = {str(each.file.name): each for each in proposal.files.all()}
    otherwise = accepted_otherwise(proposal)
    how: dict[str, Any] = {"proposal": proposal, "review": view.review, "boxes": boxes}
    how |= {"sent": sent, "files": files, "otherwise": otherwise}
    return {
        "differences": [_shown(each, **how) for each in view.differences],
        "is_altered": bool(otherwise),
        "files": list(files.values()),
    }


def _shown(
    each: Difference,
    *,
    proposal: Proposal,
    review: ProposedReview | None,
    boxes: Any,
    sent: QueryDict | None,
    files: dict[str, ProposedFile],
    otherwise: dict[str, Any],
) -> ShownDifference:
    """Return a difference in words. One that both have changed is ticked by nobody but a person."""
    both = each.changed_by == ChangedBy.BOTH
    is_review = review is not None and each.name == review.name
    then = accepted = None
    public_now = otherwise.get(each.name)
    if each.kind:
        label, public, wanted = row_in_words(each)
        if each.name in otherwise:
            accepted = row_in_words(replace(each, wanted=public_now))[2] if public_now else ""
    else:
        field: Any = model_of(proposal)._meta.get_field(each.name)
        label = field_label(field)
        public, wanted = display(field, each.stored), display(field, each.wanted)
        then = display(field, proposal.base["fields"].get(each.name)) if both else None
        accepted = display(field, public_now) if each.name in otherwise else None
    return ShownDifference(
        name=f"{TICK}{each.name}",
        label=label,
        public=public,
        wanted=wanted,
        file=files.get(str((each.wanted or {}).get("file") if each.kind else each.wanted)),
        box=boxes[each.name] if boxes is not None and each.name in boxes.fields else None,
        then="" if both and then is None and not is_review else then,
        ticked=f"{TICK}{each.name}" in sent if sent is not None else not both,
        accepted=accepted,
        of_review=review is not None and each.name in review.set_names,
        reviewed_since=is_review and review is not None and review.recorded_since,
    )


def row_in_words(each: Difference) -> tuple[str, str, str]:
    """Return the label of a row that differs, and its words as stored and as wanted."""
    stored, wanted = each.stored, each.wanted
    (kind, *_) = [k for k in PART_KINDS[each.kind] if k.includes(wanted or stored)]
    words = [kind.text(row) if row else "" for row in (stored, wanted)]
    return kind.label, words[0], words[1]
