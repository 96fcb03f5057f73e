from django.db import migrations, models
from django.db.models import BigIntegerField, Case, CharField, Value, When
from django.db.models.functions import Cast, Concat, Length
from django.db.models.lookups import Exact

import registers.models.references

MODELS = ("Protocol", "Gap", "UsedReference")
KEY_FIELD = {"editable": False, "max_length": 128}


def fill(apps, schema_editor):
    """Store the key of each reference in one statement: all were 4 to 8 digits until now."""
    number = Cast(Cast("reference", BigIntegerField()), CharField(max_length=8))
    digits = Length(number)
    length = Case(
        When(Exact(digits, 8), then=Value("908")),
        default=Cast(digits + 1, CharField(max_length=1)),
    )
    for name in MODELS:
        rows = apps.get_model("registers", name).objects.using(schema_editor.connection.alias)
        rows.update(reference_key=Concat(length, number, Value("0")))


class Migration(migrations.Migration):

    dependencies = [
        ('registers', '0016_name_source_identifier'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='gap',
            options={'ordering': ['reference_key'], 'verbose_name': 'reference without a protocol', 'verbose_name_plural': 'references without a protocol'},
        ),
        migrations.AlterModelOptions(
            name='protocol',
            options={'ordering': ['reference_key'], 'permissions': [('publish_protocol', 'Can publish, withdraw and put back in force'), ('import_protocol', 'Can import a spreadsheet')]},
        ),
        migrations.RemoveConstraint(
            model_name='protocol',
            name='one_protocol_a_number',
        ),
        migrations.RemoveIndex(
            model_name='protocol',
            name='by_theme',
        ),
        migrations.AlterField(
            model_name='gap',
            name='reference',
            field=models.CharField(max_length=40, primary_key=True, serialize=False, validators=[registers.models.references.check_reference]),
        ),
        migrations.AlterField(
            model_name='importline',
            name='reference',
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AlterField(
            model_name='protocol',
            name='reference',
            field=models.CharField(error_messages={'unique': 'A protocol has this reference already.'}, help_text='As the partnership writes it. It never changes and is never used again.', max_length=40, primary_key=True, serialize=False, validators=[registers.models.references.check_reference]),
        ),
        migrations.AlterField(
            model_name='usedreference',
            name='reference',
            field=models.CharField(max_length=40, primary_key=True, serialize=False),
        ),
        *(
            migrations.AddField(
                model_name=name.lower(),
                name='reference_key',
                field=registers.models.references.ReferenceKeyField(
                    default='', db_index=name == "UsedReference", **KEY_FIELD
                ),
                preserve_default=False,
            )
            for name in MODELS
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name='protocol',
            index=models.Index(fields=['theme', 'reference_key'], name='by_theme'),
        ),
        migrations.AddConstraint(
            model_name='gap',
            constraint=models.UniqueConstraint(fields=('reference_key',), name='one_gap_a_reference', violation_error_message='This reference is explained already.'),
        ),
        migrations.AddConstraint(
            model_name='protocol',
            constraint=models.UniqueConstraint(fields=('reference_key',), name='one_protocol_a_reference', violation_error_message='A protocol has this reference already.'),
        ),
    ]
