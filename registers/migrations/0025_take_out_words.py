"""Administrators alone may take words out."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

LET_OTHERS_IN = "add_user"


def give_permission(apps, schema_editor):
    """Let those groups and users who may let others in take words out."""
    database = schema_editor.connection.alias
    # Django makes permissions after all migrations, which is too late here.
    config = apps.get_app_config("registers")
    before = getattr(config, "models_module", None)
    config.models_module = before or True
    create_permissions(config, apps=apps, verbosity=0, using=database)
    config.models_module = before
    permissions = apps.get_model("auth", "Permission").objects.using(database)
    new = permissions.get(content_type__app_label="registers", codename="take_out_words")
    for old in permissions.filter(content_type__app_label="auth", codename=LET_OTHERS_IN):
        for holder in (*old.group_set.all(), *old.user_set.all()):
            (getattr(holder, "user_permissions", None) or holder.permissions).add(new)


class Migration(migrations.Migration):

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("registers", "0024_form_drafts"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="change",
            options={
                "ordering": ["-made_at", "-pk"],
                "permissions": [
                    ("take_out_words", "Can take words out of the register and its past")
                ],
            },
        ),
        migrations.RunPython(give_permission, migrations.RunPython.noop),
    ]
