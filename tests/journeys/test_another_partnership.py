"""A register whose references look otherwise: they work at every door, and keep their spelling."""

from __future__ import annotations

import dataclasses
import datetime
import http
import io
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import openpyxl
import pytest
from django.conf import settings
from django.contrib.admin.utils import quote as admin_quote
from django.test import override_settings

from registers import changes
from registers.imports.fixture import is_empty
from registers.models import Change, Document, Gap, Protocol
from tests import papers
from tests.admin.typing_in import boxes
from tests.conftest import load_real_register
from tests.imports.uploading import (
    COUNCIL,
    POLICE,
    SIX,
    apply,
    exported,
    leads_to,
    said,
    typed,
    uploaded,
)
from tests.models.making import a_party, a_protocol, saved, shared_by_a_module

pytestmark = pytest.mark.usefixtures("real_register", "partnership")

# As they are stored, and how addresses have them.
REFERENCES = {
    "ISA-012": "ISA-012",
    "FIP/2021/14": "FIP~2021~14",
    "ODR1617_278": "ODR1617_278",
    "DSA/2023/04": "DSA~2023~04",
    "12a": "12a",
    "1.3": "1.3",
    "WX0045": "WX0045",
    "2023-07": "2023-07",
}
OK = http.HTTPStatus.OK


@pytest.fixture(scope="module")
def partnership() -> Iterator[None]:
    """Its file says `references = "ISA-{number:3}"`."""
    ours = dataclasses.replace(settings.PARTNERSHIP, references="ISA-{number:3}")
    with override_settings(PARTNERSHIP=ours):
        yield


@pytest.fixture(scope="class")
def published(partnership, django_db_setup, django_db_blocker) -> Iterator[None]:
    """A protocol of each reference, the first replaced by the second and under the third."""
    with shared_by_a_module(django_db_blocker):
        if is_empty():
            load_real_register()
        publish()
        yield


def publish() -> None:
    for number, reference in enumerate(REFERENCES):
        protocol = a_protocol(
            reference,
            title=f"Sharing number {number}",
            theme=Protocol.objects.all()[0].theme,
            review_date=datetime.date(2027, 3, 1),
        )
        saved(protocol, a_party(reference, COUNCIL, "lead"), a_party(reference, POLICE))
    first, second, third = (Protocol.objects.get(pk=each) for each in list(REFERENCES)[:3])
    first.replaced_by = second
    saved(first)
    with changes.record_change(first, at=Change.objects.latest("made_at").made_at):
        changes.save(first.comes_under.through(protocol=first, overarching=third))


def text_of(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return content.decode("utf-8-sig")


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(("reference", "written"), REFERENCES.items())
class TestOneReference:
    @pytest.mark.both_databases
    def test_its_page_and_what_belongs_to_it(self, client, reference, written):
        page = client.get(f"/protocols/{written}/")
        assert page.status_code == OK
        assert page.context["protocol"].pk == reference
        assert Protocol.objects.get(pk=reference).get_absolute_url() == f"/protocols/{written}/"
        for rest in ("", "changes/", "?on=2026-11-22", "?on=2020-01-01"):
            assert client.get(f"/protocols/{written}/{rest}").status_code == OK
        assert f"/protocols/{written}/" in text_of(client.get("/sitemap-protocols.xml"))

    @pytest.mark.both_databases
    def test_another_spelling_leads_on_to_it(self, client, reference, written):
        other = written.swapcase()
        if other == written:
            return
        for rest in ("", "changes/", "?on=2026-11-22"):
            answer = client.get(f"/protocols/{other}/{rest}")
            assert answer.status_code == http.HTTPStatus.MOVED_PERMANENTLY
            assert answer["Location"] == f"/protocols/{written}/{rest}"

    @pytest.mark.both_databases
    def test_a_search_finds_it_first(self, client, reference, written):
        for typed_in in (reference, reference.lower(), reference.upper(), f"protocol {reference}"):
            page = client.get("/", {"q": typed_in})
            assert page.status_code == OK
            results = page.context["results"]
            assert results.page_protocols[0].pk == reference, typed_in
            assert results.missing_reference == ""

    def test_each_export_has_it(self, client, reference, written):
        query = f"?q={quote(reference, safe='')}"
        for ending in ("csv", "json", "atom", "ics"):
            text = text_of(client.get(f"/protocols.{ending}{query}"))
            assert f"/protocols/{written}/" in text.replace("\r\n ", ""), ending
        answer = client.get(f"/protocols.xlsx{query}")
        book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))
        cells = [row[0].value for row in book.worksheets[0].iter_rows()]
        assert reference in cells
        assert "/" not in answer["Content-Disposition"].partition("filename")[2]

    def test_the_document_of_it(self, client, settings, tmp_path, reference, written):
        settings.MEDIA_ROOT = tmp_path
        protocol = Protocol.objects.get(pk=reference)
        paper = Document(protocol=protocol, title="The signed one")
        paper.file.save("signed.pdf", io.BytesIO(papers.pdf()), save=False)
        saved(protocol, paper)
        address = paper.get_absolute_url()
        assert address.startswith(f"/protocols/{written}/documents/")
        assert text_of(client.get(address)).startswith("%PDF")
        if written.swapcase() != written:
            answer = client.get(address.replace(written, written.swapcase()))
            assert answer["Location"] == address

    def test_an_officer_edits_it_and_reads_its_history(self, officers_door, reference, written):
        form = f"/admin/registers/protocol/{admin_quote(reference)}/change/"
        held = boxes(officers_door, form) | {"purpose": "Another purpose.", "why": "Tried."}
        answer = officers_door.post(form, held | {"_save": "Save"})
        assert answer.status_code == http.HTTPStatus.FOUND
        assert Protocol.objects.get(pk=reference).purpose == "Another purpose."
        for page in ("history", "saves", "review"):
            opened = officers_door.get(form.replace("change/", f"{page}/"))
            assert opened.status_code == OK, page
        found = officers_door.get("/admin/registers/protocol/", {"q": reference.lower()})
        assert [each.pk for each in found.context["cl"].result_list] == [reference]


HOSTILE = {
    "two dots": "..",
    "two dots encoded": "%2e%2e",
    "dots and slashes": "..~..~1" * 8,
    "no digit": "ISA",
    "too long": "a1" * 21,
    "Arabic digits": "٠٠١٢",
    "a space": "ISA%20012",
    "a nought byte": "ISA%00012",
    "a slash encoded": "FIP%2F2021%2F14",
    "an accent": "%C3%89012",
}


@pytest.mark.parametrize("asked", ["ISA-099", "FIP~2099~1", "12", "..1", "~~1"])
def test_what_no_protocol_has_is_said(client, asked):
    answer = client.get(f"/protocols/{asked}/", follow=True)
    assert answer.status_code in {http.HTTPStatus.NOT_FOUND, OK}
    if answer.status_code != OK:
        assert answer.context["reference"] == asked.replace("~", "/")
        assert answer.context["reference"] in text_of(answer)
        assert client.get(f"/protocols/{asked}/changes/").status_code == http.HTTPStatus.NOT_FOUND


@pytest.mark.usefixtures("published")
class TestTheRegister:
    @pytest.mark.both_databases
    @pytest.mark.parametrize("written", HOSTILE.values(), ids=HOSTILE)
    def test_what_is_no_reference_is_not_found(self, client, written):
        for rest in ("", "changes/", "documents/1/"):
            answer = client.get(f"/protocols/{written}/{rest}")
            assert answer.status_code == http.HTTPStatus.NOT_FOUND

    @pytest.mark.both_databases
    def test_lists_are_in_natural_order(self, client):
        answer = client.get("/protocols.json", {"sort": "reference", "status": "all"})
        listed = [row["reference"] for row in json.loads(text_of(answer))["results"]]
        ours = [reference for reference in listed if reference in REFERENCES]
        assert ours == [
            *("1.3", "12a", "2023-07", "DSA/2023/04", "FIP/2021/14", "ISA-012", "ODR1617_278"),
            "WX0045",
        ]

    def test_what_it_is_replaced_by_and_comes_under(self, client):
        page = text_of(client.get("/protocols/ISA-012/"))
        assert "/protocols/FIP~2021~14/" in page
        assert "/protocols/ODR1617_278/" in page
        assert "/protocols/ISA-012/" in text_of(client.get("/protocols/FIP~2021~14/"))

    def test_fewer_noughts_are_understood(self, client):
        answer = client.get("/protocols/isa-12/")
        assert answer["Location"] == "/protocols/ISA-012/"
        page = client.get("/", {"q": "isa-12"})
        assert page.context["results"].page_protocols[0].pk == "ISA-012"

    @pytest.mark.parametrize("asked", ["ISA-099", "isa-99", " ISA-099 "])
    def test_a_search_for_none_says_which(self, client, asked):
        results = client.get("/", {"q": asked}).context["results"]
        assert (results.count, results.missing_reference.upper()) == (0, "ISA-099")

    @pytest.mark.both_databases
    def test_the_log_counts_the_gaps_of_the_form_and_lists_all(self, officers_door):
        saved(Gap(reference="FIP/2021/15", fate="never"))
        page = officers_door.get("/admin/registers/references/")
        lines = [line.reference for line in page.context["lines"]]
        assert lines[:12] == [f"ISA-{number:03}" for number in range(1, 13)]
        assert set(lines[12:]) == {
            *Protocol.objects.exclude(pk="ISA-012").values_list("pk", flat=True),
            "FIP/2021/15",
        }
        assert page.context["gaps"] == 11 + 1
        saved(a_protocol("ISA-9", theme=Protocol.objects.all()[0].theme))
        lines = officers_door.get("/admin/registers/references/").context["lines"]
        assert (lines[8].reference, lines[8].protocol.pk) == ("ISA-9", "ISA-9")
        form = {
            "references": ["ISA-003", "FIP/2021/15"],
            "fate": "unknown",
            "note": "",
            "_say": "x",
        }
        assert officers_door.post("/admin/registers/references/", form).status_code == 302
        assert dict(Gap.objects.values_list("pk", "fate")) == {
            "ISA-003": "unknown",
            "FIP/2021/15": "unknown",
        }
        assert officers_door.get("/protocols/isa-3/").status_code == 301
        shown = officers_door.get("/admin/registers/references/", {"show": "unexplained"})
        assert len(shown.context["lines"]) == 9
        assert officers_door.get("/admin/").status_code == OK

    def test_the_next_free_one_is_offered(self, officers_door):
        form = boxes(officers_door, "/admin/registers/protocol/add/")
        assert form["reference"] == "ISA-013"

    @pytest.mark.parametrize("wrong", ["ISA 013", "ISA", "isa-012", "#45", "x" * 40 + "1", "ISA~1"])
    def test_a_bad_one_is_refused_beside_its_box(self, officers_door, wrong):
        page = "/admin/registers/protocol/add/"
        held = boxes(officers_door, page) | {"reference": wrong, "title": "T"}
        answer = officers_door.post(page, held)
        assert answer.status_code == OK
        assert "reference" in answer.context["adminform"].form.errors
        assert not Protocol.objects.filter(title="T").exists()

    def test_an_export_imports_and_nothing_changes(self, officers_door):
        address = uploaded(officers_door, exported(officers_door))
        tabs = {tab.value: tab.count for tab in officers_door.get(address).context["tabs"]}
        assert tabs["unchanged"] == Protocol.objects.count()
        assert sum(tabs.values()) == tabs["unchanged"]

    def test_an_edit_in_an_export_changes_that_protocol(self, officers_door):
        edits = {"FIP/2021/14": {"purpose": "Another."}, "isa-012": {}}
        address = uploaded(officers_door, exported(officers_door, edits))
        assert leads_to(apply(officers_door, address))
        assert Protocol.objects.get(pk="FIP/2021/14").purpose == "Another."


def a_row(title: str, reference: str) -> tuple[str, ...]:
    return (reference, "Safer Community", title, "To try.", COUNCIL, POLICE, "Jun-2027")


def test_references_of_all_kinds_come_by_a_file(officers_door):
    rows = [a_row(f"Sharing number {n}", each) for n, each in enumerate(REFERENCES)]
    # What no reference can have is left out of one.
    rows += [a_row("Sharing by number", "#451"), a_row("Sharing by kind", "ISP 0046")]
    bad = [a_row("Bad one", "ISA"), a_row("Bad two", "ISA 01 & 02")]
    content = typed(*rows, *bad, headings=("reference", *SIX))
    address = uploaded(officers_door, content)
    tabs = {tab.value: tab.count for tab in officers_door.get(address).context["tabs"]}
    assert (tabs["new"], tabs["refused"]) == (len(rows), 2)
    assert leads_to(apply(officers_door, address))
    stored = set(Protocol.objects.filter(title__startswith="Sharing").values_list("pk", flat=True))
    assert stored == {*REFERENCES, "451", "ISP-0046"}


def test_a_reference_at_the_front_of_a_title(officers_door):
    titles = {
        "ISA-013 - Of the form": ("ISA-013", "Of the form"),
        "isa-14: In small letters": ("isa-014", "In small letters"),
        "ISA-015- Without a space": ("ISA-015", "Without a space"),
        "ISA-016 Hospital discharge": ("ISA-016", "Hospital discharge"),
        "ISA\u2011017 \u2013 Hyphens of Word": ("ISA-017", "Hyphens of Word"),
        "2018-19 returns": ("ISA-001", "2018-19 returns"),
        "Without one": ("ISA-002", "Without one"),
    }
    content = typed(*(a_row(title, "")[1:] for title in titles))
    assert leads_to(apply(officers_door, uploaded(officers_door, content)))
    stored = Protocol.objects.filter(reference_key__startswith="isa")
    assert set(stored.values_list("pk", "title")) == set(titles.values())


class TestWhereTheFormHasAYear:
    @pytest.fixture(autouse=True)
    def with_years(self, settings, partnership) -> None:
        settings.PARTNERSHIP = dataclasses.replace(
            settings.PARTNERSHIP, references="FIP/{year}/{number}"
        )

    def test_each_year_begins_with_1(self, officers_door):
        assert boxes(officers_door, "/admin/registers/protocol/add/")["reference"] == "FIP/2026/1"
        saved(a_protocol("FIP/2026/9", theme=Protocol.objects.all()[0].theme))
        saved(a_protocol("FIP/2025/44", theme=Protocol.objects.all()[0].theme))
        assert boxes(officers_door, "/admin/registers/protocol/add/")["reference"] == "FIP/2026/10"

    def test_the_log_lists_all_and_counts_no_gaps(self, officers_door):
        saved(a_protocol("FIP/2026/9", theme=Protocol.objects.all()[0].theme))
        saved(Gap(reference="FIP/2026/8", fate="never"))
        page = officers_door.get("/admin/registers/references/")
        lines = [line.reference for line in page.context["lines"]]
        assert lines[-2:] == ["FIP/2026/8", "FIP/2026/9"]
        assert len(lines) == Protocol.objects.count() + 1
        assert (page.context["gaps"], page.context["explained"]) == (1, 1)
        assert said(page.content)


class TestWhereNoFormIsKnown:
    @pytest.fixture(autouse=True)
    def any_form(self, settings, partnership) -> None:
        settings.PARTNERSHIP = dataclasses.replace(settings.PARTNERSHIP, references="any")

    @pytest.mark.parametrize(
        ("last", "offered"),
        [
            ((), "0074"),
            (("WX0045", "WX0046"), "WX0047"),
            (("x-09", "X-10"), "X-11"),
            (("DSA/2023/04", "DSA/2023/05"), "DSA/2023/06"),
            (("WX0045", "WX0046-b"), ""),
            (("WX0045", "YX0046"), ""),
            (("Z" * 38 + "98", "Z" * 38 + "99"), ""),
        ],
    )
    def test_the_next_is_offered_where_the_last_two_show_it(self, officers_door, last, offered):
        for reference in last:
            saved(a_protocol(reference, theme=Protocol.objects.all()[0].theme))
        form = boxes(officers_door, "/admin/registers/protocol/add/")
        assert form.get("reference", "") == offered

    def test_a_file_without_references_gets_none_where_none_can_be_offered(self, officers_door):
        for reference in ("WX0045", "YX0046"):
            saved(a_protocol(reference, theme=Protocol.objects.all()[0].theme))
        address = uploaded(officers_door, typed(a_row("Without one", "")[1:]))
        tabs = {tab.value: tab.count for tab in officers_door.get(address).context["tabs"]}
        assert tabs["refused"] == 1
