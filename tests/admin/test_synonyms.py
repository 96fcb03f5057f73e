"""Synonyms in admin: an officer writes a set, sees what is wrong with it, and search uses it."""

from __future__ import annotations

import pytest

from registers.changes.synonyms import supply_synonyms
from registers.models import Change, SynonymSet
from tests.admin.typing_in import address, send

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
