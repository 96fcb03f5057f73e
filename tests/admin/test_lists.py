"""The lists: what they find, what they count, and how often they ask the database."""

from __future__ import annotations

import datetime

import pytest

from registers.models import Organisation, Protocol
from registers.models.review_dates import ReviewStatus
from tests.admin.typing_in import address, messages

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("real_register")]


def found(door, noun, **question):
    response = door.get(address(noun, "changelist"), question)
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


def references(door, **question):
    return [protocol.reference for protocol in found(door, "protocol", **question)]


class TestProtocols:
    @pytest.mark.parametrize(
        ("words", "reference"),
        [
            ("0046", "0046"),
            ("child health information system for schools", "0046"),
            ("EPUT", "0046"),
            ("essex partnership university nhs foundation trust", "0046"),
            ("Thurrock Unitary Authority", "0012"),
            ("priority skills", "0012"),
        ],
    )
    def test_search(self, officers_door, words, reference):
        assert reference in references(officers_door, q=words)

    def test_each_is_listed_once_whatever_matches(self, officers_door):
        listed = references(officers_door, q="essex")
        assert len(listed) == len(set(listed)) > 5

    def test_nothing_found_is_an_empty_list(self, officers_door):
        assert references(officers_door, q="xyzzy") == []

    def test_the_list_says_lead_and_review(self, officers_door, today):
        page = officers_door.get(address("protocol", "changelist"), {"q": "0012"}).content.decode()
        assert "Essex County Council" in page
        assert "Overdue: March 2024" in page
        assert "Published" in page

    def test_no_lead_and_no_review_month_are_said(self, officers_door):
        Protocol.objects.create(
            reference="9001", title="Draft", theme=Protocol.objects.first().theme
        )
        row = officers_door.get(address("protocol", "changelist"), {"q": "9001"}).content.decode()
        assert ReviewStatus.NONE.label in row
        assert '<td class="field-lead">No lead</td>' in row

    def test_filter_by_review_today(self, officers_door, today):
        Protocol.objects.filter(pk="0046").update(review_date=datetime.date(2026, 12, 1))
        assert references(officers_door, review="due-soon") == ["0046"]
        assert len(references(officers_door, review="overdue")) == 24

    def test_filter_by_lead(self, officers_door):
        provide = Organisation.objects.named("Provide").get()
        assert references(officers_door, lead=provide.slug) == ["0046"]

    def test_filter_by_what_is_unclear(self, officers_door):
        unclear = set(references(officers_door, unclear="yes"))
        assert "0036" in unclear
        assert unclear.isdisjoint(references(officers_door, unclear="no"))

    def test_the_filters_count(self, officers_door, today):
        page = officers_door.get(address("protocol", "changelist"), {"_facets": "1"})
        assert "Overdue (25)" in page.content.decode()

    @pytest.mark.parametrize(
        "question",
        [
            {"review": "late"},
            {"lead": "nobody"},
            {"unclear": "perhaps"},
            {"theme__id__exact": "x"},
            {"theme__id__exact": "9" * 33},
            {"status__exact": "lost"},
            {"p": "0"},
            {"o": "99"},
        ],
        ids=str,
    )
    def test_a_question_that_cannot_be_right_is_no_failure(self, officers_door, question):
        response = officers_door.get(address("protocol", "changelist"), question, follow=True)
        assert response.status_code == 200

    def test_that_a_filter_could_not_be_read_is_said(self, officers_door):
        response = officers_door.get(
            address("protocol", "changelist"), {"missing": "nonsense"}, follow=True
        )
        assert "A filter in the address is not valid" in messages(response)

    def test_the_list_has_its_own_name(self, officers_door):
        page = officers_door.get(address("protocol", "changelist")).content.decode()
        assert "<h1>Protocols</h1>" in page

    def test_queries_do_not_grow_with_the_list(self, officers_door, django_assert_num_queries):
        url = address("protocol", "changelist")
        assert len(officers_door.get(url).context["cl"].result_list) == 25
        with django_assert_num_queries(8):
            officers_door.get(url)


class TestOrganisations:
    @pytest.mark.parametrize("words", ["EPUT", "eput", "Essex  Partnership University NHS"])
    def test_search_by_any_name(self, officers_door, words):
        names = [
            organisation.name for organisation in found(officers_door, "organisation", q=words)
        ]
        assert names == ["Essex Partnership University NHS Foundation Trust"]

    def test_counts_current_protocols(self, officers_door):
        for organisation in found(officers_door, "organisation", q="essex"):
            current = Protocol.objects.current().of_organisations([organisation])
            assert organisation.protocol_count == current.count()

    def test_the_unclear_note_begins_in_the_list(self, officers_door):
        page = officers_door.get(address("organisation", "changelist"), {"unclear": "yes"})
        assert "Published in three ways" in page.content.decode()

    def test_queries_do_not_grow_with_the_list(self, officers_door, django_assert_num_queries):
        url = address("organisation", "changelist")
        assert len(officers_door.get(url).context["cl"].result_list) > 50
        with django_assert_num_queries(5):
            officers_door.get(url)


class TestAutocomplete:
    def ask(self, door, term, model="party", field="organisation"):
        response = door.get(
            "/admin/autocomplete/",
            {"term": term, "app_label": "registers", "model_name": model, "field_name": field},
        )
        return [result["text"] for result in response.json()["results"]]

    def test_an_acronym_finds_the_official_name(self, officers_door):
        names = self.ask(officers_door, "eput")
        assert names == ["Essex Partnership University NHS Foundation Trust (EPUT)"]

    def test_a_protocol_is_found_by_its_reference(self, officers_door):
        assert len(self.ask(officers_door, "0046", "overarching", "overarching")) == 1


@pytest.mark.parametrize("noun", ["approver", "change", "news", "resource", "theme"])
def test_the_other_lists_search(officers_door, noun, django_assert_max_num_queries):
    with django_assert_max_num_queries(6):
        assert found(officers_door, noun, q="xyzzy") == []


@pytest.mark.parametrize("key", ["9" * 33, "x", "-1"])
def test_an_address_that_cannot_be_right_is_no_failure(officers_door, key):
    response = officers_door.get(address("organisation", "change", key), follow=True)
    assert response.status_code == 200
    assert "doesn’t exist" in response.content.decode()
