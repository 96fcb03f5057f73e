"""What an Editor may do, and what only a Publisher may: on forms and in reviews."""

from __future__ import annotations

import pytest

from registers.models import Proposal, Protocol, Review
from tests.admin.typing_in import Page, address, send
from tests.cast import door_of

pytestmark = pytest.mark.usefixtures("real_register", "today")

FORM = address("protocol", "change", "0046")


@pytest.fixture
def door(editor):
    return door_of(editor)


@pytest.fixture
def publishers_door(publisher):
    return door_of(publisher)


def status(reference="0046"):
    return Protocol.objects.get(pk=reference).status


def new(**typed):
    theme = Protocol.objects.get(pk="0046").theme_id
    return {"reference": "9001", "title": "New", "theme": theme, **typed}


def test_an_editor_drafts_and_deletes_nothing_public(door):
    page = send(door, address("protocol", "add"), **new())
    assert page.status_code == 200
    assert status("9001") == "draft"
    send(door, address("protocol", "change", "9001"), title="Newer")
    assert Protocol.objects.get(pk="9001").title == "Newer"
    Protocol.objects.filter(pk="9001").update(status="published")
    assert door.post(address("protocol", "delete", "9001"), {"post": "yes"}).status_code == 403


def test_an_editor_proposes_an_edit_of_what_is_published(door):
    before = Protocol.objects.get(pk="0046").title
    send(door, FORM, title="Another title")
    assert Protocol.objects.get(pk="0046").title == before
    assert Proposal.objects.get().wanted["fields"] == {"title": "Another title"}
    assert status() == "published"


def test_who_may_only_look_sees_the_form(editor, db):
    editor.groups.clear()
    editor.user_permissions.set(
        editor.user_permissions.model.objects.filter(codename="view_protocol")
    )
    assert door_of(editor).get(FORM).status_code == 200


class TestReviews:
    ONE = address("protocol", "review", "0046")
    MANY = address("protocol", "review_many")

    def typed(self, **fields):
        return {
            "outcome": "unchanged",
            "reviewed_on": "2026-11-20",
            "next_review": "March 2029",
            "job_title": "SIRO",
            "note": "Looked at.",
        } | fields

    @pytest.mark.parametrize("who", ["door", "publishers_door"])
    def test_only_what_may_be_recorded_is_offered(self, request, who):
        page = request.getfixturevalue(who).get(self.ONE).content.decode()
        for outcome in ("ended", "replaced"):
            assert (f'value="{outcome}"' in page) is (who == "publishers_door")
        assert ("id_replaced_by" in page) is (who == "publishers_door")
        assert Page(page).inline == []

    @pytest.mark.parametrize("outcome", ["ended", "replaced"])
    def test_a_forged_one_is_refused(self, door, outcome):
        typed = self.typed(outcome=outcome, next_review="", replaced_by="0012")
        page = door.post(self.ONE, typed)
        assert "Select a valid choice" in page.content.decode()
        typed |= {"protocol": "0046", "recordable": "0046", "_record": "yes", "digest": ""}
        page = door.post(self.MANY, typed)
        assert "Select a valid choice" in page.content.decode()
        assert not Review.objects.exists()
        assert status() == "published"

    def test_the_reason_of_a_withdrawal_is_mended_by_a_publisher(self, door, publishers_door):
        typed = self.typed(outcome="ended", next_review="")
        publishers_door.post(self.ONE, typed)
        review = address("review", "change", Review.objects.get().pk)
        assert door.get(review).status_code == 200
        send(door, review, note="Y")
        assert Protocol.objects.get(pk="0046").withdrawn_reason == "Looked at."
        send(publishers_door, review, note="Better words.")
        assert Protocol.objects.get(pk="0046").withdrawn_reason == "Better words."
