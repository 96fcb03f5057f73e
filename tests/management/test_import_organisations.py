"""`manage.py import_register --organisations`: the same command for a file of organisations."""

from __future__ import annotations

import csv

import pytest

from registers.imports.mapping.saved import read_saved
from registers.models import ImportJob, Membership, Organisation
from tests.imports.uploading import leads_to
from tests.management.test_import_register import Write, file, imported, refused  # noqa: F401
from tests.merging import named

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("real_register", "today")]

HEADS = ("Body", "GSS code", "SIRO", "Part of")
KENT, SCHOOLS = "Kent County Council", "All Essex Schools"
ROWS = (
    ("Kent Council", "E10000016", "Head of IG", SCHOOLS),
    ("Harbour Trust", "", "", ""),
    ("Bad", "12", "", ""),
)


def test_rows_are_checked_chosen_for_applied_and_undone(file: Write, tmp_path, officers_door):  # noqa: F811
    typed, rows = tmp_path / "choices.csv", file(*ROWS, heads=HEADS)
    code, _, said = refused(rows, "--organisations", "--dry-run", "--write-choices", str(typed))
    assert code == 1
    assert "3 rows: 1 new, 1 waiting for a choice, 1 refused." in said
    assert "Refused (1):\n  Column B, row 4: ‘12’ cannot be read as: GSS code." in said
    assert "New (1):\n  Harbour Trust (row 3)\n    Official name: Harbour Trust\n" in said
    assert f"'Kent Council' (organisation, 1 row, first row 2). Like it: {KENT}" in said
    assert "Not in the file" not in said
    assert not ImportJob.objects.exists()
    with typed.open(newline="", encoding="utf-8-sig") as read:
        heads, choice = csv.reader(read)
    filled = file((*choice[:2], "known", KENT, "official"), name="filled.csv", heads=heads[:5])
    options = ("--organisations", "--choices", str(filled), "--save-mapping", "Bodies")
    code, left, said = refused(rows, *options)
    assert (code, left.startswith("Rows left out: 1 refused.")) == (1, True)
    assert "Applied: 1 new, 1 changed.\n" in said
    kent = named("Kent Council")
    assert kent.names.get(text=KENT).kind == "former"
    assert kent.approvers.get().job_title == "Head of IG"
    assert Membership.objects.get(member=kent).group.name == SCHOOLS
    assert read_saved("Bodies").columns["SIRO"] == "approvers"
    page = f"/admin/registers/import/{ImportJob.objects.get().pk}/undo/"
    form = officers_door.get(page).context["form"]
    leads_to(officers_door.post(page, form.initial))
    assert named(KENT).name == KENT
    assert not Organisation.objects.named("Harbour Trust").exists()


def test_how_it_is_read_is_found_again_by_the_headings(file: Write):  # noqa: F811
    rows = file(ROWS[1], heads=HEADS)
    imported(rows, "--organisations", "--save-mapping", "Bodies")
    assert imported(rows, "--organisations").startswith("Read as 'Bodies', which is saved")
    for options, why in (
        (("--mapping", "Bodies"), "The mapping 'Bodies' is of organisations: name another"),
        (("--organisations", "--publish"), "--publish, --published-before and --new-themes are"),
    ):
        code, sentence, _ = refused(rows, *options)
        assert (code, why in sentence) == (2, True)


def test_new_ones_that_are_like_others_are_made_where_that_is_said(file: Write):  # noqa: F811
    row = ("Essex County Councill", "", "", "")
    code, _, said = refused(file(row, heads=HEADS), "--organisations")
    assert (code, "1 waiting for a choice" in said) == (1, True)
    assert "1 new" in imported(file(row, heads=HEADS), "--organisations", "--new-organisations")
