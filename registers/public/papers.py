"""Papers to download: those of protocols that are public, of resources, and their earlier files."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.cache import get_conditional_response

from registers.exports.downloads import Stored, headers_of
from registers.models import Document, Protocol, Resource

GONE = "This document was taken off the register"
LOST = "This file is not here"
AWAY = "This file cannot be fetched now"


def document(request: HttpRequest, reference: str, pk: int) -> HttpResponseBase:
    """Send a document of a protocol that is public; 410 for one that was taken off."""
    paper = _document(reference, pk)
    return _gone(request) if paper.taken_off else _send(request, paper)


def document_version(
    request: HttpRequest, reference: str, pk: int, version: int
) -> HttpResponseBase:
    """Send an earlier file of such a document."""
    paper = _document(reference, pk)
    earlier = get_object_or_404(paper.earlier_versions, pk=version)
    return _gone(request) if paper.taken_off else _send(request, earlier)


def resource(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send the file of a resource."""
    return _send(request, get_object_or_404(Resource, slug=slug))


def resource_version(request: HttpRequest, slug: str, version: int) -> HttpResponseBase:
    """Send an earlier file of a resource."""
    paper = get_object_or_404(Resource, slug=slug)
    return _send(request, get_object_or_404(paper.earlier_versions, pk=version))


def _document(reference: str, pk: int) -> Document:
    """Return a document of a public protocol. Raises Http404, for drafts' too."""
    papers = Document.objects.filter(protocol__in=Protocol.public.filter(reference=reference))
    return get_object_or_404(papers, pk=pk)


def _send(request: HttpRequest, stored: Stored) -> HttpResponseBase:
    """Return the file, to be saved and not shown; a sentence where it cannot be had."""
    if not stored.file:
        raise Http404
    headers = headers_of(stored)
    # What stands at the address can be replaced or taken off, so it is asked for each time.
    seconds = settings.SHARED_CACHE_SECONDS
    headers["Cache-Control"] = f"public, max-age=0, s-maxage={seconds}"
    try:
        if request.method == "HEAD":
            size = stored.file.storage.size(str(stored.file.name))
            return HttpResponse(headers={**headers, "Content-Length": str(size)})
        unchanged = get_conditional_response(request, etag=headers["ETag"])
        if unchanged:
            return unchanged
        response = FileResponse(stored.file.storage.open(str(stored.file.name)))
    except FileNotFoundError:
        return _say(request, LOST, HTTPStatus.NOT_FOUND)
    except OSError:
        return _say(request, AWAY, HTTPStatus.SERVICE_UNAVAILABLE)
    for name, value in headers.items():
        response[name] = value
    return response


def _gone(request: HttpRequest) -> HttpResponse:
    return _say(request, GONE, HTTPStatus.GONE)


def _say(request: HttpRequest, words: str, status: HTTPStatus) -> HttpResponse:
    return render(request, "errors/paper.html", {"words": words}, status=status)
