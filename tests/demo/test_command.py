"""`python -m demo`: the same fictional register for the same number, seed and day."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from demo import seed
from demo.command import Command
from registers.imports.fixture import is_empty
from registers.models import Change, Organisation, Protocol, Review, SearchEntry
from registers.search import search_writer
from registers.search.index import clear_index
from tests.conftest import empty_the_register
from tests.exports.promised import PROMISED

ON = "2026-11-22"
# Of the CSV of everything and the reviews, for 120 protocols and the seed 1: the same on both
# databases. Whoever changes the vocabulary writes the new one here.
DIGEST = "eaf0e41d2fd689dfb173c7a31223492f1a4aa38aa780f75ec1fef1b73fd8121d"


@pytest.fixture(autouse=True)
def papers(tmp_path, settings) -> Path:
    """Papers are kept in a folder of the test's own."""
    settings.MEDIA_ROOT = tmp_path / "papers"
    return settings.MEDIA_ROOT


def generate(**options: object) -> str:
    said = io.StringIO()
    options = {"protocols": 120, "seed": 1, "on": ON} | options
    call_command(Command(), **{name: str(each) for name, each in options.items()}, stdout=said)
    return said.getvalue()


def digest(client: Client) -> str:
    table = client.get("/protocols.csv?status=all&sort=reference").getvalue().decode()
    promised = io.StringIO(newline="")
    rows = csv.reader(io.StringIO(table, newline=""))
    csv.writer(promised).writerows(row[: len(PROMISED)] for row in rows)
    fields = ("protocol", "reviewed_on", "outcome", "next_review", "job_title", "note")
    reviews = repr(list(Review.objects.order_by("pk").values_list(*fields)))
    return hashlib.sha256((promised.getvalue() + reviews).encode()).hexdigest()


@pytest.mark.both_databases
@pytest.mark.usefixtures("empty_register", "today")
def test_nothing_said_it_is_the_demonstration_as_of_today_on_every_database(client: Client):
    said = io.StringIO()
    call_command(Command(), stdout=said)
    assert said.getvalue() == "120 protocols are in the register, all made up.\n"
    assert digest(client) == DIGEST


@pytest.mark.usefixtures("empty_register", "today")
def test_another_seed_gives_another_register(client: Client):
    digests = set()
    for seed_of_it in (1, 2):
        empty_the_register()
        clear_index()
        generate(protocols=2, seed=seed_of_it)
        digests.add(digest(client))
    assert len(digests) == 2


@pytest.mark.usefixtures("empty_register", "today")
@pytest.mark.parametrize(("number", "said"), [(1, "1 protocol is in"), (21, "21 protocols are in")])
def test_it_can_be_small_and_saved_in_several_batches(client: Client, monkeypatch, number, said):
    for module in (seed, search_writer):
        monkeypatch.setattr(module, "BATCH", 10)
    assert generate(protocols=number, seed=number).startswith(said)
    assert Protocol.public.count() == SearchEntry.objects.count() == number
    for address in (
        "/?status=all",
        "/organisations/",
        "/news/",
        f"/protocols/{number}/",
        "/themes/",
    ):
        assert client.get(address, follow=True).status_code == 200


WRONG = {
    "no protocols": ({"protocols": 0}, "The number of protocols must be from 1 to 1000000, not 0."),
    "too many": ({"protocols": 1_000_001}, "must be from 1 to 1000000, not 1000001."),
    "a number in words": ({"protocols": "ten"}, "--protocols takes a whole number, not 'ten'."),
    "a seed below 0": ({"seed": -1}, "The seed must be a whole number from 0 up, not -1."),
    "a seed in words": ({"seed": "x"}, "--seed takes a whole number, not 'x'."),
    "no day": ({"on": "2026-02-30"}, "--on takes a day like 2026-11-22, not '2026-02-30'."),
    "a day long ago": ({"on": "0900-01-01"}, "must be from 2000-01-01 to 2100-12-31, not 0900"),
}


@pytest.mark.usefixtures("empty_register")
@pytest.mark.parametrize(("options", "told"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_made_is_refused_with_a_sentence(options, told, papers):
    with pytest.raises(CommandError) as refusal:
        generate(**options)
    assert told in str(refusal.value)
    assert is_empty()
    assert not papers.exists()


@pytest.mark.usefixtures("real_register")
def test_a_register_that_holds_something_is_left_as_it_is():
    before = Change.objects.count()
    with pytest.raises(CommandError) as refusal:
        generate()
    assert str(refusal.value) == (
        "The register holds something already, so nothing was made. "
        "Use an empty database: name another one in DATABASE_URL."
    )
    assert Change.objects.count() == before
    assert not Organisation.objects.filter(name__contains="Exampleshire").exists()
