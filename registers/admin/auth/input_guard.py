"""What is sent to admin and cannot be read is refused: 400, with a sentence."""

from __future__ import annotations

import codecs
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from http import HTTPStatus

from django.core.exceptions import BadRequest
from django.db import DataError, IntegrityError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from redis import RedisError

from registers.accounts.sessions import is_admin
from registers.search.text.engine import engine

NUL = "\0"
NO_TEXT = "The address or what you typed contains a NUL character. Remove it and try again."
NO_FORM = "The form was not sent as UTF-8. Send it again with a web browser."
ODD = "A value in the address or in what you sent is not valid. Correct it and try again."
NO_NUMBER = re.compile(r"Field '\w+' expected a number")
NO_CREDENTIAL = (AttributeError, LookupError, TypeError, ValueError)
WAIT_SECONDS = 5  # of a save, for a lock: that of an import can take a minute
READ = {"utf-8", "ascii"}

logger = logging.getLogger(__name__)


class InputGuardMiddleware:
    """Stands before the editors' pages: refuses what would fail deep inside, and keeps no page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer one request. Raises BadRequest for what cannot be read."""
        if not is_admin(request):
            return self._get_response(request)
        if not _charset_is_read(request):
            raise BadRequest(NO_FORM)
        if any(NUL in text for text in _texts(request)):
            raise BadRequest(NO_TEXT)
        with engine().lock_timeout(WAIT_SECONDS) if request.method == "POST" else nullcontext():
            response = self._get_response(request)
        # So that nothing is shown by the browser's button 'back' after the log-out.
        response.headers["Cache-Control"] = "no-store, private"
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Tell apart what the database refuses for what was typed. Raises BadRequest for it.

        Of two who save in one moment, it may refuse the second: 503, with a sentence. So is
        where the Redis of CACHE_URL does not answer.
        """
        here = is_admin(request)
        odd = isinstance(exception, DataError | OverflowError | UnicodeEncodeError)
        # Where a box that chooses a thing is shown again with a forged key in it.
        odd |= isinstance(exception, ValueError) and bool(NO_NUMBER.match(str(exception)))
        # What allauth makes of the credential of a passkey that no browser has sent.
        odd |= isinstance(exception, NO_CREDENTIAL) and "credential" in request.POST
        if here and odd:
            raise BadRequest(ODD) from exception
        if here and isinstance(exception, RedisError):
            logger.error("The Redis or Valkey of CACHE_URL does not answer", exc_info=exception)
            return render(request, "errors/no_cache.html", status=HTTPStatus.SERVICE_UNAVAILABLE)
        met = isinstance(exception, IntegrityError | OperationalError)
        if not (here and met and request.method == "POST"):
            return None
        logger.warning("Nothing was saved: the database refused it", exc_info=exception)
        return render(request, "errors/busy.html", status=HTTPStatus.SERVICE_UNAVAILABLE)


def _charset_is_read(request: HttpRequest) -> bool:
    """Say whether a form is written in letters, and not in a codec such as base64."""
    named = (request.content_params or {}).get("charset", "utf-8")
    try:
        return codecs.lookup(named).name in READ
    except (LookupError, ValueError):
        return False


def _texts(request: HttpRequest) -> Iterator[str]:
    """Return every text of a request that may reach the database."""
    yield request.path_info
    for form in (request.GET, request.POST):
        for name, values in form.lists():
            yield name
            yield from values
    yield from request.FILES
