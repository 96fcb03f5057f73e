"""Statements that differ only in their keys, compiled once: Django's ORM compiles each anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from django.db import connections
from django.db.models import QuerySet


class _Compiled(NamedTuple):
    """A statement: its SQL, the parameters around its keys, and how its rows are converted."""

    sql: str
    before: Sequence[Any]
    after: Sequence[Any]
    compiler: Any
    converters: dict[int, Any]


class Statements:
    """The query that `make` returns of some keys, compiled once for each number of them.

    Of 500 keys Django takes as long to compile it as the database to find their rows.
    """

    def __init__(self, make: Callable[[list[str]], QuerySet[Any, Any]]) -> None:
        """Make nothing yet: the database may not be there."""
        self._make = make
        self._compiled: dict[int, _Compiled] = {}

    def rows(self, keys: Sequence[str]) -> Iterable[Sequence[Any]]:
        """Return the rows of these keys, of which there is one at least."""
        if len(keys) not in self._compiled:
            self._compiled[len(keys)] = self._compile(len(keys))
        compiled = self._compiled[len(keys)]
        with connections[compiled.compiler.using].cursor() as cursor:
            cursor.execute(compiled.sql, [*compiled.before, *keys, *compiled.after])
            rows: list[Sequence[Any]] = cursor.fetchall()
        if not compiled.converters:
            return rows
        found: Iterable[Sequence[Any]] = compiled.compiler.apply_converters(
            rows, compiled.converters
        )
        return found

    def _compile(self, number: int) -> _Compiled:
        # Different ones: Django leaves out a key that comes twice.
        keys = [f"key {each}" for each in range(number)]
        query = self._make(keys)
        compiler = query.query.get_compiler(query.db)
        sql, params = compiler.as_sql()
        first = params.index(keys[0])
        return _Compiled(
            sql=sql,
            before=params[:first],
            after=params[first + number :],
            compiler=compiler,
            converters=compiler.get_converters([column for column, *_ in compiler.select]),
        )
