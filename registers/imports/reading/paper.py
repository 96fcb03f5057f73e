"""The program that reads the text of a paper: `python -m registers.imports.reading.paper KIND`.

The paper comes on its standard input, and its title and text go to the standard output as
JSON, or a sentence that says why there are none. A paper that was made to harm can use up
memory or time, so a process of its own reads it, with limits and without Django (reader.py).
Only that imports the two libraries: the site need not hold them.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from math import hypot
from typing import Any

from registers.files.archives import Archive
from registers.imports.reading.limits import MEGABYTE, Unreadable, limit_this_process

# A protocol has some 20 pages: its front says what it is, and its end who signed it and when.
FIRST_PAGES, LAST_PAGES = 20, 10
CHARACTERS, TITLE_CHARACTERS = 200_000, 1_000
# Of a PDF, the lines of its first page that are compared in size; of a DOCX, its first paragraphs.
FRONT, HEADINGS = 200, 5
UNPACKED_BYTES = 64 * MEGABYTE
MEMORY_BYTES = 768 * MEGABYTE
PROCESSOR_SECONDS = 10
SECONDS = 20

HEADING_STYLES = ("Title", "Heading 1")

BY_HAND = "It can be saved as it is; enter its title and dates yourself."
PROTECTED = f"This file has a password, so its text cannot be read. {BY_HAND}"
DAMAGED = f"The text of this file cannot be read. {BY_HAND}"
TOO_DEAR = f"This file takes too much memory or time to read. {BY_HAND}"
NO_TEXT = f"There is no text in this file: it may be a scan. {BY_HAND}"

# The title that the file says it has, its headings, the likeliest first, and its text in pieces.
Found = tuple[str, list[str], Iterable[str]]


def read_pdf(content: bytes) -> Found:
    """Return what a PDF says on its first and last pages. Raises Unreadable."""
    from pypdf import PasswordType, PdfReader  # noqa: PLC0415 (above)

    reader = PdfReader(io.BytesIO(content))
    if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
        raise Unreadable(PROTECTED)
    title, count = reader.metadata and reader.metadata.title, len(reader.pages)
    numbers = [*range(min(count, FIRST_PAGES)), *range(max(FIRST_PAGES, count - LAST_PAGES), count)]
    lines: list[tuple[float, str]] = []

    def look(text: str, page: Any, line: Any, font: Any, size: float) -> None:
        if text.strip() and len(lines) < FRONT:
            # The size of letters is that of the font, made larger by two matrices.
            drawn = size * hypot(*line[2:4]) * hypot(*page[2:4])
            lines.append((round(drawn, 1), text))

    if count:
        reader.pages[0].extract_text(visitor_text=look)
    pieces = (reader.pages[number].extract_text() for number in numbers)
    return str(title or ""), _largest(lines), pieces


def _largest(lines: list[tuple[float, str]]) -> list[str]:
    """Return what is written larger than other lines, the largest first; lines of one size join."""
    joined = [
        (size, " ".join(text.strip() for _, text in group))
        for size, group in groupby(lines, key=lambda line: line[0])
    ]
    smallest = min((size for size, _ in joined), default=0)
    larger = sorted(joined, key=lambda line: -line[0])
    return [text for size, text in larger if size > smallest][:HEADINGS]


def read_docx(content: bytes) -> Found:
    """Return what a DOCX says, a row of a table as a line. Raises Unreadable."""
    import docx  # noqa: PLC0415 (above)
    from docx.table import Table  # noqa: PLC0415 (above)

    # Its parts are unpacked at once, none to more than the archive says.
    if Archive(io.BytesIO(content)).unpacked_bytes > UNPACKED_BYTES:
        raise Unreadable(TOO_DEAR)
    document = docx.Document(io.BytesIO(content))
    front = [(getattr(each.style, "name", ""), each.text) for each in document.paragraphs[:FRONT]]
    headings = [text for style in HEADING_STYLES for name, text in front if name == style]

    def lines() -> Iterator[str]:
        for block in document.iter_inner_content():
            if isinstance(block, Table):
                yield from ("  ".join(cell.text for cell in row.cells) for row in block.rows)
            else:
                yield block.text

    return document.core_properties.title, headings[:HEADINGS], lines()


READERS: dict[str, Callable[[bytes], Found]] = {"docx": read_docx, "pdf": read_pdf}


def read(kind: str, content: bytes) -> dict[str, Any]:
    """Return `title`, `headings` and `text` of a paper, or the `problem` that was in the way."""
    try:
        title, headings, pieces = READERS[kind](content)
        text, length = [], 0
        for piece in pieces:
            text.append(piece[: CHARACTERS - length])
            length += len(text[-1])
            if length >= CHARACTERS:
                break
    except Unreadable as problem:
        return {"problem": str(problem)}
    except MemoryError:
        return {"problem": TOO_DEAR}
    except Exception:  # whatever the libraries raise for what is not valid
        return {"problem": DAMAGED}
    whole = "\n".join(text)
    if not whole.strip():
        return {"problem": NO_TEXT}
    title, *headings = (each[:TITLE_CHARACTERS] for each in (title, *headings))
    return {"title": title, "headings": headings, "text": whole}


if __name__ == "__main__":
    limit_this_process(memory=MEMORY_BYTES, processor=PROCESSOR_SECONDS)
    json.dump(read(sys.argv[1], sys.stdin.buffer.read()), sys.stdout)
