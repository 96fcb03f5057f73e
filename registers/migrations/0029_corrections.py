from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('registers', '0028_proposal_email_day'),
    ]

    operations = [
        migrations.AlterField(
            model_name='change',
            name='kind',
            field=models.CharField(choices=[('added', 'Added'), ('changed', 'Changed'), ('corrected', 'Typing corrected'), ('withdrawn', 'Withdrawn'), ('reinstated', 'In force again'), ('removed', 'Removed'), ('baseline', 'As it was')], default='changed', max_length=10),
        ),
        migrations.AddField(
            model_name='proposal',
            name='is_correction',
            field=models.BooleanField(default=False, verbose_name='only a typing error'),
        ),
    ]
