"""An import that is killed leaves all or nothing. `make kills` does it often, with many rows."""

from __future__ import annotations

import pytest

from tests.imports.killing import kill_many, place

pytestmark = pytest.mark.both_databases


def test_an_import_that_is_killed_leaves_all_or_nothing(tmp_path):
    with place(tmp_path) as here:
        ends = kill_many(here, moments=1, protocols=40)
    assert sum(ends.values()) == 1
