"""The site in front of the real register."""

from __future__ import annotations

import pytest

from tests.public.asking import cached
from weisf.page_cache import PageCache


@pytest.fixture
def site(db) -> PageCache:
    """The site in one worker that has just started."""
    return cached()
