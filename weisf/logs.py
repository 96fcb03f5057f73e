"""What is written down: one stream of JSON lines, for whatever gathers them."""

from __future__ import annotations

from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS


def json_to_stdout(level: str) -> dict[str, Any]:
    """Return the settings of Python's logging for lines of `level` and above."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": "pythonjsonlogger.json.JsonFormatter",
                "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
                "datefmt": "%Y-%m-%dT%H:%M:%S%z",
                "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
                # Django adds the whole request, whose words hold what a reader searched for.
                "reserved_attrs": [*RESERVED_ATTRS, "request"],
            }
        },
        "handlers": {
            "stdout": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stdout",
                "formatter": "json",
            }
        },
        "root": {"handlers": ["stdout"], "level": level},
        # Django's own handlers write to stderr, or mail; one stream of JSON is easier to keep.
        "loggers": {
            name: {"handlers": [], "propagate": True} for name in ("django", "django.server")
        },
    }
