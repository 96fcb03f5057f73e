"""What is written in uploaded files and in stored e-mails, to look for words that are taken out."""

from __future__ import annotations

import email
import email.policy
import html
import io
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from django.conf import settings

from registers.changes.redaction.marked import Marked
from registers.files.archives import PIECE_BYTES, UNREADABLE, Archive

_TAGS = re.compile(r"<[^<>]*>")
# Of one part of a file that is read, and of all: it may unpack to a terabyte.
PART_BYTES, UNPACKED_BYTES = 50 * PIECE_BYTES, 200 * PIECE_BYTES
BETWEEN_EMAILS = b"-" * 79 + b"\n"  # as Django writes them to a file


def texts_of_file(content: bytes) -> Iterator[str]:
    """Yield what the bytes of a file may say, in several encodings, also within an Office file.

    Nothing of what cannot be read, such as the text of most PDFs.
    """
    for part in _parts(content):
        for data, encoding in ((part, "utf-8"), (part, "cp1252"), (part, "utf-16-le")):
            text = data.decode(encoding, "ignore")
            yield text
            # In a document a word may change its look in its middle.
            yield html.unescape(_TAGS.sub("", text))
        yield part[1:].decode("utf-16-le", "ignore")


def _parts(content: bytes) -> Iterator[bytes]:
    yield content
    left = UNPACKED_BYTES
    with suppress(*UNREADABLE):
        archive = Archive(io.BytesIO(content))
        for name in archive:
            pieces = islice(archive.pieces(name), min(left, PART_BYTES) // PIECE_BYTES)
            part = b"".join(pieces)
            yield part
            left -= len(part)


@dataclass(frozen=True, kw_only=True)
class StoredEmails:
    """A file of e-mails that holds marked texts, and which."""

    path: Path
    texts: frozenset[str]


def find_emails(marked: Marked) -> Iterator[StoredEmails]:
    """Yield the files of e-mails that hold any, where e-mails are written to a folder."""
    folder = Path(settings.EMAIL_FILE_PATH) if settings.EMAIL_FILE_PATH else None
    for path in sorted(folder.glob("*.log")) if folder else ():
        if texts := marked.found_in(_texts_of_emails(path.read_bytes())):
            yield StoredEmails(path=path, texts=texts)


def _texts_of_emails(content: bytes) -> Iterator[str]:
    for one in content.split(BETWEEN_EMAILS):
        message = email.message_from_bytes(one, policy=email.policy.default)
        yield from (str(value) for value in message.values())
        yield from (p.get_content() for p in message.walk() if p.get_content_maintype() == "text")
