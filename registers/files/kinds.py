"""What kind of paper a file is, by what is in it: a PDF or an Office file (archives.py).

Of an archive, only a few small parts that say what it is are unpacked, each with a limit: so
one that would unpack to a terabyte costs no more than any other.
"""

from __future__ import annotations

import io
import re
from typing import IO

from django.core.exceptions import ValidationError

from registers.files.archives import (
    CALLED,
    MIMETYPE,
    TAIL,
    TYPES,
    UNREADABLE,
    Archive,
    kind_of_archive,
)

# The kinds that are taken, with how each is called on its way to a browser.
KINDS = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
}
CHOOSE = "Upload a PDF, DOCX, XLSX, ODT or ODS file."
DAMAGED = f"This file is damaged, or is a type that you cannot upload. {CHOOSE}"
PROTECTED = (
    "This file has a password, so readers could not open it. Save it without a password,"
    " then upload it again."
)
MACROS = "This file has macros, which are programs. Save it without them, then upload it again."
TWO_KINDS = (
    "This file mixes two file types. Save it again in the program that made it,"
    " then upload it again."
)
EMPTY = "This file is empty. Upload another file."
OLDER = (
    "This is an older type of Office file, such as DOC or XLS. Save it as DOCX or XLSX,"
    " then upload it again."
)
HEAD = 1024

# Old Office files, and those that a newer Office locked with a password.
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
LOCKED = "EncryptedPackage".encode("utf-16-le")
# Nothing may stand behind the end of a PDF: another file could.
PDF_END = re.compile(rb"startxref\s+([0-9]{1,9})\s+%%EOF[\s\0]*\Z")
PDF_TABLE = re.compile(rb"xref|[0-9]\s+obj")

# How other files begin, and what they are.
OTHERS = {
    b"%PDF-": "a PDF",
    b"MZ": "a program (EXE)",
    b"\x7fELF": "a program",
    b"#!": "a program (a script)",
    b"\x89PNG": "a picture (PNG)",
    b"\xff\xd8\xff": "a picture (JPEG)",
    b"GIF8": "a picture (GIF)",
    b"{\\rtf": "an RTF text",
    b"\x1f\x8b": "an archive (GZIP)",
    b"Rar!": "an archive (RAR)",
    b"7z\xbc\xaf": "an archive (7Z)",
}
JSON = re.compile(rb"\s*(?:\{\s*[\"}]|\[\s*[\[{])")
XML, PAGE = "an XML file", "a web page (HTML)"
MARKUP = {b"<svg": "a picture (SVG)", b"<html": PAGE, b"<script": PAGE}


def kind_of(file: IO[bytes]) -> str:
    """Return the kind of a file that can be read and searched, as its name should end: 'pdf'.

    Raises ValidationError, whose sentence says what it is instead.
    """
    size = file.seek(0, io.SEEK_END) or file.tell()
    head = _read(file, 0, HEAD)
    if not head:
        raise ValidationError(EMPTY)
    if head.startswith(OLE):
        raise ValidationError(PROTECTED if LOCKED in _read(file, 0, size) else OLDER)
    tail = _read(file, max(0, size - TAIL), TAIL)
    if head.startswith(b"%PDF-"):
        _refuse_odd_pdf(file, head, tail)
        return "pdf"
    if head.startswith(b"PK\x03\x04"):
        if b"%PDF-" in head:  # programs look for it as far as this
            raise ValidationError(TWO_KINDS)
        return _archive_kind(file)
    what = what_else(head)
    raise ValidationError(f"This is {what}. {CHOOSE}" if what else DAMAGED)


def _read(file: IO[bytes], place: int, length: int) -> bytes:
    file.seek(place)
    return file.read(length)


def _archive_kind(file: IO[bytes]) -> str:
    """Return the kind of an Office file. Raises ValidationError."""
    try:
        archive = Archive(file)
        if archive.is_locked:
            raise ValidationError(PROTECTED)
        if TYPES in archive and MIMETYPE in archive:
            raise ValidationError(TWO_KINDS)
        kind, has_macros = kind_of_archive(archive)
    except UNREADABLE as problem:
        raise ValidationError(DAMAGED) from problem
    if has_macros:
        raise ValidationError(MACROS)
    if kind in KINDS:
        return kind
    raise ValidationError(f"This is {CALLED[kind]}. {CHOOSE}" if kind in CALLED else DAMAGED)


def _refuse_odd_pdf(file: IO[bytes], head: bytes, tail: bytes) -> None:
    """Raise ValidationError for what only begins like a PDF, or is an archive too."""
    end = PDF_END.search(tail)
    if not re.match(rb"%PDF-[12]\.[0-9]", head) or not end:
        raise ValidationError(DAMAGED)
    if not PDF_TABLE.search(_read(file, int(end[1]), HEAD)):
        raise ValidationError(DAMAGED)
    place = tail.rfind(b"PK\x05\x06")
    # An archive ends with a comment of a length that it says.
    if place >= 0 and int.from_bytes(tail[place + 20 : place + 22], "little") == (
        len(tail) - place - 22
    ):
        raise ValidationError(TWO_KINDS)


def what_else(head: bytes) -> str:
    """Return what a file that begins so is, in words, or '' where that does not tell."""
    for beginning, what in OTHERS.items():
        # Words can begin as a program does, so a text may begin with 'MZ'.
        if head.startswith(beginning) and (beginning != b"MZ" or b"\0" in head):
            return what
    if JSON.match(head):
        return "JSON, as programs read it"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(b"<"):
        found = (what for mark, what in MARKUP.items() if mark in text)
        return next(found, XML if text.startswith(b"<?xml") else PAGE)
    return ""
