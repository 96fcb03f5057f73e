"""nginx: with a static file, the limit of this machine; and before the register, as we ship it."""

from __future__ import annotations

from pathlib import Path

from benchmarks.asking import ask
from benchmarks.contestants import Contestant, ours
from benchmarks.data import Register
from benchmarks.installing import DEBIAN, Tools
from benchmarks.places import PROJECT, Unable
from benchmarks.servers import Servers, free_port
from tests.deploy.nginx import (
    FOLDERS,
    MIME_TYPES,
    AdaptError,
    command,
    user,
    write_configuration,
)

STATIC = """
{user}
worker_processes auto;
pid {folder}/nginx.pid;
error_log stderr;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    server_tokens off;
    sendfile on;
    {folders}
    server {{
        listen 127.0.0.1:{port};
        root {folder};
        default_type "{content_type}";
        {encoding}
        location = / {{ try_files /page =404; }}
    }}
}}
"""


def static(started: Servers, tools: Tools, page_of: Contestant) -> Contestant:
    """Start nginx with a file that holds the same bytes that `page_of` sends for `/`."""
    answer = ask(page_of.port, "/")
    port = free_port()
    folder = started.folder / f"static-{port}"
    folder.mkdir()
    (folder / "page").write_bytes(answer.body)
    encoding = answer.headers.get("content-encoding")
    config = STATIC.format(
        user=user(),
        folder=folder,
        folders=FOLDERS.format(folder=folder),
        port=port,
        content_type=answer.headers["content-type"],
        encoding=f"add_header Content-Encoding {encoding};" if encoding else "",
    )
    file = folder / "nginx.conf"
    file.write_text(config)
    _start(started, tools, file, port)
    return Contestant(name="nginx, a static file", port=port)


def behind(
    started: Servers, tools: Tools, register: Register, name: str, *, database: str
) -> Contestant:
    """Start the register behind nginx with deploy/nginx.conf, of which only places are changed.

    Raises Unable where a place is no longer in that file.
    """
    port = free_port()
    folder = started.folder / f"behind-{port}"
    folder.mkdir()
    site = f"http://127.0.0.1:{port}"
    hidden = ours(started, register, name, database=database, behind=site)
    types = MIME_TYPES if MIME_TYPES.exists() else DEBIAN / "etc/nginx/mime.types"
    try:
        file = write_configuration(
            folder,
            port=port,
            register_port=hidden.port,
            static=PROJECT / "var/static",
            mime_types=types,
        )
    except AdaptError as error:
        raise Unable(str(error)) from error
    _start(started, tools, file, port)
    return Contestant(name=name, port=port)


def _start(started: Servers, tools: Tools, file: Path, port: int) -> None:
    started.start(file.parent.name, command(tools.nginx, file), tools.env, port)
