"""What Django checks of the partnership's file beside what is stored."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks
from django.db import connection

from registers.models.protocol import Protocol

UNSAID = (
    "The partnership's file does not say how references look, and all of this register's are"
    " numbers."
)
SAY_IT = (
    'Add the line references = "{number:4}" to the file if they always are: letters in a'
    ' reference are then refused, and gaps are counted. Else add references = "any", which a'
    " file without the line means since this version: before, it meant numbers."
)


def check_references(databases: list[str] | None = None, **_: Any) -> list[checks.CheckMessage]:
    """Return a warning where nothing says how references look, and all are numbers of 4 digits.

    It is asked with a database alone: by `prepare` at each start, and by `check --database`.
    """
    if not databases or settings.PARTNERSHIP.references or not _are_numbers():
        return []
    return [checks.Warning(UNSAID, hint=SAY_IT, id="registers.W001")]


def _are_numbers() -> bool:
    """Return whether there are references and all are numbers; no where nothing is migrated yet."""
    if Protocol._meta.db_table not in connection.introspection.table_names():
        return False
    references = Protocol.objects.order_by()
    return references.exists() and not references.exclude(reference__regex="^[0-9]{4,8}$").exists()
