"""Names that the register does not know wait until somebody chooses."""

from __future__ import annotations

import pytest

from registers.imports.spreadsheet.choices import Choice, Choices
from registers.imports.spreadsheet.matching import nearest_to
from registers.models import ImportName, Organisation
from tests.imports.spreadsheets import TYPED, checked, sheet_of

pytestmark = pytest.mark.usefixtures("real_register")

ECC = "Essex County Council"


def organisation(name: str) -> int:
    return Organisation.objects.named(name).get().pk


class TestNames:
    """Names that the register does not know wait until somebody chooses."""

    ROW = ("Nature", "9001 - New", "", "Esex County Council", "New Body (Temp)", "")

    def test_they_wait(self):
        plan = checked(sheet_of(TYPED, self.ROW))
        assert plan.count() == {"waiting": 1}
        assert [(n.kind, n.written, n.how, n.cell) for n in plan.names] == [
            ("theme", "Nature", "unknown", "Nature"),
            ("organisation", "Esex County Council", "unknown", "Esex County Council"),
            ("organisation", "New Body", "unknown", "New Body (Temp)"),
        ]
        assert (plan.new_organisations, plan.new_themes) == ([], {})

    def test_a_choice_of_what_is_not_there_leaves_it_open(self):
        choices = Choices()
        choices.choose("Esex County Council", Choice(name="Gone Council"))
        plan = checked(sheet_of(TYPED, self.ROW), choices=choices)
        assert plan.count() == {"waiting": 1}

    def test_what_only_refused_rows_name_is_not_made(self):
        choices = Choices(all_new=True)
        plan = checked(sheet_of(TYPED, [*self.ROW[:5], "13/2024"]), choices=choices)
        assert plan.new_organisations == []

    def test_a_new_organisation_that_is_there_already_is_that_one(self):
        choices = Choices()
        choices.choose("Esex County Council", Choice(name="ecc", new=True))
        choices.choose_theme("Nature", Choice(name="Safer Community", new=True))
        choices.choose("New Body", Choice(name="New Body", new=True))
        (line,) = checked(sheet_of(TYPED, self.ROW), choices=choices).lines
        assert line.parts[0].organisation == organisation(ECC)
        assert line.values["theme_id"]

    def test_words_that_are_a_note_already_are_known(self):
        row = ("Safer Community", "0062", "Please contact WEISF for a list of signatures")
        headings = ["Theme", "reference", "Other Organisations Involved"]
        (line,) = checked(sheet_of(headings, row)).lines
        assert (line.outcome, line.edits) == ("unchanged", [])

    def test_a_name_as_published_before_is_known(self):
        row = ("Safer Community", "9001 - New", "", "ECC", "The Children Society (TCS) - East")
        plan = checked(sheet_of(TYPED, row))
        assert ("The Children Society (TCS) - East", "published") in [
            (n.written, n.how) for n in plan.names
        ]

    def test_a_name_with_its_acronym_is_known(self):
        row = ("Safer Community", "9001 - New", "", "", "Essex County Council (ECC), DfE (DfE)")
        (line,) = checked(sheet_of(TYPED, row)).lines
        assert [(part.written, part.note) for part in line.parts] == [
            ("Essex County Council (ECC)", ""),
            ("DfE", "DfE"),
        ]

    def test_the_order_in_which_choices_were_kept_means_nothing(self):
        """PostgreSQL gives them back in another."""
        row = ("Safer Community", "9001 - New", "", "ECC", "One body, Other body, third Body")
        names = ["One body", "Other body", "third Body"]
        promises = set()
        for order in (names, names[::-1]):
            choices = Choices()
            for name in order:
                choices.choose(name, Choice(name=name.title(), new=True, kept_as="alias"))
            choices.choose("One body", Choice(name="Number One", new=True, kept_as="alias"))
            promises.add(checked(sheet_of(TYPED, row), choices=choices).digest)
        assert len(promises) == 1

    def test_names_that_are_like_it_are_offered(self):
        nearest = nearest_to(ImportName.Kind.ORGANISATION, ["The New Body"])
        assert nearest("Esex County Council")[0] == ECC
        assert nearest("Dept for Work & Pensions")[0] == "Department for Work and Pensions"
        assert ECC in nearest("ecx")
        assert nearest("New Bdy") == ["The New Body"]
        assert nearest("Flood Forum") == nearest("Esex Fire and Rescue") == []
        assert nearest("Barnado's") == ["Barnardo's"]
        assert nearest_to(ImportName.Kind.THEME)("Safer Comunity") == ["Safer Community"]
