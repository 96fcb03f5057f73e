import django.db.models.deletion
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

from registers.models.keys import key_of, refuse_email, slug_of

SAME = (
    "{model} '{text}' of {holder} cannot be told from another by eye. Both are kept as they are."
    " See whether the two are one."
)


def renew_keys(apps, schema_editor):
    """Store keys as they are compared now. One that another has stays as it was, and is said."""
    database = schema_editor.connection.alias
    for label, field in (("Name", "text"), ("Theme", "name")):
        rows = apps.get_model("registers", label).objects.using(database)
        stored = list(rows.order_by("pk").values_list("pk", "key", field))
        taken = {key for _, key, _ in stored}
        for pk, key, text in stored:
            wanted = key_of(text)
            if wanted == key or not wanted:
                continue
            if wanted in taken:
                holder = rows.get(pk=pk)
                holder = holder.organisation.name if label == "Name" else "the register"
                print(SAME.format(model=label, text=text, holder=holder))
                continue
            rows.filter(pk=pk).update(key=wanted)
            taken.add(wanted)


def add_addresses(apps, schema_editor):
    """Let each name's address as it is made now lead to its organisation too. None is lost."""
    database = schema_editor.connection.alias
    slugs = apps.get_model("registers", "Slug").objects.using(database)
    taken = set(slugs.values_list("text", flat=True))
    new = {}
    names = apps.get_model("registers", "Name").objects.using(database).order_by("pk")
    for organisation, text in names.values_list("organisation", "text"):
        slug = slug_of(text)
        if slug and slug not in taken:
            new.setdefault(slug, organisation)
    slugs.bulk_create(
        [slugs.model(text=slug, organisation_id=key) for slug, key in new.items()], 1000
    )


def give_permissions(apps, schema_editor):
    """Let everybody who may edit names edit identifiers, verb by verb."""
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
        new, old = ours.get(codename=f"{verb}_identifier"), ours.get(codename=f"{verb}_name")
        for holder in (*old.group_set.all(), *old.user_set.all()):
            permissions_of = getattr(holder, "user_permissions", None)
            (permissions_of or holder.permissions).add(new)


class Migration(migrations.Migration):

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ('registers', '0015_links'),
    ]

    operations = [
        migrations.AddField(
            model_name='name',
            name='source',
            field=models.CharField(blank=True, help_text="Public. Where this name can be read, such as the organisation's own site.", max_length=255, validators=[refuse_email]),
        ),
        migrations.CreateModel(
            name='Identifier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('scheme', models.CharField(choices=[('ods', 'ODS code'), ('urn', 'School URN'), ('ukprn', 'UKPRN'), ('ico', 'ICO registration number'), ('company', 'Company number'), ('charity', 'Charity number'), ('gss', 'GSS code')], max_length=10, verbose_name='kind')),
                ('value', models.CharField(max_length=20, verbose_name='identifier')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='identifiers', to='registers.organisation')),
            ],
            options={
                'ordering': ['scheme', 'value'],
                'constraints': [models.UniqueConstraint(fields=('scheme', 'value'), name='one_organisation_per_identifier', violation_error_message='An organisation has this identifier already.')],
            },
        ),
        migrations.RunPython(give_permissions, migrations.RunPython.noop),
        migrations.RunPython(renew_keys, migrations.RunPython.noop),
        migrations.RunPython(add_addresses, migrations.RunPython.noop),
    ]
