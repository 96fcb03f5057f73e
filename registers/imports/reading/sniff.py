"""What kind of spreadsheet a file is, by what is in it. Of what is none, what it is instead.

Nothing is unpacked here but a few small parts of an archive, each with a limit
(files/archives.py), so this is done by the caller's own process.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO
from zipfile import ZipFile

from django.core.exceptions import ValidationError

from registers.files.archives import (
    CONTENT,
    MANIFEST,
    MIMETYPE,
    MIMETYPE_BYTES,
    OFFICE,
    OFFICE_OTHERS,
    OPEN,
    OPEN_OTHERS,
    TYPES,
    UNREADABLE,
    Parts,
    content_types,
    refuse_odd_end,
)
from registers.files.kinds import HEAD, OLE, OTHERS, TAIL
from registers.imports.reading.limits import CHOOSE, DAMAGED, MEGABYTE, PROTECTED, Unreadable
from registers.models.document import PAPER_BYTES

EMPTY = f"This file is empty. {CHOOSE}"
TOO_LARGE = (
    "This file is larger than {megabytes} MB, which no register needs. Take out pictures, or copy"
    " the rows that you need into a new spreadsheet and choose that."
)
# What is not packed, CSV and XLS, may be as large as what is packed becomes.
PLAIN_BYTES = 100 * MEGABYTE
SAVE_AS = "Open it in a spreadsheet program, save it as XLSX, and choose that file."

EXCEL = "application/vnd.ms-excel."
OFFICE_SHEETS = {
    f"{OFFICE}spreadsheetml.sheet.main+xml",
    f"{OFFICE}spreadsheetml.template.main+xml",
    # Its macros are never run here, nor even looked at.
    f"{EXCEL}sheet.macroenabled.main+xml",
    f"{EXCEL}template.macroenabled.main+xml",
}
BINARY_SHEET = f"{EXCEL}sheet.binary.macroenabled.main"
OFFICE_ELSE = {
    **OFFICE_OTHERS,
    f"{OFFICE}wordprocessingml.document.main+xml": "a text (DOCX)",
    "application/vnd.ms-word.document.macroenabled.main+xml": "a text (DOCM)",
}
OPEN_SHEETS = {f"{OPEN}spreadsheet", f"{OPEN}spreadsheet-template"}
OPEN_ELSE = {**OPEN_OTHERS, f"{OPEN}text": "a text (ODT)", f"{OPEN}graphics": "a drawing (ODG)"}
APPLE = "index/document.iwa"

# Streams of the old container, by which kind of file has them.
ENCRYPTED = "EncryptedPackage"
OLD_SHEETS = {"Workbook", "Book"}
OLD_OTHERS = {
    "WordDocument": "an older text (DOC)",
    "PowerPoint Document": "an older presentation (PPT)",
    "__properties_version1.0": "an e-mail (MSG)",
}
STREAMS = [each.encode("utf-16-le") for each in (ENCRYPTED, *OLD_SHEETS, *OLD_OTHERS)]
STREAM = re.compile(b"(" + b"|".join(map(re.escape, STREAMS)) + rb")\0\0")
STREAM_BYTES = 64  # of the longest name
# Excel before 1993 had no container. The rest of this kind is found by files/kinds.py.
OLDEST = re.compile(rb"\x09[\x00\x02\x04\x08][\x04\x06\x08]\x00")
JSON = re.compile(rb"\s*(?:\{\s*[\"}]|\[\s*[\[{])")
PAGE = "a web page (HTML), as which some systems export tables"
MARKUP = (
    (b"excel.sheet", "an XML spreadsheet of 2003"),
    (b"urn:schemas-microsoft-com:office:spreadsheet", "an XML spreadsheet of 2003"),
    (b"<office:document", "a flat OpenDocument file (FODS)"),
    (b"<svg", "a picture (SVG)"),
    (b"<html", PAGE),
    (b"<!doctype html", PAGE),
    (b"<table", PAGE),
    (b"<?xml", "an XML file"),
)


def kind_of_sheets(path: Path, name: str) -> str:
    """Return 'xlsx', 'xls', 'ods' or 'csv'. Raises Unreadable, whose sentence says what it is."""
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            return _kind(file, size)
    except OSError as problem:
        reason = problem.strerror or "it is damaged"
        raise Unreadable(f"'{name}' cannot be opened: {reason}.") from problem


def _kind(file: IO[bytes], size: int) -> str:
    if not size:
        raise Unreadable(EMPTY)
    head = file.read(HEAD)
    if head.startswith(b"PK"):
        _refuse_large(size, PAPER_BYTES)
        return _archive_kind(file, size)
    _refuse_large(size, PLAIN_BYTES)
    if head.startswith(OLE):
        file.seek(0)
        return _old_kind(file)
    if what := _what_else(head):
        raise Unreadable(what)
    return "csv"


def _refuse_large(size: int, most: int) -> None:
    if size > most:
        raise Unreadable(TOO_LARGE.format(megabytes=most // MEGABYTE))


def _old_kind(file: IO[bytes]) -> str:
    """Return 'xls', if the old container holds one. The names of its streams stand in UTF-16."""
    found: set[bytes] = set()
    rest = b""
    while piece := file.read(MEGABYTE):
        found.update(STREAM.findall(rest + piece))
        rest = piece[-STREAM_BYTES:]
    names = {each.decode("utf-16-le") for each in found}
    if ENCRYPTED in names:
        raise Unreadable(PROTECTED)
    if names & OLD_SHEETS:
        return "xls"
    for stream in names:
        raise Unreadable(f"This is {OLD_OTHERS[stream]}. {CHOOSE}")
    raise Unreadable(DAMAGED)


def _archive_kind(file: IO[bytes], size: int) -> str:
    start = max(0, size - TAIL)
    file.seek(start)
    try:
        refuse_odd_end(file.read(), size)
        with ZipFile(file) as archive:
            return _kind_of_parts(Parts(archive))
    except ValidationError as problem:
        # The sentences for papers name the kinds that papers may be.
        protected = "password" in problem.message
        raise Unreadable(PROTECTED if protected else DAMAGED) from problem
    except UNREADABLE as problem:
        raise Unreadable(DAMAGED) from problem


def _kind_of_parts(parts: Parts) -> str:
    if TYPES in parts:
        return _office_kind(parts)
    if MIMETYPE in parts:
        return _open_kind(parts)
    if APPLE in parts:
        raise Unreadable(
            "This is a Numbers, Pages or Keynote file. In Numbers choose File, Export To, Excel,"
            " and choose the file that this makes."
        )
    raise Unreadable(f"This is an archive (ZIP). Unpack it and choose a file in it. {CHOOSE}")


def _office_kind(parts: Parts) -> str:
    kinds = {kind.lower() for _, kind in content_types(parts.read(TYPES))}
    if BINARY_SHEET in kinds:
        raise Unreadable(f"This is a binary workbook (XLSB). {SAVE_AS}")
    if kinds & OFFICE_SHEETS:
        return "xlsx"
    for kind, what in OFFICE_ELSE.items():
        if kind in kinds:
            raise Unreadable(f"This is {what}. {CHOOSE}")
    raise Unreadable(DAMAGED)


def _open_kind(parts: Parts) -> str:
    mimetype = parts.read(MIMETYPE, MIMETYPE_BYTES).strip()
    if mimetype in OPEN_ELSE and mimetype not in OPEN_SHEETS:
        raise Unreadable(f"This is {OPEN_ELSE[mimetype]}. {CHOOSE}")
    if mimetype not in OPEN_SHEETS:
        raise Unreadable(f"This is an archive (ZIP) of a kind that is not taken. {CHOOSE}")
    if MANIFEST in parts and "encryption-data" in parts.read(MANIFEST):
        raise Unreadable(PROTECTED)
    if CONTENT not in parts:
        raise Unreadable(DAMAGED)
    return "ods"


def _what_else(head: bytes) -> str:
    """Return a sentence that says what a file is, or '' where it may be a CSV."""
    for beginning, what in OTHERS.items():
        # Words can begin as a program does, so a text may begin with 'MZ'.
        if head.startswith(beginning) and (beginning != b"MZ" or b"\0" in head):
            return f"This is {what}. {CHOOSE}"
    if head.startswith(b"%PDF-"):
        return f"This is a PDF, from which no rows can be read. {CHOOSE}"
    if OLDEST.match(head):
        return f"This is a workbook of the first versions of Excel. {SAVE_AS}"
    if JSON.match(head):
        return f"This is JSON, as programs read it. {CHOOSE}"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(b"<"):
        found = (what for mark, what in MARKUP if mark in text)
        return f"This is {next(found, PAGE)}. {SAVE_AS}"
    return ""
