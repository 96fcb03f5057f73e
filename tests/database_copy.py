"""Copies of the test database with the real register, which takes seconds to make.

One is put back for tests of transactions, for each of which Django empties the database. Another
is what the jobs of `make test` begin with, all but the first, where SQLite is the database.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from django.db import connection

from tests.shared_files import shared_file

_sqlite: list[sqlite3.Connection] = []


@contextmanager
def made_once() -> Iterator[None]:
    """Make a SQLite database in memory within: the next job finds there all that this one made."""
    if connection.vendor != "sqlite":
        yield
        return
    name = connection.creation._get_test_db_name()
    # It is there as long as it has a connection: this one, until Django has its own.
    with shared_file("tests.sqlite3") as file, closing(_open(name)) as database:
        if is_made := file.exists():
            with closing(_open(file.as_uri())) as made:
                made.backup(database)
        yield
        if not is_made:
            with closing(_open(file.as_uri())) as made:
                database.backup(made)


def _open(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True)


@contextmanager
def kept() -> Iterator[None]:
    """Copy the database, and keep the copy meanwhile."""
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        with closing(sqlite3.connect(":memory:", check_same_thread=False)) as copy:
            connection.connection.backup(copy)
            _sqlite.append(copy)
            yield
            _sqlite.clear()
        return
    _copy_postgresql(source=_name(), target=copy_name())
    yield
    with _postgres() as cursor:
        cursor.execute(f'DROP DATABASE "{copy_name()}"')


def restore() -> None:
    """Let the database be as it was copied. No transaction is open."""
    if connection.vendor == "sqlite":
        connection.ensure_connection()
        (copy,) = _sqlite
        copy.backup(connection.connection)
    else:
        _copy_postgresql(source=copy_name(), target=_name())


def copy_to(database: sqlite3.Connection) -> None:
    """Write the copy into another SQLite database."""
    (copy,) = _sqlite
    copy.backup(database)


def _copy_postgresql(*, source: str, target: str) -> None:
    _disconnect()
    with _postgres() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')


def _disconnect() -> None:
    connection.close()
    if connection.settings_dict["OPTIONS"].get("pool"):
        connection.close_pool()


def _name() -> str:
    return str(connection.settings_dict["NAME"])


def copy_name() -> str:
    """Return the name of the copy, where the database is a PostgreSQL."""
    return f"{_name()}_copy"


@contextmanager
def _postgres() -> Iterator[object]:
    with connection._nodb_cursor() as cursor:
        yield cursor
