"""An upgrade from the log-in by django-otp keeps users, groups, second factors and changes."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client

from registers.accounts.forms import digest_of_old_code
from registers.models import Change
from tests.admin.test_second_factor import FACTOR, code_of
from tests.cast import PASSWORD, somebody

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db(transaction=True)]
migration = import_module("registers.migrations.0027_log_in_by_allauth")

# As django-otp 1.7 and django-axes 8 made them: the columns that are read, and what points where.
OLD = [
    "CREATE TABLE otp_totp_totpdevice (id integer PRIMARY KEY,"
    " user_id integer REFERENCES auth_user, key varchar(80), confirmed boolean)",
    "CREATE TABLE otp_static_staticdevice"
    " (id integer PRIMARY KEY, user_id integer REFERENCES auth_user)",
    "CREATE TABLE otp_static_statictoken (id integer PRIMARY KEY,"
    " device_id integer REFERENCES otp_static_staticdevice, token varchar(16))",
    "CREATE TABLE axes_accessattempt (id integer PRIMARY KEY)",
    "CREATE TABLE axes_accessattemptexpiration"
    " (access_attempt_id integer PRIMARY KEY REFERENCES axes_accessattempt)",
    "INSERT INTO axes_accessattempt VALUES (3)",
    "INSERT INTO axes_accessattemptexpiration VALUES (3)",
]
KEY = "3132333435363738393031323334353637383930"


BEFORE = [("registers", "0024_form_drafts")]


def kept() -> dict[str, Any]:
    """Return what an upgrade must not lose."""
    changes = Change.objects.order_by("pk")
    return {
        "users": list(User.objects.order_by("pk").values()),
        "groups": {each.name: set(each.user_set.all()) for each in Group.objects.all()},
        "changes": list(changes.values_list("pk", "by", "made_at", "what", "why", "snapshot")),
    }


def test_users_groups_second_factors_and_changes_stay(settings, quick_passwords, real_register):
    settings.SECOND_FACTOR = True
    edith = somebody("edith", "Editor", password=PASSWORD)
    paul = somebody("paul", "Publisher", password=PASSWORD)
    paul.groups.add(Group.objects.create(name="Another"))
    Change.objects.filter(protocol="0036").update(by=edith)
    before = kept()
    assert len(before["users"]) == 2
    assert len(before["changes"]) > 20
    executor = MigrationExecutor(connection)
    newest = executor.loader.graph.leaf_nodes("registers")
    executor.migrate(BEFORE)
    stored = digest_of_old_code("abcdefghjkmnpqrstuvw")
    with connection.cursor() as cursor:
        for statement in OLD:
            cursor.execute(statement)
        cursor.execute(
            "INSERT INTO otp_totp_totpdevice VALUES (1, %s, %s, %s), (2, %s, %s, %s)",
            [edith.pk, KEY, True, paul.pk, KEY, False],
        )
        cursor.execute("INSERT INTO otp_static_staticdevice VALUES (5, %s)", [edith.pk])
        cursor.execute("INSERT INTO otp_static_statictoken VALUES (9, 5, %s)", [stored])
    MigrationExecutor(connection).migrate(newest)
    assert kept() == before
    assert not {
        name for name in connection.introspection.table_names() if name.startswith(("axes", "otp"))
    }
    assert set(Authenticator.objects.values_list("user", "type")) == {
        (edith.pk, "totp"),
        (edith.pk, "recovery_codes"),
    }
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # the same, as an app takes it
    for code in (code_of(secret), "ABCD-efgh jkmn-pqrs-tuvw"):
        door = Client()
        door.post("/admin/login/", {"login": "edith", "password": PASSWORD})
        door.post(FACTOR, {"code": code})
        assert door.get("/admin/").status_code == 200
    again = Client()
    again.post("/admin/login/", {"login": "edith", "password": PASSWORD})
    again.post(FACTOR, {"code": "abcd-efgh-jkmn-pqrs-tuvw"})
    assert again.get("/admin/").status_code == 302
    # Who had none yet is led to it.
    door = Client()
    door.post("/admin/login/", {"login": "paul", "password": PASSWORD})
    assert door.get("/admin/").headers["Location"] == "/admin/second-factor/"


def test_a_new_database_has_nothing_to_move(db):
    with connection.schema_editor() as editor:
        migration.move_second_factors(apps, editor)
        migration.remove_old_tables(apps, editor)
    assert not Authenticator.objects.exists()
