"""The editors' door: Django admin, a module a noun. What it saves goes through changes."""

from registers.admin import answer, organisation, pages, protocol, read_only, review
from registers.admin.entering import user
from registers.admin.merging import undo

__all__ = [
    "answer",
    "organisation",
    "pages",
    "protocol",
    "read_only",
    "review",
    "undo",
    "user",
]
