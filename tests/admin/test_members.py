"""The members of a group in admin: the list, one by one, and pasted."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from registers import changes
from registers.history.snapshot import snapshot_of
from registers.imports.pasted_lists import MOST_LINES, plan_members
from registers.models import Change, Membership, Name, Organisation, Succession
from tests.admin.typing_in import Page, add_row, address, boxes, errors, messages, send
from tests.cast import door_of, somebody
from tests.merging import named
from tests.models.making import saved

pytestmark = pytest.mark.usefixtures("real_register", "today")
DAY = datetime.date(2026, 11, 22)
SCHOOLS = "All Essex Schools"


@pytest.fixture
def group(real_register) -> Organisation:
    group = named(SCHOOLS)
    assert group.kind == "group"
    return group


def url(page: str, *args: Any) -> str:
    return address("organisation", page, *args)


def member(group: Organisation, name: str, **fields: Any) -> Membership:
    row = Membership(group=group, member=named(name), **fields)
    saved(group, row)
    return row


def rows(group: Organisation) -> list[tuple[str, datetime.date | None, datetime.date | None]]:
    return [(row.member.name, row.from_day, row.to_day) for row in group.members.all()]


class TestList:
    @pytest.fixture(autouse=True)
    def members(self, group) -> None:
        member(group, "Essex Police")
        member(group, "Medway Council", to_day=DAY - datetime.timedelta(1))
        member(group, "Kent County Council", from_day=DAY + datetime.timedelta(1))
        member(group, "Thurrock Council", from_day=DAY, to_day=DAY)

    @pytest.mark.parametrize(
        ("query", "shown"),
        [
            ("", ["Essex Police", "Thurrock Council"]),
            ("?show=others", ["Kent County Council", "Medway Council"]),
            ("?show=nonsense", ["Essex Police", "Thurrock Council"]),
            (
                "?show=all",
                ["Essex Police", "Kent County Council", "Medway Council", "Thurrock Council"],
            ),
            ("?show=all&q=council+kent", ["Kent County Council"]),
            ("?q=nobody", []),
            ("?page=999", ["Essex Police", "Thurrock Council"]),
        ],
    )
    def test_who_is_shown(self, officers_door, group, query, shown):
        page = officers_door.get(url("members", group.pk) + query)
        assert [row.member.name for row in page.context["page"]] == shown
        assert [count for _, count in page.context["choices"]] == [2, 2, 4]
        assert Page(page.content.decode()).inline == []

    def test_the_selected_are_given_a_last_day(self, officers_door, group, officer):
        here = url("members", group.pk)
        chosen = [row.pk for row in group.members.filter(member__name__startswith="E")]
        typed = {"members": chosen, "to_day": "2026-11-30", "why": "It closed.", "_end": "yes"}
        page = officers_door.post(here, typed, follow=True)
        assert "1 member of All Essex Schools was given this last day." in messages(page)
        assert ("Essex Police", None, datetime.date(2026, 11, 30)) in rows(group)
        change = group.changes.first()
        assert (change.why, change.by, change.public) == ("It closed.", officer, True)
        officers_door.post(here, {"members": chosen, "to_day": "", "_end": "yes"})
        assert ("Essex Police", None, None) in rows(group)

    def test_the_selected_are_removed_and_put_back_from_the_history(self, officers_door, group):
        before = rows(group)
        state = group.changes.first()
        chosen = list(group.members.values_list("pk", flat=True)[:3])
        typed = {"members": chosen, "_remove": "yes"}
        page = officers_door.post(url("members", group.pk), typed, follow=True)
        assert "3 members of All Essex Schools were removed." in messages(page)
        assert len(rows(group)) == 1
        restoring = url("restore", group.pk, state.pk)
        page = officers_door.get(restoring)
        assert "Essex Police" in page.content.decode()
        send(officers_door, restoring)
        assert rows(group) == before

    @pytest.mark.parametrize(
        ("typed", "words"),
        [
            ({"_end": "yes"}, "Select at least one member"),
            ({"_end": "yes", "members": "999999"}, "no longer in this list"),
            ({"_end": "yes", "members": "nonsense"}, "is not a valid value"),
            ({"_end": "yes", "members": "one", "to_day": "soon"}, "This is not a day"),
            ({"_end": "yes", "members": "thurrock", "to_day": "2020-01-01"}, "the last day must"),
        ],
    )
    def test_what_cannot_be_is_refused_beside_the_form(self, officers_door, group, typed, words):
        keys = {
            "one": group.members.get(member__name="Essex Police").pk,
            "thurrock": group.members.get(member__name="Thurrock Council").pk,
        }
        before = rows(group)
        if chosen := typed.get("members"):
            typed = typed | {"members": keys.get(chosen, chosen)}
        page = officers_door.post(url("members", group.pk), typed)
        assert page.status_code == 200
        assert words in page.content.decode()
        assert rows(group) == before

    def test_one_that_somebody_else_removed(self, officers_door, group):
        chosen = list(group.members.values_list("pk", flat=True))
        with changes.record_change(group, at=datetime.datetime.now(datetime.UTC)):
            changes.remove(group.members.get(pk=chosen[0]))
        typed = {"members": chosen, "_remove": "yes"}
        page = officers_door.post(url("members", group.pk), typed)
        assert "no longer in this list" in page.content.decode()

    def test_a_page_of_many_takes_as_many_queries_as_of_few(self, officers_door, group):
        def queries() -> int:
            with CaptureQueriesContext(connection) as captured:
                assert officers_door.get(url("members", group.pk)).status_code == 200
            return len(captured)

        few = queries()
        members_of(group, 150)
        assert queries() == few


def members_of(group: Organisation, number: int) -> list[Organisation]:
    """Make so many schools, past every check, and let them be members."""
    schools = Organisation.objects.bulk_create(
        Organisation(name=f"School {each:04}", slug=f"school-{each:04}") for each in range(number)
    )
    Name.objects.bulk_create(
        Name(organisation=each, text=each.name, key=each.name.lower(), kind="official")
        for each in schools
    )
    Membership.objects.bulk_create(Membership(group=group, member=each) for each in schools)
    return schools


def test_the_form_of_a_group_of_many_holds_none_of_them(officers_door, group):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page = officers_door.get(url("change", group.pk))
        assert "School 0007" not in page.content.decode()
        assert url("members", group.pk) in page.content.decode()
        return len(captured)

    queries()  # a server knows its content types
    few = queries()
    members_of(group, 1500)
    assert queries() == few


class TestOneByOne:
    def test_one_is_added_and_changed(self, officers_door, group, officer):
        adding = url("member_add", group.pk)
        typed = {"member": named("Essex Police").pk, "from_day": "2026-09-01", "why": "New."}
        page = send(officers_door, adding, **typed, source="A list")
        assert "Essex Police as a member of All Essex Schools is saved." in messages(page)
        row = group.members.get()
        assert (row.member.name, row.from_day, row.source) == (
            "Essex Police",
            datetime.date(2026, 9, 1),
            "A list",
        )
        change = group.changes.first()
        assert (change.why, change.by) == ("New.", officer)
        assert "Members recorded: Essex Police from 1 September 2026" in change.what
        changing = url("member", group.pk, row.pk)
        assert boxes(officers_door, changing)["source"] == "A list"
        send(officers_door, changing, to_day="2026-12-31", from_day="")
        assert rows(group) == [("Essex Police", None, datetime.date(2026, 12, 31))]

    @pytest.mark.parametrize("name", ["ECC", "essex county council", "essex-county-council"])
    def test_one_is_added_by_any_of_its_names(self, officers_door, group, name):
        if name == "ECC":
            council = named("Essex County Council")
            if not council.names.filter(key="ecc").exists():
                saved(council, Name(organisation=council, text="ECC", kind="acronym"))
        send(officers_door, url("member_add", group.pk), member_name=name)
        assert [row.member.name for row in group.members.all()] == ["Essex County Council"]

    REFUSED = {
        "nobody": ({}, "member", "Select the organisation."),
        "an unknown name": ({"member_name": "Nobody"}, "member_name", "has the name ‘Nobody’"),
        "one that is gone": ({"member": "999999"}, "member", "no longer in the register"),
        "the group itself": ({"member_name": SCHOOLS}, None, "A group cannot be a member of"),
        "a ring": ({"member_name": "Larger"}, "member", "All Essex Schools contains Larger"),
        "one that is there": (
            {"member_name": "Essex Police"},
            None,
            "already, without a first day",
        ),
        "days in the wrong order": (
            {"member_name": "Medway", "from_day": "2026-09-01", "to_day": "2026-08-31"},
            None,
            "The last day must not be before the first day.",
        ),
        "no day": ({"member_name": "Medway", "to_day": "soon"}, "to_day", "This is not a day."),
    }

    @pytest.mark.parametrize(("typed", "field", "words"), REFUSED.values(), ids=REFUSED)
    def test_what_cannot_be_is_refused_beside_its_field(
        self, officers_door, group, typed, field, words
    ):
        member(group, "Essex Police")
        larger = saved(Organisation(name="Larger", kind="group"))
        member(larger, SCHOOLS)
        page = send(officers_door, url("member_add", group.pk), **typed)
        form = page.context["adminform"].form
        assert words in str(form.errors.get(field or "__all__"))
        assert [name for name, *_ in rows(group)] == ["Essex Police"]

    def test_of_two_editors_the_second_reads_of_the_first(self, officers_door, group):
        row = member(group, "Essex Police")
        changing = url("member", group.pk, row.pk)
        seen = boxes(officers_door, changing)
        send(officers_door, changing, source="The first")
        page = officers_door.post(changing, seen | {"source": "The second"}, follow=True)
        assert "somebody else changed this" in messages(page)
        assert group.members.get().source == "The first"
        assert boxes(officers_door, changing)["source"] == "The first"

    def test_one_of_another_group_is_not_found(self, officers_door, group):
        larger = saved(Organisation(name="Larger", kind="group"))
        row = member(larger, SCHOOLS)
        assert officers_door.get(url("member", group.pk, row.pk)).status_code == 404


def paste(door: Client, group: Organisation, *lines: str, **typed: Any) -> Any:
    typed = {"names": "\n".join(lines), "_show": "yes"} | typed
    return door.post(url("paste", group.pk), typed, follow=True)


def apply(door: Client, group: Organisation, preview: Any) -> Any:
    return door.post(
        url("paste", group.pk), Page(preview.content.decode()).boxes | {"_add": "yes"}, follow=True
    )


class TestPasted:
    def test_a_list_is_shown_and_then_added_as_one_change(self, officers_door, group, officer):
        member(group, "Kent County Council", from_day=DAY)
        lines = ["  Essex   Police ", "", "MEDWAY", "Essex County Council (ECC)", "ESSEX POLICE"]
        shown = paste(
            *(officers_door, group, *lines, "Kent County Council"),
            from_day="2026-09-01",
            source="A list",
            why="From the list.",
        )
        plan = shown.context["plan"]
        assert [each.name for each in plan.members] == [
            "Essex Police",
            "Medway Council",
            "Essex County Council",
        ]
        assert [row.member.name for row in plan.already] == ["Kent County Council"]
        assert plan.repeated == ["ESSEX POLICE"]
        assert len(rows(group)) == 1
        before = Change.objects.count()
        done = apply(officers_door, group, shown)
        assert "3 members were added to All Essex Schools." in messages(done)
        assert Change.objects.count() == before + 1
        first = datetime.date(2026, 9, 1)
        assert ("Medway Council", first, None) in rows(group)
        change = group.changes.first()
        assert (change.why, change.by) == ("From the list.", officer)
        assert group.members.get(member__name="Medway Council").source == "A list"

    def test_unknown_names_are_shown_with_suggestions_and_nothing_is_written(
        self, officers_door, group
    ):
        page = paste(officers_door, group, "Essex Police", "Medwey Council", "Zzyzx 17")
        assert group.members.count() == 0
        one, other = page.context["plan"].unknown
        assert (one.number, one.suggestions[0].name) == (2, "Medway Council")
        assert (other.number, other.suggestions) == (3, [])
        held = Page(page.content.decode()).boxes
        chosen = {"instead-2": "Medway Council"}
        page = officers_door.post(
            url("paste", group.pk), held | chosen | {"_without": "yes"}, follow=True
        )
        assert [each.name for each in page.context["plan"].members] == [
            "Essex Police",
            "Medway Council",
        ]
        assert [each.lines for each in page.context["sections"]][-1] == ["Zzyzx 17"]
        apply(officers_door, group, page)
        assert group.members.count() == 2

    def test_of_many_names_that_are_like_it_the_likest_are_suggested(self, officers_door, group):
        members_of(saved(Organisation(name="Other", kind="group")), 30)
        page = paste(officers_door, group, "Schol 0007", "Skool 0011")
        one, other = page.context["plan"].unknown
        assert (one.suggestions[0].name, other.suggestions[0].name) == (
            "School 0007",
            "School 0011",
        )
        assert len(one.suggestions) == len(other.suggestions) == 5

    def test_back_to_the_form_keeps_what_was_typed(self, officers_door, group):
        shown = paste(officers_door, group, "Essex Police", "Medway", source="A list")
        held = Page(shown.content.decode()).boxes
        page = officers_door.post(url("paste", group.pk), held | {"_write": "yes"})
        form = page.context["adminform"].form
        assert form["names"].value().splitlines() == ["Essex Police", "Medway"]
        assert form["source"].value() == "A list"

    REFUSED = {
        "no names": ([" ", ""], {}, "names", "Enter at least one name."),
        "too many": (
            ["Essex Police"] * (MOST_LINES + 1),
            {},
            "names",
            "Paste no more than 5,000 names at a time.",
        ),
        "days in the wrong order": (
            ["Essex Police"],
            {"from_day": "2026-09-01", "to_day": "2026-08-31"},
            "to_day",
            "The last day must not be before the first day.",
        ),
        "no day": (["Essex Police"], {"from_day": "then"}, "from_day", "This is not a day."),
    }

    @pytest.mark.parametrize(("lines", "typed", "field", "words"), REFUSED.values(), ids=REFUSED)
    def test_what_cannot_be_read_is_refused_beside_its_field(
        self, officers_door, lines, typed, field, words
    ):
        group = named(SCHOOLS)
        page = paste(officers_door, group, *lines, **typed)
        assert words in str(page.context["adminform"].form.errors[field])
        assert group.members.count() == 0

    def test_a_ring_and_the_group_itself_are_refused(self, officers_door, group):
        larger = saved(Organisation(name="Larger", kind="group"))
        member(larger, SCHOOLS)
        page = paste(officers_door, group, "Essex Police", "Larger", SCHOOLS)
        ring, itself = page.context["plan"].refused
        assert "All Essex Schools contains Larger contains All Essex Schools" in ring
        assert "A group cannot be a member of itself." in itself
        assert group.members.count() == 0

    def test_all_of_them_there_already(self, officers_door, group):
        member(group, "Essex Police")
        page = paste(officers_door, group, "Essex Police")
        assert "is a member already" in page.content.decode()

    def test_one_that_left_before_comes_back(self, officers_door, group):
        member(group, "Essex Police", to_day=datetime.date(2020, 1, 1))
        shown = paste(officers_door, group, "Essex Police", from_day="2021-01-01")
        apply(officers_door, group, shown)
        assert len(rows(group)) == 2

    @pytest.mark.parametrize("other", ["the same member", "another list", "a group no more"])
    def test_what_was_shown_is_added_or_nothing(self, officers_door, group, other):
        shown = paste(officers_door, group, "Essex Police")
        held = Page(shown.content.decode()).boxes | {"_add": "yes"}
        if other == "the same member":
            member(group, "Essex Police")
        elif other == "another list":
            held["names"] = "Essex Police\nMedway"
        else:
            group.kind = "body"
            saved(group)
        before = rows(group)
        page = officers_door.post(url("paste", group.pk), held, follow=True)
        assert page.status_code == 200
        assert rows(group) == before

    def test_fifteen_hundred_lines_take_few_queries(self, officers_door, group):
        schools = members_of(saved(Organisation(name="Other", kind="group")), 1500)
        with CaptureQueriesContext(connection) as showing:
            shown = paste(officers_door, group, *(each.name for each in schools))
        with CaptureQueriesContext(connection) as adding:
            apply(officers_door, group, shown)
        assert group.members.count() == 1500
        assert len(showing) < 25
        assert len(adding) < 70


@pytest.mark.parametrize("page", ["members", "member_add", "paste"])
def test_one_body_has_no_such_page(officers_door, page):
    police = named("Essex Police")
    answer = officers_door.get(url(page, police.pk), follow=True)
    assert "Essex Police is one body" in messages(answer)
    assert answer.redirect_chain[-1][0] == url("change", police.pk)


@pytest.mark.parametrize(
    ("rights", "statuses"),
    [
        ([], (403, 403, 403, 403, 403)),
        (["view_membership"], (200, 403, 403, 403, 403)),
        (["view_membership", "add_membership"], (200, 200, 200, 403, 403)),
        (["view_membership", "change_membership"], (200, 403, 403, 200, 403)),
        (["view_membership", "delete_membership"], (200, 403, 403, 403, 200)),
    ],
)
def test_each_verb_has_its_permission(db, group, rights, statuses):
    user = somebody("vic")
    permissions = Permission.objects.filter(codename__in=["view_organisation", *rights])
    user.user_permissions.set(permissions)
    door, here = door_of(user), url("members", group.pk)
    assert statuses == (
        door.get(here).status_code,
        door.get(url("member_add", group.pk)).status_code,
        door.get(url("paste", group.pk)).status_code,
        door.post(here, {"_end": "yes"}).status_code,
        door.post(here, {"_remove": "yes"}).status_code,
    )
    for address_of in (here, url("change", group.pk)):
        page = door.get(address_of).content.decode()
        offered = url("paste", group.pk) in page
        assert offered is ("add_membership" in rights and address_of == here)


class TestOrganisationForm:
    def test_it_shows_who_became_part_of_it_and_its_groups(self, officers_door, group):
        kent, police = named("Kent County Council"), named("Essex Police")
        row = Succession(organisation=kent, successor=police, happened_on=DAY, source="An Order")
        saved(kent, row)
        member(group, "Essex Police", from_day=DAY)
        page = officers_door.get(url("change", police.pk)).content.decode()
        assert (
            f'<a href="{url("change", kent.pk)}">{kent}</a> on 22 November 2026 (An Order)' in page
        )
        assert f'<a href="{url("change", group.pk)}">{group}</a> from 22 November 2026' in page
        assert (
            "Recorded with other organisations"
            not in officers_door.get(address("organisation", "add")).content.decode()
        )

    def test_a_ring_is_named_on_the_form(self, officers_door):
        kent, police = named("Kent County Council"), named("Essex Police")
        saved(kent, Succession(organisation=kent, successor=police))
        here = url("change", police.pk)
        row = add_row(officers_door, here, "successions", successor=kent.pk)
        page = send(officers_door, here, **row)
        assert "Essex Police became part of Kent County Council became part of" in errors(page)
        assert not police.successions.exists()

    def test_a_group_with_members_is_not_made_one_body(self, officers_door, group):
        member(group, "Essex Police")
        page = send(officers_door, url("change", group.pk), kind="body")
        assert "Remove its members first" in str(page.context["adminform"].form.errors["kind"])

    def test_its_rule_is_kept(self, officers_door, group):
        send(officers_door, url("change", group.pk), group_rule="Every school in Essex.")
        assert named(SCHOOLS).group_rule == "Every school in Essex."
        police = named("Essex Police")
        page = send(officers_door, url("change", police.pk), group_rule="Every officer.")
        assert page.context["adminform"].form.errors.keys() == {"group_rule"}

    def test_a_succession_is_undone_from_the_history(self, officers_door):
        kent, police = named("Kent County Council"), named("Essex Police")
        saved(kent, at=datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC))
        state = kent.changes.first()
        assert snapshot_of(kent) == state.snapshot
        saved(kent, Succession(organisation=kent, successor=police))
        send(officers_door, url("restore", kent.pk, state.pk))
        assert not kent.successions.exists()


def test_a_list_of_nothing_is_refused(group):
    with pytest.raises(ValidationError) as refused:
        plan_members(group, " \n\t")
    assert "names" in refused.value.message_dict
