"""Each rule finds what it should of a record and of the real register, and nothing else."""

from __future__ import annotations

import dataclasses
import datetime
from collections import defaultdict

import numpy as np
import pytest
from django.test import override_settings

from registers import changes
from registers.health.rules import RULES
from registers.models import Membership, Organisation, Party, Protocol, Succession
from registers.models.abbreviations import Abbreviation
from registers.search import findings
from registers.search.findings import findings_of, found_by, open_questions
from registers.search.index import current_index
from tests.conftest import TODAY
from tests.makers import OrganisationFactory, ProtocolFactory

pytestmark = pytest.mark.usefixtures("real_register")

ALL = [each.key for each in RULES]


def found(reference: str, on: datetime.date = TODAY) -> dict[str, str]:
    """The sentences about a protocol as it is stored, by rule."""
    protocol = Protocol.objects.with_parties().get(pk=reference)
    return {each.rule.key: each.sentence for each in findings_of(protocol, current_index(), on)}


def change(reference: str, **values) -> None:
    """Save values of a protocol as an official change."""
    protocol = Protocol.objects.get(pk=reference)
    with changes.record_change(protocol, at=datetime.datetime.now(datetime.UTC)):
        for name, value in values.items():
            setattr(protocol, name, value)
        changes.save(protocol)


def by_rule(on: datetime.date = TODAY) -> dict[str, list[str]]:
    """The protocols in force of which each rule finds something, by the index."""
    index = current_index()
    return {
        key: sorted(index.references.at(np.flatnonzero(found_by(index, key, on)))) for key in ALL
    }


def slowly(on: datetime.date = TODAY) -> dict[str, list[str]]:
    """The same, asked of one record after the other."""
    index, made = current_index(), defaultdict(list)
    for protocol in Protocol.objects.filter(status="published").order_by("reference"):
        for each in findings_of(protocol, index, on):
            made[each.rule.key].append(protocol.pk)
    return {key: sorted(made[key]) for key in ALL}


@pytest.mark.both_databases
def test_the_real_register():
    whole = sorted(Protocol.objects.values_list("pk", flat=True))
    assert len(whole) == 25
    assert (
        by_rule()
        == slowly()
        == {
            "lead-ended": ["0045"],
            "same-purpose": ["0053", "0054", "0073"],
            "no-party": ["0053", "0072", "0073"],
            "no-condition": [],
            "no-controller": [],
            "no-basis": whole,
            "no-items": whole,
            "overdue": whole,
            "past-year": ["0044"],
            "abbreviation": ["0017", "0018", "0036", "0044", "0046", "0072", "0073"],
            "no-document": whole,
        }
    )


@pytest.mark.parametrize(
    ("reference", "key", "words"),
    [
        (
            "0045",
            "lead-ended",
            "West Essex Integrated Care Board has stood in its place since 1",
        ),
        ("0053", "same-purpose", "0054 and 0073"),
        ("0073", "same-purpose", "0053 and 0054"),
        ("0053", "no-party", "Aquinas, which takes no part"),
        ("0072", "no-party", "Essex Cares Ltd"),
        ("0044", "past-year", "2019"),
        ("0018", "abbreviation", "BEST stands for"),
        ("0036", "abbreviation", "HIP and ASC stand for"),
        ("0044", "abbreviation", "PH"),
        ("0046", "abbreviation", "TPP"),
        ("0072", "abbreviation", "ACE"),
        ("0073", "abbreviation", "EWASS"),
        ("0036", "overdue", "August 2019"),
    ],
)
def test_what_it_says_of_the_real_register(reference, key, words):
    assert words in found(reference)[key]


def test_another_day():
    assert by_rule(datetime.date(2019, 1, 1)) == slowly(datetime.date(2019, 1, 1))
    assert by_rule(datetime.date(2019, 1, 1))["past-year"] == []
    assert by_rule(datetime.date(2019, 1, 1))["lead-ended"] == []
    assert by_rule(datetime.date(2019, 1, 1))["overdue"] == ["0032", "0037"]


@pytest.mark.both_databases
def test_what_changed_is_looked_through_again(monkeypatch):
    by_rule()
    read = []
    usual = findings._records_since

    def noted(number, size):
        for position, record in usual(number, size):
            read.append(record.reference)
            yield position, record

    monkeypatch.setattr(findings, "_records_since", noted)
    change("0053", purpose="To issue penalty notices, which the council does for schools in Essex.")
    assert by_rule() == slowly()
    assert by_rule()["same-purpose"] == ["0054", "0073"]
    assert by_rule()["no-party"] == ["0072", "0073"]
    assert read == ["0053"]
    change("0044", status="withdrawn", withdrawn_on=TODAY, withdrawn_reason="The survey ended.")
    assert by_rule() == slowly()
    assert "0044" not in {each for several in by_rule().values() for each in several}
    assert found("0044") == {}


def test_a_name_or_an_abbreviation_that_is_recorded_is_looked_for_in_all():
    by_rule()
    Abbreviation.objects.create(short="TPP", meaning="a maker of software")
    change("0012", information_items="Data of learners")
    assert by_rule() == slowly()
    assert "0046" not in by_rule()["abbreviation"]


def test_the_partnerships_own_abbreviations(settings):
    own = dict(settings.PARTNERSHIP.abbreviations, BEST="Business Essex, Southend and Thurrock")
    partnership = dataclasses.replace(settings.PARTNERSHIP, abbreviations=own)
    with override_settings(PARTNERSHIP=partnership):
        assert "abbreviation" not in found("0017")


SPECIAL = {"special_categories": "Health\nTrade union membership"}
NO_PART_3 = {"does_not_apply": "special_conditions"}


@pytest.mark.parametrize(
    ("values", "is_found"),
    [
        (SPECIAL, True),
        ({"special_categories": "None"}, False),
        ({}, False),
        (SPECIAL | {"special_conditions": "Public health: UK GDPR Article 9(2)(i)"}, False),
        (SPECIAL | NO_PART_3, True),
        (SPECIAL | NO_PART_3 | {"law_enforcement": True}, False),
    ],
)
def test_special_category_data_without_a_condition(values, is_found):
    change("0012", **values)
    assert ("no-condition" in found("0012")) is is_found
    assert by_rule()["no-condition"] == slowly()["no-condition"] == ["0012"] * is_found


def test_a_processor_without_a_controller():
    parties = Party.objects.filter(protocol="0012")
    parties.filter(organisation__name="Kent County Council").update(legal_role="processor")
    change("0012", version="V3")
    assert "Kent County Council" in found("0012")["no-controller"]
    assert by_rule() == slowly()
    parties.filter(role="lead").update(legal_role="joint")
    change("0012", version="V4")
    assert "no-controller" not in found("0012")
    assert by_rule() == slowly()


def test_what_does_not_apply_is_not_missing():
    change("0012", does_not_apply="information_items\nbases")
    change("0017", lawful_basis="The public task of the council")
    change("0018", bases="Public task: UK GDPR Article 6(1)(e)", information_items="Names")
    for reference in ("0012", "0017", "0018"):
        assert "no-basis" not in found(reference)
    assert "no-items" in found("0017")
    assert "no-items" not in found("0012") | found("0018")
    assert by_rule() == slowly()


@pytest.mark.parametrize("is_successor", [True, False])
def test_a_body_that_took_the_place_of_a_party_or_whose_place_it_took_is_a_party(is_successor):
    both = [Organisation.objects.get(name=name) for name in ("ACE", "Essex Cares Ltd")]
    before, after = both if is_successor else both[::-1]
    with changes.record_change(before, at=datetime.datetime.now(datetime.UTC)):
        changes.save(Succession(organisation=before, successor=after))
    assert "no-party" not in found("0072")
    assert by_rule() == slowly()


def test_places_are_no_bodies():
    """'Medway' is an alias of Medway Council, and where people live."""
    change("0017", purpose="It is for people in the Medway and East Sussex areas of the south.")
    assert "no-party" not in found("0017")
    change("0017", purpose="Its data goes to Medway Council and to Kent County Council too.")
    assert "Medway Council and Kent County Council" in found("0017")["no-party"]


def test_many_are_counted():
    purpose = "It goes to Medway Council, Kent County Council, Essex Police, Provide CIC and ARU."
    change("0017", purpose=purpose)
    assert "Essex Police and 2 more" in found("0017")["no-party"]


def test_a_lead_that_ended_without_a_day():
    lead, new = Organisation.objects.get(name="Anglia Ruskin University"), OrganisationFactory()
    with changes.record_change(lead, at=datetime.datetime.now(datetime.UTC)):
        changes.save(Succession(organisation=lead, successor=new))
    assert f"{new.name} stands in its place." in found("0069")["lead-ended"]
    assert by_rule() == slowly()
    assert by_rule()["lead-ended"] == ["0045", "0069"]


def test_a_draft_is_looked_through_and_asks_the_public_nothing():
    draft = ProtocolFactory(status="draft", purpose=Protocol.objects.get(pk="0054").purpose)
    assert "0053, 0054 and 0073" in found(draft.pk)["same-purpose"]
    assert open_questions(draft, current_index(), TODAY) == []


def test_a_member_of_a_group_is_bound():
    group = Organisation.objects.get(name="All Essex Schools")
    ecl = Organisation.objects.get(name="Essex Cares Ltd")
    party = Party.objects.get(protocol="0072", organisation__name="ACE")
    Party.objects.filter(pk=party.pk).update(organisation=group)
    with changes.record_change(group, at=datetime.datetime.now(datetime.UTC)):
        changes.save(Membership(group=group, member=ecl))
    change("0072", version="1")
    assert "no-party" not in found("0072")
    assert by_rule() == slowly()
