"""`modified_since` beside what really differs: the slow way reads all of the JSON again."""

from __future__ import annotations

import datetime
import json
from collections import Counter
from random import Random
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from registers import changes
from registers.models import (
    Membership,
    Name,
    Organisation,
    Overarching,
    Party,
    Protocol,
    Review,
    Succession,
    TakenOn,
    Theme,
)
from tests.lengths import times
from tests.makers import (
    DAY,
    OrganisationFactory,
    PartyFactory,
    ProtocolFactory,
    ThemeFactory,
    make_random_links,
    make_rich_register,
    withdrawn,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("today")]

START = datetime.datetime(2027, 6, 1, 9, 0, tzinfo=datetime.UTC)


def read(client: Client, address: str) -> Any:
    answer = client.get(address)
    assert answer.status_code == 200
    return json.loads(answer.getvalue())


def everything(client: Client) -> dict[tuple[str, str], dict[str, Any]]:
    """All that is public of each protocol and organisation, by its noun and its key."""
    found = {}
    for noun, key, path in (
        ("protocols", "reference", "/protocols.json?status=all&sort=reference"),
        ("organisations", "slug", "/organisations.json"),
    ):
        page = read(client, path)
        assert page["next"] is None
        for thing in page["results"]:
            is_group = thing.get("kind") == "group"
            more = read(client, f"/organisations/{thing['slug']}.json") if is_group else {}
            found[noun, thing[key]] = thing | more
    return found


def modified_since(client: Client, at: datetime.datetime) -> set[tuple[str, str]]:
    since = at.isoformat().replace("+00:00", "Z")
    return {
        (noun, thing[key])
        for noun, key, also in (
            ("protocols", "reference", "status=all&"),
            ("organisations", "slug", ""),
        )
        for thing in read(client, f"/{noun}.json?{also}modified_since={since}")["results"]
    }


def edit(random: Random, at: datetime.datetime) -> str:
    """Do something to the register, and say what. Raises ValidationError where it cannot be."""

    def one(things: Any) -> Any:
        return random.choice(list(things.order_by("pk")))

    def saved(subject: Any, thing: Any = None, **values: Any) -> None:
        thing = thing or subject
        with changes.record_change(subject, at=at):
            for name, value in values.items():
                setattr(thing, name, value)
            changes.save(thing)

    def removed(subject: Any, thing: Any) -> None:
        with changes.record_change(subject, at=at):
            changes.remove(thing)

    protocol, body, other = one(Protocol.objects), one(Organisation.objects), None
    other = one(Organisation.objects.exclude(pk=body.pk))
    group = one(Organisation.objects.filter(kind="group"))
    broader = one(Protocol.public.exclude(pk=protocol.pk))
    succession = one(Succession.objects)
    member = one(Membership.objects)
    party = one(Party.objects)
    overarching = Overarching.objects.first()
    taken_on = random.choice([*TakenOn.objects.order_by("pk"), None])
    theme = one(Theme.objects)
    word = f"{random.choice('abcdefgh')}{at:%d%H%M}"
    day = random.choice((None, DAY - datetime.timedelta(9), DAY + datetime.timedelta(9)))
    some = {
        "title": lambda: saved(protocol, title=word),
        "purpose": lambda: saved(protocol, purpose=word),
        "theme": lambda: saved(protocol, theme=theme),
        "withdrawn": lambda: saved(protocol, **withdrawn()),
        "in force": lambda: saved(protocol, status="published", withdrawn_on=None),
        "replaced": lambda: saved(protocol, replaced_by=broader),
        "overarching": lambda: saved(protocol, Overarching(protocol=protocol, overarching=broader)),
        "no overarching": lambda: removed(overarching.protocol, overarching),
        "party": lambda: saved(
            protocol, Party(protocol=protocol, organisation=body, role="partner", position=40)
        ),
        "no party": lambda: removed(party.protocol, party),
        "another party": lambda: saved(party.protocol, party, organisation=body),
        "signed": lambda: saved(party.protocol, party, signed_on=DAY),
        "taken on": lambda: changes.record_taken_on(
            succession.organisation,
            [
                each.pk
                for each in Protocol.public.filter(parties__organisation=succession.organisation)
            ],
            [succession.successor],
            at=at,
        ),
        "not taken on": lambda: removed(taken_on.protocol, taken_on),
        "renamed": lambda: saved(body, name=word),
        "name": lambda: saved(body, Name(organisation=body, text=word, kind="alias")),
        "note": lambda: saved(body, note=word),
        "kind": lambda: saved(body, kind="group"),
        "succession": lambda: saved(
            body, Succession(organisation=body, successor=other, happened_on=day)
        ),
        "day of it": lambda: saved(succession.organisation, succession, happened_on=day),
        "no succession": lambda: removed(succession.organisation, succession),
        "member": lambda: saved(group, Membership(group=group, member=body, from_day=day)),
        "end of it": lambda: saved(member.group, member, to_day=day),
        "no member": lambda: removed(member.group, member),
        "theme renamed": lambda: saved(theme, name=word),
        "merged": lambda: changes.merge(body, other, at=at),
        "reviewed": lambda: changes.record_review(
            Review(
                protocol=protocol,
                reviewed_on=DAY,
                outcome="replaced",
                replaced_by=broader,
                job_title="Caldicott Guardian",
                note=word,
            ),
            at=at,
        ),
    }
    if overarching is None:
        del some["no overarching"]
    if taken_on is None:
        del some["not taken on"]
    what = random.choice(list(some))
    some[what]()
    return what


@pytest.mark.has_long_form
@pytest.mark.parametrize("seed", range(times(1, long=25)))
def test_what_differs_is_among_what_was_modified(client: Client, seed):
    random, done = Random(seed), Counter[str]()
    make_rich_register(seed, number=24)
    make_random_links(seed)
    before = everything(client)
    for step in range(times(30, long=80)):
        at = START + datetime.timedelta(hours=step)
        try:
            what = edit(random, at)
        except ValidationError:
            continue
        done[what] += 1
        after = everything(client)
        modified = modified_since(client, at)
        for key, thing in after.items():
            was = before.get(key, {}) | {"modified": None}
            if thing | {"modified": None} != was:
                names = [name for name in thing if thing[name] != was.get(name)]
                assert key in modified, (what, key, names)
            is_new = thing["modified"] == at.isoformat().replace("+00:00", "Z")
            assert (key in modified) == is_new, (what, key)
        before = after
    assert len(done) > 10


@pytest.fixture
def register() -> dict[str, Any]:
    """A council in two protocols and in a group, which is in two others."""
    made: dict[str, Any] = {
        "council": OrganisationFactory(name="Council"),
        "group": OrganisationFactory(name="Group", kind="group"),
        "police": OrganisationFactory(name="Police"),
    }
    Membership.objects.create(group=made["group"], member=made["council"])
    made["theme"] = ThemeFactory()
    for number, name in enumerate(("council", "council", "group", "group")):
        theme = {"theme": made["theme"]} if number in {1, 2} else {}
        made[f"p{number}"] = ProtocolFactory(reference=f"70{number}0", **theme)
        PartyFactory(protocol=made[f"p{number}"], organisation=made[name])
    return made


# What is changed, and what is modified then beside that itself.
OTHERS = {
    "a purpose": ("p0", {"purpose": "Another"}, set()),
    "a title": ("p0", {"title": "Another"}, set()),
    "in force no more": ("p0", withdrawn(), {"council"}),
    "in force no more, of a group": ("p2", withdrawn(), {"group", "council"}),
    "a name": ("council", {"name": "Borough"}, {"p0", "p1", "group"}),
    "the name of a group": ("group", {"name": "All"}, {"p2", "p3", "council"}),
    "the name of a theme": ("theme", {"name": "Schools"}, {"p1", "p2"}),
    "the address of a theme": ("theme", {"slug": "schools"}, {"p1", "p2"}),
    "the text of a theme": ("theme", {"description": "Schools"}, set()),
    "a note": ("council", {"note": "Another"}, set()),
}


@pytest.mark.both_databases
@pytest.mark.parametrize(("subject", "values", "others"), OTHERS.values(), ids=OTHERS)
def test_no_more_is_modified_than_differs(client: Client, register, subject, values, others):
    thing = register[subject]
    with changes.record_change(thing, at=START):
        for name, value in values.items():
            setattr(thing, name, value)
        changes.save(thing)
    expected = {
        ("protocols", register[name].pk)
        if name.startswith("p") and name != "police"
        else ("organisations", register[name].slug)
        for name in {subject, *others} - {"theme"}
    }
    assert modified_since(client, START) == expected
    assert modified_since(client, START + datetime.timedelta(seconds=1)) == set()
