from django.db import migrations, models

TABLES = [
    "Approver", "Contact", "Document", "Gap", "Name", "News", "Organisation", "Overarching",
    "Party", "Protocol", "Resource", "Review", "Succession", "Theme",
]


class Migration(migrations.Migration):
    dependencies = [
        ("registers", "0012_history_into_changes"),
    ]

    operations = [
        *(migrations.DeleteModel(name=f"Historical{name}") for name in TABLES),
        migrations.AddConstraint(
            model_name="change",
            constraint=models.CheckConstraint(
                condition=models.Q(public=True) | models.Q(protocol=None, organisation=None),
                name="only_public_changes_point",
                violation_error_message="Only an official change can name its subject.",
            ),
        ),
    ]
