"""The rows that a check refused, as a workbook to be corrected and uploaded again."""

from __future__ import annotations

from pathlib import PurePath

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from registers.admin.importing.check import imported
from registers.admin.importing.shared import back, download, for_importers
from registers.exports.xlsx import CONTENT_TYPE
from registers.imports.spreadsheet import jobs


@for_importers
@require_safe
def refused_view(request: HttpRequest, key: int) -> HttpResponse:
    """Send the workbook."""
    job = imported(key)
    try:
        content = jobs.refused_rows(job)
    except ValidationError as refusal:
        return back(request, job, refusal)
    name = f"{PurePath(job.name).stem} - refused rows.xlsx"
    return download(content, name, CONTENT_TYPE)
