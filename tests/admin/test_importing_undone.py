"""An import is undone as a whole: what is new goes or is withdrawn, what changed goes back."""

from __future__ import annotations

import csv
import io
import itertools
import random
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from registers import changes
from registers.changes.locking import PLAN_CHANGED
from registers.imports.spreadsheet import jobs
from registers.imports.spreadsheet.choices import Choice
from registers.imports.spreadsheet.jobs import GONE, UNDONE_ALREADY
from registers.models import (
    Change,
    ImportJob,
    Membership,
    Name,
    Organisation,
    Party,
    Protocol,
    Slug,
    Theme,
    UsedReference,
)
from tests.admin.typing_in import boxes
from tests.imports.spreadsheets import done
from tests.imports.uploading import (
    LIST,
    a_row,
    apply,
    exported,
    leads_to,
    said,
    shown,
    typed,
    uploaded,
)
from tests.lengths import times
from tests.models.making import NOW

pytestmark = pytest.mark.usefixtures("real_register")

EDITS = {
    "0012": {"title": "Another title", "theme": "Safer Community"},
    "0046": {"lead_organisation": "Essex Police", "other_organisations": "Provide (at night); ECC"},
    "0061": {"review_date": "2031-05", "other_organisations": ""},
}
ROW = ("Floods", "9001 - New", "To share.", "Flood Wardens", "The Met Office (MO), Met Off", "")
DRAFT = ("", "9002 - Draft", "", "Flood Wardens", "", "")


def imported(door: Client, *, edits: Any = None, publish: str = "publish") -> str:
    """Apply an import of everything that can be new and changed; return its address."""
    content = exported(door, EDITS if edits is None else edits)
    typed(ROW, DRAFT)
    heads = content.decode().splitlines()[0].split(",")
    for theme, title, purpose, lead, others, _ in (ROW, DRAFT):
        row = dict.fromkeys(heads, "") | {"reference": title[:4], "title": title[7:]}
        row |= {"theme": theme, "purpose": purpose, "lead_organisation": lead}
        row |= {"other_organisations": others.replace(",", ";")}
        content += (",".join(f'"{row[head]}"' for head in heads) + "\r\n").encode()
    address = uploaded(door, content)
    job = ImportJob.objects.latest("pk")
    met = Choice(name="Met Office", new=True)
    known = {"flood wardens": Choice(name="Flood Wardens", new=True)}
    known |= {"the met office (mo)": met}
    known |= {"met off": Choice(name="Thurrock Council", kept_as="misspelling")}
    done(
        jobs.check_import(
            jobs.choose(
                job, organisations=known, themes={"floods": Choice(name="Floods", new=True)}
            ),
            at=NOW,
        )
    )
    leads_to(apply(door, address, publish=publish))
    assert ImportJob.objects.get(pk=job.pk).status == "applied"
    return address


def register() -> dict[str, Any]:
    """Everything that the import can touch, but for the days on which it was updated."""
    kept = [f.attname for f in Protocol._meta.concrete_fields if f.name != "updated_on"]
    return {
        "protocols": list(Protocol.objects.order_by("pk").values(*kept)),
        **{
            model.__name__: list(model._default_manager.order_by("pk").values())
            for model in (Party, Organisation, Name, Slug, Theme)
        },
    }


def undo(door: Client, address: str, **over: str) -> Any:
    """Undo it as its page has it."""
    return door.post(f"{address}undo/", boxes(door, f"{address}undo/") | over)


@pytest.mark.both_databases
def test_everything_goes_back_to_what_it_was(officers_door, officer):
    before = register()
    address = imported(officers_door)
    assert Protocol.objects.get(pk="9001").status == "published"
    assert Protocol.objects.get(pk="9002").status == "draft"
    words = shown(officers_door, f"{address}undo/")
    for sentence in (
        "New drafts, which go: 1",
        "which are withdrawn as ‘Imported by mistake’: 1 9001 - New",
        "Protocols that go back to what they said before: 3 0012",
        "Names that organisations lose: 1 Met Off (Thurrock Council)",
        "What stays: 3",
    ):
        assert sentence in words
    answer = undo(officers_door, address, why="The wrong file.")
    assert leads_to(answer) == address
    after = register()
    new = Protocol.objects.get(pk="9001")
    assert (new.status, new.withdrawn_reason) == ("withdrawn", "Imported by mistake")
    after["protocols"] = [each for each in after["protocols"] if each["reference"] != "9001"]
    after["Party"] = [each for each in after["Party"] if each["protocol_id"] != "9001"]
    # It stays for ever, and so does what it names.
    stay = set(Organisation.objects.filter(parties__protocol="9001").values_list("pk", flat=True))
    stay -= {each["id"] for each in before["Organisation"]}
    for table, column in (("Organisation", "id"), ("Name", "organisation_id")):
        after[table] = [each for each in after[table] if each[column] not in stay]
    after["Slug"] = [each for each in after["Slug"] if each["organisation_id"] not in stay]
    after["Theme"] = [each for each in after["Theme"] if each["name"] != "Floods"]
    assert after == before
    assert UsedReference.objects.filter(pk="9002").exists()
    kinds = Change.objects.filter(why="The wrong file.", by=officer, public=True)
    assert set(kinds.values_list("protocol", "kind")) >= {
        ("9001", "withdrawn"),
        *((reference, "changed") for reference in EDITS),
    }
    assert "The wrong file." in officers_door.get("/protocols/0012/changes/").content.decode()
    assert "Another title" not in officers_door.get("/?q=0012").content.decode()
    assert "Undone on" in shown(officers_door, address)
    assert "Applied, and undone." in said(officers_door.get(LIST).content)


def test_of_drafts_alone_nothing_is_left(officers_door):
    before = register()
    address = imported(officers_door, publish="drafts")
    leads_to(undo(officers_door, address))
    assert register() == before
    assert not Change.objects.filter(subject_key="9001", public=True).exists()
    removed = Change.objects.filter(kind="removed", subject_type="organisation")
    assert "Organisation 'Flood Wardens': Taken out" in removed.get(what__contains="Wardens").what
    assert officers_door.get("/organisations/flood-wardens/").status_code == 404


def test_it_can_be_imported_again_afterwards(officers_door):
    leads_to(undo(officers_door, imported(officers_door)))
    again = uploaded(officers_door, exported(officers_door, EDITS))
    leads_to(apply(officers_door, again))
    assert Protocol.objects.get(pk="0012").title == "Another title"


def put_back(door: Client) -> None:
    """Edit what an import made, and put it back by hand."""
    protocol = Protocol.objects.get(pk="0061")
    for purpose in ("An officer's.", protocol.purpose):
        with changes.record_change(protocol, at=NOW):
            protocol.purpose = purpose
            changes.save(protocol)


def import_and_undo(door: Client) -> None:
    """Alter what an import made by a second one, which is undone."""
    edits = {
        "0012": {"title": "A third", "other_organisations": "ECC"},
        "0046": {"other_organisations": "ECC (by day); Barnardos"},
        "9001": {"other_organisations": "Flood Wardens", "review_date": "2033-01"},
        "9002": {"title": "Draft", "lead_organisation": "Essex Police"},
    }
    address = uploaded(door, exported(door, edits))
    leads_to(apply(door, address))
    assert Protocol.objects.get(pk="0012").title == "A third"
    leads_to(undo(door, address))


@pytest.mark.parametrize("in_between", [put_back, import_and_undo])
def test_what_was_put_back_since_is_no_edit(officers_door, in_between):
    before = register()
    address = imported(officers_door, publish="drafts")
    applied = register()
    in_between(officers_door)
    assert register() == applied
    leads_to(undo(officers_door, address))
    assert register() == before


def test_a_party_that_was_removed_and_named_again_is_another(officers_door):
    address = imported(officers_door)
    party = Party.objects.get(protocol="0046", note="at night")
    with changes.record_change(party.protocol, at=NOW):
        changes.remove(party)
        party.pk = None
        changes.save(party)
    assert "was edited after it: 0046." in shown(officers_door, f"{address}undo/")


@pytest.mark.has_long_form
@pytest.mark.parametrize("seed", range(times(1, long=40)))
def test_any_imports_undone_newest_first_leave_nothing(officers_door, seed):
    chance, numbers = random.Random(seed), itertools.count(9001)
    states, addresses = [register()], []
    for _ in range(8):
        if addresses and chance.random() < 0.4:
            leads_to(undo(officers_door, addresses.pop()))
            states.pop()
            assert register() == states[-1]
        else:
            addresses.append(a_random_import(officers_door, chance, numbers))
            states.append(register())
    while addresses:
        leads_to(undo(officers_door, addresses.pop()))
        states.pop()
        assert register() == states[-1]


def a_random_import(door: Client, chance: random.Random, numbers: Iterator[int]) -> str:
    """Apply an import that adds a draft and alters some of what is there; return its address."""
    rows = list(csv.DictReader(io.StringIO(exported(door).decode())))
    ours = [row for row in rows if row["reference"] in {"0012", "0046", "0061"}]
    others = list(Organisation.objects.order_by("pk").values_list("name", flat=True))
    themes = list(Theme.objects.order_by("pk").values_list("name", flat=True))
    number = next(numbers)
    new = dict.fromkeys(rows[0], "") | {"reference": str(number), "title": f"New {number}"}
    for row in [*chance.sample(ours, 2), new]:
        named = [*chance.sample(others, 4), f"Body {number}"]
        lead, *partners = chance.sample([name for name in named if ";" not in name], 3)
        row |= {"lead_organisation": lead, "other_organisations": "; ".join(partners)}
        row |= {"theme": chance.choice([*themes, f"Theme {number}"])}
        row |= {"review_date": f"20{chance.randint(30, 60)}-0{chance.randint(1, 9)}"}
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0])
    writer.writeheader()
    writer.writerows([*ours, new])
    address = uploaded(door, text.getvalue().encode())
    body = Choice(name=f"Body {number}", new=True)
    theme = Choice(name=f"Theme {number}", new=True)
    job = jobs.choose(
        ImportJob.objects.latest("pk"),
        organisations={body.name.lower(): body},
        themes={theme.name.lower(): theme},
    )
    done(jobs.check_import(job, at=NOW))
    leads_to(apply(door, address, publish="drafts"))
    return address


def edit_protocol() -> str:
    protocol = Protocol.objects.get(pk="0061")
    with changes.record_change(protocol, at=NOW):
        protocol.purpose = "An officer's."
        changes.save(protocol)
    return "0061"


def edit_draft() -> str:
    protocol = Protocol.objects.get(pk="9002")
    with changes.record_change(protocol, at=NOW):
        protocol.admin_note = "An officer's."
        changes.save(protocol)
    return "9002"


def edit_organisation() -> str:
    organisation = Organisation.objects.get(name="Flood Wardens")
    with changes.record_change(organisation, at=NOW):
        organisation.name = "Flood Wardens Ltd"
        changes.save(organisation)
    return "Flood Wardens"


@pytest.mark.parametrize("edit", [edit_protocol, edit_draft, edit_organisation])
def test_what_was_edited_since_is_named_and_nothing_is_undone(officers_door, edit):
    address = imported(officers_door)
    held = boxes(officers_door, f"{address}undo/")
    which = edit()
    before = register()
    page = officers_door.get(f"{address}undo/")
    assert f"was edited after it: {which}." in said(page.content)
    assert "<form" not in page.content.decode().partition('id="content-main"')[2]
    answer = officers_door.post(f"{address}undo/", held)
    assert f"was edited after it: {which}." in said(answer.getvalue())
    assert register() == before


def test_an_organisation_that_a_protocol_named_before_must_be_there(officers_door):
    address = imported(officers_door, edits={"0053": {"other_organisations": ""}})
    organisation = Organisation.objects.get(name="Attendance Solutions")
    with changes.record_change(organisation, at=NOW):
        changes.remove(organisation)
    name = Name.objects.get(text="Met Off")
    with changes.record_change(name.organisation, at=NOW):
        changes.remove(name)
    words = shown(officers_door, f"{address}undo/")
    assert "not in this register any more: 0053." in words
    assert "Names that organisations lose" not in words


@pytest.mark.both_databases
def test_what_something_else_uses_stays(officers_door):
    address = imported(officers_door, publish="drafts")
    wardens = Organisation.objects.get(name="Flood Wardens")
    other = Protocol.objects.get(pk="0036")
    with changes.record_change(other, at=NOW):
        other.theme = Theme.objects.get(name="Floods")
        changes.save(other)
        changes.save(Party(protocol=other, organisation=wardens, role="partner"))
    thurrock = Organisation.objects.get(name="Thurrock Council")
    with changes.record_change(thurrock, at=NOW):
        name = Name.objects.get(text="Met Off")
        name.kind = Name.Kind.ALIAS
        changes.save(name)
    group = Organisation.objects.get(name="All Essex Schools")
    met = Organisation.objects.get(name="Met Office")
    with changes.record_change(group, at=NOW):
        changes.save(Membership(group=group, member=met))
    words = shown(officers_door, f"{address}undo/")
    assert "The name ‘Met Off’ of Thurrock Council: it was edited" in words
    leads_to(undo(officers_door, address))
    assert Organisation.objects.filter(name__in=["Flood Wardens", "Met Office"]).count() == 2
    assert Theme.objects.filter(name="Floods").exists()
    assert Name.objects.filter(text="Met Off").exists()
    assert not Protocol.objects.filter(pk__gt="9000").exists()


def test_a_reason_is_asked_for(officers_door):
    address = imported(officers_door)
    answer = undo(officers_door, address, why=" ")
    assert answer.context["form"].errors.keys() == {"why"}
    assert Protocol.objects.get(pk="0012").title == "Another title"


def test_another_undo_than_was_shown_is_not_done(officers_door):
    address = imported(officers_door)
    assert PLAN_CHANGED in said(undo(officers_door, address, expected_digest="x").getvalue())
    assert Protocol.objects.get(pk="0012").title == "Another title"


def test_an_import_that_is_removed_in_the_meantime_is_not_undone(officers_door):
    answer = undo(officers_door, imported(officers_door))
    parts = [next(iter(answer.streaming_content))]
    ImportJob.objects.all().delete()
    parts += answer.streaming_content
    assert GONE in said(b"".join(parts))
    assert Protocol.objects.get(pk="0012").title == "Another title"


@pytest.mark.both_databases
def test_a_second_undo_and_one_of_nothing_do_nothing(officers_door):
    address = imported(officers_door)
    held = boxes(officers_door, f"{address}undo/")
    leads_to(officers_door.post(f"{address}undo/", held))
    before = register()
    assert UNDONE_ALREADY in said(officers_door.post(f"{address}undo/", held).getvalue())
    assert officers_door.get(f"{address}undo/").headers["Location"] == address
    assert register() == before
    other = uploaded(officers_door, typed(a_row("New")))
    assert officers_door.get(f"{other}undo/").headers["Location"] == other
