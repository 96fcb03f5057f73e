"""What kind of spreadsheet a file is, by what is in it. Of what is none, what it is instead.

Nothing is unpacked here but a few small parts of an archive, each with a limit
(files/archives.py), so this is done by the caller's own process.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO

from registers.files.archives import CALLED, UNREADABLE, Archive, kind_of_archive
from registers.files.kinds import HEAD, OLE, PAGE, XML, what_else
from registers.imports.reading.limits import (
    CHOOSE,
    DAMAGED,
    MEGABYTE,
    PROTECTED,
    UNPACKED_BYTES,
    Unreadable,
)
from registers.models.document import PAPER_BYTES

EMPTY = f"This file is empty. {CHOOSE}"
TOO_LARGE = (
    "This file is larger than {megabytes} MB, which no register needs. Take out pictures, or copy"
    " the rows that you need into a new spreadsheet and choose that."
)
TOO_MUCH = (
    f"This file unpacks to more than {UNPACKED_BYTES // MEGABYTE} MB, which no register needs."
    " Copy the rows that you need into a new spreadsheet and choose that."
)
# What is not packed, CSV and XLS, may be as large as what is packed becomes.
PLAIN_BYTES = 100 * MEGABYTE
SAVE_AS = "Open it in a spreadsheet program, save it as XLSX, and choose that file."

# By which program each is read. Macros are never run here, nor even looked at.
READ_AS = {"xlsx": "xlsx", "xltx": "xlsx", "xlsm": "xlsx", "xltm": "xlsx", "ods": "ods"}
READ_AS["ots"] = "ods"
WHAT_TO_DO = {
    PAGE: SAVE_AS,
    XML: SAVE_AS,
    CALLED["xlsb"]: SAVE_AS,
    CALLED["numbers"]: "In Numbers choose File, Export To, Excel. Choose that file.",
    CALLED["zip"]: f"Unpack it and choose a file in it. {CHOOSE}",
}

# Streams of Microsoft's old container, whose names stand in UTF-16 and have no case.
LOCKED, OLD_SHEETS = "encryptedpackage", {"workbook", "book"}
# They are in a list whose places are of 128 bytes; the first 64 are the name.
ENTRY_BYTES, NAME_BYTES = 128, 64
INITIALS = {ord(each) for each in "EeWwBb"}


def kind_of_sheets(path: Path, name: str) -> str:
    """Return 'xlsx', 'xls', 'ods' or 'csv'. Raises Unreadable, whose sentence says what it is."""
    try:
        with path.open("rb") as file:
            return _kind(file, path.stat().st_size)
    except OSError as problem:
        reason = problem.strerror or "it is damaged"
        raise Unreadable(f"'{name}' cannot be opened: {reason}.") from problem


def _kind(file: IO[bytes], size: int) -> str:
    if not size:
        raise Unreadable(EMPTY)
    head = file.read(HEAD)
    if head.startswith(b"PK"):
        _refuse_large(size, PAPER_BYTES)
        return _archive_kind(file)
    _refuse_large(size, PLAIN_BYTES)
    if head.startswith(OLE):
        file.seek(0)
        return _old_kind(file)
    if what := what_else(head):
        raise _instead(what)
    return "csv"


def _instead(what: str) -> Unreadable:
    return Unreadable(f"This is {what}. {WHAT_TO_DO.get(what, CHOOSE)}")


def _refuse_large(size: int, most: int) -> None:
    if size > most:
        raise Unreadable(TOO_LARGE.format(megabytes=most // MEGABYTE))


def _old_kind(file: IO[bytes]) -> str:
    """Return 'xls', if the old container holds a workbook. Raises Unreadable."""
    names: set[str] = set()
    while piece := file.read(MEGABYTE):
        for at in range(0, len(piece), ENTRY_BYTES):
            if piece[at + 1 : at + 2] == b"\0" and piece[at] in INITIALS:
                name = piece[at : at + NAME_BYTES].decode("utf-16-le", "ignore")
                names.add(name.partition("\0")[0].lower())
    if LOCKED in names:
        raise Unreadable(PROTECTED)
    if not names & OLD_SHEETS:
        raise _instead("an older file of Office, and no workbook")
    return "xls"


def _archive_kind(file: IO[bytes]) -> str:
    try:
        archive = Archive(file)
        if archive.is_locked:
            raise Unreadable(PROTECTED)
        kind, _ = kind_of_archive(archive)
    except UNREADABLE as problem:
        raise Unreadable(DAMAGED) from problem
    if kind in READ_AS:
        if archive.unpacked_bytes > UNPACKED_BYTES:
            raise Unreadable(TOO_MUCH)
        return READ_AS[kind]
    raise _instead(CALLED[kind]) if kind in CALLED else Unreadable(DAMAGED)
