"""Numbers, times and errors of cells, as a person sees them."""

from __future__ import annotations

import datetime
import re

from registers.imports.reading.cell_names import shown_name
from registers.imports.reading.messages import CellError

EXACT = 10**15  # below it, a number without a fraction is the number that was typed
SECOND = datetime.timedelta(seconds=1)


def number(value: float) -> int | float:
    """Return a whole number as such: 12 of 12.0."""
    return int(value) if value.is_integer() and abs(value) < EXACT else value


def moment(value: datetime.datetime) -> datetime.date | datetime.datetime:
    """Return a date where there is no time, and no parts of a second: files keep days as parts."""
    if value.microsecond:
        value = (value + SECOND / 2).replace(microsecond=0)
    return value.date() if value.time() == datetime.time.min else value


def span(value: datetime.timedelta) -> str:
    """Return hours, minutes and seconds, of which there may be more than a day's."""
    minutes, seconds = divmod(round(value.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


# Excel's old ones and new ones (#SPILL!, #CALC!, #BUSY!), Google's #ERROR!, LibreOffice's Err:502.
ERROR_VALUE = re.compile(r"#N/A|#[A-Z][A-Z0-9/_]*[!?]|#GETTING_DATA|Err:[0-9]{3}")
LONGEST = 40  # so that a sentence can hold what a damaged file may have there

# The second and later bytes of a letter in UTF-8, as Windows-1252 and Mac Roman show them.
_LATER = f"[\x81\x8d\x8f\x90\x9d{bytes(range(0x80, 0xC0)).decode('cp1252', 'ignore')}]"
_LATER_MAC = f"[{bytes(range(0x80, 0xC0)).decode('mac_roman')}]"
# Accents and signs, quotation marks and dashes, the mark at the front of a file, smileys; and
# what stands for a letter that was lost.
GARBLED = re.compile(
    f"[ÂÃ]{_LATER}|â{_LATER}{{2}}|ï»¿|ðŸ|[¬√]{_LATER_MAC}|‚[ÄÇ]|\N{REPLACEMENT CHARACTER}"
)
AROUND = 20


def is_error_value(text: str) -> bool:
    """Return whether a text is an error value and nothing else."""
    return bool(ERROR_VALUE.fullmatch(text.strip()))


def cell_error(text: str) -> CellError:
    """Return the error of a cell that shows this text."""
    return CellError(shown_name(text)[:LONGEST])


def garbled(text: str) -> str:
    """Return what of a text was read in a wrong encoding ('Childrenâ€™s'), or ''."""
    if text.isascii() or not (found := GARBLED.search(text)):
        return ""
    return shown_name(text[max(0, found.start() - AROUND) : found.end() + AROUND])
