"""The nginx of deploy/, started on the loopback with only ports and folders changed."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.with_postgres import die_with_parent

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
# Debian's package, where `make test` unpacked it: installed, it would start a server of its own.
UNPACKED = ROOT / "var/debian/nginx"
MIME_TYPES = Path("/etc/nginx/mime.types")
if not MIME_TYPES.exists():
    MIME_TYPES = UNPACKED / "etc/nginx/mime.types"
# Debian keeps it where only root's PATH looks.
PLACES = ("nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx", f"{UNPACKED}/usr/sbin/nginx")
START_SECONDS = 120
# Otherwise they would be where only an installed nginx may write.
FOLDERS = """
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
"""


class AdaptError(Exception):
    """The shipped configuration no longer has a line that must be changed here."""


def program() -> str | None:
    """Return where nginx is on this machine: NGINX, or where Debian puts it."""
    names = [os.environ.get("NGINX", ""), *PLACES]
    return next(filter(None, (shutil.which(name) for name in names if name)), None)


def user() -> str:
    """Return the line that lets nginx read and write a folder of whoever runs this."""
    return "user root;" if os.geteuid() == 0 else ""


def write_configuration(
    folder: Path, *, port: int, register_port: int, static: Path, mime_types: Path = MIME_TYPES
) -> Path:
    """Write what deploy/ holds into the folder, adapted to this machine; return the main file.

    Only places change: ports, names of hosts, and folders, which are all below `folder`.
    Raises AdaptError where the shipped file has nothing like one of them.
    """
    for file in DEPLOY.glob("*.conf"):
        shutil.copy(file, folder)
    main = folder / "nginx.conf"
    config = main.read_text()
    for shipped, here in {
        r"^user .*;": user(),
        r"^pid .*;": f"pid {folder}/nginx.pid;",
        r"/var/log/nginx/": f"{folder}/",
        r"^http {": f"http {{{FOLDERS.format(folder=folder)}",
        r"server 127\.0\.0\.1:8000;": f"server 127.0.0.1:{register_port};",
        r"proxy_cache_path \S+": f"proxy_cache_path {folder}/cache",
        r"include .*mime\.types;": f"include {mime_types};",
        r"^ *listen 80": f"listen 127.0.0.1:{port}",
        r"^ *server_name .*;": "server_name 127.0.0.1;",
        r"alias .*/static/;": f"alias {static}/;",
    }.items():
        config, number = re.subn(shipped, here, config, flags=re.MULTILINE)
        if not number:
            raise AdaptError(f"deploy/nginx.conf has nothing like '{shipped}'. Fix {__file__}.")
    main.write_text(config)
    return main


def command(nginx: str | Path, main: Path) -> list[str]:
    """Return how nginx is started with the configuration, in the foreground."""
    folder = str(main.parent)
    start = f"{folder}/start.log"
    return [str(nginx), "-p", folder, "-c", str(main), "-e", start, "-g", "daemon off;"]


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


@contextmanager
def started(nginx: str, main: Path, port: int) -> Iterator[None]:
    """Run nginx with the configuration until the block ends. What it prints goes into print.log."""
    with (main.parent / "print.log").open("wb") as out:
        process = subprocess.Popen(
            command(nginx, main),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            preexec_fn=partial(die_with_parent, signal.SIGTERM),  # noqa: PLW1509 (no fork in threads)
        )
    try:
        _wait(process, main.parent, port)
        yield
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def _wait(process: subprocess.Popen[bytes], folder: Path, port: int) -> None:
    give_up = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if process.poll() is None and time.monotonic() < give_up:
                time.sleep(0.02)
                continue
            said = "".join(log.read_text() for log in folder.glob("*.log"))
            raise RuntimeError(f"nginx did not start:\n{said}") from None
        return
