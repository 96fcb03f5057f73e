"""The review template of a protocol in force, as a page to print and as DOCX, and an empty one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from registers.exports import docx
from registers.exports.file_names import disposition
from registers.exports.review_template import (
    ReviewTemplate,
    approvers_of,
    empty_template,
    review_template,
)
from registers.models import Protocol
from registers.public.protocols import any_spelling
from registers.public.request_context import export_context
from registers.search.findings import open_questions
from registers.search.index import current_index

STEM = "review-template"


@any_spelling
def page(request: HttpRequest, reference: str) -> HttpResponse:
    """Show the template of a protocol in force, to print."""
    protocol = _protocol(reference)
    context = {"protocol": protocol, "template": _template(protocol)}
    return render(request, "protocols/review_template.html", context)


@any_spelling
def file(request: HttpRequest, reference: str) -> HttpResponse:
    """Send the same as DOCX."""
    return _sent(_template(_protocol(reference)), f"{reference.replace('/', '~')}-{STEM}")


def empty(request: HttpRequest) -> HttpResponse:
    """Send the template without a protocol, as DOCX."""
    return _sent(empty_template(export_context()), STEM)


def _protocol(reference: str) -> Protocol:
    """Return the protocol in force with this reference. Raises Http404."""
    found = Protocol.public.current().select_related("theme").with_parties()
    return get_object_or_404(found.prefetch_related("documents"), reference=reference)


def _template(protocol: Protocol) -> ReviewTemplate:
    context = export_context()
    return review_template(
        protocol,
        context,
        approvers=approvers_of(protocol),
        open_questions=open_questions(protocol, current_index(), context.on),
    )


def _sent(template: ReviewTemplate, stem: str) -> HttpResponse:
    headers = {
        "Content-Type": docx.CONTENT_TYPE,
        "Content-Disposition": disposition("attachment", stem, "docx"),
    }
    return HttpResponse(docx.write(template), headers=headers)
