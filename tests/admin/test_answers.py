"""Answers at the editors' door: looked at, accepted as reviews or refused, each once."""

from __future__ import annotations

import datetime
import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client

from registers import changes
from registers.models import Answer, Party, Protocol, Review
from tests.admin.typing_in import Page, address, boxes, messages, send
from tests.public.pages import listed, text
from tests.reminders.lines import NOW, TITLE, a_line, a_review, an_answer, withdraw

pytestmark = pytest.mark.usefixtures("real_register", "today")
LIST = address("answer", "changelist")
MARKUP = "<script>alert(1)</script>"


@pytest.fixture
def answer() -> Answer:
    return an_answer(a_line("0042"), note="The partners agreed.")


def page_of(answer: Answer) -> str:
    return address("answer", "change", answer.pk)


def accepting(answer: Answer) -> str:
    return address("answer", "accept", answer.pk)


def refusing(answer: Answer) -> str:
    return address("answer", "refuse", answer.pk)


def status(answer: Answer) -> str:
    return Answer.objects.get(pk=answer.pk).status


def rows(page) -> list[str]:
    """The keys of the answers in the list, in order."""
    return [str(each.pk) for each in page.context["cl"].result_list]


# The list ------------------------------------------------------------------------------------


@pytest.mark.both_databases
def test_the_waiting_ones_stand_first_and_of_those_the_oldest(officers_door, officer):
    hours = (5, 1, 3)
    made = [
        an_answer(a_line(reference), at=NOW - datetime.timedelta(hours=hour))
        for reference, hour in zip(("0042", "0036", "0062"), hours, strict=True)
    ]
    decided = an_answer(a_line("0012"), at=NOW - datetime.timedelta(hours=9))
    officers_door.post(refusing(decided))
    expected = [made[0], made[2], made[1], decided]
    assert rows(officers_door.get(LIST)) == [str(each.pk) for each in expected]
    waiting = officers_door.get(f"{LIST}?status__exact=waiting")
    assert rows(waiting) == [str(each.pk) for each in expected[:3]]
    assert rows(officers_door.get(f"{LIST}?status__exact=refused")) == [str(decided.pk)]


def test_a_row_tells_what_when_and_by_whom(officers_door, answer):
    words = text(officers_door.get(LIST))
    for part in (
        str(answer.reminded.protocol),
        "Essex County Council",
        "Still needed, unchanged",
        TITLE,
        "22 November 2026, 12:00",
        "Waiting",
    ):
        assert part in words


@pytest.mark.both_databases
@pytest.mark.parametrize("query", ["0042", "ECC", "Information Governance", "partners agreed"])
def test_an_answer_is_found(officers_door, answer, query):
    an_answer(a_line("0046"), job_title="SIRO")
    assert rows(officers_door.get(LIST, {"q": query})) == [str(answer.pk)]


@pytest.mark.both_databases
def test_a_long_list_takes_no_more_queries(officers_door, answer, django_assert_max_num_queries):
    for reference in ("0036", "0062", "0012", "0046"):
        an_answer(a_line(reference))
    with django_assert_max_num_queries(8):
        officers_door.get(LIST)


# One answer ----------------------------------------------------------------------------------


def test_the_page_shows_the_answer_and_the_protocol_as_it_is_today(officers_door, answer):
    page = officers_door.get(page_of(answer))
    words = text(page)
    for part in (
        "Still needed, unchanged",
        "The partners agreed.",
        TITLE,
        "Essex County Council",
        "Overdue: due by 30 June 2022",
        "(published)",
        "Provide; NHS England - Eastern Region",
    ):
        assert part in words
    source = page.content.decode()
    assert '<a href="/admin/registers/protocol/0042/change/">' in source
    assert 'value="Accept and check the review"' in source
    assert 'value="Refuse"' in source
    assert "Decided at" not in words
    assert Page(source).inline == []


def test_a_protocol_without_lead_date_or_partners_is_shown(officers_door, answer):
    protocol = answer.reminded.protocol
    Party.objects.filter(protocol=protocol).delete()
    Protocol.objects.filter(pk=protocol.pk).update(review_date=None)
    words = text(officers_door.get(page_of(answer)))
    assert "Lead today: Not recorded" in words
    assert "Partners: Not recorded" in words
    assert "Review: No review date" in words


def test_markup_is_shown_as_text(officers_door):
    answer = an_answer(a_line(), job_title=MARKUP, note=MARKUP)
    for address_ in (LIST, page_of(answer), accepting(answer)):
        page = officers_door.get(address_).content.decode()
        assert MARKUP not in page
        assert "&lt;script&gt;" in page


def test_nothing_can_be_typed_added_or_deleted(officers_door, answer):
    before = Answer.objects.values().get()
    page = officers_door.post(page_of(answer), {"choice": "ended", "status": "accepted"})
    assert page.status_code == 403
    for name, *key in (("add",), ("delete", answer.pk)):
        assert officers_door.post(address("answer", name, *key)).status_code == 403
    officers_door.post(LIST, {"action": "delete_selected", "_selected_action": [answer.pk]})
    assert Answer.objects.values().get() == before


# Accepting -----------------------------------------------------------------------------------


def test_the_form_holds_what_was_answered_and_says_that_it_becomes_public(officers_door):
    # Late in the evening of UTC, it is the next day in London.
    at = datetime.datetime(2026, 6, 30, 23, 30, tzinfo=datetime.UTC)
    line = a_line("0042", at=at - datetime.timedelta(days=2))
    answer = an_answer(line, "ended", note="It closed.", at=at)
    page = officers_door.get(accepting(answer))
    held = Page(page.content.decode()).boxes
    assert held["reviewed_on"] == "01/07/2026"
    assert (held["job_title"], held["note"], held["next_review"]) == (TITLE, "It closed.", "")
    chosen = re.findall(r'<input[^>]*type="radio"[^>]*checked[^>]*>', page.content.decode())
    assert len(chosen) == 1
    assert 'value="ended"' in chosen[0]
    words = text(page)
    assert "Essex County Council answered on 1 July 2026: No longer needed." in words
    assert "This becomes public when you save it." in words
    assert status(answer) == "waiting"


def accept(door: Client, answer: Answer, **typed: str):
    return send(door, accepting(answer), **{"outcome": answer.choice} | typed)


@pytest.mark.both_databases
def test_saving_it_accepts_the_answer_and_records_the_review(officers_door, officer, answer):
    done = accept(officers_door, answer, next_review="March 2029", note="Mended.")
    assert "The review of 0042" in messages(done)
    answer.refresh_from_db()
    review = Review.objects.get()
    assert (answer.status, answer.review, answer.decided_by) == ("accepted", review, officer)
    assert (review.outcome, review.job_title, review.note) == ("unchanged", TITLE, "Mended.")
    assert (review.reviewed_on, review.next_review) == (NOW.date(), datetime.date(2029, 3, 1))
    assert answer.note == "The partners agreed."
    assert Protocol.objects.get(pk="0042").review_date == datetime.date(2029, 3, 1)
    # The public sees the words that were mended, and the job title.
    told = text(Client().get("/protocols/0042/changes/"))
    assert f"decided by: {TITLE}; note: Mended." in told
    assert "The partners agreed." not in told
    words = text(officers_door.get(page_of(answer)))
    assert "Decided by: olive" in words
    assert "Refuse" not in words
    assert 'value="Refuse"' not in officers_door.get(page_of(answer)).content.decode()
    assert LogEntry.objects.get().change_message == "Accepted."


@pytest.mark.both_databases
def test_an_answer_that_it_is_no_longer_needed_withdraws_the_protocol(officers_door):
    answer = an_answer(a_line("0042"), "ended", note="The service closed.")
    accept(officers_door, answer)
    protocol = Protocol.objects.get(pk="0042")
    assert (protocol.status, protocol.withdrawn_on) == ("withdrawn", NOW.date())
    assert protocol.withdrawn_reason == "The service closed."
    assert "0042" not in listed(Client().get("/"))
    assert status(answer) == "accepted"


# By what is typed: the words beside the boxes.
WRONG = {
    "no month": ({}, "Enter the month of the next review."),
    "a month that has passed": ({"next_review": "March 2020"}, "cannot be due before"),
    "no month at all": ({"next_review": "soon"}, "month"),
    "a day to come": (
        {"next_review": "March 2029", "reviewed_on": "23/11/2026"},
        "This date must be today or in the past",
    ),
    "an e-mail address": (
        {"next_review": "March 2029", "note": "Ask a@b.org."},
        "Remove the e-mail address, because this is public.",
    ),
}


@pytest.mark.parametrize(("typed", "words"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_and_the_answer_still_waits(officers_door, answer, typed, words):
    page = accept(officers_door, answer, **typed)
    assert page.status_code == 200
    assert words in text(page)
    assert status(answer) == "waiting"
    assert not Review.objects.exists()


@pytest.mark.parametrize("made", ["unchanged", "not-ours"])
def test_a_get_decides_nothing(officers_door, made):
    answer = an_answer(a_line(), made)
    officers_door.get(accepting(answer), {"outcome": made, "next_review": "March 2029"})
    refused = officers_door.get(refusing(answer), follow=True)  # as after a log-in in between
    assert refused.redirect_chain[-1][0] == page_of(answer)
    assert "Nothing has been decided" in messages(refused)
    assert status(answer) == "waiting"


def test_what_is_not_theirs_leads_to_the_protocol_to_put_the_lead_right(officers_door):
    answer = an_answer(a_line("0042"), "not-ours", note="Thurrock Council leads it.")
    assert 'value="Accept and change the lead"' in (
        officers_door.get(page_of(answer)).content.decode()
    )
    done = officers_door.post(accepting(answer), follow=True)
    assert done.redirect_chain == [("/admin/registers/protocol/0042/change/", 302)]
    assert "Essex County Council does not lead this protocol." in messages(done)
    assert (status(answer), Review.objects.count()) == ("accepted", 0)
    again = officers_door.post(accepting(answer), follow=True)
    assert "This answer is already accepted." in messages(again)


# Refusing, and who comes second --------------------------------------------------------------


@pytest.mark.both_databases
def test_a_refused_answer_changes_nothing_but_itself(officers_door, officer, answer):
    done = officers_door.post(refusing(answer), follow=True)
    assert "The answer is refused." in messages(done)
    answer.refresh_from_db()
    assert (answer.status, answer.decided_by, answer.decided_at) == ("refused", officer, NOW)
    assert not Review.objects.exists()
    assert LogEntry.objects.get().change_message == "Refused."


@pytest.mark.both_databases
def test_of_two_who_decide_the_second_is_told(officers_door, answer):
    typed = boxes(officers_door, accepting(answer)) | {
        "outcome": "unchanged",
        "next_review": "March 2029",
    }
    officers_door.post(refusing(answer))
    # The second has had the form open since before.
    late = officers_door.post(accepting(answer), typed, follow=True)
    assert "This answer is already refused. Your decision was not saved." in messages(late)
    again = officers_door.post(refusing(answer), follow=True)
    assert "This answer is already refused." in messages(again)
    assert (status(answer), Review.objects.count()) == ("refused", 0)


@pytest.mark.both_databases
@pytest.mark.parametrize("when", ["before the form is opened", "while it is open"])
def test_a_protocol_that_was_withdrawn_meanwhile_is_not_reviewed(officers_door, answer, when):
    typed = boxes(officers_door, accepting(answer)) | {"next_review": "March 2029"}
    withdraw()
    if when == "while it is open":
        page = officers_door.post(accepting(answer), typed | {"outcome": "unchanged"}, follow=True)
    else:
        page = officers_door.get(accepting(answer), follow=True)
    assert "is not in force, so there is nothing to review." in messages(page)
    assert (status(answer), Review.objects.count()) == ("waiting", 1)


def test_a_review_that_came_before_is_told_on_the_form(officers_door, answer):
    typed = boxes(officers_door, accepting(answer)) | {
        "outcome": "unchanged",
        "next_review": "March 2029",
    }
    changes.record_review(a_review(job_title="SIRO"), at=NOW)
    page = officers_door.post(accepting(answer), typed)
    assert "another one was recorded while you were writing: 0042" in text(page)
    assert (status(answer), Review.objects.count()) == ("waiting", 1)


@pytest.mark.both_databases
@pytest.mark.parametrize("name", ["accept", "refuse"])
@pytest.mark.parametrize("key", ["999999", "x", "1/accept"])
def test_an_unknown_answer_is_not_found(officers_door, name, key):
    page = officers_door.post(address("answer", name, key))
    assert page.status_code == 404


# Who may -------------------------------------------------------------------------------------


@pytest.fixture
def nina(client: Client) -> User:
    """Nina, who may log in and may do nothing yet."""
    nina = User.objects.create_user("nina", is_staff=True)
    client.force_login(nina)
    return nina


def allow(user: User, codename: str) -> None:
    user.user_permissions.add(Permission.objects.get(codename=codename))


def test_who_may_publish_decides(client: Client, nina, answer):
    allow(nina, "publish_protocol")
    assert rows(client.get(LIST)) == [str(answer.pk)]
    assert 'value="Refuse"' in client.get(page_of(answer)).content.decode()
    accept(client, answer, next_review="March 2029")
    answer.refresh_from_db()
    assert (answer.status, answer.decided_by) == ("accepted", nina)


@pytest.mark.parametrize("may", ["view_answer", "change_answer", "delete_answer"])
def test_who_may_only_look_decides_nothing(client: Client, nina, answer, may):
    allow(nina, may)
    looks = 403 if may == "delete_answer" else 200
    assert client.get(page_of(answer)).status_code == looks
    assert 'value="Refuse"' not in client.get(page_of(answer)).content.decode()
    assert client.get(accepting(answer)).status_code == 403
    assert client.post(accepting(answer)).status_code == 403
    assert client.post(refusing(answer)).status_code == 403
    assert status(answer) == "waiting"


def test_nobody_else_sees_an_answer(client: Client, answer):
    for url in (LIST, page_of(answer), accepting(answer)):
        assert client.get(url).url.startswith("/admin/login/")
    assert client.post(refusing(answer)).url.startswith("/admin/login/")
    client.force_login(User.objects.create_user("nora", is_staff=True))
    for url in (LIST, page_of(answer), accepting(answer)):
        assert client.get(url).status_code == 403
    assert status(answer) == "waiting"


def test_a_forged_form_decides_nothing(officer, answer):
    forged = Client(enforce_csrf_checks=True)
    forged.force_login(officer)
    for url in (accepting(answer), refusing(answer)):
        assert forged.post(url, {"outcome": "unchanged"}).status_code == 403
    assert status(answer) == "waiting"
