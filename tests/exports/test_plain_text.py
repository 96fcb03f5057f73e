"""Words for files: what XML or a calendar refuses is taken out, and nothing else."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registers.exports.plain_text import one_line, plain

WORDS = {
    "nothing": ("", "", ""),
    "plain words": ("Children’s – first", "Children’s – first", "Children’s – first"),
    "a tab": ("a\tb", "a\tb", "a b"),
    "a line end": ("a\nb", "a\nb", "a b"),
    "Windows' line end": ("a\r\nb", "a\nb", "a b"),
    "the old Macintosh's": ("a\rb", "a\nb", "a b"),
    "two of them": ("a\r\r\nb", "a\n\nb", "a b"),
    "other line ends": ("a\vb\fc\x1cd\x85e\u2028f\u2029g", "a\nb\nc\nd\ne\nf\ng", "a b c d e f g"),
    "NUL": ("a\0b", "ab", "ab"),
    "an escape": ("\x1b[31ma", "[31ma", "[31ma"),
    "the unit separator": ("a\x1fb", "ab", "ab"),
    "delete": ("a\x7fb", "ab", "ab"),
    "a control character of Latin-1": ("a\x9bb", "ab", "ab"),
    "half of a pair": ("a\ud83db", "ab", "ab"),
    "no characters": ("a\ufffe\uffffb", "ab", "ab"),
    "a whole pair": ("a😀b", "a😀b", "a😀b"),
    "from right to left": ("\u202eאבג", "\u202eאבג", "\u202eאבג"),
    "spaces": ("  a  b ", "  a  b ", "a b"),
}


@pytest.mark.parametrize(("text", "as_plain", "as_one_line"), WORDS.values(), ids=WORDS)
def test_what_is_left_of_words(text, as_plain, as_one_line):
    assert plain(text) == as_plain
    assert one_line(text) == as_one_line


@given(st.text(st.characters()))
def test_whatever_is_left_is_xml_and_text_in_utf_8(text):
    element = ElementTree.Element("a")
    element.text = plain(text)
    assert (ElementTree.fromstring(ElementTree.tostring(element)).text or "") == plain(text)
    assert plain(plain(text)) == plain(text)
    assert len(one_line(text).splitlines()) <= 1
