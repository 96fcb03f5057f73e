"""The reference log in admin, and what the public pages of gaps say."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from registers import changes
from registers.models import Change, Gap, Protocol, Theme
from tests.admin.typing_in import Page, address, errors, send
from tests.makers import ProtocolFactory, ThemeFactory, make_protocols
from tests.models.making import NOW, a_protocol

pytestmark = pytest.mark.usefixtures("real_register")

URL = "/admin/registers/references/"


@pytest.fixture
def nina(client):
    """Sees protocols, and may not publish."""
    nina = User.objects.create_user("nina", is_staff=True)
    nina.user_permissions.add(Permission.objects.get(codename="view_protocol"))
    client.force_login(nina)
    return client


def explain(door, *references, url=URL, **typed):
    given = {"references": references, "fate": "never", "note": "", "_say": "Say"} | typed
    return door.post(url, given, follow=True)


def remove(door, *references):
    return door.post(URL, {"references": references, "_take_back": "Take back"}, follow=True)


def messages_in(response) -> str:
    return " ".join(str(message) for message in response.context["messages"])


def refusals(response) -> str:
    assert response.status_code == 200
    assert not list(response.context["messages"])
    return str(response.context["form"].errors).replace("&#x27;", "'")


def lines(response) -> list[str]:
    return [line.reference for line in response.context["lines"]]


def long_log() -> None:
    """Make protocols up to 0999, so close together that all between them are gaps."""
    for number in (*range(100, 1000, 100), 999):
        make_protocols(1, reference=f"{number:04}", theme=Theme.objects.first())


class TestThePage:
    def test_says_what_became_of_every_number(self, officers_door):
        changes.save(a_protocol("0075", theme=Theme.objects.first(), status="draft"))
        changes.explain_gaps(["0013"], fate="withdrawn", note="Minutes of 2016.", at=NOW)
        response = officers_door.get(URL)
        page = response.content.decode()
        assert "75 numbers, 26 protocols, 49 gaps, 1 explained." in page
        assert lines(response) == [str(n).zfill(4) for n in range(1, 76)]
        assert "Withdrawn before this register began. Minutes of 2016." in page
        assert "A title</a> (draft)" in page
        assert f'href="{address("protocol", "change", "0012")}"' in page
        assert Page(page).inline == []

    def test_none_and_all_are_said_in_words(self, officers_door):
        assert "48 gaps, none explained." in officers_door.get(URL).content.decode()
        gaps = lines(officers_door.get(URL, {"show": "gaps"}))
        explain(officers_door, *gaps)
        assert "48 gaps, all explained." in officers_door.get(URL).content.decode()
        page = officers_door.get(URL, {"show": "unexplained"}).content.decode()
        assert "Every gap is explained." in page

    @pytest.mark.parametrize("reference", ["0074", "0200"])
    def test_a_deleted_draft_is_remembered(self, officers_door, reference):
        put_last = a_protocol("0400", theme=Theme.objects.first())
        changes.save(put_last)
        draft = a_protocol(reference, theme=Theme.objects.first(), status="draft")
        changes.save(draft)
        changes.remove(draft)
        assert "A draft had this number and was deleted." in (
            officers_door.get(URL).content.decode()
        )

    @pytest.mark.both_databases
    def test_numbers_that_are_not_listed_can_be_explained(self, officers_door, empty_register):
        theme = ThemeFactory()
        numbers = [*range(1, 81), 400]
        Protocol.objects.bulk_create(
            ProtocolFactory.build(reference=f"{number:04}", theme=theme) for number in numbers
        )
        page = officers_door.get(URL, {"show": "gaps"}).content.decode()
        assert "319 numbers are not listed" in page
        assert "every number has a protocol" not in page
        assert 'name="first"' in page
        explain(officers_door, first="0081", last="0280")
        assert Gap.objects.count() == 200

    @pytest.mark.both_databases
    def test_filters(self, officers_door):
        changes.explain_gaps(["0013"], fate="never", at=NOW)
        gaps = lines(officers_door.get(URL, {"show": "gaps"}))
        assert len(gaps) == 48
        assert "0013" in gaps
        unexplained = lines(officers_door.get(URL, {"show": "unexplained"}))
        assert set(gaps) - set(unexplained) == {"0013"}
        assert len(lines(officers_door.get(URL, {"show": "nonsense"}))) == 73

    @pytest.mark.both_databases
    def test_pages(self, officers_door):
        long_log()
        assert len(lines(officers_door.get(URL))) == 200
        last = officers_door.get(URL, {"page": 5})
        assert lines(last)[-1] == "0999"
        assert "Page 5 of 5" in last.content.decode()
        assert lines(officers_door.get(URL, {"page": 99})) == lines(last)
        assert lines(officers_door.get(URL, {"page": "x"}))[0] == "0001"

    @pytest.mark.parametrize(
        ("number", "first"),
        [("0450", "0401"), ("400", "0201"), ("99999", "0801"), ("x", "0001"), ("9" * 50, "0001")],
    )
    def test_going_to_a_number(self, officers_door, number, first):
        long_log()
        assert lines(officers_door.get(URL, {"number": number}))[0] == first

    def test_an_empty_register(self, officers_door, empty_register):
        page = officers_door.get(URL).content.decode()
        assert "0 numbers, 0 protocols, 0 gaps." in page
        assert "There are no protocols yet." in page

    def test_a_register_without_gaps(self, officers_door, empty_register):
        make_protocols(1, reference="0001")
        page = officers_door.get(URL, {"show": "gaps"}).content.decode()
        assert "There are no gaps" in page
        assert 'name="_say"' not in page

    def test_queries_do_not_grow_with_it(self, officers_door, django_assert_num_queries):
        make_protocols(150, theme=Theme.objects.first())
        with django_assert_num_queries(11):
            officers_door.get(URL)

    def test_the_list_and_the_dashboard_lead_there(self, officers_door):
        for page in ("/admin/", address("protocol", "changelist")):
            assert f'href="{URL}' in officers_door.get(page).content.decode()


class TestSaying:
    def test_of_one_with_a_note(self, officers_door, officer):
        response = explain(officers_door, "0013", fate="withdrawn", note="Minutes of 2016.")
        assert "of 0013: withdrawn before this register began." in messages_in(response)
        gap = Gap.objects.get()
        assert (gap.pk, gap.fate, gap.note) == ("0013", "withdrawn", "Minutes of 2016.")
        change = Change.objects.latest("pk")
        assert change.by == officer
        assert change.what == (
            "Reference without a protocol '0013': What became of it recorded: Withdrawn before"
            " this register began.\nNote recorded: Minutes of 2016."
        )

    def test_of_several_and_it_stays_on_its_page(self, officers_door):
        url = f"{URL}?show=gaps&page=1"
        response = explain(officers_door, "0001", "0002", "0003", "0004", "0005", "0006", url=url)
        assert "6 numbers" in messages_in(response)
        assert response.redirect_chain == [(url, 302)]
        assert Gap.objects.filter(fate="never").count() == 6

    @pytest.mark.both_databases
    def test_of_a_range(self, officers_door):
        explain(officers_door, "0001", first="2", last="00005", fate="unknown")
        every = ["0001", "0002", "0003", "0004", "0005"]
        assert list(Gap.objects.values_list("pk", flat=True)) == every
        sent = {"first": "0001", "last": "0012", "_take_back": "x"}
        assert "removed" in messages_in(officers_door.post(URL, sent, follow=True))
        assert not Gap.objects.exists()

    @pytest.mark.parametrize(
        ("first", "last", "sentence"),
        [
            ("0011", "0013", "0012 has a protocol"),
            ("0001", "0005", "0003 has a protocol or an explanation already"),
            ("0005", "0004", "the lower one first"),
            ("0005", "", "Enter two numbers"),
            ("", "0005", "Enter two numbers"),
            ("0001", "0074", "Enter two numbers"),
            ("1", "x", "Enter two numbers"),
            ("0100", "0300", "no more than 200"),
        ],
    )
    def test_of_no_range(self, officers_door, first, last, sentence):
        changes.explain_gaps(["0003"], fate="never", at=NOW)
        if last == "0300":
            make_protocols(1, reference="0999", theme=Theme.objects.first())
        response = explain(officers_door, first=first, last=last)
        assert sentence in refusals(response)
        assert Gap.objects.count() == 1

    def test_something_else_later(self, officers_door):
        explain(officers_door, "0013")
        explain(officers_door, "0013", fate="unknown", note="Nobody knows.")
        assert Gap.objects.get().fate == "unknown"
        assert "changed from Never issued to Unknown" in Change.objects.latest("pk").what

    def test_taking_it_back(self, officers_door):
        explain(officers_door, "0013")
        assert "The explanation of 0013 is removed." in messages_in(remove(officers_door, "0013"))
        assert not Gap.objects.exists()
        assert "What became of it taken out; it was: Never issued." in (
            Change.objects.latest("pk").what
        )
        assert "nothing was removed" in messages_in(remove(officers_door, "0013"))


BAD = {
    "none selected": ((), {}, "Select at least one number"),
    "too many": ([str(n).zfill(4) for n in range(1000, 1201)], {}, "no more than 200"),
    "a protocol's": (["0013", "0012"], {}, "You cannot explain 0012"),
    "a protocol's in another width": (["00012"], {}, "You cannot explain 00012"),
    "past the last": (["0074"], {}, "it is not in the reference log"),
    "no number": (["x" * 40], {}, "You cannot explain " + "x" * 20 + ":"),
    "three digits": (["013"], {}, "Enter the number as 4 to 8 digits"),
    "no fate": (["0013"], {"fate": ""}, "Select what became of them."),
    "an unknown fate": (["0013"], {"fate": "lost"}, "Select a valid choice."),
    "an e-mail address": (["0013"], {"note": "Ask a@example.org"}, "Remove the e-mail address"),
    "the same number twice": (["0013", "00013"], {}, "explained as 0013 already"),
}


@pytest.mark.parametrize(("references", "typed", "sentence"), BAD.values(), ids=BAD)
def test_what_cannot_be_said_is_refused_and_nothing_is_saved(
    officers_door, references, typed, sentence
):
    response = explain(officers_door, *references, **({"note": "As typed."} | typed))
    assert sentence in refusals(response)
    assert response.context["form"]["note"].value() == typed.get("note", "As typed.")
    assert "Error: " in response.content.decode()
    assert not Gap.objects.exists()


class TestWhoMay:
    def test_who_sees_protocols_may_read(self, nina):
        page = nina.get(URL).content.decode()
        assert "48 gaps" in page
        assert 'type="checkbox"' not in page
        assert 'name="_say"' not in page

    def test_and_may_not_explain(self, nina):
        assert explain(nina, "0013").status_code == 403
        assert remove(nina, "0013").status_code == 403
        assert not Gap.objects.exists()

    def test_who_does_not_may_neither(self, client):
        client.force_login(User.objects.create_user("nobody", is_staff=True))
        assert client.get(URL).status_code == 403

    def test_strangers_are_led_to_the_door(self, client):
        assert client.get(URL)["Location"].startswith("/admin/login/")


class TestANewProtocol:
    def new(self, door, reference):
        theme = Theme.objects.first().pk
        url = address("protocol", "add")
        return send(door, url, reference=reference, title="Flood alerts", theme=theme)

    @pytest.mark.parametrize("reference", ["0013", "00013"])
    def test_cannot_have_the_number_while_the_log_says_so(self, officers_door, reference):
        explain(officers_door, "0013")
        response = self.new(officers_door, reference)
        assert "0013" in errors(response)
        assert "never issued" in errors(response)
        assert not Protocol.objects.filter(title="Flood alerts").exists()
        remove(officers_door, "0013")
        self.new(officers_door, reference)
        assert Protocol.objects.filter(pk=reference).exists()


class TestThePublicPage:
    FATES = {
        "never": (404, "the number was never issued"),
        "withdrawn": (410, "Protocol 0013 was withdrawn before this register began"),
        "unknown": (404, "What happened to the number is not known"),
        None: (
            404,
            "this reference was never used, or is not published yet, or its protocol ended",
        ),
    }

    @pytest.mark.parametrize(("fate", "expected"), FATES.items())
    def test_says_what_the_log_says(self, client, fate, expected):
        if fate:
            changes.explain_gaps(["0013"], fate=fate, note="Minutes of <2016>.", at=NOW)
        response = client.get("/protocols/0013/")
        status, words = expected
        page = response.content.decode()
        assert response.status_code == status
        assert words in page
        assert ("Minutes of &lt;2016&gt;." in page) is bool(fate)

    @pytest.mark.parametrize("asked", ["13", "00013", "00000013"])
    def test_in_another_width_leads_on(self, client, asked):
        changes.explain_gaps(["0013"], fate="never", at=NOW)
        response = client.get(f"/protocols/{asked}/", follow=True)
        assert response.redirect_chain[-1] == ("/protocols/0013/", 301)
        assert response.status_code == 404

    def test_a_protocol_in_another_width_leads_on(self, client):
        assert client.get("/protocols/00012/")["Location"] == "/protocols/0012/"

    def test_a_draft_is_not_betrayed(self, client):
        changes.save(a_protocol("0075", theme=Theme.objects.first(), status="draft"))
        draft, none = client.get("/protocols/0075/"), client.get("/protocols/0076/")
        assert draft.content.replace(b"0075", b"0076") == none.content
        assert client.get("/protocols/00075/").status_code == 404

    def test_a_search_for_it_leads_there(self, client):
        page = client.get("/", {"q": "0013"}).content.decode()
        assert 'href="/protocols/0013/"' in page


@pytest.mark.both_databases
@pytest.mark.parametrize("reference", ["0012", "00012"])
def test_a_gap_is_never_a_protocol_s_number(reference):
    with pytest.raises(ValidationError, match=r"A protocol has this reference\."):
        changes.save(Gap(reference=reference, fate="never"))


@pytest.mark.both_databases
def test_two_say_of_one_number_in_one_moment(officers_door, monkeypatch):
    def too_late(*args: Any, **kwargs: Any) -> None:
        raise IntegrityError("Somebody has said it already.")

    monkeypatch.setattr("registers.changes.explain_gaps", too_late)
    response = explain(officers_door, "0001")
    assert response.status_code == 503
    assert "somebody else was saving at the same time" in response.content.decode()
