"""What is meant by one cell."""

from __future__ import annotations

import datetime

import pytest

from registers.imports.cells import (
    Refused,
    day_of,
    month_of,
    reference_and_title,
    reference_of,
    text_of,
    version_in,
)
from registers.imports.reading.limits import NOT_WORKED_OUT
from registers.imports.reading.messages import CellError


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        ("  a\r\nb\rc \n", "a\nb\nc"),
        (12, "12"),
        (12.0, "12"),
        (12.5, "12.5"),
        (True, "TRUE"),
        (datetime.date(2024, 3, 31), "2024-03-31"),
        (datetime.time(12, 30), "12:30:00"),
    ],
)
def test_a_text(cell, text):
    assert text_of(cell) == text


@pytest.mark.parametrize("bad", ["\x00", "\x1b", "\ud800", "\uffff"])
def test_a_character_that_is_no_text(bad):
    with pytest.raises(Refused) as refusal:
        text_of(f"a{bad}")
    assert f"U+{ord(bad):04X}" in refusal.value.wrong


@pytest.mark.parametrize("how", [text_of, month_of, day_of, reference_of])
@pytest.mark.parametrize("shown", ["#N/A", "Err:502", ""])
def test_an_error_is_refused_by_its_name(how, shown):
    with pytest.raises(Refused) as refusal:
        how(CellError(shown))
    assert shown in refusal.value.wrong


def test_a_formula_without_a_result():
    with pytest.raises(Refused) as refusal:
        text_of(NOT_WORKED_OUT)
    assert refusal.value.wrong == "This cell is a formula whose result is not in the file."


@pytest.mark.parametrize(
    ("text", "parted"),
    [
        ("0012 - SELEP", ("0012", "SELEP")),
        ("0037- Integrated", ("0037", "Integrated")),
        ("0037 – En dash", ("0037", "En dash")),
        ("0037 — Em dash", ("0037", "Em dash")),
        ("0037: Colon", ("0037", "Colon")),
        ("\u200b0037 - Unseen", ("0037", "Unseen")),
        ("12345678 -Long", ("12345678", "Long")),
        ("3rd Party Access", ("", "3rd Party Access")),
        ("16-19 Provision", ("", "16-19 Provision")),
        ("0000abc", ("", "0000abc")),
        ("Plain", ("", "Plain")),
    ],
)
def test_a_reference_at_the_front_of_a_title(text, parted):
    assert reference_and_title(text) == parted


@pytest.mark.parametrize("text", ["00A1 - Letters", "0O12 - Oh"])
def test_a_reference_with_letters(text):
    with pytest.raises(Refused):
        reference_and_title(text)


@pytest.mark.parametrize(
    ("cell", "reference"),
    [
        *(("0012", "0012"), (12, "0012"), (12.0, "0012"), ("00012", "00012"), ("", "")),
        *(("ISP 0046", "0046"), ("isp-12", "0012"), ("DSA0046", "0046"), ("isp\u201112", "0012")),
        *(("#45", "0045"), ("No. 45", "0045"), ("№45", "0045"), ("\u200b0012", "0012")),
        *((None, ""), ("-", ""), ("N/A", ""), ("TBC", "")),
    ],
)
def test_a_reference_of_its_own(cell, reference):
    assert reference_of(cell) == reference


@pytest.mark.parametrize(
    "cell", ["12a", 12.5, "-12", "123456789", "٠٠١٢", "0000", True, "ISP", "ISP 0"]
)
def test_no_reference(cell):
    with pytest.raises(Refused):
        reference_of(cell)


@pytest.mark.parametrize(
    ("title", "version"), [("DSA V2.0", "V2.0"), ("V2.0 DSA", ""), ("TV3", "")]
)
def test_a_version_at_the_end_of_a_title(title, version):
    assert version_in(title) == version
