"""`manage.py import_register`: what it says, what it does, and how it ends."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import io
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.core.management.base import SystemCheckError

from registers import changes
from registers.imports.mapping.mapping import ColumnMapping
from registers.imports.mapping.saved import read_saved, save_mapping
from registers.imports.spreadsheet.plan import Progress, Work
from registers.management.commands.import_register import show
from registers.models import (
    Change,
    ImportJob,
    ImportMapping,
    Name,
    Organisation,
    Protocol,
    RegisterVersion,
)
from tests.admin.typing_in import boxes
from tests.imports.spreadsheets import TYPED, exported
from tests.imports.uploading import leads_to, shown
from tests.models.making import NOW

pytestmark = pytest.mark.usefixtures("real_register", "today")

DAY = datetime.timedelta(days=1)
ECC = "Essex County Council"
CHANGED = ("Safer Community", "0061 - FGM", "To share less.", ECC, "Barnardos", "Jun-2027")
NEW = ("Safer Community", "9001 - New", "To share.", ECC, "Nobody Yet; EPUT", "Mar-2030")
REFUSED = ("Safer Community", "9002 - New", "x", ECC, "", "13-2030")
Write = Callable[..., Path]


@pytest.fixture
def file(tmp_path: Path) -> Write:
    def write(*rows: tuple[str, ...] | list[str], name: str = "live.csv", heads=TYPED) -> Path:
        path = tmp_path / name
        with path.open("w", newline="", encoding="utf-8") as out:
            csv.writer(out).writerows([heads, *rows])
        return path

    return write


def imported(file: Path, *words: str) -> str:
    said = io.StringIO()
    call_command("import_register", str(file), *words, stdout=said)
    return said.getvalue()


def refused(file: Path, *words: str) -> tuple[int, str, str]:
    said = io.StringIO()
    with pytest.raises(CommandError) as refusal:
        call_command("import_register", str(file), *words, stdout=said)
    return refusal.value.returncode, str(refusal.value), said.getvalue()


def purpose() -> str:
    return Protocol.objects.get(pk="0061").purpose


@pytest.mark.both_databases
def test_it_says_what_changes_and_applies_it(file, officer):
    before = purpose()
    said = imported(file(CHANGED), "--by", "Olive", "--why", "The live spreadsheet.")
    assert "1 row: 1 changed." in said
    assert (
        "Changed (1):\n  0061 FGM (row 2)\n    purpose\n"
        f"      before: {' '.join(before.split())[:300]}"
    ) in said
    assert "      after:  To share less.\n" in said
    assert "Not in the file, and left as they are (24):\n  0012, " in said
    assert said.endswith(" and 4 more\n\nApplied: 0 new, 1 changed.\n")
    assert purpose() == "To share less."
    change = Change.objects.filter(protocol="0061").first()
    assert (change.by, change.why) == (officer, "The live spreadsheet.")


@pytest.mark.both_databases
def test_what_it_applied_is_listed_and_can_be_undone(file, officers_door):
    before = purpose()
    imported(file(CHANGED, (*NEW[:4], "", "")), "--dry-run")
    assert not ImportJob.objects.exists()
    imported(file(CHANGED, (*NEW[:4], "", "")))
    assert Protocol.objects.get(pk="9001").status == "draft"
    page = f"/admin/registers/import/{ImportJob.objects.get().pk}/"
    assert "2 of 2 rows changed the register" in shown(officers_door, page)
    leads_to(officers_door.post(f"{page}undo/", boxes(officers_door, f"{page}undo/")))
    assert purpose() == before
    assert not Protocol.objects.filter(pk="9001").exists()


def test_new_protocols_are_published_where_that_is_said(file):
    imported(file((*NEW[:4], "", "")), "--publish")
    assert Protocol.objects.get(pk="9001").status == "published"


def test_what_may_be_about_a_person_is_imported_only_where_it_is_meant(file):
    rows, version = file((*CHANGED[:2], "Ring 020 7946 0958.", *CHANGED[3:])), RegisterVersion.now()
    status, sentence, said = refused(rows)
    assert (status, RegisterVersion.now().number) == (2, version.number)
    assert "--meant-to-be-public" in sentence
    assert "020 7946 0958" in said
    assert "dry run" in imported(rows, "--dry-run")
    imported(rows, "--meant-to-be-public")
    assert purpose() == "Ring 020 7946 0958."


@pytest.mark.both_databases
def test_a_dry_run_writes_nothing(file):
    version = RegisterVersion.now().number
    said = imported(file(CHANGED), "--dry-run")
    assert said.endswith("\n\nThis was a dry run: nothing was written.\n")
    assert purpose() != "To share less."
    assert RegisterVersion.now().number == version


def test_its_own_file_changes_nothing(file):
    heads, *rows = exported("status=all")
    version = RegisterVersion.now().number
    said = imported(file(*rows, heads=heads))
    assert "25 rows: 25 unchanged.\nNothing changes: the register says all this already.\n" in said
    assert "Not in the file" not in said
    assert RegisterVersion.now().number == version


def test_rows_that_are_refused_are_named_and_the_others_applied(file):
    code, problem, said = refused(file(CHANGED, REFUSED))
    assert code == 1
    assert problem.startswith("Rows left out: 1 refused.")
    assert "2 rows: 1 changed, 1 refused.\n\nRefused (1):\n  Column F, row 3: " in said
    assert purpose() == "To share less."


def test_names_that_are_not_known_wait_for_a_choice(file):
    code, problem, said = refused(file(NEW))
    assert (code, "left out: 1 waiting for a choice." in problem) == (1, True)
    assert "Waiting until somebody chooses what their names stand for (1):\n  row 2: 9001" in said
    assert (
        "Names that are not known (1):\n  'Nobody Yet' (organisation, 1 row, first row 2)" in said
    )
    assert not Protocol.objects.filter(pk="9001").exists()


def test_choices_are_written_filled_in_and_read(file, tmp_path):
    typed = tmp_path / "choices.csv"
    row = (
        "Sports",
        "9001 - New",
        "x",
        "Essex C Council",
        "Nobody Yet; A Group; Rest; Piece, One; Left / Right",
        "",
    )
    refused(file(row), "--write-choices", str(typed))
    with typed.open(newline="", encoding="utf-8-sig") as read:
        heads, *rows = csv.reader(read)
    assert heads[:5] == ["what", "written", "choice", "name", "kept as"]
    chosen = {
        "Sports": ["new", "Sports", ""],
        "Essex C Council": ["known", ECC, "misspelling"],
        "Nobody Yet": ["new", "Nobody Yet Ltd", ""],
        "A Group": ["Group", "A Group", ""],
        "Rest": ["note", "", ""],
        "Piece": ["piece", "Piece, One", ""],
        "One": ["", "", ""],
        "Left / Right": ["several", "", ""],
    }
    like = {each[1]: each[7] for each in rows}
    assert ECC in like["Essex C Council"]
    assert set(like) == set(chosen)
    mended = file(
        *([*each[:2], *chosen[each[1]], *each[5:]] for each in rows),
        *(
            ("organisation", each, "new", each, "", "", "", "")
            for each in ("Piece, One", "Left", "Right")
        ),
        name="mended.csv",
        heads=heads,
    )
    said = imported(file(row), "--choices", str(mended))
    assert "Names that were matched otherwise than by a name of their own (2):" in said
    assert f"'Essex C Council' (organisation, 1 row, first row 2): {ECC} (chosen)" in said
    assert "'Rest' (organisation, 1 row, first row 2): a note (chosen)" in said
    assert "New organisations (5):\n  A Group\n" in said
    assert "New themes (1):\n  Sports\n" in said
    protocol = Protocol.objects.get(pk="9001")
    assert protocol.theme.name == "Sports"
    assert Name.objects.get(text="Essex C Council").organisation.name == ECC
    assert Organisation.objects.get(name="A Group").kind == "group"


def test_choices_are_safe_to_open_and_read_again_as_they_were(file, tmp_path):
    name, theme = '=HYPERLINK("https://example.org")', "+Sports"
    row = (theme, "9001 - New", "x", name, ECC, "")
    typed = tmp_path / "choices.csv"
    refused(file(row), "--write-choices", str(typed))
    with typed.open(newline="", encoding="utf-8-sig") as read:
        heads, *rows = csv.reader(read)
    assert [each[1] for each in rows] == [f"'{theme}", f"'{name}"]
    chosen = [[*each[:2], "new", each[1], *each[4:]] for each in rows]
    mended = file(*chosen, name="mended.csv", heads=heads)
    said = imported(file(row), "--choices", str(mended))
    assert f"New organisations (1):\n  {name}\n" in said
    assert Organisation.objects.filter(name=name).exists()
    assert Protocol.objects.get(pk="9001").theme.name == theme


WRONG_CHOICES = {
    "what": (("council", "X", "new", "X", ""), "Row 2 of the choices: 'council' is not one of:"),
    "choice": (("organisation", "X", "old", "X", ""), "'old' is not one of: known, new, group"),
    "no name": (("organisation", "X", "new", "", ""), "the name is empty."),
    "kept as": (("organisation", "X", "new", "Y", "official"), "write acronym, former, alias"),
    "a theme": (("theme", "X", "note", "", ""), "a theme is known or new."),
    "an e-mail address": (
        ("organisation", "X", "new", "jo@example.org", ""),
        "Row 2 of the choices: 'jo@example.org': Remove the e-mail address",
    ),
    "kept though too long": (
        ("organisation", "a" * 256, "known", "EPUT", "alias"),
        "It is longer than 255 characters.",
    ),
}


@pytest.mark.parametrize(("row", "said"), WRONG_CHOICES.values(), ids=WRONG_CHOICES.keys())
def test_a_choice_that_is_none_is_refused(file, row, said):
    heads = ("what", "written", "choice", "name", "kept as")
    code, problem, _ = refused(file(NEW), "--choices", str(file(row, name="c.csv", heads=heads)))
    assert code == 2
    assert said in problem


def test_another_file_than_one_of_choices_is_refused(file):
    code, problem, _ = refused(file(NEW), "--choices", str(file(CHANGED, name="c.csv")))
    assert (code, "The choices need the columns what, written" in problem) == (2, True)


def test_everything_new_can_be_made(file):
    row = ("Sports (1)", *NEW[1:])
    imported(file(row), "--new-organisations", "--new-themes", "--published-before")
    protocol = Protocol.objects.get(pk="9001")
    assert (protocol.theme.name, protocol.published_on) == ("Sports", None)
    assert Organisation.objects.named("Nobody Yet").exists()


def test_of_many_the_first_are_shown(file):
    rows = [("Safer Community", f"9{n:03} - New {n}", "x", f"New {n}", "", "") for n in range(60)]
    _, _, said = refused(file(*rows), "--dry-run")
    assert said.count("and 10 more\n") == 2
    said = imported(file(*rows), "--dry-run", "--new-organisations")
    assert "New organisations (60):" in said
    assert said.count("and 10 more\n") == 2


CANNOT = {
    "not there": ("gone.csv", None, "gone.csv"),
    "no spreadsheet": ("x.csv", b"\x89PNG\r\n\x1a\n", "x.csv: "),
    "no headings": ("x.csv", b"a,b\n1,2\n", "No row of headings was found in this file."),
}


@pytest.mark.parametrize(("name", "content", "said"), CANNOT.values(), ids=CANNOT.keys())
def test_a_file_that_cannot_be_read_ends_with_2(tmp_path, name, content, said):
    if content:
        (tmp_path / name).write_bytes(content)
    code, problem, _ = refused(tmp_path / name)
    assert (code, said in problem) == (2, True)


def test_nobody_has_the_username(file):
    code, problem, _ = refused(file(CHANGED), "--by", "nobody")
    assert (code, problem) == (
        2,
        "Nobody has the username 'nobody'. Correct it and run the command again.",
    )
    assert purpose() != "To share less."


WRONG_REASONS = {
    "an e-mail address": (
        "Sent by jo@example.org.",
        "Remove the e-mail address, because this is public.",
    ),
    "what cannot be shown": ("So\x07", "This holds a character that cannot be shown (U+0007)."),
}


@pytest.mark.parametrize(("why", "wrong"), WRONG_REASONS.values(), ids=WRONG_REASONS)
def test_a_reason_that_cannot_be_public_is_refused(file, why, wrong):
    code, problem, _ = refused(file(CHANGED), "--why", why)
    assert (code, problem.startswith(f"--why: {wrong}")) == (2, True)
    assert purpose() != "To share less."


def test_what_cannot_be_applied_ends_with_2(file, monkeypatch):
    """Somebody else saves when it is told what would be done."""
    path = file(CHANGED)

    class Meddling(io.StringIO):
        def write(self, text: str) -> int:
            if "Changed" in text:
                protocol = Protocol.objects.get(pk="0061")
                protocol.purpose = "Another officer's."
                with changes.record_change(protocol, at=NOW):
                    changes.save(protocol)
            return super().write(text)

    with pytest.raises(CommandError) as refusal:
        call_command("import_register", str(path), stdout=Meddling())
    assert refusal.value.returncode == 2
    assert str(refusal.value).startswith("The register changed after")
    assert purpose() == "Another officer's."


def test_a_file_that_changes_before_it_is_applied_is_refused(file):
    # The names that are not known are written over the spreadsheet itself.
    path, before = file(CHANGED, NEW), purpose()
    code, said, _ = refused(path, "--write-choices", str(path))
    assert (code, "is another file now than was checked" in said) == (2, True)
    assert purpose() == before
    assert not ImportJob.objects.exists()


@pytest.mark.parametrize("rows", [1, 500], ids=["at the end", "within what it says"])
def test_nothing_is_applied_where_nobody_reads_on(file, rows):
    new = [("Safer Community", f"9{n:03} - New {n}", "x", ECC, "", "") for n in range(rows)]
    path = file(CHANGED, *new)
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe, pytest.raises(SystemExit) as end:
        call_command("import_register", str(path), stdout=pipe)
    assert end.value.code == 141
    assert purpose() != "To share less."
    assert not Protocol.objects.filter(pk="9000").exists()


# Progress ----------------------------------------------------------------------------------


def work() -> Work[str]:
    for number in range(0, 101, 4):
        yield Progress("rows checked", 10 * number, 1000)
    yield Progress("nothing", 0, 0)
    return "done"


def test_progress_is_a_line_at_each_tenth():
    log = io.StringIO()
    assert show(work(), log) == "done"
    lines = log.getvalue().splitlines()
    assert lines == [*(f"rows checked: {tenth}%" for tenth in range(0, 101, 10)), "nothing: 100%"]


class TestMappings:
    HEADS = ("Ref", "Agreement title", "Category", "Officer")
    ROW = ("9001", "New", "Safer Community", "A. Clerk")

    def test_one_is_written_edited_followed_and_saved(self, file, tmp_path):
        mapping, path = tmp_path / "own.json", file(self.ROW, heads=self.HEADS)
        imported(path, "--write-mapping", str(mapping), "--dry-run")
        said = json.loads(mapping.read_text(encoding="utf-8"))
        assert said["columns"]["Officer"] == "note"
        said["columns"]["Officer"] = "purpose"
        mapping.write_text(json.dumps(said), encoding="utf-8")
        imported(path, "--mapping", str(mapping), "--save-mapping", "Monthly list")
        assert Protocol.objects.get(pk="9001").purpose == "A. Clerk"
        assert ImportJob.objects.get().mapping["columns"]["Officer"] == "purpose"
        assert read_saved("Monthly list").use_of("Officer") == "purpose"
        assert "Nothing" in imported(path, "--mapping", "Monthly list")

    def test_a_saved_one_is_found_by_the_headings(self, file, tmp_path):
        columns = {"Ref": "reference", "Agreement title": "title", "Category": "theme"}
        for name, use, at in (("October", "purpose", NOW), ("Weekly", "summary", NOW - DAY)):
            saved = ColumnMapping(name=name, columns=columns | {"Officer": use}, separator=",")
            save_mapping(saved, by=None, at=at)
        assert "Read as 'October'" in imported(file(self.ROW, heads=self.HEADS))
        assert Protocol.objects.get(pk="9001").purpose == "A. Clerk"
        job = ImportJob.objects.get()
        assert (job.mapping["name"], job.mapping_used_at) == ("October", NOW)
        assert ImportMapping.objects.get(name="October").used_at == job.uploaded_at
        other = file(("9002", *self.ROW[1:]), heads=self.HEADS)
        assert "Read as" not in imported(other, "--mapping", "Weekly")
        assert Protocol.objects.get(pk="9002").summary == "A. Clerk"

    def test_one_that_is_found_and_leaves_a_question_is_not_followed(self, file, tmp_path):
        columns = {"Ref": "reference", "Agreement title": "title", "Category": "theme"}
        save_mapping(ColumnMapping(name="October", columns=columns), by=None, at=NOW)
        path, mapping = file(self.ROW, heads=self.HEADS), tmp_path / "own.json"
        code, said, _ = refused(path, "--write-mapping", str(mapping))
        assert (code, "'October'" in said, "column ‘Officer’" in said) == (2, True, True)
        assert not Protocol.objects.filter(pk="9001").exists()
        imported(path, "--mapping", str(mapping))
        assert Protocol.objects.get(pk="9001").title == "New"

    @pytest.mark.parametrize(
        ("words", "sentence"),
        [
            (["--mapping", "None such"], "No mapping is called 'None such'."),
            (["--mapping", "none.json"], "No such file"),
            (["--save-mapping", "a" * 101], "a name of 1 to 100 characters"),
            (["--save-mapping", "Mine", "--dry-run"], "--dry-run writes nothing"),
            (["--write-mapping", "/nowhere/own.json"], "--write-mapping"),
            (["--write-choices", "/nowhere/names.csv"], "--write-choices"),
        ],
    )
    def test_what_cannot_be_is_told(self, file, words, sentence):
        code, said, _ = refused(file(self.ROW, heads=self.HEADS), *words)
        assert code == 2
        assert sentence in said
        assert not Protocol.objects.filter(pk="9001").exists()

    def test_one_that_the_file_does_not_fit_is_told(self, file, tmp_path):
        mapping = tmp_path / "own.json"
        mapping.write_text('{"columns": {"Ref": "title", "Gone": "theme"}}', encoding="utf-8")
        code, said, _ = refused(file(self.ROW, heads=self.HEADS), "--mapping", str(mapping))
        assert (code, "no column headed ‘Gone’" in said) == (2, True)


def test_a_partnership_whose_headings_name_no_column_is_refused(settings):
    own = {"Kennziffer": "refrence", "Titel": "title"}
    settings.PARTNERSHIP = dataclasses.replace(settings.PARTNERSHIP, import_headings=own)
    with pytest.raises(
        SystemCheckError, match=r"'Kennziffer' is 'refrence'[^\n]*\n[^\n]*reference"
    ):
        call_command("check")
