"""The people of the tests: who may come in, and as what."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.utils import timezone

PASSWORD = "a password that only the tests have"
_migration = import_module("registers.migrations.0006_groups")
_of_links = import_module("registers.migrations.0015_links")
_of_synonyms = import_module("registers.migrations.0018_synonyms")
_of_redaction = import_module("registers.migrations.0025_take_out_words")
_of_proposals = import_module("registers.migrations.0026_proposals")
_of_identifiers = import_module("registers.migrations.0016_name_source_identifier")


def groups() -> None:
    """See that the groups are there, also after a test that emptied the database."""
    if not set(_migration.GROUPS) <= set(Group.objects.values_list("name", flat=True)):
        editor = SimpleNamespace(connection=connection)
        _migration.make_groups(apps, editor)
        _of_links.give_permissions(apps, editor)
        _of_synonyms.give_permissions(apps, editor)
        _of_identifiers.give_permissions(apps, editor)
        _of_redaction.give_permission(apps, editor)
        _of_proposals.let_editors_add(apps, editor)


def superuser(name: str, password: str) -> str:
    """Return what makes a superuser whose password is their own, for `manage.py shell -c`."""
    return f"""
from django.contrib.auth.models import User
from django.utils import timezone
User.objects.create_superuser("{name}", password="{password}", last_login=timezone.now())
"""


def somebody(name: str, *in_groups: str, password: str | None = None, **fields: object) -> User:
    """Return a new user who is in the groups named, and whose password is their own."""
    groups()
    fields = {"is_staff": True, "last_login": timezone.now(), **fields}
    user = User.objects.create_user(name, password=password, **fields)
    user.groups.set(Group.objects.filter(name__in=in_groups))
    return user


def door_of(user: User | None) -> Client:
    """Return a browser in which the user is logged in; nobody is where there is none."""
    client = Client()
    if user:
        client.force_login(user)
    return client
