from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import migrations, models


def _replace(old: str, new: str) -> Callable[[Any, Any], None]:
    def replace(apps: Any, schema_editor: Any) -> None:
        apps.get_model("registers", "ImportJob").objects.filter(status=old).update(status=new)

    return replace


class Migration(migrations.Migration):
    dependencies = [("registers", "0029_corrections")]

    operations = [
        migrations.RemoveIndex("ImportLine", "lines_by_fate"),
        migrations.RemoveIndex("ImportName", "names_by_how"),
        migrations.RenameModel("Import", "ImportJob"),
        migrations.RenameField("ImportJob", "brought_at", "uploaded_at"),
        migrations.RenameField("ImportJob", "brought_by", "uploaded_by"),
        migrations.RenameField("ImportJob", "promise", "digest"),
        migrations.RenameField("ImportLine", "brought", "job"),
        migrations.RenameField("ImportLine", "fate", "outcome"),
        migrations.RenameField("ImportName", "brought", "job"),
        migrations.AlterModelOptions(
            "ImportJob", {"ordering": ["-uploaded_at", "-pk"], "default_permissions": ()}
        ),
        migrations.AlterModelOptions(
            "ImportLine", {"ordering": ["job", "position"], "default_permissions": ()}
        ),
        migrations.AlterModelOptions(
            "ImportName", {"ordering": ["job", "position"], "default_permissions": ()}
        ),
        migrations.AlterField(
            "ImportJob",
            "status",
            models.CharField(
                max_length=8,
                default="uploaded",
                choices=[
                    ("uploaded", "Not checked yet"),
                    ("checked", "Checked, not applied"),
                    ("applied", "Applied"),
                ],
            ),
        ),
        migrations.AddIndex(
            "ImportLine",
            models.Index(fields=["job", "outcome", "position"], name="lines_by_outcome"),
        ),
        migrations.AddIndex(
            "ImportName", models.Index(fields=["job", "how", "position"], name="names_by_how")
        ),
        migrations.RunPython(_replace("brought", "uploaded"), _replace("uploaded", "brought")),
    ]
