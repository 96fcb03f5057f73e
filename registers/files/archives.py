"""An archive (ZIP): its parts, unpacked piece by piece and never beyond a limit, and its kind.

Papers and spreadsheets are read by it, also in the programs that read files in processes of
their own (imports/reading/), so there is no Django in it.
"""

from __future__ import annotations

import copy
import io
import struct
import zlib
from collections.abc import Iterator
from itertools import chain
from posixpath import join, normpath
from typing import IO, Any, cast
from xml.etree import ElementTree
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile

# Beside its own, zipfile raises many errors for what is not valid.
UNREADABLE: tuple[type[Exception], ...] = (BadZipFile, zlib.error, struct.error)
UNREADABLE += (EOFError, NotImplementedError, OSError, RuntimeError, ValueError)

PIECE_BYTES = 1024 * 1024
PART_BYTES = 1_000_000  # of a part that says what the others are
TAIL = 65_557  # as far from its end as the last record of an archive can begin
END = struct.Struct("<4s4H2LH")  # that record, without its comment
LONG_END = 76  # bytes of the two records that may stand before it, for archives of any size
LIST_BYTES = 1_000_000  # of the list of an archive's parts; real ones take some thousand

TYPES, MIMETYPE, MANIFEST = "[content_types].xml", "mimetype", "meta-inf/manifest.xml"
CONTENT, APPLE = "content.xml", "index/document.iwa"
OFFICE = "application/vnd.openxmlformats-officedocument."
EXCEL, WORD = "application/vnd.ms-excel.", "application/vnd.ms-word."
OPEN = "application/vnd.oasis.opendocument."
# Kinds by the type of the main part, in small letters, and by the mimetype of OpenDocument.
KINDS = {
    f"{OFFICE}wordprocessingml.document.main+xml": "docx",
    f"{OFFICE}wordprocessingml.template.main+xml": "dotx",
    f"{OFFICE}spreadsheetml.sheet.main+xml": "xlsx",
    f"{OFFICE}spreadsheetml.template.main+xml": "xltx",
    f"{OFFICE}presentationml.presentation.main+xml": "pptx",
    f"{WORD}document.macroenabled.main+xml": "docm",
    f"{EXCEL}sheet.macroenabled.main+xml": "xlsm",
    f"{EXCEL}template.macroenabled.main+xml": "xltm",
    f"{EXCEL}sheet.binary.macroenabled.main": "xlsb",
    f"{OPEN}text": "odt",
    f"{OPEN}text-template": "ott",
    f"{OPEN}spreadsheet": "ods",
    f"{OPEN}spreadsheet-template": "ots",
    f"{OPEN}presentation": "odp",
}
# How a sentence calls those that are not taken.
CALLED = {
    **{kind: f"a text ({kind.upper()})" for kind in ("docx", "docm", "odt")},
    **{kind: f"a template ({kind.upper()})" for kind in ("dotx", "xltx", "ott", "ots")},
    **{kind: f"a presentation ({kind.upper()})" for kind in ("pptx", "odp")},
    "xlsb": "a binary workbook (XLSB)",
    "numbers": "a Numbers, Pages or Keynote file",
    "zip": "an archive (ZIP)",
}


class Archive:
    r"""An archive's parts by their names, in small letters and with '/' as programs compare them.

    `unpacked_bytes` is how large it says that they are, `is_locked` whether it has a password,
    and `has_backslashes` whether a name has '\' for '/', as some programs write.
    """

    def __init__(self, file: IO[bytes]) -> None:
        """Read the list of parts. Raises one of UNREADABLE, also for two parts of one name."""
        size = file.seek(0, io.SEEK_END)
        file.seek(max(0, size - TAIL))
        _refuse_odd_end(file.read(), size)
        self._file = ZipFile(file)
        infos = self._file.infolist()
        self._infos = {_folded(info.filename): info for info in infos}
        if len(self._infos) != len(infos):
            raise BadZipFile  # programs would not agree on which of two is meant
        self.unpacked_bytes = sum(info.file_size for info in infos)
        self.has_backslashes = any("\\" in info.filename for info in infos)
        self.is_locked = any(info.flag_bits & 0x1 for info in infos) or (
            MIMETYPE in self and MANIFEST in self and b"encryption-data" in self.read(MANIFEST)
        )

    def __contains__(self, name: str) -> bool:
        return name in self._infos

    def __iter__(self) -> Iterator[str]:
        return iter(self._infos)

    def read(self, name: str, most: int = PART_BYTES) -> bytes:
        """Return the content of a part. Raises BadZipFile where it is missing, or too long."""
        if name not in self or self._infos[name].file_size > most:
            raise BadZipFile
        return b"".join(self.pieces(name))

    def pieces(self, name: str) -> Iterator[bytes]:
        """Give the content of a part, and raise BadZipFile where it is longer than is said.

        A reader that believes what is said never sees more; calamine unpacks all there is.
        """
        info = self._infos[name]
        if info.compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
            raise BadZipFile
        doubting = copy.copy(info)
        doubting.file_size += 1
        length = 0
        with self._file.open(doubting) as part:
            while piece := part.read(PIECE_BYTES):
                length += len(piece)
                yield piece
        if length != info.file_size:
            raise BadZipFile

    def xml(self, name: str, most: int = PART_BYTES) -> ElementTree.Element:
        """Return the content of a part of XML. Raises BadZipFile for what is none."""
        text = self.read(name, most).decode("utf-8-sig")
        if "<!DOCTYPE" in text:  # Office writes none, and entities could grow without end
            raise BadZipFile
        try:
            return ElementTree.fromstring(text)  # noqa: S314 (no entities)
        except ElementTree.ParseError as problem:
            raise BadZipFile from problem

    def elements(self, name: str) -> Iterator[ElementTree.Element]:
        """Give each element of a large part of XML, when it has ended.

        Raises ParseError or BadZipFile. Entities end where expat says that they grow too much.
        """
        parser: ElementTree.XMLPullParser[Any] = ElementTree.XMLPullParser(("end",))
        for piece in chain(self.pieces(name), [b""]):
            if piece:
                parser.feed(piece)
            else:
                parser.close()  # expat may hold back the last piece until here
            events = cast("Iterator[tuple[str, ElementTree.Element]]", parser.read_events())
            yield from (element for _, element in events)


def _refuse_odd_end(tail: bytes, size: int) -> None:
    """Raise BadZipFile unless the list of parts ends the file, and is of a sane length."""
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) - place < END.size:
        raise BadZipFile
    *_, length, start, comment = END.unpack_from(tail, place)
    end = size - len(tail) + place
    if tail[place - LONG_END : place].startswith(b"PK\x06\x06"):
        # Some programs say the same once more, in numbers of 64 bits.
        if (length, start) != struct.unpack_from("<2Q", tail, place - LONG_END + 40):
            raise BadZipFile
        end -= LONG_END
    if length > LIST_BYTES or start + length != end or place + END.size + comment != len(tail):
        raise BadZipFile


def _folded(name: str) -> str:
    return name.replace("\\", "/").lower()


def related(archive: Archive, part: str = "") -> dict[str, tuple[str, str]]:
    """Return the type and the target of each relation of a part of an Office file, by its key.

    Without `part`, those of the file itself.
    """
    folder, _, name = part.rpartition("/")
    return {
        each.get("Id", ""): (
            each.get("Type", ""),
            _folded(normpath(join("/", folder, _folded(each.get("Target", "")))))[1:],
        )
        for each in archive.xml(join(folder, "_rels", f"{name}.rels"))
    }


def main_part(archive: Archive) -> str:
    """Return the name of the part that an Office file is read from. Raises BadZipFile."""
    mains = [part for kind, part in related(archive).values() if kind.endswith("/officeDocument")]
    if len(mains) != 1 or mains[0] not in archive:
        raise BadZipFile
    return mains[0]


def kind_of_archive(archive: Archive) -> tuple[str, bool]:
    """Return the kind of an archive, as its name should end, and whether it holds macros.

    It is 'zip' for what is nothing else, and '' where nobody knows what. Raises one of UNREADABLE.
    """
    if TYPES in archive:
        return _office_kind(archive)
    if MIMETYPE in archive:
        kind = KINDS.get(archive.read(MIMETYPE).decode().strip(), "zip")
        if kind != "zip" and not (CONTENT in archive and MANIFEST in archive):
            raise BadZipFile
        return kind, any(name.startswith(("basic/", "scripts/")) for name in archive)
    return "numbers" if APPLE in archive else "zip", False


def _office_kind(archive: Archive) -> tuple[str, bool]:
    """Return what the type of the main part says: the list names types of parts not there, too."""
    types = {
        _folded(each.get("PartName") or f"*.{each.get('Extension')}").removeprefix("/"): (
            each.get("ContentType", "").strip().lower()
        )
        for each in archive.xml(TYPES)
    }

    def type_of(part: str) -> str:
        return types.get(part) or types.get(f"*.{part.rpartition('.')[2]}", "")

    main = type_of(main_part(archive))
    macros = "macroenabled" in main or any(
        name.endswith("vbaproject.bin") or "vbaproject" in type_of(name) for name in archive
    )
    return KINDS.get(main, ""), macros
