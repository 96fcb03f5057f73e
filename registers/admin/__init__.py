"""The editors' door: Django admin, a module a noun. What it saves goes through changes."""

from registers.admin import (
    answer,
    approver,
    change,
    merge,
    organisation,
    pages,
    protocol,
    reminder,
    review,
    user,
)

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
