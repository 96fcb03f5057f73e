"""The review template as DOCX, the same bytes for the same record.

It has headings, tables with a row of headings, a title and a language, so that a screen reader can
go through it. Addresses are plain text: the file leads nowhere, and holds no macro.
"""

from __future__ import annotations

import datetime
import io
import zipfile
from typing import Any

from docx import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from registers.exports.plain_text import plain
from registers.exports.review_template import ReviewTemplate, TemplateSection

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
LANGUAGE = "en-GB"
PAPER_WIDTH, PAPER_HEIGHT, MARGIN = 210, 297, 20  # A4, in millimetres
# What a file would say of the moment in which it was made.
NO_DAY = datetime.datetime(2000, 1, 1)  # noqa: DTZ001 (as the library writes it)
NO_TIME = (1980, 1, 1, 0, 0, 0)
TITLE_STYLE, LAST_HEADING = 1, 2


def write(template: ReviewTemplate) -> bytes:
    """Return the file."""
    document = Document()
    _set_up(document, template)
    document.add_heading(plain(template.title), TITLE_STYLE)
    document.add_paragraph(plain(template.subtitle))
    document.add_paragraph(plain(template.address))
    for section in template.sections:
        _write_section(document, section)
    buffer = io.BytesIO()
    document.save(buffer)
    return _without_times(buffer)


def _set_up(document: Any, template: ReviewTemplate) -> None:
    """Set the paper, the language and the properties."""
    page = document.sections[0]
    page.page_width, page.page_height = Mm(PAPER_WIDTH), Mm(PAPER_HEIGHT)
    page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Mm(MARGIN)
    page.footer.paragraphs[0].text = plain(f"{template.title}, {template.publisher}")
    document.styles["Normal"].font.size = Pt(11)
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), LANGUAGE)
    about = document.core_properties
    about.title, about.subject = plain(template.title), plain(template.subtitle)
    about.author = about.last_modified_by = plain(template.publisher)
    about.comments, about.language = "", LANGUAGE
    about.created = about.modified = NO_DAY


def _write_section(document: Any, section: TemplateSection) -> None:
    document.add_heading(section.heading, LAST_HEADING)
    for words in section.words:
        document.add_paragraph(plain(words), "List Bullet" if len(section.words) > 1 else None)
    if not section.headings:
        return
    table = document.add_table(rows=1 + len(section.rows), cols=len(section.headings))
    table.style, table.autofit = "Table Grid", False
    whole = PAPER_WIDTH - 2 * MARGIN
    for row, texts in zip(table.rows, (section.headings, *section.rows), strict=True):
        _mark(row, "w:cantSplit")
        for cell, text, share in zip(row.cells, texts, section.widths, strict=True):
            cell.width = Mm(whole * share // 100)
            cell.text = plain(text)
    _mark(table.rows[0], "w:tblHeader")
    for cell in table.rows[0].cells:
        cell.paragraphs[0].runs[0].bold = True


def _mark(row: Any, name: str) -> None:
    """Say something of a row: that it is the row of headings, or that no page parts it."""
    row._tr.get_or_add_trPr().append(OxmlElement(name))  # noqa: SLF001 (the library has no other way)


def _without_times(buffer: io.BytesIO) -> bytes:
    """Return the same archive without the time at which each part was written."""
    made = io.BytesIO()
    with zipfile.ZipFile(buffer) as parts, zipfile.ZipFile(made, "w") as kept:
        for name in parts.namelist():
            part = zipfile.ZipInfo(name, NO_TIME)
            part.compress_type = zipfile.ZIP_DEFLATED
            kept.writestr(part, parts.read(name))
    return made.getvalue()
