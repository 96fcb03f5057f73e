"""Reminders in admin: to look up, and to find what did not go out."""

from __future__ import annotations

import datetime

import pytest

from registers.models import Protocol, Reminder
from tests.admin.test_lists import found
from tests.admin.typing_in import address
from tests.reminders.making import a_lead, reminded

DAY = datetime.date(2026, 11, 22)
OLD = datetime.date(2024, 3, 1)


def day(number: int) -> datetime.date:
    return DAY + datetime.timedelta(number)


@pytest.fixture
def several(empty_register) -> None:
    """What failed and was sent later, what failed since it was sent, and what never ended."""
    ashdown, birch, cedar = (a_lead(name, OLD) for name in ("Ashdown", "Birch", "Cedar"))
    reminded(ashdown, day(0), status="failed")
    reminded(ashdown, day(1), status="sending")
    reminded(ashdown, day(2))
    reminded(birch, day(0))
    reminded(birch, day(1), *Protocol.objects.all(), status="failed")
    Reminder.objects.filter(status="failed").update(problem="No such mailbox.")
    reminded(cedar, day(1), status="sending")


def said(reminders) -> list[str]:
    return [f"{each.organisation} {(each.day - DAY).days} {each.status}" for each in reminders]


@pytest.mark.usefixtures("several")
class TestTheList:
    def test_of_what_is_not_put_right_yet(self, officers_door):
        listed = found(officers_door, "reminder", outcome="unresolved")
        assert said(listed) == ["Birch 1 failed", "Cedar 1 sending"]
        assert said(Reminder.objects.unresolved()) == said(listed)

    def test_of_what_was_sent_and_of_all(self, officers_door):
        assert said(found(officers_door, "reminder", outcome="sent")) == [
            "Ashdown 2 sent",
            "Birch 0 sent",
        ]
        assert len(found(officers_door, "reminder")) == 6

    def test_by_any_name_or_reference(self, officers_door):
        reference = Protocol.objects.first().pk
        assert said(found(officers_door, "reminder", q=reference)) == ["Birch 1 failed"]
        assert len(found(officers_door, "reminder", q="ashdown")) == 3

    def test_says_how_far_each_came_about_how_many_and_what_went_wrong(self, officers_door):
        page = officers_door.get(
            address("reminder", "changelist"), {"outcome": "unresolved"}
        ).content.decode()
        assert "Started, but not known to have been sent" in page
        assert '<td class="field-protocol_count">3</td>' in page
        assert "No such mailbox." in page

    def test_asks_as_often_however_long_it_is(self, officers_door, django_assert_max_num_queries):
        with django_assert_max_num_queries(11):
            officers_door.get(address("reminder", "changelist"))


@pytest.mark.usefixtures("several")
class TestOne:
    def test_shows_its_protocols_and_the_address(self, officers_door):
        reminder = Reminder.objects.get(organisation__name="Birch", status="failed")
        page = officers_door.get(address("reminder", "change", reminder.pk)).content.decode()
        assert "March 2024" in page
        assert str(Protocol.objects.first()) in page
        assert reminder.email in page
        assert "No such mailbox." in page

    def test_cannot_be_altered_or_deleted_and_none_be_added(self, officers_door):
        reminder = Reminder.objects.first()
        before = Reminder.objects.values()
        for page, things in (("change", [reminder.pk]), ("delete", [reminder.pk]), ("add", [])):
            response = officers_door.post(address("reminder", page, *things), {"post": "yes"})
            assert response.status_code == 403
        assert list(Reminder.objects.values()) == list(before)
