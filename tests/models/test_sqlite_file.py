"""SQLite's own tools can read, check and copy the file: it needs nothing that only Django has."""

import sqlite3
from contextlib import closing

import pytest
from django.db import connection

from tests import database_copy


@pytest.mark.skipif(connection.vendor != "sqlite", reason="it is SQLite's file")
def test_a_program_without_django_can_check_and_copy_it(tmp_path, django_db_setup):
    path = tmp_path / "register.sqlite3"
    with closing(sqlite3.connect(path)) as file:
        database_copy.copy_to(file)
    with closing(sqlite3.connect(path)) as plain:
        assert plain.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        plain.execute("VACUUM INTO ?", [str(tmp_path / "copy.sqlite3")])
    assert (tmp_path / "copy.sqlite3").stat().st_size > 0
