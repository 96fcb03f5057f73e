"""Who took protocols on after a split: what is undecided, and how it is decided and undone."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from registers import changes
from registers.models import Membership, Organisation, Protocol, Succession, TakenOn
from tests.admin.typing_in import Page, address, boxes, messages, send
from tests.cast import door_of, somebody
from tests.makers import make_protocols
from tests.merging import named
from tests.models.making import saved

pytestmark = [
    pytest.mark.usefixtures("real_register", "today"),
]
POLICE, KENT, MEDWAY = "Essex Police", "Kent County Council", "Medway Council"
PAST, TO_COME = datetime.date(2022, 7, 1), datetime.date(2028, 4, 1)


def became(name: str, successor: str, day: datetime.date | None = PAST) -> None:
    one = named(name)
    saved(one, Succession(organisation=one, successor=named(successor), happened_on=day))


def protocols_of(name: str) -> set[str]:
    return set(
        Protocol.objects.filter(parties__organisation=named(name), status="published").values_list(
            "pk", flat=True
        )
    )


def url(name: str = POLICE) -> str:
    return address("organisation", "taken_on", named(name).pk)


def undecided(door, name: str = POLICE) -> set[str]:
    return {protocol.pk for protocol, _ in door.get(url(name)).context["lines"]}


def decide(door, *references: str, by: tuple[str, ...] = (KENT,), **typed: Any) -> Any:
    typed = {"successors": [named(each).pk for each in by], "_record": "yes"} | typed
    return door.post(typed.pop("at", url()), {"references": references} | typed, follow=True)


def taken_on() -> set[tuple[str, str]]:
    rows = TakenOn.objects.values_list("protocol", "successor__name")
    return set(rows)


@pytest.fixture
def split() -> set[str]:
    """Essex Police was split into two; return the references of its protocols."""
    became(POLICE, KENT)
    became(POLICE, MEDWAY)
    theme = Protocol.objects.get(pk="0012").theme
    make_protocols(2, parties=[named(POLICE)], theme=theme)
    return protocols_of(POLICE)


@pytest.mark.both_databases
def test_some_are_decided_as_official_changes_and_undone(officers_door, officer, split):
    one, other, *_ = sorted(split)
    assert undecided(officers_door) == split
    page = decide(officers_door, one, other, by=(KENT, MEDWAY), why="By the Order.")
    assert "2 protocols are recorded as taken on by" in messages(page)
    assert undecided(officers_door) == split - {one, other}
    assert taken_on() == {(each, name) for each in (one, other) for name in (KENT, MEDWAY)}
    change = Protocol.objects.get(pk=one).changes.first()
    assert (change.why, change.by, change.public) == ("By the Order.", officer, True)
    assert "Kent County Council, in the place of Essex Police" in change.what
    decide(officers_door, one, at=url() + "?show=decided")
    assert taken_on() == {(one, KENT), (other, KENT), (other, MEDWAY)}


def test_a_successor_that_somebody_else_takes_back_is_refused(officers_door, split):
    waiting = [Succession.objects.filter(successor=named(KENT))]

    def take_back(execute: Any, sql: str, *rest: Any) -> Any:
        if sql.startswith("SAVEPOINT") and TakenOn.objects.count() == 0 and waiting:
            waiting.pop().delete()
        return execute(sql, *rest)

    with connection.execute_wrapper(take_back):
        page = decide(officers_door, min(split))
    assert waiting == []
    assert page.status_code == 200
    assert taken_on() == set()


def test_undoing_needs_its_own_button(officers_door, split):
    one = min(split)
    decide(officers_door, one)
    typed = {"references": [one], "_clear": "yes"}
    page = officers_door.post(url() + "?show=decided", typed, follow=True)
    assert "1 protocol is undecided again." in messages(page)
    assert undecided(officers_door) == split


def test_a_decision_is_undone_from_the_history_of_the_protocol(officers_door, split):
    one = min(split)
    protocol = Protocol.objects.get(pk=one)
    state = protocol.changes.first()
    decide(officers_door, one)
    # What was recorded before there were decisions leaves them.
    saved(protocol, at=datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC))
    record = state.snapshot | {"parts": state.snapshot["parts"] | {"taken_on": []}}
    type(state).objects.filter(pk=state.pk).update(snapshot=record)
    send(officers_door, address("protocol", "restore", one, state.pk))
    assert taken_on() == set()


def test_all_of_the_list_at_once_on_every_page(officers_door, split):
    theme = Protocol.objects.get(pk="0012").theme
    many = make_protocols(130, parties=[named(POLICE)], theme=theme)
    split |= {each.pk for each in many}
    held = boxes(officers_door, url())
    page = decide(officers_door, every="on", digest=held["digest"])
    assert f"{len(split)} protocols are recorded" in messages(page)
    assert {reference for reference, _ in taken_on()} == split
    assert undecided(officers_door) == set()


def test_all_of_a_list_that_is_another_one_now_is_refused(officers_door, split):
    held = boxes(officers_door, url())
    decide(officers_door, min(split))
    page = decide(officers_door, every="on", digest=held["digest"])
    assert "This list changed after you opened it." in page.content.decode()
    assert len(taken_on()) == 1


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"references": []}, "Select at least one protocol"),
        ({"references": ["0013"]}, "This list changed"),
        ({"successors": []}, "Select at least one successor"),
        ({"successors": ["0"]}, "Select successors of this organisation"),
    ],
)
def test_what_cannot_be_is_refused(officers_door, split, typed, words):
    typed = {
        "references": [min(split)],
        "successors": [named(KENT).pk],
        "_record": "yes",
    } | typed
    page = officers_door.post(url(), typed)
    assert words in page.content.decode()
    assert Page(page.content.decode()).inline == []
    assert taken_on() == set()


def test_a_body_that_is_not_split_has_no_such_page(officers_door):
    became(POLICE, KENT)
    page = officers_door.get(url(), follow=True)
    assert "fewer than two successors" in messages(page)
    assert page.redirect_chain[-1][0] == address("organisation", "change", named(POLICE).pk)


def test_the_form_leads_there_when_it_is_split(officers_door):
    form = address("organisation", "change", named(POLICE).pk)
    became(POLICE, KENT)
    assert url() not in officers_door.get(form).content.decode()
    became(POLICE, MEDWAY)
    assert url() in officers_door.get(form).content.decode()


def dashboard(door) -> int:
    (count,) = [
        each.count
        for each in door.get("/admin/").context["dashboard"]
        if each.address == address("organisation", "splits")
    ]
    return count


class TestWhatIsUndecided:
    @pytest.mark.both_databases
    def test_the_dashboard_counts_past_splits_alone(self, officers_door, split):
        assert dashboard(officers_door) == len(split)
        decide(officers_door, min(split))
        assert dashboard(officers_door) == len(split) - 1
        council = "Essex County Council"
        became(council, KENT, TO_COME)
        became(council, MEDWAY, TO_COME)
        assert dashboard(officers_door) == len(split) - 1
        page = officers_door.get(address("organisation", "splits"))
        assert [
            (line.organisation.name, line.is_past, line.split.count)
            for line in page.context["lines"]
        ] == [
            (POLICE, True, len(split) - 1),
            (council, False, len(protocols_of(council))),
        ]
        assert page.context["undecided"] == len(split) - 1

    def test_withdrawn_ones_need_no_decision(self, officers_door, split):
        protocol = Protocol.objects.get(pk=min(split))
        protocol.status, protocol.withdrawn_on = "withdrawn", datetime.date(2026, 11, 1)
        protocol.withdrawn_reason = "Over."
        saved(protocol)
        assert undecided(officers_door) == split - {protocol.pk}

    @pytest.mark.both_databases
    def test_what_bound_it_through_a_predecessor_and_a_group_until_then(self, officers_door):
        """Old became part of Police before the split, New only after; so with groups."""
        day = datetime.timedelta(1)
        names = ("Old", "New", "Its Group", "A Larger Group", "Left Before", "Joined After")
        bodies = {}
        for number, name in enumerate(names):
            kind = "group" if "Group" in name or " " in name else "body"
            bodies[name] = saved(Organisation(name=name, kind=kind))
            theme = Protocol.objects.get(pk="0012").theme
            make_protocols(1, parties=[bodies[name]], theme=theme, reference=f"90{number:02}")
        became("Old", POLICE, PAST - day)
        police = named(POLICE)
        for name, days in {
            "Its Group": {"to_day": PAST - day},
            "Left Before": {"to_day": PAST - 2 * day},
            "Joined After": {"from_day": PAST},
        }.items():
            saved(bodies[name], Membership(group=bodies[name], member=police, **days))
        larger = bodies["A Larger Group"]
        saved(larger, Membership(group=larger, member=bodies["Its Group"]))
        became(POLICE, KENT)
        became(POLICE, MEDWAY)
        became("New", POLICE, PAST + day)
        assert undecided(officers_door) - protocols_of(POLICE) == {"9000", "9002", "9003"}

    @pytest.mark.both_databases
    def test_groups_of_which_all_successors_are_members_need_no_decision(self, officers_door):
        """What binds Police through such a group only, not what names it or another group too."""
        theme = Protocol.objects.get(pk="0012").theme
        groups = {}
        for number, name in enumerate(("Of All", "Above", "Of One", "Of One Later")):
            groups[name] = saved(Organisation(name=name, kind="group"))
            make_protocols(1, parties=[groups[name]], theme=theme, reference=f"900{number}")
            if name != "Above":
                saved(groups[name], Membership(group=groups[name], member=named(POLICE)))
        saved(groups["Above"], Membership(group=groups["Above"], member=groups["Of All"]))
        make_protocols(1, parties=[named(POLICE), groups["Of All"]], theme=theme, reference="9004")
        for name, group, first in [
            (KENT, "Of All", PAST),
            (MEDWAY, "Of All", None),
            (KENT, "Of One", None),
            (KENT, "Of One Later", None),
            (MEDWAY, "Of One Later", TO_COME),
        ]:
            row = Membership(group=groups[group], member=named(name), from_day=first)
            saved(groups[group], row)
        became(POLICE, KENT)
        became(POLICE, MEDWAY)
        assert undecided(officers_door) == {*protocols_of(POLICE), "9002", "9003"}
        assert "9004" in protocols_of(POLICE)
        page = officers_door.get(address("organisation", "splits"))
        assert page.context["undecided"] == len(protocols_of(POLICE)) + 2
        assert {
            protocol.pk for protocol, _ in officers_door.get(url() + "?show=all").context["lines"]
        } == {*protocols_of(POLICE), "9002", "9003"}

    def test_a_group_that_all_successors_will_belong_to_when_they_begin(self, officers_door):
        theme = Protocol.objects.get(pk="0012").theme
        group = saved(Organisation(name="Of All", kind="group"))
        make_protocols(1, parties=[group], theme=theme, reference="9000")
        saved(group, Membership(group=group, member=named(POLICE)))
        for name in (KENT, MEDWAY):
            saved(group, Membership(group=group, member=named(name), from_day=TO_COME))
            became(POLICE, name, TO_COME)
        assert undecided(officers_door) == protocols_of(POLICE)

    @pytest.mark.parametrize(
        ("day", "words"), [(PAST, "Until then"), (TO_COME, "From that day on")]
    )
    def test_the_page_says_from_when_readers_find_them(self, officers_door, day, words):
        became(POLICE, KENT, day)
        became(POLICE, MEDWAY, day)
        page = officers_door.get(url()).content.decode()
        assert f"{words} readers find" in page

    def test_a_decision_about_what_needs_none_can_be_undone(self, officers_door):
        theme = Protocol.objects.get(pk="0012").theme
        group = saved(Organisation(name="Of All", kind="group"))
        make_protocols(1, parties=[group], theme=theme, reference="9000")
        saved(group, Membership(group=group, member=named(POLICE)))
        became(POLICE, KENT)
        became(POLICE, MEDWAY)
        decide(officers_door, "9000")
        for name in (KENT, MEDWAY):
            saved(group, Membership(group=group, member=named(name)))
        page = officers_door.get(url() + "?show=decided")
        assert [protocol.pk for protocol, _ in page.context["lines"]] == ["9000"]
        typed = {"references": ["9000"], "_clear": "yes"}
        officers_door.post(url() + "?show=decided", typed)
        assert taken_on() == set()
        assert undecided(officers_door) == protocols_of(POLICE)

    def test_what_another_took_on_before_it_was_split_is_not_its_to_pass_on(self, officers_door):
        """Old was split into Police and Kent, who took 9000 on, and then Police was."""
        theme = Protocol.objects.get(pk="0012").theme
        old = saved(Organisation(name="Old"))
        for reference in ("9000", "9001"):
            make_protocols(1, parties=[old], theme=theme, reference=reference)
        for name in (POLICE, KENT):
            became("Old", name, PAST - datetime.timedelta(1))
        decide(officers_door, "9000", at=url("Old"))
        became(POLICE, KENT)
        became(POLICE, MEDWAY)
        assert undecided(officers_door) == {*protocols_of(POLICE), "9001"}

    @pytest.mark.parametrize("day", [None, datetime.date.min, datetime.date.max])
    def test_a_day_that_is_not_known_or_far_away(self, officers_door, day):
        became(POLICE, KENT, day)
        became(POLICE, MEDWAY, day)
        assert undecided(officers_door) == protocols_of(POLICE)
        assert dashboard(officers_door) == (0 if day == datetime.date.max else 1)

    def test_one_whose_succession_was_removed_is_no_decision(self, officers_door, split):
        one = min(split)
        third = saved(Organisation(name="Third"))
        became(POLICE, third.name)
        decide(officers_door, one, by=("Third",))
        police = named(POLICE)
        with changes.record_change(police, at=datetime.datetime.now(datetime.UTC)):
            changes.remove(police.successions.get(successor=third))
        assert undecided(officers_door) == split
        decide(officers_door, one)
        assert taken_on() == {(one, KENT)}

    def test_the_dashboard_asks_no_query_for_it(self, officers_door, split):
        dashboard(officers_door)
        with CaptureQueriesContext(connection) as captured:
            dashboard(officers_door)
        # Contacts are counted by successors too.
        asked = " ".join(each["sql"] for each in captured if "registers_contact" not in each["sql"])
        assert "registers_succession" not in asked
        assert "registers_takenon" not in asked


DECIDES = ("view_takenon", "add_takenon", "delete_takenon", "change_protocol")


@pytest.mark.parametrize(
    ("rights", "statuses"),
    [
        ([], (403, 403, 403)),
        (["view_takenon"], (200, 200, 403)),
        (["view_takenon", "add_takenon", "delete_takenon"], (200, 200, 403)),
        ([*DECIDES], (200, 200, 403)),
        ([*DECIDES, "publish_protocol"], (200, 200, 200)),
    ],
)
def test_who_may_see_and_who_may_decide(split, rights, statuses):
    user = somebody("vic")
    permissions = Permission.objects.filter(codename__in=["view_organisation", *rights])
    user.user_permissions.set(permissions)
    door = door_of(user)
    assert statuses == (
        door.get(address("organisation", "splits")).status_code,
        door.get(url()).status_code,
        door.post(url(), {}).status_code,
    )
    user.user_permissions.remove(*Permission.objects.filter(codename="view_organisation"))
    assert door.get(url()).status_code == 403
    assert door.get(address("organisation", "splits")).status_code == 403
