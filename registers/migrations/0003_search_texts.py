from django.db import migrations, models

FIELDS = ("title", "reference", "purpose", "summary", "items", "names")
TABLES = {"search_protocols": FIELDS, "search_organisations": ("names",)}

# Our words are parted by spaces, and '=' marks some. `prefix` serves a first letter behind that
# mark; for more letters it would double the time of writing and save few milliseconds of
# reading. Sizes of columns are for a ranking that is not used.
FTS5 = """CREATE VIRTUAL TABLE {name} USING fts5(
    {columns}, tokenize = "ascii tokenchars '='", prefix = '2', columnsize = 0
)"""

# The vectors stand out of line, so that a search which only counts off ids reads a tenth of the
# pages. PostgreSQL moves out nothing from a row below 2 kB: hence the filler, of a few bytes
# when it is kept. The planner does not know what it costs to look into vectors out of line,
# so it is told never to read them all.
TSVECTOR = """
CREATE TABLE {name} (
    id bigint PRIMARY KEY,
    words tsvector NOT NULL,
    filler text NOT NULL DEFAULT repeat(' ', 2040)
) WITH (toast_tuple_target = 128);
ALTER TABLE {name} ALTER COLUMN words SET STORAGE EXTERNAL;
ALTER TABLE {name} ALTER COLUMN filler SET STORAGE MAIN;
CREATE INDEX {name}_words ON {name} USING gin (words);
CREATE FUNCTION {name}_ids(tsquery) RETURNS bytea LANGUAGE sql STABLE SET enable_seqscan = off
AS $$ SELECT string_agg(int4send(id::int), '') FROM {name} WHERE words @@ $1 $$
"""


def make_tables(apps, schema_editor):
    """Django knows nothing of these, so that no change of a model makes them anew."""
    for name, fields in TABLES.items():
        if schema_editor.connection.vendor == "sqlite":
            schema_editor.execute(FTS5.format(name=name, columns=", ".join(fields)))
        else:
            schema_editor.execute(TSVECTOR.format(name=name))


def drop_tables(apps, schema_editor):
    for name in TABLES:
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP FUNCTION {name}_ids")
        schema_editor.execute(f"DROP TABLE {name}")


class Migration(migrations.Migration):

    dependencies = [
        ('registers', '0002_search_entries'),
    ]

    operations = [
        migrations.CreateModel(
            name='VocabularyWord',
            fields=[
                ('text', models.CharField(max_length=60, primary_key=True, serialize=False)),
                ('length', models.PositiveSmallIntegerField(db_index=True)),
                ('seen_in', models.BigIntegerField()),
            ],
            options={
                'verbose_name': 'word of the vocabulary',
                'verbose_name_plural': 'vocabulary',
            },
        ),
        migrations.RunPython(make_tables, drop_tables),
    ]
