"""What the pages of the import share; and the page that grows while some work is done.

The work is done while that page is sent, in the request's own thread. It goes on
to its end where nobody listens any more, such as when the tab is closed.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterator
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import content_disposition_header, urlencode
from django.utils.safestring import SafeString

from registers.imports.spreadsheet.applying import WAITING
from registers.imports.spreadsheet.jobs import NOT_READ
from registers.imports.spreadsheet.plan import Progress, Work
from registers.models import ImportJob, Protocol

MAY = "registers.import_protocol"
A_PAGE = 100

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def may_import(user: Any) -> bool:
    """Say whether the user may import."""
    return bool(user.has_perm(MAY))


def for_importers(view: View[P]) -> View[P]:
    """Return the view for those alone who may import. It raises PermissionDenied for others."""

    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not may_import(request.user):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return wraps(view)(guarded)


def address(page: str, job: ImportJob | None = None, **query: str) -> str:
    """Return the address of a page of the import: 'list', 'check', of which import."""
    args = [job.pk] if job else []
    found = reverse(f"admin:registers_import_{page}", args=args)
    return f"{found}?{urlencode(query)}" if query else found


def page(
    request: HttpRequest,
    template: str,
    *,
    title: str,
    job: ImportJob | None = None,
    **more: Any,
) -> HttpResponse:
    """Show one of the pages."""
    return render(
        request,
        f"admin/registers/import/{template}.html",
        context(request, title=title, job=job) | more,
    )


def context(request: HttpRequest, *, title: str, job: ImportJob | None) -> dict[str, Any]:
    """Return what every page of the import says."""
    opts = Protocol._meta
    return admin.site.each_context(request) | {"opts": opts, "title": title, "job": job}


def sentences_of(refusal: Exception) -> list[str]:
    """Return what a refusal says: one of ours, or a ValidationError."""
    sentences: list[str] = getattr(refusal, "messages", [str(refusal)])
    return sentences


def download(content: bytes | str, name: str, content_type: str) -> HttpResponse:
    """Send a file under a name."""
    how = content_disposition_header(as_attachment=True, filename=name)
    return HttpResponse(content, content_type=content_type, headers={"Content-Disposition": how})


def back(request: HttpRequest, job: ImportJob, refusal: Exception) -> HttpResponse:
    """Lead to where it stands now, with the sentences of a refusal."""
    for sentence in sentences_of(refusal):
        messages.error(request, sentence)
    return redirect(address("check", job))


MIDDLE = "<!-- Here it grows. -->"
SECOND = 1.0
HUNDRED, TENTH = 100, 10
REFUSALS = (ValidationError, *NOT_READ)
BROKEN = (
    "Something went wrong, and nothing was changed. The fault is written down. Please try again in"
    " a minute."
)
# So that nothing between here and the browser holds back what is there already.
SENT_AT_ONCE = {"X-Accel-Buffering": "no", "Content-Encoding": "identity"}

logger = logging.getLogger(__name__)


def progress_page(
    request: HttpRequest, job: ImportJob, work: Work[str], *, title: str, applies: bool = False
) -> StreamingHttpResponse:
    """Return the page. `work` says how far it is, and returns the address to which it leads.

    `applies` says that it changes the register, so that others must wait.
    """
    whole = render_to_string(
        "admin/registers/import/progress.html",
        context(request, title=title, job=job) | {"applies": applies},
        request,
    )
    head, _, tail = whole.partition(MIDDLE)
    return StreamingHttpResponse(_grown(head, tail, job, work), headers=SENT_AT_ONCE)


def _grown(head: str, tail: str, job: ImportJob, work: Work[str]) -> Iterator[str]:
    try:
        yield head
        end = _leads_on((yield from _lines(work)))
    except GeneratorExit:
        _finish(work)
        return
    except REFUSALS as refusal:
        end = _stopped(" ".join(sentences_of(refusal)), job)
    except Exception:
        # Whatever it is, the page has begun: no other can be sent in its place.
        logger.exception("An import came to a stop")
        end = _stopped(BROKEN, job)
    yield end
    yield tail


def _finish(work: Work[str]) -> None:
    """Do the rest of the work: nobody listens any more, but somebody asked for it."""
    try:
        for _ in work:
            pass
    except REFUSALS:
        logger.info("An import whose page was closed changed nothing")
    except Exception:
        logger.exception("An import whose page was closed came to a stop")


def _lines(work: Work[str]) -> Generator[str, None, str]:
    """Give a line as soon as another hundredth is done, or a second has passed.

    Return what the work returns.
    """
    words, percent, tenth, last = "", -1, -1, 0.0
    while True:
        try:
            step = next(work)
        except StopIteration as end:
            return str(end.value)
        now = HUNDRED * step.done // max(step.of, 1)
        if step.words != words:
            percent = tenth = -1
        if now == percent and time.monotonic() - last < SECOND:
            continue
        quiet = now // TENTH == tenth
        words, percent, tenth, last = step.words, now, now // TENTH, time.monotonic()
        yield _line(step, quiet=quiet)


def _line(step: Progress, *, quiet: bool) -> SafeString:
    """Return one line. Those in between two tenths are not read out."""
    return format_html(
        '<p data-done="{}" data-of="{}"{}>{} of {} {}</p>\n',
        step.done,
        step.of,
        SafeString(' aria-hidden="true"') if quiet else "",
        f"{step.done:,}",
        f"{step.of:,}",
        f"seconds {step.words}" if step.words == WAITING else step.words,
    )


def _leads_on(address: str) -> SafeString:
    return format_html(
        '<p class="import-end">Done. <a href="{0}" id="import-on">Go on</a>.</p>'
        '<noscript><meta http-equiv="refresh" content="0;url={0}"></noscript>',
        address,
    )


def _stopped(sentence: str, job: ImportJob) -> SafeString:
    """Return why it ended, with a way on."""
    if ImportJob.objects.filter(pk=job.pk).exists():
        way, words = address("check", job), "Go to this import"
    else:
        way, words = address("list"), "Go to all imports"
    return format_html(
        '<p class="errornote">{}</p><p><a href="{}">{}</a></p>', sentence, way, words
    )
