"""What rules find, where people read it: lists, reviews, a protocol's page, mail links, admin."""

from __future__ import annotations

import re

import pytest
import time_machine
from django.test import Client

from registers.health.rules import RULES
from registers.models import Organisation
from tests.admin.typing_in import address
from tests.health.test_rules import change, slowly
from tests.public.answering import link_to
from tests.public.pages import found, links, listed, text
from tests.reminders.lines import a_line

pytestmark = pytest.mark.usefixtures("real_register", "today")
LIST = address("protocol", "changelist")


def references(door: Client, **question: str) -> list[str]:
    """The references in admin's list."""
    return [each.pk for each in door.get(LIST, question).context["cl"].result_list]


@pytest.mark.both_databases
def test_the_public_list_and_its_files_by_rule(client: Client):
    for key, expected in slowly().items():
        page = client.get("/", {"record": key, "sort": "reference"})
        assert (found(page), listed(page)) == (len(expected), expected), key
        rows = (
            client.get("/protocols.csv", {"record": key, "sort": "reference"})
            .getvalue()
            .decode()
            .splitlines()
        )
        assert [row.split(",")[0].strip('"') for row in rows if row[:2] == "00"] == expected
    assert found(client.get("/?record=past-year&record=lead-ended")) == 2
    assert found(client.get("/?record=no-items&organisation=provide")) == 4
    assert found(client.get("/?record=no-items&status=withdrawn")) == 0


def test_a_list_by_rule_keeps_its_filter_and_can_lose_it(client: Client):
    page = client.get("/?record=lead-ended")
    assert '<input type="hidden" name="record" value="lead-ended">' in page.content.decode()
    assert any("The lead has ended" in words for _, words in links(page))


def test_records_are_not_looked_through_as_of_another_day(client: Client):
    with time_machine.travel("2026-11-25T12:00:00Z", tick=False):
        assert client.get("/?record=no-items&on=2026-11-25").status_code == 200
        page = client.get("/?record=no-items&on=2026-11-24")
    assert page.status_code == 400
    assert "records are only looked through as of today" in text(page)
    assert client.get("/?record=no-such-rule").status_code == 400


@pytest.mark.parametrize("question", ["", "organisation=essex-county-council", "role=lead"])
def test_the_totals_of_reviews_lead_to_lists_as_long(client: Client, question):
    page = client.get(f"/reviews/?{question}")
    counts = dict(page.context["findings"])
    assert "What the records leave open" in text(page)
    assert len(counts) == 8
    for label, count in counts.items():
        led = client.get(str(count.href).replace("&amp;", "&"))
        assert (label, found(led)) == (label, count.count)
        assert len(listed(led)) == count.count


def test_of_another_day_reviews_say_nothing_of_records(client: Client):
    assert "What the records leave open" not in text(client.get("/reviews/?on=2027-01-31"))


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("0053", "reviews and whether Aquinas takes part."),
        ("0044", "whether it goes on after 2019 and what PH stands for."),
        ("0045", "reviews and who leads it now."),
        ("0042", "documents and reviews."),
    ],
)
def test_the_public_page_says_it_in_the_sentence_of_what_is_missing(
    client: Client, reference, words
):
    page = client.get(f"/protocols/{reference}/")
    said = re.search(r'id="missing">(.*?)</div>', page.content.decode(), re.DOTALL)
    assert said is not None
    assert words in re.sub(r"<[^>]+>", "", said[1])
    assert "same purpose" not in text(page)


def test_a_withdrawn_protocol_asks_nothing(client: Client):
    change("0044", status="withdrawn", withdrawn_on="2026-01-01", withdrawn_reason="Over.")
    assert "goes on after" not in text(client.get("/protocols/0044/"))


def test_the_leads_link_has_its_own_list(client: Client):
    words = text(client.get(link_to(a_line("0053"))))
    assert "It has the same purpose as 0054 and 0073, word for word." in words
    assert "No lawful basis is recorded." in words
    assert "Its review was due" not in words


@pytest.mark.both_databases
def test_the_list_of_admin_by_rule(officers_door):
    by_rule = slowly()
    assert {rule.key: references(officers_door, finding=rule.key) for rule in RULES} == by_rule
    assert len(references(officers_door, finding="any")) == 25
    assert references(officers_door, finding="past-year", review="overdue") == ["0044"]
    assert officers_door.get(LIST, {"finding": "nonsense"}).status_code == 302


def test_the_form_of_a_protocol_lists_what_to_put_right(officers_door):
    page = officers_door.get(address("protocol", "change", "0053"))
    words = text(page)
    assert words.index("The purpose names Aquinas") < words.index("No lawful basis is recorded")
    assert 'href="#parties-group">Add the body' in page.content.decode()
    change("0053", status="withdrawn", withdrawn_on="2026-01-01", withdrawn_reason="Over.")
    assert "To put right" not in text(officers_door.get(address("protocol", "change", "0053")))
    assert "To put right" not in text(officers_door.get(address("protocol", "add")))


def test_the_form_of_an_organisation_lists_what_it_leads(officers_door):
    ccg = Organisation.objects.get(name="West Essex CCG")
    words = text(officers_door.get(address("organisation", "change", ccg.pk)))
    assert "West Essex CCG leads it and has ended" in words
    council = Organisation.objects.get(name="Essex County Council")
    page = officers_door.get(address("organisation", "change", council.pk))
    (whole,) = [to for to, words in links(page) if words == "All 16 protocols"]
    assert len(officers_door.get(whole).context["cl"].result_list) == 16
    ecl = Organisation.objects.get(name="Essex Cares Ltd")
    assert "Nothing." in text(officers_door.get(address("organisation", "change", ecl.pk)))
