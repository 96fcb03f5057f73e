"""The page on which a lead answers a reminder: what it shows, takes, refuses, and never keeps."""

from __future__ import annotations

import datetime

import pytest
import time_machine
from django.contrib.sessions.models import Session
from django.core.signing import Signer
from django.test import Client
from django.utils.html import escape

from registers import changes
from registers.models import Answer, Protocol, Review, Try
from registers.reminders import answers
from registers.reminders.links import MOST_TRIES
from tests.admin.typing_in import Page
from tests.public.answering import DOOR, GOOD, link_to, send
from tests.public.asking import ask, cached
from tests.public.pages import links, text
from tests.reminders.lines import NOW, SENT_AT, TITLE, a_line, a_review, an_answer, give_away
from weisf.page_cache import PageCache

pytestmark = pytest.mark.usefixtures("real_register", "today")


def alerts(page) -> str:
    """The summary of errors."""
    source = page.content.decode()
    start = source.find('<div class="govuk-error-summary"')
    return source[start : source.index("</ul>", start)] if start >= 0 else ""


EXPIRED_AT = SENT_AT - datetime.timedelta(days=63)


# What it shows -------------------------------------------------------------------------------


def test_the_page_says_what_is_asked_of_whom_and_until_when(client: Client):
    line = a_line("0042")
    page = client.get(link_to(line))
    assert page.status_code == 200
    words = text(page)
    protocol = line.protocol
    assert "WEISF asks Essex County Council, which leads it." in words
    assert f"{protocol.reference} - {protocol.title}" in words
    assert protocol.purpose[:60] in words
    assert "30 June 2022 Overdue by 4 years" in words
    assert "You can answer until 19 January 2027." in words
    for party in protocol.partners:
        assert party.organisation.name in words
    assert (f"/protocols/{protocol.reference}/", str(protocol)) in links(page)
    assert "ig@lead.example.org" not in page.content.decode()


def test_many_partners_are_folded_away_and_all_there(client: Client):
    line = a_line("0036")
    page = client.get(link_to(line))
    source = page.content.decode()
    folded = source[source.rindex("<details") : source.rindex("</details>")]
    assert "26 organisations" in folded
    assert len(line.protocol.partners) == 26
    for party in line.protocol.partners:
        assert escape(party.organisation.name) in folded


def test_four_buttons_and_none_is_chosen_beforehand(client: Client):
    page = client.get(link_to(a_line()))
    source = page.content.decode()
    form = source[source.index("<form") : source.index("</form>")]
    labels = [label for _, label in Answer.Choice.choices]
    assert [label for label in labels if f">{label}</button>" in form] == labels
    assert labels == [
        "Still needed, unchanged",
        "Still needed, changes coming",
        "No longer needed",
        "Not ours",
    ]
    assert Page(source).boxes == {"job_title": "", "note": ""}
    assert "checked" not in form
    # What the Enter key would press cannot be pressed.
    assert form.index('<button type="submit" disabled hidden>') < form.index('name="choice"')


@pytest.mark.parametrize("method", ["get", "head"])
def test_following_the_link_changes_nothing(client: Client, method):
    line = a_line()
    link = link_to(line)
    before = Protocol.objects.values().get(pk=line.protocol_id)
    for _ in range(3):
        assert getattr(client, method)(f"{link}&choice=ended&job_title=x&note=y").status_code == 200
    assert not Answer.objects.exists()
    assert not Review.objects.exists()
    assert Protocol.objects.values().get(pk=line.protocol_id) == before
    assert Try.objects.count() == 3


# What it takes -------------------------------------------------------------------------------


@pytest.mark.both_databases
@pytest.mark.parametrize("choice", Answer.Choice.values)
def test_an_answer_is_kept_and_thanked_for(client: Client, choice):
    link = link_to(a_line())
    sent = send(client, link, **GOOD | {"choice": choice})
    assert (sent.status_code, sent["Location"]) == (303, link)
    answer = Answer.objects.get()
    assert (answer.choice, answer.job_title, answer.note) == (choice, TITLE, "A new schedule.")
    assert (answer.answered_at, answer.status) == (NOW, "waiting")

    page = client.get(sent["Location"])
    assert page.status_code == 200
    words = text(page)
    assert "Thank you Essex County Council has answered. You do not need to do" in words
    assert f"Answer {answer.get_choice_display()} Answered by {TITLE} On 22 November 2026" in words
    assert "An administrator of WEISF reads the answer" in words
    assert ("they correct who leads the protocol" in words) is (choice == "not-ours")
    # The note may hold anything, and whoever has the link is not yet whoever may read it.
    assert "A new schedule." not in words
    assert "<form" not in page.content.decode()


@pytest.mark.both_databases
def test_nothing_is_public_before_it_is_accepted(client: Client):
    send(client, link_to(a_line("0042")), **GOOD)
    for address in ("/protocols/0042/", "/protocols/0042/changes/", "/"):
        page = client.get(address).content.decode()
        assert TITLE not in page
        assert "new schedule" not in page


# By what is wrong: what is typed otherwise, and where the summary leads with which words.
BAD = {
    "no job title": ({"job_title": ""}, {"job_title": "Enter your job title."}),
    "an e-mail address": ({"job_title": "a@b.org"}, {"job_title": "Job title: Remove the e-mail"}),
    "too long": ({"job_title": "x" * 151}, {"job_title": "Job title: this has 151 characters."}),
    "no reason": ({"choice": "ended", "note": " "}, {"note": "Enter in the note why"}),
    "an e-mail address in the note": ({"note": "a@b.org"}, {"note": "Note: Remove the e-mail"}),
    "no choice, as by the Enter key": ({"choice": ""}, {"choice": "Select one of the 4"}),
    "an unknown choice": ({"choice": "accepted"}, {"choice": "Select one of the 4 answers."}),
    "an outcome that is no answer": ({"choice": "replaced"}, {"choice": "Select one of the 4"}),
    "NUL": ({"note": "a\0b"}, {"note": "Note: This contains a character"}),
    "all of it": (
        {"choice": "<b>", "job_title": "", "note": "a@b.org"},
        {"choice": "Select", "job_title": "Enter your", "note": "Note: Remove"},
    ),
}


@pytest.mark.both_databases
@pytest.mark.parametrize(("typed", "sentences"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_named_and_all_that_was_typed_stays(client: Client, typed, sentences):
    link, typed = link_to(a_line()), GOOD | typed
    page = send(client, link, **typed)
    assert page.status_code == 400
    source = page.content.decode()
    assert "<title>Error: Is protocol 0042 still needed?" in source
    assert alerts(page).count("<li>") == len(sentences)
    for field, sentence in sentences.items():
        assert f'<a href="#{field}">{sentence}' in alerts(page)
        assert f'id="{field}"' in source
        assert f'id="error-{field}"' in source
    kept = {name: typed[name] for name in ("job_title", "note")}
    assert Page(source).boxes == kept
    assert not Answer.objects.exists()
    assert send(client, link, **GOOD).status_code == 303


def test_after_an_error_the_page_says_what_was_pressed(client: Client):
    page = send(client, link_to(a_line()), choice="ended", job_title=TITLE)
    assert "You pressed ‘No longer needed’. It is not sent yet" in text(page)
    assert "Enter in the note why it is no longer needed." in text(page)


@pytest.mark.both_databases
def test_a_double_click_is_one_answer(client: Client):
    link = link_to(a_line())
    assert [send(client, link, **GOOD).status_code for _ in range(2)] == [303, 303]
    assert Answer.objects.count() == 1


@pytest.mark.both_databases
def test_another_answer_by_a_used_link_is_not_kept_and_is_told(client: Client):
    link = link_to(a_line())
    send(client, link, **GOOD)
    page = send(client, link, **GOOD | {"choice": "ended"})
    assert page.status_code == 409
    words = text(page)
    assert "What you have just sent was not saved" in words
    assert "This is answered already" in words
    assert "Answer Still needed, changes coming" in words
    assert Answer.objects.get().choice == "changing"


@pytest.mark.both_databases
def test_another_link_of_the_same_lead_tells_of_the_answer_that_waits(client: Client):
    link = link_to(a_line())
    an_answer(a_line(at=SENT_AT - datetime.timedelta(days=30)), "ended", note="It ended.")
    page = client.get(link)
    assert page.status_code == 200
    assert "has answered, by the link in another e-mail" in text(page)
    assert "Answer No longer needed" in text(page)
    assert send(client, link, **GOOD).status_code == 409
    assert Answer.objects.count() == 1


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("decide", "choice", "words"),
    [
        ("accept", "unchanged", "accepted on 22 November 2026. The protocol’s page shows the rev"),
        ("accept", "not-ours", "administrators correct who leads the protocol."),
        ("refuse", "unchanged", "The answer was not accepted, so it changed nothing."),
    ],
)
def test_a_used_link_says_what_became_of_the_answer(client: Client, officer, decide, choice, words):
    line = a_line()
    answer = an_answer(line, choice)
    if decide == "refuse":
        answers.refuse(answer, at=NOW, by=officer)
    else:
        review = None if choice == "not-ours" else a_review()
        answers.accept(answer, review, at=NOW, by=officer)
    page = client.get(link_to(line))
    assert page.status_code == 200
    assert words in text(page)


# What cannot be used -------------------------------------------------------------------------


def withdrawn() -> str:
    line = a_line()
    protocol = line.protocol
    protocol.status, protocol.withdrawn_on = "withdrawn", NOW.date()
    protocol.withdrawn_reason = "It ended."
    with changes.record_change(protocol, at=NOW):
        changes.save(protocol)
    return link_to(line)


def reviewed() -> str:
    line = a_line()
    changes.record_review(a_review(), at=NOW)
    return link_to(line)


def given_away() -> str:
    line = a_line()
    give_away()
    return link_to(line)


# By what happened: the link, the status, and words of the page.
SHUT = {
    "expired": (
        lambda: link_to(a_line(at=EXPIRED_AT)),
        410,
        ["This link has expired", "It could be used until 17 November 2026."],
    ),
    "withdrawn": (withdrawn, 410, ["no longer in force", "withdrawn on 22 November 2026"]),
    "reviewed": (reviewed, 410, ["This protocol has been reviewed"]),
    "another lead": (given_away, 410, ["Essex County Council no longer leads it"]),
    "altered": (lambda: link_to(a_line())[:-1], 404, ["This link does not work"]),
    "empty": (lambda: f"{DOOR}?link=", 404, ["This link does not work"]),
    "missing": (lambda: DOOR, 404, ["This link does not work"]),
    "of another name": (
        lambda: link_to(a_line()).replace("link", "token"),
        404,
        ["This link does not work"],
    ),
    "NUL": (lambda: f"{link_to(a_line())}%00", 404, ["This link does not work"]),
    "bytes that are no text": (lambda: f"{DOOR}?link=%ff%fe", 404, ["This link does not work"]),
    "100 kB": (lambda: f"{DOOR}?link={'1' * 100_000}", 404, ["This link does not work"]),
    "with another behind it": (
        lambda: f"{link_to(a_line())}&link=x",
        404,
        ["This link does not work"],
    ),
    "with a line end": (lambda: f"{link_to(a_line())}%0d%0aSet-Cookie:x", 404, ["not work"]),
    "another's key with the old signature": (
        lambda: link_to(a_line()).replace("link=", "link=1"),
        404,
        ["This link does not work"],
    ),
    "signed for a session": (
        lambda: f"{DOOR}?link={Signer(salt='django.contrib.sessions').sign(str(a_line().pk))}",
        404,
        ["This link does not work"],
    ),
}


@pytest.mark.parametrize(("made", "status", "words"), SHUT.values(), ids=SHUT)
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_link_that_cannot_be_used_says_so_kindly(client: Client, made, status, words, method):
    link = made()
    page = client.get(link) if method == "get" else send(client, link, **GOOD)
    assert page.status_code == status
    for part in words:
        assert part in text(page)
    assert ("mailto:weisf@essex.gov.uk", "weisf@essex.gov.uk") in links(page)
    known = status == 410
    assert (("/protocols/0042/", "See the protocol as it is now") in links(page)) is known
    told = "What you have just sent was not saved." in text(page)
    assert told is (known and method == "post")
    assert "<form" not in page.content.decode()
    assert not Answer.objects.exists()


def test_the_last_day_is_one_of_london(client: Client):
    # In summer the day of London ends an hour before that of UTC.
    link = link_to(a_line(at=datetime.datetime(2027, 5, 1, 9, tzinfo=datetime.UTC)))
    for hour, status in ((22, 200), (23, 410)):
        with time_machine.travel(
            datetime.datetime(2027, 6, 30, hour, 59, tzinfo=datetime.UTC), tick=False
        ):
            assert client.get(link).status_code == status


# What is never kept --------------------------------------------------------------------------


@pytest.fixture
def site(db) -> PageCache:
    """The site in one worker that has just started."""
    return cached()


def every_answer(client: Client):
    """An answer of each kind that the page gives."""
    link = link_to(a_line())
    yield client.get(link)
    yield client.head(link)
    yield send(client, link, choice="")
    yield send(client, link, **GOOD)
    yield client.get(link)
    yield send(client, link, **GOOD | {"choice": "ended"})
    yield client.get(DOOR)
    yield client.get(link_to(a_line("0036", at=EXPIRED_AT)))
    yield client.put(link)
    for _ in range(MOST_TRIES):
        wait = client.get(link)
    yield wait


def test_no_answer_is_kept_by_anybody_and_none_sets_a_cookie(client: Client):
    statuses = []
    for answer in every_answer(client):
        statuses.append(answer.status_code)
        assert answer["Cache-Control"] == "no-store, private"
        assert answer["X-Robots-Tag"] == "noindex"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert not answer.cookies
        assert "Set-Cookie" not in answer
        assert "Cookie" not in answer.get("Vary", "")
    assert statuses == [200, 200, 400, 303, 200, 409, 404, 410, 405, 429]
    assert not client.cookies
    assert not Session.objects.exists()


def test_the_memory_of_pages_keeps_nothing_of_it(site):
    link = link_to(a_line())
    for method in ("GET", "HEAD", "GET"):
        got = ask(site, link, method, accept_encoding="br")
        assert (got.status, got.headers["cache-control"]) == (200, "no-store, private")
        assert "etag" not in got.headers
    assert Try.objects.count() == 3
    assert len(site.store) == 0


def test_an_administrator_who_is_signed_in_gets_the_same_page(client: Client, officers_door):
    link = link_to(a_line())
    plain = Client().get(link)
    assert officers_door.get(link).content == plain.content
    sent = send(officers_door, link, **GOOD)
    assert (sent.status_code, sent.cookies) == (303, {})


def test_a_page_of_another_site_cannot_answer_without_the_link():
    foreign = Client(enforce_csrf_checks=True, headers={"origin": "https://evil.example"})
    link = link_to(a_line())
    assert send(foreign, DOOR, **GOOD).status_code == 404
    # With it, it is the lead's own answer, from wherever it is sent.
    assert send(foreign, link, **GOOD).status_code == 303
