"""A spreadsheet is uploaded and checked: what its pages say, and what they do not take."""

from __future__ import annotations

import datetime
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.utils import timezone

from registers import changes
from registers.admin.importing.pages import progress_page
from registers.imports.spreadsheet import jobs
from registers.imports.spreadsheet.plan import Progress, Work
from registers.models import Change, ImportJob, Organisation, Protocol, RegisterVersion
from tests import papers
from tests.imports.uploading import (
    ADD,
    COUNCIL,
    FOUND,
    LIST,
    SIX,
    a_checked_import,
    a_row,
    apply,
    counted,
    exported,
    leads_to,
    said,
    send,
    shown,
    shut,
    typed,
    uploaded,
)
from tests.models.making import saved

pytestmark = pytest.mark.usefixtures("real_register")

MEGABYTE = 1024 * 1024
GREEK = "Ωμέγα"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


class TestTheFirstPage:
    def test_says_what_can_be_imported(self, officers_door):
        page = officers_door.get(ADD).content.decode()
        words = said(page)
        for heading in SIX:
            assert heading in words
        assert "reference, title, version, theme, purpose, summary, information_items" in words
        assert (
            "The register works out review_status, updated, url, through, has_ended by itself"
            in words
        )
        assert "XLSX, XLS or ODS of 20 MB at most, or CSV of 48 MB at most." in words
        assert 'href="/protocols.xlsx?status=all"' in page
        assert 'href="/protocols.csv?status=all"' in page

    def test_is_linked_for_those_alone_who_may_import(self, client, editor, publisher):
        for user, may in ((editor, False), (publisher, True)):
            client.force_login(user)
            page = client.get("/admin/registers/protocol/").content.decode()
            assert (f'<a href="{ADD}">Import a spreadsheet</a>' in page) is may
            assert ("Imports that wait to be applied" in said(client.get("/admin/").content)) is may


@contextmanager
def lost_table(name: str) -> Iterator[None]:
    """Let the database lack a table for a while."""
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER TABLE "{name}" RENAME TO lost')
        try:
            yield
        finally:
            cursor.execute(f'ALTER TABLE lost RENAME TO "{name}"')


@contextmanager
def full_disk() -> Iterator[None]:
    """Let the database have no room for another page for a while."""
    with connection.cursor() as cursor:
        most = cursor.execute("PRAGMA max_page_count").fetchone()[0]
        cursor.execute("PRAGMA max_page_count = 1")  # no fewer than there are now
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA max_page_count = {most}")


class TestAFullDisk:
    LARGE = typed(*[a_row(f"Number {number}") for number in range(40_000)])

    def test_is_told_beside_the_file_that_is_not_kept(self, officers_door):
        with full_disk():
            answer = send(officers_door, self.LARGE, "october.csv", "before")
        (sentence,) = answer.context["form"].errors["file"]
        assert sentence.startswith("‘october.csv’ is not kept. There is no room left")
        assert answer.context["form"]["published"].value() == "before"
        assert not ImportJob.objects.exists()

    def test_is_told_where_there_is_no_folder_for_the_readers_copy(
        self, officers_door, monkeypatch, tmp_path
    ):
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
        answer = send(officers_door, typed(a_row("Number 1")), "october.csv", "before")
        (sentence,) = answer.context["form"].errors["file"]
        assert sentence.startswith("‘october.csv’ cannot be read now")
        assert "No such file or directory" in sentence
        assert not ImportJob.objects.exists()

    def test_is_told_where_the_file_is_read_once_more(self, officers_door, monkeypatch, tmp_path):
        refused = (*a_row("Bad")[:-1], "13-2027")
        at = uploaded(officers_door, typed(a_row("Good"), refused))
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
        for page in ("refused/", "columns/"):
            answer = officers_door.get(f"{at}{page}", follow=True)
            assert answer.redirect_chain == [(at, FOUND)]
            assert "‘live.csv’ cannot be read now" in answer.content.decode()

    def test_is_told_where_a_check_cannot_be_kept(self, officers_door):
        rows = [a_row(f"Number {number}" + 200 * " long", others="Zq") for number in range(900)]
        answer = send(officers_door, typed(*rows))
        with full_disk():
            words = said(answer.getvalue())
        assert "‘live.csv’ is not kept. There is no room left" in words
        assert not ImportJob.objects.get().lines.exists()

    def test_is_told_where_nothing_can_be_applied(self, officers_door):
        rows = [a_row(f"Number {number}" + 50 * " long") for number in range(300)]
        address = uploaded(officers_door, typed(*rows))
        answer = apply(officers_door, address, publish="drafts")
        with full_disk():
            words = said(answer.getvalue())
        assert "There is no room left on the register’s disk." in words
        assert not Protocol.objects.filter(title__startswith="Number").exists()


BAD_FILES = {
    "no file at all": (None, "", "Choose a file."),
    "no bytes": (b"", "empty.csv", "This file is empty: it has no bytes at all."),
    "too large": (b"x" * (48 * MEGABYTE + 1), "large.csv", "This file has 48 MB, and 48 MB is"),
    "much too large": (b"x" * (49 * MEGABYTE), "large.csv", "This file has 49 MB"),
    "a picture called a workbook": (PNG, "picture.xlsx", "Choose an XLSX"),
    "a PDF": (papers.pdf(), "paper.pdf", "Choose an XLSX"),
    "blank lines alone": (b"\n\n\n", "blank.csv", "No row of headings was found"),
    "only headings": (typed(), "empty.csv", "This file has headings and no rows below them."),
}


@pytest.mark.parametrize("bad", BAD_FILES)
def test_a_file_that_cannot_be_read_is_refused_beside_its_box(officers_door, bad):
    content, name, sentence = BAD_FILES[bad]
    given = {} if content is None else {"file": SimpleUploadedFile(name, content)}
    answer = officers_door.post(ADD, given | {"published": "before"})
    assert answer.status_code == 200
    assert sentence in " ".join(answer.context["form"].errors["file"])
    page = answer.content.decode()
    assert "<title>Error: " in page
    assert 'value="before" id="id_published_1" required checked' in page.replace("  ", " ")
    assert not ImportJob.objects.exists()


def test_whether_it_was_published_before_is_asked(officers_door):
    answer = officers_door.post(ADD, {"file": SimpleUploadedFile("a.csv", b"x"), "published": "?"})
    assert answer.context["form"].errors.keys() == {"published"}


class TestTheCheck:
    def test_of_the_export_says_that_nothing_changes(self, officers_door):
        before = RegisterVersion.now().number
        address = uploaded(officers_door, exported(officers_door))
        words = shown(officers_door, address)
        assert "Nothing changes: every row says what the register says." in words
        assert "Apply" not in words
        assert counted(officers_door, address) == {"unchanged": 25}
        assert RegisterVersion.now().number == before

    def test_shows_each_row_by_what_would_become_of_it(self, officers_door):
        edits = {
            "0012": {"title": "Another title"},
            "0017": {"review_date": "13/2024"},
            "0018": {"other_organisations": "Kent County Council; The Unheard Of"},
        }
        content = exported(officers_door, edits)
        content += b",A new one,,Safer Community,Why,,,,,Essex Police,,,2027-01,,,,,\r\n"
        address = uploaded(officers_door, content)
        words = shown(officers_door, address)
        assert (
            "2 of 26 rows would change the register: 1 new, 1 changed. 22 are unchanged, 1 waits"
            " for a choice and 1 is refused." in words
        )
        assert "0012 - Another title (row 2)" in (words := shown(officers_door, address, "changed"))
        assert "Title Before SELEP (ECC) DSA with the ESFA V2.0 After Another title" in words
        new = shown(officers_door, address, "new")
        assert "0074 - A new one (row 27)" in new
        assert "Lead organisation Essex Police" in new
        assert "Column M, row 3." in shown(officers_door, address, "refused")
        assert "0018 - BEST_BES" in shown(officers_door, address, "waiting")
        assert "0036 - 3rd Party Access ISP (row 6)" in shown(officers_door, address, "unchanged")
        names = shown(officers_door, address, "names")
        assert "Kent County Council Kent County Council By its name Row 4" in names
        assert "The Unheard Of Not known Not known: choose Row 4" in names
        assert Protocol.objects.get(pk="0012").title != "Another title"

    def test_lists_what_the_file_does_not_have(self, officers_door):
        draft = Protocol.objects.get(pk="0012")
        saved(Protocol(reference="0090", title="A draft", theme=draft.theme))
        address = uploaded(officers_door, typed(a_row("0012 - Another")))
        words = shown(officers_door, address, "absent")
        assert "Not in the file: 25" in words
        assert "They are not touched." in words
        assert "0090 - A draft (draft)" in words
        assert "0012 - SELEP" not in words

    def test_counts_what_each_list_holds(self, officers_door):
        rows = [a_row(f"New {number}") for number in range(101)]
        address = uploaded(officers_door, typed(*rows))
        for tab in officers_door.get(address).context["tabs"]:
            page = officers_door.get(address, {"show": tab.value}).context["page"]
            assert page.paginator.count == tab.count
        second = officers_door.get(address, {"show": "new", "page": 2})
        assert len(second.context["lines"]) == 1
        assert 'href="?show=new&amp;page=1"' in second.content.decode()

    def test_says_what_of_the_whole_file_was_left_out(self, officers_door):
        content = typed((*a_row("New"), "?"), headings=(*SIX, GREEK))
        words = shown(officers_door, uploaded(officers_door, content))
        assert f"column G, '{GREEK}', was left out." in words

    def test_says_when_nothing_can_be_applied(self, officers_door):
        content = typed(a_row("0012 - One"), a_row("0012 - Two"), a_row("3", others="Who Else"))
        words = shown(officers_door, uploaded(officers_door, content))
        assert "Nothing would change: none of the 3 rows can be applied as it is." in words
        assert "Apply" not in words
        words = shown(officers_door, uploaded(officers_door, typed(a_row("3", others="Who Else"))))
        assert "Nothing would change: the one row cannot be applied as it is." in words
        content = exported(officers_door, {"0017": {"review_date": "13/2024"}})
        words = shown(officers_door, uploaded(officers_door, content))
        assert "Nothing would change. 24 are unchanged and 1 is refused." in words

    def test_can_be_made_again(self, officers_door):
        address = uploaded(officers_door, typed(a_row("New", others="Flood Wardens")))
        assert counted(officers_door, address)["waiting"] == 1
        changes.save(Organisation(name="Flood Wardens"))
        assert leads_to(officers_door.post(f"{address}check/")) == address
        assert counted(officers_door, address) == {"new": 1, "names": 3, "absent": 25}

    def test_says_which_words_differ_in_a_long_text(self, officers_door):
        long = Protocol.objects.get(pk="0012").purpose.replace("primary", "foremost")
        address = uploaded(officers_door, exported(officers_door, {"0012": {"purpose": long}}))
        page = officers_door.get(address).content.decode()
        assert "<del>primary </del>" in page
        assert "<ins>foremost </ins>" in page
        assert "only spaces" not in page

    def test_says_so_where_only_spaces_differ(self, officers_door):
        wide = Protocol.objects.get(pk="0012").purpose.replace(" ", "  ")
        address = uploaded(officers_door, exported(officers_door, {"0012": {"purpose": wide}}))
        assert "Purpose: only spaces or line ends differ." in shown(officers_door, address)


def kept_on(words: str, of: int) -> Work[str]:
    """Work that tells of each single thing."""
    for done in range(of + 1):
        yield Progress(words, done, of)
    return "/done/"


class TestThePageThatGrows:
    def test_tells_how_far_it_is_and_leads_on(self, officers_door):
        answer = send(officers_door, typed(*[a_row(f"New {number}") for number in range(1200)]))
        assert answer.headers["X-Accel-Buffering"] == "no"
        assert answer.headers["Content-Encoding"] == "identity"
        page = answer.getvalue().decode()
        assert '<p data-done="500" data-of="1200">500 of 1,200 rows checked</p>' in page
        assert 'role="log"' in page
        address = leads_to(page)
        assert f'<meta http-equiv="refresh" content="0;url={address}">' in page
        assert page.rstrip().endswith("</html>")

    def test_has_a_line_for_each_hundredth_and_reads_out_each_tenth(self, officer, rf):
        made = a_checked_import()
        request = rf.post(f"{LIST}{made.pk}/check/")
        request.user = officer
        work = kept_on("rows counted", 1000)
        page = progress_page(request, made, work, title="Counting").getvalue().decode()
        lines = [line for line in page.splitlines() if "rows counted</p>" in line]
        assert len(lines) == 101
        read_out = [line for line in lines if "aria-hidden" not in line]
        assert [int(re.search(r'data-done="(\d+)"', each)[1]) for each in read_out] == [
            *range(0, 1001, 100)
        ]
        assert leads_to(page) == "/done/"

    @pytest.mark.parametrize("pieces", [1, 2])
    def test_the_work_goes_on_where_it_is_closed(self, officers_door, pieces):
        answer = send(officers_door, typed(a_row("New")))
        stream = iter(answer.streaming_content)
        for _ in range(pieces):
            next(stream)
        shut(answer)
        made = ImportJob.objects.get()
        assert made.status == "checked"

    @pytest.mark.parametrize("pieces", [0, 2])
    def test_says_why_it_came_to_a_stop(self, officers_door, pieces):
        address = uploaded(officers_door, typed(a_row("New")))
        answer = officers_door.post(f"{address}check/")
        page = [next(answer.streaming_content) for _ in range(pieces)]
        ImportJob.objects.all().delete()
        words = said(b"".join([*page, answer.getvalue()]))
        assert (
            "This import was removed in the meantime. Upload the file again. Go to all imports"
            in words
        )

    @pytest.mark.parametrize("is_closed", [False, True])
    def test_writes_a_fault_down(self, officers_door, caplog, is_closed):
        address = uploaded(officers_door, typed(a_row("New")))
        answer = officers_door.post(f"{address}check/")
        with lost_table("registers_importline"):
            if is_closed:
                next(iter(answer.streaming_content))
                shut(answer)
            else:
                assert "Something went wrong, and nothing was changed." in said(answer.getvalue())
        assert "came to a stop" in caplog.text
        assert counted(officers_door, address)["new"] == 1

    def test_a_stop_is_no_harm_where_it_is_closed(self, officers_door):
        address = uploaded(officers_door, typed(a_row("New")))
        answer = officers_door.post(f"{address}check/")
        next(iter(answer.streaming_content))
        ImportJob.objects.all().delete()
        shut(answer)


class TestTheList:
    def test_says_who_brought_what_and_what_became_of_it(self, officers_door):
        assert "No spreadsheet was imported" in said(officers_door.get(LIST).content)
        uploaded(officers_door, exported(officers_door), "same.csv")
        uploaded(officers_door, typed(a_row("New"), a_row("New too")), "more.csv")
        words = said(officers_door.get(LIST).content)
        assert "by olive Checked, not applied: 2 rows would change the register." in words
        assert "by olive Checked: nothing to apply." in words
        waiting = officers_door.get(LIST, {"show": "waiting"})
        assert [each.name for each, _ in waiting.context["lines"]] == ["more.csv"]
        dashboard = {
            each.what: each.count for each in officers_door.get("/admin/").context["dashboard"]
        }
        assert dashboard["Imports that wait to be applied"] == 1

    def test_forgets_after_ninety_days(self, officers_door):
        with time_machine.travel(timezone.now() - datetime.timedelta(days=91)):
            old = a_checked_import()
        with time_machine.travel(timezone.now() - datetime.timedelta(days=89)):
            young = a_checked_import()
        address = uploaded(officers_door, exported(officers_door))
        assert not ImportJob.objects.filter(pk=old.pk).exists()
        assert ImportJob.objects.filter(pk=young.pk).exists()
        assert officers_door.get(f"{LIST}{old.pk}/").status_code == 404
        assert officers_door.get(address).status_code == 200

    def test_an_import_can_be_removed(self, officers_door):
        address = uploaded(officers_door, typed(a_row("New")))
        answer = officers_door.post(f"{address}remove/", follow=True)
        assert "‘live.csv’ is removed. It had changed nothing." in answer.content.decode()
        assert not ImportJob.objects.exists()

    def test_one_that_is_not_checked_says_so(self, officers_door):
        made = jobs.upload(
            "a.csv",
            typed(a_row("New")),
            by=None,
            at=timezone.now(),
            published_before=False,
        )
        address = f"{LIST}{made.pk}/"
        assert "It is not checked yet" in said(officers_door.get(address).content)
        assert "Not checked yet." in said(officers_door.get(LIST).content)
        leads_to(officers_door.post(f"{address}check/"))
        assert counted(officers_door, address)["new"] == 1


def test_nothing_of_the_register_changes_by_a_check(officers_door):
    numbers = Change.objects.count(), Organisation.objects.count(), Protocol.objects.count()
    address = uploaded(officers_door, typed(a_row("0012 - Another"), a_row("New", theme="None")))
    for show in ("changed", "new", "refused", "waiting", "unchanged", "names", "absent"):
        shown(officers_door, address, show)
    assert (
        Change.objects.count(),
        Organisation.objects.count(),
        Protocol.objects.count(),
    ) == numbers
    assert Protocol.objects.get(pk="0012").lead.organisation.name == COUNCIL
