"""SQLite's own tools can read, check and copy the file: it needs nothing that only Django has."""

import sqlite3

from django.core.management import call_command
from django.db import connections
from django.db.backends.sqlite3.base import DatabaseWrapper


def test_a_program_without_django_can_check_and_copy_it(tmp_path, django_db_blocker):
    path = tmp_path / "register.sqlite3"
    given = dict(connections["default"].settings_dict)
    connections["file"] = DatabaseWrapper(
        {**given, "ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": {}}, "file"
    )
    with django_db_blocker.unblock():
        call_command("migrate", database="file", verbosity=0)
        connections["file"].close()
        del connections["file"]
    plain = sqlite3.connect(path)
    assert plain.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    plain.execute("VACUUM INTO ?", [str(tmp_path / "copy.sqlite3")])
    plain.close()
    assert (tmp_path / "copy.sqlite3").stat().st_size > 0
