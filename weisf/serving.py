"""gunicorn's configuration: `gunicorn --config python:weisf.serving`.

The logs contain no client address, no query string and no header: what somebody
searches for in a register of data sharing can be personal data.
"""

from __future__ import annotations

import contextlib
import re
import shlex
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

from django.template.loader import render_to_string
from gunicorn.glogging import Logger
from gunicorn.http.errors import (
    ConfigurationProblem,
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    LimitRequestLine,
    ParseException,
)
from gunicorn.http.message import Request
from gunicorn.http.parser import RequestParser
from gunicorn.workers.gthread import ThreadWorker

from weisf import settings

SECOND_FACTOR_ON = "You set up your phone once: an app on it makes the codes each time you log in."
SECOND_FACTOR_OFF = (
    "You do not need a code from a phone on this machine. To ask for one, set SECOND_FACTOR=true."
)
BAD_REQUEST = ("400 Bad Request", "errors/400.html")
URI_TOO_LONG = ("414 URI Too Long", "errors/400.html")
SERVER_ERROR = ("500 Internal Server Error", "errors/500.html")


class PrivateLogger(Logger):
    """gunicorn's logger, whose access log has no client address and no query string."""

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: timedelta) -> None:
        """Log one answered request."""
        self.access_log.info(
            "answered",
            extra={
                "method": environ.get("REQUEST_METHOD"),
                "path": environ.get("PATH_INFO"),
                "status": resp.status_code,
                "milliseconds": round(request_time / timedelta(milliseconds=1)),
                "bytes": resp.sent,
            },
        )


QUERY_STRING = re.compile(rb"\?[^ ]*")
NOT_ASCII = re.compile(rb"[\x80-\xff]")


class Utf8Request(Request):
    """gunicorn's request, which reads a query string in UTF-8 that was not percent-encoded.

    Some programs send it so. The standard forbids it, and gunicorn refuses every such byte.
    """

    def parse_request_line(self, line_bytes: bytes) -> None:
        """Read the first line of a request, with UTF-8 in its query string percent-encoded."""
        super().parse_request_line(QUERY_STRING.sub(_percent_encode, line_bytes, count=1))


def _percent_encode(query_string: re.Match[bytes]) -> bytes:
    """Return UTF-8 percent-encoded. Other bytes are returned as they came: gunicorn refuses."""
    try:
        query_string[0].decode()
    except UnicodeDecodeError:
        return query_string[0]
    return NOT_ASCII.sub(lambda byte: b"%%%02X" % ord(byte[0]), query_string[0])


# gunicorn has no setting for the class. Its parser written in C would not call this one.
RequestParser.mesg_class = Utf8Request
http_parser = "python"


class Worker(ThreadWorker):
    """gunicorn's thread worker, with an error page for readers and nothing personal in the log."""

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        """Send an error page on `client`, a socket, when `exc` was raised outside Django."""
        server_side = (ConfigurationProblem, InvalidResponseHeader, InvalidResponseHeaderName)
        if isinstance(exc, ParseException) and not isinstance(exc, server_side):
            # The exception's message quotes the request.
            self.log.warning("A request could not be read: %s", type(exc).__name__)
            status, template = URI_TOO_LONG if isinstance(exc, LimitRequestLine) else BAD_REQUEST
        else:
            self.log.error("A request could not be answered", exc_info=exc)
            status, template = SERVER_ERROR
        page = render_to_string(template, {"partnership": settings.PARTNERSHIP}).encode()
        head = (
            f"HTTP/1.1 {status}\r\n"
            "Connection: close\r\n"
            "Content-Type: text/html; charset=utf-8\r\n"
            "Content-Security-Policy: default-src 'none'; style-src 'self'; img-src 'self'\r\n"
            "X-Content-Type-Options: nosniff\r\n"
            f"Content-Length: {len(page)}\r\n\r\n"
        )
        with contextlib.suppress(OSError):
            client.sendall(head.encode() + page)


def warm_up(worker: Worker) -> None:
    """Request the home page, so that no visitor waits while modules and templates load."""
    host = settings.SITE_URL.partition("://")[2]
    environ = {"HTTP_HOST": host, "HTTP_ACCEPT_ENCODING": "br", "wsgi.errors": sys.stderr}
    if settings.BEHIND_PROXY:
        environ["HTTP_X_FORWARDED_PROTO"] = settings.SITE_URL.partition("://")[0]
    setup_testing_defaults(environ)
    try:
        answer = worker.wsgi(environ, lambda *_: None)
        for _ in answer:
            pass
        if hasattr(answer, "close"):
            answer.close()
    except Exception:  # whatever it is, a visitor may still be answered
        worker.log.warning("The home page could not be loaded for the warm-up", exc_info=True)


def post_worker_init(worker: Worker) -> None:
    """Warm the worker up; once the first worker can answer, print where the register is."""
    warm_up(worker)
    if settings.ANNOUNCE and worker.age == 1:
        data, default = settings.DATA_DIR, settings.BASE_DIR / "var"
        where = "" if data == default else f"DATA_DIR={shlex.quote(str(data))} "
        sys.stderr.write(
            f"\nThe register is at {settings.SITE_URL}\n"
            "To make the first administrator, in another terminal:\n"
            f"  {where}.venv/bin/python manage.py createsuperuser\n"
            f"and then sign in at {settings.SITE_URL}/admin/\n"
            f"{SECOND_FACTOR_ON if settings.SECOND_FACTOR else SECOND_FACTOR_OFF}\n"
            "To stop the register, press Ctrl and C.\n"
        )


wsgi_app = "weisf.wsgi:application"
_host = settings.WEB_HOST
bind = f"[{_host}]:{settings.PORT}" if ":" in _host else f"{_host}:{settings.PORT}"
worker_class = Worker
workers = settings.WEB_WORKERS
threads = settings.WEB_THREADS
# A pool of database connections must not be open before the fork: each worker loads Django.
preload_app = False
timeout = 60
graceful_timeout = 30
# Longer than the proxy's (nginx: 60 s), so that never this side closes the connection.
keepalive = 65
limit_request_line = 8190
# Whether a proxy is trusted is decided in one place, by BEHIND_PROXY.
forwarded_allow_ips = ""
# A heartbeat file on a slow disk would look like a worker that hangs.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
control_socket_disable = True
logger_class = PrivateLogger
errorlog = None
logconfig_dict = {
    **settings.LOGGING,
    "loggers": {
        name: {"handlers": [], "propagate": True, "level": settings.LOG_LEVEL}
        for name in ("gunicorn.error", "gunicorn.access")
    },
}
