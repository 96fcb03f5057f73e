"""The archive that an XLSX or ODS is: unpacked piece by piece, and never beyond a limit.

Part of the program that reads files, so there is no Django in it.
"""

from __future__ import annotations

import copy
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Self
from zipfile import BadZipFile, ZipFile, ZipInfo

from registers.imports.reading.limits import DAMAGED, MEGABYTE, UNPACKED_BYTES, Unreadable

# Beside its own, zipfile raises many errors for what cannot be right.
UNREADABLE: tuple[type[Exception], ...] = (BadZipFile, zlib.error, struct.error)
UNREADABLE += (EOFError, NotImplementedError, OSError, RuntimeError, ValueError)

TOO_MUCH = (
    f"This file unpacks to more than {UNPACKED_BYTES // MEGABYTE} MB, which no register needs."
    " Copy the rows that you need into a new spreadsheet and choose that."
)


class Archive:
    """An archive whose parts can be unpacked one after the other, each in pieces."""

    def __init__(self, path: Path) -> None:
        # Closed by itself at the end, whoever still reads a part.
        self._file = path.open("rb")
        self._archive = ZipFile(self._file)
        self._infos = {info.filename.lower(): info for info in self._archive.infolist()}
        if sum(info.file_size for info in self._archive.infolist()) > UNPACKED_BYTES:
            self._file.close()
            raise Unreadable(TOO_MUCH)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._infos

    def __iter__(self) -> Iterator[str]:
        return iter(self._infos)

    def pieces(self, name: str) -> Iterator[bytes]:
        """Give the content of a part. Raises Unreadable where it is missing or damaged."""
        if name not in self:
            raise Unreadable(DAMAGED)
        try:
            yield from self._unpacked(self._infos[name.lower()])
        except UNREADABLE as problem:
            raise Unreadable(DAMAGED) from problem

    def _unpacked(self, info: ZipInfo) -> Iterator[bytes]:
        """Give the content of a part, and raise BadZipFile where it is longer than is said.

        A reader that believes what is said never sees more; calamine unpacks all there is.
        """
        doubting = copy.copy(info)
        doubting.file_size += 1
        length = 0
        with self._archive.open(doubting) as part:
            while piece := part.read(MEGABYTE):
                length += len(piece)
                yield piece
        if length != info.file_size:
            raise BadZipFile
