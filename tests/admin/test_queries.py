"""What a change form and a save ask of the database: everything but savepoints is counted."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from registers.models import Protocol
from tests.admin.typing_in import address, boxes
from tests.cast import door_of

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("real_register")]

MANY_PARTIES = "0036"
FEW_PARTIES = "0046"
# One of these reads the options of all lists of the record, and one the version for findings.
FORM, SAVE = 19, 40


@pytest.fixture
def door(administrator) -> Client:
    made = door_of(administrator)
    made.get(address("protocol", "change", FEW_PARTIES))  # a server knows its content types
    return made


def queries(captured: CaptureQueriesContext) -> list[str]:
    sentences = [each["sql"] for each in captured]
    # A setting of the connection reads nothing.
    others = ("SAVEPOINT ", "RELEASE ", "SET ")
    return [sql for sql in sentences if not sql.startswith(others)]


@pytest.mark.parametrize("query", ["", "?plain=1"])
def test_a_change_form(door, query):
    assert Protocol.objects.get(pk=MANY_PARTIES).parties.count() > FORM
    with CaptureQueriesContext(connection) as captured:
        door.get(address("protocol", "change", MANY_PARTIES) + query)
    assert 0 < len(queries(captured)) <= FORM


@pytest.mark.parametrize("query", ["", "?plain=1"])
def test_a_save_of_one_field(door, query):
    url = address("protocol", "change", MANY_PARTIES) + query
    form = boxes(door, url) | {"purpose": "To find children at risk."}
    with CaptureQueriesContext(connection) as captured:
        assert door.post(url, form).status_code == 302
    assert 0 < len(queries(captured)) <= SAVE
    assert Protocol.objects.get(pk=MANY_PARTIES).purpose == "To find children at risk."


def test_as_many_for_many_parties_as_for_few(door):
    counts = []
    for reference in (FEW_PARTIES, MANY_PARTIES):
        with CaptureQueriesContext(connection) as captured:
            door.get(address("protocol", "change", reference))
        counts.append(len(queries(captured)))
    assert counts[0] == counts[1]
