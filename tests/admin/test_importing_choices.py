"""What a name stands for that the register does not know: chosen on a page, kept, checked again."""

from __future__ import annotations

from typing import Any

import pytest

from registers.models import ImportJob, Organisation, Protocol, Theme
from tests.admin.typing_in import Page, boxes
from tests.imports.uploading import (
    LIST,
    a_row,
    apply,
    choose,
    counted,
    leads_to,
    place,
    said,
    shown,
    typed,
    uploaded,
)

pytestmark = pytest.mark.usefixtures("real_register")

EPUT = "Essex Partnership University NHS Foundation Trust"


def at(door, content: bytes) -> str:
    """Return the address on which is chosen for a file's names."""
    return f"{uploaded(door, content)}names/"


def refused(answer: Any) -> dict[str, dict[str, list[str]]]:
    """Return the sentences beside the boxes of each name that is not kept."""
    assert not answer.streaming
    return {form.name.written: dict(form.errors) for form in answer.context["forms"] if form.errors}


class TestThePage:
    def test_says_where_each_name_stands_and_what_is_like_it(self, officers_door):
        cell = "Essex Police; Essex Polcie (at night)"
        address = at(officers_door, typed(a_row("One", others=cell)))
        page = officers_door.get(address)
        words = said(page.content)
        assert "1 name in the file is not known to the register. Say" in words
        assert f"‘Essex Polcie’ Row 2. The whole cell: {cell}" in words
        (form,) = page.context["forms"]
        assert form["way"].value() == ""
        ways = [label for _, label in form.fields["way"].choices]
        assert ways[0] == "Essex Police"
        assert ways[-5:] == [
            "Another organisation of this register:",
            "A new organisation, called:",
            "No organisation: a note on the parties",
            "Only a piece of a longer name:",
            "I choose later",
        ]
        held = boxes(officers_door, address)
        assert (held["0-new"], held["0-longer"]) == ("Essex Polcie", cell)

    def test_has_fifty_names_the_most_used_first(self, officers_door):
        rows = [a_row(f"P{n}", others=f"Zq{n:03}x; Zq000x") for n in range(60)]
        address = at(officers_door, typed(*rows))
        first = officers_door.get(address).context
        assert (len(first["forms"]), first["page"].paginator.count) == (50, 60)
        assert first["forms"][0].name.written == "Zq000x"
        second = officers_door.get(address, {"page": 2}).context
        assert len(second["forms"]) == 10
        held = boxes(officers_door, f"{address}?page=2")
        written = second["forms"][0].name.written
        assert leads_to(officers_door.post(f"{address}?page=2", held | {"0-way": "new"})) == address
        assert ImportJob.objects.get().choices["organisations"].keys() == {written.lower()}

    def test_of_a_file_whose_names_are_known_leads_on(self, officers_door):
        address = uploaded(officers_door, typed(a_row("One")))
        answer = officers_door.get(f"{address}names/")
        assert answer.headers["Location"] == address

    def test_of_very_long_names_and_cells_can_be_sent(self, officers_door):
        names = ", ".join(f"Zq{n:04}x" for n in range(900))
        rows = [a_row("One", others=f"{'x' * 30_000}, Zq1"), a_row("Two", others=names)]
        address = at(officers_door, typed(*rows))
        assert leads_to(choose(officers_door, address, Zq1={"way": "new"})) == address
        assert max(map(len, ImportJob.objects.get().names.values_list("cell", flat=True))) == 1_002

    def test_of_a_long_cell_shows_what_is_around_the_name(self, officers_door):
        names = [f"Zq{n:04}x" for n in range(400)]
        cell = ", ".join(["Zq0200xy", *names, "Zq0200x, Zq9"])
        address = at(officers_door, typed(a_row("One", others=cell)))
        prefix = place(officers_door, address, "Zq0200x")
        (form,) = [f for f in officers_door.get(address).context["forms"] if f.prefix == prefix]
        shown_cell = form.name.cell
        assert shown_cell.startswith("…")
        assert shown_cell.endswith("…")
        assert len(shown_cell) == 1_002
        assert shown_cell[1:-1] in cell
        assert "Zq0199x, Zq0200x, Zq0201x" in shown_cell
        words = said(officers_door.get(address).content)
        assert (
            f"‘Zq0200x’ Row 2, and 1 more. What stands around it in the cell: {shown_cell}" in words
        )
        assert boxes(officers_door, address)[f"{prefix}-longer"] == "Zq0200x"
        chosen = {"way": "longer", "longer": "Zq0200x, Zq0201x"}
        leads_to(choose(officers_door, address, Zq0200x=chosen))
        assert ImportJob.objects.get().choices["organisations"]["zq0200x"]["longer"]


class TestAChoice:
    def test_of_what_is_like_it(self, officers_door):
        address = at(officers_door, typed(a_row("One", others="Essex Polcie")))
        chosen = {"way": "near:Essex Police", "kept_as": "misspelling"}
        found = leads_to(choose(officers_door, address, **{"Essex Polcie": chosen}))
        words = shown(officers_door, found, "names")
        assert "Essex Polcie Essex Police Chosen Row 2" in words
        assert "‘Essex Polcie’ of Essex Police (misspelling)" in words
        leads_to(apply(officers_door, found))
        police = Organisation.objects.named("essex polcie").get()
        assert police.name == "Essex Police"
        (partner,) = Protocol.objects.get(title="One").partners
        assert (partner.organisation, partner.name_as_published) == (police, "Essex Polcie")

    def test_of_what_was_like_it_when_the_page_was_shown(self, officers_door):
        address = at(officers_door, typed(a_row("One", others="Zq1, Essex Polcie, Zq2")))
        chosen = {
            "Zq1": {"way": "near:Home Office"},
            "Essex Polcie": {"way": "near:Essex Police"},
        }
        leads_to(choose(officers_door, address, **chosen))
        held = boxes(officers_door, f"{address}?show=chosen")
        assert {held["0-way"], held["1-way"]} == {"other", "near:Essex Police"}
        assert "Home Office" in held.values()

    def test_of_another_organisation_under_any_of_its_names(self, officers_door):
        address = at(officers_door, typed(a_row("One", others="The Trust")))
        chosen = {"way": "other", "other": "eput"}
        found = leads_to(choose(officers_door, address, **{"The Trust": chosen}))
        assert f"The Trust {EPUT} Chosen Row 2" in shown(officers_door, found, "names")

    def test_of_a_new_organisation_for_several_names(self, officers_door):
        address = at(officers_door, typed(a_row("One", others="All Libraries, Zq Libs")))
        chosen = {
            "All Libraries": {"way": "new", "new": "All Essex Libraries", "group": "on"},
            "Zq Libs": {"way": "other", "other": "all essex  libraries"},
        }
        found = leads_to(choose(officers_door, address, **chosen))
        assert counted(officers_door, found)["refused"] == 1
        names = shown(officers_door, found, "names")
        assert "Zq Libs All Essex Libraries New Row 2" in names

    def test_of_a_new_organisation_is_shown_before_and_after(self, officers_door):
        address = at(officers_door, typed(a_row("One", others="Libs (nights)")))
        chosen = {"way": "new", "new": "All Libraries", "group": "on", "kept_as": "alias"}
        found = leads_to(choose(officers_door, address, Libs=chosen))
        words = shown(officers_door, found)
        assert "Would be new beside the protocols All Libraries (a group of bodies)" in words
        leads_to(apply(officers_door, found))
        made = Organisation.objects.named("libs").get()
        assert (made.name, made.kind) == ("All Libraries", "group")
        (partner,) = Protocol.objects.get(title="One").partners
        assert (partner.note, partner.name_as_published) == ("nights", "Libs")

    def test_that_it_is_a_note(self, officers_door):
        words = "Please ask for the list"
        address = at(officers_door, typed(a_row("One", others=words)))
        found = leads_to(choose(officers_door, address, **{words: {"way": "note"}}))
        assert "No organisation: a note on the parties Chosen" in shown(
            officers_door, found, "names"
        )
        leads_to(apply(officers_door, found))
        assert Protocol.objects.get(title="One").parties_note == words

    def test_that_it_is_several_organisations(self, officers_door):
        rows = [a_row("One", others="Zq Fire and Zq Homes / Zq Parks (at night)")]
        words = "Zq Fire and Zq Homes / Zq Parks"
        address = at(officers_door, typed(*rows))
        (form,) = officers_door.get(address).context["forms"]
        ways = dict(form.fields["way"].choices)
        assert ways["several"] == "Several organisations: Zq Fire; Zq Homes; Zq Parks"
        assert leads_to(choose(officers_door, address, **{words: {"way": "several"}})) == address
        names = [form.name.written for form in officers_door.get(address).context["forms"]]
        assert names == ["Zq Fire", "Zq Homes", "Zq Parks"]
        found = leads_to(choose(officers_door, address, **{each: {"way": "new"} for each in names}))
        leads_to(apply(officers_door, found))
        parties = Protocol.objects.get(title="One").partners
        assert [party.name_as_published for party in parties] == names
        assert [party.note for party in parties] == ["", "", "at night"]

    def test_that_a_name_in_two_lines_is_one_or_two(self, officers_door):
        wrapped = "Essex Police\nZq University\nNHS Foundation Trust"
        rows = [
            a_row("One", others=wrapped),
            a_row("Two", others="Essex Partnership\nUniversity NHS Foundation Trust"),
        ]
        address = at(officers_door, typed(*rows))
        (form,) = officers_door.get(address).context["forms"]
        assert form.name.written == "Zq University NHS Foundation Trust"
        assert form.initial["new"] == form.name.written
        ways = dict(form.fields["way"].choices)
        assert ways["several"] == "Several organisations: Zq University; NHS Foundation Trust"
        chosen = {form.name.written: {"way": "several"}}
        assert leads_to(choose(officers_door, address, **chosen)) == address
        names = [form.name.written for form in officers_door.get(address).context["forms"]]
        assert names == ["Zq University", "NHS Foundation Trust"]

    def test_that_it_is_a_piece_of_a_longer_name(self, officers_door):
        whole = "Nurseries, Schools and Zoos"
        address = at(officers_door, typed(a_row("One", others=whole)))
        chosen = {"way": "longer", "longer": whole}
        both = {"Nurseries": chosen, "Schools and Zoos": chosen}
        assert leads_to(choose(officers_door, address, **both)) == address
        found = leads_to(choose(officers_door, address, **{whole: {"way": "new"}}))
        leads_to(apply(officers_door, found))
        assert Organisation.objects.filter(name=whole).exists()

    def test_that_it_is_a_piece_is_kept_where_it_stands_alone_too(self, officers_door):
        rows = [a_row("One", others="Zq1, Zq2"), a_row("Two", others="Zq2")]
        address = at(officers_door, typed(*rows))
        chosen = {"way": "longer", "longer": "Zq1, Zq2"}
        leads_to(choose(officers_door, address, Zq2=chosen))
        prefix = place(officers_door, address, "Zq2")
        held = boxes(officers_door, address)
        assert (held[f"{prefix}-way"], held[f"{prefix}-longer"]) == ("longer", "Zq1, Zq2")

    def test_of_a_theme(self, officers_door):
        content = typed(
            a_row("One", theme="Safer Comunity"),
            a_row("Two", theme="Flood"),
            a_row("Three", theme="Healthy"),
        )
        chosen = {
            "Safer Comunity": {"way": "near:Safer Community"},
            "Flood": {"way": "new", "new": "Floods and Fires"},
            "Healthy": {"way": "other", "other": "health and wellbeing"},
        }
        found = leads_to(choose(officers_door, at(officers_door, content), **chosen))
        assert "Floods and Fires (a theme)" in shown(officers_door, found)
        leads_to(apply(officers_door, found))
        themes = {each.title: each.theme.name for each in Protocol.objects.filter(pk__gt="0073")}
        assert themes == {
            "One": "Safer Community",
            "Two": "Floods and Fires",
            "Three": "Health and Wellbeing",
        }
        assert Theme.objects.get(name="Floods and Fires").get_absolute_url()

    def test_can_be_changed_and_taken_back(self, officers_door):
        address = at(officers_door, typed(a_row("One", others="Zq1, Zq2, Zq3, Zq4, Zq5")))
        chosen = {
            "Zq1": {"way": "new", "new": "Zq One"},
            "Zq2": {"way": "note"},
            "Zq3": {"way": "other", "other": "Essex Police"},
            "Zq5": {"way": "longer", "longer": "Zq4, Zq5"},
        }
        assert leads_to(choose(officers_door, address, **chosen)) == address
        again = f"{address}?show=chosen"
        held = boxes(officers_door, again)
        assert {held[f"{n}-way"] for n in range(3)} == {"new", "note", "other"}
        first = place(officers_door, again, "Zq1")
        assert held[f"{first}-new"] == "Zq One"
        assert "This is what you chose." in said(officers_door.get(again).content)
        leads_to(choose(officers_door, again, Zq1={"way": ""}, Zq2={"way": "near:Zq One"}))
        kept = ImportJob.objects.get().choices["organisations"]
        assert "zq1" not in kept
        assert kept["zq2"]["name"] == "Zq One"


GONE, PIECE = "Choose again: what you chose is not there", "Write the longer name as it stands in"
WRONG = {
    "another that is not there": ({"way": "other", "other": "Zz"}, "other", "No organisation in"),
    "another without a name": ({"way": "other"}, "other", "Write the name."),
    "a new one without a name": ({"way": "new", "new": "  "}, "new", "Write the name."),
    "a new one that is there": ({"way": "new", "new": "EPUT"}, "new", f"The register has {EPUT}"),
    "a new one with an e-mail address": ({"way": "new", "new": "a@b.uk"}, "new", "Remove the e-"),
    "a longer one that is as long": ({"way": "longer", "longer": "Zq Nine"}, "longer", PIECE),
    "a longer one elsewhere": ({"way": "longer", "longer": "Zq Nine and more"}, "longer", PIECE),
    "a way that is none": ({"way": "magic"}, "way", GONE),
    "what was like it and is gone": ({"way": "near:Nobody Knows"}, "way", GONE),
}


@pytest.mark.parametrize(("chosen", "box", "begins"), WRONG.values(), ids=WRONG)
def test_a_wrong_choice_is_a_sentence_beside_its_box(officers_door, chosen, box, begins):
    address = at(officers_door, typed(a_row("One", others="Zq Nine, Essex Police, Zq Ten")))
    good = {"way": "new", "new": "Zq Ten of Essex", "group": "on", "kept_as": "alias"}
    answer = choose(officers_door, address, **{"Zq Nine": chosen, "Zq Ten": good})
    ((written, wrong),) = refused(answer).items()
    ((at_box, (sentence,)),) = wrong.items()
    assert (written, at_box, sentence.startswith(begins)) == ("Zq Nine", box, True)
    page = answer.content.decode()
    assert "<title>Error: " in page
    assert sentence in said(page)
    # What could be right is kept, and asked no more.
    assert [form.name.written for form in answer.context["forms"]] == ["Zq Nine"]
    kept = ImportJob.objects.get().choices["organisations"]
    assert [choice["name"] for choice in kept.values()] == ["Zq Ten of Essex"]
    prefix = answer.context["forms"][0].prefix
    corrected = Page(page).boxes | {f"{prefix}-way": "new", f"{prefix}-new": "Zq Nine"}
    found = leads_to(officers_door.post(address, corrected))
    assert "1 of 1 row would change" in shown(officers_door, found)


def test_what_a_refused_name_would_make_is_nothing_for_others(officers_door):
    address = at(officers_door, typed(a_row("One", others="Zq1, Zq2")))
    name = "jo@example.org"
    chosen = {"Zq1": {"way": "new", "new": name}, "Zq2": {"way": "other", "other": name}}
    assert refused(choose(officers_door, address, **chosen)).keys() == chosen.keys()
    assert not ImportJob.objects.get().choices["organisations"]


def test_a_theme_that_cannot_be_called_so_is_refused(officers_door):
    address = at(officers_door, typed(a_row("One", theme="Flood")))
    answer = choose(officers_door, address, Flood={"way": "new", "new": "a" * 101})
    assert refused(answer) == {"Flood": {"new": ["It is longer than 100 characters."]}}


def test_words_that_nothing_can_be_called_are_not_kept(officers_door):
    address = at(officers_door, typed(a_row("One", others="jo@example.org")))
    chosen = {"way": "other", "other": "EPUT", "kept_as": "alias"}
    answer = choose(officers_door, address, **{"jo@example.org": chosen})
    sentence = "Remove the e-mail address, because this is public."
    assert refused(answer) == {"jo@example.org": {"kept_as": [sentence]}}


def test_what_is_sent_of_another_file_is_passed_over(officers_door):
    address = at(officers_door, typed(a_row("One", others="Zq1")))
    sent = {"0-mark": "of nothing", "0-way": "new", "0-new": "Nothing"}
    leads_to(officers_door.post(address, sent))
    assert not ImportJob.objects.get().choices.get("organisations")


def names_of(page: Any) -> list[str]:
    """Return the names that a page offers to make new."""
    return [name.written for _, name in page.context["names"]]


def marks(page: Any, *names: str) -> list[str]:
    """Return what is sent where these names are ticked."""
    return [mark for mark, name in page.context["names"] if name.written in names]


class TestAllThatAreLikeNone:
    ROWS = (
        a_row("One", others="Zyxwv Quorum, Zyxwv Quorums, Essex Polcie"),
        a_row("Two", others="Zyxwv Quorums, Jklmn"),
    )

    def test_become_organisations_but_for_those_whose_tick_is_taken(self, officers_door):
        names = at(officers_door, typed(*self.ROWS, a_row("Three", theme="Hijkl", others="Wvut")))
        page = officers_door.get(f"{names}new/")
        # Of two that are like each other, the more used; and none that is like a known one.
        assert sorted(names_of(page)) == ["Hijkl", "Jklmn", "Wvut", "Zyxwv Quorums"]
        assert "2 more names are like another name" in said(page.content)
        assert page.text.count(" checked>") == 4
        assert "Tick at least one name." in said(
            officers_door.post(f"{names}new/", {"x": ""}).content
        )
        ticked = {"new": marks(page, "Zyxwv Quorums", "Jklmn", "Hijkl")}
        assert leads_to(officers_door.post(f"{names}new/", ticked)) == names
        kept = ImportJob.objects.get().choices
        assert {each["name"] for each in kept["organisations"].values()} == {
            "Zyxwv Quorums",
            "Jklmn",
        }
        assert {each["name"] for each in kept["themes"].values()} == {"Hijkl"}

    def test_are_those_that_are_still_asked_about(self, officers_door):
        names = at(officers_door, typed(*self.ROWS))
        ticked = {"new": marks(officers_door.get(f"{names}new/"), "Zyxwv Quorums", "Jklmn")}
        leads_to(choose(officers_door, names, Jklmn={"way": "note"}))
        answer = officers_door.post(f"{names}new/", ticked)
        leads_to(answer)
        kept = ImportJob.objects.get().choices["organisations"]
        assert [choice["note"] for choice in kept.values()] == [True, False]

    def test_tell_of_what_nothing_can_be_called(self, officers_door):
        names = at(officers_door, typed(a_row("One", others="jklmn@example.org, Zyxwv")))
        page = officers_door.get(f"{names}new/")
        assert names_of(page) == ["Zyxwv"]
        assert "‘jklmn@example.org’: Remove the e-mail address" in said(page.content)

    def test_may_be_none(self, officers_door):
        names = at(officers_door, typed(a_row("One", others="Jklmn")))
        ticked = {"new": marks(officers_door.get(f"{names}new/"), "Jklmn")}
        found = leads_to(officers_door.post(f"{names}new/", ticked))
        assert found == names.removesuffix("names/")
        assert officers_door.get(f"{names}new/").headers["Location"] == names


class TestWhatIsNoMore:
    def test_there_is_no_choosing_once_it_is_applied(self, officers_door):
        found = uploaded(officers_door, typed(a_row("One"), a_row("Two", others="Zq1")))
        held = boxes(officers_door, f"{found}names/")
        read = {"new": "Zq1"}
        leads_to(apply(officers_door, found))
        for address, sent in ((f"{found}names/", held), (f"{found}names/new/", read)):
            for ask in (officers_door.get, officers_door.post):
                answer = ask(address, sent, follow=True)
                assert "This import was applied already." in answer.content.decode()
        assert ImportJob.objects.get().choices == {}

    def test_nor_of_what_is_removed(self, officers_door):
        answer = officers_door.get(f"{LIST}4711/names/")
        assert answer.status_code == 404
