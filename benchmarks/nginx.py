"""nginx: with a static file, the limit of this machine; and before the register, as we ship it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from benchmarks.asking import ask
from benchmarks.contestants import Contestant, ours
from benchmarks.data import Register
from benchmarks.installing import DEBIAN, Tools
from benchmarks.places import PROJECT, Unable
from benchmarks.servers import Servers, free_port

SHIPPED = PROJECT / "deploy" / "nginx.conf"
MIME_TYPES = Path("/etc/nginx/mime.types")
# Else they would stand where only an installed nginx may write.
FOLDERS = """
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
"""
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
        user=_user(),
        folder=folder,
        folders=FOLDERS.format(folder=folder),
        port=port,
        content_type=answer.headers["content-type"],
        encoding=f"add_header Content-Encoding {encoding};" if encoding else "",
    )
    _start(started, tools, folder, config, port)
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
    config = SHIPPED.read_text()
    for shipped, here in {
        r"^user .*;": _user(),
        r"^pid .*;": f"pid {folder}/nginx.pid;",
        r"^error_log .*;": "error_log stderr warn;",
        r"^http {": f"http {{{FOLDERS.format(folder=folder)}",
        r"server 127\.0\.0\.1:8000;": f"server 127.0.0.1:{hidden.port};",
        r"proxy_cache_path \S+": f"proxy_cache_path {folder}/cache",
        r"include .*mime\.types;": f"include {types};",
        r"^ *listen 80": f"listen 127.0.0.1:{port}",
        r"^ *server_name .*;": "server_name 127.0.0.1;",
        r"alias .*/static/;": f"alias {PROJECT}/var/static/;",
    }.items():
        config, number = re.subn(shipped, here, config, flags=re.MULTILINE)
        if not number:
            raise Unable(f"{SHIPPED} has nothing like '{shipped}'. Mend benchmarks/nginx.py.")
    _start(started, tools, folder, config, port)
    return Contestant(name=name, port=port)


def _user() -> str:
    # As root it would serve as nobody, who may not be able to read this folder.
    return "user root;" if os.geteuid() == 0 else ""


def _start(started: Servers, tools: Tools, folder: Path, config: str, port: int) -> None:
    file = folder / "nginx.conf"
    file.write_text(config)
    command = (tools.nginx, "-p", folder, "-c", file, "-e", "stderr", "-g", "daemon off;")
    started.start(folder.name, command, tools.env, port)
