"""What every page knows."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    """Return the partnership, for its name and words, and the site's address."""
    return {"partnership": settings.PARTNERSHIP, "site_url": settings.SITE_URL}
