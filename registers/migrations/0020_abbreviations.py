import django.core.validators
from django.contrib.auth.management import create_permissions
from django.db import migrations, models

import registers.models.keys

# In use in protocols all over the country. Administrators change, delete and add to them.
WIDELY_USED = {
    "CCG": "clinical commissioning group",
    "DfE": "Department for Education",
    "DoH": "Department of Health",
    "DPIA": "data protection impact assessment",
    "DSA": "data sharing agreement",
    "ESFA": "Education and Skills Funding Agency",
    "FGM": "female genital mutilation",
    "GDPR": "General Data Protection Regulation",
    "ICB": "integrated care board",
    "ISA": "information sharing agreement",
    "ISP": "information sharing protocol",
    "LA": "local authority",
    "LEP": "local enterprise partnership",
    "MARAC": "multi-agency risk assessment conference",
    "MASH": "multi-agency safeguarding hub",
    "NHS": "National Health Service",
    "SEND": "special educational needs and disabilities",
    "SME": "small or medium-sized enterprise",
    "VAWG": "violence against women and girls",
}


def give_permissions(apps, schema_editor):
    """Give those with a permission on synonyms the same on abbreviations."""
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
        new = ours.get(codename=f"{verb}_abbreviation")
        old = ours.get(codename=f"{verb}_synonymset")
        for holder in (*old.group_set.all(), *old.user_set.all()):
            (getattr(holder, "user_permissions", None) or holder.permissions).add(new)


def explain_widely_used(apps, schema_editor):
    """Fill the glossary with what every partnership writes."""
    abbreviations = apps.get_model("registers", "Abbreviation").objects
    abbreviations.using(schema_editor.connection.alias).bulk_create(
        abbreviations.model(short=short, meaning=meaning) for short, meaning in WIDELY_USED.items()
    )


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("registers", "0019_altered"),
    ]

    operations = [
        migrations.CreateModel(
            name='Abbreviation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('short', models.CharField(error_messages={'unique': 'This abbreviation is explained already.'}, help_text='As it is written in protocols: DPIA. That of an organisation belongs to its names.', max_length=20, unique=True, validators=[django.core.validators.RegexValidator('\\A(?=[\\w&]*[A-Z][\\w&]*[A-Z])[A-Za-z][\\w&]*\\Z', 'Enter one word with two capital letters or more, such as DPIA.')], verbose_name='abbreviation')),
                ('meaning', models.CharField(help_text='Public. What it is short for: data protection impact assessment.', max_length=200, validators=[registers.models.keys.refuse_email])),
            ],
            options={
                'ordering': ['short'],
            },
        ),
        migrations.RunPython(give_permissions, migrations.RunPython.noop),
        migrations.RunPython(explain_widely_used, migrations.RunPython.noop),
    ]
