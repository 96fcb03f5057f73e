"""How often a test of chance is tried: a short form in the suite, a long one in `make long`."""

from __future__ import annotations

import os

LONG = "LONG_TESTS" in os.environ


def times(short: int, *, long: int) -> int:
    """Return the number for this run. The test is marked `has_long_form`."""
    return long if LONG else short
