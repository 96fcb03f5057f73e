"""XLSX and ODS: what is written is read again, by two readers each, with its types, as text."""

from __future__ import annotations

import datetime
import inspect
import io
import xml.etree.ElementTree as ET
import zipfile
from dataclasses import replace
from random import Random

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl.utils import get_column_letter

from registers.exports import ods, workbook, xlsx
from registers.exports.columns import COLUMNS, ExportContext
from registers.exports.ods import NAMESPACES
from registers.models import Organisation, Party, Protocol
from registers.models.protocol_fields import Kind
from registers.search import rows as found
from tests.exports.promised import LATER
from tests.exports.spreadsheets import EVERY_WAY, read
from tests.makers import (
    DAY,
    OrganisationFactory,
    PartyFactory,
    ProtocolFactory,
    ThemeFactory,
    make_protocols,
)
from tests.search.questions import results_of

pytestmark = pytest.mark.django_db
HERE = ExportContext(
    site="https://register.example",
    on=DAY,
    at=datetime.datetime(2026, 11, 22, 14, 5, tzinfo=datetime.UTC),
    register="Protocols & more",
    publisher="The <Partnership>",
)
FORMATS = {"xlsx": xlsx, "ods": ods}
NAMES = [column.name for column in COLUMNS]
LAST = get_column_letter(len(NAMES))
every_way = pytest.mark.parametrize(("ending", "reader"), EVERY_WAY)
either = pytest.mark.parametrize("ending", FORMATS)


def sheets(ending: str, reader: str, query: str = "") -> dict[str, list[list]]:
    return read(ending, reader, FORMATS[ending].write(results_of(query), HERE))


def rows(ending: str, reader: str, query: str = "") -> list[dict]:
    heading, *below = sheets(ending, reader, query)["Protocols"]
    return [dict(zip(heading, row, strict=True)) for row in below]


def parts(ending: str, query: str = "") -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(FORMATS[ending].write(results_of(query), HERE))))


def as_cell(kind: Kind, text: str) -> str | datetime.date:
    """What a reader should find in a cell, by the words that the CSV has."""
    if kind is Kind.TEXT or not text:
        return text
    return datetime.date.fromisoformat(f"{text}-01" if kind is Kind.MONTH else text)


# What stands in it ------------------------------------------------------------------------------

QUESTIONS = ["", "organisation=eput", "sort=-review", "q=children&sort=title", "status=withdrawn"]


@every_way
@pytest.mark.parametrize("query", QUESTIONS)
def test_the_real_register_is_read_again_as_the_list_has_it(real_register, ending, reader, query):
    heading, *below = sheets(ending, reader, query)["Protocols"]
    assert heading == NAMES
    results = results_of(query)
    context = replace(HERE, through=results.through)
    assert below == [
        [as_cell(column.kind, column.write(protocol, context)) for column in COLUMNS]
        for protocol in results.iterator()
    ]


@every_way
def test_it_has_every_page(empty_register, ending, reader):
    protocols = make_protocols(120)
    references = [row["reference"] for row in rows(ending, reader, "page=2")]
    assert references == [each.reference for each in protocols]


DATES = {"review_date", "published", "updated"}


@every_way
def test_days_are_dates_and_all_else_is_text(empty_register, ending, reader):
    protocol = ProtocolFactory(
        reference="0042",
        title="2024",
        version="1.0",
        theme=ThemeFactory(name="7"),
        purpose="true",
        summary="2024-03-01",
        information_items="1e5",
        data_subjects="0.10",
        lawful_basis="£5",
        parties_note="50%",
        review_date=datetime.date(2024, 2, 1),
        published_on=datetime.date(2020, 2, 29),
        updated_on=datetime.date(1999, 12, 31),
    )
    for name, role in (("101", "lead"), ("12/12", "partner")):
        PartyFactory(protocol=protocol, organisation=OrganisationFactory(name=name), role=role)
    (row,) = rows(ending, reader)
    assert {name for name, value in row.items() if type(value) is datetime.date} == DATES
    assert {type(value) for name, value in row.items() if name not in DATES} == {str}
    assert row["reference"] == "0042"
    assert row["lead_organisation"] == "101"
    assert row["review_date"] == datetime.date(2024, 2, 1)
    assert row["published"] == datetime.date(2020, 2, 29)
    assert row["updated"] == datetime.date(1999, 12, 31)


@every_way
def test_days_that_excel_does_not_know_are_text(empty_register, ending, reader):
    """Excel has no day before 1900, and one too many in its February."""
    ProtocolFactory(published_on=datetime.date(1900, 2, 28), review_date=datetime.date(203, 1, 1))
    ProtocolFactory(published_on=datetime.date(1900, 3, 1), review_date=datetime.date(1900, 3, 1))
    early, late = rows(ending, reader, "sort=reference")
    assert (early["published"], early["review_date"]) == ("1900-02-28", "0203-01")
    assert late["published"] == late["review_date"] == datetime.date(1900, 3, 1)


def test_months_and_days_are_shown_as_they_are_published(real_register):
    Protocol.objects.update(published_on=DAY)
    book = openpyxl.load_workbook(io.BytesIO(b"".join(xlsx.write(results_of(""), HERE))))
    shown = {
        name: cell.number_format for name, cell in zip(NAMES, book["Protocols"][2], strict=True)
    }
    assert (shown["review_date"], shown["published"]) == ("yyyy-mm", "yyyy-mm-dd")
    assert (shown["reference"], shown["title"]) == ("@", "@")


HOSTILE = {
    "a formula": "=cmd|' /C calc'!A0",
    "DDE": 'DDE("cmd";"/C calc";"x")',
    "a function": "@SUM(1+1)*cmd|' /C calc'!A0",
    "a plus": "+1",
    "a minus": "-1",
    "an error": "#REF!",
    "an apostrophe": "'=1",
    "markup": "&<>\"'<b>&amp;</b>",
    "the end of CDATA": "]]>",
    "a comment": "<!-- x -->",
    "a link": "https://a.example/?x=1&y=2",
    "many characters": "x" * 32_767,
    "faces": "😀" * 16_383 + "x",
    "from right to left": "אבג\u202eabc",
    "spaces": "  a   b ",
    "one space": " ",
    "spaces alone": "   ",
    "tabs": "\ta\t\tb\t",
    "tabs, lines and markup": "a\t \"'<&>\n\n\tb  c",
    "lines": "a\n\nb",
    "lines at the ends": "\na\n",
    "spaces at the ends of lines": "a \n  b\n c",
    "hard spaces": "a\u00a0\u00a0b\u200b",
    "far away": "\U0001fffe\ufdd0",
}
# As the first of the pair has it in the database; the second is what a file carries.
MENDED = {
    "NUL": ("a\x00b", "ab"),
    "control characters": ("\x01=1\x1f\x7f\x9b", "=1"),
    "other line ends": ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
    "no characters": ("a\ufffe\uffffb", "ab"),
}
WRITTEN = {name: (text, text) for name, text in HOSTILE.items()} | MENDED
# Excel reads these as signs. openpyxl shows them as they are written.
ESCAPES = ["_x000D_", "a_x000d_b", "_x005F_x000D_", "_x000D_x000D_", "_x00G0_", "_x", "x_x0041_"]


@pytest.fixture
def hostile(empty_register) -> Protocol:
    protocol = ProtocolFactory(theme=ThemeFactory(name="Theme"))
    for role in ("lead", "partner"):
        PartyFactory(protocol=protocol, organisation=OrganisationFactory(name=role), role=role)
    return protocol


@pytest.mark.both_databases
@every_way
def test_hostile_words_come_back_as_text(empty_register, ending, reader):
    texts = dict(WRITTEN)
    if connection.vendor == "postgresql":
        del texts["NUL"]  # which it refuses
    if reader != "openpyxl":
        texts |= {text: (text, text) for text in ESCAPES}
    protocols = make_protocols(len(texts))
    for protocol, (text, _) in zip(protocols, texts.values(), strict=True):
        Protocol.objects.filter(pk=protocol.pk).update(purpose=text)
    got = [row["purpose"] for row in rows(ending, reader, "sort=reference")]
    for name, (_, wanted), value in zip(texts, texts.values(), got, strict=True):
        assert (name, type(value), value) == (name, str, wanted)


@every_way
def test_hostile_words_come_back_from_every_column(hostile, ending, reader):
    words = '=1+1\n<&>"'
    Protocol.objects.update(
        **dict.fromkeys(("title", "version", "purpose", "summary", "parties_note"), words),
        **dict.fromkeys(("information_items", "data_subjects", "lawful_basis"), words),
    )
    Organisation.objects.update(name=words)
    Party.objects.update(note=words)
    (row,) = rows(ending, reader)
    of_its_own = {"reference", "theme", "review_status", "status", "url", *DATES, *LATER}
    assert {name: value for name, value in row.items() if name not in of_its_own} == (
        dict.fromkeys((name for name in NAMES if name not in of_its_own), words)
        | {"other_organisations": f"{words} ({words})"}
    )


def test_excel_is_told_that_an_escape_is_none(hostile):
    Protocol.objects.update(purpose="a_x000D_b")
    with parts("xlsx") as file:
        assert b">a_x005F_x000D_b<" in file.read("xl/worksheets/sheet1.xml")


@pytest.mark.parametrize(
    ("text", "kept"),
    [("x" * 32_768, 32_767), ("😀" * 16_384, 32_767), ("x" * 100_000, 32_767)],
    ids=["one too many", "one pair too many", "many too many"],
)
def test_what_excel_cannot_hold_is_cut_and_says_where_the_whole_is(hostile, text, kept):
    Protocol.objects.update(purpose=text)
    note = f"{xlsx.TRUNCATED_NOTE}https://register.example/protocols/{hostile.reference}/"
    for reader in ("calamine", "openpyxl"):
        (row,) = rows("xlsx", reader)
        assert row["purpose"].endswith(note)
        assert text.startswith(row["purpose"].removesuffix(note))
        length = len(row["purpose"].encode("utf-16-le")) // 2
        assert kept - 1 <= length <= kept
    for reader in ("calamine", "odfdo"):
        assert rows("ods", reader)[0]["purpose"] == text


@every_way
def test_a_list_of_nothing_has_its_heading(empty_register, ending, reader):
    assert sheets(ending, reader)["Protocols"] == [NAMES]


# The sheet about it -----------------------------------------------------------------------------


@every_way
def test_the_second_sheet_says_what_the_file_is(real_register, ending, reader):
    query = "theme=safer-community&theme=health-and-wellbeing&review=overdue"
    book = sheets(ending, reader, query)
    assert list(book) == ["Protocols", "About this file"]
    said = dict(book["About this file"])
    number = len(book["Protocols"]) - 1
    asked = results_of(query).query_string
    assert said["Register"] == "Protocols & more, published by The <Partnership>"
    assert said["Search and filters"] == (
        "Theme: Safer Community or Health and Wellbeing; Review: Overdue; Status: In force"
    )
    assert said["This list in the register"] == f"https://register.example/?{asked}"
    assert said["An up-to-date copy of this file"] == (
        f"https://register.example/protocols.{ending}?{asked}"
    )
    assert said["Made"] == "22 November 2026, 14:05, UK time"
    assert said["Rows"] == f"{number} protocols, a row each"
    assert {column.name: said[column.name] for column in COLUMNS} == {
        column.name: column.meaning for column in COLUMNS
    }


def about(query: str, context: ExportContext = HERE) -> dict[str, str]:
    return dict(workbook.about_rows(results_of(query), context, "/protocols.ods"))


@pytest.mark.parametrize(
    ("query", "words"),
    {
        "": "Every protocol in force",
        "sort=title": "Every protocol in force",
        "status=all": "Status: In force and withdrawn",
        "q=children": "Search: children; Status: In force",
        "review_from=2024-03&status=withdrawn": "Review from: March 2024; Status: Withdrawn",
        "organisation=ecc&role=lead": (
            "Organisation: Essex County Council; Role: Lead; Status: In force"
        ),
    }.items(),
)
def test_the_question_is_told_in_words(real_register, query, words):
    assert about(query)["Search and filters"] == words


def test_one_is_spoken_of_as_one_and_a_place_without_a_time_has_its_day(real_register):
    said = about("q=0012", ExportContext(site="https://register.example", on=DAY))
    assert said["Rows"] == "1 protocol, a row each"
    assert said["Made"] == "22 November 2026"
    assert about("")["This list in the register"] == "https://register.example/"


@every_way
def test_more_than_a_sheet_can_have_is_left_out_and_said(
    real_register, monkeypatch, ending, reader
):
    monkeypatch.setattr(workbook, "MAX_ROWS", 3)
    book = sheets(ending, reader, "sort=reference")
    assert [row[0] for row in book["Protocols"][1:]] == ["0012", "0017", "0018"]
    assert dict(book["About this file"])["Rows"] == (
        "The first 3 of 25 protocols: a sheet has no room for more. The CSV has them all."
    )


# How it is laid out -----------------------------------------------------------------------------


def test_the_heading_stays_and_every_column_has_a_filter_in_xlsx(real_register):
    book = openpyxl.load_workbook(io.BytesIO(b"".join(xlsx.write(results_of(""), HERE))))
    sheet = book["Protocols"]
    assert book.active is sheet
    assert sheet.freeze_panes == "A2"
    assert sheet.auto_filter.ref == sheet.dimensions == f"A1:{LAST}26"
    assert all(cell.font.b for cell in sheet[1])
    wide, narrow = sheet.column_dimensions["E"].width, sheet.column_dimensions["A"].width
    assert wide > 3 * narrow > 30
    assert sheet["E2"].alignment.wrap_text
    assert book["About this file"].column_dimensions["B"].width > wide


def test_a_reader_that_trusts_the_size_finds_every_row(real_register):
    file = io.BytesIO(b"".join(xlsx.write(results_of(""), HERE)))
    book = openpyxl.load_workbook(file, read_only=True)
    assert book["Protocols"].calculate_dimension() == f"A1:{LAST}26"
    book.close()


def name(space: str, word: str) -> str:
    return f"{{{NAMESPACES[space]}}}{word}"


def test_the_heading_stays_and_every_column_has_a_filter_in_ods(real_register):
    with parts("ods") as file:
        content = ET.fromstring(file.read("content.xml"))
        settings = ET.fromstring(file.read("settings.xml"))
    (filters,) = content.iter(name("table", "database-range"))
    assert filters.get(name("table", "target-range-address")) == f"Protocols.A1:Protocols.{LAST}26"
    assert filters.get(name("table", "display-filter-buttons")) == "true"
    (tables,) = (
        each
        for each in settings.iter(name("config", "config-item-map-named"))
        if each.get(name("config", "name")) == "Tables"
    )
    (sheet,) = tables
    assert sheet.get(name("config", "name")) == "Protocols"
    split = {item.get(name("config", "name")): item.text for item in sheet}
    assert (split["VerticalSplitMode"], split["VerticalSplitPosition"]) == ("2", "1")


def test_every_style_of_an_ods_is_there(real_register):
    with parts("ods") as file:
        content = ET.fromstring(file.read("content.xml"))
    made = {
        element.get(name("style", "name"))
        for kind in (("style", "style"), ("number", "date-style"), ("number", "text-style"))
        for element in content.iter(name(*kind))
    }
    used = {
        value
        for element in content.iter()
        for attribute, value in element.attrib.items()
        if attribute.endswith(("}style-name", "}data-style-name", "}default-cell-style-name"))
    }
    assert used == made


def test_an_ods_says_what_it_is_in_its_first_bytes(real_register):
    whole = b"".join(ods.write(results_of(""), HERE))
    start = b"mimetype" + ods.CONTENT_TYPE.encode() + b"PK"
    assert whole[30 : 30 + len(start)] == start
    with zipfile.ZipFile(io.BytesIO(whole)) as file:
        first, *others = file.infolist()
        manifest = ET.fromstring(file.read("META-INF/manifest.xml"))
    assert (first.filename, first.compress_type, first.extra) == ("mimetype", 0, b"")
    # Its size and sum stand before it.
    assert (first.flag_bits & 8, first.file_size) == (0, len(ods.CONTENT_TYPE))
    listed = [
        (each.get(name("manifest", "full-path")), each.get(name("manifest", "media-type")))
        for each in manifest
    ]
    named = {each.filename for each in others} - {"META-INF/manifest.xml"}
    assert listed[0] == ("/", ods.CONTENT_TYPE)
    assert dict(listed[1:]) == dict.fromkeys(named, "text/xml")


@either
def test_every_part_is_whole(real_register, ending):
    with parts(ending) as file:
        assert file.testzip() is None
        for each in file.namelist():
            if each != "mimetype":
                ET.fromstring(file.read(each))


@either
def test_the_same_question_at_the_same_moment_has_the_same_bytes(real_register, ending):
    one, other = (b"".join(FORMATS[ending].write(results_of(""), HERE)) for _ in range(2))
    assert one == other


# How it is sent ---------------------------------------------------------------------------------


@pytest.fixture
def large_register(empty_register, monkeypatch) -> None:
    """Three pieces of protocols that cannot be packed."""
    monkeypatch.setattr(found, "CHUNK", 50)
    random = Random(1)
    protocols = make_protocols(150)
    for protocol in protocols:
        protocol.purpose = random.randbytes(1_000).hex()
    Protocol.objects.bulk_update(protocols, ["purpose"])
    results_of("").count  # noqa: B018 (it reads the register)


@either
def test_it_is_sent_while_it_is_made(large_register, ending):
    """The parties are asked for once for each piece of the register."""
    with CaptureQueriesContext(connection) as queries:
        pieces = FORMATS[ending].write(results_of(""), HERE)
        assert inspect.isgenerator(pieces)
        first = next(pieces)
        assert 10_000 < len(first) < 50_000
        before = len(queries)
        rest = list(pieces)
    assert len(queries) == before + 2 * 2
    assert len(rest) > 5
    with zipfile.ZipFile(io.BytesIO(b"".join([first, *rest]))) as file:
        assert file.testzip() is None


@either
def test_a_reader_who_goes_away_ends_the_work(large_register, ending):
    with CaptureQueriesContext(connection) as queries:
        pieces = FORMATS[ending].write(results_of(""), HERE)
        next(pieces)
        begun = len(queries)
        pieces.close()
    assert len(queries) == begun
    assert list(pieces) == []


@either
def test_the_number_of_queries_does_not_grow_by_the_row(empty_register, ending):
    theme, organisations = ThemeFactory(), [OrganisationFactory() for _ in range(3)]

    def queries() -> int:
        b"".join(FORMATS[ending].write(results_of(""), HERE))  # it reads the register
        with CaptureQueriesContext(connection) as asked:
            b"".join(FORMATS[ending].write(results_of(""), HERE))
        return len(asked)

    make_protocols(25, theme=theme, parties=organisations)
    few = queries()
    make_protocols(35, theme=theme, parties=organisations)
    assert queries() == few
