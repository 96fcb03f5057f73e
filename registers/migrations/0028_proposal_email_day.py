from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registers', '0027_log_in_by_allauth'),
    ]

    operations = [
        migrations.CreateModel(
            name='ProposalEmailDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(unique=True)),
            ],
        ),
    ]
