"""What the database refuses when a transaction ends: a thing in use taken away or renumbered."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction

from registers.models import Party, Protocol
from tests.models.making import make_cast

# Foreign keys are looked at when the transaction ends, so each test needs a real one.
pytestmark = [pytest.mark.both_databases, pytest.mark.django_db(transaction=True)]


def run(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


AT_COMMIT = {
    "a new number for an official protocol": (
        "UPDATE registers_protocol SET reference = '9999' WHERE reference = '9002'",
    ),
    "a new number for a withdrawn protocol": (
        "UPDATE registers_protocol SET reference = '9999' WHERE reference = '9003'",
    ),
    "an official protocol deleted": ("DELETE FROM registers_protocol WHERE reference = '9002'",),
    "a withdrawn protocol deleted": ("DELETE FROM registers_protocol WHERE reference = '9003'",),
    "an official protocol deleted with its parties": (
        "DELETE FROM registers_party WHERE protocol_id = '9001'",
        "DELETE FROM registers_protocol WHERE reference = '9001'",
    ),
    "all protocols deleted": (
        "DELETE FROM registers_party",
        "DELETE FROM registers_protocol",
    ),
    # What else points at Birch Trust goes first: it is its part in 9001 that keeps it.
    "an organisation in use deleted": (
        "DELETE FROM registers_name WHERE text = 'Birch Trust'",
        "DELETE FROM registers_slug WHERE text = 'birch-trust'",
        "UPDATE registers_change SET organisation_id = NULL",
        "DELETE FROM registers_organisation WHERE name = 'Birch Trust'",
    ),
    "a theme in use deleted": ("DELETE FROM registers_theme WHERE slug = 'housing'",),
    "a party in no protocol": (
        "UPDATE registers_party SET protocol_id = '9998' WHERE position = 1",
    ),
    "replaced by no protocol": (
        "UPDATE registers_protocol SET replaced_by_id = '9998' WHERE reference = '9001'",
    ),
}


@pytest.mark.parametrize("statements", AT_COMMIT.values(), ids=AT_COMMIT)
def test_the_database_refuses_when_the_transaction_ends(statements):
    make_cast()
    with pytest.raises(IntegrityError, match=r"(?i)foreign key"), transaction.atomic():
        run(*statements)
    assert Protocol.objects.filter(reference__startswith="900").count() == 4
    assert Party.objects.filter(protocol="9001").count() == 2


UNUSED = {
    "a draft deleted": ("DELETE FROM registers_protocol WHERE reference = '9004'",),
    "a theme not in use deleted": ("DELETE FROM registers_theme WHERE slug = 'transport'",),
    "an organisation not in use deleted": (
        "DELETE FROM registers_name WHERE text = 'Cedar Charity'",
        "DELETE FROM registers_slug WHERE text = 'cedar-charity'",
        "UPDATE registers_change SET organisation_id = NULL",
        "DELETE FROM registers_organisation WHERE name = 'Cedar Charity'",
    ),
}


@pytest.mark.parametrize("statements", UNUSED.values(), ids=UNUSED)
def test_the_database_lets_go_of_what_nothing_needs(statements):
    make_cast()
    with transaction.atomic():
        run(*statements)
