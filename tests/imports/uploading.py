"""An officer with a spreadsheet: typed or exported, uploaded through the door, and looked at."""

from __future__ import annotations

import csv
import html
import io
import re
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from registers.imports.spreadsheet import jobs
from registers.models import ImportJob
from tests.admin.typing_in import boxes

LIST = "/admin/registers/import/"
ADD = f"{LIST}add/"
SIX = (
    "Theme",
    "Title",
    "Purpose",
    "Lead Organisation",
    "Other Organisations Involved",
    "Review date",
)
FOUND = 302
COUNCIL, POLICE = "Essex County Council", "Essex Police"


def typed(*rows: tuple[str, ...], headings: tuple[str, ...] = SIX) -> bytes:
    """Return a CSV with these rows below the six headings of the page."""
    text = io.StringIO()
    csv.writer(text).writerows([headings, *rows])
    return text.getvalue().encode()


def a_row(title: str, *, theme: str = "Safer Community", others: str = POLICE) -> tuple[str, ...]:
    """Return one row as somebody types it."""
    return (theme, title, "So that it is tried.", COUNCIL, others, "Jun-2027")


def exported(door: Client, edits: dict[str, dict[str, str]] | None = None) -> bytes:
    """Return the register's own export, with cells that are edited, by reference and column."""
    text = door.get("/protocols.csv?status=all").getvalue().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    for row in rows:
        row.update((edits or {}).get(row["reference"], {}))
    edited = io.StringIO()
    writer = csv.DictWriter(edited, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return edited.getvalue().encode()


def send(
    door: Client, content: bytes, name: str = "live.csv", published: str = "today", add: str = ADD
) -> Any:
    """Upload a file; return the answer: the page that shows how far it is, or the form."""
    file = SimpleUploadedFile(name, content)
    return door.post(add, {"file": file, "published": published})


def leads_to(answer: Any) -> str:
    """Return where a page leads that has grown to its end: an answer, or its text."""
    page = answer if isinstance(answer, str) else answer.getvalue().decode()
    found = re.search(r'<a href="([^"]+)" id="import-on">', page)
    assert found, said(page)[:2000]
    return html.unescape(found[1])


def uploaded(
    door: Client, content: bytes, name: str = "live.csv", published: str = "today", add: str = ADD
) -> str:
    """Upload a file, take its columns for what is suggested, and return where its check is."""
    answer = send(door, content, name, published, add)
    if answer.status_code == FOUND:
        answer = door.post(answer.url, boxes(door, answer.url))
    return leads_to(answer)


def place(door, address: str, written: str) -> str:
    """Return how the boxes of a name begin."""
    forms = door.get(address).context["forms"]
    return next(form.prefix for form in forms if form.name.written == written)


def choose(door, address: str, **chosen: dict[str, str]) -> Any:
    """Choose as somebody does who types on the page: names by what is written."""
    held = boxes(door, address)
    for written, boxes_of in chosen.items():
        prefix = place(door, address, written)
        held |= {f"{prefix}-{box}": value for box, value in boxes_of.items()}
    return door.post(address, held)


def shut(answer: Any) -> None:
    """Close a page that has begun before its end, as a browser's tab is closed."""
    answer._iterator.close()


def said(page: str | bytes) -> str:
    """Return the words of the page, without its marks and in one line."""
    text = page.decode() if isinstance(page, bytes) else page
    middle = text.partition('id="content-main"')[2].partition("<footer")[0]
    words = html.unescape(re.sub(r"<[^>]+>", " ", "<" + middle))
    return re.sub(r"\s+([.,:;)])", r"\1", re.sub(r"\s+", " ", words)).strip()


def shown(door: Client, address: str, show: str = "") -> str:
    """Return the words of one of the lists."""
    return said(door.get(address, {"show": show} if show else {}).content)


def counted(door: Client, address: str) -> dict[str, int]:
    """Return how long each list is that a check has found."""
    return {tab.value: tab.count for tab in door.get(address).context["tabs"] if tab.count}


def apply(door: Client, address: str, **over: str) -> Any:
    """Apply what a check has found, as its page has it."""
    held = boxes(door, address)
    given = {name: held.get(name, "") for name in ("expected_digest", "why", "publish")} | over
    return door.post(f"{address}apply/", given)


def a_checked_import() -> ImportJob:
    """Keep an import with a row to apply and a name that is like no other, and check it."""
    content = typed(a_row("9100 - Tried"), a_row("9101 - Waits", others="Zzyzx Quorum"))
    at = timezone.now()
    made = jobs.upload("live.csv", content, by=None, at=at, published_before=False)
    for _ in jobs.check_import(made, at=at):
        pass
    return made
