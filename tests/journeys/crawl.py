"""`python -m tests.journeys.crawl FILE`: set a register up, and read everything that it shows.

It runs in a process of its own, since much is read from the settings once, at the start. FILE gets
a JSON object: what was shown, by where. The register of the settings must not be there yet.
"""

from __future__ import annotations

import html
import io
import json
import os
import re
import sys
from collections import Counter, deque
from email import message_from_bytes
from email.policy import default
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from zipfile import ZipFile, is_zipfile

import django
from django.conf import settings
from django.core.management import call_command, get_commands, load_command_class
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import Resolver404, resolve

OF_A_ROUTE = 3  # pages of one kind are alike
STARTS = (
    *("/", "/?q=health", "/?q=nothingatall", "/?theme=unknown", "/?page=99", "/reviews/?on=x"),
    *("/protocols.csv", "/protocols.xlsx", "/protocols.ods", "/protocols.json", "/protocols.ics"),
    *("/protocols.atom", "/organisations.csv", "/organisations.json", "/sharing.csv"),
    *("/sharing.json", "/news.atom", "/catalog.jsonld", "/openapi.json", "/robots.txt"),
    *("/sitemap.xml", "/.well-known/security.txt", "/healthz", "/readyz", "/accessibility/"),
    *(
        "/protocols/FEN-999/",
        "/protocols/0001/",
        "/protocols/0001.json",
        "/nothing/",
        "/reviews/answer/?link=x",
        "/approvals/answer/?link=x",
    ),
)
EDITORS_STARTS = ("/admin/", "/admin/registers/protocol/add/", "/admin/nothing/")
LINK = re.compile(r'(?:href|src)="([^"#]+)')


def content_of(answer: HttpResponseBase) -> str:
    """Return the headers, the cookies and the content of an answer, unpacked, as text."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
    if is_zipfile(io.BytesIO(body)):
        with ZipFile(io.BytesIO(body)) as book:
            body = b"\n".join(book.read(name) for name in book.namelist())
    if "calendar" in answer.get("Content-Type", ""):
        body = body.replace(b"\r\n ", b"")
    headers = "\n".join(f"{name}: {value}" for name, value in answer.items())
    return f"{headers}\n{answer.cookies.output()}\n{html.unescape(body.decode(errors='replace'))}"


def crawl(client: Client, starts: tuple[str, ...], within: re.Pattern[str]) -> dict[str, str]:
    """Return what is shown at the addresses, and at those that they lead to `within` the site."""
    shown: dict[str, str] = {}
    routes: Counter[str] = Counter()
    waiting = deque(starts)
    while waiting:
        path = waiting.popleft()
        if path in shown:
            continue
        answer: Any = client.get(path)
        assert answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR, path
        shown[path] = content_of(answer)
        links = LINK.findall(answer.content.decode()) if "html" in answer["Content-Type"] else []
        for link in [*links, answer.get("Location", "")]:
            parts = urlsplit(urljoin(f"http://localhost:8000{path}", html.unescape(link)))
            address = f"{parts.path}?{parts.query}" if parts.query else parts.path
            if parts.netloc != "localhost:8000" or not within.match(address):
                continue
            try:
                route = resolve(parts.path).route
            except Resolver404:
                route = parts.path
            routes[route] += 1
            if routes[route] <= OF_A_ROUTE:
                waiting.append(address)
    return shown


def mails_in(file: Path) -> str:
    """Return what a file of e-mails says, headers first, as people read it."""
    said = []
    for source in file.read_bytes().split(b"-" * 79 + b"\n"):
        mail = message_from_bytes(source, policy=default)
        said += [f"{name}: {value}" for name, value in mail.items()]
        said += [part.get_content() for part in mail.walk() if not part.is_multipart()]
    return "\n".join(said)


def set_up() -> None:
    """Make the register, with a note whose mailbox and an abbreviation that the file knows."""
    from demo.command import Command  # noqa: PLC0415
    from registers.models import Party, Protocol  # noqa: PLC0415

    call_command("prepare")
    call_command(Command(), protocols="40", seed="1")
    call_command("send_review_reminders")
    Protocol.objects.filter(pk="0001").update(purpose="For the FENB.")
    party = Party.objects.filter(protocol="0001")[0]
    party.note = "Ask fencontact@fenland.example"
    party.full_clean()
    party.save()


def main(report: Path) -> None:
    """Crawl as a reader and as an administrator."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "weisf.settings")
    django.setup()
    set_up()
    # These need the settings.
    from django.contrib.auth.models import User  # noqa: PLC0415

    from registers.admin.publishing import act_links  # noqa: PLC0415
    from registers.models import Protocol  # noqa: PLC0415

    host = {"HTTP_HOST": "localhost:8000"}
    shown = {path.name: mails_in(path) for path in Path(settings.EMAIL_FILE_PATH).iterdir()}
    answers = re.findall(r"/reviews/answer/\?link=[\w:.=%-]+", "".join(shown.values()))
    shown |= crawl(Client(**host), (*STARTS, *answers[:1]), re.compile(r"/(?!admin/)"))
    shown |= crawl(Client(**host), ("/admin/login/",), re.compile(r"/static/|/branding/"))
    editor = Client(raise_request_exception=False, **host)
    editor.force_login(User.objects.create_superuser("olive"))
    firsts = [Protocol.objects.filter(status=status).first() for status in Protocol.Status]
    acts = [address for first in firsts for _, address in act_links(first)]
    shown |= crawl(editor, EDITORS_STARTS, re.compile(r"/admin/(?!log)|/static/(?!admin)"))
    shown |= crawl(editor, tuple(acts), re.compile(r"/static/(?!admin)"))
    for name, app in get_commands().items():
        if app == "registers":
            shown[name] = load_command_class(app, name).create_parser("", name).format_help()
    answer = editor.post("/admin/registers/protocol/add/", {"reference": "no"})
    shown["a form that was refused"] = content_of(answer)
    report.write_text(json.dumps(shown))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
