"""The whole record: filled in by an officer, read by the public, carried and brought by files."""

from __future__ import annotations

import csv
import datetime
import html
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client

from registers import changes
from registers.changes.merge import plan_merge
from registers.models import Change, Option, Organisation, Overarching, Party, Protocol
from registers.models.completeness import BY_KEY, missing
from registers.models.options import all_options, match_option, option_code
from registers.models.protocol_fields import MAY_NOT_APPLY, PROTOCOL_FIELDS
from tests.admin.conflicts import choose, differing, save_both
from tests.admin.typing_in import address, boxes, errors, send
from tests.cast import door_of
from tests.exports.spreadsheets import by_openpyxl
from tests.imports.uploading import apply, exported, leads_to, shown, uploaded
from tests.makers import PartyFactory, ProtocolFactory, find_all
from tests.models.making import saved
from tests.public.pages import choices, facts, listed, text

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("real_register", "today")]

FORM = address("protocol", "change", "0046")
PAGE = "/protocols/0046/"
TASK = "Public task: UK GDPR Article 6(1)(e)"
DUTY = "Legal obligation: UK GDPR Article 6(1)(c)"
CHILDREN = "Children and young people"
LATER = datetime.datetime(2026, 11, 24, 12, tzinfo=datetime.UTC)
TYPED = {
    "agreement_kind": "Overarching protocol: others come under it",
    "bases.a": TASK,
    "bases.b": DUTY,
    "special_categories.a": "Health",
    "people.a": CHILDREN,
    "data_subjects": "Children at school in Essex",
    "lawful_basis": "As the partners wrote it",
    "legal_power": "Children Act 2004, section 10",
    "retention": "Until the child is 25",
    "criminal_offence_data": "false",
    "does_not_apply.transfers_abroad": "on",
    "does_not_apply.dpia_on": "on",
    "does_not_apply.law_enforcement": "on",
    "privacy_notice": "https://www.example.org/privacy",
    "starts_on": "01/04/2021",
    "ends_on": "31/03/2024",
}


@pytest.fixture
def filled(officers_door: Client) -> Client:
    """The door of an officer who has filled in the record of 0046, and of its parties."""
    answer = send(officers_door, FORM, **TYPED)
    assert answer.redirect_chain, errors(answer)
    form = boxes(officers_door, FORM)
    rows = {name.rsplit("-", 1)[0]: held for name, held in form.items() if name.endswith("-role")}
    lead = next(row for row, held in rows.items() if held == "lead")
    typed = {f"{lead}-legal_role": "joint", f"{lead}-flow": "gives"}
    assert send(officers_door, FORM, **typed).redirect_chain
    return officers_door


def stored() -> Protocol:
    return Protocol.objects.get(pk="0046")


def record(client: Client, reference: str = "0046") -> dict[str, Any]:
    return json.loads(client.get(f"/protocols/{reference}.json").getvalue())


def row_of_csv(client: Client) -> dict[str, str]:
    sheet = client.get("/protocols.csv?q=0046").getvalue().decode("utf-8-sig")
    return next(iter(csv.DictReader(io.StringIO(sheet))))


# The list of fields -----------------------------------------------------------------------------


def test_no_name_of_what_may_not_apply_is_a_part_of_another():
    names = [field.name for field in PROTOCOL_FIELDS if field.model_field]
    for one in MAY_NOT_APPLY:
        assert not [name for name in names if one in name and one != name]


def test_each_field_of_the_record_says_what_asks_for_it():
    assert all(field.law for field in PROTOCOL_FIELDS if field.may_not_apply)


# The form ---------------------------------------------------------------------------------------


def test_the_form_stores_what_is_ticked_in_the_order_of_the_list(filled):
    protocol = stored()
    assert protocol.bases == f"{DUTY}\n{TASK}"
    assert protocol.does_not_apply == "law_enforcement\ntransfers_abroad\ndpia_on"
    assert protocol.lead.get_legal_role_display() == "Joint controller"
    again = boxes(filled, FORM)
    assert [each for name, each in again.items() if name.startswith("bases.")] == [DUTY, TASK]
    assert again["does_not_apply.dpia_on"] == "on"


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ({"retention": "6 years", "does_not_apply.retention": "on"}, "Untick ‘Does not apply’"),
        ({"bases.z": "Because"}, "‘Because’ is not in the list"),
        ({"agreement_kind": "A promise"}, "‘A promise’ is not in the list"),
        ({"starts_on": "01/04/2025"}, "The end is before the start"),
        ({"special_categories.z": "None"}, "Choose ‘None’ alone, or the others: None; Health"),
        ({"privacy_notice": "no address"}, "not the address of a web page"),
        ({"legal_power": "Ask jane.smith@example.com"}, "Remove the e-mail address"),
    ],
    ids=[
        "both",
        "no option",
        "no kind",
        "ends before it starts",
        "none and one",
        "no link",
        "an address",
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_saved(filled, typed, refusal):
    before = stored()
    assert refusal in errors(send(filled, FORM, **typed))
    assert stored().__dict__.keys() == before.__dict__.keys()
    assert stored().retention == before.retention


SECTION = re.compile(
    r'<details class="section"( open)?>\s*<summary><h2>(.*?)</h2>'
    r'(?: <span class="lacking">(.*?)</span>)?'
)


def sections(page: Any) -> dict[str, tuple[bool, str]]:
    """Return of each section of the form whether it is open, and what it says it lacks."""
    found = SECTION.findall(html.unescape(page.content.decode()))
    return {name: (bool(is_open), said) for is_open, name, said in found}


def test_the_form_folds_what_is_long_and_says_what_is_not_recorded(filled):
    shown = sections(filled.get(FORM))
    assert shown["What is shared"] == (False, "3 of 6 not recorded")
    assert shown["By what right"] == (False, "3 of 6 not recorded")
    assert shown["Why"] == (True, "All recorded")
    assert shown["For administrators"] == (True, "")
    refused = send(filled, FORM, retention="6 years", **{"does_not_apply.retention": "on"})
    after = sections(refused)
    assert after["Kept safe, and for how long"][0]
    assert not after["By what right"][0]


def test_the_list_in_admin_marks_and_finds_an_end_that_has_passed(filled):
    def found(ended: str) -> list[str]:
        page = filled.get(address("protocol", "changelist"), {"ended": ended})
        return [protocol.pk for protocol in page.context["cl"].result_list]

    assert found("yes") == ["0046"]
    assert found("no") == []
    assert "0046" not in found("unknown")
    page = filled.get(address("protocol", "changelist"))
    assert text(page).count("Published, past its end: 31 March 2024") == 1
    Protocol.objects.filter(pk="0046").update(ends_on=datetime.date(2030, 1, 1))
    assert found("no") == ["0046"]


def test_an_option_of_the_partnership_is_offered_and_stays_when_it_goes(filled):
    made = saved(Option(options="people", words="Anglers"))
    kind = saved(Option(options="agreement-kinds", words="Charter: a promise"))
    typed = {"people.x": "Anglers", "agreement_kind": kind.words}
    assert send(filled, FORM, **typed).redirect_chain
    changes.remove(made)
    changes.remove(kind)
    page = filled.get(FORM).content.decode()
    assert "Anglers (no longer in the list)" in page
    assert send(filled, FORM, purpose="To count.").redirect_chain
    assert stored().people == f"{CHILDREN}\nAnglers"
    assert stored().agreement_kind == kind.words


@pytest.mark.parametrize(
    ("options", "words", "refusal"),
    [
        ("bases", "Public task; and more", "Remove the semicolon"),
        ("bases", TASK.upper(), "has this option already"),
        ("", "Anglers", "This field is required"),
    ],
)
def test_an_option_that_cannot_be_is_refused(officers_door, options, words, refusal):
    answer = send(officers_door, address("option", "add"), options=options, words=words)
    assert refusal in errors(answer)
    assert not Option.objects.exists()


def test_an_option_is_added_in_admin_and_its_form_says_what_is_there(officers_door):
    assert TASK in officers_door.get(address("option", "add")).content.decode()
    answer = send(officers_door, address("option", "add"), options="people", words=" Big  owls ")
    made = Option.objects.get()
    assert answer.redirect_chain
    assert made.words == "Big owls"
    page = officers_door.get(address("option", "change", made.pk)).content.decode()
    assert CHILDREN in page
    assert DUTY not in page
    assert Change.objects.about(Option, made.pk).get().public


def test_two_editors_choose_between_their_options(filled):
    percys_door = door_of(User.objects.create_superuser("percy"))
    held = boxes(filled, FORM)
    task = next(name for name, value in held.items() if value == TASK)
    mine = {"people.z": "Patients", "special_categories.z": "Genetic data"}
    answer = save_both(filled, percys_door, typed=mine, changed={task: "", "people.y": "Residents"})
    both = differing(answer)["Categories of people"]
    assert choose(filled, answer, **{both.name: "wanted"}).redirect_chain
    after = stored()
    assert (after.bases, after.special_categories) == (DUTY, "Health\nGenetic data")
    assert after.people == f"{CHILDREN}\nPatients"


def test_one_option_at_most_and_only_names_of_fields():
    protocol = stored()
    protocol.sharing_frequency = "Daily\nWeekly"
    with pytest.raises(ValidationError, match="Choose one: Daily; Weekly"):
        protocol.full_clean()
    protocol.sharing_frequency, protocol.does_not_apply = "", "nonsense"
    with pytest.raises(ValidationError, match="‘nonsense’ is no field"):
        protocol.full_clean()


@pytest.mark.parametrize(
    ("written", "option"),
    [
        (TASK, TASK),
        ("public task", TASK),
        ("UK GDPR Article 6(1)(e)", TASK),
        ("nonsense", None),
        ("", None),
    ],
)
def test_an_option_is_known_by_its_words_before_or_behind_the_colon(written, option):
    assert match_option(written, all_options()["bases"]) == option


def test_the_code_of_an_option_is_that_of_its_words():
    assert option_code(TASK) == "public-task"
    assert option_code("…") == "other"


# The page ---------------------------------------------------------------------------------------


def test_the_page_shows_what_is_recorded_and_what_does_not_apply(client, filled):
    page = client.get(PAGE)
    shown, words = facts(page), text(page)
    assert shown["About whom?"] == f"Children at school in Essex {CHILDREN}"
    assert shown["Lawful basis"] == f"{DUTY} {TASK}"
    assert shown["Lawful basis for sharing"] == "As the partners wrote it"
    assert shown["Transfers outside the UK"] == "Does not apply"
    assert shown["Criminal offence data"] == "No"
    assert shown["Kind of agreement"].startswith("Overarching protocol")
    assert '<a class="govuk-link" href="https://www.example.org/privacy"' in page.content.decode()
    assert "31 March 2024, has passed, and nobody has withdrawn it" in words
    assert "Yes, but" in shown["Is it in force?"]
    assert "Joint controller" in words
    for name in ("legal power", "privacy notice", "how long it is kept"):
        assert name not in shown["missing"]
    assert "impact assessment" in shown["missing"]


def test_what_is_missing_is_one_sentence_and_does_not_apply_is_not_missing(client):
    assert "how long it is kept" in facts(client.get(PAGE))["missing"]
    protocol = stored()
    protocol.does_not_apply = "bases\nretention"
    changes.save(protocol)
    assert "how long it is kept" not in facts(client.get(PAGE))["missing"]
    keys = {item.key for item in missing(protocol)}
    assert not keys & {"retention", "lawful-basis"}
    lacking = Protocol.objects.filter(BY_KEY["retention"].lacking)
    assert not lacking.filter(pk="0046").exists()
    assert record(client)["lawful_basis"] == "Does not apply"
    assert record(client)["does_not_apply"] == ["bases", "retention"]


def test_whom_to_ask_about_rights_is_the_leads_where_the_record_names_nobody(client):
    lead = stored().lead.organisation
    lead.rights_contact = "The data protection team, 01206 555 0100"
    changes.save(lead)
    said_by = "The data protection team"
    assert said_by in text(client.get(PAGE))
    assert said_by in text(client.get(lead.get_absolute_url()))
    organisation = json.loads(client.get(f"/organisations/{lead.slug}.json").getvalue())
    assert organisation["rights_contact"].startswith(said_by)
    Protocol.objects.filter(pk="0046").update(rights_contact="Ask at the school.")
    assert said_by not in text(client.get(PAGE))


def test_the_changes_page_and_a_past_day_say_it(client, filled):
    page = html.unescape(client.get(f"{PAGE}changes/").content.decode())
    assert "Transfers outside the UK" in page  # what does not apply, by its label
    assert "joint controller, gives" in page
    with time_machine.travel(LATER):
        past = facts(client.get(f"{PAGE}?on=2026-11-22"))
        assert past["Lawful basis"] == f"{DUTY} {TASK}"
        before = facts(client.get(f"{PAGE}?on=2026-11-21"))
        assert "Lawful basis" not in before


def test_a_snapshot_of_before_the_upgrade_is_shown_and_put_back(client, officers_door):
    change = Change.objects.filter(protocol="0046").last()
    for party in change.snapshot["parts"]["parties"]:
        party.pop("legal_role", None)
        party.pop("flow", None)
    for field in ("bases", "ends_on", "does_not_apply"):
        change.snapshot["fields"].pop(field, None)
    change.save()
    protocol = stored()
    protocol.title = "Another title"
    with changes.record_change(protocol, at=LATER):
        changes.save(protocol)
    with time_machine.travel(LATER + datetime.timedelta(days=1)):
        assert "Access to the Child" in text(client.get(f"{PAGE}?on=2026-11-22"))
        assert client.get("/protocols.csv?on=2026-11-22").status_code == 200
    changes.restore(stored(), change.snapshot, at=LATER)
    assert stored().title.startswith("Access to the Child")


def test_a_family_of_protocols_is_nested_text(client):
    Overarching.objects.create(protocol_id="0046", overarching_id="0062")
    assert "Its place among" not in text(client.get(PAGE))  # one link alone needs no list
    for below in ("0012", "0017"):
        Overarching.objects.create(protocol_id=below, overarching_id="0046")
    Protocol.objects.filter(pk="0061").update(replaced_by="0046")
    find_all()
    words = text(client.get(PAGE))
    assert "Under 0062 - Overarching Safeguarding ISP :" in words
    assert "This protocol, which replaces 0061" in words
    assert "; under it: 0012" in words


# Files ------------------------------------------------------------------------------------------


def test_tables_and_json_have_it_after_the_address(client, filled):
    row, data = row_of_csv(client), record(client)
    names = list(row)
    assert names.index("bases") > names.index("url")
    assert row["bases"] == f"{DUTY}; {TASK}"
    assert row["data_subjects"] == f"Children at school in Essex\n{CHILDREN}"
    assert row["lawful_basis"].splitlines() == [
        *("As the partners wrote it", f"{DUTY}; {TASK}", "Children Act 2004, section 10"),
    ]
    assert (row["transfers_abroad"], row["dpia_on"]) == ("Does not apply", "Does not apply")
    assert (row["ends"], row["has_ended"]) == ("2024-03-31", "yes")
    assert row["party_roles"].endswith(": joint controller, gives")
    assert data["bases"] == [DUTY, TASK]
    assert (data["transfers_abroad"], data["dpia_on"], data["law_enforcement"]) == (None,) * 3
    assert data["does_not_apply"] == ["law_enforcement", "transfers_abroad", "dpia_on"]
    assert data["has_ended"] is True
    assert {"legal_role": "joint", "flow": "gives"}.items() <= data["parties"][0].items()
    sheet = by_openpyxl(client.get("/protocols.xlsx?q=0046").getvalue())["Protocols"]
    assert sheet[1][sheet[0].index("dpia_on")] == "Does not apply"


def test_an_export_comes_back_unchanged_and_an_older_one_too(client, filled):
    before = stored()
    check = uploaded(filled, exported(filled))
    assert "1 changed" not in shown(filled, check)
    assert stored().updated_on == before.updated_on
    older = list(csv.DictReader(io.StringIO(exported(filled).decode())))
    kept = [name for name in older[0] if name not in {f.column for f in PROTOCOL_FIELDS if f.law}]
    kept += ["data_subjects", "lawful_basis"]
    for row in older:
        if row["reference"] == "0046":
            row |= {
                "data_subjects": "Children at school in Essex",
                "lawful_basis": "Another basis",
            }
    file = io.StringIO()
    writer = csv.DictWriter(file, kept, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(older)
    assert leads_to(apply(filled, uploaded(filled, file.getvalue().encode())))
    after = stored()
    assert (after.data_subjects, after.lawful_basis) == (before.data_subjects, "Another basis")
    assert after.bases == before.bases


def test_an_edited_export_changes_what_was_edited(client, filled):
    police = Organisation.objects.named("All Essex Schools").get()
    edits = {
        "bases": "public task",
        "people": f"{CHILDREN}; Patients",
        "retention": "Does not apply",
        "transfers_abroad": "None",
        "dpia_on": "2025-01-31",
        "law_enforcement": "",
        "sharing_frequency": "weekly",
        "ends": "31 March 2030",
        "lawful_basis": f"New words\n{DUTY}; {TASK}\nChildren Act 2004, section 10",
        "party_roles": f"{police.name}: controller, gives and receives",
    }
    assert leads_to(apply(filled, uploaded(filled, exported(filled, {"0046": edits}))))
    after = stored()
    assert (after.bases, after.people) == (TASK, f"{CHILDREN}\nPatients")
    assert (after.retention, after.transfers_abroad) == ("", "None")
    assert after.dpia_on == datetime.date(2025, 1, 31)
    assert after.does_not_apply == "retention"
    assert after.sharing_frequency == "Weekly"
    assert after.ends_on == datetime.date(2030, 3, 31)
    assert after.lawful_basis == "New words"
    roles = {each.organisation: (each.legal_role, each.flow) for each in after.parties.all()}
    assert roles.pop(police) == ("controller", "both")
    assert set(roles.values()) == {("", "")}


@pytest.mark.parametrize(
    ("column", "cell", "refusal"),
    [
        ("bases", "because", "'because' is not in the list of options"),
        ("party_roles", "Nobody: controller", "'nobody' is no organisation of this protocol"),
        ("party_roles", "Provide is nice", "does not say what an organisation is"),
        ("privacy_notice", "no address", "not the address of a web page"),
        ("law_enforcement", "perhaps", "is neither yes nor no"),
        ("special_categories", "None; Genetic data", "Choose ‘None’ alone"),
    ],
)
def test_a_cell_that_cannot_be_right_is_refused(filled, column, cell, refusal):
    check = uploaded(filled, exported(filled, {"0046": {column: cell}}))
    assert refusal in shown(filled, check, "refused")


def test_a_new_protocol_comes_with_its_roles(filled):
    headings = "reference,title,theme,lead_organisation,party_roles,bases\n"
    row = "9400,New,Safer Community,Essex Police,Essex Police: processor,Consent\n"
    assert leads_to(apply(filled, uploaded(filled, (headings + row).encode())))
    made = Protocol.objects.get(pk="9400")
    assert made.lead.legal_role == "processor"
    assert made.bases.startswith("Consent")


# Lists ------------------------------------------------------------------------------------------


def test_facets_find_and_count_what_is_recorded(client, filled):
    home = client.get("/")
    assert choices(home, "kind")["overarching-protocol"] == 4  # with 0045, 0057 and 0062
    for name, code in (
        *(("basis", "public-task"), ("special", "health")),
        ("people", "children-and-young-people"),
    ):
        assert choices(home, name)[code] == 1
        assert listed(client.get(f"/?{name}={code}")) == ["0046"]
        assert "0046," in client.get(f"/protocols.csv?{name}={code}").getvalue().decode()
    assert choices(home, "ended") == {"": None, "yes": 1, "no": 24}
    assert listed(client.get("/?ended=yes")) == ["0046"]
    assert client.get("/?ended=no").context["results"].count == 24
    assert client.get("/?basis=nonsense").status_code == 400
    assert client.get("/?ended=perhaps&basis=consent").status_code == 400
    # An option that nothing has finds nothing, and stays to be taken away.
    assert choices(client.get("/?basis=consent"), "basis")["consent"] == 0
    assert client.get("/?ended=no&status=withdrawn").status_code == 200


def test_a_list_of_nothing_recorded_has_none_of_the_facets(client):
    home = client.get("/")
    assert not choices(home, "basis")
    assert not choices(home, "ended")
    assert client.get("/?ended=yes").context["results"].count == 0


def test_an_option_of_the_partnership_is_a_facet_too(client, filled):
    saved(Option(options="people", words="Anglers: with rod"))
    assert send(filled, FORM, **{"people.x": "Anglers: with rod"}).redirect_chain
    assert choices(client.get("/"), "people")["anglers"] == 1
    with time_machine.travel(LATER):
        assert client.get("/?people=anglers&on=2026-11-22").context["results"].count == 1


def test_the_search_finds_its_words(client, filled):
    assert "0046" in listed(client.get("/?q=young+people"))
    assert "0046" in listed(client.get("/?q=children+act+2004"))


# Organisations that are one ---------------------------------------------------------------------


def test_a_merge_keeps_roles_and_says_which_it_cannot():
    protocol = ProtocolFactory()
    stays = PartyFactory(protocol=protocol, legal_role="controller", flow="gives")
    goes = PartyFactory(protocol=protocol, legal_role="processor", flow="receives")
    plan = plan_merge(stays.organisation, goes.organisation)
    assert any("different roles in law" in each for each in plan.warnings)
    changes.merge(stays.organisation, goes.organisation, at=LATER)
    party = Party.objects.get(protocol=protocol)
    assert (party.legal_role, party.flow) == ("controller", "both")


def test_the_paper_on_the_record_names_each_field_and_no_other():
    named = set(re.findall(r"`(\w+)`", Path("docs/record.md").read_text()))
    columns = {field.column for field in PROTOCOL_FIELDS if field.column}
    assert {field.column for field in PROTOCOL_FIELDS if field.law} <= named <= columns | {"None"}
