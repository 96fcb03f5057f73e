"""Reads one setting from the environment; an invalid one is refused with one sentence."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()

ON, OFF = {"true", "yes", "on", "1"}, {"false", "no", "off", "0"}


def refuse(name: str, problem: str) -> ImproperlyConfigured:
    """Return the error that stops the start: `problem` says what is wrong and what to do."""
    return ImproperlyConfigured(f"Setting {name} {problem}")


def yes_or_no(name: str, *, default: bool) -> bool:
    """Return a boolean setting: a word of ON or OFF, in any case; anything else is refused."""
    value = str(env.str(name, "true" if default else "false"))
    if value.lower() not in ON | OFF:
        raise refuse(name, f"is '{value}'. Write true or false, yes or no, on or off, or 1 or 0.")
    return value.lower() in ON


def whole_number(name: str, *, default: int, least: int = 1, most: int = 1_000) -> int:
    """Return a whole number from `least` to `most`."""
    value = env.str(name, str(default))
    if not (re.fullmatch(r"0|[1-9][0-9]{0,8}", value) and least <= int(value) <= most):
        raise refuse(name, f"is '{value}'. Write a whole number from {least} to {most}.")
    return int(value)


def one_of(name: str, choices: tuple[str, ...], *, default: str) -> str:
    """Return one of the words in `choices`."""
    value = str(env.str(name, default))
    if value not in choices:
        raise refuse(name, f"is '{value}'. Choose one of {', '.join(choices)}.")
    return value


def read_database(url: str, *, pool_size: int) -> dict[str, Any]:
    """Return Django's settings for an SQLite or a PostgreSQL database.

    `pool_size` is the number of connections to PostgreSQL that each worker may open.
    """
    # With two slashes SQLite would use a database in memory, lost with the process.
    known = re.match(r"sqlite:///.|sqlite://:memory:$|postgres(ql)?://.+/.", url)
    try:
        database: dict[str, Any] = dict(environ.Env.db_url_config(url)) if known else {}
    except ValueError:
        database = {}
    engine = database.get("ENGINE")
    if engine == "django.db.backends.sqlite3":
        folder = Path(str(database["NAME"])).parent
        if not folder.is_dir():
            raise refuse("DATABASE_URL", f"names a file in {folder}, which is not there. Make it.")
        # Opening the file takes longer than reading a page from it.
        database["CONN_MAX_AGE"] = None
        # With Django's defaults concurrent writes fail: 'database is locked'.
        database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        }
    elif engine == "django.db.backends.postgresql":
        # Checked when taken from the pool, so that readers do not see a restart of PostgreSQL.
        database["CONN_HEALTH_CHECKS"] = True
        # Fail soon without PostgreSQL: a proxy in front may then show its cached pages.
        pool = {"min_size": 1, "max_size": pool_size, "timeout": 3}
        database["OPTIONS"] = {**database.get("OPTIONS", {}), "pool": pool}
    else:
        raise refuse(
            "DATABASE_URL",
            "cannot be read. Write sqlite:////folder/file.sqlite3 "
            "or postgres://user:password@host:5432/name.",
        )
    return database


CACHE_TABLE = "register_cache"
CACHE_KEY_FUNCTION = "weisf.security_events.cache_key"


def read_cache(url: str) -> dict[str, Any]:
    """Return Django's settings for a cache in the database, or in Redis or Valkey at `url`."""
    if not url:
        # Django throws entries away, whichever, once there are more: a lock must not be among them.
        return {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": CACHE_TABLE,
            "OPTIONS": {"MAX_ENTRIES": 1_000_000},
            "KEY_FUNCTION": CACHE_KEY_FUNCTION,
        }
    known = re.fullmatch(r"(redis|rediss|valkey|valkeys|unix)://.+", url)
    if not known:
        raise refuse("CACHE_URL", "cannot be read. Write redis://host:6379/0, or remove it.")
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": re.sub("^valkey", "redis", url),
        "KEY_PREFIX": "register",
        "KEY_FUNCTION": CACHE_KEY_FUNCTION,
        "OPTIONS": {"socket_connect_timeout": 5, "socket_timeout": 5},  # else for ever
    }
