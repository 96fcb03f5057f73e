"""What a page depends on beside its address: the register's version, the day, the code."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, OperationalError, connections
from django.utils import timezone
from psycopg.pq import DiagnosticField, ExecStatus, TransactionStatus

from registers.models import RegisterVersion

VERSION = str(
    RegisterVersion.objects.filter(pk=RegisterVersion.ONLY).values_list("number", "token").query
)
PREPARED = b"register_version"
UNPREPARED = b"26000"  # PostgreSQL's code for a statement that it does not know


class Moment(NamedTuple):
    """When a page is true: the register's version, and the day in Europe/London."""

    version: tuple[str, ...] | None
    day: str

    def is_before(self, other: Moment) -> bool:
        """Say whether the register had an earlier version than in `other`, or it was a day before.

        A moment without a version is before none: the next one is to replace it.
        """
        if not (self.version and other.version):
            return False
        return (int(self.version[0]), self.day) < (int(other.version[0]), other.day)


def now() -> Moment | None:
    """Return this moment, with one query; None when the database does not answer.

    This thread keeps its connection for the next request. One that broke in
    the meantime, since the database was started again, is replaced once.
    """
    # A tenth of what Django's own `localdate` costs, at every request.
    day = datetime.datetime.now(timezone.get_default_timezone()).date().isoformat()
    database = connections[DEFAULT_DB_ALIAS]
    kept = database.connection is not None
    try:
        return Moment(_version(database), day)
    except Error:
        with suppress(Error):
            database.close()
    if kept:
        with suppress(Error):
            return Moment(_version(database), day)
    return None


def _version(database: Any) -> tuple[str, ...] | None:
    """Return the number and the token of the register's version, as they are written."""
    database.ensure_connection()
    link = getattr(database.connection, "pgconn", None)
    # Whoever counts or writes down queries is to see this one too.
    if link is None or database.queries_logged:
        with database.cursor() as cursor:
            cursor.execute(VERSION)
            row = cursor.fetchone()
            return tuple(map(str, row)) if row else None
    # PostgreSQL is asked without a cursor, for a third of the time: see docs/decisions.md, 20.
    with database.wrap_database_errors:
        answer = _asked(link)
    if answer.status != ExecStatus.TUPLES_OK:
        raise OperationalError(answer.get_error_message())
    if not answer.ntuples:
        return None
    return tuple(answer.get_value(0, column).decode() for column in range(answer.nfields))


def _asked(link: Any) -> Any:
    """Return PostgreSQL's answer. The question is prepared, so that it is not planned each time."""
    if link.transaction_status != TransactionStatus.IDLE:
        return link.exec_(VERSION.encode())  # a failure would end the transaction
    answer = link.exec_prepared(PREPARED, None)
    # A new connection has not prepared it, and psycopg forgets all after a rollback.
    if answer.error_field(DiagnosticField.SQLSTATE) == UNPREPARED:
        link.prepare(PREPARED, VERSION.encode())
        answer = link.exec_prepared(PREPARED, None)
    return answer


def code_version() -> str:
    """Return a hash of all that shapes a page and is not in the register.

    Not a commit: an image or an archive has none, the partnership's words are
    kept elsewhere, and most commits change no page.
    """
    whole = hashlib.blake2b(digest_size=16)
    for path in _shaping(settings.BASE_DIR):
        whole.update(f"{path}\0".encode() + path.read_bytes())
    whole.update(f"{settings.PARTNERSHIP}\0{settings.SITE_URL}".encode())
    return whole.hexdigest()


def _shaping(base: Path) -> Iterator[Path]:
    """Give the files that shape a page, always in the same order."""
    yield from sorted((base / "registers").rglob("*.py"))
    yield from sorted((base / "weisf").glob("*.py"))
    yield from sorted(path for path in (base / "templates").rglob("*") if path.is_file())
    for path in (base / "requirements.txt", Path(settings.STATIC_ROOT) / "staticfiles.json"):
        if path.is_file():
            yield path
