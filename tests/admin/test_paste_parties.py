"""The list of partners as signed, pasted on a protocol's form: rows first, saved by one Save."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils.html import escape

from registers import changes
from registers.models import Change, Document, Organisation, Party, Proposal, Protocol
from tests.admin.conflicts import choose
from tests.admin.typing_in import Page, address, boxes, errors, messages
from tests.cast import door_of
from tests.papers import pdf_of

pytestmark = pytest.mark.usefixtures("real_register")

ADD, EDIT = address("protocol", "add"), address("protocol", "change", "0046")
EPUT = "Essex Partnership University NHS Foundation Trust"
PLAIN = pytest.mark.parametrize("query", ["", "?plain=1"])
LIST = "EPUT (Nurses, Midwives)\nEssex Police; Barnados\r\nThe Haven Fund (Loans),Medway Council"


@pytest.fixture
def door(editor):
    return door_of(editor)


def pasted(door, url, text, **typed):
    """Open the form, paste a list on it, and press its button; return the answer."""
    return door.post(url, boxes(door, url) | {"pasted_list": text, "_paste": "1"} | typed)


def held(answer) -> dict[str, str]:
    return Page(answer.content.decode()).boxes


def row(answer, written: str) -> str:
    """Return how the boxes of the row begin that was made of a name."""
    found = held(answer)
    return next(n.removesuffix("name_as_published") for n, v in found.items() if v == written)


def said(answer) -> str:
    assert answer.status_code == 200
    return answer.content.decode().partition('id="pasted"')[2].partition("</div>")[0]


def parties(reference) -> list[tuple[str, str, str]]:
    rows = Party.objects.filter(protocol=reference).select_related("organisation")
    return [(each.organisation.name, each.name_as_published, each.note) for each in rows]


@PLAIN
@pytest.mark.both_databases
def test_a_list_becomes_rows_and_one_save_saves_them_all(door, query):
    url, paper = ADD + query, SimpleUploadedFile("signed.pdf", pdf_of("Ours"))
    typed = {"title": "Ours", "purpose": "To help.", "documents-0-file": paper}
    answer = pasted(door, url, LIST, **typed)
    assert not Protocol.objects.filter(title="Ours").exists()
    assert not Page(answer.content.decode()).inline
    assert 'class="errorlist"' not in answer.content.decode()
    form = held(answer)
    assert (form["title"], form["purpose"], form["pasted_list"]) == ("Ours", "To help.", "")
    barnardos, fund = row(answer, "Barnados"), row(answer, "The Haven Fund")
    page = answer.content.decode()
    stored = Organisation.objects.named("Barnardos").get()
    likely = stored.name if query else str(stored.pk)
    assert f'value="{escape(likely)}"> {escape(stored.name)}' in page
    form[f"{barnardos}organisation-is"] = likely
    form[f"{fund}organisation-is"] = "new-body:The Haven Fund"
    assert door.post(url, form).status_code == 302
    made = Protocol.objects.get(title="Ours")
    assert parties(made.pk) == [
        (EPUT, "EPUT", "Nurses, Midwives"),
        ("Essex Police", "", ""),
        (stored.name, "Barnados", ""),
        ("The Haven Fund", "", "Loans"),
        ("Medway Council", "", ""),
    ]
    assert Document.objects.get(protocol=made).name == "signed.pdf"
    change = Change.objects.get(organisation__name="The Haven Fund")
    assert (change.kind, change.public, change.by.username) == ("added", True, "edith")


class TestTheList:
    """What is said of it: every organisation is in one row, and is added once."""

    def rows(self, door, text, url=EDIT, **typed):
        answer = pasted(door, url, text, **typed)
        form = held(answer)
        return answer, int(form["parties-TOTAL_FORMS"]), form

    def test_one_that_takes_part_already_stays_as_it_is(self, door):
        answer, total, form = self.rows(door, "Provide (Clinics), EPUT, Medway Council")
        assert "already, so left as they are: Provide, which leads" in said(answer)
        assert "which leads (not taken: the note ‘Clinics’); Essex Part" in said(answer)
        assert (total, form["parties-3-note"]) == (4, "")
        assert "1 organisation of the list is in a row below" in said(answer)
        # The button is pressed again, or the list is pasted once more: nothing is doubled.
        again = door.post(EDIT, form | {"pasted_list": "Medway, Provide", "_paste": "1"})
        assert held(again)["parties-TOTAL_FORMS"] == "4"
        assert "No row was added." in said(again)

    def test_one_that_is_deleted_on_the_form_can_be_named_anew(self, door):
        answer, total, form = self.rows(door, "EPUT", **{"parties-1-DELETE": "on"})
        assert (total, form["parties-1-DELETE"]) == (4, "on")
        assert "already" not in said(answer)

    def test_one_named_twice_has_one_row_with_both_notes(self, door):
        text = "Medway (Homes)\nEssex Police\nMedway Council (Care)\nNobody; nobody"
        answer, total, form = self.rows(door, text)
        assert total == 6
        assert form["parties-3-name_as_published"] == "Medway"
        assert form["parties-3-note"] == "Homes; Care"
        assert "in one row: Medway Council; nobody" in said(answer)

    def test_a_name_that_is_not_known_is_in_one_row_also_when_pasted_again(self, door):
        _, _, form = self.rows(door, "Haven Fund")
        form["parties-3-organisation-is"] = "new-group:Haven Fund"
        again = door.post(EDIT, form | {"pasted_list": "The Fund\nHaven Fund", "_paste": "1"})
        assert held(again)["parties-TOTAL_FORMS"] == "5"
        assert held(again)["parties-3-organisation-is"] == "new-group:Haven Fund"
        assert "left as they are: Haven Fund<" in said(again)

    def test_new_ones_are_chosen_where_that_is_asked_for(self, door):
        text = "Zebra Quay\nBarnados\nZebra Quayy"
        answer, _, form = self.rows(door, text, pasted_all_new="on")
        assert form["parties-3-organisation-is"] == "new-body:Zebra Quay"
        assert not {"parties-4-organisation-is", "parties-5-organisation-is"} & form.keys()
        assert "which the save makes: Zebra Quay<" in said(answer)

    def test_suggestions_end_where_looking_takes_too_long(self, door):
        text = "\n".join(f"Essex Council {number:03}" for number in range(52))
        answer, _, _ = self.rows(door, text)
        page = answer.content.decode()
        assert page.count("> Essex County Council</label>") == 50

    def test_without_javascript_empty_rows_are_filled_first_and_stay(self, door):
        url = EDIT + "?plain=1"
        answer, total, form = self.rows(door, "Medway", url)
        assert (total, form["parties-3-organisation"]) == (6, "Medway Council")
        answer, total, form = self.rows(door, LIST, url)
        assert (total, form["parties-6-organisation"]) == (10, "Medway Council")
        fund = row(answer, "The Haven Fund")
        form |= {f"{fund}DELETE": "on", f"{row(answer, 'Barnados')}organisation": "Barnardo's"}
        assert door.post(url, form).status_code == 302
        proposal = Proposal.objects.get()
        assert len(proposal.wanted["parts"]["parties"]) == 6

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("", "Paste the list first"),
            (" ,\n ", "Paste the list first"),
            ("x" * 256, "It is longer than 255 characters."),
            (",".join(["a"] * 1001), "more than 1,000 organisations"),
            ("EPUT\nBirch, Ashdown", "‘Birch, Ashdown’ can be read as one organisation or as"),
        ],
    )
    def test_what_cannot_become_rows_stays_in_the_box(self, door, text, words):
        for name in ("Birch", "Ashdown", "Birch, Ashdown"):
            changes.save(Organisation(name=name))
        answer, total, form = self.rows(door, text, title="Kept")
        assert words in said(answer)
        assert (total, form["pasted_list"], form["title"]) == (3, text, "Kept")

    def test_names_that_go_on_in_the_next_line(self, door):
        text = "1. Essex County\n   Council (Social\nCare)\n2. Provide"
        _, total, form = self.rows(door, text)
        assert (total, form["parties-3-note"]) == (4, "Social Care")
        assert form["parties-3-name_as_published"] == ""

    def test_what_is_read_in_two_ways_over_two_lines(self, door):
        for name in ("Birch", "Ashdown", "Birch Ashdown"):
            changes.save(Organisation(name=name))
        answer, _, _ = self.rows(door, "Medway\nBirch\nAshdown")
        assert "can be read as one organisation or as several" in said(answer)

    @pytest.mark.parametrize(("text", "complete"), [("Medway etc.", "false"), ("Medway", "true")])
    def test_a_list_that_says_that_others_take_part_is_not_complete(self, door, text, complete):
        answer, _, form = self.rows(door, text, parties_complete="true")
        assert (form["parties_complete"], "others take part too" in said(answer)) == (
            complete,
            complete == "false",
        )


def test_a_list_that_was_overlooked_is_not_lost_by_a_save(door):
    form = boxes(door, EDIT) | {"pasted_list": "Medway Council", "title": "Changed"}
    answer = door.post(EDIT, form)
    assert "1 organisation of the list is in a row below, and not saved yet." in said(answer)
    assert not Proposal.objects.exists()
    assert door.post(EDIT, held(answer)).status_code == 302
    assert Proposal.objects.get().wanted["fields"] == {"title": "Changed"}


def test_the_rows_are_stored_as_a_draft(door):
    pasted(door, ADD, "Medway Council\nThe Haven Fund", title="Ours")
    page = door.get(ADD).content.decode()
    key = page.partition('name="_take_up" value="')[2].partition('"')[0]
    form = held(door.post(ADD, {"_take_up": key}))
    assert (form["title"], form["parties-1-name_as_published"]) == ("Ours", "The Haven Fund")


class TestRefused:
    def test_one_that_is_not_chosen(self, door):
        answer = pasted(door, EDIT, "Barnados\nMedway Council")
        again = door.post(EDIT, held(answer))
        assert "Choose which organisation ‘Barnados’ is, or delete the row." in errors(again)
        assert ">Barnardo" in again.content.decode().replace("> B", ">B")
        assert not Proposal.objects.exists()

    def test_a_new_one_with_a_name_that_none_can_have(self, door):
        answer = pasted(door, EDIT, "me@example.org", pasted_all_new="on")
        assert "Remove the e-mail address" in errors(door.post(EDIT, held(answer)))
        assert not Organisation.objects.filter(name__contains="@").exists()

    def test_a_new_one_that_somebody_else_has_added(self, door):
        answer = pasted(door, EDIT, "The Haven Fund", pasted_all_new="on")
        theirs = Organisation(name="the haven fund")
        changes.save(theirs)
        door.post(EDIT, held(answer))
        last = Proposal.objects.get().wanted["parts"]["parties"][-1]
        assert last["organisation"]["key"] == theirs.pk
        assert last["name_as_published"] == "The Haven Fund"

    def test_new_ones_where_the_user_may_add_none(self, editor):
        permissions = Permission.objects.filter(codename__in=["change_protocol", "view_protocol"])
        editor.groups.clear()
        editor.user_permissions.set(permissions)
        for each in ("add", "change", "view", "delete"):
            editor.user_permissions.add(Permission.objects.get(codename=f"{each}_party"))
        door = door_of(editor)
        answer = pasted(door, EDIT, "Haven Fund", pasted_all_new="on")
        assert "A new organisation" not in answer.content.decode()
        forged = held(answer) | {"parties-3-organisation-is": "new-body:Haven Fund"}
        assert "You may not add organisations." in errors(door.post(EDIT, forged))


@pytest.mark.both_databases
def test_what_an_editor_proposes_names_new_organisations_which_are_there(door, publisher):
    answer = pasted(door, EDIT, "The Haven Fund (Loans)\nMedway Towns", pasted_all_new="on")
    form = held(answer)
    form["parties-4-organisation-is"] = "new-group:Medway Towns"
    before = parties("0046")
    answer = door.post(EDIT, form, follow=True)
    assert "‘The Haven Fund’ is a new organisation, and was added." in messages(answer)
    assert parties("0046") == before
    made = Organisation.objects.get(name="The Haven Fund")
    assert (made.changes.get().public, made.slug) == (True, "the-haven-fund")
    assert Organisation.objects.get(name="Medway Towns").kind == "group"
    proposal = Proposal.objects.get()
    page = address("proposal", "change", proposal.pk)
    publishers = door_of(publisher)
    publishers.post(address("proposal", "accept", proposal.pk), boxes(publishers, page))
    assert parties("0046")[3:] == [
        ("The Haven Fund", "The Haven Fund", "Loans"),
        ("Medway Towns", "Medway Towns", ""),
    ]
    changes.save(Organisation(name="Next"))  # its key is free


def test_somebody_else_saves_in_the_meantime(officers_door):
    answer = pasted(officers_door, EDIT, "The Haven Fund", pasted_all_new="on")
    Protocol.objects.filter(pk="0046").update(title="Theirs")
    page = officers_door.post(EDIT, held(answer))
    assert page.status_code == 409
    assert "The Haven Fund" in page.content.decode()
    choose(officers_door, page)
    assert Protocol.objects.get(pk="0046").title == "Theirs"
    assert parties("0046")[3] == ("The Haven Fund", "The Haven Fund", "")


def test_no_more_rows_than_a_form_can_send(door):
    parishes = [f"Parish {number}" for number in range(300)]
    refused = said(pasted(door, EDIT, "\n".join(parishes)))
    most = int(refused.partition("can have ")[2].partition(" organisations at most")[0])
    form = held(pasted(door, EDIT, "\n".join(parishes[: most - 3])))
    form |= {f"parties-{row}-organisation-is": "box" for row in range(3, most)}
    form |= {f"parties-{row}-organisation": "" for row in range(3, most)}
    assert len(form) > 900
    assert f"Choose which organisation ‘Parish {most - 4}’ is" in errors(door.post(EDIT, form))


@pytest.mark.both_databases
def test_a_name_that_goes_on_in_the_next_line_is_one_row_and_is_told(door):
    text = f"{EPUT.replace(' NHS', chr(10) + 'NHS')}\nVale University\nNHS Trust\nMedway Council"
    answer = pasted(door, ADD, text)
    assert row(answer, "Vale University NHS Trust")
    assert "In two lines, and read as one name: Vale University NHS Trust." in said(answer)
    assert EPUT not in said(answer)
    assert "3 organisations of the list are" in said(answer)
    answer = pasted(door, ADD, "Vale University;\nNHS Trust")
    assert row(answer, "Vale University")
    assert "In two lines" not in said(answer)
