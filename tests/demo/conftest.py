"""A demonstration that several modules read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import override_settings

from demo.register import make_register
from tests.conftest import TODAY, empty_the_register
from tests.models.making import shared_by_a_module

PROTOCOLS = 120


@pytest.fixture(scope="module")
def demonstration(request, django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[None]:
    """The fictional register that `make demo` serves, made once for a module; or a smaller one."""
    number = getattr(request.module, "PROTOCOLS", PROTOCOLS)
    papers = override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("papers"))
    with papers, shared_by_a_module(django_db_blocker):
        empty_the_register()
        make_register(number, seed=1, on=TODAY)
        yield
