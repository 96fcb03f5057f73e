"""Attempts are counted in a real Redis or Valkey, by all processes together."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from django.core.management import call_command

from tests.cast import PASSWORD, somebody
from tests.deploy.nginx import ROOT, free_port
from tests.with_postgres import die_with_parent
from weisf.environment import read_cache

LOG_IN = "/admin/login/"
# A worker: it tries so often, or until it is locked, and prints how often it could.
WORKER = """
import django, sys
django.setup()
from allauth.account.adapter import get_adapter
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import RequestFactory
call_command("createcachetable")  # where it is in the database
request = RequestFactory().post("/admin/login/", REMOTE_ADDR="192.0.2.1")
number = 0
try:
    while number < int(sys.argv[1]):
        get_adapter().pre_authenticate(request, username="Edith")
        number += 1
except ValidationError:
    print("locked", end=" ")
print(number)
"""


def work(tries: int, **environment: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-c", WORKER, str(tries)],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "weisf.settings", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()[-1]


@pytest.fixture
def redis(tmp_path) -> Iterator[int]:
    """A server of its own on a port of the loopback, and on a socket. Without one, skipped."""
    program = shutil.which(os.environ.get("REDIS") or "redis-server")
    if not program:
        skip = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        skip("There is no Redis here. Install Debian's redis-server, or set REDIS.")
    # Where it was unpacked and not installed, its libraries are beside it.
    libraries = ":".join(map(str, Path(program).parents[1].glob("lib/*-linux-gnu")))
    port = free_port()
    options = {
        "port": port,
        "bind": "127.0.0.1",
        "unixsocket": tmp_path / "socket",
        "dir": tmp_path,
        "save": "",
    }
    command = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    with subprocess.Popen(
        [program, *command],
        env=os.environ | {"LD_LIBRARY_PATH": libraries},
        stdout=subprocess.DEVNULL,
        preexec_fn=partial(die_with_parent, 15),  # noqa: PLW1509 (no fork in threads)
    ) as process:
        give_up = time.monotonic() + 120
        while not (tmp_path / "socket").exists():
            assert process.poll() is None
            assert time.monotonic() < give_up
            time.sleep(0.01)
        yield port
        process.terminate()


@pytest.mark.usefixtures("db", "quick_passwords")
def test_two_workers_share_the_limit_by_redis(redis, tmp_path, client, settings):
    settings.CACHES = {"default": read_cache(f"redis://127.0.0.1:{redis}/0")}
    somebody("edith", "Editor", password=PASSWORD)

    def try_in(password: str) -> int:
        form = {"login": "edith", "password": password}
        return client.post(LOG_IN, form, REMOTE_ADDR="192.0.2.1").status_code

    assert [try_in("wrong") for _ in range(6)] == [200] * 6
    by_socket = {"CACHE_URL": f"unix://{tmp_path}/socket", "DATABASE_URL": "sqlite://:memory:"}
    assert work(9, **by_socket) == "locked 4"
    assert try_in(PASSWORD) == 200
    call_command("unlock_log_in")
    assert try_in(PASSWORD) == 302


def test_two_workers_share_the_limit_by_the_database(tmp_path):
    database = {"DATABASE_URL": f"sqlite:///{tmp_path}/database.sqlite3"}
    assert work(6, **database) == "6"
    assert work(9, **database) == "locked 4"


def test_without_the_redis_that_is_named_nobody_logs_in(client, db, settings):
    settings.CACHES = {"default": read_cache(f"redis://127.0.0.1:{free_port()}/0")}
    answer = client.post(LOG_IN, {"login": "edith", "password": PASSWORD})
    assert answer.status_code == 503
