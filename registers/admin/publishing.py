"""Pages that publish, withdraw, put back in force or move protocols: one, or many at once.

Each page shows what would happen to each protocol, and its button does it. The references
and fingerprints travel in the form.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminForm
from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from registers import changes
from registers.admin.forms import add_refusal
from registers.admin.history import object_or_404
from registers.admin.publishing_form import (
    ActForm,
    MoveForm,
    PublishForm,
    ReinstateForm,
    WithdrawForm,
)
from registers.changes import publishing
from registers.changes.publishing import (
    PUBLISHED_BY_MISTAKE,
    Act,
    ActPreview,
)
from registers.history.diff import Difference, differences
from registers.history.snapshot import blank_snapshot
from registers.models import Contact, Protocol
from registers.models.completeness import missing
from weisf.security_events import security_event

# So many can be shown on one page.
MAX_PROTOCOLS = 500
SELECT_SOME = (
    "Select at least one protocol on this list, and no more than {most}. You selected {number}."
)


@dataclass(frozen=True, kw_only=True)
class ActPage:
    """A page that does something to protocols.

    `one` says that it has a page for one protocol, and `many` that it has one for many.
    """

    name: str
    form: type[ActForm]
    act: Act
    verb: str  # of the button: 'Publish'
    title: str  # of the page and of the action, about {what}
    done: str  # behind 'will be', 'cannot be' and 'is': 'published'
    event: str = ""  # the security event, where it alters what the public may see
    one: bool = True
    many: bool = True


PAGES = {
    page.name: page
    for page in (
        ActPage(
            name="publish",
            form=PublishForm,
            act=publishing.PUBLISH,
            verb="Publish",
            title="Publish {what}",
            done="published",
            event="protocol_published",
        ),
        ActPage(
            name="withdraw",
            form=WithdrawForm,
            act=publishing.WITHDRAW,
            verb="Withdraw",
            title="Withdraw {what}",
            done="withdrawn",
            event="protocol_withdrawn",
        ),
        ActPage(
            name="reinstate",
            form=ReinstateForm,
            act=publishing.REINSTATE,
            verb="Put back in force",
            title="Put {what} back in force",
            done="put back in force",
            event="protocol_reinstated",
        ),
        ActPage(
            name="correct",
            form=WithdrawForm,
            act=publishing.CORRECT_WITHDRAWAL,
            verb="Correct the withdrawal",
            title="Correct the withdrawal of {what}",
            done="corrected",
            event="protocol_withdrawal_corrected",
            many=False,
        ),
        ActPage(
            name="move",
            form=MoveForm,
            act=publishing.MOVE,
            verb="Move",
            title="Move {what} to a theme",
            done="moved",
            one=False,
        ),
    )
}
SELECTED = "the selected protocols"
REPLACED_BY_WITHDRAWN = (
    "{newer}, which replaces this protocol, is itself withdrawn. Readers of this protocol are"
    " sent there, and read why."
)


@dataclass(frozen=True, kw_only=True)
class ShownProtocol:
    """One protocol on a page: with what it lacks, and whether its box is ticked."""

    preview: ActPreview
    ticked: bool

    @property
    def value(self) -> str:
        """What its box sends: the reference and the fingerprint."""
        return f"{self.preview.protocol.pk} {self.preview.fingerprint}"

    @property
    def missing(self) -> str:
        """What is missing in its record, in words."""
        return "; ".join(each.words for each in missing(self.preview.protocol))

    @property
    def public(self) -> list[Difference]:
        """Each thing that the public will see of it."""
        blank = blank_snapshot(Protocol)
        return [
            each
            for each in differences(Protocol, blank, self.preview.snapshot)
            if each.after and each.field != "Status"
        ]


def act_view(model_admin: Any, request: HttpRequest, page: ActPage, object_id: str) -> HttpResponse:
    """Show the page of an act for one protocol, or do it."""
    _refuse_others(model_admin, request)
    protocol = object_or_404(model_admin, request, object_id)
    return _act(request, page, [protocol.pk], only=protocol)


def act_many_view(model_admin: Any, request: HttpRequest, page: ActPage) -> HttpResponse:
    """Show the page of an act for many protocols, or do it."""
    _refuse_others(model_admin, request)
    keys = set(request.POST.get("all", "").split())
    return _refuse_number(request, len(keys)) or _act(request, page, keys)


def _refuse_others(model_admin: Any, request: HttpRequest) -> None:
    if not model_admin.has_publish_permission(request):
        raise PermissionDenied


def _refuse_number(request: HttpRequest, number: int) -> HttpResponse | None:
    """Return a way back to the list where one page cannot show so many protocols."""
    if 0 < number <= MAX_PROTOCOLS:
        return None
    messages.error(request, SELECT_SOME.format(most=MAX_PROTOCOLS, number=f"{number:,}"))
    return redirect("admin:registers_protocol_changelist")


def _act(
    request: HttpRequest, page: ActPage, keys: Collection[str], only: Protocol | None = None
) -> HttpResponse:
    """Do what was posted, or show the page: again, where it is refused."""
    sent = request.POST.getlist("protocol")
    form = page.form(
        request.POST if "_do" in request.POST else None,
        initial=_initial(only) if only else None,
        many=only is None,
    )
    if form.is_valid():
        shown = dict(each.split(" ", 1) for each in sent if " " in each)
        by = cast(User, request.user)
        why = form.cleaned_data.get("why", "")
        try:
            if not shown:
                raise ValidationError("Select at least one protocol.")
            if not shown.keys() <= set(keys):
                raise ValidationError("Select protocols of this list only.")
            done = changes.perform_act(
                page.act, shown, form.values, at=timezone.now(), by=by, why=why
            )
        except ValidationError as refusal:
            add_refusal(form, refusal)
        else:
            for reference in done if page.event else ():
                security_event(page.event, request=request, protocol=reference)
            newer = form.cleaned_data.get("replaced_by")
            if newer and newer.status == Protocol.Status.WITHDRAWN:
                messages.warning(request, REPLACED_BY_WITHDRAWN.format(newer=newer))
            return _done(request, page, shown, done, only)
    today = timezone.localdate()
    previews = changes.preview_act(page.act, list(keys), on=today)
    ticked = {each.split(" ", 1)[0] for each in sent} if "_do" in request.POST else None
    allowed = [
        ShownProtocol(preview=each, ticked=ticked is None or each.protocol.pk in ticked)
        for each in previews
        if not each.refusals
    ]
    context = {
        "title": page.title.format(what=only or SELECTED),
        "opts": Protocol._meta,
        "act": page,
        "protocol": only,
        "keys": [each.protocol.pk for each in previews],
        "allowed": allowed,
        "refused": [each for each in previews if each.refusals],
        "on": today,
        "form": form,
        "adminform": AdminForm(cast(Any, form), [(None, {"fields": list(form.fields)})], {}),
        "contact": only and _contact_of(only),
    }
    return render(
        request,
        "admin/registers/protocol/act.html",
        context | admin.site.each_context(request),
    )


def _initial(protocol: Protocol) -> dict[str, Any]:
    """Return what the form of a withdrawal shows first: what is recorded of it already."""
    if protocol.status != Protocol.Status.WITHDRAWN:
        return {"replaced_by": protocol.replaced_by_id}
    by_mistake = protocol.withdrawn_reason == PUBLISHED_BY_MISTAKE
    return {
        "because": "mistake" if by_mistake else "other",
        "withdrawn_reason": "" if by_mistake else protocol.withdrawn_reason,
        "withdrawn_on": protocol.withdrawn_on,
        "replaced_by": protocol.replaced_by_id,
    }


def _contact_of(protocol: Protocol) -> Contact | None:
    """Return the mailbox that is reminded of its reviews."""
    lead = protocol.lead
    return Contact.objects.filter(organisation=lead.organisation_id).first() if lead else None


def _done(
    request: HttpRequest,
    page: ActPage,
    shown: Collection[str],
    done: Sequence[str],
    only: Protocol | None,
) -> HttpResponse:
    """Say what was done, and lead on."""
    number = len(done)
    if only:
        messages.success(request, f"{only} is {page.done}.")
        return redirect("admin:registers_protocol_change", quote(only.pk))
    sentence = f"{number} protocol{'' if number == 1 else 's'} {page.done}."
    if left := sorted(set(shown) - set(done)):
        sentence += f" These were so already: {', '.join(left)}."
    messages.success(request, sentence)
    return redirect("admin:registers_protocol_changelist")


def act_urls(model_admin: Any) -> list[URLPattern]:
    """Return the addresses of the acts, for admin of protocols."""
    wrap = model_admin.admin_site.admin_view
    many = [
        path(
            f"{page.name}/",
            wrap(partial(act_many_view, model_admin, page=page)),
            name=f"registers_protocol_{page.name}_many",
        )
        for page in PAGES.values()
        if page.many
    ]
    one = [
        path(
            f"<path:object_id>/{page.name}/",
            wrap(partial(act_view, model_admin, page=page)),
            name=f"registers_protocol_{page.name}",
        )
        for page in PAGES.values()
        if page.one
    ]
    return many + one


def act_links(protocol: Protocol | None) -> list[tuple[str, str]]:
    """Return the verb and the address of each act that is offered for a stored protocol."""
    if protocol is None:
        return []
    return [
        (page.verb, reverse(f"admin:registers_protocol_{page.name}", args=[quote(protocol.pk)]))
        for page in PAGES.values()
        if page.one and protocol.status in page.act.statuses
    ]


def _selected(
    page: ActPage, model_admin: Any, request: HttpRequest, chosen: models.QuerySet[Protocol]
) -> HttpResponse | None:
    """Show the page of an act for the protocols that are selected on the list."""
    number = chosen.count()
    if refused := _refuse_number(request, number):
        return refused
    return _act(request, page, list(chosen.values_list("pk", flat=True)))


def _action(page: ActPage) -> Any:
    action: Any = partial(_selected, page)
    action.__name__ = f"{page.name}_selected"
    words = f"{page.title.format(what=SELECTED)} …"
    return admin.action(action, description=words, permissions=["publish"])


ACTIONS = tuple(_action(page) for page in PAGES.values() if page.many)
