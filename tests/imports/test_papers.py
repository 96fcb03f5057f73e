"""What is read of a signed paper, and papers that were made to harm."""

from __future__ import annotations

import datetime
import io
import resource
import runpy
import sys
import time
import zlib
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError

from registers.imports import papers
from registers.imports.papers import Suggestions, read_paper, suggest
from registers.imports.reading import paper
from registers.imports.reading.limits import Unreadable
from registers.models.document import PAPER_BYTES
from tests.papers import bomb, docx, docx_of, locked_office, ods, pdf, pdf_of

DAY = datetime.date(2022, 6, 30)
PROGRAM = "registers.imports.reading.paper"
FRONT = """Information Sharing Protocol
Family Hubs in Mid Essex
Version 2.0
Last reviewed: 1 May 2020
Review date: 30 June 2024
Commencement: 1st July 2022"""
SIGNED = "Signed for Provide: ____ Date: 30/06/2022"
FOUND = Suggestions(
    title="Family Hubs in Mid Essex",
    review=datetime.date(2024, 6, 1),
    signed=DAY,
    start=datetime.date(2022, 7, 1),
)


def read(content: bytes) -> Suggestions:
    return read_paper(io.BytesIO(content))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lambda: pdf_of(FRONT, SIGNED), id="a PDF"),
        pytest.param(lambda: pdf_of(FRONT, *["Words"] * 1998, SIGNED), id="2,000 pages"),
        pytest.param(lambda: pdf_of(FRONT, SIGNED, title=FOUND.title), id="a PDF with a title"),
        pytest.param(lambda: docx_of(*FRONT.splitlines(), SIGNED), id="a DOCX"),
        pytest.param(
            lambda: docx_of(
                "Data sharing agreement",
                rows=(
                    ("Review date", "30.6.2024"),
                    ("Effective date", "1 Jul 2022"),
                    ("Date of signing", "30 June 2022"),
                ),
                title=FOUND.title,
            ),
            id="a DOCX with a table",
        ),
    ],
)
def test_what_it_says_is_found(content):
    assert read(content()) == FOUND


@pytest.mark.parametrize(
    ("words", "review"),
    [
        ("Review date 30 June 2024", (2024, 6)),
        ("To be reviewed by 30th June 2024", (2024, 6)),
        ("Date of next review: 30/06/2024", (2024, 6)),
        ("REVIEW DATE - 30th day of June, 2024", (2024, 6)),
        ("Review: Sept 2024", (2024, 9)),
        ("Review month 06/2024", (2024, 6)),
        ("Review date 30 June 2024. Review date: June 2024", (2024, 6)),
        ("Review date 30 June 2024. Review date: July 2024", None),
        ("Review date: 2024-06-30", (2024, 6)),
        ("Review date: 30/06/24", (2024, 6)),
        ("Review date: 06/24", None),
        ("Review period 2 years from 1 June 2022", None),
        ("Reviewed annually from 1 June 2022", None),
        ("Review 12 months after 1 June 2022. Review date: 1 June 2023", (2023, 6)),
        ("Review date 31/06/2024", None),
        ("Review date 06/30/2024", None),
        ("Review date 30 June 1924", None),
        ("30 June 2024", None),
        ("Last review: 30 June 2024", None),
        ("It was reviewed on 30 June 2024", None),
        ("Review" + " word" * 20 + " 30 June 2024", None),
        ("Reviews of 1 May 2020, 30 June 2024", None),
        ("Preview 30 June 2024", None),
    ],
)
def test_only_a_date_with_a_word_beside_it(words, review):
    assert suggest(words).review == (review and datetime.date(*review, 1))


@pytest.mark.parametrize(
    ("words", "signed"), [("Signed 30 June 2022", DAY), ("Signed: June 2022", None)]
)
def test_only_a_review_needs_no_day(words, signed):
    assert suggest(words).signed == signed


@pytest.mark.parametrize(
    ("text", "said", "title"),
    [
        ("DRAFT\nFlood alerts for carers", "", "Flood alerts for carers"),
        ("Flood alerts for carers", "Carers and floods", "Carers and floods"),
        ("Title of agreement: Flood alerts\nWords", "Carers and floods", "Flood alerts"),
        ("Flood alerts for carers", "Microsoft Word - isp.doc", "Flood alerts for carers"),
        *(
            ("Flood alerts for carers", made_up, "Flood alerts for carers")
            for made_up in (
                *("about:blank", "Untitled document", "PowerPoint Presentation", "Document1"),
                *(
                    "Microsoft Word - x.docx",
                    "Carers and floods.docx",
                    "ISP_0036_final",
                    "Flood.htm",
                ),
            )
        ),
        ("Flood \u202ealerts\ud800 for\tcarers", "", "Flood alerts for carers"),
        ("Official - Sensitive\nPage 1 of 20\n" + "x" * 151, "isp.pdf", ""),
        ("Review date: 30 June 2024\nDate of issue: May\nFlood alerts", "", "Flood alerts"),
        ("30 June 2024\nNext review: soon\nStarts 1 May 2024\nFlood alerts", "", "Flood alerts"),
        ("Call 01245 430430\nDr Jane Smith\nFlood alerts", "Mrs A Smith", "Flood alerts"),
        ("Title: Start for Life", "", "Start for Life"),
        ("Flood: review of alerts in 2024", "", ""),
        ("", "", ""),
    ],
)
def test_the_title(text, said, title):
    assert suggest(text, title=said).title == title


@pytest.mark.parametrize(
    ("content", "title"),
    [
        (pdf_of("Essex\nFloods and carers\nWords", sizes=(16, 20, 12)), "Floods and carers"),
        (pdf_of("We all agree\nFloods\nand carers", sizes=(12, 20, 20)), "Floods and carers"),
        (pdf_of("Sharing\nFloods and carers", sizes=(30, 12)), "Floods and carers"),
        (pdf_of("We all agree\nFloods and carers", title="about:blank"), "We all agree"),
        (
            docx_of("We all agree", "Floods and carers", styles=("", "Heading 1")),
            "Floods and carers",
        ),
        (
            docx_of("Part one of it", "Floods and carers", styles=("Heading 1", "Title")),
            "Floods and carers",
        ),
    ],
    ids=["largest", "of two lines", "no title", "of one size", "heading", "style of a title"],
)
def test_a_heading_is_the_title_where_the_file_has_none(content, title):
    assert read(content).title == title


def test_a_long_text_is_searched_in_little_time():
    started = time.process_time()
    suggest("Review 1 May 2020 " * 10_000 + "1" + " " * 10_000)
    assert time.process_time() - started < 2


def flate_bomb() -> bytes:
    """A PDF whose page unpacks to 200 MB, in some hundred bytes."""
    twice = zlib.compress(zlib.compress(bytes(200_000_000)))
    page = pdf_of("MARK")
    old = b"BT /F 12 Tf 40 TL 50 780 Td (MARK) Tj T* ET"
    head = f"/Length {len(old)}".encode()
    assert head in page
    new = f"/Filter [/FlateDecode /FlateDecode] /Length {len(twice)}".encode()
    longer = page.replace(head, new).replace(old, twice)
    # The places in its table are wrong now, and readers look for the objects themselves.
    table = longer.rindex(b"xref", 0, longer.rindex(b"startxref"))
    return longer[: longer.rindex(b"startxref")] + f"startxref\n{table}\n%%EOF\n".encode()


REFUSED = {
    "a scan": (pdf, paper.NO_TEXT),
    "a scan in Word": (docx_of, paper.NO_TEXT),
    "a PDF with a password": (lambda: pdf_of(FRONT, password="secret"), paper.PROTECTED),
    "no true DOCX": (docx, paper.DAMAGED),
    "a DOCX that unpacks to 100 MB": (bomb, paper.TOO_DEAR),
    "a PDF that unpacks to 200 MB": (flate_bomb, None),
    "a spreadsheet": (ods, papers.OTHER_KIND),
    "too large": (lambda: pdf("x" * PAPER_BYTES), papers.TOO_LARGE),
}


@pytest.mark.parametrize(("content", "sentence"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_is_not_read(content, sentence):
    made = content()
    started = time.monotonic()
    with pytest.raises(Unreadable) as refusal:
        read(made)
    assert time.monotonic() - started < paper.SECONDS
    assert str(refusal.value) == sentence or sentence is None


@pytest.mark.parametrize("content", [locked_office(), b"", b"MZ"], ids=["locked", "empty", "EXE"])
def test_a_file_that_no_paper_may_be_is_refused_as_on_a_save(content):
    with pytest.raises(ValidationError):
        read(content)


def test_what_takes_too_long_is_ended(monkeypatch):
    monkeypatch.setattr(papers, "SECONDS", 0.01)
    with pytest.raises(Unreadable, match="too much memory or time"):
        read(pdf_of(FRONT))


class TestTheProgram:
    """What it does, here and not in its own process."""

    @pytest.mark.parametrize(
        ("kind", "content"),
        [
            ("pdf", lambda: pdf_of(FRONT, SIGNED)),
            ("pdf", lambda: pdf_of(FRONT, password="secret")),
            ("pdf", pdf),
            ("docx", lambda: docx_of("x" * paper.CHARACTERS, "y", rows=(("z",),))),
            ("docx", lambda: docx_of("x", rows=(("z",),))),
            ("pdf", lambda: pdf_of("x", title="x" * 2_000)),
            ("docx", docx),
            ("docx", bomb),
        ],
    )
    def test_reads_or_says_why_not(self, kind, content):
        found = paper.read(kind, content())
        assert found.keys() in ({"title", "headings", "text"}, {"problem"})
        assert len(found.get("text", "")) <= paper.CHARACTERS + 1
        assert len(found.get("title", "")) <= paper.TITLE_CHARACTERS

    def test_says_that_memory_ends(self, monkeypatch):
        def no_memory(content: bytes) -> paper.Found:
            raise MemoryError

        monkeypatch.setitem(paper.READERS, "pdf", no_memory)
        assert paper.read("pdf", b"") == {"problem": paper.TOO_DEAR}

    def test_limits_itself(self, monkeypatch, capsys):
        limits = {}
        monkeypatch.setattr(resource, "getrlimit", lambda _: (0, resource.RLIM_INFINITY))
        monkeypatch.setattr(resource, "setrlimit", lambda what, most: limits.update({what: most}))
        monkeypatch.setattr(sys, "argv", ["paper", "pdf"])
        monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(pdf_of(FRONT))))
        monkeypatch.delitem(sys.modules, PROGRAM)
        runpy.run_module(PROGRAM, run_name="__main__")
        assert limits[resource.RLIMIT_AS][1] == paper.MEMORY_BYTES
        assert limits[resource.RLIMIT_CPU][1] == paper.PROCESSOR_SECONDS
        assert "Family Hubs" in capsys.readouterr().out
