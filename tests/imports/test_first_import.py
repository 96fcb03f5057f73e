"""The first spreadsheet of a partnership whose file says nothing of how its references look."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Sequence

import pytest
from django.core.management import CommandError, call_command

from registers.models import Protocol
from tests.admin.typing_in import boxes
from tests.imports.uploading import SIX, a_row, apply, counted, leads_to, typed, uploaded

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("empty_register", "today")]


@pytest.fixture(autouse=True)
def nothing_said(settings) -> None:
    settings.PARTNERSHIP = dataclasses.replace(settings.PARTNERSHIP, references="")


def imported(tmp_path, rows: Sequence[tuple[str, ...]], headings: tuple[str, ...] = SIX) -> str:
    """Import rows by the command, with all names new, and return what it says."""
    file, out = tmp_path / "ours.csv", io.StringIO()
    file.write_bytes(typed(*rows, headings=headings))
    try:
        call_command("import_register", file, "--new-organisations", "--new-themes", stdout=out)
    except CommandError as refusal:
        return f"{out.getvalue()}{refusal}"
    return out.getvalue()


def stored() -> set[tuple[str, str]]:
    return set(Protocol.objects.values_list("pk", "title"))


OF_OTHERS = {
    "ISA-012": "ISA-012",
    "DSA/2023/04": "DSA/2023/04",
    "12a": "12a",
    "1.3": "1.3",
    "WX0045": "WX0045",
    "2023-07": "2023-07",
    "#45": "45",
    "ISP 0046": "ISP-0046",
}


def test_references_of_all_kinds_are_kept_as_written(tmp_path):
    rows = [(each, *a_row(f"Number {n}")) for n, each in enumerate(OF_OTHERS)]
    assert "Applied: 8 new" in imported(tmp_path, rows, ("Ref", *SIX))
    assert {reference for reference, _ in stored()} == set(OF_OTHERS.values())
    assert "8 unchanged" in imported(tmp_path, rows, ("Ref", *SIX))


@pytest.mark.parametrize(
    ("titles", "found"),
    [
        (["9001 - Empty homes"], {("9001", "Empty homes")}),
        (["2018 - 19 returns"], {("0001", "2018 - 19 returns")}),
        (["COVID-19 - testing"], {("0001", "COVID-19 - testing")}),
        (
            ["ISA-012 - Homes", "ISA-013 \u2013 Schools", "Without"],
            {("ISA-012", "Homes"), ("ISA-013", "Schools"), ("ISA-014", "Without")},
        ),
        (["1 - Homes", "2 - Schools"], {("1", "Homes"), ("2", "Schools")}),
        (["Homes", "Schools"], {("0001", "Homes"), ("0002", "Schools")}),
    ],
)
def test_titles_that_begin_with_a_reference(tmp_path, titles, found):
    imported(tmp_path, [a_row(title) for title in titles])
    assert stored() == found


def test_names_that_may_be_several_are_asked_for(tmp_path):
    rows = [
        a_row("9001 - Slash", others="Vale Fire / Vale Homes"),
        a_row("9002 - Bullets", others="• Vale Fire\n• Vale Homes"),
        a_row("9003 - None", others="N/A"),
        a_row("9004 - Both", others="Vale Council|North Council"),
    ]
    said = imported(tmp_path, rows)
    assert "'Vale Fire / Vale Homes' (organisation" in said
    assert "'Vale Council|North Council' (organisation" in said
    assert {reference for reference, _ in stored()} == {"9002", "9003"}
    # What the file has made is known from now on.
    assert "1 new, 2 unchanged, 1 waiting" in imported(tmp_path, rows)


def test_a_row_gets_none_where_the_others_do_not_say_how_they_go_on(tmp_path):
    rows = [(each, *a_row(f"Of {each}")) for each in ("ISA-012", "WX0045", "")]
    assert "There is no next free reference." in imported(tmp_path, rows, ("Ref", *SIX))
    assert len(stored()) == 2


def test_a_column_without_a_heading_is_told_where_something_stands_in_it(tmp_path):
    rows = [(*a_row("9001 - Homes"), "", "a note")]
    said = imported(tmp_path, rows, (*SIX, "", ""))
    assert "column H, which has no heading, was left out." in said
    assert "column G" not in said


def test_the_first_and_the_second_are_offered_on_the_form(tmp_path, officers_door):
    new = "/admin/registers/protocol/add/"
    assert boxes(officers_door, new)["reference"] == "0001"
    imported(tmp_path, [a_row("Homes")])
    assert boxes(officers_door, new)["reference"] == "0002"


def test_it_comes_by_the_page_too(officers_door):
    rows = [(each, *a_row(f"Number {n}", others="")) for n, each in enumerate(OF_OTHERS)]
    content = typed(
        *((ref, "", *rest[1:3], "", *rest[4:]) for ref, *rest in rows), headings=("Ref", *SIX)
    )
    address = uploaded(officers_door, content)
    assert counted(officers_door, address) == {"new": 8, "drafts": 8}
    assert leads_to(apply(officers_door, address))
    assert {reference for reference, _ in stored()} == set(OF_OTHERS.values())
