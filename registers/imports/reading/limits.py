"""How much is read of a spreadsheet, and the sentences for what cannot be read at all.

The program that reads files imports this (reader.py), so there is no Django in it.
"""

from __future__ import annotations

import resource
from contextlib import suppress

MEGABYTE = 1024 * 1024

# A workbook of 50,000 protocols unpacks to some 80 MB. What is packed ten times as
# tight as that, and is no bomb, can still be read.
UNPACKED_BYTES = 512 * MEGABYTE
# Ten times as many as the largest register that is planned for.
ROWS = 250_000
# The page has 6 columns and the export 18. A sheet of notes beside them may have more.
COLUMNS = 200
# Excel ends at 32,767, other programs do not. Nobody reads a field as long as this.
CELL_CHARACTERS = 100_000
# Of the whole file, as one text can be named by many cells: what the caller must hold.
FILLED_CELLS = 5_000_000
TEXT_CHARACTERS = 100_000_000
# A list of 10,000 protocols, each on two rows that are merged in two columns, has as many.
MERGED_CELLS = 20_000
# calamine makes a place, of 32 bytes, for each cell between the first and the last.
SPANNED_CELLS = 30_000_000

# What the reading program may use. The largest good file needs less than half of each
# on a small machine.
MEMORY_BYTES = 1536 * MEGABYTE
PROCESSOR_SECONDS = 60
SECONDS = 90

CHOOSE = "Choose an XLSX, XLS, ODS or CSV."
SAVE_ANEW = "Open it in a spreadsheet program, save it as XLSX, and choose it again."
DAMAGED = f"This file is damaged, so it cannot be read. {SAVE_ANEW}"
PROTECTED = "This file is protected with a password. Remove the password, save it and try again."
TOO_DEAR = (
    "This file takes more memory or time to read than a spreadsheet may. Often a cell stands far"
    " away from the others. Copy the rows that you need into a new spreadsheet and choose that."
)
TOO_WIDE = (
    f"There is something in column {{letter}}, and {COLUMNS} columns are the most that is read."
    " Delete what stands beyond, or copy the columns that you need into a new spreadsheet."
)


class Unreadable(Exception):  # noqa: N818 (it names what the file is)
    """The whole file cannot be read. Its sentence says why and what to do."""


def limit_this_process(*, memory: int, processor: int) -> None:
    """Let the system end this process where it takes more than is sane, and leave no dump.

    `memory` is in bytes, `processor` in seconds.
    """
    _limit(resource.RLIMIT_AS, memory)
    _limit(resource.RLIMIT_CPU, processor)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)


def _limit(what: int, most: int) -> None:
    """Set a limit, or leave a lower one."""
    _, hard = resource.getrlimit(what)
    if hard == resource.RLIM_INFINITY or hard > most:
        with suppress(ValueError):  # macOS knows no limit of memory
            resource.setrlimit(what, (most, most))


# Stands in a cell for the result of a formula that is not in the file: no cell has this character.
NOT_WORKED_OUT = "\x1a"
