"""Who shares with whom, compared with a slow and plain answer."""

from __future__ import annotations

import datetime
import itertools
from collections import Counter

import pytest

from registers.models import Organisation
from registers.search.index import current_index
from registers.search.organisations import shared_by, sharing_with
from tests.makers import NO_PART

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db]


def parties(protocol) -> set[str]:
    return {slug for slug, _ in protocol["parts"]}


def urgency(protocol) -> tuple[bool, datetime.date, str]:
    return (
        protocol["withdrawn"],
        protocol["review_date"] or datetime.date.max,
        protocol["reference"],
    )


def test_what_two_organisations_share_is_in_force_first_then_by_urgency(rich_register):
    organisations = Organisation.objects.in_bulk(rich_register["organisations"], field_name="slug")
    shared = []
    for one, other in itertools.combinations(organisations, 2):
        both = [each for each in rich_register["protocols"] if {one, other} <= parties(each)]
        found = shared_by(current_index(), organisations[one], organisations[other]).protocols
        assert [each.pk for each in found] == [
            each["reference"] for each in sorted(both, key=urgency)
        ]
        shared += both
    assert any(each["withdrawn"] for each in shared)
    assert any(not each["review_date"] for each in shared)


def test_an_organisation_shares_with_the_parties_of_its_protocols_in_force(rich_register):
    for organisation in Organisation.objects.filter(slug__in=rich_register["organisations"]):
        counted = Counter(
            other
            for protocol in rich_register["protocols"]
            if not protocol["withdrawn"] and organisation.slug in parties(protocol)
            for other in parties(protocol) - {organisation.slug}
        )
        names = rich_register["organisations"]
        expected = sorted(counted.items(), key=lambda pair: (-pair[1], names[pair[0]]))
        sharing = sharing_with(current_index(), organisation, most=100)
        assert [(other.slug, other.shared) for other in sharing.organisations] == expected
        assert sharing.count == len(expected)
        few = sharing_with(current_index(), organisation, most=2)
        assert [other.shared for other in few.organisations] == [n for _, n in expected[:2]]
        assert few.count == len(expected)
    assert (
        sharing_with(current_index(), Organisation.objects.get(name=NO_PART), most=100).count == 0
    )
