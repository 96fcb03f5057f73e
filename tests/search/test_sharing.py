"""Who is named together with whom, compared with a slow and plain answer."""

from __future__ import annotations

import datetime
import itertools
from collections import Counter

import pytest

from registers.models import Organisation
from registers.search.index import current_index
from registers.search.organisations import counts_by_role, named_together, named_with
from tests.makers import DAY, NO_PART
from tests.search.links_slowly import are_two_parties, binding

pytestmark = pytest.mark.django_db


def urgency(protocol) -> tuple[bool, datetime.date, str]:
    return (
        protocol["withdrawn"],
        protocol["review_date"] or datetime.date.max,
        protocol["reference"],
    )


def bound_by(register, protocol, slug, **how) -> set[str]:
    """Answer each question once for a register: pairs of organisations ask the same many times."""
    known = register.setdefault("bound", {})
    asked = (protocol["reference"], slug, *how.items())
    if asked not in known:
        known[asked] = binding(register["links"], protocol, slug, DAY, **how)
    return known[asked]


def are_named(register, protocol, one, other) -> bool:
    return are_two_parties(
        *(bound_by(register, protocol, slug, decided=True) for slug in (one, other))
    )


def with_predecessors(register, slug) -> set[str]:
    found, waiting = set(), {slug}
    while waiting:
        found |= waiting
        rows = register["links"]["successions"]
        waiting = {was for was, successor, _ in rows if successor in waiting} - found
    return found


class TestBesideASlowAnswer:
    def test_what_names_two_organisations_is_in_force_first_then_by_urgency(self, rich_register):
        organisations = Organisation.objects.in_bulk(
            rich_register["organisations"], field_name="slug"
        )
        shared, alike = [], []
        for one, other in itertools.combinations(organisations, 2):
            named = named_together(
                current_index(), organisations[one], organisations[other], on=DAY
            )
            both = [
                each
                for each in rich_register["protocols"]
                if bound_by(rich_register, each, one) and bound_by(rich_register, each, other)
            ]
            counted = [each for each in both if are_named(rich_register, each, one, other)]
            for found, wanted in (
                (named.protocols, counted),
                (named.bound_alike, [each for each in both if each not in counted]),
            ):
                assert [each.pk for each in found] == [
                    each["reference"] for each in sorted(wanted, key=urgency)
                ]
            current = [each for each in counted if not each["withdrawn"]]
            assert (named.current, named.withdrawn) == (len(current), len(counted) - len(current))
            assert named.leads == [
                sum(bool(bound_by(rich_register, each, slug, role="lead")) for each in current)
                for slug in (one, other)
            ]
            shared += counted
            alike += [each for each in both if each not in counted]
        assert any(each["withdrawn"] for each in shared)
        assert any(not each["review_date"] for each in shared)
        assert alike

    def test_an_organisation_is_named_together_with_the_parties_of_its_protocols_in_force(
        self,
        rich_register,
    ):
        names, listed = rich_register["organisations"], {}
        for organisation in Organisation.objects.filter(slug__in=names):
            in_force = [each for each in rich_register["protocols"] if not each["withdrawn"]]
            counted = Counter(
                other
                for protocol in in_force
                for other in names
                if other != organisation.slug
                if are_named(rich_register, protocol, organisation.slug, other)
            )
            # Who is bound through a group alone is not among them.
            beside = {
                slug
                for protocol in in_force
                if bound_by(rich_register, protocol, organisation.slug, decided=True)
                for slug, _ in protocol["parts"]
            }
            expected = sorted(
                (
                    (slug, number)
                    for slug, number in counted.items()
                    if beside & with_predecessors(rich_register, slug)
                ),
                key=lambda pair: (-pair[1], names[pair[0]]),
            )
            found = named_with(current_index(), organisation, on=DAY, most=100)
            assert [(other.slug, other.shared) for other in found.organisations] == expected
            assert found.count == len(expected)
            listed[organisation.slug] = dict(expected)
            parties = [{slug for slug, _ in protocol["parts"]} for protocol in in_force]
            beside = set().union(*(named for named in parties if organisation.slug in named))
            assert found.own == len(beside - {organisation.slug})
            few = named_with(current_index(), organisation, on=DAY, most=2)
            assert {(other.slug, other.shared) for other in few.organisations} <= set(expected)
            assert (len(few.organisations), few.count) == (min(2, len(expected)), len(expected))
        members = {member for _, member, *_ in rich_register["links"]["members"]}
        for one, other in itertools.permutations(set(listed) - members, 2):
            assert listed[one].get(other) == listed[other].get(one)
        nobody = Organisation.objects.get(name=NO_PART)
        assert named_with(current_index(), nobody, on=DAY, most=100).count == 0

    def test_the_counts_of_an_organisation_are_those_of_its_lists(self, rich_register):
        counts = counts_by_role(current_index(), on=DAY)
        in_force = [each for each in rich_register["protocols"] if not each["withdrawn"]]
        for slug in rich_register["organisations"]:
            found = counts(Organisation.objects.get(slug=slug).pk)
            expected = [
                sum(bool(bound_by(rich_register, each, slug, role=role)) for each in in_force)
                for role in ("lead", "partner", "")
            ]
            assert [found.leads, found.partner_in, found.protocols] == expected
