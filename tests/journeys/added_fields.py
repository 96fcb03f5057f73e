"""What a reader and an officer find of fields that were added to a copy of this tree.

test_added_fields.py makes the copy and runs these tests in it; here, the fields are not there.
"""

from __future__ import annotations

import csv
import datetime
import html
import io
import json
import re
from dataclasses import dataclass
from typing import Any

import pytest
import time_machine
from django.test import Client

from registers.models import Protocol
from tests.admin import typing_in
from tests.exports.spreadsheets import by_odfdo, by_openpyxl
from tests.imports.uploading import apply, exported, leads_to, uploaded
from tests.public.pages import facts

REFERENCE = "0036"
FORM = f"/admin/registers/protocol/{REFERENCE}/change/"


@dataclass(frozen=True, kw_only=True)
class AddedField:
    """A field: what is written of it in the two lists, and what somebody records in it.

    `typed` goes into the form, `shown` stands on pages, `text` in tables and `data` in
    JSON; `edited` is what the exported table is edited to, and `edited_data` the same in JSON.
    """

    name: str
    model: str
    sections: str
    meaning: str
    label: str
    typed: str
    shown: str
    text: str
    data: Any
    edited: str
    edited_data: Any
    schema: dict[str, Any]

    missing: str = ""
    searched: bool = False

    @property
    def record(self) -> str:
        """Its record in the list of fields."""
        return (
            f'ProtocolField("{self.name}", {self.sections}, "{self.meaning}",'
            f" missing={self.missing or True!r}, searched={self.searched})"
        )


DAY = "2026-03-31"
DAY_AFTER = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)  # after `today`
TEXT = {"type": ["string", "null"]}
ADDED = [
    AddedField(
        name="legal_gateway",
        model='models.TextField("legal gateway", blank=True, help_text="The power to share.")',
        sections="WHY, SHARING",
        meaning="Which act gives the power.",
        searched=True,
        label="Legal gateway",
        typed="Children Act 2004,\nsection 10",
        shown="Children Act 2004,<br>section 10",
        text="Children Act 2004,\nsection 10",
        data="Children Act 2004,\nsection 10",
        edited="=Care Act 2014",
        edited_data="=Care Act 2014",
        schema=TEXT,
    ),
    AddedField(
        name="storage_place",
        model="models.CharField(max_length=100, blank=True)",
        sections="WHEN, RECORD",
        meaning="Where it is kept.",
        missing="Where it is kept",
        label="Storage place",
        typed="In Essex",
        shown="In Essex",
        text="In Essex",
        data="In Essex",
        edited="In Kent",
        edited_data="In Kent",
        schema=TEXT,
    ),
    AddedField(
        name="impact_assessment",
        model="models.CharField(max_length=20, blank=True, choices=["
        '("done", "Done"), ("not-needed", "Not needed"), ("none", "None")])',
        sections="SHARED, SHARING",
        meaning="Whether the risk was assessed.",
        label="Impact assessment",
        typed="not-needed",
        shown="Not needed",
        text="not-needed",
        data="not-needed",
        edited="Done",  # by its label
        edited_data="done",
        schema=TEXT | {"enum": ["done", "not-needed", "none", None]},
    ),
    AddedField(
        name="special_category",
        model='models.BooleanField("special category data", null=True, blank=True)',
        sections="SHARED, SHARING",
        meaning="Whether it is about health, faith and the like.",
        label="Special category data",
        typed="true",
        shown="Yes",
        text="yes",
        data=True,
        edited="no",
        edited_data=False,
        schema={"type": ["boolean", "null"]},
    ),
    AddedField(
        name="agreed_on",
        model='models.DateField("agreed on", null=True, blank=True)',
        sections="WHEN, RECORD",
        meaning="The day on which all agreed.",
        label="Agreed on",
        typed="31/03/2026",
        shown="31 March 2026",
        text=DAY,
        data=DAY,
        edited="1 April 2026",
        edited_data="2026-04-01",
        schema={"type": ["string", "null"], "format": "date"},
    ),
]
# Only administrators see it.
PRIVATE = "next_step"
PRIVATE_MODEL = "models.TextField(blank=True)"
PRIVATE_RECORD = f'ProtocolField("{PRIVATE}", NOTES, public=False)'
SECRET = "Ask the Caldicott Guardian again."
pytestmark = pytest.mark.usefixtures("real_register", "today")


@pytest.fixture
def saved(officers_door: Client) -> Client:
    """The door of an officer who has typed a value into each field of the form, and saved."""
    typed = {field.name: field.typed for field in ADDED} | {PRIVATE: SECRET}
    assert typed.keys() <= typing_in.boxes(officers_door, FORM).keys() | unselected(officers_door)
    answer = typing_in.send(officers_door, FORM, **typed, why="They were agreed.")
    assert answer.redirect_chain, typing_in.errors(answer)
    return officers_door


def unselected(door: Client) -> set[str]:
    """Return the names of the lists on the form, also those in which nothing is chosen."""
    return set(re.findall(r'<select name="(\w+)"', door.get(FORM).content.decode()))


def still_missing(door: Client, reference: str) -> list[str]:
    """Return what the form of a protocol says is missing."""
    page = html.unescape(door.get(FORM.replace(REFERENCE, reference)).content.decode())
    found = re.search(r"Still missing: ([^.]*)\.", re.sub("<[^>]*>", "", page))
    assert found
    return found[1].split("; ")


def row(page: str, heading: str) -> str:
    """Return the value under a heading in the details of a protocol's page."""
    found = re.search(
        rf"<dt[^>]*>\s*{re.escape(heading)}\s*</dt>\s*<dd[^>]*>(.*?)</dd>", page, re.DOTALL
    )
    assert found, heading
    return re.sub(r"</?(?:span|time)[^>]*>", "", found[1]).strip()


def record(client: Client, reference: str = REFERENCE) -> dict[str, Any]:
    whole = json.loads(client.get(f"/protocols.json?q={reference}").getvalue())
    return next(each for each in whole["results"] if each["reference"] == reference)


def test_pages_show_them_today_and_not_in_the_past(client, saved):
    page = client.get(f"/protocols/{REFERENCE}/").content.decode()
    past = client.get(f"/protocols/{REFERENCE}/?on=2026-11-21")
    other = client.get("/protocols/0012/")
    for field in ADDED:
        assert row(page, field.label) == field.shown
        missing = field.missing or field.label
        for without in (past, other):
            assert f"{missing[0].lower()}{missing[1:]}" in facts(without)["missing"]


def test_tables_have_their_columns_after_the_address(client, saved):
    names = [field.name for field in ADDED]
    text = client.get(f"/protocols.csv?q={REFERENCE}").getvalue().decode("utf-8-sig")
    heading, *rows = csv.reader(io.StringIO(text, newline=""))
    assert heading[-len(names) :] == names
    assert rows[0][-len(names) :] == [field.text for field in ADDED]
    wanted = [datetime.date(2026, 3, 31) if each == DAY else each for each in rows[0]]
    for ending, read in (("xlsx", by_openpyxl), ("ods", by_odfdo)):
        sheet = read(client.get(f"/protocols.{ending}?q={REFERENCE}").getvalue())["Protocols"]
        assert sheet[0] == heading
        assert sheet[1][-len(names) :] == wanted[-len(names) :]


def test_json_has_them_as_it_is_described(client, saved):
    described = client.get("/openapi.json").json()["components"]["schemas"]["Protocol"]
    shown, other = record(client), record(client, "0012")
    assert list(shown) == list(described["properties"]) == described["required"]
    for field in ADDED:
        assert shown[field.name] == field.data
        assert other[field.name] is None
        schema = described["properties"][field.name]
        assert schema == field.schema | {"description": field.meaning}


def test_the_history_says_what_was_recorded(client, saved):
    page = html.unescape(client.get(f"/protocols/{REFERENCE}/changes/").content.decode())
    assert "They were agreed." in page
    with time_machine.travel(DAY_AFTER):
        that_day = client.get(f"/protocols/{REFERENCE}/?on=2026-11-22").content.decode()
    for field in ADDED:
        assert field.label in page
        assert field.shown.partition("<br>")[0] in page
        assert row(that_day, field.label) == field.shown


def test_the_search_finds_a_text_and_shows_where(client, saved):
    page = client.get("/?q=children+act+2004")
    results = page.context["results"]
    assert [each.pk for each in results.iterator()] == [REFERENCE]
    assert re.search(r"Legal gateway.*<mark>Children</mark>", page.content.decode(), re.DOTALL)
    listed = saved.get("/admin/registers/protocol/?q=children+act+2004").context["cl"].queryset
    assert list(listed.values_list("pk", flat=True)) == [REFERENCE]


def test_they_are_missing_until_they_are_recorded(client, saved):
    of_this, of_another = still_missing(saved, REFERENCE), still_missing(saved, "0012")
    for field in ADDED:
        page = saved.get(f"/admin/registers/protocol/?missing={field.name.replace('_', '-')}")
        listed = set(page.context["cl"].queryset.values_list("pk", flat=True))
        assert listed == set(Protocol.objects.exclude(pk=REFERENCE).values_list("pk", flat=True))
        words = field.missing or field.label
        assert words in of_another
        assert words not in of_this


def test_what_is_not_public_is_on_the_form_alone(client, saved):
    assert SECRET in saved.get(FORM).content.decode()
    for address in (
        *(f"/protocols/{REFERENCE}/", f"/protocols/{REFERENCE}/changes/", "/openapi.json"),
        *("/protocols.csv", "/protocols.json", "/protocols.atom", "/?q=caldicott+again"),
    ):
        page = client.get(address)
        text = page.getvalue().decode()
        assert page.status_code == 200
        assert SECRET not in text
        assert PRIVATE not in text
    with time_machine.travel(DAY_AFTER):
        assert SECRET not in client.get(f"/protocols/{REFERENCE}/?on=2026-11-22").content.decode()


def test_an_earlier_state_is_put_back_but_for_what_is_not_public(client, saved):
    cleared = dict.fromkeys((field.name for field in ADDED), "")
    assert typing_in.send(saved, FORM, **cleared, **{PRIVATE: "They answered."}).redirect_chain
    assert {record(client)[field.name] for field in ADDED} == {None}
    history = saved.get(FORM.replace("change/", "history/")).content.decode()
    newest_first = re.findall(r'href="([^"]+/restore/[^"]+)"', history)
    assert typing_in.send(saved, newest_first[0]).redirect_chain
    assert {field.name: record(client)[field.name] for field in ADDED} == {
        field.name: field.data for field in ADDED
    }
    assert typing_in.boxes(saved, FORM)[PRIVATE] == "They answered."


def test_an_edited_export_comes_back(client, saved):
    edits = {field.name: field.edited for field in ADDED}
    assert leads_to(apply(saved, uploaded(saved, exported(saved, {REFERENCE: edits}))))
    assert {field.name: record(client)[field.name] for field in ADDED} == {
        field.name: field.edited_data for field in ADDED
    }
    assert all(record(client, "0012")[field.name] is None for field in ADDED)
