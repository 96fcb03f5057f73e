"""The full-text index: one interface, with FTS5 on SQLite and GIN on PostgreSQL.

This module and the migration that creates the tables are the only code that
depends on the database. Both store what `words.prepare` returns, unchanged: the
stems of a field in order, for words and phrases, and its plain words marked with
'=', for prefixes. So both find the same.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from django.db import DatabaseError, connection

from registers.search.text.terms import Form
from registers.search.text.words import GAP, Prepared

Ids = npt.NDArray[np.int32]
Row = tuple[int, Sequence[Prepared]]  # an id, and the text of each field
PLAIN_WORD_MARK = "="  # before a plain word; no word contains it
SHORT_TIMEOUT = 0.2  # seconds
LOOKUPS_AT_ONCE = 500  # in a query: SQLite has 2,000 columns at most, PostgreSQL 1,664

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class TextTable:
    """A table of texts: a row for each id, a column for each field."""

    name: str
    fields: tuple[str, ...]


# `names` are the names as published; others are in the table below.
PROTOCOLS = TextTable(
    name="search_protocols",
    fields=("title", "reference", "purpose", "summary", "items", "names"),
)
# Separate, so that a renamed organisation does not rewrite the rows of all its protocols.
ORGANISATIONS = TextTable(name="search_organisations", fields=("names",))
TABLE_NAMES = (PROTOCOLS.name, ORGANISATIONS.name)


class Lookup(NamedTuple):
    """A search for rows of a table with any of the forms in any of the fields."""

    table: TextTable
    forms: Sequence[Form]
    fields: Collection[str]


class Engine(ABC):
    """The interface that each database implements."""

    @abstractmethod
    def write(self, table: TextTable, rows: Sequence[Row]) -> None:
        """Insert or replace a row for each id."""

    def find(self, table: TextTable, forms: Sequence[Form], fields: Collection[str]) -> Ids:
        """Return the ids, in no order, of the rows with any of the forms in any of the fields."""
        return self.find_each([Lookup(table, forms, fields)])[0]

    def find_each(self, lookups: Sequence[Lookup]) -> list[Ids]:
        """Return what `find` does, of each lookup: one query for LOOKUPS_AT_ONCE."""
        found: list[Any] = []
        with connection.cursor() as cursor:
            for first in range(0, len(lookups), LOOKUPS_AT_ONCE):
                some = lookups[first : first + LOOKUPS_AT_ONCE]
                columns = ", ".join(self.ids_sql.format(table=each.table.name) for each in some)
                cursor.execute(f"SELECT {columns}", [self.match(each) for each in some])
                found += cursor.fetchone()
        return [self.as_ids(each) for each in found]

    @abstractmethod
    def match(self, lookup: Lookup) -> str:
        """Return a lookup in the language of the database's full-text search."""

    @abstractmethod
    def as_ids(self, found: Any) -> Ids:
        """Return the ids of a value of `ids_sql`, which is one for all rows: many are slower."""

    def remove(self, table: TextTable, ids: Iterable[int]) -> None:
        """Delete the rows of these ids."""
        with connection.cursor() as cursor:
            cursor.executemany(
                f"DELETE FROM {table.name} WHERE {self.id} = %s", [[each] for each in ids]
            )

    def ids(self, table: TextTable) -> list[int]:
        """Return the id of every row."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {self.id} FROM {table.name}")
            return [row[0] for row in cursor.fetchall()]

    @contextmanager
    def lock_timeout(self, seconds: float) -> Iterator[None]:
        """Wait no longer than this for other writers within this block.

        A write then fails with OperationalError. Where the database cannot be reached,
        nothing is done: whatever is asked of it next says so.
        """
        with suppress(DatabaseError):
            connection.ensure_connection()
        self._set_lock_timeout(seconds)
        try:
            yield
        finally:
            # Of PostgreSQL there is no such setting: 0 is without end.
            self._set_lock_timeout(connection.settings_dict["OPTIONS"].get("timeout", 0))

    def _set_lock_timeout(self, seconds: float) -> None:
        # Not through a cursor of Django's: it would count as a query of the caller.
        with suppress(connection.Database.Error):  # type: ignore[attr-defined]  # each has it
            if connection.connection is not None:
                connection.connection.execute(self.timeout.format(int(seconds * 1_000)))

    def run(self, statements: Sequence[str]) -> None:
        """Run statements in this transaction, such as those below."""
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def compact(self) -> bool:
        """Write the database's files anew; return whether it was done: in no transaction."""
        if connection.in_atomic_block:
            return False
        try:
            with connection.cursor() as cursor:
                for statement in self.compacting:
                    cursor.execute(statement)
                    # What an SQLite checkpoint returns begins with whether it was kept from it.
                    if statement.startswith("PRAGMA") and cursor.fetchone()[0]:
                        return False
        except DatabaseError:  # somebody uses it, or its disk is full
            logger.exception("The files of the database could not be written anew")
            return False
        return True

    timeout: str  # the statement for the longest wait, in milliseconds
    id: str
    ids_sql: str  # gives the ids of what matches its parameter
    before_version: Sequence[str] = ()  # before the lock that moving the register's version takes
    before_bulk: Sequence[str] = ()  # before many writes
    after_bulk: Sequence[str] = ()
    compacting: Sequence[str] = ()  # outside a transaction: nothing deleted is left in the files


class Fts5(Engine):
    """SQLite. The tokenizer splits at spaces only: `prepare` leaves nothing else between words."""

    id = "rowid"
    ids_sql = "(SELECT group_concat(rowid) FROM {table} WHERE {table} MATCH %s)"
    # FTS5 keeps deleted words in its segments: only later versions can delete them securely.
    compacting = (
        *(f"INSERT INTO {name} ({name}) VALUES ('rebuild')" for name in TABLE_NAMES),
        "VACUUM",
        "PRAGMA wal_checkpoint(TRUNCATE)",
    )

    # SQLite has one writer at a time for all tables.
    timeout = "PRAGMA busy_timeout = {}"

    def write(self, table: TextTable, rows: Sequence[Row]) -> None:
        """Insert or replace a row for each id."""
        columns = ", ".join(table.fields)
        holders = ", ".join(["%s"] * (1 + len(table.fields)))
        with connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT OR REPLACE INTO {table.name} (rowid, {columns}) VALUES ({holders})",
                [[key, *map(_as_text, row)] for key, row in rows],
            )

    def match(self, lookup: Lookup) -> str:
        """Return a lookup as a query of FTS5."""
        table, forms, fields = lookup
        match = " OR ".join(_fts5_of(form, fields) for form in forms)
        return match if len(fields) == len(table.fields) else f"{{{' '.join(fields)}}} : ({match})"

    def as_ids(self, found: Any) -> Ids:
        """Return the ids that are joined by commas."""
        return np.fromstring(found or "", sep=",", dtype=np.int32)


class Gin(Engine):
    """PostgreSQL. Vectors are written directly, without its own parser and dictionaries.

    A row has one vector for all its fields: every word begins with the number of its
    field.
    """

    timeout = "SET lock_timeout = {}"
    id = "id"
    ids_sql = "{table}_ids(%s::tsquery)"
    # Check foreign keys, and so lock what they point at, now and not at the commit. A merge has
    # locked that while it waits for the version: whoever has the version would deadlock.
    before_version = ("SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED")
    # A longer pending list makes writes four times as fast. It is cleaned at the end, since
    # readers scan the pending list.
    before_bulk = (
        "SET LOCAL gin_pending_list_limit = '64MB'",
        "SET LOCAL work_mem = '64MB'",
    )
    compacting = ("VACUUM",)
    after_bulk = (f"SELECT gin_clean_pending_list('{PROTOCOLS.name}_words')",)

    def write(self, table: TextTable, rows: Sequence[Row]) -> None:
        """Insert or replace a row for each id."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table.name} (id, words)"
                " SELECT id, coalesce(words, '')::tsvector"
                " FROM unnest(%s::bigint[], string_to_array(%s, chr(10))) AS t (id, words)"
                " ON CONFLICT (id) DO UPDATE SET words = EXCLUDED.words, filler = EXCLUDED.filler",
                # One text: psycopg needs many times longer to write a list of texts.
                [[key for key, _ in rows], "\n".join(_as_vector(row) for _, row in rows)],
            )

    def match(self, lookup: Lookup) -> str:
        """Return a lookup as a tsquery."""
        table, forms, fields = lookup
        return " | ".join(
            _tsquery_of(form, number)
            for number, name in enumerate(table.fields)
            if name in fields
            for form in forms
        )

    def as_ids(self, found: Any) -> Ids:
        """Return the ids that follow each other in bytes."""
        return np.frombuffer(found or b"", dtype=">i4").astype(np.int32)


def engine() -> Engine:
    """Return the engine of the database in use."""
    engines: dict[str, Any] = {"sqlite": Fts5, "postgresql": Gin}
    chosen: Engine = engines[connection.vendor]()
    return chosen


def _fts5_of(form: Form, fields: Collection[str]) -> str:
    parts = [f'"{" ".join(form.stems)}"'] if form.stems else []
    parts += [f'"{PLAIN_WORD_MARK}{word}"' for word in form.plain]
    parts += [f'"{PLAIN_WORD_MARK}{form.prefix}" *'] if form.prefix else []
    if len(parts) == 1:
        return parts[0]
    # AND alone would be content with one part in the title and another in the purpose.
    whole = " AND ".join(parts)
    return " OR ".join(f"({{{name}}} : ({whole}))" for name in fields)


def _tsquery_of(form: Form, number: int) -> str:
    """Return the form in the field with this number."""
    parts = [" <-> ".join(f"'{number}{stem}'" for stem in form.stems)] if form.stems else []
    parts += [f"'{number}{PLAIN_WORD_MARK}{word}'" for word in form.plain]
    parts += [f"'{number}{PLAIN_WORD_MARK}{form.prefix}':*"] if form.prefix else []
    return f"({' & '.join(f'({part})' for part in parts)})"


def _as_text(field: Prepared) -> str:
    return " ".join([*field.stems, *(PLAIN_WORD_MARK + word for word in field.plain)])


def _as_vector(fields: Sequence[Prepared]) -> str:
    """Return the literal of a tsvector. No word holds a quote or a backslash."""
    words: defaultdict[str, list[str]] = defaultdict(list)
    for number, field in enumerate(fields):
        for place, stem in enumerate(field.stems, start=1):
            if stem != GAP:
                words[f"'{number}{stem}'"].append(str(place))
        for word in field.plain:
            words[f"'{number}{PLAIN_WORD_MARK}{word}'"] = []
    return " ".join(f"{word}:{','.join(at)}" if at else word for word, at in words.items())
