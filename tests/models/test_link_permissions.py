"""Those who may edit successions may edit members too, once the migration has added them."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.db import connection

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db]
NEW = Permission.objects.filter(codename__regex="_(membership|takenon)$")


def give() -> None:
    migration = import_module("registers.migrations.0015_links")
    migration.give_permissions(apps, SimpleNamespace(connection=connection))


def codenames(permissions) -> set[str]:
    return set(permissions.filter(pk__in=NEW).values_list("codename", flat=True))


def test_the_groups_of_the_register_edit_them():
    verbs = {
        f"{verb}_{noun}"
        for verb in ("view", "add", "change", "delete")
        for noun in ("membership", "takenon")
    }
    for group in Group.objects.all():
        assert codenames(group.permissions) == verbs, group


@pytest.mark.parametrize(
    "make",
    [
        lambda: Group.objects.create(name="Ours").permissions,
        lambda: User.objects.create_user("olive").user_permissions,
    ],
    ids=["a group of the partnership", "a user"],
)
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("change_succession", {"change_membership"}),
        ("view_overarching", {"view_takenon"}),
        ("change_theme", set()),
    ],
)
def test_others_get_the_same_verb_of_what_is_edited_alike(make, old, new):
    permissions = make()
    permissions.add(Permission.objects.get(codename=old))
    give()
    assert codenames(permissions) == new
