"""The review template: what it says of a record, as a page and as DOCX, and when it is empty."""

from __future__ import annotations

import datetime
import io
import zipfile
from xml.etree import ElementTree as ET

import docx as python_docx
import pytest
from django.test import Client

from registers.exports import docx
from registers.exports.columns import ExportContext
from registers.exports.review_template import ICO_ITEMS, TITLE, review_template
from registers.models import Approver, Organisation, Party, Protocol
from tests.conftest import FIXTURES, TODAY
from tests.health.test_rules import change
from tests.models.making import saved
from tests.public.pages import links, text

pytestmark = pytest.mark.usefixtures("real_register", "today")

PAGE, FILE = "/protocols/0053/review-template/", "/protocols/0053/review-template.docx"
EMPTY = "/resources/review-template.docx"
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def opened(content: bytes):
    return python_docx.Document(io.BytesIO(content))


def words_of(content: bytes) -> str:
    """All the words of a file, in no order."""
    document = opened(content)
    cells = (cell for table in document.tables for row in table.rows for cell in row.cells)
    return "\n".join(each.text for each in (*document.paragraphs, *cells))


def test_the_page_and_the_file_say_the_same(client: Client):
    council = Organisation.objects.get(name="Essex County Council")
    Approver.objects.create(organisation=council, job_title="Data Protection Officer")
    change("0053", special_categories="Health\nGenetic data", criminal_offence_data=False)
    page, file = text(client.get(PAGE)), words_of(client.get(FILE).content)
    for said in (
        "Review template: protocol 0053",
        "June 2022",
        "Aquinas Provisions to securely share information",
        "whether Aquinas takes part",
        "Lawful basis",
        "Data Protection Officer",
        "What is the sharing meant to achieve?",
        "In part",
        "It is no longer needed, because:",
        "Genetic data",
    ):
        assert said in " ".join(page.split()), said
        assert said in file, said
    assert "Send this to weisf@essex.gov.uk." in file
    assert "/protocols/0053/" in file


def approvals_in(content: bytes) -> dict[str, list[str]]:
    """The table of approvals in a file: the cells of each organisation."""
    every = [cells_of(table) for table in opened(content).tables]
    ((_, *rows),) = (rows for rows in every if "Who must approve" in rows[0])
    assert len({first for first, *_ in rows}) == len(rows)
    return {first: rest for first, *rest in rows}


def cells_of(table) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in table.rows]


def test_it_says_who_must_approve_and_who_has_approved(client: Client):
    change("0046", version="V2")
    protocol = Protocol.objects.with_parties().get(pk="0046")
    lead, partner, other, *_ = protocol.all_parties
    Approver.objects.create(organisation=lead.organisation, job_title="Caldicott Guardian")
    lead.signed_on, lead.approved_by = datetime.date(2026, 5, 12), "Head of Governance"
    lead.approved_version, lead.approval_source = "V2", "paper"
    as_partner = Party(protocol=protocol, organisation=lead.organisation, role="partner")
    saved(protocol, lead, as_partner)
    page, file = "/protocols/0046/review-template/", "/protocols/0046/review-template.docx"
    content = client.get(file).content
    found = approvals_in(content)
    number = len({each.organisation_id for each in protocol.all_parties})
    assert len(found) == number
    assert "Caldicott Guardian" in found[lead.organisation.name][1]
    assert found[lead.organisation.name][2:] == ["Head of Governance", "12 May 2026", "V2"]
    assert found[partner.organisation.name][2:] == ["", "", ""]
    for shown in (text(client.get(page)), words_of(content)):
        assert f"1 of {number} have approved version V2." in shown
        assert "12 May 2026" in shown
    partner.signed_on = datetime.date(2021, 3, 1)
    saved(protocol, partner)
    content = client.get(file).content
    given = approvals_in(content)[partner.organisation.name][2:]
    assert given == ["Not recorded", "1 March 2021", "Not recorded"]
    assert f"2 of {number} have approved this protocol." in words_of(content)
    assert approvals_in(content)[other.organisation.name][2:] == ["", "", ""]


def test_it_is_reached_from_the_protocol_and_from_the_resources(client: Client):
    assert PAGE in {to for to, _ in links(client.get("/protocols/0053/"))}
    assert FILE in {to for to, _ in links(client.get(PAGE))}
    assert {EMPTY, "/protocols.xlsx"} <= {to for to, _ in links(client.get("/resources/"))}
    change("0053", status="withdrawn", withdrawn_on="2026-01-01", withdrawn_reason="Over.")
    assert PAGE not in {to for to, _ in links(client.get("/protocols/0053/"))}
    assert client.get(FILE).status_code == 404


def test_another_spelling_leads_to_it(client: Client):
    assert client.get("/protocols/53/review-template.docx").headers["Location"] == FILE
    assert client.get("/protocols/9999/review-template/").status_code == 404


def test_values_are_said_in_words():
    protocol = Protocol.objects.with_parties().get(pk="0053")
    protocol.dpia_on, protocol.law_enforcement = datetime.date(2026, 3, 1), True
    context = ExportContext(site="https://example.org", on=TODAY)
    made = review_template(protocol, context, approvers={})
    (answers,) = (each for each in made.sections if each.heading == "What the code asks")
    assert {row[0]: row[1] for row in answers.rows}["Are people told?"] == "No"
    (record,) = (each for each in made.sections if each.heading == "What the record says")
    said = {row[0]: row[1] for row in record.rows}
    assert said["Day of the DPIA"] == "1 March 2026"
    assert "Yes" in said.values()


def test_the_file_is_the_same_for_the_same_record(client: Client):
    first, second = client.get(FILE), client.get(FILE)
    assert first.content == second.content
    assert first.headers["Content-Type"] == docx.CONTENT_TYPE
    assert 'filename="0053-review-template.docx"' in first.headers["Content-Disposition"]
    change("0053", version="V2")
    assert client.get(FILE).content != first.content


def test_the_file_can_be_read_by_everybody_and_leads_nowhere(client: Client):
    content = client.get(FILE).content
    document = opened(content)
    about = document.core_properties
    assert (about.title, about.language) == ("Review template: protocol 0053", "en-GB")
    levels = [each.style.name for each in document.paragraphs if "Heading" in each.style.name]
    assert levels[0] == "Heading 1"
    assert set(levels[1:]) == {"Heading 2"}
    for table in document.tables:
        assert table.rows[0]._tr.find(f"{WORD}trPr/{WORD}tblHeader") is not None
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        names = parts.namelist()
        assert not any("vba" in name.lower() or "macro" in name.lower() for name in names)
        assert {info.date_time[0] for info in parts.infolist()} == {1980}
        for name in names:
            assert b'TargetMode="External"' not in parts.read(name), name
        styles = ET.fromstring(parts.read("word/styles.xml"))
    languages = {each.get(f"{WORD}val") for each in styles.iter(f"{WORD}lang")}
    assert languages == {"en-GB"}
    assert document.sections[0].page_width.mm == pytest.approx(210, abs=1)


def test_control_characters_are_taken_out():
    protocol = Protocol.objects.with_parties().get(pk="0053")
    protocol.title, protocol.purpose = "Bell\x07\x00 \ud800title", "=cmd()\x0b\ufffe <b>&amp;"
    context = ExportContext(site="https://example.org", on=TODAY, publisher="A\x01B")
    words = words_of(docx.write(review_template(protocol, context, approvers={})))
    assert "Bell title" in words
    assert "=cmd()\n <b>&amp;" in words


def test_the_empty_one_has_room_for_the_answers(client: Client):
    words = words_of(client.get(EMPTY).content)
    assert opened(client.get(EMPTY).content).core_properties.title == TITLE
    for item, _ in ICO_ITEMS:
        assert item in words
    assert "Not recorded" not in words


def test_the_items_are_those_of_the_documentation():
    table = (FIXTURES.parents[1] / "docs" / "record.md").read_text()
    listed = table.partition("## The ICO's list")[2].partition("## Sources")[0]
    rows = [row.split("|")[1:3] for row in listed.splitlines() if row.startswith("| ")][1:]
    assert [item.strip() for item, _ in rows] == [item for item, _ in ICO_ITEMS]
    for (item, fields), (_, cell) in zip(ICO_ITEMS, rows, strict=True):
        named = set(cell.replace("`", "").replace(",", " ").split())
        column = {"lead": "lead_organisation", "partners": "other_organisations", "ends_on": "ends"}
        assert {column.get(name, name) for name in fields} <= named, item
