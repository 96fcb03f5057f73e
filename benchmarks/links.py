"""How long the index and the first pages after an edit take, with links between organisations.

`python -m benchmarks.links` measures the register that DATABASE_URL names, best a copy. It
writes into it in a transaction that is rolled back. Times are of the processor, so that what
else runs on the machine counts little: the median of `--rounds`.

It imports nothing else of the benchmark, so that a copy of it in an older checkout measures
that; addresses that an older one does not know are left out.
"""

from __future__ import annotations

import argparse
import gc
import os
import re
import sys
import time
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from pathlib import Path
from statistics import median

import django
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "weisf.settings")
django.setup()

from registers.models import Organisation, RegisterVersion, SearchEntry  # noqa: E402 (set up first)
from registers.search import index as indexes  # noqa: E402 (the same)

PROTOCOL = 1_000  # the place of the one that is edited: neither first nor last


def main() -> None:
    """Measure, and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default="/", help="addresses that begin with this")
    asked = parser.parse_args()
    client = Client()
    row("what", "ms of the processor", "queries")
    row("---", "---", "---")
    with transaction.atomic(), override_settings(ALLOWED_HOSTS=["testserver"]):
        before = resident()
        load()
        get(client, "/")
        row("memory before the index, and with it and one page, MB", f"{before}, {resident()}")
        show("the index, read whole", load, rounds=3)
        for what, edit in {"a protocol": edit_protocol, "a link": edit_link}.items():
            show(f"the index after an edit of {what}", update, edit, asked.rounds)
        for path in addresses():
            if path.startswith(asked.only) and client.head(path).status_code == HTTPStatus.OK:
                show(f"`{path}`", partial(get, client, path), edit_protocol, asked.rounds)
        row("memory in the end, MB", str(resident()))
        transaction.set_rollback(True)


def row(what: str, figures: str, queries: object = "") -> None:
    """Print a row of the table."""
    sys.stdout.write(f"| {what} | {figures} | {queries} |\n")
    sys.stdout.flush()


def load() -> None:
    """Read the whole index, as a new worker does for its first page."""
    indexes.clear_index()
    indexes.current_index()


def update() -> None:
    """Make the index one of the register's version now."""
    indexes.current_index()


def edit_protocol() -> None:
    """Do to the register's version what an edit of one protocol does."""
    entry = SearchEntry.objects.order_by("pk").values_list("pk", flat=True)[PROTOCOL]
    SearchEntry.objects.filter(pk=entry).update(changed_in=RegisterVersion.move())


def edit_link() -> None:
    """Do to the register's version what an edit of one link does."""
    if hasattr(RegisterVersion, "links"):
        RegisterVersion.move(links=True)
    else:
        edit_protocol()


def addresses() -> list[str]:
    """Return the pages that are asked for."""
    one, other = of_many_groups()
    return [
        "/",
        "/?sort=title",
        f"/?organisation={one}",
        f"/?organisation={one}&with={other}",
        f"/organisations/{one}/",
        f"/organisations/{min(one, other)}/with/{max(one, other)}/",
        "/organisations/",
        "/organisations.csv",
        "/reviews/",
        "/sharing/",
        "/?q=children",
        "/?q=children%20zebra",
    ]


def of_many_groups() -> list[str]:
    """Return the addresses of the two organisations that belong to the most groups."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT member_id FROM registers_membership"
            " GROUP BY member_id ORDER BY count(*) DESC, member_id LIMIT 2"
        )
        keys = [key for (key,) in cursor.fetchall()]
    slugs = dict(Organisation.objects.filter(pk__in=keys).values_list("pk", "slug"))
    return [slugs[key] for key in keys]


def get(client: Client, path: str) -> None:
    """Fetch one page whole."""
    response = client.get(path)
    if response.status_code != HTTPStatus.OK:
        sys.exit(f"{path} answers {response.status_code}.")
    if response.streaming:
        for _ in response:
            pass


def show(
    what: str,
    work: Callable[[], None],
    before: Callable[[], None] = lambda: None,
    rounds: int = 7,
) -> None:
    """Print how long `work` takes, each time after `before`, and how many queries it makes."""
    times, counted = list[float](), 0
    for _ in range(rounds):
        before()
        gc.collect()
        start = time.process_time()
        work()
        times.append(1000 * (time.process_time() - start))
    before()
    with CaptureQueriesContext(connection) as queries:
        work()
        counted = len(queries)
    row(what, f"{median(times):.1f} ({min(times):.1f} to {max(times):.1f})", counted)


def resident() -> int:
    """Return the memory that this process holds, in MB."""
    found = re.search(r"^VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.M)
    return int(found[1]) // 1024 if found else 0


if __name__ == "__main__":
    main()
