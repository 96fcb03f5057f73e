"""The editors' door: Django admin, a module a noun. What it saves goes through changes."""

from registers.admin import (
    answer,
    approver,
    change,
    organisation,
    pages,
    protocol,
    reminder,
    review,
)
from registers.admin.entering import user
from registers.admin.merging import merge

__all__ = [
    "answer",
    "approver",
    "change",
    "merge",
    "organisation",
    "pages",
    "protocol",
    "reminder",
    "review",
    "user",
]
