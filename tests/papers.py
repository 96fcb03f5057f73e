"""Real papers, as small as they can be, and files that only pretend to be such."""

from __future__ import annotations

import io
from itertools import zip_longest
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import docx as docx_library
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

OFFICE = "application/vnd.openxmlformats-officedocument."
WORD = f"{OFFICE}wordprocessingml.document.main+xml"
SHEET = f"{OFFICE}spreadsheetml.sheet.main+xml"
OPEN = "application/vnd.oasis.opendocument."


def pdf(words: str = "A paper") -> bytes:
    """A PDF of one empty page, which `words` tell from another."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
        b"(" + words.encode() + b")",
    ]
    body, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return body + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table, len(objects) + 1, len(body))
    )


def pdf_of(*pages: str, title: str = "", password: str = "", sizes: tuple[int, ...] = ()) -> bytes:
    """A PDF of pages with these lines, perhaps with a title of its own or a password.

    `sizes` are those of the letters, line by line; of the others it is 12.
    """
    writer = PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    for words in pages:
        page = writer.add_blank_page(595, 842)
        lines = "".join(
            f"/F {size} Tf ({line}) Tj T* " if size else f"({line}) Tj T* "
            for line, size in zip_longest(words.splitlines(), sizes)
        )
        content = DecodedStreamObject()
        content.set_data(f"BT /F 12 Tf 40 TL 50 780 Td {lines}ET".encode())
        page[NameObject("/Contents")] = content
        fonts = DictionaryObject({NameObject("/F"): font})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    if title:
        writer.add_metadata({"/Title": title})
    if password:
        writer.encrypt(password)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def docx_of(
    *lines: str,
    rows: tuple[tuple[str, ...], ...] = (),
    title: str = "",
    styles: tuple[str, ...] = (),
) -> bytes:
    """A DOCX with these paragraphs, in these styles, and a table of these rows behind them."""
    document = docx_library.Document()
    document.core_properties.title = title
    for line, style in zip_longest(lines, styles):
        document.add_paragraph(line, style=style or None)
    if rows:
        table = document.add_table(0, len(rows[0]))
        for row in rows:
            for cell, words in zip(table.add_row().cells, row, strict=True):
                cell.text = words
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def archive(parts: dict[str, bytes | str], *, stored: tuple[str, ...] = ()) -> bytes:
    """A ZIP of these parts."""
    file = io.BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            how = ZIP_STORED if name in stored else ZIP_DEFLATED
            # Of no time, so that the same parts are the same bytes.
            packed.writestr(ZipInfo(name), content, how)
    return file.getvalue()


def content_types(*overrides: tuple[str, str]) -> str:
    """The list of types at the front of an Office file."""
    lines = "".join(
        f'<Override PartName="{part}" ContentType="{kind}"/>' for part, kind in overrides
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Default Extension="xml" ContentType="application/xml"/>{lines}</Types>'
    )


def relations(*mains: str) -> str:
    """What says which part an Office file is read from."""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    each = "".join(f'<Relationship Id="r" Type="{kind}" Target="{main}"/>' for main in mains)
    return f"<Relationships>{each}</Relationships>"


def office(main: str, kind: str, *more: tuple[str, str], **parts: bytes | str) -> bytes:
    """An Office file whose main part is of this kind; with `more` types, and more parts."""
    return archive(
        {
            "[Content_Types].xml": content_types((f"/{main}", kind), *more),
            "_rels/.rels": relations(main),
            main: "<document/>",
            **parts,
        }
    )


def docx(**parts: bytes | str) -> bytes:
    return office("word/document.xml", WORD, **parts)


def xlsx(**parts: bytes | str) -> bytes:
    return office("xl/workbook.xml", SHEET, **parts)


def opened(kind: str, manifest: str = "<manifest/>", **parts: bytes | str) -> bytes:
    """An OpenDocument file of this kind: 'text'."""
    return archive(
        {
            "mimetype": OPEN + kind,
            "content.xml": "<content/>",
            "META-INF/manifest.xml": manifest,
            **parts,
        },
        stored=("mimetype",),
    )


def odt(**parts: bytes | str) -> bytes:
    return opened("text", **parts)


def ods(**parts: bytes | str) -> bytes:
    return opened("spreadsheet", **parts)


def locked_office() -> bytes:
    """What Office writes for a password: the old container, with the new file encrypted in it."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le")


def older_office() -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "WordDocument".encode("utf-16-le")


def bomb() -> bytes:
    """A DOCX of 100 MB of nothing, in 100 kB."""
    return docx(**{"word/media/nothing.bin": bytes(100_000_000)})


def with_flag(paper: bytes) -> bytes:
    """The same archive with its parts marked as encrypted, each by ZIP's own password."""
    marked = bytearray(paper)
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = marked.find(mark)
        while at >= 0:
            marked[at + place] |= 1
            at = marked.find(mark, at + 4)
    return bytes(marked)
