"""Downloads of papers: documents of public protocols, resources, and their earlier versions."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.cache import get_conditional_response

from registers.exports.downloads import DownloadableFile, download_headers
from registers.models import Document, Protocol, Resource
from registers.public.protocols import any_spelling

REMOVED = "This document was removed from the register"
MISSING = "This file is not here"
UNAVAILABLE = "This file cannot be opened at the moment"


@any_spelling
def document(request: HttpRequest, reference: str, pk: int) -> HttpResponseBase:
    """Send a document of a public protocol; 410 for one that was removed."""
    paper = _document(reference, pk)
    return _gone(request) if paper.taken_off else _send(request, paper)


@any_spelling
def document_version(
    request: HttpRequest, reference: str, pk: int, version: int
) -> HttpResponseBase:
    """Send an earlier version of a document."""
    paper = _document(reference, pk)
    earlier = get_object_or_404(paper.earlier_versions, pk=version)
    return _gone(request) if paper.taken_off else _send(request, earlier)


def resource(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send the file of a resource."""
    return _send(request, _resource(slug))


def resource_version(request: HttpRequest, slug: str, version: int) -> HttpResponseBase:
    """Send an earlier version of a resource."""
    paper = _resource(slug)
    return _send(request, get_object_or_404(paper.earlier_versions, pk=version))


def _resource(slug: str) -> Resource:
    """Return a resource that is public today. Raises Http404."""
    published = Resource.objects.published(timezone.localdate())
    found: Resource = get_object_or_404(published, slug=slug)
    return found


def _document(reference: str, pk: int) -> Document:
    """Return a document of a public protocol. Raises Http404, also for a draft."""
    papers = Document.objects.filter(protocol__in=Protocol.public.filter(reference=reference))
    return get_object_or_404(papers, pk=pk)


def _send(request: HttpRequest, stored: DownloadableFile) -> HttpResponseBase:
    """Send the file as a download, or an error page where it cannot be read."""
    if not stored.file:
        raise Http404
    headers = download_headers(stored)
    # The file at this address can be replaced or removed, so browsers must revalidate it.
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
        return _error_page(request, MISSING, HTTPStatus.NOT_FOUND)
    except OSError:
        return _error_page(request, UNAVAILABLE, HTTPStatus.SERVICE_UNAVAILABLE)
    for name, value in headers.items():
        response[name] = value
    return response


def _gone(request: HttpRequest) -> HttpResponse:
    return _error_page(request, REMOVED, HTTPStatus.GONE)


def _error_page(request: HttpRequest, words: str, status: HTTPStatus) -> HttpResponse:
    return render(request, "errors/paper.html", {"words": words}, status=status)
