"""'Something wrong on this page?': the form, what is refused, what is stored, and for how long."""

from __future__ import annotations

import html
import re
from io import StringIO
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.test import Client

from registers.models import News, Proposal, Protocol
from registers.reminders.links import MOST_TRIES
from registers.reminders.suggestions import MOST_WAITING
from tests.admin.typing_in import address, boxes
from tests.browser.addresses import EXAMPLES
from tests.cast import door_of, somebody
from tests.public.answering import URLENCODED
from tests.public.pages import links, text

pytestmark = pytest.mark.usefixtures("real_register", "today")

DOOR = "/suggestions/"
LINK = "Something wrong on this page?"
WORDS = "The lead is Essex Police since May."
PAGE = "/protocols/0046/"


def tell(client: Client, words: str = WORDS, *, page: str = PAGE, **more: str) -> Any:
    """Send the form."""
    sent = {"words": words, "page": page, **more}
    body = "&".join(f"{name}={quote(value)}" for name, value in sent.items())
    return client.post(DOOR, body, URLENCODED)


def told() -> list[Proposal]:
    return list(Proposal.objects.order_by("pk"))


class TestTheLink:
    def test_every_page_leads_to_the_form_with_its_own_address(self, client: Client):
        for example in EXAMPLES:
            page = client.get(example.path, follow=True)
            found = [to for to, words in links(page) if words == LINK]
            if example.path.startswith(DOOR):
                assert not found
                continue
            assert page.status_code == example.status
            (to,) = found
            canonical = re.search(r'rel="canonical" href="([^"]*)"', page.content.decode())
            about = parse_qs(urlsplit(to).query).get("page", [""])[0]
            whole = f"http://localhost:8000{about}" if about else ""
            assert whole == (html.unescape(canonical[1]) if canonical else "")
            assert "altered" not in to

    def test_a_setting_turns_it_off(self, client: Client, settings):
        settings.SUGGESTIONS = False
        page = client.get("/about/?off=")
        assert LINK not in page.content.decode()
        assert f"mailto:{settings.PARTNERSHIP.email}" in page.content.decode()
        assert client.get(DOOR).status_code == tell(client).status_code == 404
        assert not told()


class TestTheForm:
    @pytest.mark.parametrize(
        ("page", "named"),
        [
            (PAGE, "0046"),
            ("/protocols/0046/changes/?page=2", "0046"),
            ("/organisations/essex-police/", "Essex Police"),
            ("/organisations/all-essex-schools/members/", "All Essex Schools"),
            ("/themes/safer-community/", "Safer Community"),
            ("/news/overarching-isp-and-template/", "emplate"),
            ("/resources/review-template/", "eview template"),
        ],
    )
    def test_it_names_the_record_that_the_page_shows(self, client: Client, page, named):
        shown = client.get(DOOR, {"page": page})
        assert named in str(shown.context["subject"])
        assert page in text(shown)
        assert tell(client, page=page).status_code == 303
        (made,) = told()
        assert (made.about, made.page) == (str(shown.context["subject"]), page)
        assert made.subject_key == str(shown.context["subject"].pk)

    @pytest.mark.parametrize(
        "page",
        [
            *(
                "",
                "//evil.example/",
                "https://evil.example/",
                "/admin/",
                "/nothing/",
                "javascript:1",
            ),
            *("/reviews/answer/?link=secret", "/preview/?link=secret", "/?q=" + "a" * 500),
            *("/?q=\u202e", "/?q=\n", "http://[/", "/protocols/0046/\x00"),
        ],
    )
    def test_it_takes_no_address_but_of_our_own_pages(self, client: Client, page):
        shown = client.get(DOOR, {"page": page})
        assert (shown.status_code, shown.context["page"]) == (200, "")
        tell(client, page=page)
        assert [(each.page, each.about) for each in told()] == [("", "the register")]

    def test_it_does_not_name_a_draft(self, client: Client):
        draft = News.objects.create(title="Not yet", slug="not-yet", status="draft")
        Protocol.objects.filter(pk="0046").update(status="draft")
        for page in (f"/news/{draft.slug}/", PAGE, "/organisations/unknown-body/"):
            assert client.get(DOOR, {"page": page}).context["subject"] is None

    def test_nothing_is_kept_of_the_reader_but_the_role(self, client: Client):
        answer = tell(client, f"  {WORDS}\r\nSince 3 May. ", job_title=" Records  officer ")
        assert answer.status_code == 303
        thanks = client.get(answer["Location"])
        assert PAGE in [to for to, _ in links(thanks)]
        assert "0046" in text(thanks)
        (made,) = told()
        assert (made.words, made.job_title) == (f"{WORDS}\nSince 3 May.", "Records officer")
        assert (made.by, made.why, made.status) == (None, "", "waiting")

    def test_it_sets_no_cookie_and_is_stored_nowhere(self, client: Client):
        for answer in (client.get(DOOR), client.head(DOOR), tell(client), tell(client, "")):
            assert "no-store" in answer["Cache-Control"]
            assert not answer.cookies
            assert answer["X-Robots-Tag"] == "noindex"
        assert len(told()) == 1
        assert f"Disallow: {DOOR}" in client.get("/robots.txt").content.decode()


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("words", "more", "box"),
        [
            ("", {}, "words"),
            (" \n ", {}, "words"),
            ("x" * 2_001, {}, "words"),
            ("Turned \u202eround", {}, "words"),
            ("A bell \x07", {}, "words"),
            ("Unseen \u200b", {}, "words"),
            ("Ask jo@example.org", {}, "words"),
            (WORDS, {"job_title": "x" * 151}, "job_title"),
            (WORDS, {"job_title": "jo@example.org"}, "job_title"),
            (WORDS, {"job_title": "\u2066Officer"}, "job_title"),
            (WORDS, {"website": "https://example.org"}, "website"),
        ],
    )
    def test_a_sentence_names_the_box_and_what_was_typed_stays(
        self, client: Client, words, more, box
    ):
        answer = tell(client, words, **more)
        assert answer.status_code == 400
        assert list(answer.context["errors"]) == [box]
        assert answer.context["typed"]["words"] == words
        assert answer.context["page"] == PAGE
        assert not told()

    def test_what_is_no_text_at_all(self, client: Client):
        answer = client.post(DOOR, b"words=%FF%FE", URLENCODED)
        assert (answer.status_code, list(answer.context["errors"])) == (400, ["words"])
        assert client.post(DOOR, {"words": WORDS}).status_code == 400  # as no form of ours
        assert client.put(DOOR).status_code == 405
        assert not told()

    def test_formulas_and_markup_are_words(self, client: Client, publisher):
        tell(client, "=1+1 <script>alert(1)</script>")
        page = door_of(publisher).get(address("proposal", "change", told()[0].pk)).content.decode()
        assert "=1+1 &lt;script&gt;" in page

    def test_twice_is_once_while_it_waits(self, client: Client):
        for page in (PAGE, PAGE, "/"):
            assert tell(client, page=page).status_code == 303
        assert [each.page for each in told()] == [PAGE, "/"]

    def test_a_network_waits_after_twenty(self, client: Client):
        for number in range(MOST_TRIES):
            assert tell(client, f"Wrong {number}.").status_code == 303
        answer = tell(client, "One more.")
        assert answer.status_code == 429
        assert int(answer["Retry-After"]) > 0
        assert client.get(DOOR).status_code == 200
        assert len(told()) == MOST_TRIES

    def test_a_full_queue_says_so(self, client: Client, settings):
        tell(client)
        (first,) = told()
        values = {each.attname: getattr(first, each.attname) for each in Proposal._meta.fields}
        del values["id"]
        Proposal.objects.bulk_create(
            Proposal(**values | {"words": str(number)}) for number in range(MOST_WAITING - 1)
        )
        answer = tell(client, "One more.")
        assert settings.PARTNERSHIP.email in answer.context["errors"]["words"]
        assert len(told()) == MOST_WAITING


class TestInAdmin:
    @pytest.fixture(params=[PAGE, "/reviews/"])
    def suggestion(self, request, client) -> Proposal:
        tell(client, page=request.param, job_title="Resident")
        (made,) = told()
        return made

    def test_a_publisher_reads_and_closes_it(self, suggestion, publisher):
        door, page = door_of(publisher), address("proposal", "change", suggestion.pk)
        assert suggestion.about in door.get(address("proposal", "changelist")).content.decode()
        shown = door.get(page)
        words = shown.content.decode()
        assert WORDS in words
        assert "Resident" in words
        assert (address("protocol", "change", "0046") in words) == (suggestion.page == PAGE)
        sent = boxes(door, page) | {"comment": "Corrected."}
        close = address("proposal", "close", suggestion.pk)
        assert door.get(close).status_code == 302
        assert door.post(close, sent).status_code == 302
        suggestion.refresh_from_db()
        assert (suggestion.status, suggestion.comment) == ("closed", "Corrected.")
        assert suggestion.decided_by == publisher
        assert door.post(close, sent).status_code == 409
        assert "Corrected." in door.get(page).content.decode()

    def test_an_editor_reads_it(self, suggestion, editor):
        door = door_of(editor)
        assert WORDS in door.get(address("proposal", "change", suggestion.pk)).content.decode()
        for verb in ("close", "accept", "return", "again", "take-back"):
            assert door.post(address("proposal", verb, suggestion.pk)).status_code == 403

    def test_it_is_no_proposal_to_accept(self, suggestion, publisher):
        door = door_of(publisher)
        for verb in ("accept", "return", "again", "take-back"):
            assert door.post(address("proposal", verb, suggestion.pk)).status_code == 403
        suggestion.refresh_from_db()
        assert suggestion.status == "waiting"

    def test_the_form_of_its_record_says_that_it_waits(self, client, editor):
        tell(client)
        page = door_of(editor).get(address("protocol", "change", "0046")).content.decode()
        assert address("proposal", "change", told()[0].pk) in page


def run(on: str, command: str = "delete_expired", **how: Any) -> str:
    out = StringIO()
    with time_machine.travel(f"{on}T09:00:00+00:00", tick=False):
        call_command(command, stdout=out, **how)
    return out.getvalue()


@pytest.mark.both_databases
def test_publishers_are_told_and_it_goes_after_its_time(client: Client, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.SUGGESTION_DAYS, settings.PROPOSAL_DAYS = 30, 1
    somebody("paul", "Publisher", email="paul@example.org")
    with time_machine.travel("2026-11-22T09:00:00+00:00", tick=False):
        tell(client)
    run("2026-11-23", "send_review_reminders")
    (sent,) = [each for each in mail.outbox if each.to == ["paul@example.org"]]
    assert WORDS not in sent.body
    Proposal.objects.update(status="closed", decided_at=told()[0].proposed_at)
    run("2026-12-22")
    assert len(told()) == 1
    assert "Suggestions: 1 would be deleted" in run("2026-12-23", dry_run=True)
    assert len(told()) == 1
    assert "Suggestions: 1 deleted" in run("2026-12-23")
    assert not told()
