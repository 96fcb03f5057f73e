"""A zip file that is sent while it is made: nothing of it is kept, on a disk or in memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

Part = tuple[str, Iterable[bytes]]
BLOCK = 16_384


def zipped(parts: Iterable[Part], *, mimetype: str = "") -> Iterator[bytes]:
    """Give a zip file of `parts`, each a name and its bytes in pieces.

    `mimetype` stands first and is not packed, as OpenDocument wants it: so the
    first bytes of the file say what it is.
    """
    sent = _Sent()
    with ZipFile(sent, "w") as archive:  # type: ignore[call-overload] # all that it asks for
        if mimetype:
            archive.filelist.append(_whole(sent, "mimetype", mimetype.encode()))
        for name, pieces in parts:
            # Its day is that of 1980 with which zip begins: the same parts have the same bytes.
            info = ZipInfo(name)
            info.compress_type = ZIP_DEFLATED
            with archive.open(info, "w") as part:
                for piece in pieces:
                    part.write(piece)
                    if len(sent.waiting) >= BLOCK:
                        yield sent.take()
    yield sent.take()


def _whole(sent: _Sent, name: str, content: bytes) -> ZipInfo:
    """Write a part with its size before it, where ZipFile could write it only behind."""
    info = ZipInfo(name)
    info.CRC, info.file_size, info.compress_size = zlib.crc32(content), len(content), len(content)
    info.header_offset = sent.tell()
    sent.write(info.FileHeader() + content)
    return info


class _Sent:
    """What ZipFile writes to: it cannot go back, and what was written can be taken away."""

    def __init__(self) -> None:
        self.waiting = bytearray()
        self._taken = 0

    def write(self, piece: bytes) -> int:
        self.waiting += piece
        return len(piece)

    def tell(self) -> int:
        return self._taken + len(self.waiting)

    def flush(self) -> None:
        """Do nothing: ZipFile asks for it."""

    def take(self) -> bytes:
        piece = bytes(self.waiting)
        self._taken += len(piece)
        self.waiting.clear()
        return piece
