"""Synonyms in admin: an officer writes a set, sees what is wrong with it, and search uses it."""

from __future__ import annotations

import pytest

from registers.changes.synonyms import supply_synonyms
from registers.models import Change, Proposal, SynonymSet
from tests.admin.typing_in import address, boxes, send
from tests.cast import door_of
from tests.models.making import saved

pytestmark = [pytest.mark.django_db]


def test_a_set_is_added_changed_and_used_at_once(officers_door, real_register):
    assert officers_door.get("/?q=lorry").context["results"].count == 0
    send(officers_door, address("synonymset", "add"), words="lorry, ISP\nschools admissions list")
    assert not SynonymSet.objects.filter(words__startswith="lorry").exists()  # ISP says nothing
    send(officers_door, address("synonymset", "add"), words="lorry, Hertfordshire", in_use="on")
    made = SynonymSet.objects.get(words="lorry\nHertfordshire")
    assert officers_door.get("/?q=lorry").context["results"].count > 0
    send(officers_door, address("synonymset", "change", made.pk), words="lorry, zebra")
    assert officers_door.get("/?q=lorry").context["results"].count == 0
    kinds = Change.objects.about(SynonymSet, made.pk).values_list("kind", flat=True)
    assert [*kinds] == ["changed", "added"]


def test_an_editor_proposes_words_and_a_publisher_accepts_them(editor, publisher, real_register):
    made = saved(SynonymSet(words="lorry\nzebra\n" + "\n".join(f"word {n}" for n in range(48))))
    door, url = door_of(editor), address("synonymset", "change", made.pk)
    send(door, url, words="lorry, lorry")
    send(door, url, words="lorry, Hertfordshire")
    proposal = Proposal.objects.get()
    assert proposal.about.startswith("lorry, zebra, word 0,")
    assert door.get("/?q=lorry").context["results"].count == 0
    others, page = door_of(publisher), address("proposal", "change", proposal.pk)
    others.post(address("proposal", "accept", proposal.pk), boxes(others, page))
    made.refresh_from_db()
    assert made.all_words == ["lorry", "Hertfordshire"]
    assert door.get("/?q=lorry").context["results"].count > 0


def test_a_publisher_accepts_no_words_that_another_set_took(editor, publisher, real_register):
    made = saved(SynonymSet(words="lorry, zebra"))
    send(door_of(editor), address("synonymset", "change", made.pk), words="lorry, gnu")
    saved(SynonymSet(words="gnu, yak"))
    proposal, door = Proposal.objects.get(), door_of(publisher)
    held = boxes(door, address("proposal", "change", proposal.pk))
    answer = door.post(address("proposal", "accept", proposal.pk), held)
    assert answer.status_code == 409
    made.refresh_from_db()
    assert "gnu" not in made.words


@pytest.mark.parametrize(
    "words", ["lorry", "the, lorry", "lorry, " + ", ".join(map(str, range(1000))), "pupil, lorry"]
)
def test_what_is_wrong_is_said_beside_the_box(officers_door, real_register, words):
    response = send(officers_door, address("synonymset", "add"), words=words, in_use="on")
    assert response.status_code == 200
    assert [*response.context["adminform"].form.errors] == ["words"]


def test_the_list_shows_words_and_what_is_searched_for_too(officers_door, real_register):
    page = officers_door.get(address("synonymset", "changelist")).content.decode()
    assert "child, young person" in page
    assert "school, education" in page


def test_a_set_that_came_with_the_register_cannot_be_deleted(officers_door, empty_register):
    supply_synonyms([SynonymSet(code="owls", words="owl\nbird")])
    made = SynonymSet.objects.get()
    send(officers_door, address("synonymset", "delete", made.pk), post="yes")
    assert SynonymSet.objects.filter(pk=made.pk).exists()
