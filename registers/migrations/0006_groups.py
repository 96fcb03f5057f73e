"""Three groups of editors: who may draft, who may publish, and who may let others in."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

LOOKED_UP = (
    *("answer", "apart", "approver", "change", "contact", "document", "earlierversion", "gap"),
    *("merge", "name", "news", "organisation", "overarching", "party", "protocol", "reminded"),
    *("reminder", "resource", "review", "slug", "succession", "theme"),
)
# What is written on forms. What was published is never deleted, whoever asks.
EDITED = (
    *("approver", "contact", "document", "name", "organisation", "overarching", "party"),
    *("protocol", "succession"),
)
# They have no draft: to add one is to publish it.
PUBLIC_AT_ONCE = ("news", "resource", "theme")
EDITOR = (
    *(f"registers.view_{noun}" for noun in LOOKED_UP),
    *(f"registers.{verb}_{noun}" for noun in EDITED for verb in ("add", "change", "delete")),
    *(f"registers.change_{noun}" for noun in PUBLIC_AT_ONCE),
    # Recorded from its protocol; its words can be mended.
    *("registers.add_review", "registers.change_review"),
    "registers.add_earlierversion",
)
PUBLISHER = (
    *EDITOR,
    *("registers.publish_protocol", "registers.import_protocol", "registers.merge_organisation"),
    *(f"registers.{verb}_{noun}" for noun in PUBLIC_AT_ONCE for verb in ("add", "delete")),
    *("registers.change_answer", "registers.change_reminder"),
    *(f"registers.{verb}_gap" for verb in ("add", "change", "delete")),
    *(f"registers.{verb}_apart" for verb in ("add", "change", "delete")),
)
ADMINISTRATOR = (
    *PUBLISHER,
    *("auth.view_user", "auth.add_user", "auth.change_user", "auth.view_group"),
)
GROUPS = {"Editor": EDITOR, "Publisher": PUBLISHER, "Administrator": ADMINISTRATOR}


def make_groups(apps, schema_editor):
    """Make the groups that are not there. One of these names that is there is somebody's own."""
    database = schema_editor.connection.alias
    group_model = apps.get_model("auth", "Group")
    # Django makes permissions after all migrations, which is too late here.
    for label in ("auth", "registers"):
        config = apps.get_app_config(label)
        before = getattr(config, "models_module", None)
        config.models_module = before or True
        create_permissions(config, apps=apps, verbosity=0, using=database)
        config.models_module = before
    for name, rights in GROUPS.items():
        group, made = group_model.objects.using(database).get_or_create(name=name)
        if made:
            group.permissions.set(permissions(apps, rights, database))


def permissions(apps, rights, database):
    """Return the permissions that are written like 'registers.view_protocol'."""
    known = {
        f"{each.content_type.app_label}.{each.codename}": each
        for each in apps.get_model("auth", "Permission")
        .objects.using(database)
        .select_related("content_type")
    }
    return [known[right] for right in rights]


def remove_groups(apps, schema_editor):
    """Take away the groups as they were made. One that is in use, or was altered, stays."""
    database = schema_editor.connection.alias
    for name, rights in GROUPS.items():
        for group in apps.get_model("auth", "Group").objects.using(database).filter(name=name):
            has = {
                f"{each.content_type.app_label}.{each.codename}"
                for each in group.permissions.select_related("content_type")
            }
            if has == set(rights) and not group.user_set.exists():
                group.delete()


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("registers", "0005_editing"),
    ]

    operations = [migrations.RunPython(make_groups, remove_groups)]
