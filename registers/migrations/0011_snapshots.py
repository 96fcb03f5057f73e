from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registers", "0010_words"),
    ]

    operations = [
        migrations.RenameField(model_name="change", old_name="record", new_name="snapshot"),
        migrations.AlterField(
            model_name="change",
            name="snapshot",
            field=models.JSONField(blank=True, editable=False, help_text="What the subject said after it, as registers/history/snapshot.py reads it.", null=True),
        ),
        migrations.AlterField(
            model_name="change",
            name="what",
            field=models.TextField(blank=True, help_text="Public. A line for each thing that changed for the public."),
        ),
        migrations.AddField(
            model_name="change",
            name="subject_type",
            field=models.CharField(default="", editable=False, max_length=20),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="change",
            name="subject_key",
            field=models.CharField(default="", editable=False, max_length=40),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="change",
            name="public",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddField(
            model_name="change",
            name="kind",
            field=models.CharField(choices=[("added", "Added"), ("changed", "Changed"), ("withdrawn", "Withdrawn"), ("reinstated", "In force again"), ("removed", "Removed"), ("baseline", "As it was")], default="changed", max_length=10),
        ),
        migrations.AddField(
            model_name="change",
            name="event",
            field=models.TextField(blank=True, default="", help_text="The lines of it that no difference of two snapshots says."),
            preserve_default=False,
        ),
        migrations.CreateModel(
            name="UsedReference",
            fields=[
                ("reference", models.CharField(max_length=8, primary_key=True, serialize=False)),
            ],
        ),
        migrations.AddIndex(
            model_name="change",
            index=models.Index(fields=["subject_type", "subject_key", "made_at"], name="of_one"),
        ),
    ]
