"""Workbooks of organisations to download: an empty template, and all there are, to be edited."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from registers.admin.importing.shared import download, for_importers
from registers.exports.xlsx import CONTENT_TYPE
from registers.imports.organisations.workbook import all_organisations, template


@for_importers
@require_safe
def template_view(request: HttpRequest) -> HttpResponse:
    """Give an empty workbook with the headings, and an example."""
    return download(template(), "organisations-template.xlsx", CONTENT_TYPE)


@for_importers
@require_safe
def all_view(request: HttpRequest) -> HttpResponse:
    """Give the register's organisations in the import's own columns."""
    with_contacts = request.user.has_perm("registers.view_contact")
    content = all_organisations(with_contacts=with_contacts)
    return download(content, "organisations.xlsx", CONTENT_TYPE)
