import django.db.models.deletion
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

# The new permissions, each as the one of a noun that is edited in the same way.
LIKE = {"membership": "succession", "takenon": "overarching"}


def give_permissions(apps, schema_editor):
    """Let everybody who may edit successions edit members, and so on, verb by verb."""
    database = schema_editor.connection.alias
    config = apps.get_app_config("registers")
    # Django makes permissions after all migrations, which is too late here.
    before = getattr(config, "models_module", None)
    config.models_module = before or True
    create_permissions(config, apps=apps, verbosity=0, using=database)
    config.models_module = before
    permissions = apps.get_model("auth", "Permission").objects.using(database)
    ours = permissions.filter(content_type__app_label="registers")
    for noun, like in LIKE.items():
        for verb in ("view", "add", "change", "delete"):
            new = ours.get(codename=f"{verb}_{noun}")
            old = ours.get(codename=f"{verb}_{like}")
            for holder in (*old.group_set.all(), *old.user_set.all()):
                permissions_of = getattr(holder, "user_permissions", None)
                (permissions_of or holder.permissions).add(new)


class Migration(migrations.Migration):

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ('registers', '0014_title_keys'),
    ]

    operations = [
        migrations.AddField(
            model_name='organisation',
            name='group_rule',
            field=models.TextField(blank=True, help_text='Public. Only for a group: its rule in words, such as ‘Every maintained school in the county’.', verbose_name='who belongs to the group'),
        ),
        migrations.AddField(
            model_name='registerversion',
            name='links',
            field=models.BigIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name='succession',
            name='happened_on',
            field=models.DateField(blank=True, help_text='From this day on, the successor stands in its place. It can be a day to come. Empty if not known: then the place was always taken.', null=True, verbose_name='day'),
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_day', models.DateField(blank=True, help_text='The first day. Empty if it was always a member.', null=True, verbose_name='from')),
                ('to_day', models.DateField(blank=True, help_text='The last day. Empty if it has no end.', null=True, verbose_name='to')),
                ('source', models.CharField(blank=True, help_text='Public. Where this can be read, such as a list.', max_length=255)),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='registers.organisation')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='registers.organisation')),
            ],
            options={
                'ordering': ['group', 'member__name', 'from_day'],
                'constraints': [models.UniqueConstraint(fields=('group', 'member', 'from_day'), name='one_membership_from_a_day', violation_error_message='It is a member from this day already.'), models.UniqueConstraint(condition=models.Q(('from_day', None)), fields=('group', 'member'), name='one_membership_from_the_first', violation_error_message='It is a member already, without a first day.'), models.CheckConstraint(condition=models.Q(('from_day', None), ('to_day', None), ('from_day__lte', models.F('to_day')), _connector='OR'), name='membership_ends_after_it_begins', violation_error_message='The last day must not be before the first day.'), models.CheckConstraint(condition=models.Q(('group', models.F('member')), _negated=True), name='no_own_member', violation_error_message='A group cannot be a member of itself.')],
            },
        ),
        migrations.CreateModel(
            name='TakenOn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('predecessor', models.ForeignKey(help_text='The organisation that was split, or will be.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registers.organisation')),
                ('protocol', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='taken_on', to='registers.protocol')),
                ('successor', models.ForeignKey(help_text='One of its successors.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registers.organisation', verbose_name='taken on by')),
            ],
            options={
                'verbose_name': 'successor that took the protocol on',
                'verbose_name_plural': 'successors that took the protocol on',
                'ordering': ['predecessor__name', 'successor__name'],
                'constraints': [models.UniqueConstraint(fields=('protocol', 'predecessor', 'successor'), name='taken_on_once', violation_error_message='This is recorded already.')],
            },
        ),
        migrations.RunPython(give_permissions, migrations.RunPython.noop),
    ]
