"""The dashboard of admin: what needs attention, with the same numbers as the lists."""

from __future__ import annotations

import datetime

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.utils import timezone

from registers import changes
from registers.models import Answer, Contact, Organisation, Party, Protocol, Reminded, Reminder

pytestmark = pytest.mark.usefixtures("real_register")
SPLITS = "/admin/registers/organisation/splits/"
LISTS = {
    "/admin/registers/protocol/?status__exact=published&review=overdue": 25,
    "/admin/registers/protocol/?status__exact=published&review=due-soon": 0,
    "/admin/registers/protocol/?status__exact=draft": 0,
    "/admin/registers/answer/?status__exact=waiting": 0,
    "/admin/registers/approvalrequest/?answer=waiting": 0,
    "/admin/registers/organisation/?contact=lacking": None,
    "/admin/registers/reminder/?outcome=unresolved": 0,
    "/admin/registers/references/?show=unexplained": 73 - 25,
    SPLITS: 0,
    "/admin/registers/proposal/?waiting=you": 0,
    "/admin/registers/import/?show=waiting": 0,
}


def dashboard(door) -> dict[str, int]:
    return {each.address: each.count for each in door.get("/admin/").context["dashboard"]}


def listed(door, address: str) -> int:
    response = door.get(address)
    assert response.status_code == 200
    if address == SPLITS:
        return response.context["undecided"]
    if "/references/" in address or "/import/" in address:
        return response.context["page"].paginator.count
    return response.context["cl"].result_count


def test_users_and_groups_stand_under_a_plain_word(officers_door):
    page = officers_door.get("/admin/").content.decode()
    assert "People" in page
    assert "Authentication and Authorization" not in page


def test_it_counts_what_the_lists_hold(officers_door, today):
    counted = dashboard(officers_door)
    leading = {party.organisation_id for party in Party.objects.filter(role="lead")}
    # And one that took the place of one of them.
    expected = LISTS | {"/admin/registers/organisation/?contact=lacking": len(leading) + 1}
    assert counted == expected
    assert {address: listed(officers_door, address) for address in counted} == counted


@pytest.mark.both_databases
def test_it_counts_them_when_everything_waits(officers_door, today):
    lead = Organisation.objects.filter(parties__role="lead").first()
    changes.save(Contact(organisation=lead, email="ig@example.org"))
    for number, (pk, month) in enumerate(
        {"0012": (2026, 11), "0036": (2027, 1), "0046": (2027, 3), "0042": None}.items()
    ):
        Protocol.objects.filter(pk=pk).update(
            review_date=month and datetime.date(*month, 1),
            **({"status": "draft"} if number == 3 else {}),
        )
        made = timezone.now() - datetime.timedelta(days=number)
        reminder = Reminder.objects.create(
            organisation=lead,
            day=made.date(),
            email="ig@example.org",
            status=("failed", "sending", "sent", "failed")[number],
            begun_at=made,
        )
        line = Reminded.objects.create(
            reminder=reminder, protocol_id=pk, review_date=datetime.date(2026, 11, 1)
        )
        Answer.objects.create(
            reminded=line,
            choice="unchanged",
            job_title="SIRO",
            answered_at=made,
            **({"status": "refused", "decided_at": made} if number == 1 else {}),
        )
    # Past registers/changes, which would have told the index.
    changes.save(Protocol.objects.get(pk="0012"))
    for pk in ("0036", "0046", "0042"):
        changes.save(Protocol.objects.get(pk=pk))
    counted = dashboard(officers_door)
    assert list(counted.values())[:4] == [21, 2, 1, 3]
    # The failed one of three days ago was followed by one that was sent.
    assert counted["/admin/registers/reminder/?outcome=unresolved"] == 2
    assert {address: listed(officers_door, address) for address in counted} == counted


def test_every_number_has_its_words_and_its_list(officers_door, today):
    page = officers_door.get("/admin/").content.decode()
    assert "Protocols overdue for review" in page
    for address in LISTS:
        assert f'href="{address.replace("&", "&amp;")}"' in page


@pytest.mark.parametrize(
    ("permissions", "addresses"),
    [
        ([], []),
        (["view_theme"], []),
        (
            ["view_protocol"],
            [
                address
                for address in LISTS
                if any(
                    part in address for part in ("/protocol/", "/approvalrequest/", "/references/")
                )
            ],
        ),
        (
            ["change_organisation"],
            [
                "/admin/registers/organisation/?contact=lacking",
                "/admin/registers/proposal/?waiting=you",
            ],
        ),
        (
            ["change_organisation", "view_takenon"],
            [each for each in LISTS if "/organisation/" in each or "/proposal/" in each],
        ),
        (["view_takenon"], []),
    ],
)
def test_it_shows_what_this_editor_may_see(client, permissions, addresses):
    nina = User.objects.create_user("nina", is_staff=True)
    nina.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    client.force_login(nina)
    assert list(dashboard(client)) == addresses


@pytest.mark.parametrize(
    ("now", "overdue"),
    [
        ("2026-06-30T22:59:00+00:00", 25),  # 30 June, summer time
        ("2026-06-30T23:01:00+00:00", 26),  # 1 July in London
        ("2026-12-31T23:59:00+00:00", 26),
    ],
)
def test_today_is_londons(officer, client, now, overdue):
    theme = Protocol.objects.get(pk="0012").theme
    changes.save(
        Protocol(
            reference="9001",
            title="A",
            theme=theme,
            status="published",
            review_date=datetime.date(2026, 6, 1),
        )
    )
    with time_machine.travel(now, tick=False):
        client.force_login(officer)
        address = "/admin/registers/protocol/?status__exact=published&review=overdue"
        assert dashboard(client)[address] == overdue == listed(client, address)
