"""What is in a file decides whether it is taken, and never its name alone."""

from __future__ import annotations

import io
import time

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile

from registers.files.archives import PART_BYTES
from registers.files.kinds import (
    CHOOSE,
    DAMAGED,
    EMPTY,
    MACROS,
    OLDER,
    PROTECTED,
    TWO_KINDS,
    kind_of,
)
from registers.models import Resource
from registers.models.document import PAPER_BYTES, PAPER_TYPES
from tests.papers import (
    OFFICE,
    WORD,
    archive,
    bomb,
    content_types,
    docx,
    locked_office,
    ods,
    odt,
    office,
    older_office,
    opened,
    pdf,
    relations,
    with_flag,
    xlsx,
)

GOOD = {"pdf": pdf(), "docx": docx(), "xlsx": xlsx(), "odt": odt(), "ods": ods()}
MS = "application/vnd.ms-"


def is_(what: str) -> str:
    return f"This is {what}. {CHOOSE}"


def long_end(paper: bytes, *, length: int | None = None) -> bytes:
    """The same archive with its end said once more, in 64 bits, as some programs write it."""
    place = paper.rfind(b"PK\x05\x06")
    said, start = (int.from_bytes(paper[place + at : place + at + 4], "little") for at in (12, 16))
    numbers = (44).to_bytes(8, "little") + bytes(12) + bytes(16)
    numbers += (said if length is None else length).to_bytes(8, "little") + start.to_bytes(
        8, "little"
    )
    locator = b"PK\x06\x07" + bytes(4) + place.to_bytes(8, "little") + (1).to_bytes(4, "little")
    return paper[:place] + b"PK\x06\x06" + numbers + locator + paper[place:]


def twice(name: str) -> bytes:
    """An archive with two parts whose names differ by capitals alone."""
    return docx(**{name: "one", name.upper(): "two"})


def with_byte(paper: bytes, mark: bytes, place: int, byte: int) -> bytes:
    at = paper.rfind(mark) + place
    return paper[:at] + bytes([byte]) + paper[at + 1 :]


HOSTILE = {
    "nothing": ("pdf", b"", EMPTY),
    "a web page": (
        "pdf",
        b"<!doctype html><html><script>alert(1)</script>",
        is_("a web page (HTML)"),
    ),
    "a web page behind a mark": ("pdf", b"\xef\xbb\xbf \n<HTML>", is_("a web page (HTML)")),
    "a piece of a page": ("pdf", b"<p onclick=x>", is_("a web page (HTML)")),
    "a picture that can run": (
        "pdf",
        b'<?xml version="1.0"?><svg onload="x">',
        is_("a picture (SVG)"),
    ),
    "XML": ("odt", b'<?xml version="1.0"?><office/>', is_("an XML file")),
    "a program": ("pdf", b"MZ\x90\x00" + bytes(100), is_("a program (EXE)")),
    "a program of Linux": ("pdf", b"\x7fELF\x02", is_("a program")),
    "a script": ("docx", b"#!/bin/sh\nrm -r /\n", is_("a program (a script)")),
    "a PNG": ("pdf", b"\x89PNG\r\n\x1a\n", is_("a picture (PNG)")),
    "a JPEG": ("pdf", b"\xff\xd8\xff\xe0", is_("a picture (JPEG)")),
    "a GIF": ("pdf", b"GIF89a", is_("a picture (GIF)")),
    "RTF": ("docx", b"{\\rtf1 words}", is_("an RTF text")),
    "GZIP": ("ods", b"\x1f\x8b\x08", is_("an archive (GZIP)")),
    "RAR": ("ods", b"Rar!\x1a\x07", is_("an archive (RAR)")),
    "7Z": ("ods", b"7z\xbc\xaf\x27\x1c", is_("an archive (7Z)")),
    "words": ("pdf", b"Dear reader", DAMAGED),
    # PDF
    "a PDF that is its first line": ("pdf", b"%PDF-1.7\n", DAMAGED),
    "a PDF of a page": ("pdf", b"%PDF-1.7\n<html><script>x</script></html>\n%%EOF", DAMAGED),
    "a PDF cut short": ("pdf", pdf()[:-20], DAMAGED),
    "a PDF whose end leads nowhere": ("pdf", b"%PDF-1.7\nstartxref\n99\n%%EOF\n", DAMAGED),
    "a PDF of no version": ("pdf", pdf().replace(b"-1.7", b"-x.y"), DAMAGED),
    "a PDF behind something": ("pdf", b"words\n" + pdf(), DAMAGED),
    "a page behind a PDF": ("pdf", pdf() + b"<script>x</script>", DAMAGED),
    "an archive behind a PDF": ("pdf", pdf() + docx(), DAMAGED),
    "an archive that ends as a PDF": (
        "pdf",
        pdf()[:-6] + b"PK\x05\x06" + bytes(16) + b"\x22\x00startxref\n%09d\n%%%%EOF\n        " % 9,
        TWO_KINDS,
    ),
    "an archive that begins with a PDF": (
        "odt",
        archive({"mimetype": pdf(), "content.xml": ""}, stored=("mimetype",)),
        TWO_KINDS,
    ),
    # names that lie
    "a DOCX called PDF": (
        "pdf",
        docx(),
        "This is a DOCX, not a PDF. Change the end of its name to .docx, then upload it again.",
    ),
    "a PDF called ODS": (
        "ods",
        pdf(),
        "This is a PDF, not an ODS. Change the end of its name to .pdf, then upload it again.",
    ),
    "an XLSX called DOCX": (
        "docx",
        xlsx(),
        "This is an XLSX, not a DOCX. Change the end of its name to .xlsx, then upload it again.",
    ),
    "an ODT called ODS": (
        "ods",
        odt(),
        "This is an ODT, not an ODS. Change the end of its name to .odt, then upload it again.",
    ),
    # archives
    "an archive": ("docx", archive({"words.txt": "words"}), is_("an archive (ZIP)")),
    "a Java program": (
        "docx",
        archive({"META-INF/MANIFEST.MF": "x", "A.class": "x"}),
        is_("an archive (ZIP)"),
    ),
    "an archive cut short": ("docx", docx()[:-30], DAMAGED),
    "an archive with something behind it": ("docx", docx() + b"<script>", DAMAGED),
    "an archive of nothing else": ("docx", b"PK\x03\x04" + b"PK\x05\x06" + bytes(18), DAMAGED),
    "an archive whose list is no list": (
        "docx",
        with_byte(docx(), b"PK\x01\x02", 0, 0),
        DAMAGED,
    ),
    "an archive with a wrong sum": ("docx", docx().replace(b"PK\x01\x02", b"PK\x01\x03"), DAMAGED),
    "an archive with a longer list": ("docx", long_end(docx(), length=2**40), DAMAGED),
    "an archive of very many parts": (
        "docx",
        docx(**{f"word/{number:0200}": "" for number in range(4_500)}),
        DAMAGED,
    ),
    "parts of one name": ("docx", twice("word/a.xml"), DAMAGED),
    "a list of types in another packing": (
        "docx",
        with_byte(docx(), b"PK\x01\x02", 0, 0x50).replace(
            b"PK\x01\x02\x14\x03\x14\x00\x00\x00\x08\x00",
            b"PK\x01\x02\x14\x03\x14\x00\x00\x00\x0e\x00",
        ),
        DAMAGED,
    ),
    # Microsoft's
    "a locked DOCX": ("docx", locked_office(), PROTECTED),
    "an old DOC": ("docx", older_office(), OLDER),
    "a DOCX with a password of ZIP": ("docx", with_flag(docx()), PROTECTED),
    "a DOCM": (
        "docx",
        office("word/document.xml", f"{MS}word.document.macroEnabled.main+xml"),
        MACROS,
    ),
    "an XLSM": (
        "xlsx",
        office("xl/workbook.xml", f"{MS}excel.sheet.macroEnabled.main+xml"),
        MACROS,
    ),
    "an XLSB": (
        "xlsx",
        office("xl/workbook.bin", f"{MS}excel.sheet.binary.macroEnabled.main"),
        MACROS,
    ),
    "a DOCX with a macro": ("docx", docx(**{"word/vbaProject.bin": "x"}), MACROS),
    "a DOCX that only names a macro": (
        "docx",
        office(
            "word/document.xml",
            WORD,
            ("/word/v.bin", f"{MS}office.vbaProject"),
            **{"word/v.bin": "x"},
        ),
        MACROS,
    ),
    "a DOTX": (
        "docx",
        office("word/document.xml", f"{OFFICE}wordprocessingml.template.main+xml"),
        is_("a template (DOTX)"),
    ),
    "an XLTX": (
        "xlsx",
        office("xl/workbook.xml", f"{OFFICE}spreadsheetml.template.main+xml"),
        is_("a template (XLTX)"),
    ),
    "a PPTX": (
        "docx",
        office("ppt/presentation.xml", f"{OFFICE}presentationml.presentation.main+xml"),
        is_("a presentation (PPTX)"),
    ),
    "a DOCX and XLSX at once": (
        "docx",
        docx(
            **{
                "xl/workbook.xml": "x",
                "_rels/.rels": relations("word/document.xml", "xl/workbook.xml"),
            }
        ),
        DAMAGED,
    ),
    "a DOCX without its main part": (
        "docx",
        archive(
            {
                "[Content_Types].xml": content_types(("/a.xml", WORD)),
                "_rels/.rels": relations("a.xml"),
            }
        ),
        DAMAGED,
    ),
    "a DOCX without relations": (
        "docx",
        archive({"[Content_Types].xml": content_types(("/a.xml", WORD)), "a.xml": ""}),
        DAMAGED,
    ),
    "a DOCX of no kind": ("docx", archive({"[Content_Types].xml": content_types()}), DAMAGED),
    "a DOCX whose types are no XML": ("docx", archive({"[Content_Types].xml": "<Types"}), DAMAGED),
    "a DOCX whose types are no text": (
        "docx",
        archive({"[Content_Types].xml": b"\xff\xfe<"}),
        DAMAGED,
    ),
    "a DOCX whose types grow": (
        "docx",
        archive({"[Content_Types].xml": '<!DOCTYPE a [<!ENTITY b "b">]><Types>&b;</Types>'}),
        DAMAGED,
    ),
    "a DOCX whose types are a bomb": (
        "docx",
        archive({"[Content_Types].xml": bytes(PART_BYTES + 1)}),
        DAMAGED,
    ),
    # OpenDocument
    "an OTT": ("odt", opened("text-template"), is_("a template (OTT)")),
    "an OTS": ("ods", opened("spreadsheet-template"), is_("a template (OTS)")),
    "an ODP": ("odt", opened("presentation"), is_("a presentation (ODP)")),
    "an ODT of no kind": ("odt", opened("database"), is_("an archive (ZIP)")),
    "an ODT without contents": (
        "odt",
        archive({"mimetype": "application/vnd.oasis.opendocument.text"}),
        DAMAGED,
    ),
    "an ODT without a list": (
        "odt",
        archive({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": ""}),
        DAMAGED,
    ),
    "an ODT with a password": ("odt", opened("text", "<manifest:encryption-data/>"), PROTECTED),
    "an ODS with a macro": ("ods", ods(**{"Basic/Standard/a.xml": "x"}), MACROS),
    "an ODT with a script": ("odt", odt(**{"Scripts/python/a.py": "x"}), MACROS),
    "an ODT and DOCX at once": ("odt", odt(**{"[Content_Types].xml": content_types()}), TWO_KINDS),
}


def refusal_of(name: str, content: bytes) -> list[str]:
    """The sentences beside the box for the file."""
    paper = Resource(title="A paper", slug="paper", file=ContentFile(content, name))
    with pytest.raises(ValidationError) as refusal:
        paper.clean_fields()
    assert refusal.value.message_dict.keys() == {"file"}
    return refusal.value.message_dict["file"]


@pytest.mark.parametrize(("ending", "content", "sentence"), HOSTILE.values(), ids=HOSTILE)
def test_a_file_that_is_not_what_it_says_is_refused(ending, content, sentence):
    assert refusal_of(f"signed.{ending}", content) == [sentence]


@pytest.mark.parametrize("ending", PAPER_TYPES)
def test_each_kind_is_known(ending):
    Resource(
        title="A", slug="a", file=ContentFile(GOOD[ending], f"A.{ending.upper()}")
    ).clean_fields()


GOOD_TOO = {
    "a bomb, which is never unpacked": ("docx", bomb()),
    "an archive whose end is said twice": ("xlsx", long_end(xlsx())),
    "types with a mark before them": (
        "docx",
        archive(
            {
                "[Content_Types].xml": "\ufeff" + content_types(("/Word/Document.xml", WORD)),
                "_rels/.rels": relations("word/document.xml"),
                "word/document.xml": "",
            }
        ),
    ),
    "a PDF with an empty line behind it": ("pdf", pdf() + b"\r\n\0\0"),
    "a PDF with a paper within": ("pdf", pdf(docx().decode("latin-1"))),
}


@pytest.mark.parametrize(("kind", "content"), GOOD_TOO.values(), ids=GOOD_TOO)
def test_odd_ones_are_taken(kind, content):
    assert kind_of(io.BytesIO(content)) == kind


def test_what_is_too_large_is_told_once_and_not_looked_at():
    refused = refusal_of("large.pdf", bytes(PAPER_BYTES + 1))
    assert refused == ["This file is larger than 20 MB. Upload a smaller file."]


DEEP = {
    "deep types": lambda: archive({"[Content_Types].xml": "<a>" * 300_000}),
    "a PDF of blanks": lambda: b"%PDF-1.7\n" + b"startxref\n" * 2_000_000,
    "many ends": lambda: b"PK\x03\x04" + b"PK\x05\x06" * 5_000_000,
    "blanks at the end of a PDF": lambda: b"%PDF-1.7 startxref 1" + b" " * 19_000_000 + b"x",
}


@pytest.mark.parametrize("content", DEEP.values(), ids=DEEP)
def test_no_file_holds_the_register_up(content):
    file = io.BytesIO(content())
    start = time.process_time()
    with pytest.raises(ValidationError):
        kind_of(file)
    assert time.process_time() - start < 2
