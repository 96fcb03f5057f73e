"""How a stored file is sent: its headers, the same at every door."""

from __future__ import annotations

from django.utils.http import content_disposition_header

from registers.files.kinds import KINDS
from registers.models import Document, EarlierVersion, Resource

Stored = Document | Resource | EarlierVersion


def headers_of(stored: Stored) -> dict[str, str]:
    """Return the headers with which a file goes out: to be saved, under its name, and never run.

    Its length is not among them, since only where it is kept is it known for sure.
    """
    disposition = content_disposition_header(as_attachment=True, filename=stored.file_name)
    return {
        "Content-Type": KINDS.get(stored.kind.lower(), "application/octet-stream"),
        "Content-Disposition": disposition or "attachment",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
        # A stored file never changes: a newer one has a name of its own.
        "ETag": f'"{(stored.file.name or "").partition(".")[0]}"',
    }
