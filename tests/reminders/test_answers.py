"""What can be done with a link, what is taken as an answer, and how an answer is decided once."""

from __future__ import annotations

import datetime

import pytest
from django.core.exceptions import ValidationError

from registers import changes
from registers.models import Answer, Protocol, Reminded, Review
from registers.reminders.answers import (
    LinkClosed,
    State,
    accept,
    answer_to,
    give_answer,
    refuse,
    state_of,
)
from tests.models.making import a_party, saved
from tests.reminders.lines import (
    NOW,
    SENT_AT,
    TITLE,
    a_line,
    a_review,
    an_answer,
    give_away,
    withdraw,
)

pytestmark = pytest.mark.usefixtures("real_register")
REFERENCE = "0042"
MINUTE = datetime.timedelta(minutes=1)


# What can be done with a link ----------------------------------------------------------------


def test_a_link_can_be_used():
    assert state_of(a_line(), at=NOW) == State.OPEN


def test_a_link_that_was_used_says_so_until_its_last_day():
    line = a_line()
    answer = an_answer(line)
    line = Reminded.objects.get(pk=line.pk)
    assert (state_of(line, at=NOW), answer_to(line)) == (State.ANSWERED, answer)
    withdraw()
    assert state_of(line, at=NOW) == State.ANSWERED
    assert state_of(line, at=SENT_AT + datetime.timedelta(days=61)) == State.EXPIRED


def test_while_an_answer_waits_another_link_of_the_same_lead_is_of_no_use(officer):
    before, line = a_line(at=SENT_AT - datetime.timedelta(days=30)), a_line()
    answer = an_answer(before)
    assert (state_of(line, at=NOW), answer_to(line)) == (State.WAITING, answer)
    assert state_of(a_line("0036"), at=NOW) == State.OPEN
    refuse(answer, at=NOW, by=officer)
    assert (state_of(line, at=NOW), answer_to(line)) == (State.OPEN, None)


def test_an_answer_of_another_organisation_is_in_nobodys_way():
    line = a_line()
    an_answer(line)
    give_away()
    assert state_of(a_line(to=Protocol.objects.get(pk=REFERENCE).lead.organisation), at=NOW) == (
        State.OPEN
    )


def test_a_protocol_that_was_withdrawn_has_nothing_to_answer():
    line = a_line()
    protocol = line.protocol
    protocol.status, protocol.withdrawn_on = "withdrawn", NOW.date()
    protocol.withdrawn_reason = "It ended."
    saved(protocol, at=NOW)
    assert state_of(line, at=NOW) == State.WITHDRAWN


@pytest.mark.parametrize(
    ("recorded", "state"),
    [(SENT_AT - MINUTE, State.OPEN), (SENT_AT, State.REVIEWED), (NOW, State.REVIEWED)],
    ids=["before", "at the same moment", "after"],
)
def test_a_review_since_the_reminder_leaves_nothing_to_answer(recorded, state):
    line = a_line()
    changes.record_review(a_review(reviewed_on=datetime.date(2026, 11, 1)), at=recorded)
    assert state_of(line, at=NOW) == state


def test_who_leads_no_more_is_not_asked():
    line = a_line()
    give_away()
    assert state_of(Reminded.objects.get(pk=line.pk), at=NOW) == State.MOVED


def test_where_nobody_leads_nobody_is_asked():
    line = a_line()
    protocol = line.protocol
    with changes.record_change(protocol, at=NOW):
        changes.remove(protocol.lead)
    assert state_of(Reminded.objects.get(pk=line.pk), at=NOW) == State.MOVED


def test_who_is_now_a_partner_only_is_not_asked():
    line = a_line()
    before = line.reminder.organisation
    give_away()
    saved(line.protocol, a_party(REFERENCE, before.name, position=9))
    assert state_of(Reminded.objects.get(pk=line.pk), at=NOW) == State.MOVED


# What is taken as an answer ------------------------------------------------------------------


@pytest.mark.both_databases
@pytest.mark.parametrize("choice", Answer.Choice.values)
def test_each_answer_is_kept_as_given_and_waits(choice):
    line = a_line()
    answer = an_answer(line, choice, job_title="  IG \t Lead\n", note=" One.\r\n\r\nTwo. ")
    answer.refresh_from_db()
    assert (answer.reminded, answer.choice, answer.answered_at) == (line, choice, NOW)
    assert (answer.job_title, answer.note) == ("IG Lead", "One.\n\nTwo.")
    assert (answer.status, answer.decided_at, answer.review) == ("waiting", None, None)
    assert not Review.objects.exists()


GOOD = {"choice": "unchanged", "job_title": TITLE, "note": ""}
# An id, what is typed otherwise than that, and the sentences by field.
BAD = {
    "no choice": ({"choice": ""}, {"choice": "Select one of the 4 answers."}),
    "an unknown choice": ({"choice": "yes"}, {"choice": "Select one of the 4 answers."}),
    "another outcome of a review": (
        {"choice": "replaced"},
        {"choice": "Select one of the 4 answers."},
    ),
    "a choice in capitals": ({"choice": "ENDED"}, {"choice": "Select one of the 4 answers."}),
    "two choices": ({"choice": "ended,unchanged"}, {"choice": "Select one of the 4 answers."}),
    "NUL in the choice": ({"choice": "ended\0"}, {"choice": "Select one of the 4 answers."}),
    "100 kB for a choice": ({"choice": "x" * 100_000}, {"choice": "Select one"}),
    "no job title": ({"job_title": ""}, {"job_title": "Enter your job title."}),
    "a job title of spaces": ({"job_title": " \t\n\u00a0 "}, {"job_title": "Enter your job title"}),
    "an e-mail address for a job title": (
        {"job_title": "IG Lead, jane@example.org"},
        {"job_title": "Job title: Remove the e-mail address, because this is public."},
    ),
    "a long job title": (
        {"job_title": "x" * 151},
        {"job_title": "Job title: this has 151 characters. Write 150 at most."},
    ),
    "NUL in the job title": (
        {"job_title": "IG\0Lead"},
        {"job_title": "Job title: This contains a character that cannot be read. Remove it."},
    ),
    "half a sign in the job title": (
        {"job_title": "IG \ud800"},
        {"job_title": "Job title: This contains"},
    ),
    "bytes that were no text": (
        {"job_title": "IG \ufffd"},
        {"job_title": "Job title: This contains"},
    ),
    "no reason": (
        {"choice": "ended"},
        {"note": "Enter in the note why it is no longer needed. The public can read this."},
    ),
    "a reason of spaces": ({"choice": "ended", "note": " \r\n "}, {"note": "Enter in the note"}),
    "an e-mail address in the note": (
        {"note": "Ask jane.doe@example.org."},
        {"note": "Note: Remove the e-mail address, because this is public."},
    ),
    "a long note": (
        {"note": "x" * 2_001},
        {"note": "Note: this has 2,001 characters. Write 2,000 at most."},
    ),
    "a control character in the note": (
        {"note": "a\x0bb\x1b"},
        {"note": "Note: This contains a character"},
    ),
    "nothing": (
        {"choice": "", "job_title": "", "note": ""},
        {"choice": "Select one", "job_title": "Enter your job title."},
    ),
}


@pytest.mark.parametrize(("typed", "sentences"), BAD.values(), ids=BAD)
def test_what_is_no_answer_is_refused_by_its_field(typed, sentences):
    line = a_line()
    with pytest.raises(ValidationError) as refused:
        give_answer(line, **GOOD | typed, at=NOW)
    said = refused.value.message_dict
    assert said.keys() == sentences.keys()
    for field, sentence in sentences.items():
        assert len(said[field]) == 1
        assert said[field][0].startswith(sentence)
    assert not Answer.objects.exists()
    assert state_of(line, at=NOW) == State.OPEN


@pytest.mark.parametrize(
    "typed",
    [
        {"job_title": "x" * 150, "note": "y" * 2_000},
        {"job_title": "Head of IG & 'Risk' <b>", "note": "A\u00a0b — ‘c’ \U0001f600\tü"},
        {"job_title": "Pennaeth Llywodraethu", "note": "A @ B"},
    ],
    ids=["as long as may be", "signs of all kinds", "an @ alone"],
)
def test_what_is_unusual_is_an_answer_all_the_same(typed):
    answer = give_answer(a_line(), **GOOD | typed, at=NOW)
    assert (answer.job_title, answer.note) == (typed["job_title"], typed["note"])


@pytest.mark.both_databases
def test_the_same_answer_twice_is_one_and_another_is_refused():
    line = a_line()
    answer = an_answer(line, note="As before.")
    assert an_answer(line, note=" As before. ", at=NOW + MINUTE) == answer
    for choice, note in (("ended", "As before."), ("unchanged", "")):
        with pytest.raises(LinkClosed) as shut:
            an_answer(line, choice, note=note)
        assert shut.value.state == State.ANSWERED
    assert Answer.objects.get().answered_at == NOW


def test_a_second_link_is_refused_while_an_answer_waits():
    first, second = a_line(at=SENT_AT - datetime.timedelta(days=1)), a_line()
    an_answer(first)
    with pytest.raises(LinkClosed) as shut:
        an_answer(second)
    assert (shut.value.state, str(shut.value)) == (State.WAITING, "waiting")
    assert Answer.objects.count() == 1


def test_an_expired_link_takes_no_answer():
    with pytest.raises(LinkClosed) as shut:
        an_answer(a_line(), at=SENT_AT + datetime.timedelta(days=61))
    assert shut.value.state == State.EXPIRED
    assert not Answer.objects.exists()


# How an answer is decided --------------------------------------------------------------------


@pytest.mark.both_databases
@pytest.mark.parametrize("choice", ["unchanged", "changing", "ended"])
def test_an_accepted_answer_is_a_review(choice, officer):
    answer = an_answer(a_line(), choice, note="Why.")
    review = a_review(outcome=choice, note="Why, mended.")
    stored = accept(answer, review, at=NOW + MINUTE, by=officer)
    answer.refresh_from_db()
    assert (answer.status, answer.decided_at, answer.decided_by, answer.review) == (
        "accepted",
        NOW + MINUTE,
        officer,
        review,
    )
    assert stored == answer
    assert Review.objects.get() == review
    assert review.by == officer
    protocol = Protocol.objects.get(pk=REFERENCE)
    assert (protocol.status == "withdrawn") is (choice == "ended")
    assert protocol.changes.count() == 2


def test_that_it_is_not_theirs_is_accepted_without_a_review(officer):
    answer = an_answer(a_line(), "not-ours")
    accept(answer, None, at=NOW, by=officer)
    answer.refresh_from_db()
    assert (answer.status, answer.review) == ("accepted", None)
    assert not Review.objects.exists()


def test_a_refused_answer_changes_nothing(officer):
    answer = an_answer(a_line())
    assert refuse(answer, at=NOW, by=officer).status == "refused"
    answer.refresh_from_db()
    assert (answer.status, answer.decided_by, answer.review) == ("refused", officer, None)
    assert Protocol.objects.get(pk=REFERENCE).changes.count() == 1


@pytest.mark.both_databases
@pytest.mark.parametrize("first", [accept, refuse])
@pytest.mark.parametrize("second", [accept, refuse])
def test_of_two_who_decide_the_second_is_told(first, second, officer):
    answer = an_answer(a_line())
    known = {
        accept: lambda each: accept(each, a_review(), at=NOW, by=officer),
        refuse: lambda each: refuse(each, at=NOW, by=officer),
    }
    # Both have opened the page before either decides.
    one, other = Answer.objects.get(), Answer.objects.get()
    known[first](one)
    with pytest.raises(ValidationError, match="Your decision was not saved"):
        known[second](other)
    answer.refresh_from_db()
    assert answer.status == ("accepted" if first is accept else "refused")
    assert Review.objects.count() == (first is accept)


def test_what_cannot_be_reviewed_any_more_is_not_accepted_and_still_waits(officer):
    answer = an_answer(a_line())
    withdraw()
    before = Review.objects.count()
    with pytest.raises(ValidationError, match="is not in force, so there is nothing to review"):
        accept(answer, a_review(), at=NOW, by=officer)
    answer.refresh_from_db()
    assert (answer.status, answer.review, Review.objects.count()) == ("waiting", None, before)
    assert refuse(answer, at=NOW, by=officer).status == "refused"


@pytest.mark.both_databases
def test_a_review_that_cannot_be_right_leaves_all_as_it_is(officer):
    answer = an_answer(a_line())
    with pytest.raises(ValidationError) as refused:
        accept(answer, a_review(next_review=datetime.date(2026, 1, 1)), at=NOW, by=officer)
    assert list(refused.value.message_dict) == ["next_review"]
    answer.refresh_from_db()
    assert (answer.status, Review.objects.count()) == ("waiting", 0)


# By what is wrong: the answer, and what it is accepted with.
STRANGERS = {
    "no review of what is still needed": ("unchanged", lambda: None),
    "a review of what is not theirs": ("not-ours", a_review),
    "a review of another protocol": ("unchanged", lambda: a_review("0036")),
}


@pytest.mark.parametrize(("choice", "review"), STRANGERS.values(), ids=STRANGERS)
def test_an_answer_is_not_accepted_with_a_strange_review(choice, review, officer):
    answer = an_answer(a_line(), choice)
    with pytest.raises(ValidationError, match="not one of this answer’s protocol"):
        accept(answer, review(), at=NOW, by=officer)
    answer.refresh_from_db()
    assert (answer.status, Review.objects.count()) == ("waiting", 0)
