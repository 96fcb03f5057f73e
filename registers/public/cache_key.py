"""What the page cache must know: what names a page, and what all pages depend on."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Hashable
from contextlib import suppress

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.handlers.wsgi import get_path_info
from django.db import Error, connection
from django.http import QueryDict
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve
from django.utils import timezone

from registers.models import RegisterVersion
from registers.public.cors import CORS_HEADERS, is_data_route
from registers.public.parameters import LeftOut, read_query, refuse_other_than_utf8
from registers.public.urls import CACHE_PARAMS
from weisf.page_cache import PageKey


def page_key(path: str, query: str) -> PageKey | None:
    """Return the path and the canonical query string of the cached page at this URL, as in WSGI.

    None for what is not cached, or cannot be decoded: Django must respond.
    """
    try:
        refuse_other_than_utf8(query)
        match = resolve(get_path_info({"PATH_INFO": path}))
        values = QueryDict(query.encode("iso-8859-1"))
    except (Resolver404, BadRequest, SuspiciousOperation, ValueError):
        return None
    parameters = CACHE_PARAMS.get(match.view_name)
    if parameters is None:
        return None
    is_data = is_data_route(match)
    asked = read_query(values, parameters, is_data=is_data)
    # Data is refused for what would be left out. An address with empty values is redirected to
    # the short one, which is cached.
    if (asked.left_out and is_data) or (asked.has_empty and not is_data):
        return None
    notice = left_out_notice(asked.left_out) if asked.left_out else ""
    return PageKey(path, asked.urlencode(), tuple(CORS_HEADERS.items()) if is_data else (), notice)


def left_out_notice(left_out: tuple[LeftOut, ...]) -> str:
    """Return the HTML of what a page says was left out, as the page itself would have it."""
    return render_to_string("components/left_out.html", {"left_out": left_out})


VERSION_SQL = str(
    RegisterVersion.objects.filter(pk=RegisterVersion.ONLY).values_list("number", "token").query
)


def page_version() -> Hashable:
    """Return the register's version, the day in Europe/London and the code's version.

    One query; None when the database does not answer. The thread keeps its connection for
    the next request. A broken one, after a restart of the database, is replaced once.
    """
    # Takes a tenth of the time of Django's `localdate`, at every request.
    day = datetime.datetime.now(timezone.get_default_timezone()).date().isoformat()
    was_connected = connection.connection is not None
    with suppress(Error):
        return _register_version(), day, CODE_VERSION
    with suppress(Error):
        connection.close()
    if was_connected:
        with suppress(Error):
            return _register_version(), day, CODE_VERSION
    return None


def _register_version() -> tuple[int, str] | None:
    """Return the number and the token of the register's version."""
    with connection.cursor() as cursor:
        cursor.execute(VERSION_SQL)
        row: tuple[int, str] | None = cursor.fetchone()
        return row


def code_version() -> str:
    """Return a hash of the code and the settings that a streamed file depends on.

    Not the commit: an image or an archive has none, and the partnership's wording is
    not part of it.
    """
    digest = hashlib.blake2b(f"{settings.PARTNERSHIP}{settings.SITE_URL}".encode())
    for pattern in ("registers/**/*.py", "requirements.txt"):
        for path in sorted(settings.BASE_DIR.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()


# Once per worker: changed code only runs after a restart.
CODE_VERSION = code_version()
