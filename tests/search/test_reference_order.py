"""The order of references in memory, and the position of each, in any spelling."""

from __future__ import annotations

import dataclasses
from random import Random

import numpy as np
import pytest

from registers import changes
from registers.models import Protocol
from registers.models.references import is_reference, reference_key
from registers.search.index import clear_index, current_index
from registers.search.reference_order import NO_REFERENCES, NOWHERE
from tests.models.making import a_protocol, make_cast
from tests.search.questions import results_of

PIECES = ("ISA", "isa", "DSA/", "-", "_", ".", "0", "00", "1", "2", "9", "10", "2021")


@pytest.fixture(autouse=True)
def any_form(settings) -> None:
    settings.PARTNERSHIP = dataclasses.replace(settings.PARTNERSHIP, references="any")


def made_up(random: Random) -> str:
    return "".join(random.choice(PIECES) for _ in range(random.randint(1, 6)))


@pytest.mark.parametrize("seed", range(20))
def test_it_is_as_a_sorted_list_whatever_comes_and_when(seed):
    random = Random(seed)
    stored: dict[int, str] = {}
    order, size = NO_REFERENCES, 1
    for _ in range(random.randint(1, 6)):
        keys = {reference_key(each) for each in stored.values()}
        come = dict(random.sample(sorted(stored.items()), len(stored) // 3))
        for _ in range(random.randint(0, 12)):
            reference = made_up(random)
            if is_reference(reference) and reference_key(reference) not in keys:
                keys.add(reference_key(reference))
                come[size] = reference
                size += random.randint(1, 3)
        stored |= come
        order = order.updated(size, np.array(list(come), np.int64), list(come.values()))
    slowly = sorted(stored, key=lambda position: reference_key(stored[position]))
    assert order.positions.tolist() == slowly
    assert order.at(slowly) == [stored[position] for position in slowly]
    assert [int(order.ranks[position]) for position in slowly] == list(range(len(slowly)))
    for position, reference in stored.items():
        assert order.position_of(reference.swapcase()) == position
        assert order.positions_of([reference, "none-0"]).tolist() == [position, NOWHERE]


def test_a_restored_backup_can_have_another_reference_at_a_position():
    order = NO_REFERENCES.updated(3, np.array([1, 2]), ["ISA-1", "ISA-2"])
    order = order.updated(3, np.array([1]), ["A-LONGER-ONE-3"])
    assert order.at([1, 2]) == ["A-LONGER-ONE-3", "ISA-2"]
    assert order.position_of("ISA-1") is None
    assert order.positions.tolist() == [1, 2]


def test_what_is_known_costs_nothing():
    order = NO_REFERENCES.updated(3, np.array([1, 2]), ["ISA-1", "ISA-2"])
    assert order.updated(3, np.array([2]), ["ISA-2"]) is order


@pytest.mark.django_db
@pytest.mark.both_databases
def test_lists_are_in_natural_order(real_register):
    make_cast()
    for reference in ("ISA-12", "ISA-9", "isa-100", "FIP/2021/14"):
        changes.save(a_protocol(reference))
    listed = [each.pk for each in results_of("sort=reference&status=all").iterator()]
    assert listed[-4:] == ["FIP/2021/14", "ISA-9", "ISA-12", "isa-100"]
    assert listed == [each.pk for each in Protocol.public.get_queryset()]
    clear_index()
    assert listed == [each.pk for each in results_of("sort=reference&status=all").iterator()]


SPELLINGS = {"12": "0012", "0012": "0012", "00012": "0012", "isa-012": "ISA-012"}
NOTHING = ("", "..", "1" * 40, "13", "ISA-13", "1" * 41, "٠٠١٢", "0012 ", "a" * 4000 + "1", "\x00")


@pytest.mark.django_db
def test_a_position_by_any_spelling(real_register):
    make_cast()
    changes.save(a_protocol("ISA-012"))
    changes.save(a_protocol("9050", status="draft"))
    index = current_index()
    for written, reference in SPELLINGS.items():
        position = index.position_of(written)
        assert position is not None
        assert index.references.at([position]) == [reference]
    assert [index.position_of(written) for written in (*NOTHING, "9050")] == [None] * 11
