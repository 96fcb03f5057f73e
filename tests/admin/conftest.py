"""Who else comes in by the editors' door."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client


@pytest.fixture
def percys_door(db) -> Client:
    """A browser in which Percy, another officer, is logged in."""
    door = Client()
    door.force_login(User.objects.create_superuser("percy"))
    return door
