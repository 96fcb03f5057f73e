"""A person says which column of a spreadsheet is what, and the next file is read the same way."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
import time_machine
import xlsxwriter
from django.test import Client
from django.utils import timezone

from registers.admin.importing.column_choices import mark_of
from registers.imports.mapping.mapping import ColumnMapping, SheetOptions
from registers.imports.mapping.saved import read_saved, save_mapping
from registers.imports.reading.limits import COLUMNS
from registers.imports.spreadsheet import jobs
from registers.imports.spreadsheet.job_columns import read_new
from registers.models import ImportJob, ImportMapping, Protocol
from tests.admin.typing_in import Page, boxes
from tests.imports.uploading import (
    ADD,
    LIST,
    a_row,
    apply,
    leads_to,
    said,
    send,
    shown,
    typed,
    uploaded,
)

pytestmark = pytest.mark.usefixtures("real_register")

OWN = ("Ref", "Name of agreement", "Parties", "Next review", "State", "Officer")
ROWS = (
    ("0901", "Empty homes", "Essex Police", "03/04/2027", "Live", "A. Clerk"),
    ("0902", "Discharge", "Essex Police", "March 2027", "Over", ""),
)
ANSWERS = {
    f"order-{mark_of('Next review')}": "month",
    f"status-{mark_of('Live')}": "current",
    f"status-{mark_of('Over')}": "draft",
    "given-theme": "Safer Community",
}


def use(heading: str) -> str:
    return f"use-{mark_of(heading)}"


def workbook(*sheets: tuple[str, list[tuple[str, ...]]], hide: tuple[str, ...] = ()) -> bytes:
    """Return a workbook; of `hide`, 'Other' is a sheet and '3' a row of each."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        for name, rows in sheets:
            sheet = book.add_worksheet(name)
            if name in hide:
                sheet.hide()
            for at, row in enumerate(rows):
                sheet.write_row(at, 0, row)
                if str(at + 1) in hide:
                    sheet.set_row(at, options={"hidden": True})
    return made.getvalue()


def asks(door: Client, content: bytes = typed(*ROWS, headings=OWN), name: str = "own.csv") -> str:
    """Upload a file, and return the address of the page of its columns."""
    answer = send(door, content, name)
    assert answer.status_code == 302, said(answer.getvalue())[:500]
    assert answer.url.endswith("/columns/")
    return answer.url


def answer(door: Client, at: str, **over: str) -> Any:
    """Press a button on the page: 'check', unless another is named, with what differs on it."""
    held = {name: value for name, value in (boxes(door, at) | over).items() if value is not None}
    return door.post(at, held)


def errors(page: Any) -> dict[str, list[str]]:
    """Return what is wrong at each box; each is linked from above, and leads to a box."""
    html = page.content.decode()
    assert "<title>Error: " in html
    for name in page.context["form"].errors:
        assert f'href="#id_{name}"' in html
        assert f'id="id_{name}"' in html
    return {name: [*each] for name, each in page.context["form"].errors.items()}


def test_a_file_that_came_before_is_told(officers_door):
    content = typed(a_row("One"))
    with time_machine.travel("2026-10-03 09:00:00+01:00"):
        first = uploaded(officers_door, content)
    alike = content.replace(b"One", b"Two")
    assert "The same file" not in shown(officers_door, uploaded(officers_door, alike))
    again = uploaded(officers_door, content, "another.csv")
    page = officers_door.get(again)
    sentence = "The same file was uploaded on 3 October 2026, 09:00 by olive, and is checked, not"
    assert sentence in said(page.content)
    assert f'<a href="{first}">See that import</a>' in page.text
    assert "The same file" not in shown(officers_door, first)
    assert sentence in shown(officers_door, f"{again}columns/")
    words = said(officers_door.get(LIST).content)
    assert "another.csv The same file as on 3 October 2026, 09:00" in words
    assert words.count("The same file") == 1


class TestOwnHeadings:
    def test_are_shown_as_they_are_with_what_they_may_be(self, officers_door):
        page = officers_door.get(asks(officers_door))
        words = said(page.content)
        assert "1 (headings)" in words
        assert "A. Clerk" in words
        assert "‘03/04/2027’ is 3 April 2027" in words
        assert "‘03/04/2027’ is 4 March 2027" in words
        held = boxes(officers_door, page.wsgi_request.path)
        assert {heading: held[use(heading)] for heading in OWN} == {
            "Ref": "reference",
            "Name of agreement": "title",
            "Parties": "other_organisations",
            "Next review": "review_date",
            "State": "status",
            "Officer": "note",
        }
        assert held[f"status-{mark_of('Live')}"] == "", "It is not guessed."

    def test_are_asked_for_what_only_a_person_knows(self, officers_door):
        at = asks(officers_door)
        found = errors(answer(officers_door, at))
        assert found.keys() == ANSWERS.keys() - {"given-theme"}

    @pytest.mark.both_databases
    def test_and_the_file_is_checked_with_the_answers(self, officers_door):
        at = asks(officers_door)
        address = leads_to(answer(officers_door, at, **ANSWERS))
        assert "Read as you chose." in shown(officers_door, address)
        one, two = ImportJob.objects.get().lines.all()
        assert {edit[0]: edit[2] for edit in one.edits} == {
            "title": "Empty homes",
            "theme": "Safer Community",
            "other_organisations": "Essex Police",
            "review_date": "2027-03",
            "admin_note": "Officer: A. Clerk",
        }
        assert two.reference == "0902"
        assert not ImportMapping.objects.exists()

    def test_the_next_file_is_read_the_same_way(self, officers_door):
        with time_machine.travel("2026-10-03 09:00:00+01:00"):
            answer(officers_door, asks(officers_door), **ANSWERS, name=" Monthly  list ").getvalue()
        later = typed(("0903", "Third", "", "05/06/2027", "live", ""), headings=OWN)
        address = uploaded(officers_door, later)
        words = shown(officers_door, address)
        assert "Read as ‘Monthly list’, as on 3 October 2026." in words
        assert f'href="{address}columns/"' in officers_door.get(address).content.decode()
        (line,) = ImportJob.objects.get(mapping__name="Monthly list", name="live.csv").lines.all()
        assert ["review_date", "", "2027-05"] in line.edits

    def test_one_without_a_column_that_was_read_is_asked_about(self, officers_door):
        answer(officers_door, asks(officers_door), **ANSWERS, name="Monthly list").getvalue()
        fewer = typed(*(row[:-1] for row in ROWS), headings=OWN[:-1])
        at = asks(officers_door, fewer)
        page = officers_door.get(at)
        assert "no column headed ‘Officer’, which was used before" in said(page.content)
        held = boxes(officers_door, at)
        assert held.items() >= ANSWERS.items() | {("name", "Monthly list")}
        leads_to(answer(officers_door, at))
        assert "Officer" not in read_saved("Monthly list").columns


WRONG = {
    "a column twice": ({use("Officer"): "title"}, use("Name of agreement"), "Title can be one"),
    "no title": (
        {use("Ref"): "left_out", use("Name of agreement"): "left_out"},
        use("Ref"),
        "No column is taken for the title",
    ),
    "a long name": ({"name": "a" * 101}, "name", "at most 100 characters"),
    "a forged use": ({use("Officer"): "admin_note"}, use("Officer"), "Choose one of the list."),
    "a forged order": ({f"order-{mark_of('Next review')}": "year"}, None, "Choose one of the list"),
    "a forged status": ({f"status-{mark_of('Live')}": "x"}, None, "Choose one of the list."),
    "a day that is none": ({"given-published": "soon"}, "given-published", "is not a day"),
    "no row": ({"sheet-0-row": "0"}, "sheet-0-row", "greater than or equal to 1"),
    "no number": ({"sheet-0-row": "x"}, "sheet-0-row", "Enter a whole number."),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_cannot_be_followed_is_told_at_its_box_and_nothing_is_lost(officers_door, wrong):
    over, at, sentence = WRONG[wrong]
    address = asks(officers_door)
    page = answer(officers_door, address, **ANSWERS | {"given-purpose": "To try."} | over)
    found = errors(page)
    (name,) = found
    assert name == (at or next(iter(over)))
    assert sentence in found[name][0]
    html = page.content.decode()
    assert "To try." in html
    assert 'value="Safer Community"' in html
    assert ImportJob.objects.get().mapping == {}


class TestShowAgain:
    TWO = typed(
        *[("Code", "Agreement", "Who"), ("0901", "One", "Essex Police")],
        headings=("Ref", "Name", "Parties"),
    )

    def test_reads_another_row_of_headings_and_keeps_the_choices(self, officers_door):
        at = asks(officers_door, self.TWO, "two.csv")
        kept = {"given-purpose": "To try.", "name": "Mine", "match_titles": "on"}
        page = answer(officers_door, at, **kept, again="", **{"sheet-0-row": "2"})
        assert "2 (headings)" in said(page.content)
        assert page.context["form"].suggestion.headings[:2] == ["Code", "Agreement"]
        held = boxes_of(page)
        assert held.items() >= kept.items() | {("sheet-0-row", "2")}
        held[use("Agreement")] = "title"
        leads_to(officers_door.post(at, held))

    def test_is_done_first_where_the_headings_are_others(self, officers_door):
        at = asks(officers_door, self.TWO, "two.csv")
        page = answer(officers_door, at, **{"sheet-0-row": "2"})
        assert "The headings are others now." in said(page.content)
        assert "Agreement" in page.context["form"].suggestion.headings

    def test_reads_a_csv_with_another_separator(self, officers_door):
        content = b"Ref|Agreement;Who\n0901|One;Essex Police\n"
        at = asks(officers_door, content)
        assert "Found out: " in said(officers_door.get(at).content)
        for separator, headings in (
            ("semicolon", ["Ref|Agreement", "Who"]),
            ("vertical bar", ["Ref", "Agreement;Who"]),
        ):
            page = answer(officers_door, at, separator=separator, again="")
            assert page.context["form"].suggestion.headings == headings
            assert boxes_of(page)["separator"] == separator

    def test_says_what_the_letters_cannot_be(self, officers_door):
        at = asks(officers_door)
        page = answer(officers_door, at, encoding="utf-16", again="", name="Mine")
        assert "The letters of this CSV are not UTF-16." in said(page.content)
        assert boxes_of(page)["name"] == "Mine"

    def test_finds_columns_among_very_many(self, officers_door, django_assert_max_num_queries):
        sheets = [
            (
                f"Sheet {n}",
                [
                    ("Title", *(f"Box {n * COLUMNS + at}" for at in range(COLUMNS - 1))),
                    ("0901 - A", *["x"] * (COLUMNS - 1)),
                ],
            )
            for n in range(5)
        ]
        at = asks(officers_door, workbook(*sheets), "wide.xlsx")
        with django_assert_max_num_queries(30):
            page = officers_door.get(at)
        assert len(page.content) < 500_000
        assert use("Box 150") not in boxes_of(page)
        page = answer(officers_door, at, find="Box 150", again="")
        held = boxes_of(page)
        assert held[use("Box 150")] == "left_out"
        leads_to(officers_door.post(at, held | {use("Box 150"): "purpose"}))
        assert ImportJob.objects.get().mapping["columns"]["Box 150"] == "purpose"


def boxes_of(page: Any) -> dict[str, str]:
    """Return what the boxes of an answer hold, as a browser would send them."""
    return Page(page.content.decode()).boxes


class TestSheets:
    HEADINGS = ("Title", "Agreed with", "Due")

    def book(self) -> bytes:
        rows = [self.HEADINGS, *((f"090{n} - A", "Essex Police", "May 2027") for n in (1, 2))]
        other = [self.HEADINGS, ("0909 - B", "Essex Police", "May 2027")]
        return workbook(("Safer Community", rows), ("Other", other), hide=("Other", "3"))

    def test_what_is_hidden_is_told_and_can_be_taken_in(self, officers_door):
        at = asks(officers_door, self.book(), "book.xlsx")
        words = said(officers_door.get(at).content)
        assert "Sheet ‘Other’, which is hidden" in words
        assert "Row 3 is hidden." in words
        words = shown(officers_door, leads_to(answer(officers_door, at, theme_from="sheet")))
        assert "Sheet 'Safer Community': row 3 is hidden, so it was left out." in words
        assert "The sheet 'Other' is hidden, so it was left out." in words
        assert ImportJob.objects.get().lines.count() == 1
        answer(officers_door, at, **{"sheet-1-read": "on", "hidden_rows": "on"}).getvalue()
        job = ImportJob.objects.get()
        assert ColumnMapping.from_plain(job.mapping).sheets == {"Other": SheetOptions(read=True)}
        assert job.lines.count() == 3

    def test_one_can_be_left_out_and_a_theme_come_from_its_name(self, officers_door):
        at = asks(officers_door, self.book(), "book.xlsx")
        held = boxes(officers_door, at) | {"theme_from": "sheet", "sheet-1-read": "on"}
        held.pop("sheet-0-read")
        found = leads_to(officers_door.post(at, held))
        assert "'Safer Community' is left out, as you chose." in shown(officers_door, found)
        job = ImportJob.objects.get()
        assert [line.reference for line in job.lines.all()] == ["0909"]
        assert job.names.get(kind="theme").written == "Other"

    def test_without_headings_that_are_found_a_row_is_asked_for(self, officers_door):
        at = asks(officers_door, workbook(("One", [("Only words",), ("More",)])), "odd.xlsx")
        assert "None is found." in said(officers_door.get(at).content)
        assert errors(answer(officers_door, at)).keys() == {"sheet-0-row"}

    def test_nothing_below_the_headings_is_told(self, officers_door):
        page = answer(officers_door, asks(officers_door, typed(headings=OWN)))
        assert "This file has headings and no rows below them." in said(page.content)


@pytest.mark.both_databases
def test_headings_that_are_formulas_are_read_by_their_results(officers_door):
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        sheet = book.add_worksheet()
        for at, heading in enumerate(("Ref", "Title", "Purpose", "", "#N/A")):
            sheet.write_formula(0, at, "=A9", None, heading)
        sheet.write_row(1, 0, ("0901", "Homes", "To house.", "unknown", "lost"))
    page = officers_door.get(asks(officers_door, made.getvalue(), "formulas.xlsx"))
    uses = {column.heading: column.use.value() for column in page.context["form"].columns}
    assert uses == {
        "Ref": "reference",
        "Title": "title",
        "Purpose": "purpose",
        "Column D": "left_out",
        "#N/A": "left_out",
    }
    assert "‘Column D’" in " ".join(page.context["questions"])


class TestInTheMeantime:
    def test_it_was_applied(self, officers_door):
        at = asks(officers_door)
        held = boxes(officers_door, at)
        ImportJob.objects.update(status="applied")
        for page in (officers_door.get(at, follow=True), officers_door.post(at, held, follow=True)):
            assert jobs.APPLIED_ALREADY in page.content.decode()

    def test_it_was_removed(self, officers_door):
        at = asks(officers_door)
        held = boxes(officers_door, at)
        ImportJob.objects.all().delete()
        assert officers_door.get(at).status_code == 404
        assert jobs.GONE in officers_door.post(at, held, follow=True).content.decode()

    def test_it_was_removed_at_the_last_moment(self, officers_door, monkeypatch):
        at = asks(officers_door)
        taken = jobs.choose_mapping

        def removed_first(job, mapping, by):
            ImportJob.objects.all().delete()
            return taken(job, mapping, by=by)

        monkeypatch.setattr(jobs, "choose_mapping", removed_first)
        assert answer(officers_door, at, **ANSWERS).url == at.removesuffix("columns/")

    def test_a_mapping_of_that_name_was_kept_by_another(self, officers_door):
        first, second = asks(officers_door), asks(officers_door)
        other = boxes(officers_door, second)
        answer(officers_door, first, **ANSWERS, name="Mine").getvalue()
        mine = other | ANSWERS | {"name": "Mine", use("Officer"): "left_out"}
        page = officers_door.post(second, mine)
        assert "Mine’ is kept already" in errors(page)["name"][0]
        assert read_saved("Mine").use_of("Officer") == "note"
        leads_to(officers_door.post(second, mine | {"replace_it": "on"}))
        assert read_saved("Mine").use_of("Officer") == "left_out"

    def test_two_imports_read_by_one_mapping_are_read_as_each_was(self, officers_door):
        answer(officers_door, asks(officers_door), **ANSWERS, name="Mine").getvalue()
        one, two = (uploaded(officers_door, typed(row, headings=OWN)) for row in ROWS)
        leads_to(answer(officers_door, f"{one}columns/", **{use("Officer"): "left_out"}))
        assert leads_to(officers_door.post(f"{two}check/")) == two
        by_address = {job.pk: job.mapping["columns"]["Officer"] for job in ImportJob.objects.all()}
        assert [by_address[int(each.split("/")[-2])] for each in (one, two)] == ["left_out", "note"]


class TestNotes:
    """What a column of notes says is for administrators alone."""

    SECRET = "Zoe Quill zoe.quill@nhs.example"
    HEADINGS = ("Ref", "Agreement title", "Theme", "Officer", "Folder")

    def imported(self, door: Client, *rows: tuple[str, ...]) -> str:
        """Apply rows; return what their check says."""
        address = uploaded(door, typed(*rows, headings=self.HEADINGS))
        words = shown(door, address)
        if "Nothing changes" not in words:
            leads_to(apply(door, address))
        return words

    def test_are_compared_line_by_line(self, officers_door):
        Protocol.objects.filter(pk="0061").update(
            admin_note="By hand.\r\nOfficer: A. Clerk\r\nEnd."
        )
        row = ("0061", "FGM", "Safer Community", self.SECRET, "")
        assert "Officer: A. Clerk" in self.imported(officers_door, row)
        kept = f"By hand.\nOfficer: {self.SECRET}\nEnd."
        assert Protocol.objects.get(pk="0061").admin_note == kept
        assert "Nothing changes" in self.imported(officers_door, row)
        self.imported(officers_door, (*row[:-1], "Blue"))
        assert Protocol.objects.get(pk="0061").admin_note == f"{kept}\nFolder: Blue"

    def test_are_never_public(self, officers_door):
        rows = [
            ("0061", "FGM", "Safer Community", self.SECRET, "Quill"),
            ("9001", "New one", "Safer Community", self.SECRET, "Quill"),
        ]
        self.imported(officers_door, *rows)
        assert self.SECRET in Protocol.objects.get(pk="9001").admin_note
        reader = Client()
        for at in (
            *("/protocols/9001/", "/protocols/0061/", "/protocols/9001.json", "/protocols.atom"),
            *("/protocols/9001/changes/", "/protocols/0061/changes/", "/protocols.csv?status=all"),
            *("/protocols.json", "/?q=Quill", "/protocols.json?q=quill"),
        ):
            page = reader.get(at)
            assert page.status_code in {200, 404}
            assert "Zoe" not in page.getvalue().decode(), at
        assert b'"count": 0' in reader.get("/protocols.json?q=quill").getvalue()


class TestSavedMappings:
    def test_are_listed_downloaded_and_deleted(self, officers_door):
        assert "None is kept yet" in said(officers_door.get(f"{LIST}mappings/").content)
        answer(officers_door, asks(officers_door), **ANSWERS, name="Für März").getvalue()
        page = officers_door.get(f"{LIST}mappings/").content.decode()
        (download,) = re.findall(r'href="([^"]+\.json)"', page)
        file = officers_door.get(download)
        assert ColumnMapping.from_json(file.content.decode()) == read_saved("Für März")
        assert "attachment" in file["Content-Disposition"]
        (delete,) = re.findall(r'href="([^"]+/delete/)"', page)
        assert "Delete ‘Für März’" in officers_door.get(delete).content.decode()
        assert officers_door.post(delete).url == f"{LIST}mappings/"
        assert not ImportMapping.objects.exists()
        assert asks(officers_door), "It is asked again."

    def test_are_led_to_from_where_a_file_is_uploaded(self, officers_door):
        assert f'href="{LIST}mappings/"' in officers_door.get(ADD).content.decode()


@pytest.mark.parametrize(
    ("hidden", "words"), [(("3",), "Row 3 is hidden."), (("2", "3"), "Rows 2 and 3 are hidden.")]
)
def test_each_hidden_row_is_named(officers_door, hidden, words):
    rows = [OWN, *ROWS, ("0903", "Third", "", "", "Live", "")]
    page = asks(officers_door, workbook(("Live", rows), hide=hidden), "own.xlsx")
    assert words in shown(officers_door, page)


@pytest.mark.parametrize(("encoding", "is_read"), [("utf-8", True), ("utf-16", False)])
def test_a_saved_mapping_brings_its_own_separator_and_encoding(officers_door, encoding, is_read):
    headings = ("Title", "Theme")
    columns = dict(zip(headings, ("title", "theme"), strict=True))
    mapping = ColumnMapping(name="Lists", columns=columns, separator=";", encoding=encoding)
    save_mapping(mapping, by=None, at=timezone.now())
    content = b"Title;Theme\n0901 - One, and two;Safer Community\n"
    job = jobs.upload("own.csv", content, by=None, at=timezone.now(), published_before=False)
    found = read_new(job)
    assert found.suggestion.headings == [*headings]
    assert (found.before.encoding == encoding) is is_read


class TestDefaults:
    """What is the same for all rows, of a file that has no column for it."""

    def test_fill_what_is_new_or_empty_and_change_nothing_that_is_recorded(self, officers_door):
        Protocol.objects.filter(pk="0061").update(purpose="Recorded.", summary="")
        rows = [("0061", "FGM"), ("0901", "Empty homes")]
        at = asks(officers_door, typed(*rows, headings=("Ref", "Name of agreement")))
        given = {"theme": "Learning and Education", "purpose": "Given.", "summary": "In short."}
        page = answer(officers_door, at, **{f"given-{name}": text for name, text in given.items()})
        address = leads_to(page)
        assert "What is recorded stays." in said(officers_door.get(at).content)
        assert leads_to(apply(officers_door, address))
        old, new = Protocol.objects.get(pk="0061"), Protocol.objects.get(pk="0901")
        assert (str(old.theme), old.purpose, old.summary) == (
            "Safer Community",
            "Recorded.",
            "In short.",
        )
        assert (str(new.theme), new.purpose, new.summary) == tuple(given.values())

    def test_say_once_when_and_why_protocols_were_withdrawn(self, officers_door):
        headings = ("Ref", "Name of agreement", "Review date", "State")
        rows = [
            ("0061", "FGM", "31/03/2025", "Expired"),
            ("0901", "Empty homes", "Feb-2024", "Expired"),
            ("0902", "Discharge", "Mar-2031", "Live"),
            ("0903", "To come", "Mar-2031", "Expired"),
            ("0904", "In words", "Under review", "Expired"),
        ]
        means = {f"status-{mark_of(word)}": to for word, to in WORDS_OF_STATES.items()}
        at = asks(officers_door, typed(*rows, headings=headings))
        given = {"given-theme": "Safer Community", "given-withdrawn_reason": "It ended."}
        page = answer(officers_door, at, **means, **given, withdrawn_on_review="on")
        address = leads_to(page)
        refused = shown(officers_door, address, "refused")
        assert "still to come" in refused
        assert "but not the day" in refused
        assert leads_to(apply(officers_door, address))
        withdrawn = Protocol.objects.filter(status="withdrawn", withdrawn_reason="It ended.")
        assert {(each.pk, str(each.withdrawn_on)) for each in withdrawn} == {
            ("0061", "2025-03-31"),
            ("0901", "2024-02-29"),
        }
        assert Protocol.objects.get(pk="0902").status == "draft"

    def test_withdrawn_rows_without_a_day_and_a_reason_are_refused_once(self, officers_door):
        rows = [(f"090{n}", f"Homes {n}", "Expired") for n in range(5)]
        content = typed(*rows, headings=("Ref", "Name of agreement", "State"))
        at = asks(officers_door, content)
        means = {f"status-{mark_of('Expired')}": "withdrawn", "given-theme": "Safer Community"}
        words = shown(officers_door, leads_to(answer(officers_door, at, **means)))
        assert words.count("not the day and the reason") == 1
        assert "rows 2 to 6" in words


WORDS_OF_STATES = {"Expired": "withdrawn", "Live": "current"}
