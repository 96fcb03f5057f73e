"""Nothing that is typed is lost: a form is stored as a draft, and offered when its user is back.

A form carries a signed token that names its user and the form. So what arrives after
the session has ended, or with the CSRF token of an earlier one, is stored for that
user alone, who finds it there after the next log-in.
"""

from __future__ import annotations

import datetime
import re
import secrets
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.core import signing
from django.core.files import File
from django.core.files.uploadedfile import UploadedFile
from django.db import DatabaseError, transaction
from django.db.models import Sum
from django.forms.utils import ErrorDict, ErrorList
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from registers.models.document import clear_name
from registers.models.form_draft import (
    LONGEST_FIELD,
    LONGEST_PAGE,
    FormDraft,
    FormDraftFile,
    FormDraftQuerySet,
)
from registers.search.text.engine import SHORT_TIMEOUT, engine

# Names on the form: its token, the buttons, and how that of a stored file ends.
TOKEN, SAVE, TAKE_UP, DISCARD = "draft_token", "_draft", "_take_up", "_discard"
UNSAVED = "-unsaved"
# The buttons that ask what a chosen file says, and for rows of a pasted list. The form comes back
# with that, and is not saved.
READ, PASTE = "_read", "_paste"
# The form says that there is a draft of it, so that other saves need not ask.
STORED = "_draft_stored"
# A user has no more than these: the oldest goes first.
MOST_DRAFTS = 20
# All files of one draft, in bytes: as much as a form may send.
MOST_BYTES = 50 * 1024 * 1024
# What a browser sent before a save arrives within this time, or never.
LATE = datetime.timedelta(minutes=1)
DAY = 24 * 60 * 60
NUL = "\0"
NO_DRAFT = "What you wrote is there no more: it was saved or discarded in another window."
KEY = re.compile(r"[0-9]{1,18}")
# What a form that did not reach its view is answered: to store it, to log in, a wrong CSRF token.
UNREACHED = {HTTPStatus.NO_CONTENT, HTTPStatus.FOUND, HTTPStatus.FORBIDDEN}


@dataclass(frozen=True, kw_only=True)
class DraftToken:
    """Which form was shown to whom. `key` is that of the draft."""

    user: int
    page: str
    key: str
    login: str

    @classmethod
    def of(cls, request: HttpRequest) -> DraftToken:
        """Return the token of the form that is shown: the one that was sent, or a new one."""
        user = cast(User, request.user)
        sent = cls.sent(request)
        key = sent.key if sent and sent.user == user.pk else secrets.token_hex(16)
        return cls(user=user.pk, page=_page(request), key=key, login=_login(user))

    @classmethod
    def sent(cls, request: HttpRequest) -> DraftToken | None:
        """Return the token that came with a form; None for none, one of another form, or an old."""
        try:
            user, page, key, login = signing.loads(
                request.POST.get(TOKEN, ""), salt=TOKEN, max_age=settings.FORM_DRAFT_DAYS * DAY
            )
        except signing.BadSignature:
            return None
        return cls(user=user, page=page, key=key, login=login) if page == _page(request) else None

    def signed(self) -> str:
        """Return it as signed text."""
        return signing.dumps([self.user, self.page, self.key, self.login], salt=TOKEN)

    def owner(self) -> User | None:
        """Return its user, who may still enter admin, and has the password of that day."""
        user = User.objects.filter(pk=self.user, is_active=True, is_staff=True).first()
        return user if user and constant_time_compare(self.login, _login(user)) else None


def form_draft_middleware(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware that stores a form of admin which was sent and did not reach its view."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.method != "POST" or response.status_code not in UNREACHED:
            return response
        reached = hasattr(request, "draft_token")
        if reached or not request.path_info.startswith(reverse("admin:index")):
            return response
        token = DraftToken.sent(request)
        user = token and token.owner()
        if not (token and user):
            return response
        draft = _store(request, token, user)
        if SAVE in request.POST:
            return _stored(draft, ended=not request.user.is_authenticated)
        if response.status_code == HTTPStatus.FORBIDDEN:
            # It leads to the log-in where there is no session, and from there back to itself.
            return redirect(request.get_full_path())
        return response

    return middleware


def with_drafts(request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
    """Return the answer of the view of a form; store what it did not save, and offer drafts.

    A form that is sent to be stored is left to the middleware. Where `is_taken_up`, the view only
    shows the form, and its errors are left out.
    """
    if "_popup" in request.GET or "_popup" in request.POST:
        return view()
    if SAVE in request.POST:
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    # The middleware knows by it that the view was reached.
    token = request.draft_token = DraftToken.of(request)  # type: ignore[attr-defined]  # ours
    if DISCARD in request.POST:
        _drafts(request).filter(key=request.POST[DISCARD]).discard()
        return redirect(request.get_full_path())
    _add_files(request)
    if TAKE_UP in request.POST and not _take_up(request):
        messages.warning(request, NO_DRAFT)
        return redirect(request.get_full_path())
    response = view()
    if response.status_code == HTTPStatus.FOUND and STORED in request.POST:  # it was saved
        _end(token)
    context = getattr(response, "context_data", None) or {}
    if "adminform" in context and context["adminform"].form.fields:
        # Whoever has waited for another writer does not wait again: the page holds all of it.
        is_busy = response.status_code == HTTPStatus.SERVICE_UNAVAILABLE
        with engine().lock_timeout(SHORT_TIMEOUT) if is_busy else nullcontext():
            _show_drafts(request, token, context)
    elif "hidden_fields" in context:
        _store_conflict(request, token, context)
    return response


def is_taken_up(request: HttpRequest) -> bool:
    """Return whether a draft stands in the place of what was sent: nobody has sent it."""
    return hasattr(request, "taken_up")


def _take_up(request: HttpRequest) -> bool:
    """Put a draft in the place of what was sent; return False where it is there no more."""
    draft = _drafts(request).filter(key=request.POST[TAKE_UP]).first()
    if draft is None:
        return False
    data = QueryDict(mutable=True)
    for name, value in draft.values:
        data.appendlist(name, value)
    request.POST = data  # type: ignore[assignment]  # a form may be changed
    request.FILES.clear()
    request.draft_token = DraftToken(  # type: ignore[attr-defined]  # ours
        user=draft.user_id, page=draft.page, key=draft.key, login=_login(cast(User, request.user))
    )
    request.taken_up = draft  # type: ignore[attr-defined]  # ours
    return True


def _show_drafts(request: HttpRequest, token: DraftToken, context: dict[str, Any]) -> None:
    """Add the token and the drafts to the context of a form that is shown."""
    draft: FormDraft | None = getattr(request, "taken_up", None)
    if draft:
        token = request.draft_token  # type: ignore[attr-defined]  # ours
        _clear_errors(context)
    elif request.method == "POST":
        if {READ, PASTE} & set(request.POST):
            _clear_errors(context)
        draft = _store(request, token, cast(User, request.user))
    else:
        form = context["adminform"].form
        drafts = [(each, _first_typed(form, each)) for each in _drafts(request)]
        context["unsaved_drafts"] = drafts
    context |= {
        "draft_token": (replace(token, key=draft.key) if draft else token).signed(),
        "draft": draft,
        "taken_up": is_taken_up(request),
    }
    files = {each.field: each for each in draft.files.all()} if draft else {}
    for form in _forms(context):
        for name, field in form.fields.items():
            if isinstance(field, forms.FileField):
                file = files.get(form.add_prefix(name))
                if file and name in form.errors:  # it would be refused again
                    FormDraftFile.objects.filter(pk=file.pk).discard()
                    file = None
                field.widget.unsaved = file


def _first_typed(form: Any, draft: FormDraft) -> str:
    """Return what tells a draft from others: the first text that was typed, or its files."""
    typed = dict(draft.values)
    for name, field in form.fields.items():
        text = typed.get(form.add_prefix(name), "")
        is_text = isinstance(field, forms.CharField) and not field.widget.is_hidden
        shown = str(form.get_initial_for_field(field, name) or "")
        if is_text and text and text.split() != shown.split():  # a browser ends lines otherwise
            return f"{field.label}: {text}"
    return ", ".join(each.name for each in draft.files.all())


def _store_conflict(request: HttpRequest, token: DraftToken, context: dict[str, Any]) -> None:
    """Store what another save was in the way of, and let the page of both name its files."""
    draft = _store(request, token, cast(User, request.user))
    token = replace(token, key=draft.key) if draft else token
    typed = context["hidden_fields"]
    sent = [pair for pair in typed if not pair[0].endswith(UNSAVED) and pair[0] != TOKEN]
    sent.append((TOKEN, token.signed()))
    files = draft.files.all() if draft else ()
    if draft and STORED not in request.POST:  # or a save would leave the draft
        sent.append((STORED, "1"))
    context["hidden_fields"] = [*sent, *((f"{each.field}{UNSAVED}", each.pk) for each in files)]


def _forms(context: dict[str, Any]) -> list[Any]:
    tables = context.get("inline_admin_formsets", ())
    rows = [row for each in tables for row in each.formset.forms]
    return [context["adminform"].form, *rows]


def _clear_errors(context: dict[str, Any]) -> None:
    """Leave out what is not filled in yet: nobody has sent it to be saved."""
    for form in _forms(context):
        form._errors = ErrorDict()  # noqa: SLF001 (Django has no other way)
    for each in context.get("inline_admin_formsets", ()):
        each.formset._non_form_errors = ErrorList()  # noqa: SLF001 (Django has no other way)
    context["errors"] = []


def _drafts(request: HttpRequest) -> Any:
    """Return the user's drafts of this form, the newest first."""
    user = cast(User, request.user)
    new = timezone.now() - datetime.timedelta(days=settings.FORM_DRAFT_DAYS)
    drafts = FormDraft.objects.waiting()
    return drafts.filter(user=user, page=_page(request), saved_at__gte=new)


def _end(token: DraftToken) -> None:
    """Delete the draft of a form that was saved, and remember for a while that it was."""
    ended = {"page": token.page, "values": [], "saved_at": timezone.now(), "is_saved": True}
    draft, _ = FormDraft.objects.update_or_create(user_id=token.user, key=token.key, defaults=ended)
    draft.files.all().discard()


def _store(request: HttpRequest, token: DraftToken, user: User) -> FormDraft | None:
    """Store what was sent as the draft of its form. None where that is not possible now."""
    values = [
        (name, value)
        for name, texts in request.POST.lists()
        if not name.startswith("_") and name not in {TOKEN, "csrfmiddlewaretoken"}
        for value in texts
        if not name.endswith(UNSAVED)
    ]
    if any(NUL in text for pair in values for text in pair) or len(token.page) > LONGEST_PAGE:
        return None
    now, key = timezone.now(), token.key
    fields = {"page": token.page, "saved_at": now, "values": values, "is_saved": False}
    try:
        with transaction.atomic():
            # Only the script sends before a save what can arrive after it.
            if SAVE in request.POST and _is_late(token, now):
                return None
            if SAVE not in request.POST and _saved(token).exists():
                key = secrets.token_hex(16)  # or what arrives late would take its place
            draft, _ = FormDraft.objects.update_or_create(
                user=user, key=key, defaults=fields, create_defaults=fields | {"begun_at": now}
            )
            _store_files(request, draft)
            _discard_oldest(user)
    except (DatabaseError, OSError):
        return None
    return draft


def _is_late(token: DraftToken, now: datetime.datetime) -> bool:
    return _saved(token).filter(saved_at__gt=now - LATE).exists()


def _saved(token: DraftToken) -> FormDraftQuerySet:
    """Return the draft of the token where its form was saved: one at most."""
    return FormDraft.objects.filter(user=token.user, key=token.key, is_saved=True)


def _store_files(request: HttpRequest, draft: FormDraft) -> None:
    """Store the files that were chosen, and keep those of before that the form still names."""
    named, added = _named_files(request), getattr(request, "stored_files", ())
    chosen = {field: file for field, file in request.FILES.items() if field not in added}
    for each in draft.files.all():
        field = named.get(each.pk, "")
        if not field or field in chosen:
            FormDraftFile.objects.filter(pk=each.pk).discard()
        elif field != each.field:
            FormDraftFile.objects.filter(pk=each.pk).update(field=field)
    room = MOST_BYTES - (draft.files.aggregate(size=Sum("size"))["size"] or 0)
    for field, sent in chosen.items():
        upload = cast("UploadedFile[Any]", sent)
        size = upload.size or 0
        room -= size
        if len(field) > LONGEST_FIELD or room < 0:
            continue
        name = clear_name(upload.name or "")
        # Not the upload itself, whose file would be moved away.
        draft.files.create(field=field, name=name, file=File(upload.file, name), size=size)


def _discard_oldest(user: User) -> None:
    user_drafts, now = FormDraft.objects.filter(user=user), timezone.now()
    user_drafts.older_than(settings.FORM_DRAFT_DAYS, at=now).discard()
    user_drafts.filter(is_saved=True, saved_at__lt=now - LATE).discard()
    user_drafts.waiting()[MOST_DRAFTS:].discard()


def _named_files(request: HttpRequest) -> dict[int, str]:
    """Return the keys of stored files that the form names, each with the field that it is for."""
    return {
        int(str(value)): name.removesuffix(UNSAVED)
        for name, value in request.POST.items()
        if name.endswith(UNSAVED) and KEY.fullmatch(str(value))
    }


def _add_files(request: HttpRequest) -> None:
    """Add the stored files that the form names to those that were sent with it."""
    named = _named_files(request)
    if not named:
        return
    request.stored_files = set()  # type: ignore[attr-defined]  # ours
    user = cast(User, request.user)
    for each in FormDraftFile.objects.filter(draft__user=user, pk__in=named):
        field = named[each.pk]
        if field not in request.FILES:
            try:
                content = each.file.open()
            except OSError:  # the form will ask for it again
                continue
            request.stored_files.add(field)  # type: ignore[attr-defined]  # ours
            request.FILES[field] = UploadedFile(content, each.name, size=each.size)


def _stored(draft: FormDraft | None, *, ended: bool) -> HttpResponse:
    """Return what the script on the form reads: when, keys of files, and if the session ended."""
    if draft is None:
        return HttpResponse(status=HTTPStatus.SERVICE_UNAVAILABLE)
    files = {each.field: each.pk for each in draft.files.all()}
    at = timezone.localtime(draft.saved_at)
    return JsonResponse({"at": f"{at:%H:%M}", "files": files, "ended": ended})


def _page(request: HttpRequest) -> str:
    """Return the path of a form. Without JavaScript its boxes are others."""
    return f"{request.path}?plain=1" if "plain" in request.GET else request.path


def _login(user: User) -> str:
    """Return what changes with the user's password, as a session's hash does."""
    return salted_hmac(TOKEN, user.get_session_auth_hash()).hexdigest()[:32]
