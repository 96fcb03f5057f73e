"""Members of groups: many at once, put back from history, and what moves with each."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from contextlib import nullcontext, suppress

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registers import changes
from registers.changes import bulk_writes, locking
from registers.changes.transaction import dry_run, update_search_and_version
from registers.history.snapshot import snapshot_of
from registers.models import (
    Membership,
    Name,
    Organisation,
    Party,
    Protocol,
    RegisterVersion,
    Succession,
    TakenOn,
)
from registers.search.search_writer import rebuild_search
from tests.editing import days_on
from tests.makers import OrganisationFactory
from tests.merging import merged, named, undone
from tests.models.making import NOW, make_cast, saved, shared_by_a_module

pytestmark = pytest.mark.django_db
DAY = datetime.date(2026, 11, 22)


@pytest.fixture(scope="module", autouse=True)
def cast(django_db_setup, django_db_blocker) -> Iterator[None]:
    with shared_by_a_module(django_db_blocker):
        make_cast()
        for name in ("Schools", "Other Schools"):
            saved(Organisation(name=name, kind="group"))
        birch = named("Birch Trust")
        saved(birch, Succession(organisation=birch, successor=named("Ashdown Council")))
        yield


def member(name: str, group: str = "Schools", **fields: object) -> Membership:
    return Membership(group=named(group), member=named(name), **fields)


def write(group: str = "Schools", at: datetime.datetime = NOW, **rows: list[Membership]) -> None:
    with changes.record_change(named(group), at=at):
        changes.write_members(named(group), **rows)


def names(group: str = "Schools") -> list[tuple[str, datetime.date | None, datetime.date | None]]:
    rows = named(group).members.all()
    return [(row.member.name, row.from_day, row.to_day) for row in rows]


@pytest.mark.both_databases
def test_many_are_added_altered_and_removed_as_one_change():
    write(add=[member("Birch Trust"), member("Cedar Charity", from_day=DAY)])
    birch, cedar = named("Schools").members.all()
    cedar.to_day = DAY
    write(add=[member("Ashdown Council")], alter=[cedar], remove=[birch], at=days_on(1))
    assert names() == [("Ashdown Council", None, None), ("Cedar Charity", DAY, DAY)]
    change = named("Schools").changes.first()
    assert change.what == (
        "Members added: Ashdown Council, and changed: Cedar Charity from 22 November 2026, now"
        " Cedar Charity from 22 November 2026 to 22 November 2026, and taken out: Birch Trust."
    )
    assert [row["member"]["says"] for row in change.snapshot["parts"]["members"]] == [
        "Ashdown Council",
        "Cedar Charity",
    ]


REFUSED = {
    "one body as the group": (
        "Birch Trust",
        lambda: [member("Cedar Charity", "Birch Trust")],
        "Birch Trust is one body, so it has no members. Make it a group first.",
    ),
    "a group in itself": (
        "Schools",
        lambda: [member("Schools")],
        "A group cannot be a member of itself.",
    ),
    "an end before the beginning": (
        "Schools",
        lambda: [member("Birch Trust", from_day=DAY, to_day=DAY - datetime.timedelta(1))],
        "Birch Trust: the last day must not be before the first day.",
    ),
    "one twice": (
        "Schools",
        lambda: [member("Birch Trust"), member("Birch Trust", to_day=DAY)],
        "Birch Trust is a member from this day already.",
    ),
    "one that is there": (
        "Other Schools",
        lambda: [member("Cedar Charity", "Other Schools")],
        "Cedar Charity is a member from this day already.",
    ),
    "one that is there on some of the days": (
        "Other Schools",
        lambda: [member("Cedar Charity", "Other Schools", from_day=DAY)],
        "Cedar Charity is a member on some of these days already.",
    ),
    "a ring": (
        "Schools",
        lambda: [member("Other Schools")],
        "These groups would contain each other in a ring: Schools contains Other Schools contains"
        " Schools.",
    ),
    "a source that is too long": (
        "Schools",
        lambda: [member("Birch Trust", source="x" * 256)],
        "Birch Trust as a member of Schools: Ensure this value has at most 255 characters"
        " (it has 256).",
    ),
}


@pytest.mark.parametrize(("group", "rows", "sentence"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("how", [nullcontext, dry_run], ids=["done", "a preview"])
def test_what_cannot_be_is_refused_and_nothing_is_kept(group, rows, sentence, how):
    write("Other Schools", add=[member("Schools", "Other Schools")])
    write("Other Schools", add=[member("Cedar Charity", "Other Schools")])
    before = list(Membership.objects.values())
    with pytest.raises(ValidationError) as refusal, how():
        write(group, add=rows())
    assert refusal.value.messages == [sentence]
    assert list(Membership.objects.values()) == before


def unchecked(row: Membership | Succession) -> None:
    """Save a link as if it had been checked before the other half of its ring was saved."""
    with update_search_and_version() as touched:
        type(row).objects.bulk_create([row])
        touched.add(row)


@pytest.mark.both_databases
def test_two_halves_of_a_ring_that_are_saved_at_one_time():
    """Both editors' checks saw no ring; the last look, when the version has moved, does."""
    write("Other Schools", add=[member("Schools", "Other Schools")])
    with pytest.raises(ValidationError, match="contain each other in a ring"):
        unchecked(member("Other Schools"))
    back = Succession(organisation=named("Ashdown Council"), successor=named("Birch Trust"))
    with pytest.raises(ValidationError, match="take each other’s place in a ring"):
        unchecked(back)
    assert names("Schools") == []
    assert not named("Ashdown Council").successions.exists()


@pytest.mark.both_databases
def test_a_group_with_members_stays_a_group():
    group = named("Schools")
    write(add=[member("Birch Trust")])
    group.kind = "body"
    with pytest.raises(ValidationError) as refusal:
        saved(group)
    assert refusal.value.message_dict.keys() == {"kind"}
    write(remove=list(named("Schools").members.all()))
    assert saved(group).kind == "body"


def made(number: int) -> list[Organisation]:
    organisations = Organisation.objects.bulk_create(
        OrganisationFactory.build(name=f"School {each:04}", slug=f"school-{each:04}")
        for each in range(number)
    )
    Name.objects.bulk_create(
        Name(organisation=each, text=each.name, key=each.name.lower(), kind="official")
        for each in organisations
    )
    return organisations


def test_many_take_no_more_queries_than_a_few(monkeypatch):
    monkeypatch.setattr(bulk_writes, "BATCH", 50)
    monkeypatch.setattr(locking, "BATCH", 50)
    group, schools = named("Schools"), made(150)
    first = snapshot_of(group)
    with CaptureQueriesContext(
        connection,
    ) as adding:
        write(add=[Membership(group=group, member=each) for each in schools])
    assert group.members.count() == 150
    change = group.changes.first()
    assert change.what.endswith("; 50 more.")
    assert len(change.snapshot["parts"]["members"]) == 150
    with CaptureQueriesContext(connection) as restoring:
        assert changes.restore(group, first, at=days_on(1))
    assert not group.members.exists()
    assert changes.restore(group, change.snapshot, at=days_on(2))
    assert group.members.count() == 150
    # Some for each 50 rows.
    assert len(adding) < 45
    assert len(restoring) < 60


@pytest.mark.both_databases
class TestPutBack:
    def test_a_body_that_became_a_group_with_members(self):
        cedar = named("Cedar Charity")
        first = snapshot_of(cedar)
        cedar.kind, cedar.group_rule = "group", "All of them."
        saved(cedar, Membership(group=cedar, member=named("Birch Trust")), at=days_on(1))
        with_members = snapshot_of(cedar)
        assert changes.restore(cedar, first, at=days_on(2))
        cedar = named("Cedar Charity")
        assert (cedar.kind, cedar.group_rule, cedar.members.count()) == ("body", "", 0)
        assert changes.restore(cedar, with_members, at=days_on(3))
        assert names("Cedar Charity") == [("Birch Trust", None, None)]

    def test_a_member_that_was_merged_since(self):
        write(add=[member("Birch Trust"), member("Cedar Charity", to_day=DAY)])
        group = named("Schools")
        record = snapshot_of(group)
        write(remove=list(group.members.all()), at=days_on(1))
        merged("Cedar Charity", "Birch Trust")
        assert changes.restore(group, record, at=days_on(2))
        # Two that were merged since are one: what was said of the first stands.
        assert names() == [("Cedar Charity", None, None)]

    def test_a_member_that_is_gone(self):
        write(add=[member("Cedar Charity")])
        group = named("Schools")
        record = snapshot_of(group)
        write(remove=list(group.members.all()), at=days_on(1))
        changes.remove(named("Cedar Charity"))
        with pytest.raises(ValidationError) as refusal:
            changes.restore(group, record, at=days_on(2))
        assert refusal.value.messages == ["Cedar Charity is not in this register any more."]

    def test_an_older_state_that_knows_no_members_leaves_them(self):
        group = named("Schools")
        record = snapshot_of(group)
        del record["parts"]["members"], record["fields"]["group_rule"]
        write(add=[member("Cedar Charity")], at=days_on(1))
        assert not changes.restore(group, record, at=days_on(2))
        assert names() == [("Cedar Charity", None, None)]


def taken_on() -> TakenOn:
    return TakenOn(
        protocol_id="9001", predecessor=named("Birch Trust"), successor=named("Ashdown Council")
    )


def again(thing, **fields) -> Callable[[], None]:
    """Return what saves a stored thing with other values."""

    def save() -> None:
        stored = thing()
        for name, value in fields.items():
            setattr(stored, name, value)
        saved(stored)

    return save


def split() -> None:
    birches = saved(named("Birch Trust"), Name(organisation=named("Birch Trust"), text="Birches"))
    changes.split(birches.names.get(text="Birches"), at=NOW)


def a_draft_removed() -> None:
    changes.remove(Protocol.objects.get(pk="9004"))


MOVE_LINKS = {
    "a succession": lambda: saved(
        named("Cedar Charity"),
        Succession(organisation=named("Cedar Charity"), successor=named("Birch Trust")),
    ),
    "a succession's day": lambda: saved(
        named("Birch Trust"), _with(named("Birch Trust").successions.get(), happened_on=DAY)
    ),
    "a succession removed": lambda: changes.remove(named("Birch Trust").successions.get()),
    "a member": lambda: write(add=[member("Birch Trust")]),
    "a member by itself": lambda: saved(named("Schools"), member("Birch Trust")),
    "taken on": lambda: saved(Protocol.objects.get(pk="9001"), taken_on()),
    "a new organisation": lambda: saved(Organisation(name="New")),
    "another kind": again(lambda: named("Birch Trust"), kind="group"),
    "an organisation removed": lambda: changes.remove(named("Cedar Charity")),
    "a draft removed": a_draft_removed,
    "a merge": lambda: merged("Cedar Charity", "Birch Trust"),
    "a name split off": split,
    "a state put back": lambda: (
        write(add=[member("Birch Trust")]),
        changes.restore(named("Schools"), named("Schools").changes.last().snapshot, at=days_on(1)),
    ),
    "search made anew": rebuild_search,
}
LEAVE_LINKS = {
    "a new name": again(lambda: named("Birch Trust"), name="Oak Trust"),
    "a note": again(lambda: named("Schools"), note="Schools."),
    "a title": again(lambda: Protocol.objects.get(pk="9001"), title="Another"),
    "a party": lambda: saved(
        Protocol.objects.get(pk="9002"),
        Party(protocol_id="9002", organisation=named("Birch Trust")),
    ),
}


def _with(thing, **fields):
    for name, value in fields.items():
        setattr(thing, name, value)
    return thing


@pytest.mark.both_databases
@pytest.mark.parametrize("change", MOVE_LINKS.values(), ids=MOVE_LINKS)
def test_a_change_of_links_moves_their_version(change):
    change()
    version = RegisterVersion.now()
    assert version.links == version.number


@pytest.mark.parametrize("change", LEAVE_LINKS.values(), ids=LEAVE_LINKS)
def test_another_change_leaves_the_version_of_the_links(change):
    before = RegisterVersion.now()
    change()
    version = RegisterVersion.now()
    assert (version.number, version.links) == (before.number + 1, before.links)


def test_undoing_a_merge_moves_it_too():
    undone(merged("Cedar Charity", "Birch Trust"))
    version = RegisterVersion.now()
    assert version.links == version.number


def test_one_that_is_refused_moves_nothing():
    before = RegisterVersion.now()
    with suppress(ValidationError):
        write(add=[member("Schools")])
    assert str(RegisterVersion.now()) == str(before)


def test_what_was_taken_on_counts_while_its_succession_stands():
    saved(Protocol.objects.get(pk="9001"), taken_on())
    assert TakenOn.objects.in_force().count() == 1
    birch = named("Birch Trust")
    record = snapshot_of(birch)
    with changes.record_change(birch, at=days_on(1)):
        changes.remove(birch.successions.get())
    assert TakenOn.objects.in_force().count() == 0
    assert changes.restore(birch, record, at=days_on(2))
    assert TakenOn.objects.in_force().count() == 1


def test_an_organisation_with_several_successors_was_split():
    cedar = named("Cedar Charity")
    saved(cedar, Succession(organisation=cedar, successor=named("Birch Trust")))
    assert cedar.changes.first().what == "Successors recorded: Birch Trust."
    saved(cedar, Succession(organisation=cedar, successor=named("Ashdown Council")))
    assert cedar.changes.first().what == "Successors added: Ashdown Council."


def test_members_that_are_put_keep_their_rows_and_take_new_days():
    write(add=[member("Birch Trust"), member("Cedar Charity")])
    before = named("Schools").members.get(member=named("Birch Trust"))
    with changes.record_change(named("Schools"), at=days_on(1)):
        changes.put_members(named("Schools"), [member("Birch Trust", to_day=DAY)])
    assert names() == [("Birch Trust", None, DAY)]
    assert named("Schools").members.get().pk == before.pk


@pytest.mark.parametrize(
    ("reference", "successor"), [("9001", "Cedar Charity"), ("a draft", "Ashdown Council")]
)
def test_what_nobody_can_take_on_is_refused(reference, successor):
    if reference == "a draft":
        theme = Protocol.objects.get(pk="9001").theme
        reference = Protocol.objects.create(reference="9077", title="A draft", theme=theme).pk
    with pytest.raises(ValidationError):
        changes.record_taken_on(named("Birch Trust"), [reference], [named(successor)], at=NOW)
    assert not TakenOn.objects.exists()


def test_a_link_of_nobody_has_nothing_to_check():
    for each in (Membership(), TakenOn()):
        each.clean()
