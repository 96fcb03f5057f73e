"""`manage.py load_register --update`: what it takes from the file, and what is somebody's."""

from __future__ import annotations

import datetime
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from registers import changes
from registers.imports.fixture import load_register, read_register
from registers.models import Change, Identifier, Name, Organisation, RegisterVersion
from registers.models.keys import key_of
from tests.conftest import FIXTURES, LOADED_AT
from tests.imports.small import small_register
from tests.models.making import a_name

pytestmark = pytest.mark.usefixtures("empty_register")
Register = dict[str, Any]
SITE = "www.ashdown.example"


def newer() -> Register:
    """The small register, of which more is known by today."""
    register = small_register()
    ashdown, birch = register["organisations"]
    ashdown |= {
        "name": "Ashdown City Council",
        "name_source": SITE,
        "names": [
            {"text": "AC", "kind": "acronym", "source": SITE},
            {"text": "Ashdown Council", "kind": "former", "source": SITE},
            {"text": "Ashdown", "kind": "alias"},
        ],
        "identifiers": [
            {"scheme": "gss", "value": "E07000999"},
            {"scheme": "ico", "value": "Z1234567"},
            {"scheme": "charity", "value": "SC012345"},
        ],
        "note": "A city since today.",
    }
    del ashdown["also_written"]
    birch |= {"admin_note": "Ask why.", "names": [{"text": "BT", "kind": "acronym"}]}
    return register


@pytest.fixture
def loaded(empty_register) -> None:
    load_register(small_register(), at=LOADED_AT)


@pytest.fixture
def update(tmp_path: Path) -> Callable[..., list[str]]:
    """A function that runs the command, and gives the lines that it prints."""

    def run(register: Register, *flags: str) -> list[str]:
        path, said = tmp_path / "register.json", io.StringIO()
        path.write_text(json.dumps(register), encoding="utf-8")
        call_command("load_register", str(path), "--update", *flags, stdout=said)
        return said.getvalue().splitlines()

    return run


def ashdown() -> Organisation:
    return Organisation.objects.named("AC").get()


def named(text: str) -> Name:
    return Name.objects.get(key=key_of(text))


def names(organisation: Organisation) -> dict[str, tuple[str, str]]:
    return {name.text: (name.kind, name.source) for name in organisation.names.all()}


def held() -> list[Any]:
    """All that an update could touch, with the history and the version that caches go by."""
    version = RegisterVersion.now()
    rows = [
        list(model.objects.order_by("pk").values())
        for model in (Organisation, Name, Identifier, Change)
    ]
    return [*rows, version.number, version.token]


def edit(organisation: Organisation, what: Model | Callable[[], object]) -> None:
    """Let Olive save or do something, after the register was loaded."""
    by = User.objects.get_or_create(username="olive")[0]
    with changes.record_change(organisation, at=timezone.now(), by=by):
        what() if callable(what) else changes.save(what)


def left(lines: list[str]) -> list[str]:
    return [line for line in lines if line.startswith("Left as it is.")]


@pytest.mark.both_databases
@pytest.mark.usefixtures("loaded")
class TestAnUpdate:
    def test_takes_names_sources_identifiers_and_notes(self, update, client: Client):
        lines = update(newer())
        assert names(ashdown()) == {
            "Ashdown City Council": ("official", SITE),
            "Ashdown Council": ("former", SITE),
            "AC": ("acronym", SITE),
            "Ashdown": ("alias", ""),
        }
        assert ashdown().note == "A city since today."
        assert [str(each) for each in ashdown().identifiers.all()] == [
            "Charity number SC012345",
            "GSS code E07000999",
            "ICO registration number Z1234567",
        ]
        assert Organisation.objects.named("BT").get().admin_note == "Ask why."
        assert lines[-1].startswith("10 changed, 0 left")
        # The old address leads on, and the new identifier finds what it takes part in.
        answer = client.get("/organisations/ashdown-council/")
        assert answer["Location"] == "/organisations/ashdown-city-council/"
        found = json.loads(client.get("/protocols.json?q=SC012345").getvalue())
        assert [each["reference"] for each in found["results"]] == ["0001"]

    def test_is_one_official_change_of_nobody_for_each(self, update):
        last = Change.objects.latest("pk").pk
        update(newer())
        new = Change.objects.filter(pk__gt=last)
        assert sorted((each.subject_key, each.public, each.by_id) for each in new) == sorted(
            [
                (str(ashdown().pk), True, None),
                (str(Organisation.objects.named("BT").get().pk), True, None),
            ]
        )

    def test_changes_nothing_a_second_time(self, update):
        update(newer())
        before = held()[:-2]
        assert update(newer()) == ["0 changed, 0 left as they are."]
        assert held()[:-2] == before

    def test_says_the_same_in_a_dry_run_and_saves_nothing(self, update):
        before = held()
        dry = update(newer(), "--dry-run")
        assert held() == before
        done = update(newer())
        assert dry[:-1] == done[:-1]
        assert len(dry) > 5

    def test_takes_more_when_the_file_says_more(self, update):
        update(newer())
        more = newer()
        more["organisations"][0]["names"][2]["source"] = SITE
        more["organisations"][0]["note"] = ""
        assert left(update(more)) == []
        assert names(ashdown())["Ashdown"] == ("alias", SITE)
        assert ashdown().note == ""

    def test_adds_no_organisation(self, update):
        register = newer()
        register["organisations"].append({"name": "Elm Trust"})
        assert len(left(update(register))) == 1
        assert not Organisation.objects.named("Elm Trust").exists()


# What an officer did, and what then is as it was done -----------------------------------------


def removed_name():
    edit(ashdown(), lambda: changes.remove(named("AC")))
    return lambda: not Name.objects.filter(key="ac").exists()


def edited_name():
    name = named("AC")
    name.source = "A letter."
    edit(ashdown(), name)
    return lambda: named("AC").source == "A letter."


def added_name():
    edit(ashdown(), a_name("Ashdown Council", "Ashdown", "misspelling"))
    return lambda: named("Ashdown").kind == "misspelling"


def renamed():
    organisation = ashdown()
    organisation.name = "Ashdown Town Council"
    edit(organisation, organisation)
    # Found by the name of the file all the same.
    return lambda: (
        ashdown().name == "Ashdown Town Council" and named("Ashdown City Council").kind == "alias"
    )


def wrote_a_note():
    organisation = ashdown()
    organisation.note = "Ours."
    edit(organisation, organisation)
    return lambda: ashdown().note == "Ours."


def removed_identifier():
    identifier = Identifier(organisation=ashdown(), scheme="ico", value="Z1234567")
    edit(ashdown(), identifier)
    edit(ashdown(), lambda: changes.remove(identifier))
    return lambda: not ashdown().identifiers.filter(scheme="ico").exists()


def gave_the_name_to_another():
    edit(Organisation.objects.named("Birch Trust").get(), a_name("Birch Trust", "Ashdown"))
    return lambda: named("Ashdown").organisation.name == "Birch Trust"


def gave_the_identifier_to_another():
    birch = Organisation.objects.named("Birch Trust").get()
    edit(birch, Identifier(organisation=birch, scheme="ico", value="Z1234567"))
    return lambda: Identifier.objects.get(scheme="ico").organisation.name == "Birch Trust"


DONE = [
    *(removed_name, edited_name, added_name, renamed, wrote_a_note, removed_identifier),
    *(gave_the_name_to_another, gave_the_identifier_to_another),
]


@pytest.mark.usefixtures("loaded")
class TestWhatIsSomebodys:
    @pytest.mark.parametrize("does", DONE, ids=lambda does: does.__name__)
    def test_stays_and_is_said(self, update, does):
        stays = does()
        lines = left(update(newer()))
        # After a rename, what the old name is called was decided here too.
        assert len(lines) == (2 if does is renamed else 1)
        assert stays()
        # All else was taken.
        assert Identifier.objects.filter(scheme="charity").exists()

    def test_stays_after_an_update_too(self, update):
        update(newer())
        stay = [edited_name(), wrote_a_note()]
        more = newer()
        more["organisations"][0]["note"] = "Larger."
        for name in more["organisations"][0]["names"]:
            name["source"] = "Elsewhere"
        assert len(left(update(more))) == 2
        assert all(each() for each in stay)
        assert named("Ashdown").source == "Elsewhere"

    def test_a_merged_organisation_takes_the_names_of_both(self, update):
        birch = Organisation.objects.named("Birch Trust").get()
        birch.kind = "body"
        edit(birch, birch)
        birch.successions.all().delete()
        changes.merge(ashdown(), birch, at=LOADED_AT + datetime.timedelta(days=1))
        update(newer())
        assert named("BT").organisation == ashdown() == named("Birch Trust").organisation
        assert ashdown().name == "Ashdown City Council"

    def test_what_a_change_without_a_snapshot_did_may_be_somebodys(self, update, officer):
        organisation = ashdown()
        Change.objects.create(
            made_at=LOADED_AT + datetime.timedelta(days=1),
            subject_type="organisation",
            subject_key=str(organisation.pk),
            by=officer,
        )
        Change.objects.update(snapshot=None)
        lines = update(newer())
        assert names(organisation)["AC"] == ("acronym", "")
        assert organisation.name == "Ashdown Council"
        assert named("Ashdown City Council").organisation == organisation
        assert len(left(lines)) == 4  # two names, the official one, the note


@pytest.mark.usefixtures("loaded")
def test_a_register_loaded_before_there_were_snapshots_is_nobodys(update):
    Change.objects.update(snapshot=None)
    assert left(update(newer())) == []
    assert ashdown().name == "Ashdown City Council"


# Files with something wrong -------------------------------------------------------------------

REFUSED = {
    "an identifier of another form": {"identifiers": [{"scheme": "gss", "value": "E7"}]},
    "an unknown kind of identifier": {"identifiers": [{"scheme": "duns", "value": "1234"}]},
    "an unknown kind of name": {"names": [{"text": "BT", "kind": "nickname"}]},
    "a name that cannot be seen": {"names": [{"text": "B\u200bT", "kind": "acronym"}]},
    "a second official name": {"names": [{"text": "BT", "kind": "official"}]},
    "an e-mail address as a source": {"names": [{"text": "BT", "source": "jo@example.org"}]},
}


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("wrong", REFUSED.values(), ids=REFUSED)
def test_what_is_refused_is_said_and_all_else_is_taken(update, wrong):
    register = newer()
    register["organisations"][1] |= {"admin_note": "Ask why.", "names": []} | wrong
    assert len(left(update(register))) == 1
    assert Organisation.objects.named("Birch Trust").get().admin_note == "Ask why."
    assert not Organisation.objects.named("BT").exists()


BROKEN = {
    "an entry without a name": lambda register: register["organisations"][1].pop("name"),
    "names that are words": lambda register: register["organisations"][1].update(names=["BT"]),
    "an unknown column": lambda register: register["organisations"][1].update(
        identifiers=[{"code": "E07000998"}]
    ),
    "a list too few": lambda register: register.pop("news"),
}


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("spoil", BROKEN.values(), ids=BROKEN)
def test_a_file_that_cannot_be_read_changes_nothing(update, spoil):
    register = newer()
    spoil(register)
    before = held()
    with pytest.raises(CommandError, match=r"Nothing was changed\.$"):
        update(register)
    assert held() == before


def test_an_empty_register_is_loaded_instead(update):
    with pytest.raises(CommandError, match="without --update"):
        update(newer())


@pytest.mark.usefixtures("loaded")
def test_a_dry_run_is_one_of_an_update(tmp_path):
    with pytest.raises(CommandError, match="only with --update"):
        call_command("load_register", str(tmp_path / "register.json"), "--dry-run")


def test_the_real_register_holds_what_its_file_says(update):
    register = read_register(FIXTURES / "register.json")
    load_register(register, at=LOADED_AT)
    assert update(register) == ["0 changed, 0 left as they are."]
