"""The list of protocols: what is missing, what is withdrawn, who leads, and how it is ordered."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registers.admin.protocol import IN_OUR_WORDS
from registers.models import Organisation, Party, Protocol, Theme
from registers.models.completeness import RECORD_ITEMS, missing
from tests.admin.typing_in import Page, address
from tests.makers import OrganisationFactory, find_all, make_protocols, make_rich_register

pytestmark = pytest.mark.usefixtures("real_register")

LIST = address("protocol", "changelist")


def page(door, **question):
    response = door.get(LIST, question)
    assert response.status_code == 200
    return response


def references(door, **question) -> list[str]:
    return [each.pk for each in page(door, **question).context["cl"].result_list]


def withdraw(reference: str) -> None:
    Protocol.objects.filter(pk=reference).update(
        status="withdrawn", withdrawn_on="2026-01-01", withdrawn_reason="Over."
    )


def test_each_says_how_much_of_it_is_there(officers_door):
    protocol = Protocol.objects.get(pk="0012")
    there = len(RECORD_ITEMS) - len(missing(protocol))
    row = page(officers_door, q="0012").content.decode()
    assert f'<td class="field-recorded">{there} of {len(RECORD_ITEMS)} fields</td>' in row


@pytest.mark.both_databases
@pytest.mark.parametrize("thing", RECORD_ITEMS, ids=lambda thing: thing.key)
def test_filter_by_what_is_missing(officers_door, thing):
    expected = [each.pk for each in Protocol.objects.all() if not thing.has(each)]
    assert references(officers_door, missing=thing.key) == expected


def test_each_thing_that_can_be_missing_is_a_choice(officers_door):
    whole = page(officers_door).content.decode()
    for thing in RECORD_ITEMS:
        assert f'href="?missing={thing.key}"' in whole


def test_a_draft_without_theme_and_lead_is_shown_and_found(officers_door):
    Protocol.objects.create(reference="0999", title="A draft", status="draft")
    found = page(officers_door, theme__isnull="True")
    assert [each.pk for each in found.context["cl"].result_list] == ["0999"]
    html = found.content.decode()
    assert '<td class="field-its_theme">No theme</td>' in html
    assert '<td class="field-lead">No lead</td>' in html
    (theme,) = [each for each in found.context["cl"].filter_specs if each.title == "theme"]
    assert [each["display"] for each in theme.choices(found.context["cl"])][-1] == "None"


@pytest.mark.parametrize(
    "sent", [{"action": "", "_selected_action": "0012"}, {"action": "publish"}]
)
def test_an_action_without_its_half_says_what_to_do(officers_door, sent):
    answer = officers_door.post(LIST, {"index": "0", **sent}, follow=True)
    (message,) = answer.context["messages"]
    assert str(message) in IN_OUR_WORDS.values()


def test_a_withdrawn_one_is_never_overdue(officers_door, today):
    withdraw("0046")
    assert '<td class="field-review">Not due</td>' in page(officers_door, q="0046").content.decode()
    assert "0046" not in references(officers_door, review="overdue")
    assert len(references(officers_door, review="overdue")) == 24
    assert references(officers_door, status__exact="withdrawn") == ["0046"]


@pytest.mark.both_databases
@pytest.mark.parametrize("sort", ["1", "-1", "2", "-2", "3", "-3", "5", "-5", "6", "7", "-7"])
def test_it_can_be_ordered(officers_door, sort):
    assert len(references(officers_door, o=sort)) == 25


@pytest.mark.both_databases
def test_it_is_ordered_by_what_is_there(officers_door):
    Protocol.objects.filter(pk="0046").update(version="V1", summary="Words.", lawful_basis="Law.")
    assert references(officers_door, o="-7")[0] == "0046"
    assert references(officers_door, o="7")[-1] == "0046"


def test_queries_do_not_grow_with_it(officers_door):
    theme = Theme.objects.first()
    lead = Organisation.objects.first()

    def asked(**question) -> int:
        with CaptureQueriesContext(connection) as queries:
            page(officers_door, **question)
        return len(queries)

    for question in ({}, {"q": "essex"}, {"missing": "signed"}, {"o": "7"}):
        asked(**question)
        few = asked(**question)
        make_protocols(20, theme=theme, parties=[lead], title="Essex")
        assert asked(**question) == few <= 8


class TestWhoLeads:
    @pytest.fixture
    def many(self):
        theme = Theme.objects.first()
        leads = [OrganisationFactory(name=f"Council {number:02}") for number in range(45)]
        protocols = make_protocols(45, theme=theme)
        Party.objects.bulk_create(
            Party(protocol=protocol, organisation=lead, role="lead")
            for protocol, lead in zip(protocols, leads, strict=True)
        )
        find_all()

    def test_of_many_a_name_is_typed(self, officers_door, many):
        response = page(officers_door, q="title", lead="council 07", review="none")
        whole = response.content.decode()
        assert 'value="council 07"' in whole
        assert '<input type="hidden" name="q" value="title">' in whole
        assert '<input type="hidden" name="review" value="none">' in whole
        assert "Council 08" not in whole
        [found] = response.context["cl"].result_list
        assert found.lead.organisation.name == "Council 07"
        assert Page(whole).inline == []

    @pytest.mark.both_databases
    def test_any_name_is_enough(self, officers_door):
        eput = Organisation.objects.named("EPUT").get()
        expected = Party.objects.filter(organisation=eput, role="lead").values("protocol")
        assert references(officers_door, lead="eput") == sorted(
            Protocol.objects.filter(pk__in=expected).values_list("pk", flat=True)
        )

    @pytest.mark.parametrize("typed", ["", " "])
    def test_none_typed_is_everyone(self, officers_door, many, typed):
        assert page(officers_door, lead=typed).context["cl"].result_count == 70

    def test_nobody_leads_nothing(self, officers_door, many):
        assert references(officers_door, lead="nobody at all") == []

    def test_a_few_are_listed(self, officers_door):
        assert 'id="filter-lead"' not in page(officers_door).content.decode()
        assert "Anglia Ruskin University</a>" in page(officers_door).content.decode()


class TestNothingThere:
    def test_by_this_question(self, officers_door):
        whole = page(officers_door, q="xyzzy").content.decode()
        assert '<a href="?">See all protocols</a>' in whole

    def test_at_all(self, officers_door, empty_register):
        assert "There are no protocols yet." in page(officers_door).content.decode()


@pytest.mark.both_databases
class TestAutocomplete:
    def ask(self, door, term):
        asked = {"app_label": "registers", "model_name": "party", "field_name": "organisation"}
        response = door.get("/admin/autocomplete/", {"term": term} | asked)
        return [result["text"] for result in response.json()["results"]]

    @pytest.mark.parametrize("kind", ["acronym", "former", "alias", "misspelling"])
    def test_it_says_which_name_was_found(self, officers_door, kind):
        Organisation.objects.named("Provide").get().names.create(
            text="Zebra Trust", key="zebra trust", kind=kind
        )
        assert self.ask(officers_door, "TRUST zeb") == ["Provide (Zebra Trust)"]

    def test_the_official_name_stands_alone(self, officers_door):
        assert self.ask(officers_door, "anglia ruskin") == ["Anglia Ruskin University"]

    def test_words_of_two_names_find_it_and_no_name_is_said(self, officers_door):
        name = "Essex Partnership University NHS Foundation Trust"
        assert self.ask(officers_door, "eput foundation") == [name]

    def test_queries_are_few(self, officers_door, django_assert_max_num_queries):
        with django_assert_max_num_queries(5):
            assert len(self.ask(officers_door, "e")) == 20


@pytest.mark.both_databases
def test_facets_count_what_the_choices_find(officers_door, empty_register, today):
    make_rich_register(5)
    whole = page(officers_door, _facets="1").content.decode()
    for thing in RECORD_ITEMS:
        count = page(officers_door, missing=thing.key).context["cl"].result_count
        assert f"{thing.words} ({count})" in whole
