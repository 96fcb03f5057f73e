"""The texts that search looks through: one interface, kept by FTS5 on SQLite, GIN on PostgreSQL.

With the migration that makes their tables, the only place that knows which
database this is. Both keep what `words.prepare` made, as it is: the stems of a
field in order, for words and phrases, and its plain words marked with '=', for
the beginning of a word. So both find the same.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection

from registers.search.text.words import GAP, Prepared

Ids = npt.NDArray[np.int32]
Row = tuple[int, Sequence[Prepared]]  # an id, and what each field holds
PLAIN_WORD_MARK = "="  # before a plain word; no word has it within
SHORT_TIMEOUT_MS = 200


@dataclass(frozen=True, kw_only=True)
class TextTable:
    """A table of texts: a row an id, a column a field."""

    name: str
    fields: tuple[str, ...]


# In order of trust. `names` are those as published; organisations have theirs below.
PROTOCOLS = TextTable(
    name="search_protocols",
    fields=("title", "reference", "purpose", "summary", "items", "names"),
)
# Apart, since renaming one that takes part in every protocol must not rewrite them all.
ORGANISATIONS = TextTable(name="search_organisations", fields=("names",))


class Engine(ABC):
    """What a database must do."""

    @abstractmethod
    def write(self, table: TextTable, rows: Sequence[Row]) -> None:
        """Keep a row for each id, in place of what it had."""

    @abstractmethod
    def find(
        self, table: TextTable, stems: Sequence[str], prefix: str, fields: Collection[str]
    ) -> Ids:
        """Return the ids, in no order, of the rows that have the term in any of the fields.

        A row has it where the stems stand side by side in one field, or where
        a plain word begins with `prefix`, if that is not empty.
        """

    def remove(self, table: TextTable, ids: Iterable[int]) -> None:
        """Keep nothing for these ids."""
        with connection.cursor() as cursor:
            cursor.executemany(
                f"DELETE FROM {table.name} WHERE {self.id} = %s", [[each] for each in ids]
            )

    def ids(self, table: TextTable) -> list[int]:
        """Return the id of every row."""
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {self.id} FROM {table.name}")
            return [row[0] for row in cursor.fetchall()]

    def before_bulk_write(self) -> None:
        """Be told that much will be written in this transaction."""
        self._run(self.first)

    def after_bulk_write(self) -> None:
        """Be told that much was written."""
        self._run(self.last)

    def before_moving_version(self) -> None:
        """Be told that the register's version is about to be moved, and so held."""
        self._run(self.settled)

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """Let what is written within wait but a moment for who writes before it.

        It then fails with OperationalError, as it else would after a long wait.
        """
        yield

    def _run(self, statements: Sequence[str]) -> None:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    id: str
    settled: Sequence[str] = ()
    first: Sequence[str] = ()
    last: Sequence[str] = ()


class Fts5(Engine):
    """SQLite. The tokenizer parts at spaces alone, for there is nothing else between our words."""

    id = "rowid"

    @contextmanager
    def hurried(self) -> Iterator[None]:
        """Wait but a moment. There is one writer at a time, whatever the tables."""
        usual = int(connection.settings_dict["OPTIONS"]["timeout"] * 1_000)
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {SHORT_TIMEOUT_MS}")
            try:
                yield
            finally:
                cursor.execute(f"PRAGMA busy_timeout = {usual}")

    def write(self, table: TextTable, rows: Sequence[Row]) -> None:
        """Keep a row for each id, in place of what it had."""
        columns = ", ".join(table.fields)
        holders = ", ".join(["%s"] * (1 + len(table.fields)))
        with connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT OR REPLACE INTO {table.name} (rowid, {columns}) VALUES ({holders})",
                [[key, *map(_as_text, row)] for key, row in rows],
            )

    def find(
        self, table: TextTable, stems: Sequence[str], prefix: str, fields: Collection[str]
    ) -> Ids:
        """Return the ids of the rows that have the term."""
        match = f'"{" ".join(stems)}"'
        if prefix:
            match = f'({match} OR "{PLAIN_WORD_MARK}{prefix}" *)'
        if len(fields) < len(table.fields):
            match = f"{{{' '.join(fields)}}} : {match}"
        with connection.cursor() as cursor:
            # One long value: as many rows would take three times as long.
            cursor.execute(
                f"SELECT group_concat(rowid) FROM {table.name} WHERE {table.name} MATCH %s",
                [match],
            )
            (found,) = cursor.fetchone()
        return np.fromstring(found or "", sep=",", dtype=np.int32)


class Gin(Engine):
    """PostgreSQL. The vectors are written as such: its own parser and dictionaries take no part.

    A row has one vector for all its fields: every word in it begins with the
    number of its field.
    """

    id = "id"
    # Whatever a row points at is held now and not at the commit: somebody who merges holds it
    # while waiting for the version, and whoever has the version would wait for them.
    settled = ("SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL DEFERRED")
    # More words may wait before they are sorted into the index: four times as fast. In the
    # end they are sorted in, since readers look through those that wait one by one.
    first = ("SET LOCAL gin_pending_list_limit = '64MB'", "SET LOCAL work_mem = '64MB'")
    last = (f"SELECT gin_clean_pending_list('{PROTOCOLS.name}_words')",)

    def write(self, table: TextTable, rows: Sequence[Row]) -> None:
        """Keep a row for each id, in place of what it had."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table.name} (id, words)"
                " SELECT id, words::tsvector FROM unnest(%s::bigint[], %s::text[]) AS t (id, words)"
                " ON CONFLICT (id) DO UPDATE SET words = EXCLUDED.words, filler = EXCLUDED.filler",
                [[key for key, _ in rows], [_as_vector(row) for _, row in rows]],
            )

    def find(
        self, table: TextTable, stems: Sequence[str], prefix: str, fields: Collection[str]
    ) -> Ids:
        """Return the ids of the rows that have the term."""
        parts = []
        for number, name in enumerate(table.fields):
            if name in fields:
                parts.append("(" + " <-> ".join(f"'{number}{stem}'" for stem in stems) + ")")
                if prefix:
                    parts.append(f"'{number}{PLAIN_WORD_MARK}{prefix}':*")
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {table.name}_ids(%s::tsquery)", [" | ".join(parts)])
            (found,) = cursor.fetchone()
        return np.frombuffer(found or b"", dtype=">i4").astype(np.int32)


def engine() -> Engine:
    """Return the engine of the database in use."""
    engines: dict[str, Any] = {"sqlite": Fts5, "postgresql": Gin}
    chosen: Engine = engines[connection.vendor]()
    return chosen


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
