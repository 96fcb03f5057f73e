"""The editors' door: Django admin, a module a noun. What it saves goes through changes."""

from django.conf import settings
from django.contrib import admin

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

__all__ = [
    "answer",
    "approver",
    "change",
    "organisation",
    "pages",
    "protocol",
    "reminder",
    "review",
]

# Lists need the width; the menu is one step up.
admin.site.enable_nav_sidebar = False
admin.site.site_header = f"{settings.PARTNERSHIP.register_name}: editors"
admin.site.site_title = settings.PARTNERSHIP.register_name
admin.site.index_title = "Keep the register"
