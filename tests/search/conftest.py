"""The rich register, in a transaction of its own, as the slow way reads it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import DjangoDbBlocker

from registers.imports.fixture import is_empty
from registers.models import Protocol
from tests.conftest import load_real_register
from tests.lengths import times
from tests.makers import make_random_links, make_rich_register
from tests.models.making import shared_by_a_module
from tests.search.slowly import Register, read

SEEDS = range(1, 1 + times(1, long=3))


def make(seed: int) -> Register:
    """The real register's protocols become drafts beside it, which must never show."""
    Protocol.objects.update(status="draft")
    make_rich_register(seed)
    make_random_links(seed)
    return read()


def make_shared(seed: int, blocker: DjangoDbBlocker) -> Iterator[Register]:
    with shared_by_a_module(blocker):
        if is_empty():
            load_real_register()
        yield make(seed)


@pytest.fixture(
    params=[pytest.param(seed, marks=pytest.mark.has_long_form) for seed in SEEDS],
    ids="register-{}".format,
    scope="class",
)
def rich_register(request, django_db_setup, django_db_blocker) -> Iterator[Register]:
    """One for all tests of a class, or for one test alone."""
    yield from make_shared(request.param, django_db_blocker)


@pytest.fixture(scope="class")
def one_rich_register(django_db_setup, django_db_blocker) -> Iterator[Register]:
    yield from make_shared(2, django_db_blocker)
