"""How many of our files three journeys enter, and how many queries they ask.

By itself: `python -m benchmarks.journeys [--names]`. It makes a fresh database with the real
register: on SQLite, or where DATABASE_URL names an empty PostgreSQL, there.

A file is entered when one of its functions runs; what only an import runs does not count.
It stands alone, so that it can be copied into an older checkout and measure that.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from pathlib import Path
from types import FrameType
from typing import Any
from wsgiref.util import setup_testing_defaults

import django
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.test.utils import CaptureQueriesContext

PROJECT = Path(__file__).resolve().parent.parent
OURS = tuple(f"{PROJECT / name}{os.sep}" for name in ("registers", "weisf"))
PAGE = "/?theme=safer-community&q=children"
SAVED, IMPORTED = "0036", "0012"
HOST = "localhost:8000"
# Statements that only begin or end a transaction, or a part of one.
TRANSACTION = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


class JourneyError(Exception):
    """A journey did not do what it should, so its figures would be of something else."""


@dataclass
class Count:
    """What one journey entered and asked."""

    files: set[str] = field(default_factory=set)
    queries: list[str] = field(default_factory=list)

    @property
    def asked(self) -> list[str]:
        """The queries, without those that only begin or end a transaction."""
        return [sql for sql in self.queries if not sql.startswith(TRANSACTION)]


@contextmanager
def counting() -> Iterator[Count]:
    """Yield what is counted within the block, in this process."""
    count, seen = Count(), set[str]()

    def enter(frame: FrameType, event: str, _argument: object) -> None:
        name = frame.f_code.co_filename
        if event == "call" and name not in seen:
            if not name.startswith(OURS):
                seen.add(name)
            elif not _is_import(frame):
                seen.add(name)
                count.files.add(str(Path(name).relative_to(PROJECT)))

    with CaptureQueriesContext(connection) as captured:
        threading.setprofile(enter)
        sys.setprofile(enter)
        try:
            yield count
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
    count.queries = [query["sql"] for query in captured.captured_queries]


def _is_import(frame: FrameType | None) -> bool:
    """Return whether the frame runs because a module is imported."""
    while frame:
        code = frame.f_code
        if code.co_name == "<module>" and code.co_filename != __file__:
            return True
        frame = frame.f_back
    return False


@dataclass(frozen=True)
class Answer:
    """What the site answered."""

    status: int
    headers: list[tuple[str, str]]
    body: str


class Browser:
    """Asks the whole site, with its page cache, as gunicorn would."""

    def __init__(self) -> None:
        from weisf.wsgi import application  # noqa: PLC0415 (it needs the settings)

        self.application = application
        self.cookies: dict[str, str] = {}

    def get(self, url: str) -> Answer:
        """Return the answer to a GET."""
        return self._ask("GET", url, b"", "")

    def post(self, url: str, values: dict[str, Any]) -> Answer:
        """Return the answer to a POST of a form, encoded as browsers encode one with files."""
        return self._ask("POST", url, encode_multipart(BOUNDARY, values), MULTIPART_CONTENT)

    def log_in(self, name: str, group: str) -> None:
        """Log a new user of the group in."""
        from django.contrib.auth.models import Group, User  # noqa: PLC0415 (they need the settings)

        user = User.objects.create_user(name, is_staff=True)
        user.groups.add(Group.objects.get(name=group))
        client = Client()
        client.force_login(user)
        self.cookies |= {key: cookie.value for key, cookie in client.cookies.items()}

    def _ask(self, method: str, url: str, body: bytes, content_type: str) -> Answer:
        path, _, query = url.partition("?")
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "HTTP_HOST": HOST,
            "HTTP_ORIGIN": f"http://{HOST}",
            "HTTP_COOKIE": "; ".join(f"{key}={value}" for key, value in self.cookies.items()),
            "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
        }
        setup_testing_defaults(environ)
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, headers: list[tuple[str, str]], *_: object) -> Any:
            started.append((status, headers))

        chunks = self.application(environ, start)
        text = b"".join(chunks).decode()
        if hasattr(chunks, "close"):
            chunks.close()
        (status, headers), *_ = started
        for key, value in headers:
            if key.lower() == "set-cookie":
                self.cookies |= {k: each.value for k, each in SimpleCookie(value).items()}
        return Answer(int(status[:3]), headers, text)


class Form(HTMLParser):
    """The values that a browser would send if nobody changed anything on the page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._select = self._textarea = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take the value of a field, or remember whose value comes."""
        given = dict(attrs)
        name = "" if "disabled" in given else given.get("name") or ""
        value, kind = given.get("value") or "", given.get("type")
        if tag == "input" and name and kind not in {"submit", "button", "file"}:
            if kind not in {"checkbox", "radio"}:
                self.values[name] = value
            elif "checked" in given:
                self.values[name] = value if "value" in given else "on"
        elif tag == "select":
            self._select = name
        elif tag == "option" and "selected" in given and self._select:
            self.values[self._select] = value
        elif tag == "textarea" and name:
            self._textarea = name
            self.values[name] = ""

    def handle_endtag(self, tag: str) -> None:
        """End a text area, whose first line end belongs to the page's layout."""
        if tag == "textarea" and self._textarea:
            self.values[self._textarea] = self.values[self._textarea].removeprefix("\n")
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        """Take the text of a text area."""
        if self._textarea:
            self.values[self._textarea] += data


def cold_page() -> Count:
    """Ask for a page that was never seen, of a worker that has no page and no index."""
    browser = Browser()
    with counting() as count:
        answer = browser.get(PAGE)
    _check(answer.status == 200 and "/protocols/00" in answer.body, f"{PAGE}: {answer.status}")
    return count


def save() -> Count:
    """Save the whole form of a protocol, with another purpose, as an Administrator."""
    browser = Browser()
    browser.log_in("journeys", "Administrator")
    url = f"/admin/registers/protocol/{SAVED}/change/"
    page = browser.get(url)
    _check(page.status == 200, f"GET {url}: {page.status}")
    values = Form(page.body).values
    purpose = f"{values['purpose']} Saved by the benchmark."
    with counting() as count:
        answer = browser.post(url, values | {"purpose": purpose, "_save": "Save"})
    _check(answer.status == 302, f"POST {url}: {answer.status}")
    _check(_row(browser, SAVED)["purpose"] == purpose, f"The purpose of {SAVED} was not saved.")
    return count


def import_row() -> Count:
    """Check and apply a CSV of one row, in which the purpose is edited, with the command."""
    browser = Browser()
    row = _row(browser, IMPORTED)
    row["purpose"] += " Imported by the benchmark."
    with tempfile.TemporaryDirectory(prefix="register-journeys-") as folder:
        file = Path(folder) / "one.csv"
        with file.open("w", newline="", encoding="utf-8") as out:
            writer = csv.DictWriter(out, row)
            writer.writeheader()
            writer.writerow(row)
        with counting() as count:
            call_command("import_register", file, stdout=io.StringIO(), stderr=io.StringIO())
    purpose = _row(browser, IMPORTED)["purpose"]
    _check(purpose == row["purpose"], f"The purpose of {IMPORTED} was not imported.")
    return count


JOURNEYS: dict[str, tuple[str, Callable[[], Count]]] = {
    "page": (f"a cold `GET {PAGE}`", cold_page),
    "save": (f"a save of `purpose` on {SAVED} in admin", save),
    "import": ("one CSV row checked and applied by `import_register`", import_row),
}


def _row(browser: Browser, reference: str) -> dict[str, str]:
    """Return the row of a protocol in the public CSV."""
    text = browser.get("/protocols.csv").body.removeprefix("\ufeff")
    (row,) = (r for r in csv.DictReader(io.StringIO(text)) if r["reference"] == reference)
    return row


def _check(passed: object, words: str) -> None:
    """Raise JourneyError with the words unless the check passed."""
    if not passed:
        raise JourneyError(words)


def _run(name: str) -> None:
    """Make one journey in this process, and print what it counted as JSON."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "weisf.settings")
    django.setup()
    count = JOURNEYS[name][1]()
    sys.stdout.write(json.dumps(asdict(count) | {"files": sorted(count.files)}))


def _process(env: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words], check=False, cwd=PROJECT, env=env, text=True, capture_output=True
    )
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}\n`{' '.join(words)}` failed. Read its message above.")
    return done.stdout


def main() -> None:
    """Make each journey in a process of its own, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.journeys", description=__doc__)
    parser.add_argument("--names", action="store_true", help="print the files and the queries too")
    parser.add_argument("--run", choices=JOURNEYS, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.run:
        _run(asked.run)
        return
    kept = ("PATH", "HOME", "TMPDIR", "DATABASE_URL")
    env = {name: os.environ[name] for name in kept if name in os.environ}
    database = "PostgreSQL" if env.get("DATABASE_URL", "").startswith("postgres") else "SQLite"
    lines = [f"| on {database} | files entered | queries | begins and ends of transactions |"]
    lines += ["|---|---|---|---|"]
    details: list[str] = []
    with tempfile.TemporaryDirectory(prefix="register-journeys-") as folder:
        env |= {"DATA_DIR": folder, "SECRET_KEY": "only-for-the-benchmark-" * 3}
        _process(env, "manage.py", "prepare")
        for name, (words, _) in JOURNEYS.items():
            said = _process(env, "-m", "benchmarks.journeys", "--run", name)
            found = json.loads(said.splitlines()[-1])  # the log stands before it
            count = Count(files=set(found["files"]), queries=found["queries"])
            around = len(count.queries) - len(count.asked)
            lines.append(f"| {words} | {len(count.files)} | {len(count.asked)} | {around} |")
            details += ["", f"{words}:", *(f"  {file}" for file in sorted(count.files)), ""]
            details += [f"  {sql}" for sql in count.asked]
    sys.stdout.write("\n".join([*lines, *(details if asked.names else [])]) + "\n")


if __name__ == "__main__":
    main()
