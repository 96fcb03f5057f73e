"""What a test does at the end of each thread that it starts."""

from __future__ import annotations

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper


def close_connection() -> None:
    """Close this thread's connection.

    Django leaves one to an SQLite in memory open, of which Python 3.13 warns when the thread ends.
    """
    BaseDatabaseWrapper.close(connection)
