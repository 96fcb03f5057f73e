"""What is highlighted in a list, and the passages below it."""

from __future__ import annotations

import pytest
from django.template import Context, Template

from registers import changes
from registers.models import Name, Party, Protocol
from registers.search.index import current_index
from registers.search.listed import listed
from registers.search.text.highlight import highlight, passages, text_words
from registers.search.text.highlight import passage as passage_of
from registers.search.text.query import parse_query
from registers.search.text.search import search as search_for
from registers.search.text.terms import Term
from tests.makers import OrganisationFactory, PartyFactory, ProtocolFactory
from tests.search.search_cases import HOSTILE

MARKED = {
    "a word": ("Barn owls", "owl", "Barn [owls]"),
    "in another case": ("BARN owls", "barn", "[BARN] owls"),
    "with its accents": ("Le Café.", "cafe", "Le [Café]."),
    "with an accent that stands apart": ("Le Cafe\u0301.", "cafe", "Le [Cafe\u0301]."),
    "with its apostrophe": ("For Barnardo’s, Kent", "barnardos", "For [Barnardo’s], Kent"),
    "its stem": ("Children first", "child", "[Children] first"),
    "its beginning": ("Safeguarding", "safeg", "[Safeguarding]"),
    "a phrase in one": ("A multi-agency team", '"multi-agency"', "A [multi-agency] team"),
    "not its words apart": ("Agency, multi", '"multi-agency"', "Agency, multi"),
    "two that overlap": ("one two three", '"one two" "two three"', "[one two three]"),
    "side by side": ("one two", "one two", "[one] [two]"),
    "not what is without": ("one two", "one -two", "[one] two"),
    "not small words": ("the owl and the cat", "the owl", "the [owl] and the cat"),
    "a reference": ("0012 - Growth", "ISP 12", "[0012] - Growth"),
    "an acronym": ("SEND is sent to GPs", "SEND GP", "[SEND] is sent to [GPs]"),
    "the words of a quote as they are": ("owls, barn owl", '"barn owls" "owl"', "owls, barn [owl]"),
    "a word parted by a hyphen": ("anti-social", "anti social", "[anti]-[social]"),
    "a joined word": ("antisocial acts", "anti social", "[antisocial] acts"),
    "nothing": ("Barn owls", "cat", "Barn owls"),
    "no words": ("", "cat", ""),
}


def shown(segments) -> str:
    return "".join(f"[{text}]" if hit else text for text, hit in segments)


@pytest.mark.parametrize(("text", "typed", "expected"), MARKED.values(), ids=MARKED)
def test_it_marks(text, typed, expected):
    known = parse_query(typed, reference_of=lambda text: text.zfill(4))
    terms = [term for term in known if not term.excluded]
    assert shown(highlight(text, terms)) == expected


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_the_segments_of_any_text_are_the_text(text):
    for typed in ("wages", text, f'"{text}"'):
        assert "".join(piece for piece, _ in highlight(text, parse_query(typed))) == text


LONG = " ".join(f"w{number}" for number in range(100))


def passage(text: str, terms: list[Term], wanted: list[Term] | None = None):
    return passage_of(text, text_words(text), tuple(terms), wanted or terms)


def test_a_passage_of_a_long_text_stands_around_the_first_hit():
    segments = passage(LONG, parse_query('"w50" "w55" "w90"'))
    assert shown(segments).startswith("…\u00a0w40 w41")
    assert "w49 [w50] w51" in shown(segments)
    assert shown(segments).endswith("w68 w69\u00a0…")
    assert [text for text, hit in segments if hit] == ["w50", "w55"]


def test_a_passage_at_the_ends_has_no_dots_there():
    assert shown(passage(LONG, parse_query('"w2"'))).startswith("w0 w1 [w2]")
    assert shown(passage(LONG + ".", parse_query('"w99"'))).endswith("w98 [w99].")
    assert shown(passage("Owls (barn).", parse_query("barn"))) == "Owls ([barn])."
    assert passage(LONG, parse_query("owl")) == []


SENTENCES = "One two. Three owls four? (Five.) Six owls\nseven " + LONG
FROM_SENTENCE = {
    "the first": ("two", "One [two]. Three owls"),
    "another": ("four", "…\u00a0Three owls [four]? (Five.)"),
    "behind a bracket": ("six", "…\u00a0[Six] owls\nseven w0"),
    "a line": ("seven", "…\u00a0[seven] w0 w1"),
    "a long one, from ten words before": ("w50", "…\u00a0w40 w41"),
    "the first that is wanted": ("seven owl", "…\u00a0[seven] w0 w1"),
}


@pytest.mark.parametrize(("typed", "begins"), FROM_SENTENCE.values(), ids=FROM_SENTENCE)
def test_a_passage_begins_at_the_sentence_with_the_hit(typed, begins):
    terms = parse_query(typed)
    assert shown(passage(SENTENCES, terms, terms[:1])).startswith(begins)


def render(template: str, **context) -> str:
    return Template("{% load register %}" + template).render(Context(context))


def test_a_hit_is_marked_in_html_and_all_else_is_escaped(real_register):
    search = search_for("script owls", current_index())
    text = "<script>alert('owls')</script> & \"owl\""
    assert render("{{ text|highlight:search }}", text=text, search=search) == (
        "&lt;<mark>script</mark>&gt;alert(&#x27;<mark>owls</mark>&#x27;)&lt;/<mark>script</mark>"
        "&gt; &amp; &quot;<mark>owl</mark>&quot;"
    )
    assert render("{{ text|highlight:search }}", text="<b>", search=None) == "&lt;b&gt;"
    assert (
        render("{{ p|highlighted }}", p=[("<i>", True), ("&", False)])
        == "<mark>&lt;i&gt;</mark>&amp;"
    )


@pytest.mark.django_db
class TestPassages:
    def below(self, typed: str, *references: str) -> list[tuple[str, str]]:
        search = search_for(typed, current_index())
        asked = Protocol.objects.filter(pk__in=references).with_parties()
        protocols = [listed(each) for each in asked]
        return [
            (each.label, shown(each.segments))
            for found in passages(protocols, search).values()
            for each in found
        ]

    def test_what_the_list_shows_needs_none(self, empty_register):
        party = PartyFactory(
            protocol__title="Owls", protocol__purpose="Owls in barns", organisation__name="Kestrel"
        )
        changes.save(Party(protocol=party.protocol, organisation=party.organisation, role="lead"))
        assert self.below("owls kestrel", party.protocol_id) == []
        PartyFactory(protocol=party.protocol, organisation__name="Robin", position=7)
        assert self.below("owls robin", party.protocol_id) == [("Organisation", "[Robin]")]
        assert self.below("owls barn", party.protocol_id) == [("Purpose", "[Owls] in [barns]")]

    def test_each_word_is_shown_where_it_was_found_first(self, empty_register):
        protocol = ProtocolFactory(
            title="Owls",
            purpose=LONG,
            summary="About kestrels and falcons",
            information_items="Kestrels, cats",
        )
        assert self.below("owls kestrel falcon w99 cats", protocol.pk) == [
            ("Purpose", "…\u00a0" + " ".join(f"w{n}" for n in range(70, 99)) + " [w99]"),
            ("Summary", "About [kestrels] and [falcons]"),
            ("Information shared", "[Kestrels], [cats]"),
        ]

    def test_a_name_that_is_not_shown(self, empty_register):
        organisation = OrganisationFactory(name="Essex Trust")
        changes.save(Name(organisation=organisation, text="EPUT", kind="acronym"))
        changes.save(Name(organisation=organisation, text="Mental Health", kind="former"))
        party = PartyFactory(organisation=organisation, name_as_published="The Partnership")
        assert self.below("eput mental partnership", party.protocol_id) == [
            ("Organisation", "Essex Trust, also called [EPUT]"),
            ("Organisation", "Essex Trust, once called [Mental] Health"),
            ("Organisation", "Essex Trust, published as The [Partnership]"),
        ]

    def test_only_what_a_protocol_has_is_looked_for_in_it(self, empty_register):
        party = PartyFactory(protocol__purpose="Owls", organisation__name="Tits")
        other = PartyFactory(protocol__purpose="Cats", organisation__name="Kestrel")
        search = search_for("owls kestrel zebra", current_index())
        has = {each: search.terms_of(each) for each in (party.protocol_id, other.protocol_id)}
        assert {pk: [term.word for term in terms] for pk, terms in has.items()} == {
            party.protocol_id: ["owls"],
            other.protocol_id: ["kestrel"],
        }

    def test_a_page_costs_one_query_for_names(self, real_register, django_assert_num_queries):
        search = search_for("eput", current_index())
        protocols = [listed(each) for each in Protocol.public.get_queryset().with_parties()]
        with django_assert_num_queries(1):
            found = passages(protocols, search)
        eput = "Essex Partnership University NHS Foundation Trust, also called [EPUT]"
        assert eput in [shown(each.segments) for below in found.values() for each in below]
        search = search_for("0012", current_index())
        with django_assert_num_queries(0):
            passages([each for each in protocols if each.reference == "0012"], search)
