"""What identifies a cached page, and its ETag: canonical URL, register version, day and code."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.handlers.wsgi import get_path_info
from django.db import DEFAULT_DB_ALIAS, Error, OperationalError, connections
from django.http import QueryDict
from django.urls import Resolver404, resolve
from django.utils import timezone
from psycopg.pq import DiagnosticField, ExecStatus, TransactionStatus

from registers.models import RegisterVersion
from registers.public.cors import is_data_route
from registers.public.urls import CACHE_PARAMS, STREAMED_NAMES
from registers.search.query_string import MultipleField, ProtocolFilter

VERSION_SQL = str(
    RegisterVersion.objects.filter(pk=RegisterVersion.ONLY).values_list("number", "token").query
)
PREPARED = b"register_version"
UNPREPARED = b"26000"  # PostgreSQL's code for a statement that it does not know


class CacheVersion(NamedTuple):
    """What a cached page depends on: the register's version, and the day in Europe/London."""

    register: tuple[str, ...] | None
    day: str

    def is_older_than(self, other: CacheVersion) -> bool:
        """Return whether this is an earlier register version than `other`, or an earlier day.

        Without a register version it is not older than any: the next one replaces it.
        """
        if not (self.register and other.register):
            return False
        return (int(self.register[0]), self.day) < (int(other.register[0]), other.day)


def cache_version() -> CacheVersion | None:
    """Return the current version, with one query; None when the database does not answer.

    The thread keeps its connection for the next request. A broken one, after a restart
    of the database, is replaced once.
    """
    # Takes a tenth of the time of Django's `localdate`, at every request.
    day = datetime.datetime.now(timezone.get_default_timezone()).date().isoformat()
    database = connections[DEFAULT_DB_ALIAS]
    was_connected = database.connection is not None
    try:
        return CacheVersion(_register_version(database), day)
    except Error:
        with suppress(Error):
            database.close()
    if was_connected:
        with suppress(Error):
            return CacheVersion(_register_version(database), day)
    return None


def _register_version(database: Any) -> tuple[str, ...] | None:
    """Return the number and the token of the register's version, as strings."""
    database.ensure_connection()
    connection = getattr(database.connection, "pgconn", None)
    # Through Django where queries are logged or counted, so that this one is included.
    if connection is None or database.queries_logged:
        with database.cursor() as cursor:
            cursor.execute(VERSION_SQL)
            row = cursor.fetchone()
            return tuple(map(str, row)) if row else None
    # PostgreSQL is asked without a cursor, for a third of the time: see docs/decisions.md, 20.
    with database.wrap_database_errors:
        result = _execute(connection)
    if result.status != ExecStatus.TUPLES_OK:
        raise OperationalError(result.get_error_message())
    if not result.ntuples:
        return None
    return tuple(result.get_value(0, column).decode() for column in range(result.nfields))


def _execute(connection: Any) -> Any:
    """Return the result of VERSION_SQL as a prepared statement, which saves planning it."""
    if connection.transaction_status != TransactionStatus.IDLE:
        return connection.exec_(VERSION_SQL.encode())  # a failure would end the transaction
    result = connection.exec_prepared(PREPARED, None)
    # Not prepared on a new connection, and psycopg discards prepared statements on rollback.
    if result.error_field(DiagnosticField.SQLSTATE) == UNPREPARED:
        connection.prepare(PREPARED, VERSION_SQL.encode())
        result = connection.exec_prepared(PREPARED, None)
    return result


def code_version() -> str:
    """Return a hash of everything that a page depends on and that is not in the register.

    Not the commit: an image or an archive has none, and the partnership's wording is
    not part of it.
    """
    digest = hashlib.blake2b(digest_size=16)
    for path in _code_files(settings.BASE_DIR):
        digest.update(f"{path}\0".encode() + path.read_bytes())
    digest.update(f"{settings.PARTNERSHIP}\0{settings.SITE_URL}".encode())
    return digest.hexdigest()


def _code_files(base: Path) -> Iterator[Path]:
    """Yield the files that a page depends on, in a fixed order."""
    yield from sorted((base / "registers").rglob("*.py"))
    yield from sorted((base / "weisf").glob("*.py"))
    yield from sorted(path for path in (base / "templates").rglob("*") if path.is_file())
    for path in (base / "requirements.txt", Path(settings.STATIC_ROOT) / "staticfiles.json"):
        if path.is_file():
            yield path


# Longer URLs are rare, and not worth the memory.
MAX_URL_LENGTH = 1_000
REPEATED = {
    name
    for name, parameter in ProtocolFilter.base_filters.items()
    if issubclass(parameter.field_class, MultipleField)
}


class CanonicalUrl(NamedTuple):
    """The path in the encoding of WSGI, and the canonical query string.

    `streamed`: the response is streamed. `open`: programs of any origin may read it.
    """

    path: str
    query: str
    streamed: bool
    open: bool = False


def canonical_url(path: str, query: str) -> CanonicalUrl | None:
    """Return the canonical URL of the cached page at WSGI's `path` and `query`.

    None for what is not cached, or cannot be decoded: Django must respond.
    """
    try:
        match = resolve(get_path_info({"PATH_INFO": path}))
        name = match.view_name
        parameters = CACHE_PARAMS.get(name)
        values = QueryDict(query.encode("iso-8859-1")) if parameters is not None else None
    except (Resolver404, BadRequest, SuspiciousOperation, ValueError):
        return None
    if parameters is None or values is None:
        return None
    url = CanonicalUrl(
        path, canonical_query(values, parameters), name in STREAMED_NAMES, open=is_data_route(match)
    )
    return url if len(url.path) + len(url.query) <= MAX_URL_LENGTH else None


def canonical_query(query: QueryDict, parameters: tuple[str, ...]) -> str:
    """Return the query string with only `parameters`, in that order.

    Repeatable ones have their values sorted, without duplicates; others have the last
    value, which is the one that is read. Empty values are left out.
    """
    pairs = []
    for name in parameters:
        values = query.getlist(name)
        used = sorted(set(values)) if name in REPEATED else values[-1:]
        pairs += [(name, value) for value in used if value]
    return urlencode(pairs)


class CacheKey(NamedTuple):
    """The key of a cached page. With HTTPS a response has one more header."""

    url: CanonicalUrl
    secure: bool


# Once per worker: changed code only runs after a restart.
CODE_VERSION = code_version()
OPAQUE = re.compile(r'"([^"]*)"')


def etag(key: CacheKey, version: CacheVersion, encoding: str) -> str:
    """Return the ETag of a page, which does not need the page.

    It is weak: a page can already include a change that is saved while it is rendered,
    and then another worker briefly has other bytes with the same ETag.
    """
    identity = repr((CODE_VERSION, version, key, encoding)).encode()
    return f'W/"{hashlib.blake2b(identity, digest_size=12).hexdigest()}"'


def etag_matches(if_none_match: str, tag: str) -> bool:
    """Return whether the header `If-None-Match` contains the ETag, compared weakly."""
    return tag[3:-1] in OPAQUE.findall(if_none_match)
