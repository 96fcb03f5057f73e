"""The HTTP headers of an uploaded file, for readers and in admin."""

from __future__ import annotations

from django.utils.http import content_disposition_header

from registers.files.kinds import KINDS
from registers.models import Document, EarlierVersion, ProposedFile, Resource

DownloadableFile = Document | Resource | EarlierVersion | ProposedFile


def download_headers(stored: DownloadableFile) -> dict[str, str]:
    """Return the headers of a stored file: a download under its name that no browser runs.

    Without Content-Length, which only the storage knows for sure.
    """
    disposition = content_disposition_header(as_attachment=True, filename=stored.file_name)
    return {
        "Content-Type": KINDS.get(stored.kind.lower(), "application/octet-stream"),
        "Content-Disposition": disposition or "attachment",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
        # A stored file never changes: a newer one has another name.
        "ETag": f'"{(stored.file.name or "").partition(".")[0]}"',
    }
