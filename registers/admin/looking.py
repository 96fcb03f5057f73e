"""What editors look up and leave as it is."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


class LookUpOnly:
    """What none can add, alter or delete by a form. Stands before Django's own class."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False
