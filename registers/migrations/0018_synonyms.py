from django.contrib.auth.management import create_permissions
from django.db import migrations, models


def give_permissions(apps, schema_editor):
    """Give those with a permission on themes the same on synonyms: both are public at once."""
    database = schema_editor.connection.alias
    config = apps.get_app_config("registers")
    # Django makes permissions after all migrations, which is too late here.
    before = getattr(config, "models_module", None)
    config.models_module = before or True
    create_permissions(config, apps=apps, verbosity=0, using=database)
    config.models_module = before
    permissions = apps.get_model("auth", "Permission").objects.using(database)
    ours = permissions.filter(content_type__app_label="registers")
    for verb in ("view", "add", "change", "delete"):
        new = ours.get(codename=f"{verb}_synonymset")
        old = ours.get(codename=f"{verb}_theme")
        for holder in (*old.group_set.all(), *old.user_set.all()):
            (getattr(holder, "user_permissions", None) or holder.permissions).add(new)


class Migration(migrations.Migration):

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ('registers', '0017_references'),
    ]

    operations = [
        migrations.CreateModel(
            name='SynonymSet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('words', models.TextField(help_text='Public. One word or phrase on each line. A search for any of them finds all of them, in any form: pupil finds pupils. Write an acronym in capitals.')),
                ('also', models.TextField(blank=True, help_text='Public. Words that a search for any of those above finds too, but not the other way round: pupil finds school, and school does not find pupil.', verbose_name='also searched for')),
                ('in_use', models.BooleanField(default=True, help_text='Untick this to make search leave the set out.', verbose_name='in use')),
                ('code', models.CharField(blank=True, editable=False, max_length=40, null=True, unique=True)),
                ('supplied', models.JSONField(blank=True, default=dict, editable=False)),
            ],
            options={
                'verbose_name': 'set of synonyms',
                'verbose_name_plural': 'synonyms',
                'ordering': ['words', 'pk'],
            },
        ),
        migrations.RunPython(give_permissions, migrations.RunPython.noop),
    ]
