"""`modified_since`: what was officially changed at a time or later, in lists in JSON."""

from __future__ import annotations

import datetime
import json
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.test import Client

from registers import changes
from registers.exports.facts import UNKNOWN_OF_THE_PAST
from registers.models import Document, Organisation, Overarching, Protocol, Review
from registers.search.modified_since import FIRST, LAST, MomentField
from tests.makers import make_protocols

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("real_register", "today"),
]

# In summer, so that London's time is another than UTC's. Half an hour into the first of July.
AT = datetime.datetime(2026, 6, 30, 23, 30, tzinfo=datetime.UTC)
LATER = datetime.datetime(2027, 6, 30, 23, 30, tzinfo=datetime.UTC)


def ask(client: Client, noun: str, **query: Any) -> dict[str, Any]:
    answer = client.get(f"/{noun}.json?{urlencode(query, doseq=True)}")
    assert answer.status_code == 200
    return json.loads(answer.getvalue())


@pytest.fixture
def renamed() -> None:
    """One protocol and one organisation were changed long after all the others."""
    protocol = Protocol.objects.get(pk="0036")
    police = Organisation.objects.get(slug="essex-police")
    protocol.title, police.note = "Another title", "Another note"
    for thing in (protocol, police):
        with changes.record_change(thing, at=LATER):
            changes.save(thing)


# Whether what changed at 00:30 in London on the first of July 2027 is among it.
SINCE = {
    "2027-06-30": True,
    "2027-07-01": True,
    "2027-07-02": False,
    "2027-06-30T23:30:00Z": True,
    "2027-06-30T23:30:01Z": False,
    "2027-07-01T00:30:00": True,
    "2027-07-01T00:30": True,
    "2027-07-01T00:31": False,
    "2027-07-01T00:30:00+01:00": True,
    "2027-07-01T01:30:00+02:00": True,
    "2027-07-01T01:31:00+02:00": False,
    "2027-06-30t23:29:59.5z": True,
    "9999-12-31": False,
    "9999-12-31T23:59:59-14:00": False,
}


@pytest.mark.both_databases
@pytest.mark.parametrize(("since", "is_in"), SINCE.items())
def test_what_changed_since(client: Client, renamed, since, is_in):
    with time_machine.travel(LATER + datetime.timedelta(hours=1), tick=False):
        protocols = ask(client, "protocols", modified_since=since)
        organisations = ask(client, "organisations", modified_since=since)
    assert [each["reference"] for each in protocols["results"]] == ["0036"] * is_in
    assert [each["slug"] for each in organisations["results"]] == ["essex-police"] * is_in
    assert protocols["count"] == organisations["count"] == is_in
    for each in (*protocols["results"], *organisations["results"]):
        assert each["modified"] == "2027-06-30T23:30:00Z"


@pytest.mark.both_databases
@pytest.mark.parametrize("since", ["2026-01-01", "0001-01-01", "0001-01-01T00:00:00+14:00"])
def test_before_everything_is_all(client: Client, since):
    for noun in ("protocols", "organisations"):
        assert ask(client, noun, modified_since=since) | {"next": None} == ask(client, noun) | {
            "next": None
        }


def test_a_plus_sign_that_became_a_space_is_one(client: Client, renamed):
    answer = client.get("/protocols.json?modified_since=2027-07-01T00:30:00+01:00")
    assert json.loads(answer.getvalue())["count"] == 1


def test_it_narrows_with_the_rest_and_stays_on_every_page(client: Client):
    make_protocols(60)
    for protocol in Protocol.objects.filter(pk__gte="500000"):
        with changes.record_change(protocol, at=LATER):
            protocol.purpose = "A purpose"
            changes.save(protocol)
    since = {"modified_since": "2027-06-30T23:30:00Z", "sort": "reference"}
    first = ask(client, "protocols", **since)
    assert (first["count"], len(first["results"])) == (60, 50)
    assert "modified_since=2027-06-30T23%3A30%3A00Z" in first["next"]
    second = ask(client, "protocols", page=2, **since)
    assert (second["count"], len(second["results"]), second["next"]) == (60, 10, None)
    assert ask(client, "protocols", review="overdue", **since)["count"] == 0


@pytest.mark.parametrize("noun", ["protocols", "organisations"])
@pytest.mark.parametrize(
    "since",
    [
        *("yesterday", "2026-13-01", "2026-02-30", "2026-11", "20261122", "2026-W10-1", "x" * 300),
        *("2026-11-22T25:00", "2026-11-22T09:00+25:00", "2026-11-22 09:00", "\0", "١٢"),
    ],
)
def test_what_is_no_moment_is_refused(client: Client, noun, since):
    answer = client.get(f"/{noun}.json", {"modified_since": since})
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert list(answer.json()["errors"]) == ["modified_since"]


@pytest.mark.parametrize("address", ["/protocols.csv", "/organisations.csv", "/sharing.json"])
def test_other_data_does_not_take_it(client: Client, address):
    answer = client.get(f"{address}?modified_since=2026-11-22")
    assert list(answer.json()["errors"]) == ["modified_since"]


@pytest.mark.both_databases
def test_moments_that_no_clock_can_say_are_the_first_and_the_last():
    field = MomentField(label="Modified since", required=False)
    assert field.clean("0001-01-01T00:00:00+14:00").at == FIRST
    assert field.clean("9999-12-31T23:59:59-14:00").at == LAST
    assert field.clean("") is None


def test_a_list_of_a_past_day_says_only_what_is_known_of_it(client: Client):
    protocol = Protocol.objects.get(pk="0036")
    with changes.record_change(protocol, at=LATER):
        protocol.status, protocol.withdrawn_reason = "withdrawn", "It ended."
        protocol.withdrawn_on = LATER.date()
        changes.save(protocol)
    asked = {"status": "all", "theme": protocol.theme.slug}
    with time_machine.travel(LATER + datetime.timedelta(days=9), tick=False):
        then, now = (
            next(
                each
                for each in ask(client, "protocols", **asked, **day)["results"]
                if each["reference"] == "0036"
            )
            for day in ({"on": "2026-11-22"}, {})
        )
    assert (then["withdrawn"], now["withdrawn"]) == (None, "2027-06-30")
    assert (then["modified"], now["modified"]) == ("2026-11-22T09:00:00Z", "2027-06-30T23:30:00Z")
    assert then["parties"] == now["parties"] != []
    for name in UNKNOWN_OF_THE_PAST:
        assert (then[name], now[name]) == (None, [])


def test_a_list_of_a_past_day_has_the_parts_of_that_day(client: Client):
    changed, stays = (Protocol.objects.get(pk=key) for key in ("0036", "0012"))
    broader = Protocol.objects.get(pk="0046")
    days = [LATER + datetime.timedelta(days=10 * number) for number in range(3)]

    def write(protocol: Protocol, number: int) -> None:
        with changes.record_change(protocol, at=days[number]):
            protocol.purpose = f"Purpose {number}"
            changes.save(protocol)
            changes.save(
                Review(
                    protocol=protocol,
                    reviewed_on=days[number].date(),
                    outcome="unchanged",
                    next_review=datetime.date(2028, 1, 1),
                    job_title=f"Reviewer {number}",
                    recorded_at=days[number],
                )
            )
            if number == 0:
                changes.save(Overarching(protocol=protocol, overarching=broader))
                Document.objects.create(protocol=protocol, title="Signed", file="a.pdf")

    with time_machine.travel(days[2] + datetime.timedelta(days=1), tick=False):
        for protocol in (changed, stays):
            write(protocol, 0)
        write(changed, 1)
        with changes.record_change(changed, at=days[2]):
            changes.remove(Overarching.objects.get(protocol=changed))
            Document.objects.create(protocol=changed, title="Another", file="b.pdf")

        def on(number: int, reference: str) -> tuple[Any, ...]:
            asked = {"on": (days[number] + datetime.timedelta(days=1)).date()} if number < 3 else {}
            found = ask(client, "protocols", status="all", **asked)["results"]
            said = next(each for each in found if each["reference"] == reference)
            return (
                [each["job_title"] for each in said["reviews"]],
                [each["reference"] for each in said["comes_under"]],
                said["documents"] and [each["title"] for each in said["documents"]],
            )

        reviewers = ["Reviewer 1", "Reviewer 0"]
        # Of those days the documents were others than today, and files may be gone.
        assert on(0, "0036") == (reviewers[1:], ["0046"], None)
        assert on(1, "0036") == (reviewers, ["0046"], None)
        assert on(3, "0036") == (reviewers, [], ["Another", "Signed"])
        for number in (0, 1, 3):
            assert on(number, "0012") == (reviewers[1:], ["0046"], ["Signed"])
