"""Two organisations become one: all that belonged to the one that goes, and how it comes back."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from registers import changes
from registers.changes import bulk_writes, locking
from registers.changes.merge_plan import relations
from registers.history.snapshot import snapshot_of, snapshots_of
from registers.models import (
    Apart,
    Approver,
    Change,
    Contact,
    Membership,
    Merge,
    Organisation,
    Party,
    Protocol,
    Reminded,
    Reminder,
    Slug,
    Succession,
    TakenOn,
)
from tests import makers
from tests.merging import NOON, dump, merged, named, undone
from tests.models.making import a_name, a_party, make_cast, saved, shared_by_a_module

pytestmark = pytest.mark.django_db
DAY = datetime.date(2026, 11, 2)


@pytest.fixture(scope="module", autouse=True)
def cast(django_db_setup, django_db_blocker) -> Iterator[None]:
    with shared_by_a_module(django_db_blocker):
        make_cast()
        saved(a_name("Birch Trust", "BT", "acronym"))
        yield


def parts(reference: str) -> list[tuple[str, str, str, str]]:
    rows = Party.objects.filter(protocol=reference).order_by("pk")
    return [(p.organisation.name, p.role, p.name_as_published, p.note) for p in rows]


def reminded(organisation: str, reference: str, day: datetime.date = DAY, **how: str) -> Reminded:
    reminder, _ = Reminder.objects.get_or_create(
        organisation=named(organisation),
        day=day,
        defaults={"email": "ig@example.org", "status": "sent", "begun_at": NOON} | how,
    )
    return Reminded.objects.create(
        reminder=reminder, protocol_id=reference, review_date=datetime.date(2026, 11, 1)
    )


@pytest.mark.both_databases
class TestWhatMoves:
    def test_parties_keep_what_was_published(self):
        saved(
            Protocol.objects.get(pk="9002"), a_party("9002", "BT", name_as_published="The Birches")
        )
        merged("Cedar Charity", "Birch Trust")
        assert ("Cedar Charity", "partner", "Birch Trust", "") in parts("9001")
        assert parts("9002") == [("Cedar Charity", "partner", "The Birches", "")]

    def test_two_in_one_role_are_one_row_that_loses_nothing(self):
        cedar = a_party("9001", "Cedar Charity", note="Temps", signed_on=DAY)
        saved(Protocol.objects.get(pk="9001"), cedar)
        birch = Party.objects.get(organisation=named("Birch Trust"))
        birch.note, birch.signed_on = "Volunteers", datetime.date(2025, 3, 1)
        saved(Protocol.objects.get(pk="9001"), birch)
        merged("Cedar Charity", "Birch Trust")
        (_, kept) = parts("9001")
        assert kept == (
            "Cedar Charity",
            "partner",
            "Cedar Charity; Birch Trust",
            "Temps; Volunteers; Birch Trust signed 1 March 2025",
        )
        assert Party.objects.get(organisation=named("BT")).signed_on == DAY

    def test_the_day_of_the_other_is_taken_where_there_is_none(self):
        saved(Protocol.objects.get(pk="9001"), a_party("9001", "Cedar Charity", signed_on=DAY))
        merged("Birch Trust", "Cedar Charity")
        assert Party.objects.get(organisation=named("BT")).signed_on == DAY

    def test_what_is_too_long_to_stand_beside_is_told_and_kept_by_the_change(self):
        long = "Birch " * 41 + "Trust"
        birch = Party.objects.get(organisation=named("Birch Trust"))
        birch.name_as_published = long
        saved(Protocol.objects.get(pk="9001"), birch, a_party("9001", "Cedar Charity"))
        plan = changes.plan_merge(named("Cedar Charity"), named("Birch Trust"))
        assert "In 9001 the published names of both are too long" in plan.warnings[0]
        merged("Cedar Charity", "Birch Trust")
        assert parts("9001")[1][2] == "Cedar Charity"
        assert long in Protocol.objects.get(pk="9001").changes.first().what

    def test_a_lead_that_is_a_partner_too_is_both(self):
        merged("Ashdown Council", "Birch Trust")
        assert parts("9001") == [
            ("Ashdown Council", "lead", "Ashdown Council", ""),
            ("Ashdown Council", "partner", "Birch Trust", ""),
        ]

    def test_names_and_addresses(self):
        merged("Cedar Charity", "Birch Trust", kind_of_name="former")
        cedar = named("bt")
        assert dict(cedar.names.values_list("text", "kind")) == {
            "Cedar Charity": "official",
            "Birch Trust": "former",
            "BT": "acronym",
        }
        assert {slug.text for slug in cedar.slugs.all()} == {"cedar-charity", "birch-trust", "bt"}

    def test_how_a_name_is_also_written(self):
        name = named("Birch Trust").names.get(kind="official")
        name.also_written = "BIRCH TRUST"
        saved(name.organisation, name)
        merged("Cedar Charity", "Birch Trust")
        assert named("BT").names.get(text="Birch Trust").also_written == "BIRCH TRUST"

    def test_equal_job_titles_stand_once(self):
        for name, title in (
            ("BT", "SIRO"),
            ("BT", "Caldicott Guardian"),
            ("Cedar Charity", "Siro"),
        ):
            saved(named(name), Approver(organisation=named(name), job_title=title))
        merged("Cedar Charity", "Birch Trust")
        titles = named("BT").approvers.values_list("job_title", flat=True)
        assert sorted(titles) == ["Caldicott Guardian", "Siro"]

    def test_a_contact_only_where_there_is_none(self):
        Contact.objects.create(organisation=named("BT"), email="birch@example.org")
        merge = merged("Cedar Charity", "Birch Trust")
        assert named("BT").contact.email == "birch@example.org"
        undone(merge)
        Contact.objects.create(organisation=named("Cedar Charity"), email="cedar@example.org")
        merged("Cedar Charity", "Birch Trust")
        assert named("BT").contact.email == "cedar@example.org"

    def test_notes_stand_below_one_another(self):
        Organisation.objects.filter(pk=named("BT").pk).update(note="Of trees.", admin_note="Odd.")
        Organisation.objects.filter(pk=named("Cedar Charity").pk).update(note="Of wood.")
        merged("Cedar Charity", "Birch Trust")
        assert (named("BT").note, named("BT").admin_note) == ("Of wood.\n\nOf trees.", "Odd.")

    def test_what_was_known_to_be_different(self):
        birch, cedar, ashdown = (named(n) for n in ("BT", "Cedar Charity", "Ashdown Council"))
        elm = saved(Organisation(name="Elm Trust"))
        for pair in ((birch, cedar), (ashdown, birch), (birch, elm), (cedar, elm)):
            changes.mark_not_duplicate(*pair)
        before = dump()
        assert changes.plan_merge(cedar, birch).warnings == [
            "An editor has said that these two are different."
        ]
        merge = merged("Cedar Charity", "Birch Trust")
        pairs = {frozenset((a.one, a.other)) for a in Apart.objects.all()}
        assert pairs == {frozenset((ashdown, cedar)), frozenset((cedar, elm))}
        undone(merge)
        assert dump() == before

    def test_its_own_changes(self):
        saved(named("BT"), Approver(organisation=named("BT"), job_title="SIRO"))
        merged("Cedar Charity", "Birch Trust")
        said = [change.what for change in named("BT").changes.all()]
        assert "Approvers recorded: SIRO." in said


@pytest.mark.both_databases
class TestSuccessions:
    def became(self, one: str, other: str, **fields: object) -> None:
        row = Succession(organisation=named(one), successor=named(other), **fields)
        saved(named(one), row)

    def pairs(self) -> set[tuple[str, str]]:
        rows = Succession.objects.select_related("organisation", "successor")
        return {(row.organisation.name, row.successor.name) for row in rows}

    def test_both_directions(self):
        start = self.pairs()
        self.became("Birch Trust", "Ashdown Council")
        saved(Organisation(name="Elm Trust"))
        self.became("Elm Trust", "Birch Trust")
        before = dump()
        merge = merged("Cedar Charity", "Birch Trust")
        assert self.pairs() - start == {
            ("Cedar Charity", "Ashdown Council"),
            ("Elm Trust", "Cedar Charity"),
        }
        undone(merge)
        assert dump() == before

    def test_none_to_itself_and_the_officer_is_told(self):
        self.became("Birch Trust", "Cedar Charity")
        plan = changes.plan_merge(named("Cedar Charity"), named("Birch Trust"))
        assert "Birch Trust became part of Cedar Charity" in plan.warnings[0]
        merge = merged("Cedar Charity", "Birch Trust")
        assert not named("BT").successions.exists()
        undone(merge)
        assert ("Birch Trust", "Cedar Charity") in self.pairs()

    def test_the_same_twice_is_said_once_with_all_that_was_known(self):
        self.became("Cedar Charity", "Ashdown Council")
        self.became("Birch Trust", "Ashdown Council", happened_on=DAY, source="An Order")
        before = dump()
        merge = merged("Cedar Charity", "Birch Trust")
        row = named("BT").successions.get()
        assert (row.happened_on, row.source) == (DAY, "An Order")
        undone(merge)
        assert dump() == before

    def test_a_ring_is_refused_and_named(self):
        self.became("Cedar Charity", "Ashdown Council")
        self.became("Ashdown Council", "Birch Trust")
        ring = "Cedar Charity became part of Ashdown Council became part of Cedar Charity"
        with pytest.raises(ValidationError, match=ring):
            merged("Cedar Charity", "Birch Trust")

    def test_who_became_part_of_it_is_recorded_too(self):
        saved(Organisation(name="Elm Trust"))
        self.became("Elm Trust", "Birch Trust")
        merged("Cedar Charity", "Birch Trust")
        last = named("Elm Trust").changes.first()
        assert "Successors changed from Birch Trust to Cedar Charity." in last.what
        assert "Birch Trust was merged with Cedar Charity" in last.why


def member(group: str, name: str, **fields: object) -> Membership:
    row = Membership(group=named(group), member=named(name), **fields)
    return saved(named(group), row) and row


def day(year: int | None, month: int) -> datetime.date | None:
    return datetime.date(year, month, 1) if year else None


def members() -> set[tuple[str, str]]:
    rows = Membership.objects.select_related("group", "member")
    return {(row.group.name, row.member.name) for row in rows}


@pytest.mark.both_databases
class TestMembers:
    @pytest.fixture(autouse=True)
    def groups(self) -> None:
        for name in ("Elm Schools", "Fir Schools"):
            saved(Organisation(name=name, kind="group", group_rule=f"All of {name}."))

    def test_its_groups_and_its_members(self):
        member("Elm Schools", "Birch Trust")
        member("Elm Schools", "Fir Schools")
        member("Fir Schools", "Ashdown Council")
        before = dump()
        one = merged("Cedar Charity", "Birch Trust")
        saved(Organisation(name="Yew Schools", kind="group"))
        other = merged("Yew Schools", "Fir Schools")
        assert members() == {
            ("Elm Schools", "Cedar Charity"),
            ("Elm Schools", "Yew Schools"),
            ("Yew Schools", "Ashdown Council"),
        }
        assert named("Yew Schools").group_rule == "All of Fir Schools."
        last = named("Elm Schools").changes.first()
        assert "Fir Schools" in last.what
        assert "Yew Schools" in last.what
        undone(other)
        undone(one)
        Organisation.objects.filter(name="Yew Schools").delete()
        assert dump() == before

    # Of the one that stays, of the one that goes, and of both as one: the first and last years.
    @pytest.mark.parametrize(
        ("stays", "goes", "both"),
        [
            ([(None, 2026)], [(None, None)], [(None, None)]),
            ([(2020, None)], [(2018, 2024)], [(2018, None)]),
            ([(2019, 2020), (2022, 2023)], [(2018, 2024)], [(2018, 2024)]),
            ([(2019, 2020)], [(2022, None)], [(2019, 2020), (2022, None)]),
            ([(2021, 2025)], [(2018, 2020), (2022, 2023)], [(2018, 2020), (2021, 2025)]),
        ],
        ids=str,
    )
    def test_what_both_were_members_of_has_each_day_once(self, stays, goes, both):
        for name, years in (("Cedar Charity", stays), ("Birch Trust", goes)):
            for first, last in years:
                days = {"from_day": day(first, 1), "to_day": day(last, 5)}
                member("Elm Schools", name, **days, source="A list" if years == goes else "")
        before = dump()
        merge = merged("Cedar Charity", "Birch Trust")
        rows = list(named("Elm Schools").members.order_by("pk"))
        found = [(r.from_day and r.from_day.year, r.to_day and r.to_day.year) for r in rows]
        assert sorted(found, key=str) == sorted(both, key=str)
        assert {row.member.name for row in rows} == {"Cedar Charity"}
        for row in rows:
            row.full_clean()
        undone(merge)
        assert dump() == before

    def test_none_in_itself_and_the_officer_reads_it(self):
        member("Elm Schools", "Fir Schools")
        plan = changes.plan_merge(named("Elm Schools"), named("Fir Schools"))
        assert "Fir Schools as a member of Elm Schools" in plan.warnings[0]
        merged("Elm Schools", "Fir Schools")
        assert members() == set()

    def test_a_ring_is_refused_and_named(self):
        saved(Organisation(name="Yew Schools", kind="group"))
        member("Elm Schools", "Fir Schools")
        member("Fir Schools", "Yew Schools")
        ring = "Elm Schools contains Fir Schools contains Elm Schools"
        with pytest.raises(ValidationError, match=ring):
            merged("Elm Schools", "Yew Schools")

    def test_a_group_with_members_does_not_become_one_body(self):
        member("Elm Schools", "Birch Trust")
        with pytest.raises(ValidationError, match="Cedar Charity is one body"):
            merged("Cedar Charity", "Elm Schools")

    def test_the_rule_of_an_empty_group_goes_with_a_warning(self):
        plan = changes.plan_merge(named("Cedar Charity"), named("Elm Schools"))
        assert "The rule of Elm Schools" in plan.warnings[-1]
        merge = merged("Cedar Charity", "Elm Schools")
        assert undone(merge).group_rule == "All of Elm Schools."


@pytest.mark.both_databases
class TestTakenOn:
    def taken_on(self, predecessor: str, successor: str) -> None:
        protocol = Protocol.objects.get(pk="9001")
        one, other = named(predecessor), named(successor)
        if not one.successions.filter(successor=other).exists():
            saved(one, Succession(organisation=one, successor=other))
        saved(protocol, TakenOn(protocol=protocol, predecessor=one, successor=other))

    def rows(self) -> set[tuple[str, str]]:
        rows = TakenOn.objects.in_force().select_related("predecessor", "successor")
        return {(row.predecessor.name, row.successor.name) for row in rows}

    def test_either_end(self):
        saved(Organisation(name="Elm Trust"))
        self.taken_on("Elm Trust", "Birch Trust")
        self.taken_on("Birch Trust", "Ashdown Council")
        before = dump()
        merge = merged("Cedar Charity", "Birch Trust")
        assert self.rows() == {
            ("Elm Trust", "Cedar Charity"),
            ("Cedar Charity", "Ashdown Council"),
        }
        last = Protocol.objects.get(pk="9001").changes.first()
        assert "Ashdown Council, in the place of Cedar Charity" in last.what
        undone(merge)
        assert dump() == before

    def test_the_same_twice_and_to_itself(self):
        self.taken_on("Birch Trust", "Ashdown Council")
        self.taken_on("Cedar Charity", "Ashdown Council")
        self.taken_on("Birch Trust", "Cedar Charity")
        before = dump()
        merge = merged("Cedar Charity", "Birch Trust")
        assert self.rows() == {("Cedar Charity", "Ashdown Council")}
        undone(merge)
        assert dump() == before


@pytest.mark.both_databases
class TestReminders:
    def test_of_two_on_one_day_one_holds_both_lines(self):
        reminded("Birch Trust", "9002", status="failed", problem="Full.")
        reminded("Birch Trust", "9002", day=DAY - datetime.timedelta(90))
        reminded("Cedar Charity", "9001")
        before = dump()
        merge = merged("Cedar Charity", "Birch Trust")
        first, last = named("BT").reminders.order_by("day")
        assert {line.protocol_id for line in last.lines.all()} == {"9001", "9002"}
        assert (last.status, last.problem) == ("failed", "Full.")
        assert first.lines.count() == 1
        undone(merge)
        assert dump() == before

    def test_one_protocol_in_both_of_a_day_cannot_be(self):
        reminded("Birch Trust", "9001")
        reminded("Cedar Charity", "9001")
        with pytest.raises(ValidationError, match="Both were reminded of 9001 on 2 November 2026"):
            merged("Cedar Charity", "Birch Trust")


@pytest.mark.both_databases
def test_nothing_points_at_what_is_gone_whatever_its_model():
    """A model that comes later, and points at organisations, moves too."""
    with changes.record_change(named("Birch Trust"), at=NOON):
        changes.save(Approver(organisation=named("Birch Trust"), job_title="SIRO"))
    key = merged("Cedar Charity", "Birch Trust").gone_key
    assert len(relations()) > 8
    for model, fields in relations().items():
        for field in fields:
            assert not model.objects.filter(**{field: key}).exists(), (model, field)


class TestWhatIsTold:
    def test_each_public_protocol_and_the_one_that_stays(self):
        saved(Protocol.objects.get(pk="9004"), a_party("9004", "BT"))
        newest = Change.objects.latest("pk").pk
        merge = merged("Cedar Charity", "Birch Trust", why="One charity.")
        told = Change.objects.filter(pk__gt=newest)
        assert {change.protocol_id for change in told.public()} == {None, "9001"}
        change = Protocol.objects.get(pk="9001").changes.first()
        assert change.what == (
            "Other organisations changed from Birch Trust to Cedar Charity, published as Birch"
            " Trust."
        )
        assert change.why == (
            "Birch Trust was merged with Cedar Charity: they are one organisation. One charity."
        )
        assert merge.change.what.splitlines() == [
            "Merged with Birch Trust: they are one organisation.",
            "Names added: BT (acronym); Birch Trust (also known as).",
        ]
        assert (merge.change.organisation, merge.change.why) == (named("BT"), "One charity.")

    def test_with_records_as_a_change_by_itself_keeps_them(self):
        merge = merged("Cedar Charity", "Birch Trust")
        protocol = Protocol.objects.get(pk="9001")
        assert protocol.changes.first().snapshot == snapshot_of(protocol)
        assert protocol.updated_on == NOON.date()
        assert merge.change.snapshot == snapshot_of(named("BT"))

    def test_a_first_state_that_was_not_recorded_is_kept(self):
        protocol = Protocol.objects.get(pk="9001")
        state = snapshot_of(protocol)
        Change.objects.filter(protocol=protocol).update(snapshot=None)
        merged("Cedar Charity", "Birch Trust")
        first = protocol.changes.last()
        assert first.snapshot == state

    def test_records_of_many_are_those_of_each(self):
        for model in (Protocol, Organisation):
            each = {thing.pk: snapshot_of(thing) for thing in model.objects.all()}
            assert snapshots_of(model, list(each)) == each
        assert snapshots_of(Protocol, []) == {}

    def test_the_one_that_goes_keeps_its_last_state(self, officer):
        saved(named("BT"), Approver(organisation=named("BT"), job_title="SIRO"))
        state = snapshot_of(named("Birch Trust"))
        merge = merged("Cedar Charity", "Birch Trust", by=officer)
        gone, last = Change.objects.about(Organisation, merge.gone_key)[:2]
        assert (gone.kind, gone.by, gone.public) == ("removed", officer, False)
        assert last.snapshot == state


BAD = {
    "into itself": ("Birch Trust", "BT", {}, "An organisation cannot be merged into itself."),
    "an unknown kind": ("BT", "Cedar Charity", {"kind_of_name": "x"}, "Select what the other"),
    "two official names": ("BT", "Cedar Charity", {"kind_of_name": "official"}, "Select what"),
    "not as was shown": (
        "BT",
        "Cedar Charity",
        {"expected_digest": "x"},
        "The register changed after",
    ),
}


@pytest.mark.parametrize(("stays", "goes", "how", "sentence"), BAD.values(), ids=BAD)
def test_what_cannot_be_merged(stays, goes, how, sentence):
    before, told = dump(), Change.objects.count()
    with pytest.raises(ValidationError, match=sentence):
        merged(stays, goes, **how)
    assert (dump(), Change.objects.count()) == (before, told)


def test_one_that_is_gone_cannot_be_merged_again():
    birch = named("Birch Trust")
    merged("Cedar Charity", "Birch Trust")
    with pytest.raises(ValidationError, match="may have merged it"):
        changes.merge(named("Ashdown Council"), birch, at=NOON)
    with pytest.raises(ValidationError, match="cannot be merged into itself"):
        changes.plan_merge(birch, birch)


@pytest.mark.both_databases
def test_the_database_refuses_a_merge_into_itself():
    change = Change.objects.first()
    with pytest.raises(IntegrityError), transaction.atomic():
        Merge.objects.create(stays_key=1, gone_key=1, gone_name="x", moved={}, change=change)


def test_a_body_and_a_group_are_warned_of():
    makers.OrganisationFactory(name="All Birches", kind="group")
    plan = changes.plan_merge(named("Birch Trust"), named("All Birches"))
    assert plan.warnings == [
        "All Birches is a group of bodies, and Birch Trust is one body. Are they the same?"
    ]


def test_as_many_protocols_as_need_more_than_one_batch(monkeypatch):
    monkeypatch.setattr(bulk_writes, "BATCH", 50)
    monkeypatch.setattr(locking, "BATCH", 50)
    birch = named("Birch Trust")
    makers.make_protocols(110, parties=[named("Ashdown Council"), birch])
    before = dump()
    merge = merged("Cedar Charity", "Birch Trust")
    assert merge.change.organisation.parties.count() == 111
    assert Change.objects.filter(why__startswith="Birch Trust was merged").count() == 111
    undone(merge)
    assert dump() == before
    assert Slug.objects.get(text="birch-trust").organisation == birch
