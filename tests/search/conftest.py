"""The rich register, in its own transaction, as the slow way reads it."""

from __future__ import annotations

import pytest

from registers.models import Protocol
from tests.makers import make_random_links, make_rich_register
from tests.search.slowly import Register, read


def make(seed: int) -> Register:
    """The real register's protocols become drafts beside it, which must never show."""
    Protocol.objects.update(status="draft")
    make_rich_register(seed)
    make_random_links(seed)
    return read()


@pytest.fixture(params=[1, 2, 3], ids="register-{}".format)
def rich_register(real_register, request) -> Register:
    return make(request.param)


@pytest.fixture
def one_rich_register(real_register) -> Register:
    return make(2)
