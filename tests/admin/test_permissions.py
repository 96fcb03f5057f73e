"""What an Editor may do, and what only a Publisher may: on forms and in reviews."""

from __future__ import annotations

import pytest

from registers.models import Protocol, Review
from tests.admin.typing_in import Page, address, boxes, errors, send
from tests.cast import door_of
from tests.makers import withdrawn

pytestmark = pytest.mark.usefixtures("real_register", "today")

FORM = address("protocol", "change", "0046")
PUBLISHERS_ONLY = "Only the group Publisher can publish"


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


def test_an_editor_drafts_and_a_publisher_publishes(door, publishers_door):
    page = send(door, address("protocol", "add"), **new())
    assert page.status_code == 200
    assert status("9001") == "draft"
    send(door, address("protocol", "change", "9001"), title="Newer")
    assert Protocol.objects.get(pk="9001").title == "Newer"
    send(publishers_door, address("protocol", "change", "9001"), status="published")
    assert status("9001") == "published"
    assert door.post(address("protocol", "delete", "9001"), {"post": "yes"}).status_code == 403


def test_an_editor_edits_what_is_published(door):
    send(door, FORM, title="Another title")
    assert Protocol.objects.get(pk="0046").title == "Another title"
    assert status() == "published"


def test_a_browser_sends_nothing_of_what_is_shut(door):
    """A box that is disabled is left out by browsers."""
    held = boxes(door, FORM)
    for name in ("status", "withdrawn_on", "withdrawn_reason", "replaced_by"):
        held.pop(name, None)
    door.post(FORM, {**held, "title": "Another title"})
    assert Protocol.objects.get(pk="0046").title == "Another title"
    page = door.get(FORM).content.decode()
    assert page.count(" disabled") >= 4


FORGED = {
    "withdrawn": {"status": "withdrawn", "withdrawn_on": "2026-11-01", "withdrawn_reason": "Over"},
    "a day": {"withdrawn_on": "2026-11-01"},
    "a reason": {"withdrawn_reason": "Over"},
    "a replacement": {"replaced_by": "0012"},
    "a draft": {"status": "draft"},
    "no status": {"status": "nonsense"},
}


@pytest.mark.parametrize("typed", FORGED.values(), ids=FORGED)
def test_a_forged_form_is_refused_beside_the_box(door, typed):
    before = Protocol.objects.filter(pk="0046").values().get()
    page = send(door, FORM, **typed)
    assert PUBLISHERS_ONLY in errors(page)
    for name in typed:
        assert PUBLISHERS_ONLY in str(page.context["adminform"].form.errors[name])
    assert Protocol.objects.filter(pk="0046").values().get() == before


@pytest.mark.parametrize("wanted", ["published", "withdrawn"])
def test_a_new_one_is_not_published_by_an_editor(door, wanted):
    page = send(door, address("protocol", "add"), **new(status=wanted))
    assert PUBLISHERS_ONLY in errors(page)
    assert not Protocol.objects.filter(pk="9001").exists()


def test_what_is_withdrawn_is_not_put_back(door, publishers_door):
    Protocol.objects.filter(pk="0046").update(**withdrawn())
    typed = {"status": "published", "withdrawn_on": "", "withdrawn_reason": ""}
    page = send(door, FORM, **typed)
    assert PUBLISHERS_ONLY in errors(page)
    page = send(door, FORM, withdrawn_reason="Nicer words")
    assert PUBLISHERS_ONLY in errors(page)
    held = boxes(door, FORM) | typed
    held |= {"withdrawn_on_0": "", "withdrawn_on_1": ""}
    assert status() == "withdrawn"
    send(publishers_door, FORM, **typed)
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

    def test_an_editor_keeps_in_force(self, door):
        door.post(self.ONE, self.typed())
        assert Review.objects.get().outcome == "unchanged"

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

    def test_many_are_kept_in_force_by_an_editor(self, door):
        typed = self.typed(protocol=["0046", "0042"])
        page = door.post(self.MANY, typed | {"_show": "yes"}).content.decode()
        assert "2 of 2 will be recorded" in page
        page = door.post(self.MANY, typed | {"_write": "yes"}).content.decode()
        assert "Looked at." in page

    def test_the_reason_of_a_withdrawal_is_mended_by_a_publisher(self, door, publishers_door):
        typed = self.typed(outcome="ended", next_review="")
        publishers_door.post(self.ONE, typed)
        review = address("review", "change", Review.objects.get().pk)
        assert door.get(review).status_code == 200
        assert door.post(review, {"job_title": "X", "note": "Y"}).status_code == 403
        send(publishers_door, review, note="Better words.")
        assert Protocol.objects.get(pk="0046").withdrawn_reason == "Better words."
