"""Second factors of django-otp stay good under django-allauth, and its tables go."""

from __future__ import annotations

from importlib import import_module

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.db import connection
from django.test import Client

from registers.accounts.forms import digest_of_old_code
from tests.admin.test_second_factor import FACTOR, code_of
from tests.cast import PASSWORD, somebody

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db(transaction=True)]
migration = import_module("registers.migrations.0027_log_in_by_allauth")

# As django-otp 1.7 made them, with the columns that are read.
OLD = [
    "CREATE TABLE otp_totp_totpdevice"
    " (id integer, user_id integer, key varchar(80), confirmed boolean)",
    "CREATE TABLE otp_static_staticdevice (id integer, user_id integer)",
    "CREATE TABLE otp_static_statictoken (id integer, device_id integer, token varchar(16))",
]
KEY = "3132333435363738393031323334353637383930"


def test_key_and_recovery_codes_stay_good(settings, quick_passwords):
    settings.SECOND_FACTOR = True
    edith = somebody("edith", "Editor", password=PASSWORD)
    paul = somebody("paul", "Publisher", password=PASSWORD)
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
    with connection.schema_editor() as editor:
        migration.move_second_factors(apps, editor)
        migration.remove_old_tables(apps, editor)
    assert not {name for name in connection.introspection.table_names() if "otp" in name}
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


def test_a_new_database_has_nothing_to_move(db):
    with connection.schema_editor() as editor:
        migration.move_second_factors(apps, editor)
        migration.remove_old_tables(apps, editor)
    assert not Authenticator.objects.exists()
