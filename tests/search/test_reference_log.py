"""The reference log, proved against one that lays every number out."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from registers import changes
from registers.models import Gap, Protocol, Theme, UsedReference
from registers.search.reference_log import (
    LONGEST_GAP,
    LogFilter,
    ReferenceLog,
    gap_of,
    highest_reference,
    next_reference,
    unexplained_gaps,
)
from tests.makers import DAY, ThemeFactory
from tests.models.making import NOW, a_protocol

pytestmark = pytest.mark.both_databases


def put(*references: str, **fields: object) -> None:
    theme = Theme.objects.first() or ThemeFactory()
    Protocol.objects.bulk_create(
        Protocol(reference=each, title="A title", theme=theme, **fields) for each in references
    )


def slowly(shown: LogFilter) -> list[int]:
    used = {int(each) for each in Protocol.objects.values_list("pk", flat=True)}
    told = {int(each) for each in Gap.objects.values_list("pk", flat=True)}
    left_out = {LogFilter.ALL: set(), LogFilter.GAPS: used, LogFilter.UNEXPLAINED: used | told}[
        shown
    ]
    deleted = {int(each) for each in UsedReference.objects.values_list("pk", flat=True)}
    points = sorted({0} | used | told | deleted)
    breaks = [(low, high) for low, high in pairwise(points) if high - low - 1 > LONGEST_GAP]
    return [
        number
        for number in range(1, points[-1] + 1)
        if number not in left_out and not any(low < number < high for low, high in breaks)
    ]


@pytest.mark.usefixtures("empty_register")
class TestNumbers:
    @pytest.mark.parametrize("shown", LogFilter)
    @pytest.mark.parametrize("seed", range(8))
    def test_are_those_of_the_slow_book(self, seed, shown):
        random = Random(seed)
        numbers = random.sample(range(1, 120), 70)
        put(*(str(number).zfill(4) for number in numbers[:40]))
        Gap.objects.bulk_create(
            Gap(reference=str(number).zfill(4), fate="never") for number in numbers[40:]
        )
        book, expected = ReferenceLog(), slowly(shown)
        found = book.lines(shown)
        assert len(found) == len(expected)
        assert found.at(range(len(found))) == expected
        assert found.at(range(3, 9)) == expected[3:9]
        assert found.at(range(0)) == []

    @pytest.mark.parametrize("seed", range(8))
    def test_unexplained_gaps_are_counted_as_in_the_slow_book(self, seed):
        random = Random(seed)
        put(*(str(each).zfill(random.randint(4, 6)) for each in random.sample(range(1, 120), 40)))
        # Of some that have a protocol something was said before.
        Gap.objects.bulk_create(
            Gap(reference=str(each).zfill(4), fate="never")
            for each in random.sample(range(1, 130), 40)
        )
        assert unexplained_gaps() == len(slowly(LogFilter.UNEXPLAINED)) > 0
        assert unexplained_gaps() == len(ReferenceLog().lines(LogFilter.UNEXPLAINED))

    @pytest.mark.parametrize("shown", LogFilter)
    @pytest.mark.parametrize(
        "used",
        [
            [101, 9999],
            [102],
            [2, 103, 205, 206, 500],
            [2, 104, 3000, 3002, 9999],
            [1],
        ],
        ids=str,
    )
    def test_many_unused_numbers_in_a_row_are_no_gap(self, used, shown):
        put(*(f"{number:04}" for number in used[::3]))
        Gap.objects.bulk_create(Gap(reference=f"{each:04}", fate="never") for each in used[1::3])
        UsedReference.objects.bulk_create(UsedReference(reference=f"{n:04}") for n in used[2::3])
        book, expected = ReferenceLog(), slowly(shown)
        found = book.lines(shown)
        assert found.at(range(len(found))) == expected
        assert found.at(range(1, len(found) - 1)) == expected[1:-1]
        assert book.left_out == used[-1] - len(slowly(LogFilter.ALL))
        assert unexplained_gaps() == len(slowly(LogFilter.UNEXPLAINED))
        everything = slowly(LogFilter.ALL)
        for number in (1, 50, *used, used[-1] + 1):
            assert book.position(number) == sum(each < number for each in everything)

    def test_a_number_far_away_costs_nothing(self, django_assert_num_queries):
        put("0002", "99999999")
        with django_assert_num_queries(6):
            book = ReferenceLog()
        gaps = book.lines(LogFilter.GAPS)
        assert gaps.at(range(len(gaps))) == [1]
        assert book.left_out == 99_999_996
        assert book.is_gap("99999998")  # so it can be explained, and is listed then

    def test_an_empty_register_has_none(self):
        book = ReferenceLog()
        assert [len(book.lines(shown)) for shown in LogFilter] == [0, 0, 0]
        assert unexplained_gaps() == 0

    def test_a_protocol_with_the_number_nought_is_there_too(self):
        put("0000", "0002")
        book = ReferenceLog()
        assert book.lines().at(range(3)) == [0, 1, 2]
        assert book.lines(LogFilter.GAPS).at(range(1)) == [1]
        assert unexplained_gaps() == 1


@pytest.mark.usefixtures("real_register")
class TestLines:
    def test_say_what_became_of_each(self, django_assert_num_queries):
        put("0014")
        changes.explain_gaps(["0013"], fate="never", note="Skipped.", at=NOW)
        draft = a_protocol("0075", theme=Theme.objects.first(), status="draft")
        changes.save(draft)
        changes.remove(draft)
        book = ReferenceLog()
        with django_assert_num_queries(3):
            lines = book.entries([12, 13, 14, 15, 75])
        assert [line.reference for line in lines] == ["0012", "0013", "0014", "0015", "0075"]
        assert [bool(line.protocol) for line in lines] == [True, False, True, False, False]
        assert [line.gap and line.gap.fate for line in lines] == [None, "never", None, None, None]
        assert [line.was_draft for line in lines] == [False, False, False, False, True]

    def test_a_number_is_written_as_it_is_held(self):
        put("00090")
        assert ReferenceLog().entries([12, 89, 90])[0].reference == "0012"
        assert [line.reference for line in ReferenceLog().entries([89, 90])] == ["00089", "00090"]

    @pytest.mark.parametrize(
        ("reference", "is_gap"),
        [
            *(("0013", True), ("00013", True), ("0012", False), ("00012", False)),
            *(("0074", False), ("0000", False), ("", False), ("٠٠١٣", False), ("-001", False)),
        ],
    )
    def test_what_is_a_gap(self, reference, is_gap):
        assert ReferenceLog().is_gap(reference) is is_gap


class TestTheNextReference:
    @pytest.mark.usefixtures("real_register")
    def test_follows_the_highest(self):
        assert (highest_reference(), next_reference(DAY)) == ("0073", "0074")

    @pytest.mark.usefixtures("real_register")
    def test_follows_a_gap_of_which_something_is_said(self):
        Gap.objects.create(reference="0080", fate="unknown")
        assert next_reference(DAY) == "0081"

    @pytest.mark.usefixtures("real_register")
    def test_follows_a_draft_that_was_deleted(self):
        draft = a_protocol("0090", theme=Theme.objects.first(), status="draft")
        changes.save(draft)
        changes.remove(draft)
        assert next_reference(DAY) == "0091"
        assert ReferenceLog().last == 90

    @pytest.mark.usefixtures("empty_register")
    @pytest.mark.parametrize(
        ("held", "offered"),
        [
            ([], "0001"),
            (["0009"], "0010"),
            (["9999"], "10000"),
            (["00012", "0011"], "00013"),
            # Ordered as text, 9 would be the highest.
            (["00100", "9"], "00101"),
            (["99999999"], ""),
        ],
        ids=str,
    )
    def test_is_as_long_as_the_last(self, held, offered):
        put(*held)
        assert next_reference(DAY) == offered


@pytest.mark.usefixtures("real_register")
def test_what_is_said_of_a_number_is_found_however_it_is_written():
    Gap.objects.create(reference="0013", fate="never")
    assert gap_of("00013") == gap_of("0013") == Gap.objects.get()
    assert gap_of("0014") is None
