"""An import is applied from its page: exactly what was shown, once, and recorded for the public."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from registers import changes
from registers.models import Change, ImportJob, Organisation, Protocol, RegisterVersion
from tests.admin.typing_in import boxes
from tests.imports.uploading import (
    LIST,
    a_row,
    apply,
    counted,
    exported,
    leads_to,
    said,
    shown,
    shut,
    typed,
    uploaded,
)
from tests.models.making import NOW

pytestmark = pytest.mark.usefixtures("real_register")

EDITS = {
    "0012": {"title": "Another title"},
    "0046": {"other_organisations": "All Essex Schools; Essex Police (at night)"},
}


@pytest.fixture
def address(officers_door) -> str:
    """An import of which two rows would change the register."""
    return uploaded(officers_door, exported(officers_door, EDITS), "live.csv")


@pytest.mark.both_databases
def test_it_does_what_was_shown(officers_door, address, officer):
    page = apply(officers_door, address, why="They asked for it.").getvalue().decode()
    assert leads_to(page) == address
    assert "Others cannot save until this has ended." in said(page)
    protocol = Protocol.objects.get(pk="0012")
    assert protocol.title == "Another title"
    assert [(p.organisation.name, p.note) for p in Protocol.objects.get(pk="0046").partners] == [
        ("All Essex Schools", ""),
        ("Essex Police", "at night"),
    ]
    change = Change.objects.filter(protocol="0012").first()
    assert (change.why, change.by) == ("They asked for it.", officer)
    words = shown(officers_door, address)
    assert "by olive. 2 of 25 rows changed the register: 2 changed. 23 were unchanged." in words
    assert "Why: They asked for it." in words
    assert "Title Before SELEP (ECC) DSA with the ESFA V2.0 After Another title" in words
    page = officers_door.get(address).content.decode()
    assert f'href="{protocol.get_absolute_url()}"' in page
    assert f'href="{reverse("admin:registers_protocol_history", args=["0012"])}"' in page
    assert "They asked for it." in officers_door.get("/protocols/0012/changes/").content.decode()
    assert "Applied: 2 rows changed the register." in said(officers_door.get(LIST).content)


def test_what_it_brought_is_unchanged_afterwards(officers_door, address):
    leads_to(apply(officers_door, address))
    again = uploaded(officers_door, exported(officers_door))
    assert "Nothing changes: every row says" in shown(officers_door, again)
    # What was not in it is not listed any more: the register may hold other protocols now.
    assert "Not in the file" not in shown(officers_door, address)


def test_the_reason_is_filled_in_beforehand_and_asked_for(officers_door, address):
    assert boxes(officers_door, address)["why"] == "Imported from live.csv."
    unread = "This holds a character that cannot be shown (U+0007). Delete it, or type it again."
    for why, wrong in (
        ("Sent by jane.smith@essex.gov.uk.", "Remove the e-mail address, because this is public."),
        ("So\x07", unread),
    ):
        answer = apply(officers_door, address, why=why)
        assert answer.context["form"].errors == {"why": [wrong]}
        assert wrong in said(answer.content)
    answer = apply(officers_door, address, why=" ")
    assert answer.context["form"].errors == {"why": ["Write why, in a few words. Readers see it."]}
    assert "<title>Error: " in answer.content.decode()
    assert Protocol.objects.get(pk="0012").title != "Another title"


@pytest.mark.parametrize("expected_digest", ["", "of something else"])
def test_nothing_is_done_but_what_was_shown(officers_door, address, expected_digest):
    answer = apply(officers_door, address, expected_digest=expected_digest)
    if expected_digest:
        assert "otherwise=yes" in leads_to(answer)
    assert Protocol.objects.get(pk="0012").title != "Another title"
    assert ImportJob.objects.get().status == "checked"


def test_where_something_else_would_happen_it_is_checked_again_instead(officers_door, address):
    protocol = Protocol.objects.get(pk="0012")
    with changes.record_change(protocol, at=NOW):
        protocol.title = "A third title"
        changes.save(protocol)
    leads = leads_to(apply(officers_door, address))
    words = shown(officers_door, leads)
    assert "Nothing was applied: since you looked, the register or your choices have" in words
    assert "Title Before A third title After Another title" in words
    leads_to(apply(officers_door, address))
    assert Protocol.objects.get(pk="0012").title == "Another title"
    assert "Nothing was applied" not in shown(officers_door, leads)


@pytest.mark.both_databases
def test_nothing_is_done_where_somebody_checks_it_otherwise_in_the_meantime(officers_door, address):
    answer = apply(officers_door, address)
    parts = [next(iter(answer.streaming_content))]
    ImportJob.objects.update(digest="of another check")
    parts += answer.streaming_content
    assert "since you looked, the register or your choices have" in shown(
        officers_door, leads_to(b"".join(parts).decode())
    )
    assert Protocol.objects.get(pk="0012").title != "Another title"


def test_what_waits_or_is_refused_is_left_out(officers_door):
    rows = [a_row("One"), a_row("Two", others="Zq1"), a_row("0012 - Three", theme="")]
    address = uploaded(officers_door, typed(*rows))
    assert "Rows that are refused or wait are left out" in shown(officers_door, address)
    leads_to(apply(officers_door, address, publish="publish"))
    assert set(Protocol.objects.filter(pk__gt="0073").values_list("title", flat=True)) == {"One"}
    words = shown(officers_door, address)
    assert "1 was left out, since a name in it was not known and 1 was refused." in words
    assert not Organisation.objects.named("Zq1").exists()


class TestNewProtocols:
    @pytest.mark.parametrize("published", ["today", "before"])
    def test_are_published_today_or_were_before(self, officers_door, today, published):
        address = uploaded(officers_door, typed(a_row("New")), published=published)
        chosen = boxes(officers_door, address)["publish"]
        assert chosen == {"today": "drafts", "before": "publish"}[published]
        leads_to(apply(officers_door, address, publish="publish"))
        made = Protocol.objects.get(title="New")
        assert made.status == "published"
        assert made.published_on == (today if published == "today" else None)
        assert made.get_absolute_url() in officers_door.get(address).content.decode()

    @pytest.mark.both_databases
    def test_come_in_as_drafts_of_which_no_reader_learns(self, officers_door, client):
        address = uploaded(officers_door, typed(a_row("New", others="Flood Wardens, EPUT")))
        leads_to(officers_door.post(f"{address}names/", a_new_name(officers_door, address)))
        leads_to(apply(officers_door, address))
        made = Protocol.objects.get(title="New")
        assert (made.status, made.published_on) == ("draft", None)
        assert client.get(f"/protocols/{made.pk}/").status_code == 404
        assert not Change.objects.filter(subject_key=made.pk, public=True).exists()
        page = officers_door.get(address)
        assert reverse("admin:registers_protocol_change", args=[made.pk]) in page.content.decode()
        assert "came in as drafts" in said(page.content) or "is a draft" in said(page.content)

    def test_that_lack_something_stay_drafts(self, officers_door):
        rows = [a_row("One"), a_row("Two", theme=""), ("", "Three", "", "", "", "")]
        address = uploaded(officers_door, typed(*rows))
        assert counted(officers_door, address)["drafts"] == 2
        words = shown(officers_door, address)
        assert "2 without a theme, 1 without a purpose and 1 without a lead organisation" in words
        assert "Publish the 1 that may be published; 2 stay drafts" in words
        assert "lacks a theme, a purpose and a lead organisation" in shown(
            officers_door, address, "drafts"
        )
        leads_to(apply(officers_door, address, publish="publish"))
        made = dict(Protocol.objects.filter(pk__gt="0073").values_list("title", "status"))
        assert made == {"One": "published", "Two": "draft", "Three": "draft"}

    def test_that_were_published_before_lack_what_they_lacked(self, officers_door):
        rows = [(*a_row("One")[:2], "", "", "", ""), a_row("Two", theme="")]
        address = uploaded(officers_door, typed(*rows), published="before")
        assert counted(officers_door, address)["drafts"] == 1
        leads_to(apply(officers_door, address))
        made = dict(Protocol.objects.filter(pk__gt="0073").values_list("title", "status"))
        assert made == {"One": "published", "Two": "draft"}

    def test_are_published_by_those_alone_who_may(self, officers_door, officer):
        may = Permission.objects.get(codename="import_protocol")
        officer.is_superuser = False
        officer.save()
        officer.groups.clear()
        officer.user_permissions.set([may])
        address = uploaded(officers_door, typed(a_row("New")))
        assert "publish" not in officers_door.get(address).context["form"].fields
        leads_to(apply(officers_door, address, publish="publish"))
        assert Protocol.objects.get(title="New").status == "draft"


def a_new_name(door: Client, address: str) -> dict[str, str]:
    """Choose a new organisation for the first name that is not known."""
    held = boxes(door, f"{address}names/")
    return held | {"0-way": "new"}


@pytest.mark.both_databases
class TestTwice:
    def test_a_second_post_does_nothing(self, officers_door, address):
        held = boxes(officers_door, address)
        sent = {"expected_digest": held["expected_digest"], "why": "Why"}
        leads_to(officers_door.post(f"{address}apply/", sent))
        version = RegisterVersion.now().number
        answer = officers_door.post(f"{address}apply/", sent, follow=True)
        assert answer.redirect_chain == [(address, 302)]
        assert "This import was applied already. Nothing was done again." in said(
            b'id="content-main"' + answer.content
        )
        assert RegisterVersion.now().number == version

    def test_two_tabs_at_once_apply_it_once(self, officers_door, address):
        held = boxes(officers_door, address)
        sent = {"expected_digest": held["expected_digest"], "why": "Why"}
        # Both have begun before either has done anything.
        one, other = (officers_door.post(f"{address}apply/", sent) for _ in range(2))
        leads_to(one)
        assert "This import was applied already." in said(other.getvalue())
        assert Change.objects.filter(protocol="0012", why="Why").count() == 1

    @pytest.mark.parametrize("page", ["check", "remove"])
    def test_what_is_applied_is_neither_checked_again_nor_removed(
        self, officers_door, address, page
    ):
        leads_to(apply(officers_door, address))
        answer = officers_door.post(f"{address}{page}/", follow=True)
        assert answer.redirect_chain == [(address, 302)]
        assert "This import was applied already." in answer.content.decode()
        assert ImportJob.objects.get().status == "applied"

    def test_a_check_that_ends_after_it_was_applied_changes_nothing_of_it(
        self, officers_door, address
    ):
        checking = officers_door.post(f"{address}check/")
        next(iter(checking.streaming_content))
        leads_to(apply(officers_door, address))
        assert "This import was applied already." in "".join(
            part.decode() for part in checking.streaming_content
        )
        assert counted(officers_door, address)["changed"] == 2


@pytest.mark.both_databases
class TestAPageThatIsClosed:
    def test_is_applied_all_the_same(self, officers_door, address):
        answer = apply(officers_door, address)
        next(iter(answer.streaming_content))
        shut(answer)
        assert Protocol.objects.get(pk="0012").title == "Another title"
        assert ImportJob.objects.get().status == "applied"

    def test_or_comes_to_its_stop(self, officers_door, address):
        answer = apply(officers_door, address)
        next(iter(answer.streaming_content))
        ImportJob.objects.all().delete()
        shut(answer)
        assert Protocol.objects.get(pk="0012").title != "Another title"


@pytest.mark.parametrize("page", ["apply", "check", "remove"])
def test_what_is_done_is_done_by_a_form(officers_door, address, page):
    answer = officers_door.get(f"{address}{page}/")
    assert answer.headers["Location"] == address
    assert ImportJob.objects.get().status == "checked"


@pytest.mark.parametrize("page", ["", "names/", "names/new/", "apply/", "check/", "remove/"])
def test_there_is_no_page_of_what_is_not_there(officers_door, page):
    assert officers_door.get(f"{LIST}4711/{page}").status_code == 404


def test_the_reason_has_the_files_name_unless_that_holds_an_address(officers_door):
    address = uploaded(officers_door, typed(a_row("One")), "from jane.smith@essex.gov.uk.csv")
    assert boxes(officers_door, address)["why"] == "Imported from a spreadsheet."


def test_words_about_a_person_are_ticked_once(officers_door):
    number = "020 7946 0958"
    edits = {pk: {"purpose": f"Ring {number}."} for pk in ("0012", "0046")}
    address = uploaded(officers_door, exported(officers_door, edits))
    assert number in shown(officers_door, address)
    answer = apply(officers_door, address)
    assert answer.context["form"].errors.keys() == {"meant"}
    assert number not in Protocol.objects.get(pk="0012").purpose
    leads_to(apply(officers_door, address, meant="on"))
    assert Protocol.objects.filter(purpose=edits["0012"]["purpose"]).count() == len(edits)


def test_nothing_is_to_be_ticked_without_such_words(officers_door, address):
    assert "meant" not in officers_door.get(address).context["form"].fields
