from django.db import migrations, models

from registers.search.titles import title_key

BATCH = 2000


def fill(apps, schema_editor):
    SearchEntry = apps.get_model("registers", "SearchEntry")
    entries = SearchEntry.objects.using(schema_editor.connection.alias)
    rows = entries.order_by("pk").values_list("pk", "protocol_id", "changed_in", "protocol__title")
    last = 0
    while batch := list(rows.filter(pk__gt=last)[:BATCH]):
        # Each is there already: an upsert is much faster than an UPDATE of many rows.
        entries.bulk_create(
            (
                SearchEntry(
                    pk=pk, protocol_id=reference, changed_in=number, title_key=title_key(title)
                )
                for pk, reference, number, title in batch
            ),
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["title_key"],
        )
        last = batch[-1][0]


class Migration(migrations.Migration):

    dependencies = [
        ('registers', '0013_remove_history_tables'),
    ]

    operations = [
        migrations.AddField(
            model_name='searchentry',
            name='title_key',
            field=models.TextField(default=''),
            preserve_default=False,
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
