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

from registers.files.archives import Archive
from registers.imports.reading.limits import MEGABYTE, Unreadable, limit_this_process

# A protocol has some 20 pages: its front says what it is, and its end who signed it and when.
FIRST_PAGES, LAST_PAGES = 20, 10
CHARACTERS, TITLE_CHARACTERS = 200_000, 1_000
UNPACKED_BYTES = 64 * MEGABYTE
MEMORY_BYTES = 768 * MEGABYTE
PROCESSOR_SECONDS = 10
SECONDS = 20

BY_HAND = "It can be saved as it is; enter its title and dates yourself."
PROTECTED = f"This file has a password, so its text cannot be read. {BY_HAND}"
DAMAGED = f"The text of this file cannot be read. {BY_HAND}"
TOO_DEAR = f"This file takes too much memory or time to read. {BY_HAND}"
NO_TEXT = f"There is no text in this file: it may be a scan. {BY_HAND}"

Found = tuple[str, Iterable[str]]  # the title that the file says it has, and its text in pieces


def read_pdf(content: bytes) -> Found:
    """Return what a PDF says on its first and last pages. Raises Unreadable."""
    from pypdf import PasswordType, PdfReader  # noqa: PLC0415 (above)

    reader = PdfReader(io.BytesIO(content))
    if reader.is_encrypted and reader.decrypt("") == PasswordType.NOT_DECRYPTED:
        raise Unreadable(PROTECTED)
    title, count = reader.metadata and reader.metadata.title, len(reader.pages)
    numbers = [*range(min(count, FIRST_PAGES)), *range(max(FIRST_PAGES, count - LAST_PAGES), count)]
    return str(title or ""), (reader.pages[number].extract_text() for number in numbers)


def read_docx(content: bytes) -> Found:
    """Return what a DOCX says, a row of a table as a line. Raises Unreadable."""
    import docx  # noqa: PLC0415 (above)
    from docx.table import Table  # noqa: PLC0415 (above)

    # Its parts are unpacked at once, none to more than the archive says.
    if Archive(io.BytesIO(content)).unpacked_bytes > UNPACKED_BYTES:
        raise Unreadable(TOO_DEAR)
    document = docx.Document(io.BytesIO(content))

    def lines() -> Iterator[str]:
        for block in document.iter_inner_content():
            if isinstance(block, Table):
                yield from ("  ".join(cell.text for cell in row.cells) for row in block.rows)
            else:
                yield block.text

    return document.core_properties.title, lines()


READERS: dict[str, Callable[[bytes], Found]] = {"docx": read_docx, "pdf": read_pdf}


def read(kind: str, content: bytes) -> dict[str, str]:
    """Return the `title` and `text` of a paper, or the `problem` that was in the way."""
    try:
        title, pieces = READERS[kind](content)
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
    return (
        {"title": title[:TITLE_CHARACTERS], "text": whole}
        if whole.strip()
        else {"problem": NO_TEXT}
    )


if __name__ == "__main__":
    limit_this_process(memory=MEMORY_BYTES, processor=PROCESSOR_SECONDS)
    json.dump(read(sys.argv[1], sys.stdin.buffer.read()), sys.stdout)
