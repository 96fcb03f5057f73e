"""References: which texts can be one, which two are the same, and in which order they stand."""

from __future__ import annotations

import dataclasses
import re
from itertools import pairwise
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from registers.models import Gap, Protocol
from registers.models.references import (
    KEY_LENGTH,
    as_written,
    check_new_reference,
    check_reference,
    is_reference,
    keys_of,
    looks_like,
    reference_key,
)
from tests.models.making import a_protocol, make_cast, saved

ALLOWED = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._/"
references = (
    st.lists(
        st.sampled_from(
            ["a", "B", "isa", "-", ".", "_", "/", "0", "00", "1", "9", "12", "87654321"]
        )
        | st.sampled_from(ALLOWED),
        max_size=12,
    )
    .map("".join)
    .filter(is_reference)
)


def with_form(settings: Any, template: str) -> None:
    settings.PARTNERSHIP = dataclasses.replace(settings.PARTNERSHIP, references=template)


def allowed_slowly(text: str) -> bool:
    """The contract's sentence, letter by letter."""
    return (
        1 <= len(text) <= 40
        and all(letter in ALLOWED for letter in text)
        and any(letter in "0123456789" for letter in text)
    )


def natural(reference: str) -> tuple[Any, ...]:
    """What a person sorts by: piece by piece, separators before numbers before words."""
    pieces: list[tuple[int, Any]] = []
    for piece in re.findall("[0-9]+|[a-z]+|[-._/]", reference.lower()):
        if piece.isdigit():
            pieces.append((1, int(piece)))
        elif piece.isalpha():
            pieces.append((2, piece))
        else:
            pieces.append((0, ""))
    return tuple(pieces)


def same_slowly(one: str, other: str) -> bool:
    if one.isdigit() and other.isdigit():
        return int(one) == int(other)
    return one.lower() == other.lower()


NOT_ONE = {
    "nothing": "",
    "no digit": "ISA",
    "two dots": "..",
    "41 letters": "1" * 41,
    "a space": "ISA 012",
    "a line end": "0012\n",
    "Arabic digits": "٠٠١٢",
    "wide digits": "０012",
    "a superscript": "12²",
    "a letter with an accent": "É12",
    "a Cyrillic letter": "ІSA-012",
    "a non-breaking hyphen": "ISA\u2011012",
    "an invisible space": "ISA-\u200b012",
    "a tilde, which addresses have": "FIP~2021~14",
    "a number sign": "#45",
    "a nought byte": "00\x0012",
    "a percent sign": "%2e12",
    "a backslash": "12\\..",
}


@pytest.mark.parametrize("text", NOT_ONE.values(), ids=NOT_ONE)
def test_what_is_no_reference(text):
    assert not is_reference(text)
    assert reference_key(text) == ""
    assert keys_of(text) == []
    with pytest.raises(ValidationError):
        check_reference(text)


ONE = (
    "0012",
    "1",
    "ISA-012",
    "FIP/2021/14",
    "ODR1617_278",
    "12a",
    "1.3",
    ".1",
    "//1",
    "a" * 39 + "1",
)


@pytest.mark.parametrize("text", ONE)
def test_what_is_a_reference(text):
    check_reference(text)
    assert reference_key(text)


@given(st.text(ALLOWED + "~ é²٣\n", max_size=45))
def test_what_is_allowed_is_as_the_contract_says(text):
    assert is_reference(text) == allowed_slowly(text)
    assert bool(reference_key(text)) == allowed_slowly(text)


IN_ORDER = (
    *("1", "0002", "12", "12-3", "12.13", "12a", "0100", "99999999", "123456789012"),
    *("DSA/2021/9", "dsa/2021/10", "DSA/2022/1", "FIP/2021/14"),
    *("ISA-9", "ISA-12", "ISA-12/1", "isa-100", "ISA9", "ODR1617_278"),
)


def test_references_sort_as_a_person_would():
    for before, after in pairwise(IN_ORDER):
        assert reference_key(before) < reference_key(after), (before, after)
        assert natural(before) < natural(after), (before, after)


@given(references, references)
def test_the_key_sorts_and_tells_apart_like_the_slow_one(one, other):
    mine, others = reference_key(one), reference_key(other)
    assert (mine == others) == same_slowly(one, other)
    if natural(one) != natural(other):
        assert (mine < others) == (natural(one) < natural(other))


@given(references)
def test_a_key_is_small_letters_and_digits_and_fits(reference):
    """So it sorts alike by whatever collation a database has."""
    assert re.fullmatch("[0-9a-z]+", reference_key(reference))
    assert len(reference_key(reference)) <= KEY_LENGTH


def test_the_longest_key_fits():
    longest = max((reference_key(text * 20) for text in ("-1", "a1", "0-", "1a")), key=len)
    assert len(longest) <= KEY_LENGTH


class TestWrittenByAPartnership:
    """What a text means where references look like this."""

    @pytest.mark.parametrize(
        ("template", "text", "written", "known"),
        [
            ("{number:4}", "12", "0012", True),
            ("{number:4}", "00012", "00012", True),
            ("{number:4}", "12345", "12345", True),
            ("{number:4}", "ISA-12", "ISA-12", False),
            ("ISA-{number:3}", "isa-12", "isa-012", True),
            ("ISA-{number:3}", "12", "12", False),
            ("FIP/{year}/{number}", "fip/2021/14", "fip/2021/14", True),
            ("FIP/{year}/{number}", "fip/21/14", "fip/21/14", False),
            ("any", "12", "12", False),
        ],
    )
    def test_zeros_that_are_missing(self, settings, template, text, written, known):
        with_form(settings, template)
        assert as_written(text) == written
        assert looks_like(text) is known
        assert reference_key(written) in keys_of(text)

    def test_the_likeliest_is_first(self, settings):
        with_form(settings, "ISA-{number:3}")
        assert keys_of("ISA-12") == [reference_key("ISA-12"), reference_key("ISA-012")]

    @pytest.mark.parametrize(
        ("template", "reference", "fits"),
        [
            ("{number:4}", "0012", True),
            ("{number:4}", "123456789", False),
            ("{number:4}", "012", False),
            ("{number:4}", "ISA-012", False),
            ("ISA-{number:3}", "DSA/2023/04", True),
            ("any", "12a", True),
        ],
    )
    def test_what_a_new_protocol_can_have(self, settings, template, reference, fits):
        with_form(settings, template)
        check_reference(reference)
        if fits:
            check_new_reference(reference)
        else:
            with pytest.raises(ValidationError):
                check_new_reference(reference)


@pytest.mark.both_databases
@pytest.mark.django_db
class TestStored:
    """What the database holds, and in which order it gives it."""

    def test_the_database_sorts_as_the_key_does(self, settings, empty_register):
        make_cast()
        with_form(settings, "any")
        for reference in IN_ORDER:
            saved(a_protocol(reference))
        stored = Protocol.objects.values_list("pk", flat=True)
        assert [each for each in stored if each in IN_ORDER] == list(IN_ORDER)

    @pytest.mark.parametrize("twice", ["isa-012", "ISA-012", "Isa-012"])
    def test_one_reference_in_other_capitals_is_refused(self, settings, real_register, twice):
        make_cast()
        with_form(settings, "ISA-{number:3}")
        saved(a_protocol("ISA-012"))
        for refused in (a_protocol(twice), Gap(reference=twice, fate="never")):
            with pytest.raises(ValidationError) as refusal:
                refused.full_clean()
            assert "reference" in refusal.value.message_dict

    def test_a_gap_is_explained_once(self, settings, real_register):
        make_cast()
        with_form(settings, "ISA-{number:3}")
        saved(Gap(reference="ISA-013", fate="never"))
        with pytest.raises(ValidationError) as refusal:
            Gap(reference="isa-013", fate="never").full_clean()
        assert "reference" in refusal.value.message_dict
        with pytest.raises(ValidationError) as refusal:
            a_protocol("Isa-013").full_clean()
        assert "reference" in refusal.value.message_dict

    def test_many_at_once_get_their_keys(self, real_register):
        theme = Protocol.objects.all()[0].theme
        Protocol.objects.bulk_create(
            [a_protocol(each, theme=theme) for each in ("ISA-012", "ISA-9", "9020")]
        )
        rows = Protocol.objects.values_list("reference", "reference_key")
        assert all(key == reference_key(reference) for reference, key in rows)
