import re
import unicodedata

import django.db.models.deletion
from django.contrib.auth.management import create_permissions
from django.db import migrations, models
from django.utils.text import slugify

from registers.models.keys import refuse_email

SAME = (
    "{model} '{text}' of {holder} cannot be told from another by eye. Both are kept as they are."
    " See whether the two are one."
)

# The rules for keys and addresses as they stood with this migration: later ones may differ.
SPACES = re.compile(r"\s+")
APOSTROPHES = "'`´ʹʻʼʽˈ‘’‛′՚"
OTHER_DASHES = "\u02d7\u2043\u2212"  # modifier minus, hyphen bullet, minus
# Letters (Hangul fillers) and a symbol (an empty Braille pattern) without anything to be seen,
# and marks that only say how the character before them is written.
EMPTY = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
VARIATIONS = re.compile("[\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")


def is_invisible(character):
    """Return whether nobody sees `character`, and no space either."""
    if unicodedata.category(character) in {"Cf", "Cc"}:
        return not character.isspace()
    return character in EMPTY or VARIATIONS.match(character) is not None


def shown(text):
    """Return `text` without what nobody sees, and with one shape of dash and of apostrophe."""
    return "".join(shown_as(character) for character in text)


def shown_as(character):
    """Return what one character is compared as."""
    if character in APOSTROPHES:
        return "'"
    if unicodedata.category(character) == "Pd" or character in OTHER_DASHES:
        return "-"
    return "" if is_invisible(character) else character


def key_of(text):
    """Return `text` as it is compared: names that look the same have the same key."""
    folded = unicodedata.normalize("NFKC", shown(text)).casefold()
    # Composed again. What the first step made may have an apostrophe: that of ŉ.
    folded = shown(unicodedata.normalize("NFKC", folded))
    return SPACES.sub(" ", folded).strip()


# Letters that are no others with an accent, and slashes.
_IN_SLUG = str.maketrans(
    {"ß": "ss", "ẞ": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d"}
    | {"þ": "th", "ħ": "h", "ŧ": "t", "ı": "i", "Æ": "ae", "Œ": "oe", "Ø": "o", "Ł": "l"}
    | {"Đ": "d", "Ð": "d", "Þ": "th", "Ħ": "h", "Ŧ": "t"}
    | dict.fromkeys("/\\⁄∕／＼|", "-")
)
MAX_SLUG = 255


def slug_of(text):
    """Return the end of the web address that a name makes."""
    text = SPACES.sub(" ", text)
    if not text.isascii():
        text = shown(text)
    return slugify(text.translate(_IN_SLUG))[:MAX_SLUG].strip("-_")


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
