"""The site in front of the real register."""

from __future__ import annotations

import pytest
from django.core.handlers.wsgi import WSGIHandler

from registers.public.page_cache.wsgi import PageCache


@pytest.fixture
def site(db) -> PageCache:
    """The site in one worker that has just started."""
    return PageCache(WSGIHandler())
