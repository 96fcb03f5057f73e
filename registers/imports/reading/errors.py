"""What no cell can mean: error values ('#N/A', '#REF!'), and letters that were damaged on the way.

Part of the program that reads files, so there is no Django in it.
"""

from __future__ import annotations

import re

from registers.imports.reading.cell_names import shown_name
from registers.imports.reading.messages import CellError

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
