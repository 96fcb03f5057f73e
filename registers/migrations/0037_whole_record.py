

import registers.models.keys
import registers.models.options
from django.contrib.auth.management import create_permissions
from django.db import migrations, models


def give_permissions(apps, schema_editor):
    """Give those with a permission on synonyms the same on options."""
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
        new = ours.get(codename=f"{verb}_option")
        old = ours.get(codename=f"{verb}_synonymset")
        for holder in (*old.group_set.all(), *old.user_set.all()):
            (getattr(holder, "user_permissions", None) or holder.permissions).add(new)


class Migration(migrations.Migration):

    dependencies = [
        ('registers', '0036_import_prepared_by'),
    ]

    operations = [
        migrations.CreateModel(
            name='Option',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('options', models.CharField(choices=[('agreement-kinds', 'Kinds of agreement'), ('bases', 'Bases in UK GDPR Article 6'), ('special-categories', 'Special categories of data'), ('special-conditions', 'Conditions in UK GDPR Article 9'), ('schedule-1-conditions', 'Conditions in Schedule 1 of the Data Protection Act 2018'), ('confidentiality', 'How a duty of confidence is met'), ('people', 'Categories of people'), ('sharing-methods', 'Ways of sharing'), ('sharing-frequency', 'How often information is shared'), ('dpia-states', 'How a data protection impact assessment stands')], max_length=30, verbose_name='list')),
                ('words', models.CharField(help_text='Public. As it will be recorded, without a semicolon. What stands before a colon names it in filters: Public task: UK GDPR Article 6(1)(e).', max_length=150, validators=[registers.models.keys.refuse_email])),
            ],
            options={
                'ordering': ['options', 'pk'],
            },
        ),
        migrations.AddField(
            model_name='organisation',
            name='rights_contact',
            field=models.TextField(blank=True, help_text='Public. Whom people ask about their rights: a role, a page, a telephone number. Never a person.', verbose_name='contact for rights'),
        ),
        migrations.AddField(
            model_name='party',
            name='flow',
            field=models.CharField(blank=True, choices=[('gives', 'Gives'), ('receives', 'Receives'), ('both', 'Gives and receives')], help_text='Empty if not recorded.', max_length=8, verbose_name='gives or receives'),
        ),
        migrations.AddField(
            model_name='party',
            name='legal_role',
            field=models.CharField(blank=True, choices=[('controller', 'Controller'), ('joint', 'Joint controller'), ('processor', 'Processor')], help_text='UK GDPR Articles 4, 26 and 28. Empty if not recorded.', max_length=10, verbose_name='role in law'),
        ),
        migrations.AddField(
            model_name='protocol',
            name='agreement_kind',
            field=registers.models.options.OptionsField(blank=True, options='agreement-kinds', several=False, verbose_name='kind of agreement'),
        ),
        migrations.AddField(
            model_name='protocol',
            name='at_end',
            field=models.TextField(blank=True, help_text='Public. To the information, and to the sharing.', verbose_name='what happens at the end'),
        ),
        migrations.AddField(
            model_name='protocol',
            name='bases',
            field=registers.models.options.OptionsField(blank=True, help_text='Public. Tick all that the partners rely on.', options='bases', several=True, verbose_name='basis in UK GDPR Article 6'),
        ),
        migrations.AddField(
            model_name='protocol',
            name='benefits',
            field=models.TextField(blank=True, help_text='Public. What is better for whom.', verbose_name='benefits to people'),
        ),
        migrations.AddField(
            model_name='protocol',
            name='confidentiality',
            field=registers.models.options.OptionsField(blank=True, help_text='Public. How the common law duty of confidentiality is met.', options='confidentiality', several=True, verbose_name='duty of confidence'),
        ),
        migrations.AddField(
            model_name='protocol',
            name='criminal_offence_data',
            field=models.BooleanField(blank=True, help_text='Public. UK GDPR Article 10.', null=True, verbose_name='criminal offence data'),
        ),
        migrations.AddField(
            model_name='protocol',
            name='disposal',
            field=models.TextField(blank=True, help_text='Public. Such as: deleted, and confirmed.', verbose_name='how it is disposed of'),
        ),
        migrations.AddField(
            model_name='protocol',
            name='does_not_apply',
            field=registers.models.options.LinesField(blank=True, help_text='Names of fields, one a line.', verbose_name='does not apply'),
        ),
        migrations.AddField(
            model_name='protocol',
            name='dpia_link',
            field=models.URLField(blank=True, error_messages={'invalid': 'This is not the address of a web page. Write it whole: https://www.example.org/page.'}, help_text='Public. The address of its page: https://…', max_length=500, verbose_name='link to the DPIA'),
        ),
        migrations.AddField(
            model_name='protocol',
            name='dpia_on',
            field=models.DateField(blank=True, help_text='Public.', null=True, verbose_name='day of the DPIA'),
        ),
        migrations.AddField(
            model_name='protocol',
            name='dpia_outcome',
            field=models.TextField(blank=True, help_text='Public. Such as: approved, low risk.', verbose_name='outcome of the DPIA'),
        ),
        migrations.AddField(
            model_name='protocol',
            name='dpia_state',
            field=registers.models.options.OptionsField(blank=True, options='dpia-states', several=False, verbose_name='impact assessment (DPIA)'),
        ),
        migrations.AddField(
            model_name='protocol',
            name='ends_on',
            field=models.DateField(blank=True, help_text='Public. The last day. Nothing is withdrawn by it.', null=True, verbose_name='end'),
        ),
        migrations.AddField(
            model_name='protocol',
            name='law_enforcement',
            field=models.BooleanField(blank=True, help_text='Public. Whether any of it is under Part 3 of the Data Protection Act 2018.', null=True, verbose_name='law enforcement processing'),
        ),
        migrations.AddField(
            model_name='protocol',
            name='legal_power',
            field=models.TextField(blank=True, help_text='Public. The act and section: Children Act 2004, section 10.', verbose_name='legal power or duty'),
        ),
        migrations.AddField(
            model_name='protocol',
            name='people',
            field=registers.models.options.OptionsField(blank=True, help_text='Public. Tick all whose information is shared.', options='people', several=True, verbose_name='categories of people'),
        ),
        migrations.AddField(
            model_name='protocol',
            name='privacy_notice',
            field=models.URLField(blank=True, error_messages={'invalid': 'This is not the address of a web page. Write it whole: https://www.example.org/page.'}, help_text='Public. The address of its page: https://…', max_length=500),
        ),
        migrations.AddField(
            model_name='protocol',
            name='retention',
            field=models.TextField(blank=True, help_text='Public. Such as: until the child is 25.', verbose_name='how long it is kept'),
        ),
        migrations.AddField(
            model_name='protocol',
            name='rights_contact',
            field=models.TextField(blank=True, help_text='Public. A role, a page or a telephone number; never a person. Empty: the contact of the lead organisation.', verbose_name='whom to ask about rights'),
        ),
        migrations.AddField(
            model_name='protocol',
            name='rights_how',
            field=models.TextField(blank=True, help_text='Public. Such as: each partner answers for what it holds.', verbose_name='how people use their rights'),
        ),
        migrations.AddField(
            model_name='protocol',
            name='schedule_1_conditions',
            field=registers.models.options.OptionsField(blank=True, help_text='Public. Of the Data Protection Act 2018, where Article 9 or 10 needs one.', options='schedule-1-conditions', several=True, verbose_name='condition in Schedule 1'),
        ),
        migrations.AddField(
            model_name='protocol',
            name='security_measures',
            field=models.TextField(blank=True, help_text='Public. One sentence that gives no attacker a hint.', verbose_name='how it is kept safe'),
        ),
        migrations.AddField(
            model_name='protocol',
            name='sharing_frequency',
            field=registers.models.options.OptionsField(blank=True, options='sharing-frequency', several=False, verbose_name='how often it is shared'),
        ),
        migrations.AddField(
            model_name='protocol',
            name='sharing_methods',
            field=registers.models.options.OptionsField(blank=True, help_text='Public.', options='sharing-methods', several=True, verbose_name='how it is shared'),
        ),
        migrations.AddField(
            model_name='protocol',
            name='special_categories',
            field=registers.models.options.OptionsField(blank=True, help_text='Public. UK GDPR Article 9(1). Tick None if there is none.', options='special-categories', several=True, verbose_name='special category data'),
        ),
        migrations.AddField(
            model_name='protocol',
            name='special_conditions',
            field=registers.models.options.OptionsField(blank=True, help_text='Public. Needed for special category data.', options='special-conditions', several=True, verbose_name='condition in UK GDPR Article 9'),
        ),
        migrations.AddField(
            model_name='protocol',
            name='starts_on',
            field=models.DateField(blank=True, help_text='Public.', null=True, verbose_name='start'),
        ),
        migrations.AddField(
            model_name='protocol',
            name='transfers_abroad',
            field=models.TextField(blank=True, help_text='Public. Where to, and under what safeguard. Or: None.', verbose_name='transfers outside the UK'),
        ),
        migrations.AlterField(
            model_name='protocol',
            name='lawful_basis',
            field=models.TextField(blank=True, help_text='Public. In the partners’ own words, where the articles below do not say it all.', verbose_name='lawful basis for sharing'),
        ),
        migrations.AddConstraint(
            model_name='protocol',
            constraint=models.CheckConstraint(condition=models.Q(('starts_on', None), ('ends_on', None), ('ends_on__gte', models.F('starts_on')), _connector='OR'), name='ends_after_start', violation_error_message='The end is before the start. Correct one of the two days.'),
        ),
        migrations.AddConstraint(
            model_name='option',
            constraint=models.UniqueConstraint(fields=('options', 'words'), name='one_option_a_list', violation_error_message='This list has this option already.'),
        ),
        migrations.RunPython(give_permissions, migrations.RunPython.noop),
    ]
