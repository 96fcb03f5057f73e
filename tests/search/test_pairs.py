"""Which two organisations are named together, compared with a slow and plain answer."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

from registers.models import Organisation
from registers.models.keys import key_of
from registers.search.index import current_index
from registers.search.pairs import (
    SORTS,
    PairList,
    Pairs,
    name_ranks,
    pair_list,
    pairs_around,
    pairs_of_all,
)
from registers.search.pairs import _PairCount as PairCount
from tests.makers import NO_PART, OrganisationFactory, make_protocols

pytestmark = pytest.mark.django_db


def slowly(register) -> Counter[tuple[str, str]]:
    """The number of protocols in force by pair of slugs, the first name of A to Z first."""
    names = register["organisations"]
    counted: Counter[tuple[str, str]] = Counter()
    for protocol in register["protocols"]:
        if not protocol["withdrawn"]:
            slugs = {slug for slug, _ in protocol["parts"]}
            in_order = sorted(slugs, key=lambda slug: key_of(names[slug]))
            counted.update(itertools.combinations(in_order, 2))
    return counted


def in_order(register, counted: Counter[tuple[str, str]]) -> list[tuple[str, str, int]]:
    """The most protocols first, then by the names."""
    names = register["organisations"]
    rows = [(one, other, number) for (one, other), number in counted.items()]
    return sorted(rows, key=lambda row: (-row[2], key_of(names[row[0]]), key_of(names[row[1]])))


def shown(rows) -> list[tuple[str, str, int]]:
    return [(row.organisation.slug, row.other.slug, row.protocols) for row in rows]


class TestBesideASlowAnswer:
    def test_pairs_of_all_organisations(self, rich_register):
        expected = in_order(rich_register, slowly(rich_register))
        pairs = pair_list(current_index(), None, "-protocols")
        assert shown(pairs[:]) == expected
        assert len(pairs) == len(expected)
        assert pairs.pairs.complete
        assert shown([pairs[3], pairs[-1]]) == [expected[3], expected[-1]]

    def test_the_pairs_with_the_most_protocols_are_kept(self, rich_register):
        expected = in_order(rich_register, slowly(rich_register))
        index = current_index()
        slugs = dict(Organisation.objects.values_list("pk", "slug"))
        for most in (1, 2, 7, 20):
            pairs = PairCount(index, name_ranks(index)).most(most)
            found = zip(pairs.organisation, pairs.other, pairs.protocols, strict=True)
            assert [(slugs[one], slugs[other], count) for one, other, count in found] == expected[
                :most
            ]
            assert not pairs.complete

    def test_pairs_around_one_organisation(self, rich_register):
        counted = slowly(rich_register)
        index = current_index()
        for organisation in Organisation.objects.filter(slug__in=rich_register["organisations"]):
            slug = organisation.slug
            around = Counter(
                {
                    (slug, other if one == slug else one): number
                    for (one, other), number in counted.items()
                    if slug in (one, other)
                }
            )
            expected = in_order(rich_register, around)
            assert shown(pair_list(index, organisation, "-protocols")[:]) == expected
        nobody = Organisation.objects.get(name=NO_PART)
        assert len(pairs_around(index, nobody, name_ranks(index))) == 0


def test_every_order(one_rich_register):
    names = one_rich_register["organisations"]
    keys = {
        "protocols": lambda row: row[2],
        "organisation": lambda row: key_of(names[row[0]]),
        "with": lambda row: key_of(names[row[1]]),
    }
    first = in_order(one_rich_register, slowly(one_rich_register))
    for sort, _ in SORTS:
        key = keys[sort.removeprefix("-")]
        expected = sorted(first, key=key, reverse=sort.startswith("-"))
        found = shown(pair_list(current_index(), None, sort)[:])
        assert sorted(found) == sorted(expected), sort
        assert list(map(key, found)) == list(map(key, expected)), sort


def test_pairs_are_counted_once_for_each_version(real_register):
    index = current_index()
    ranks = name_ranks(index)
    first = pairs_of_all(index, ranks)
    assert pairs_of_all(index, ranks) is first
    one, other = OrganisationFactory(name="Aa"), OrganisationFactory(name="Ab")
    make_protocols(1, parties=[one, other])
    later = current_index()
    again = pairs_of_all(later, name_ranks(later))
    assert len(again) == len(first) + 1


@pytest.mark.both_databases
def test_a_pair_that_was_merged_in_the_meantime_is_left_out(real_register):
    one, other = Organisation.objects.order_by("pk")[:2]
    nobody = Organisation.objects.order_by("pk").last().pk + 1
    pairs = Pairs(
        organisation=np.array([one.pk, one.pk, nobody]),
        other=np.array([nobody, other.pk, other.pk]),
        protocols=np.array([3, 2, 1]),
    )
    rows = PairList(pairs=pairs, order=np.arange(3))[:]
    assert shown(rows) == [(one.slug, other.slug, 2)]


def test_no_pair_in_an_empty_register(empty_register):
    assert len(pair_list(current_index(), None, "-protocols")) == 0
