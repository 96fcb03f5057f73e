"""CSV: what is written is read again, and no spreadsheet program runs it."""

from __future__ import annotations

import csv
import inspect
import io
import re
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import example, given, settings
from hypothesis import strategies as st

from registers.exports.columns import COLUMNS, ExportContext
from registers.exports.csv import CONTENT_TYPE, csv_rows, write
from registers.exports.plain_text import escape_formula, plain
from registers.models import Organisation, Party, Protocol
from registers.search.rows import CHUNK
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
HERE = ExportContext(site="https://register.example", on=DAY)
STARTS_A_FORMULA = tuple("=+-@\t\r")
# What matters to CSV and to spreadsheet programs, and all that a database can keep.
HOSTILE = st.lists(
    st.sampled_from(["'", "''", *STARTS_A_FORMULA, '"', ",", ";", "\n", "\r\n", " ", "1", "é", "–"])
    | st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    max_size=8,
).map("".join)


def read(chunks) -> list[list[str]]:
    text = b"".join(chunks).decode("utf-8")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def unmarked(cell: str) -> str:
    """What a reader does who wants the words alone."""
    return cell[1:] if re.match(r"'+[=+\-@\t\r]", cell) else cell


def expected(query: str) -> list[list[str]]:
    """What it has, by the model's instances."""
    results = results_of(query)
    context = replace(HERE, through=results.through)
    protocols = Protocol.public.get_queryset().with_parties().in_bulk()
    return [
        [column.write(protocols[each.reference], context) for column in COLUMNS]
        for each in results.iterator()
    ]


QUESTIONS = ["", "organisation=eput", "sort=-review", "q=children&sort=title", "status=withdrawn"]


@pytest.mark.parametrize("query", QUESTIONS)
def test_the_real_register_is_read_again_as_the_list_has_it(real_register, query):
    heading, *rows = read(write(results_of(query), HERE))
    assert heading == [column.name for column in COLUMNS]
    assert [[unmarked(cell) for cell in row] for row in rows] == expected(query)


def test_it_has_every_page(empty_register):
    protocols = make_protocols(120)
    rows = read(write(results_of("page=2"), HERE))[1:]
    assert [row[0] for row in rows] == [each.reference for each in protocols]


@given(value=HOSTILE)
@settings(max_examples=300)
def test_a_cell_is_no_formula_and_gives_back_what_was_meant(value):
    cell = escape_formula(value)
    assert not cell.startswith(STARTS_A_FORMULA)
    assert unmarked(cell) == value


CELLS = {
    "a formula": ("=1+1", "'=1+1"),
    "a plus": ("+44", "'+44"),
    "a minus": ("-", "'-"),
    "an at sign": ("@SUM(A1)", "'@SUM(A1)"),
    "a tab": ("\tx", "'\tx"),
    "a carriage return": ("\r=1", "'\r=1"),
    "an apostrophe before a formula": ("'=1", "''=1"),
    "two apostrophes": ("''=1", "'''=1"),
    "an apostrophe before a word": ("'tis", "'tis"),
    "a formula later": ("a=1", "a=1"),
    "nothing": ("", ""),
}


@pytest.mark.parametrize(("value", "cell"), CELLS.values(), ids=CELLS)
def test_an_apostrophe_stands_before_what_would_run(value, cell):
    assert escape_formula(value) == cell


def by_python(rows: list[list[str]]) -> bytes:
    """The same by Python's own writer, which is slower."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([[escape_formula(plain(cell)) for cell in row] for row in rows])
    return text.getvalue().encode()


@example(rows=[["", "a"], ['"', ","], ["\r", "'"], ["=1,\n", "'=\""]])
@given(rows=st.lists(st.lists(HOSTILE, min_size=2, max_size=4), min_size=1, max_size=4))
@settings(deadline=None, max_examples=300)
def test_rows_have_the_bytes_of_python_s_own_writer(rows):
    assert b"".join(csv_rows(rows[0], rows[1:])) == by_python(rows)


@pytest.fixture
def hostile(empty_register) -> Protocol:
    """One protocol with a lead and a partner, to be given hostile words."""
    protocol = ProtocolFactory(theme=ThemeFactory(name="Theme"))
    for role in ("lead", "partner"):
        PartyFactory(protocol=protocol, organisation=OrganisationFactory(name=role), role=role)
    return protocol


@example(title='=cmd|" /C calc"!A0', purpose="a,b\r\nc", name="+Trust", note='"')
@given(title=HOSTILE, purpose=HOSTILE, name=HOSTILE, note=HOSTILE)
@settings(max_examples=60)
def test_hostile_words_are_read_again(hostile, title, purpose, name, note):
    Protocol.objects.update(title=title, purpose=purpose)
    Organisation.objects.update(name=name)
    Party.objects.update(note=note)
    heading, row = read(write(results_of(""), HERE))
    assert not [cell for cell in row if cell.startswith(STARTS_A_FORMULA)]
    cells = dict(zip(heading, map(unmarked, row), strict=True))
    assert (cells["title"], cells["purpose"]) == (plain(title), plain(purpose))
    assert cells["lead_organisation"] == plain(name)
    assert cells["other_organisations"] == plain(f"{name} ({note})" if note else name)


def test_no_control_character_is_in_it_and_every_line_end_is_one(hostile):
    Protocol.objects.update(title="\x01=1", purpose="a\r\nb\rc\u2028d\x1be\x9f")
    (_, row) = read(write(results_of(""), HERE))
    assert (row[1], row[4]) == ("'=1", "a\nb\nc\nde")


@pytest.mark.both_databases
@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL reads CSV by itself")
def test_postgresql_reads_the_same(hostile):
    """COPY is a reader by others: it refuses a row with a cell too many, and odd quotes."""
    words = ["", " ", '"', '""', ",", ";", "a,b\nc", '=1"\n"', "\\.", "\\N", "NULL", "é–😀", "'"]
    for number, text in enumerate(words):
        ProtocolFactory(reference=f"{1000 + number}", theme=hostile.theme)
        Protocol.objects.filter(pk=f"{1000 + number}").update(purpose=text, summary=text)
    whole = b"".join(write(results_of("sort=reference"), HERE))
    names = ", ".join(column.name for column in COLUMNS)
    typed = ", ".join(f"{column.name} text" for column in COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE read ({typed}) ON COMMIT DROP")
        how = f"FORMAT csv, HEADER MATCH, ENCODING 'UTF8', FORCE_NOT_NULL ({names})"
        with cursor.copy(f"COPY read FROM STDIN ({how})") as copy:
            copy.write(whole)
        cursor.execute("SELECT * FROM read ORDER BY reference")
        found = [[unmarked(cell) for cell in row] for row in cursor.fetchall()]
    assert sorted(found) == sorted(expected("sort=reference"))
    assert {row[4] for row in found} == set(words)


def test_notes_stand_in_brackets_and_semicolons_between(empty_register):
    protocol = ProtocolFactory()
    for position, (name, note) in enumerate((("B", "Temp; workers"), ("A", ""), ("C", "-"))):
        organisation = OrganisationFactory(name=name)
        PartyFactory(protocol=protocol, organisation=organisation, note=note, position=position)
    (_, row) = read(write(results_of(""), HERE))
    assert row[10] == "B (Temp; workers); A; C (-)"


def test_it_is_utf_8_with_line_ends_as_rfc_4180_has_them(empty_register):
    ProtocolFactory(title="Children’s – ﬁrst")
    text = b"".join(write(results_of(""), HERE)).decode("utf-8")
    assert CONTENT_TYPE == "text/csv; charset=utf-8"
    assert text.count("\r\n") == text.count("\n") == 2
    assert "Children’s – ﬁrst" in text


def test_it_is_written_a_row_at_a_time(empty_register):
    make_protocols(60)
    rows = write(results_of(""), HERE)
    assert inspect.isgenerator(rows)
    assert next(rows).startswith(b"reference,title,")
    assert [row.count(b"\n") for row in rows] == [1] * 60


def queries_to_write() -> int:
    with CaptureQueriesContext(connection) as queries:
        for _ in write(results_of(""), HERE):
            pass
    return len(queries)


def test_the_number_of_queries_does_not_grow_by_the_row(empty_register):
    theme, organisations = ThemeFactory(), [OrganisationFactory() for _ in range(3)]
    make_protocols(25, theme=theme, parties=organisations)
    queries_to_write()  # it reads the register
    few = queries_to_write()
    make_protocols(35, theme=theme, parties=organisations)
    queries_to_write()
    assert queries_to_write() == few


def test_a_large_register_is_brought_in_pieces(empty_register):
    """The parties are asked for once for each piece, so no more than one is held."""
    theme = ThemeFactory()
    make_protocols(CHUNK, theme=theme)
    queries_to_write()
    one_piece = queries_to_write()
    make_protocols(CHUNK + 1, theme=theme)
    queries_to_write()
    assert queries_to_write() == one_piece + 2 * 2
    with CaptureQueriesContext(connection) as queries:
        rows = write(results_of(""), HERE)
        assert [next(rows)[:9], next(rows)[:2]] == [b"reference", b"50"]
        rows.close()
    assert len(queries) == one_piece
