"""What kind of Office file an archive is: DOCX, XLSX, ODT, ODS, or none that is taken.

An archive is never unpacked. Its list of parts is read, and a few small parts
by their names, each with a limit: so one that would unpack to a terabyte costs
no more than any other.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from typing import IO
from xml.etree import ElementTree
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

from django.core.exceptions import ValidationError

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
ARCHIVE = f"This is an archive (ZIP). {CHOOSE}"

END = struct.Struct("<4s4H2LH")  # the last record of an archive, without its comment
LONG_END = 76  # bytes of the two records that may stand before it, for archives of any size
LIST_BYTES = 1_000_000  # of the list of an archive's parts; real ones take some thousand
PART_BYTES = 1_000_000
MIMETYPE_BYTES = 200
# Beside its own, zipfile raises many errors for what cannot be right.
UNREADABLE: tuple[type[Exception], ...] = (BadZipFile, zlib.error, struct.error)
UNREADABLE += (EOFError, NotImplementedError, OSError, RuntimeError, ValueError)

TYPES, RELATIONS = "[content_types].xml", "_rels/.rels"
OFFICE = "application/vnd.openxmlformats-officedocument."
OFFICE_KINDS = {
    f"{OFFICE}wordprocessingml.document.main+xml": "docx",
    f"{OFFICE}spreadsheetml.sheet.main+xml": "xlsx",
}
OFFICE_OTHERS = {
    f"{OFFICE}wordprocessingml.template.main+xml": "a template (DOTX)",
    f"{OFFICE}spreadsheetml.template.main+xml": "a template (XLTX)",
    f"{OFFICE}presentationml.presentation.main+xml": "a presentation (PPTX)",
}
MIMETYPE, CONTENT, MANIFEST = "mimetype", "content.xml", "meta-inf/manifest.xml"
OPEN = "application/vnd.oasis.opendocument."
OPEN_KINDS = {f"{OPEN}text": "odt", f"{OPEN}spreadsheet": "ods"}
OPEN_OTHERS = {
    f"{OPEN}text-template": "a template (OTT)",
    f"{OPEN}spreadsheet-template": "a template (OTS)",
    f"{OPEN}presentation": "a presentation (ODP)",
}


def kind_of_archive(file: IO[bytes], tail: bytes, size: int) -> str:
    """Return the kind of the archive `file` of `size` bytes, of which `tail` is the end.

    Raises ValidationError, whose sentence says what it is instead.
    """
    refuse_odd_end(tail, size)
    try:
        with ZipFile(file) as archive:
            return _kind(Parts(archive))
    except UNREADABLE as problem:
        raise ValidationError(DAMAGED) from problem


def refuse_odd_end(tail: bytes, size: int) -> None:
    """Raise ValidationError unless the list of parts ends the file, and is of a sane length."""
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) - place < END.size:
        raise ValidationError(DAMAGED)
    *_, length, start, comment = END.unpack_from(tail, place)
    end = size - len(tail) + place
    if tail[place - LONG_END : place].startswith(b"PK\x06\x06"):
        # Some programs say the same once more, in numbers of 64 bits.
        if (length, start) != struct.unpack_from("<2Q", tail, place - LONG_END + 40):
            raise ValidationError(DAMAGED)
        end -= LONG_END
    if length > LIST_BYTES or start + length != end or place + END.size + comment != len(tail):
        raise ValidationError(DAMAGED)


class Parts:
    """The parts of an archive by their names, in small letters as programs compare them."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        infos = archive.infolist()
        self._infos = {info.filename.lower(): info for info in infos}
        if len(self._infos) != len(infos):
            raise BadZipFile  # programs would not agree on which of two is meant
        if any(info.flag_bits & 0x1 for info in infos):
            raise ValidationError(PROTECTED)

    def __contains__(self, name: str) -> bool:
        return name in self._infos

    def __iter__(self) -> Iterator[str]:
        return iter(self._infos)

    def read(self, name: str, most: int = PART_BYTES) -> str:
        """Return the text of a part. Raises BadZipFile where it is missing, or is too long."""
        info = self._infos.get(name)
        if info is None or info.file_size > most:
            raise BadZipFile
        if info.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
            raise BadZipFile
        with self._archive.open(info) as part:
            return part.read(most + 1).decode()


def _kind(parts: Parts) -> str:
    if TYPES in parts and MIMETYPE in parts:
        raise ValidationError(TWO_KINDS)
    if TYPES in parts:
        return _office_kind(parts)
    if MIMETYPE in parts:
        return _open_kind(parts)
    raise ValidationError(ARCHIVE)


def _office_kind(parts: Parts) -> str:
    """Return which of Microsoft's kinds it is."""
    main = {kind: part for part, kind in content_types(parts.read(TYPES))}
    macros = any("macroenabled" in kind or "vbaproject" in kind for kind in map(str.lower, main))
    if macros or any(name.endswith("vbaproject.bin") for name in parts):
        raise ValidationError(MACROS)
    _refuse_others(OFFICE_OTHERS[kind] for kind in main if kind in OFFICE_OTHERS)
    kinds = [kind for kind in main if kind in OFFICE_KINDS]
    if len(kinds) > 1:
        raise ValidationError(TWO_KINDS)
    if not kinds or RELATIONS not in parts or main[kinds[0]] not in parts:
        raise ValidationError(DAMAGED)
    return OFFICE_KINDS[kinds[0]]


def content_types(text: str) -> Iterator[tuple[str, str]]:
    """Give the parts that the list of types names, each with its type."""
    if "<!DOCTYPE" in text:  # Office writes none, and entities could grow without end
        raise BadZipFile
    try:
        root = ElementTree.fromstring(text.removeprefix("\ufeff"))  # noqa: S314 (no entities)
    except ElementTree.ParseError as problem:
        raise BadZipFile from problem
    for each in root:
        part = each.get("PartName", "").removeprefix("/").lower()
        yield part, each.get("ContentType", "").strip()


def _open_kind(parts: Parts) -> str:
    """Return which of the OpenDocument kinds it is."""
    mimetype = parts.read(MIMETYPE, MIMETYPE_BYTES).strip()
    _refuse_others(OPEN_OTHERS[each] for each in (mimetype,) if each in OPEN_OTHERS)
    if mimetype not in OPEN_KINDS or CONTENT not in parts:
        raise ValidationError(DAMAGED)
    if "encryption-data" in parts.read(MANIFEST):
        raise ValidationError(PROTECTED)
    if any(name.startswith(("basic/", "scripts/")) for name in parts):
        raise ValidationError(MACROS)
    return OPEN_KINDS[mimetype]


def _refuse_others(others: Iterable[str]) -> None:
    """Raise ValidationError that names the first of the kinds that are not taken."""
    for what in others:
        raise ValidationError(f"This is {what}. {CHOOSE}")
