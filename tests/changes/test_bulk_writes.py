"""Many rows updated at once, beside the same rows saved one by one."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence

import pytest
from django.db import DataError, connection, models
from django.test.utils import CaptureQueriesContext

from registers.changes.bulk_writes import update_rows
from registers.models import Organisation, Protocol
from tests.makers import OrganisationFactory, ProtocolFactory

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]
MARCH = datetime.date(2027, 3, 1)
COLUMNS = ("title", "purpose", "review_date", "parties_complete", "status")
# Texts that a query could read as signs of its own, and values of mixed types.
VALUES = [
    ('It\'s {"quoted"}, \\ and %s; NULL', "Two\nlines\t\\N 🙂", None, None, Protocol.Status.DRAFT),
    ("{}", "", MARCH, False, "draft"),
    ("NULL", "'", None, True, "draft"),
]


def one_by_one(rows: Sequence[tuple[models.Model, Sequence[str]]]) -> None:
    """Save each row by Django's own means."""
    for row, columns in rows:
        row.save(update_fields=columns)


def stored_after(
    update: Callable[[list[tuple[models.Model, list[str]]]], None],
) -> list[dict[str, object]]:
    """Return what is stored of new protocols, in their order, after each got values of its own."""
    protocols = ProtocolFactory.create_batch(9, theme=None, status="draft")
    rows = [(each, VALUES[at % len(VALUES)]) for at, each in enumerate(protocols)]
    for protocol, values in rows:
        for name, value in zip(COLUMNS, values, strict=True):
            setattr(protocol, name, value)
    update([(protocol, [*COLUMNS]) for protocol in protocols])
    stored = Protocol.objects.filter(pk__in=[each.pk for each in protocols])
    return [
        {name: value for name, value in each.items() if not name.startswith("reference")}
        for each in stored.order_by("pk").values()
    ]


def test_they_hold_what_saving_each_would_store():
    at_once = stored_after(update_rows)
    assert [each["title"] for each in at_once[:3]] == [title for title, *_ in VALUES]
    assert at_once == stored_after(one_by_one)


def test_an_address_that_one_gives_up_can_be_the_next_ones():
    """It is unique, so the rows are updated in their order."""
    first, second = OrganisationFactory(slug="first"), OrganisationFactory(slug="second")
    first.slug, second.slug = "third", "first"
    update_rows([(first, ["slug"]), (second, ["slug"])])
    stored = Organisation.objects.in_bulk([first.pk, second.pk])
    assert (stored[first.pk].slug, stored[second.pk].slug) == ("third", "first")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite holds a text of any length")
class TestOfPostgreSQL:
    def test_one_statement_is_enough(self):
        rows = [(each, ["purpose"]) for each in ProtocolFactory.create_batch(9)]
        with CaptureQueriesContext(connection) as queries:
            update_rows(rows)
        assert len(queries) == 1

    def test_a_text_that_is_too_long_is_refused_and_not_cut(self):
        protocol = ProtocolFactory(title="Short")
        protocol.title = "x" * 1000
        with pytest.raises(DataError):
            update_rows([(protocol, ["title"])])
