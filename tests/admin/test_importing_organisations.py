"""A spreadsheet of organisations: uploaded, checked, chosen for, applied, and downloaded."""

from __future__ import annotations

import datetime
import re
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from registers import changes
from registers.history.snapshot import snapshots_of
from registers.imports.mapping.kinds import KINDS, ORGANISATION_COLUMNS
from registers.imports.mapping.suggest import use_of_heading
from registers.imports.reading.read import Sheet, read_sheets
from registers.models import (
    Approver,
    Change,
    Contact,
    Identifier,
    ImportJob,
    ImportMapping,
    Membership,
    Organisation,
    Theme,
)
from tests.admin.test_importing import lost_table
from tests.admin.typing_in import boxes, messages
from tests.cast import door_of, somebody
from tests.imports import uploading
from tests.imports.uploading import COUNCIL, FOUND, LIST, POLICE, apply, choose, leads_to, said
from tests.merging import named
from tests.models.making import a_name, a_party, a_protocol, saved

pytestmark = pytest.mark.usefixtures("real_register", "today")
ADD, FILE = f"{LIST}organisations/add/", "organisations.csv"
SCHOOLS, KENT = "All Essex Schools", "Kent County Council"
HEADINGS = ("Official name",)
# What a person chooses for a row.
AS_OFFICIAL = {"way": f"near:{KENT}", "kept_as": "official"}
AS_ANOTHER = {"way": f"near:{COUNCIL}"}
OF_HARBOUR = {"way": "near:Harbour Trust", "kept_as": "misspelling"}


a_file = partial(uploading.typed, headings=HEADINGS)


def uploaded(door: Client, content: bytes, name: str = "organisations.csv") -> str:
    """Upload a file; return the address of what its check found."""
    return uploading.uploaded(door, content, name, add=ADD)


def refused(door: Client, content: bytes) -> str:
    """Upload a file that cannot be read; return why."""
    answer = uploading.send(door, content, "organisations.csv", add=ADD)
    if answer.status_code == FOUND:
        answer = door.post(answer.url, boxes(door, answer.url))
        return said(answer.getvalue() if answer.streaming else answer.content)
    assert not ImportJob.objects.exists()
    return str(answer.context["form"].errors["file"][0])


def lines(at: str) -> dict[int, Any]:
    """Return what is kept of each row, by its number."""
    return {line.row: line for line in ImportJob.objects.get(pk=at.split("/")[-2]).lines.all()}


def problems(door: Client, *row: str, headings: tuple[str, ...] = HEADINGS) -> list[str]:
    """Return what is wrong with a file of one row."""
    (line,) = lines(uploaded(door, a_file(row, headings=headings))).values()
    assert (line.outcome == "refused") is bool(line.problems)
    return [f"{column}: {wrong} {fix}" for column, wrong, fix in line.problems]


def shown_after(door: Client, at: str, **over: str) -> str:
    """Apply it as its page offers; return what is said then."""
    answer = apply(door, at, **over)
    return said(door.get(leads_to(answer)).content if answer.streaming else answer.content)


def applied(door: Client, content: bytes, **over: str) -> str:
    at = uploaded(door, content)
    leads_to(apply(door, at, **over))
    assert ImportJob.objects.get(pk=at.split("/")[-2]).status == "applied"
    return at


def parts(organisation: Organisation, kind: str, field: str) -> list[str]:
    return sorted(getattr(organisation, kind).values_list(field, flat=True))


@pytest.mark.both_databases
class TestApplied:
    def test_adds_and_changes_organisations_as_official_changes(self, officers_door, officer):
        council = named(COUNCIL)
        saved(council, Approver(organisation=council, job_title="Old title"))
        saved(council, Identifier(organisation=council, scheme="ods", value="X26"))
        content = a_file(
            (
                "Essex county council",
                "",
                "The County; Essex's Council",
                "",
                "",
                "SIRO;DPO",
                "ig@essex.uk",
            ),
            ("Harbour Trust", "HT", "", "body", "qx1\nQX2", "Medical Director", "ig@harbour.uk"),
            ("Harbour Bodies", "", "", "A group of bodies", "", "", ""),
            headings=("Body", "Short name", "AKA", "Type", "ODS", "SIRO", "E-mail"),
        )
        at = uploaded(officers_door, content)
        assert said(officers_door.get(at).content).count("would change the register: 2 new, 1 ch")
        assert not Organisation.objects.named("Harbour Trust").exists()
        page = shown_after(officers_door, at, why="As sent by them.")
        assert "Applied on 22 November 2026" in page
        assert "3 of 3 rows changed the register: 2 new, 1 changed." in page

        assert {"The County", "Essex's Council", COUNCIL} <= set(parts(council, "names", "text"))
        assert parts(council, "approvers", "job_title") == ["DPO", "SIRO"]
        assert "X26" in parts(council, "identifiers", "value")  # an empty cell empties nothing
        assert council.contact.email == "ig@essex.uk"
        trust, group = named("Harbour Trust"), named("Harbour Bodies")
        assert (trust.kind, group.kind) == ("body", "group")
        assert parts(trust, "identifiers", "value") == ["QX1", "QX2"]
        assert [(n.text, n.kind) for n in trust.names.order_by("kind")] == [
            ("HT", "acronym"),
            ("Harbour Trust", "official"),
        ]
        for each in (council, trust, group):
            change = Change.objects.about(Organisation, each.pk).first()
            assert (change.public, change.by, change.why) == (True, officer, "As sent by them.")
        assert "ig@essex.uk" not in Change.objects.about(Organisation, council.pk).first().what
        # Readers find it, by each of its names and addresses.
        assert "Harbour Trust" in officers_door.get("/organisations/").content.decode()
        assert (
            officers_door.get("/organisations/ht/").headers["Location"].endswith("harbour-trust/")
        )

    def test_twice_changes_nothing_the_second_time(self, officers_door):
        content = a_file(
            (KENT, "KCC", "E10000016", "Head of IG; DPO", f"{SCHOOLS} (from 2022-07-01)"),
            headings=("Official name", "Acronym", "GSS", "Approvers", "Member of"),
        )
        at = applied(officers_door, content)
        again = uploaded(officers_door, content)
        assert lines(again)[2].outcome == "unchanged"
        assert "Nothing changes: every row says" in said(officers_door.get(again).content)
        made = Change.objects.count()
        # Nor does a second press.
        told = messages(officers_door.post(f"{at}apply/", follow=True))
        assert told.startswith("This import was applied already.")
        assert Change.objects.count() == made

    def test_says_whom_to_ask_about_rights(self, officers_door):
        team = "The data protection team,\nCounty Hall"
        content = a_file(
            (KENT, team),
            ("Harbour Trust", "Its Caldicott Guardian"),
            (POLICE, ""),
            headings=("Name", "Contact for rights"),
        )
        applied(officers_door, content)
        assert named(KENT).rights_contact == team
        assert named("Harbour Trust").rights_contact == "Its Caldicott Guardian"

    def test_renames_only_where_somebody_says_so(self, officers_door):
        kent = named(KENT)
        content = a_file(("Kent Council", "E10000016"), headings=("Name", "ONS code"))
        at = uploaded(officers_door, content)
        assert lines(at)[2].outcome == "waiting"
        leads_to(choose(officers_door, f"{at}names/", **{"Kent Council": AS_OFFICIAL}))
        assert lines(at)[2].outcome == "changed"
        leads_to(apply(officers_door, at))
        kent.refresh_from_db()
        assert (kent.name, kent.slug) == ("Kent Council", "kent-council")
        assert kent.names.get(text=KENT).kind == "former"
        assert (
            Change.objects.about(Organisation, kent.pk).filter(why=f"Imported from {FILE}.").count()
            == 1
        )

    def test_adds_members_as_a_change_of_their_group(self, officers_door):
        schools, kent, police = named(SCHOOLS), named(KENT), named(POLICE)
        row = Membership(group=schools, member=police, from_day=datetime.date(2020, 1, 1))
        saved(schools, row)
        applied(
            officers_door,
            a_file(
                (POLICE, SCHOOLS, "", "", "2024-03-31"),
                (KENT, f"{SCHOOLS} (to 31 March 2024); New group (from 2022-07-01)", "", "", ""),
                ("New group", "", "group", "", ""),
                headings=("Organisation", "Belongs to", "Type", "Member since", "Member until"),
            ),
        )
        march = datetime.date(2024, 3, 31)
        found = {each.member_id: (each.from_day, each.to_day) for each in schools.members.all()}
        assert found == {police.pk: (datetime.date(2020, 1, 1), march), kent.pk: (None, march)}
        assert named("New group").members.get().from_day == datetime.date(2022, 7, 1)
        change = Change.objects.about(Organisation, schools.pk).first()
        assert change.public
        assert KENT in change.what

    def test_is_refused_where_the_register_changed_since_it_was_shown(self, officers_door):
        content = a_file((KENT, "Head of IG"), headings=("Name", "Approver"))
        at = uploaded(officers_door, content)
        digest = officers_door.get(at).context["form"].initial["expected_digest"]
        kent = named(KENT)
        saved(kent, Approver(organisation=kent, job_title="Someone else"))
        page = shown_after(officers_door, at, expected_digest=digest)
        assert "Nothing was applied: since you looked," in page
        assert parts(kent, "approvers", "job_title") == ["Someone else"]
        leads_to(apply(officers_door, at))
        assert parts(kent, "approvers", "job_title") == ["Head of IG"]

    def test_is_all_or_nothing(self, officers_door):
        content = a_file((KENT, "Head of IG"), ("Harbour Trust", ""), headings=("Name", "SIRO"))
        at = uploaded(officers_door, content)
        with lost_table("registers_slug"):
            told = said(apply(officers_door, at).getvalue())
        assert "The database refused it" in told
        assert not named(KENT).approvers.exists()
        assert not Organisation.objects.named("Harbour Trust").exists()


def undone(door: Client, at: str, **over: str) -> str:
    """Undo an import as its page offers; return what is said while it is done."""
    form = door.get(f"{at}undo/").context["form"]
    return said(door.post(f"{at}undo/", {**form.initial, **over}).getvalue())


@pytest.mark.both_databases
class TestUndone:
    CONTENT = a_file(
        (KENT, "The County", "QX1", "", "Head of IG", "ig@kent.example", SCHOOLS),
        (POLICE, "", "", "", "", "", f"{SCHOOLS} (to 2024-03-31); Harbour Bodies"),
        ("Harbour Trust", "", "QX2", "", "SIRO", "", f"{SCHOOLS}; Harbour Bodies"),
        ("Harbour Bodies", "", "", "group", "", "", ""),
        headings=("Name", "AKA", "ODS", "Type", "SIRO", "E-mail", "Group"),
    )

    @pytest.fixture
    def before(self, real_register) -> None:
        schools, kent = named(SCHOOLS), named(KENT)
        saved(schools, Membership(group=schools, member=named(POLICE)))
        saved(kent, Approver(organisation=kent, job_title="Old title"))
        saved(kent, Contact(organisation=kent, email="old@kent.example"))

    def test_all_is_as_it_was(self, before, officers_door, officer):
        keys = list(Organisation.objects.values_list("pk", flat=True))
        stored = without_keys(snapshots_of(Organisation, keys))
        at = applied(officers_door, self.CONTENT)
        assert without_keys(snapshots_of(Organisation, keys)) != stored
        page = said(officers_door.get(f"{at}undo/").content)
        assert "Organisations that go: 2 Harbour Bodies Harbour Trust" in page
        assert "4 of 4 organisations put back" in undone(officers_door, at)
        assert without_keys(snapshots_of(Organisation, keys)) == stored
        assert not Organisation.objects.exclude(pk__in=keys).exists()
        change = Change.objects.about(Organisation, named(KENT).pk).first()
        assert (change.by, change.why) == (officer, "Imported by mistake.")
        assert "Undone on 22 November 2026" in said(officers_door.get(at).content)
        told = messages(officers_door.get(f"{at}undo/", follow=True))
        assert told.startswith("This import was undone already.")
        # And can be brought again.
        applied(officers_door, self.CONTENT)

    def test_a_name_that_was_given_is_taken_back(self, officers_door):
        kent = named(KENT)
        at = uploaded(officers_door, a_file(("Kent", "E10000016"), headings=("Name", "ONS code")))
        leads_to(choose(officers_door, f"{at}names/", Kent=AS_OFFICIAL))
        leads_to(apply(officers_door, at))
        undone(officers_door, at)
        kent.refresh_from_db()
        assert (kent.name, kent.slug) == (KENT, "kent-county-council")
        assert kent.names.get(kind="official").text == KENT
        assert not Organisation.objects.named("Kent").exists()

    def test_is_refused_where_something_was_edited_or_used_since(self, before, officers_door):
        at = applied(officers_door, self.CONTENT)
        digest = officers_door.get(f"{at}undo/").context["form"].initial["expected_digest"]
        saved(
            a_protocol("9100", theme=Theme.objects.first()),
            a_party("9100", "Harbour Trust", "lead"),
        )
        others = saved(Organisation(name="Others", slug="others", kind="group"))
        saved(others, Membership(group=others, member=named("Harbour Bodies")))
        page = said(officers_door.get(f"{at}undo/").content)
        assert "uses what is new: Harbour Bodies and Harbour Trust." in page
        saved(named(KENT), a_name(KENT, "Kent CC"))
        form = {"expected_digest": digest, "why": "It was wrong."}
        told = said(officers_door.post(f"{at}undo/", form).getvalue())
        assert f"because this was edited after it: {KENT}." in told
        assert Organisation.objects.named("Harbour Trust").exists()

    def test_is_not_offered_before_it_is_applied_nor_done_otherwise(self, before, officers_door):
        at = uploaded(officers_door, self.CONTENT)
        told = messages(officers_door.get(f"{at}undo/", follow=True))
        assert told.startswith("There is nothing to undo")
        leads_to(apply(officers_door, at))
        told = undone(officers_door, at, expected_digest="another")
        assert "The register changed after you opened this page." in told
        assert Organisation.objects.named("Harbour Trust").exists()


def without_keys(snapshots: dict[int, Any]) -> Any:
    """Return snapshots without the keys of the parts: one that comes back may have another."""
    return {
        key: (
            each["fields"],
            {
                kind: [{n: v for n, v in part.items() if n != "id"} for part in parts]
                for kind, parts in each["parts"].items()
            },
        )
        for key, each in snapshots.items()
    }


ONLY = "Remove the e-mail address, because this is public. E-mail addresses stand in the column of"
REFUSED = {
    "two organisations": ("AKA", (COUNCIL, KENT), "A: This row could be two organisations: ‘Essex"),
    "no name": ("Acronym", ("", "x9"), "A: Nothing names this organisation. Write its"),
    "a code of another form": ("UKPRN", ("New", "12"), "B: ‘12’ cannot be read as: UKPRN. Enter"),
    "a kind that is none": ("Type", ("New", "martian"), "B: 'martian' is not one of the choices."),
    "an address of a person": ("Approver", ("New", "SIRO; a@b.uk"), f"B: ‘a@b.uk’: {ONLY}"),
    "an address for rights": ("Rights", ("New", "Ask a@b.uk"), f"B: ‘Ask a@b.uk’: {ONLY}"),
    "an address as a name": ("", ("a@b.uk",), f"A: ‘a@b.uk’: {ONLY}"),
    "two contacts": ("Contact", ("New", "a@b.uk; c@d.uk"), "B: ‘a@b.uk; c@d.uk’ is not an e-mail"),
    "a long title": ("Approver", ("New", "x" * 151), f"B: ‘{'x' * 60}…’ is longer than 150"),
    "a group that is unknown": ("Group", ("New", "Nobody"), "B: No group is called ‘Nobody’."),
    "a group that is a body": ("Group", ("New", KENT), f"B: {KENT} is one body, so it has no"),
    "its own member": ("Group", (SCHOOLS, SCHOOLS), "B: A group cannot be a member of itself."),
    "days the wrong way": (
        "Group",
        ("New", f"{SCHOOLS} (from 2024-01-01 to 2023-01-01)"),
        "B: The last day is before the first day.",
    ),
    "a day that is none": (
        "Group Joined",
        ("New", SCHOOLS, "soon 2024"),
        "C: 'soon 2024' is not a",
    ),
    "overlapping days": (
        "Group",
        ("New", f"{SCHOOLS} (from 2022-01-01); {SCHOOLS} (from 2023-01-01)"),
        f"B: {SCHOOLS}: It is a member on some of these days already:",
    ),
    "an error in a cell": ("Acronym", ("New", "#REF!"), "B: This cell holds an error: #REF!."),
}


class TestChecked:
    def test_is_found_by_any_name_and_by_an_identifier_alone(self, officers_door):
        saved(named(POLICE), a_name(POLICE, "Essex Constabulary", "former"))
        content = a_file(
            ("ESSEX  CONSTABULARY", ""), ("", "e10000016"), headings=("Organisation", "GSS code")
        )
        found = lines(uploaded(officers_door, content))
        assert {line.outcome for line in found.values()} == {"unchanged"}
        assert [line.title for line in found.values()] == [POLICE, KENT]

    def test_asks_about_a_name_that_is_like_another(self, officers_door):
        content = a_file(
            ("Essex County Councill", "Head of IG"),
            ("Harbour Trust", ""),
            ("The Harbour Trust Ltd", ""),
            headings=("Name", "SIRO"),
        )
        at = uploaded(officers_door, content)
        outcomes = [line.outcome for line in lines(at).values()]
        assert outcomes == ["waiting", "new", "waiting"]
        page = said(officers_door.get(at, {"show": "waiting"}).content)
        assert f"You may mean ‘{COUNCIL}’." in page
        assert "You may mean ‘Harbour Trust’." in page
        names = f"{at}names/"
        page = said(officers_door.get(names).content)
        assert "2 rows of the file may be organisations that are there already." in page
        wrong = {"way": "other", "other": "Nobody"}
        page = choose(officers_door, names, **{"Essex County Councill": wrong})
        assert "has the name ‘Nobody’. Write any of its names" in said(page.content)
        chosen = {"Essex County Councill": AS_ANOTHER, "The Harbour Trust Ltd": {"way": "new"}}
        leads_to(choose(officers_door, names, **chosen))
        page = said(officers_door.get(names, {"show": "chosen"}).content)
        assert "‘The Harbour Trust Ltd’" in page
        assert [line.outcome for line in lines(at).values()] == ["changed", "new", "new"]
        leads_to(apply(officers_door, at))
        assert "Essex County Councill" in parts(named(COUNCIL), "names", "text")
        # Of the same name again nothing is asked.
        assert lines(uploaded(officers_door, content))[2].outcome == "unchanged"

    def test_forgets_a_choice_whose_organisation_is_gone(self, officers_door):
        gone = saved(Organisation(name="Harbour Trust", slug="harbour-trust"))
        at = uploaded(officers_door, a_file(("Harbour Trusst",)))
        leads_to(choose(officers_door, f"{at}names/", **{"Harbour Trusst": OF_HARBOUR}))
        assert lines(at)[2].outcome == "changed"
        with changes.record_change(gone, at=timezone.now()):
            changes.remove(gone)
        assert "Nothing was applied" in shown_after(officers_door, at)
        assert lines(at)[2].outcome == "new"

    @pytest.mark.parametrize(("headings", "row", "found"), REFUSED.values(), ids=REFUSED)
    def test_refuses_by_a_sentence(self, officers_door, headings, row, found):
        (said_of_it,) = problems(officers_door, *row, headings=("Name", *headings.split()))
        assert said_of_it.startswith(found)

    def test_refuses_rows_that_say_the_same(self, officers_door):
        content = a_file(
            (KENT, ""), (KENT, "KCC"), ("New", "N"), ("Other", "N"), headings=("Name", "Acronym")
        )
        found = lines(uploaded(officers_door, content))
        assert {line.outcome for line in found.values()} == {"refused"}
        assert found[2].problems[0][1].endswith(f"‘{KENT}’ in row 3.")
        assert found[5].problems[0][1].endswith("‘N’ in row 4.")

    def test_keeps_a_group_with_members_a_group(self, officers_door):
        schools = named(SCHOOLS)
        saved(schools, Membership(group=schools, member=named(KENT)))
        (said_of_it,) = problems(officers_door, SCHOOLS, "body", headings=("Name", "Kind"))
        assert "It is a group with members" in said_of_it

    def test_refuses_groups_in_a_ring_and_members_of_one_that_is_left_out(self, officers_door):
        content = a_file(
            ("Outer", "group", "Inner", ""),
            ("Inner", "group", "Outer", ""),
            ("Third", "group", "Nobody", ""),
            (KENT, "", "Third", ""),
            headings=("Name", "Kind", "Group", "SIRO"),
        )
        found = lines(uploaded(officers_door, content))
        assert {line.outcome for line in found.values()} == {"refused"}
        assert "Outer contains Inner contains Outer" in found[3].problems[0][1]
        assert found[2].problems[0][1] == "Its group is in row 3, which is left out as it is."
        assert found[5].problems[0][1] == "Its group is in row 4, which is left out as it is."

    def test_asks_about_what_may_be_the_name_of_a_person(self, officers_door):
        content = a_file((KENT, "Dr Jane Smith"), headings=("Name", "SIRO"))
        at = uploaded(officers_door, content)
        page = shown_after(officers_door, at)
        assert "Read it, and tick this or put it right in the file." in page
        assert "‘Dr Jane Smith’ begins like the name of a person." in page
        leads_to(apply(officers_door, at, meant="on"))
        assert parts(named(KENT), "approvers", "job_title") == ["Dr Jane Smith"]


class TestColumns:
    def test_are_known_by_many_words(self):
        words = ("Body", "Short name", "SIRO", "ONS Code", "E-mail:", "Date joined", "Nonsense")
        uses = ["name", "acronym", "approvers", "gss", "contact", "from_day", None]
        kind = KINDS["organisations"]
        assert [use_of_heading(word, kind) for word in words] == uses

    def test_are_chosen_and_found_again_by_the_headings(self, officers_door):
        headings = ("Who", "Big boss", "Colour")
        content = a_file((KENT, "Chief Executive", "Green"), headings=headings)
        columns = uploading.send(officers_door, content, FILE, add=ADD).url
        page = said(officers_door.get(columns).content)
        assert "Say what the columns ‘Who’, ‘Big boss’, ‘Colour’ should become." in page
        assert "How protocols are found" not in page
        held = boxes(officers_door, columns)
        who, boss, colour = (name for name in held if name.startswith("use-"))
        # By its values.
        assert (held[who], held[boss], held[colour]) == ("name", "left_out", "left_out")
        answer = officers_door.post(columns, held | {boss: "name"})
        assert "Official name can be one column, and ‘Who’ and ‘Big boss’" in said(answer.content)
        chosen = {boss: "approvers", "name": "List of bodies"}
        at = leads_to(officers_door.post(columns, held | chosen))
        assert lines(at)[2].edits == [["Approver", "", "Chief Executive"]]
        assert "column C, 'Colour', was left out." in said(officers_door.get(at).content)
        again = uploading.send(officers_door, content, FILE, add=ADD)
        assert lines(leads_to(again))[2].outcome == "changed"
        # It is no mapping for protocols.
        assert ImportMapping.objects.get().name == "List of bodies"
        assert uploading.send(officers_door, content).status_code == FOUND

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (a_file(("x", "y"), headings=("SIRO", "Contact")), "No column is taken for the off"),
            (a_file(), "This file has headings and no rows below them"),
            (a_file(*[("x",)] * 10_001), "This file has 10,001 rows, and 10,000 is the most"),
            (b"%PDF-1.4", ""),
        ],
    )
    def test_that_cannot_be_read_refuse_the_file(self, officers_door, content, why):
        assert why in refused(officers_door, content)

    def test_of_days_are_asked_about(self, officers_door):
        rows = ((KENT, each) for each in ("03/04/2024", "12/31/2024"))
        content = a_file(*rows, headings=("Official name", "Member from"))
        page = officers_door.get(uploading.send(officers_door, content, FILE, add=ADD).url)
        assert "Member from: ‘03/04/2024’ can be 3 April 2024 or 4 March 2024" in said(page.content)


def read(answer: Any, tmp_path: Any) -> list[Sheet]:
    path = tmp_path / "organisations.xlsx"
    path.write_bytes(answer.content)
    return read_sheets(path, path.name)


class TestDownloads:
    def test_the_template_has_all_columns_and_an_example(self, officers_door, tmp_path):
        answer = officers_door.get(f"{LIST}organisations/template.xlsx")
        first, example = read(answer, tmp_path)
        assert list(first.rows[0].values) == list(ORGANISATION_COLUMNS.values())
        assert "Riverside County Council" in example.rows[1].values
        answer = uploading.send(officers_door, answer.content, "organisations.xlsx", add=ADD)
        assert "This file has headings and no rows" in said(answer.content)

    def test_all_organisations_come_back_unchanged_or_as_edited(self, officers_door, tmp_path):
        schools, kent = named(SCHOOLS), named(KENT)
        days = {"from_day": datetime.date(2022, 7, 1), "to_day": datetime.date(2023, 7, 1)}
        saved(schools, Membership(group=schools, member=kent, **days))
        saved(schools, Membership(group=schools, member=named(POLICE)))
        saved(kent, a_name(KENT, "=Kent; the county"), a_name(KENT, "=KCC", "acronym"))
        saved(kent, Contact(organisation=kent, email="ig@kent.example"))
        kent.rights_contact = "=The team,\r\nat County Hall"
        saved(kent)
        for scheme, value in (("ods", "QX1"), ("ods", "QX2"), ("company", "00123456")):
            saved(kent, Identifier(organisation=kent, scheme=scheme, value=value))
        answer = officers_door.get(f"{LIST}organisations/organisations.xlsx")
        assert "ig@kent.example" in str(read(answer, tmp_path))
        at = uploaded(officers_door, answer.content, "organisations.xlsx")
        outcomes = [line.outcome for line in lines(at).values()]
        assert outcomes == ["unchanged"] * Organisation.objects.count()

    def test_contacts_are_for_those_alone_who_see_them(self, real_register, tmp_path):
        kent = named(KENT)
        saved(kent, Contact(organisation=kent, email="ig@kent.example"))
        importer = somebody("importer")
        importer.user_permissions.set(Permission.objects.filter(codename="import_protocol"))
        door = door_of(importer)
        answer = door.get(f"{LIST}organisations/organisations.xlsx")
        assert "ig@kent.example" not in str(read(answer, tmp_path))


class TestAmongImports:
    def test_is_listed_and_removed(self, officers_door):
        at = uploaded(officers_door, a_file((KENT,), ("Harbour Trust",)))
        assert f'href="{at}"' in officers_door.get(LIST).content.decode()
        told = messages(officers_door.post(f"{at}remove/", follow=True))
        assert told.endswith("is removed. It had changed nothing.")
        assert officers_door.get(at).status_code == 404

    def test_gives_the_refused_rows_to_be_corrected(self, officers_door, tmp_path):
        content = a_file((KENT, "10012345"), ("New", "12"), headings=("Name", "UKPRN"))
        at = uploaded(officers_door, content)
        (sheet,) = read(officers_door.get(f"{at}refused/"), tmp_path)
        headings, row = (list(each.values) for each in sheet.rows)
        assert headings == ["Name", "UKPRN", "Why it was refused"]
        assert row[:2] == ["New", "12"]
        assert row[2].startswith("‘12’ cannot be read as: UKPRN.")

    def test_is_linked_from_the_organisations(self, officers_door):
        page = officers_door.get("/admin/registers/organisation/").content.decode()
        assert re.search(rf'href="{ADD}"', page)
