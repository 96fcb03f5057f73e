"""The order of titles: what comes before what, and that it follows every change."""

from __future__ import annotations

import csv
import datetime
import io
from collections.abc import Callable
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from demo.register import make_register
from registers import changes
from registers.models import Protocol, SearchEntry, Theme
from registers.search.index import clear_index, current_index
from registers.search.search_writer import rebuild_search
from registers.search.titles import title_key
from tests.conftest import empty_the_register
from tests.makers import find_all, make_protocols, withdrawn
from tests.models.making import a_protocol
from tests.search.questions import results_of
from tests.search.slowly import title_parts

IN_ORDER = (
    "",
    "‘2 fast’",
    "10 minutes",
    "A bc",
    "ab",
    "Abc",
    "Café au lait",
    "cafe noir",
    "‘Çedar’",
    "Children’s homes",
    "childrens services",
    "D’Arcy",
    "(Disclosure)",
    "Health & Care",
    "health and carers",
    "Phase 2",
    "Phase 2.9",
    "Phase 2.10",
    "Phase 02a",
    "Phase 10",
    "Phase 123456789012",
    "Phase 1234567890123",
    "Straße",
    "strasse B",
    "wales",
    "ŵyl",
    "Zebra",
    "Ωμέγα",
)


def test_titles_sort_as_a_person_would():
    for before, after in pairwise(IN_ORDER):
        assert title_key(before) < title_key(after), (before, after)
        assert title_parts(before) < title_parts(after), (before, after)


SAME = {
    "capitals": ("Fraud", "FRAUD"),
    "accents": ("cafe", "Café"),
    "an accent of its own": ("Café", "Cafe\N{COMBINING ACUTE ACCENT}"),
    "quotes": ("Fraud", "“Fraud”"),
    "punctuation in front": ("Fraud", " ... - Fraud"),
    "an apostrophe": ("Childrens homes", "Children's homes"),
    "noughts before": ("Phase 2", "Phase 002"),
    "a sign for and": ("Health and Care", "Health & Care"),
    "a soft hyphen": ("database", "data\N{SOFT HYPHEN}base"),
    "nothing but nought": ("0", "000"),
}


@pytest.mark.parametrize("titles", SAME.values(), ids=SAME)
def test_what_makes_no_difference(titles):
    assert len(set(map(title_key, titles))) == 1


pieces = st.sampled_from(["a", "b", "z", "é", "ŵ", "&", "'", "“", " ", "-", "0", "1", "9", "10"])
some_titles = st.lists(pieces, max_size=8).map("".join)


@given(one=some_titles, other=some_titles)
def test_the_key_sorts_like_the_slow_one(one, other):
    assert (title_key(one) < title_key(other)) == (title_parts(one) < title_parts(other))


def in_order() -> list[str]:
    """The public protocols by title, as a list of every status shows them."""
    return [each.reference for each in results_of("sort=title&status=all").iterator()]


def slowly_in_order() -> list[str]:
    rows = Protocol.public.values_list("title", "reference")
    return [reference for title, reference in sorted(rows, key=lambda r: (title_parts(r[0]), r[1]))]


def keys_are_right() -> bool:
    entries = SearchEntry.objects.filter(protocol__in=Protocol.public.get_queryset())
    rows = list(entries.values_list("title_key", "protocol__title"))
    return len(rows) == Protocol.public.count() and all(key == title_key(t) for key, t in rows)


TITLES = ("‘Alpha’", "alpha", "Álpha 2", "Alpha 10", "beta", "Zebra", "ŵyl", "10", "2", "")


@pytest.mark.both_databases
@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(5))
def test_the_order_in_memory_follows_every_change(real_register, seed):
    """Some of the versions are never asked for their order."""
    random = Random(seed)
    assert in_order() == slowly_in_order()
    for number in range(30):
        edit(random, f"9{number:03}")
        current_index()
        if random.random() < 0.6:
            assert in_order() == slowly_in_order()
    patched = in_order()
    clear_index()
    assert patched == in_order() == slowly_in_order()
    assert keys_are_right()


def edit(random: Random, reference: str) -> None:
    """Make one change: a new title, a new protocol, a withdrawal, many at once, all anew."""
    protocol = random.choice(list(Protocol.objects.all()))
    protocol.title = random.choice(TITLES) or protocol.title
    what = random.randrange(8)
    if what == 0:
        title = random.choice(TITLES) or "?"
        protocol = a_protocol(reference, title=title, theme=protocol.theme)
    elif what == 1:
        protocol = a_protocol(reference, theme=protocol.theme, status="draft")
    elif what == 2:
        for name, value in withdrawn().items():
            setattr(protocol, name, value)
    elif what == 3:
        Protocol.objects.filter(pk__lte=protocol.pk).update(title=protocol.title)
        find_all()
    elif what == 4:
        Protocol.objects.filter(pk=protocol.pk).update(
            status=random.choice(("draft", "published")), withdrawn_on=None, withdrawn_reason=""
        )
        rebuild_search()
        return
    changes.save(protocol)


@pytest.mark.django_db
def test_the_order_is_read_once_and_then_what_changed(real_register, django_assert_num_queries):
    current_index().title_ranks  # noqa: B018 (it is read by this)
    protocol = Protocol.objects.get(pk="0012")
    protocol.title = "‘0’"
    changes.save(protocol)
    index = current_index()
    with django_assert_num_queries(1) as asked:
        ranks = index.title_ranks
    assert "changed_in" in asked.captured_queries[0]["sql"]
    assert ranks[index.position_of("0012")] == 0
    with django_assert_num_queries(0):
        assert index.title_ranks is ranks
    assert len(index.titles.keys) == len(set(index.titles.keys)) == 25


@pytest.mark.both_databases
@pytest.mark.django_db
def test_equal_titles_are_in_the_order_of_references(empty_register):
    protocols = make_protocols(30, theme=Theme.objects.create(name="T", key="t", slug="t"))
    assert in_order() == sorted(each.reference for each in protocols)


def save_one() -> None:
    protocol = Protocol.objects.get(pk="0012")
    protocol.title = "“Ŵyl” & 12"
    changes.save(protocol)


def publish_one() -> None:
    changes.save(a_protocol("9001", title="“Ŵyl” & 12", theme=Theme.objects.all()[0]))


def import_all(folder: Path) -> None:
    """Import the register's own export with every title changed, and one row more."""
    text = b"".join(Client().get("/protocols.csv").streaming_content).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    rows.append({**rows[0], "reference": "9001"})
    file = folder / "edited.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        writer.writerows({**row, "title": f"“{row['title']}” 2"} for row in rows)
    call_command("import_register", file, stdout=io.StringIO(), stderr=io.StringIO())
    assert Protocol.objects.get(pk="9001").title.endswith("” 2")


def edit_by_hand(folder: Path) -> None:
    Protocol.objects.update(title="By hand 2")
    rebuild_search()


def make_a_demo(folder: Path) -> None:
    empty_the_register()
    make_register(40, seed=1, on=datetime.date(2026, 11, 22))


WAYS: dict[str, Callable[[Path], None]] = {
    "loaded": lambda _: None,
    "saved": lambda _: save_one(),
    "published": lambda _: publish_one(),
    "imported": import_all,
    "rebuilt": edit_by_hand,
    "made for a demonstration": make_a_demo,
}


@pytest.mark.django_db
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_every_way_of_saving_writes_the_key(real_register, tmp_path, way):
    way(tmp_path)
    assert keys_are_right()
    assert in_order() == slowly_in_order()


@pytest.mark.both_databases
@pytest.mark.django_db
def test_the_migration_fills_the_keys_of_what_is_there(real_register, monkeypatch):
    """Of a draft too, which was public once."""
    migration = import_module("registers.migrations.0014_title_keys")
    monkeypatch.setattr(migration, "BATCH", 7)
    Protocol.objects.filter(pk="0012").update(status="draft")
    before = list(SearchEntry.objects.order_by("pk").values())
    SearchEntry.objects.update(title_key="")
    migration.fill(apps, SimpleNamespace(connection=connection))
    assert list(SearchEntry.objects.order_by("pk").values()) == before
