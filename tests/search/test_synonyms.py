"""Synonyms: what a set lets a search find, and which sets are refused with a sentence."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from registers import changes
from registers.changes.synonyms import supply_synonyms
from registers.imports.synonyms import supplied_sets, update_synonyms
from registers.models import Change, SynonymSet
from registers.search.index import current_index
from registers.search.text.search import search
from tests.makers import PartyFactory, ProtocolFactory, ThemeFactory
from tests.models.making import saved
from tests.search.questions import results_of

pytestmark = pytest.mark.django_db


def found(typed: str) -> set[str]:
    index = current_index()
    return set(index.references.at(search(typed, index).mask.nonzero()[0].tolist()))


def a_set(*words: str, also: str = "", **fields: object) -> SynonymSet:
    return SynonymSet(words="\n".join(words), also=also, **fields)


@pytest.fixture
def register(empty_register) -> None:
    for reference, title in {
        "8001": "Pupils in Essex",
        "8002": "A child",
        "8003": "School buses",
        "8004": "Young people",
        "8005": "Young owls, old people",
        "8006": "He is sent",
        "8007": "Special educational needs",
        "8008": "Children in care",
        "8009": "Accident and emergency",
        "8010": "An accident and an emergency",
    }.items():
        ProtocolFactory(reference=reference, title=title)
    PartyFactory(protocol_id="8006", organisation__name="Department for Work and Pensions")
    saved(a_set("child", "pupil", "young people", also="school"))
    saved(a_set("SEND", "special educational needs"))
    saved(a_set("DWP", "Department for Work and Pensions"))
    saved(a_set("A&E", "accident and emergency"))
    saved(a_set("looked after children", "children in care"))
    saved(a_set("owl", "bird", in_use=False))


CHILD, SCHOOL = {"8001", "8002", "8004", "8008"}, {"8003"}
FINDS = {
    "a word and what stands for it": ("pupil", CHILD | SCHOOL),
    "in any form": ("pupils", CHILD | SCHOOL),
    "in capitals throughout": ("CHILDREN", CHILD | SCHOOL),
    "a phrase": ("young people", CHILD | SCHOOL | {"8005"}),
    "what is searched for too, and nothing back": ("school", SCHOOL),
    "with another word": ("pupils essex", {"8001"}),
    "none in quotes": ('"pupils"', {"8001"}),
    "none of a word left out": ("essex -child", {"8001"}),
    "an acronym": ("DWP", {"8006"}),
    "in small letters": ("dwp", {"8006"}),
    "no other form of an acronym": ("SEND", {"8007"}),
    "that is a verb in small letters": ("send", {"8007"}),
    "not the verb's": ("sent", {"8006"}),
    "a sign within": ("A&E", {"8009"}),
    "a sign between letters": ("A & E", {"8009"}),
    "in small letters with a sign": ("what of a  & e?", {"8009"}),
    "letters and a word between": ("A and E", {"8009"}),
    "no sign between words": ("Accident & emergency", {"8009", "8010"}),
    "not words that stand apart": ("accident emergency", {"8009", "8010"}),
    "the longest phrase first": ("looked after children", {"8008"}),
    "a phrase within a question": ("data about looked after children", {"8008"}),
    "none that is not in use": ("bird", set()),
    "stop words in a phrase": ("the department for work and pensions", {"8006"}),
}


@pytest.mark.both_databases
@pytest.mark.parametrize(("typed", "expected"), FINDS.values(), ids=FINDS)
def test_a_search_finds(register, typed, expected):
    assert found(typed) == expected


RANKED = {
    "8101": {"purpose": "Owls"},
    "8102": {"title": "Birds", "purpose": "Feathers and nests"},
    "8103": {"purpose": "Birds and eggs, in nests, on trees"},
    "8104": {"purpose": "Birds and feathers"},
    "8105": {"title": "Feathers"},
    "8106": {"purpose": "Feathers"},
    "8107": {"title": "Nests"},
    "8108": {"title": "Eggs"},
    "8109": {"purpose": "Trees"},
    "8110": {"title": "A tree with eggs"},
}


@pytest.fixture
def ranked_register(empty_register) -> None:
    themes = [ThemeFactory(name=name, position=at) for at, name in enumerate("ABC", start=1)]
    for number, (reference, fields) in enumerate(RANKED.items()):
        texts = {"title": "Nothing", "purpose": "Nothing"} | fields
        ProtocolFactory(reference=reference, theme=themes[2 - number // 4], **texts)
    saved(a_set("owl", "bird", also="feather\nnest\negg\ntree"))


@pytest.mark.both_databases
def test_the_nearest_comes_first(ranked_register):
    """The word, those of its set, the three nearest of what is searched for too, then the rest."""
    results = results_of("q=owls&sort=relevance")
    assert [row.reference for row in results.rows] == [
        *("8101", "8102", "8103", "8104"),
        *("8105", "8107", "8108", "8110", "8106"),  # those in the title before those elsewhere
        "8109",
    ]


@pytest.mark.both_databases
def test_a_list_by_theme_has_the_theme_of_the_best_match_first_and_the_best_first_in_each(
    ranked_register,
):
    groups = results_of("q=owls").groups
    assert [(group.theme.slug, [row.reference for row in group.rows]) for group in groups] == [
        ("c", ["8101", "8102", "8103", "8104"]),
        ("b", ["8105", "8107", "8108", "8106"]),
        ("a", ["8110", "8109"]),
    ]
    groups = results_of("q=eggs").groups  # equal in two themes, which keep their order
    assert [group.theme.slug for group in groups] == ["a", "b", "c"]
    (first, *_) = results_of("q=owls+8109").groups
    assert [row.reference for row in first.rows] == ["8109"]


def test_a_search_says_what_else_it_searched_for(register):
    one = search("pupils essex", current_index())
    assert one.synonyms == ["child", "young people", "school"]
    assert one.exact_query == '"pupils" essex'
    assert search(one.exact_query, current_index()).synonyms == []
    assert search("essex", current_index()).synonyms == []


def test_a_synonym_that_no_protocol_has_is_not_named(register):
    saved(a_set("crisis", "emergency", "calamity", also="accident\nmishap"))
    assert search("crisis", current_index()).synonyms == ["emergency", "accident"]


@pytest.mark.both_databases
def test_a_set_works_as_soon_as_it_is_saved_and_no_longer_than_it_stands(register):
    assert found("lorry") == set()
    lorries = saved(a_set("lorry", "schools"))
    assert found("lorry") == {"8003"}
    lorries.words = "lorry\ntruck"
    saved(lorries)
    assert found("lorry") == set()
    changes.remove(lorries)
    assert found("truck") == set()


def test_a_set_has_changes_as_other_rows_do(register):
    lorries = saved(a_set("lorry", "bus"))
    lorries.words = "lorry\nbus\ntruck"
    saved(lorries)
    kinds = Change.objects.about(SynonymSet, lorries.pk).values_list("kind", flat=True)
    assert [*kinds] == ["changed", "added"]


REFUSED = {
    "one word": (a_set("owl"), "words"),
    "no word": (a_set(" ", ","), "words"),
    "a stop word": (a_set("of", "owl"), "words"),
    "words that a question is made of": (a_set("who is", "owl"), "words"),
    "words that say nothing here": (a_set("data sharing", "owl"), "words"),
    "a thousand words": (a_set(*(f"w{number}" for number in range(1000))), "words"),
    "a thousand words on one line": (a_set(" ".join(["owl"] * 1000), "bird"), "words"),
    "a word too long": (a_set("o" * 61, "bird"), "words"),
    "marks alone": (a_set("~~~", "bird"), "words"),
    "a word twice": (a_set("owl", "owl"), "words"),
    "two forms of a word": (a_set("owl", "owls"), "words"),
    "a word in another set": (a_set("pupils", "owl"), "words"),
    "an acronym in another set": (a_set("send", "owl"), "words"),
    "a phrase in another set": (a_set("young person", "owl"), "words"),
    "also one of its own": (a_set("owl", "bird", also="owls"), "also"),
    "also a stop word": (a_set("owl", "bird", also="the"), "also"),
    "also marks alone": (a_set("owl", "bird", also="&"), "also"),
    "also a thousand": (a_set("owl", "bird", also="\n".join("abcdefgh" * 20)), "also"),
}


@pytest.mark.parametrize(("synonyms", "field"), REFUSED.values(), ids=REFUSED)
def test_it_is_refused_with_a_sentence(register, synonyms, field):
    before = SynonymSet.objects.count()
    with pytest.raises(ValidationError) as refusal:
        changes.save(synonyms)
    ((_, (sentence,)),) = refusal.value.message_dict.items()
    assert [*refusal.value.message_dict] == [field]
    assert sentence.endswith(".")
    assert len(sentence) < 250
    assert SynonymSet.objects.count() == before


def test_a_word_of_a_set_that_is_not_in_use_is_free(register):
    assert saved(a_set("bird", "crow")).pk
    unused = SynonymSet.objects.get(in_use=False)
    unused.in_use = True
    with pytest.raises(ValidationError):
        changes.save(unused)


def test_commas_and_lines_separate_words_and_each_gets_a_line(register):
    made = saved(a_set("crow, raven;  sea   gull", also="owl,,"))
    assert (made.words, made.also) == ("crow\nraven\nsea gull", "owl")
    assert str(made) == "crow, raven, sea gull"


@pytest.mark.both_databases
class TestSupplied:
    @pytest.fixture(autouse=True)
    def register(self, empty_register) -> None:
        pass

    def test_every_set_of_the_file_can_be_used(self):
        sets = supplied_sets()
        assert update_synonyms() == len(sets) == SynonymSet.objects.count() > 50

    def test_they_are_there_once(self):
        update_synonyms()
        assert update_synonyms() == 0

    def test_what_nobody_changed_follows_the_file(self):
        supply_synonyms([a_set("owl", "bird", code="owls")])
        assert supply_synonyms([a_set("owl", "bird", "crow", code="owls")]) == 1
        assert SynonymSet.objects.get(code="owls").all_words == ["owl", "bird", "crow"]

    @pytest.mark.parametrize("change", [{"words": "owl\nbat"}, {"also": "bat"}, {"in_use": False}])
    def test_what_an_officer_changed_stays(self, change):
        supply_synonyms([a_set("owl", "bird", code="owls")])
        stored = SynonymSet.objects.get(code="owls")
        for name, value in change.items():
            setattr(stored, name, value)
        saved(stored)
        assert supply_synonyms([a_set("owl", "bird", "crow", code="owls")]) == 0
        now = SynonymSet.objects.get(code="owls")
        assert {name: getattr(now, name) for name in change} == change

    def test_a_word_can_move_to_a_new_set(self):
        supply_synonyms([a_set("owl", "bird", "bat", code="owls")])
        moved = [a_set("owl", "bird", also="bat", code="owls"), a_set("bat", "mouse", code="bats")]
        assert supply_synonyms(moved) == 2
        assert SynonymSet.objects.get(code="bats").all_words == ["bat", "mouse"]

    def test_an_officers_set_keeps_its_words(self):
        saved(a_set("owl", "bat"))
        assert supply_synonyms([a_set("owl", "bird", code="owls")]) == 0
        assert SynonymSet.objects.count() == 1

    def test_one_that_came_with_the_register_is_not_deleted(self):
        supply_synonyms([a_set("owl", "bird", code="owls")])
        with pytest.raises(ValidationError):
            changes.remove(SynonymSet.objects.get(code="owls"))
