"""The same rows for Datasette: one table made from ours, indexed, with full-text search."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

# Datasette shows a table, so what ours spreads over several stands here in one.
TABLE = """
CREATE TABLE protocol AS
SELECT
    row_number() OVER (ORDER BY p.reference) AS id,
    p.reference, p.title, p.version, t.name AS theme, t.slug AS theme_slug,
    p.purpose, p.summary, p.information_items, p.data_subjects, p.lawful_basis,
    lead.name AS lead, lead.slug AS lead_slug, others.names AS others, p.parties_note,
    p.review_date, p.status, p.published_on, p.updated_on
FROM ours.registers_protocol p
JOIN ours.registers_theme t ON t.id = p.theme_id
LEFT JOIN (
    SELECT y.protocol_id, o.name, o.slug FROM ours.registers_party y
    JOIN ours.registers_organisation o ON o.id = y.organisation_id WHERE y.role = 'lead'
) lead ON lead.protocol_id = p.reference
LEFT JOIN (
    SELECT y.protocol_id, group_concat(o.name, '; ') AS names FROM ours.registers_party y
    JOIN ours.registers_organisation o ON o.id = y.organisation_id WHERE y.role = 'partner'
    GROUP BY y.protocol_id
) others ON others.protocol_id = p.reference
WHERE p.status = 'published'
ORDER BY p.reference;
"""
SEARCHED = "reference, title, purpose, lead, others"
INDEXES = f"""
CREATE UNIQUE INDEX protocol_id ON protocol (id);
CREATE UNIQUE INDEX protocol_reference ON protocol (reference);
CREATE INDEX protocol_theme ON protocol (theme);
CREATE INDEX protocol_lead ON protocol (lead);
CREATE INDEX protocol_review_date ON protocol (review_date);
CREATE VIRTUAL TABLE protocol_fts USING fts5 ({SEARCHED}, content='protocol', content_rowid='id');
INSERT INTO protocol_fts (rowid, {SEARCHED}) SELECT id, {SEARCHED} FROM protocol;
INSERT INTO protocol_fts (protocol_fts) VALUES ('optimize');
ANALYZE;
"""  # noqa: S608 (no word of it comes from outside)


def make(ours: Path, file: Path) -> None:
    """Write to `file` what Datasette serves, from the SQLite file of the register."""
    file.unlink(missing_ok=True)
    with closing(sqlite3.connect(file)) as database:
        database.execute("ATTACH ? AS ours", [str(ours)])
        database.executescript(TABLE)
        database.execute("DETACH ours")
        database.executescript(INDEXES)
        database.execute("VACUUM")
