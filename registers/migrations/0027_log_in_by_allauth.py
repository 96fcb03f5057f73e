"""Second factors go to django-allauth's table, and the cache gets one.

The tables of django-otp and django-axes are read and removed by their names, since these
packages are not installed any more. Keys and recovery codes stay good: a key is the same
secret, and of a code the same digest is stored (registers/accounts/forms.py).
"""

import base64
from collections import defaultdict

from django.core.management import call_command
from django.db import migrations
from django.utils import timezone

from weisf.environment import CACHE_TABLE

OLD_APPS = ("axes", "otp_static", "otp_totp")
# In this order: a table goes before the one that it points to.
OLD_TABLES = (
    "otp_static_statictoken",
    "otp_static_staticdevice",
    "otp_totp_totpdevice",
    "axes_accessattemptexpiration",
    "axes_accessattempt",
    "axes_accessfailurelog",
    "axes_accesslog",
)
KEYS = "SELECT user_id, key FROM otp_totp_totpdevice WHERE confirmed ORDER BY id"
CODES = """
    SELECT device.user_id, code.token FROM otp_static_statictoken AS code
    JOIN otp_static_staticdevice AS device ON device.id = code.device_id ORDER BY code.id
"""


def make_cache_table(apps, schema_editor):
    alias = schema_editor.connection.alias
    call_command("createcachetable", CACHE_TABLE, database=alias, verbosity=0)


def move_second_factors(apps, schema_editor):
    from registers.accounts.adapter import MFAAdapter

    tables = set(schema_editor.connection.introspection.table_names())
    if "otp_totp_totpdevice" not in tables:
        return
    authenticators = apps.get_model("mfa", "Authenticator").objects
    encrypt, now = MFAAdapter().encrypt, timezone.now()
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(KEYS)
        keys = dict(cursor.fetchall())
        codes = defaultdict(list)
        cursor.execute(CODES)
        for user, code in cursor.fetchall():
            codes[user].append(encrypt(code))
    for user, key in keys.items():
        secret = base64.b32encode(bytes.fromhex(key)).decode()
        found = {"totp": {"secret": encrypt(secret)}}
        if codes[user]:
            found["recovery_codes"] = {
                "migrated_codes": codes[user],
                "used_mask": 0,
                "viewed_at": now.timestamp(),
            }
        for kind, data in found.items():
            authenticators.get_or_create(user_id=user, type=kind, defaults={"data": data})


def remove_old_tables(apps, schema_editor):
    there = set(schema_editor.connection.introspection.table_names())
    for table in OLD_TABLES:
        if table in there:
            schema_editor.execute(f"DROP TABLE {schema_editor.quote_name(table)}")
    apps.get_model("contenttypes", "ContentType").objects.filter(app_label__in=OLD_APPS).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("registers", "0026_proposals"),
        ("mfa", "0003_authenticator_type_uniq"),
        ("account", "0009_emailaddress_unique_primary_email"),
        ("usersessions", "0001_initial"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.RunPython(make_cache_table, migrations.RunPython.noop),
        migrations.RunPython(move_second_factors, migrations.RunPython.noop),
        migrations.RunPython(remove_old_tables, migrations.RunPython.noop),
    ]
