"""What one cell of an ODS holds: its text as shown, or its typed value.

Part of the program that reads files, so there is no Django in it.
"""

from __future__ import annotations

import datetime
import re

from registers.imports.reading.calamine import moment, number, span
from registers.imports.reading.errors import cell_error, is_error_value
from registers.imports.reading.limits import CELL_CHARACTERS
from registers.imports.reading.messages import Value

OFFICE = "urn:oasis:names:tc:opendocument:xmlns:office:1.0 "
# LibreOffice's own, beside the other: only there it says that a text is an error.
CALC = "urn:org:documentfoundation:names:experimental:calc:extensions:1.0 "
CALC_TYPE = f"{CALC}value-type"
FORMULA = "urn:oasis:names:tc:opendocument:xmlns:table:1.0 formula"
VALUE_TYPE, STRING = f"{OFFICE}value-type", f"{OFFICE}string-value"

ALL_BLANKS = re.compile(r"[ \t\r\n]+")
BLANKS = re.compile(r"[\t\r\n]+ *| [ \t\r\n]+")  # all but a single space
CLOCK = re.compile(r"PT(\d{1,6})H(\d{1,2})M(\d{1,2})(?:[.,]\d*)?S")


class Text:
    """The text of a cell, as it comes. Blanks count once, as OpenDocument says."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._paragraphs = 0
        self._length = 0
        self._after_blank = True

    def begin_paragraph(self) -> None:
        """Begin a new line, but for the first."""
        self._paragraphs += 1
        if self._paragraphs > 1:
            self.add("\n")
        self._after_blank = True

    def end_paragraph(self) -> None:
        """Leave a blank at the end out."""
        if self._after_blank and self._pieces and self._pieces[-1] != "\n":
            self._pieces[-1] = self._pieces[-1].removesuffix(" ")

    def write(self, text: str) -> None:
        """Add what stands between tags."""
        if BLANKS.search(text):
            text = ALL_BLANKS.sub(" ", text)
        if self._after_blank:
            text = text.removeprefix(" ")
        if text:
            self.add(text)
            self._after_blank = text.endswith(" ")

    def add(self, text: str) -> None:
        """Add what counts as it is. No more is kept than shows that it is too long."""
        if self._length <= CELL_CHARACTERS:
            self._pieces.append(text)
            self._length += len(text)
        self._after_blank = False

    def __str__(self) -> str:
        return "".join(self._pieces)


def value_of(attributes: dict[str, str], text: str) -> Value:
    """Return the value of a cell with these attributes, that shows this text.

    What is not what it says it is counts as the text that is shown.
    """
    if _is_error(attributes, text):
        return cell_error(text)
    if attributes.get(VALUE_TYPE) == "string":
        return attributes.get(STRING) or text or None
    try:
        return _typed(attributes, attributes.get(VALUE_TYPE, ""))
    except (KeyError, ValueError, OverflowError):
        return text or None


def _is_error(attributes: dict[str, str], text: str) -> bool:
    """Return whether the cell shows an error: LibreOffice says so, other programs only show it."""
    typed_in = attributes.get(VALUE_TYPE) == "string" and FORMULA not in attributes
    return attributes.get(CALC_TYPE) == "error" or (not typed_in and is_error_value(text))


def _typed(attributes: dict[str, str], kind: str) -> Value:
    """Return the value of a cell of this type. Raises KeyError or another for what it is not."""
    if kind in {"float", "percentage", "currency"}:
        return number(float(attributes[f"{OFFICE}value"]))
    if kind == "date":
        return moment(datetime.datetime.fromisoformat(attributes[f"{OFFICE}date-value"]))
    if kind == "time":
        return _time(attributes[f"{OFFICE}time-value"])
    if kind == "boolean":
        return attributes[f"{OFFICE}boolean-value"] == "true"
    raise KeyError(kind)


def _time(written: str) -> datetime.time | str:
    """Return a time of day, or the words for more than a day. Raises ValueError."""
    if not (clock := CLOCK.fullmatch(written)):
        raise ValueError(written)
    hours, minutes, seconds = map(int, clock.groups())
    if hours < 24:  # noqa: PLR2004 (of a day)
        return datetime.time(hours, minutes, seconds)
    return span(datetime.timedelta(hours=hours, minutes=minutes, seconds=seconds))
