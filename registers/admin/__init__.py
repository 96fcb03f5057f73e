"""Django admin for editors: one module for each noun. It saves through registers/changes."""

from registers.admin import (
    abbreviations,
    answer,
    approval_request,
    options,
    organisation,
    pages,
    proposal,
    protocol,
    read_only,
    review,
    synonyms,
)
from registers.admin.auth import user
from registers.admin.merging import undo

__all__ = [
    "abbreviations",
    "answer",
    "approval_request",
    "options",
    "organisation",
    "pages",
    "proposal",
    "protocol",
    "read_only",
    "review",
    "synonyms",
    "undo",
    "user",
]
