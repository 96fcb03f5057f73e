"""A protocol's page says what its abbreviations are short for: organisations and the glossary."""

from __future__ import annotations

import html

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from registers.models import Abbreviation, Change, Protocol
from registers.models.abbreviations import abbreviations_in
from tests.admin.typing_in import address, send

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("real_register"),
]

ECC, DSA = ("ECC", "Essex County Council"), ("DSA", "data sharing agreement")
SME, DFE = ("SME", "small or medium-sized enterprise"), ("DfE", "Department for Education")
SAID = {
    "an acronym of an organisation": ("ECC's duty", [ECC]),
    "a word of the glossary": ("A DSA.", [DSA]),
    "both, in the order of the text, once each": ("DSA of ECC, DSA", [DSA, ECC]),
    "more than one of it": ("For SMEs", [SME]),
    "letters of both sizes": ("the DfE", [DFE]),
    "what the text explains": ("Essex county council (ECC) and a DSA", [DSA]),
    "a part of a word": ("DSAX, XDSA, dsa, Dsa", []),
    "no capitals": ("ecc and dsa", []),
    "a word of the partnership": ("SELEP", [("SELEP", "South East Local Enterprise Partnership")]),
    "what nobody knows": ("the QXZ", []),
}


@pytest.fixture(autouse=True)
def glossary(real_register) -> None:
    """What a migration adds, where another test has emptied the tables since."""
    for short, meaning in (DSA, SME, DFE):
        Abbreviation.objects.get_or_create(short=short, defaults={"meaning": meaning})


@pytest.mark.parametrize(("text", "said"), SAID.values(), ids=SAID)
def test_what_a_text_uses(text, said, django_assert_max_num_queries):
    with django_assert_max_num_queries(1):
        assert abbreviations_in(text) == said


def test_two_meanings_are_both_said():
    Abbreviation.objects.create(short="ECC", meaning="eastern coast crossing")
    assert {*abbreviations_in("ECC")[0][1].split(" or ")} == {ECC[1], "eastern coast crossing"}


@pytest.mark.parametrize("short", ["dsa", "D", "A DSA", "9AB", "Dsa"])
def test_an_abbreviation_is_one_word_in_capitals(short):
    with pytest.raises(ValidationError) as refusal:
        Abbreviation(short=short, meaning="x").full_clean()
    assert set(refusal.value.error_dict) == {"short"}


def test_an_editor_explains_one_and_pages_say_it_at_once(officers_door):
    Protocol.objects.filter(pk="0046").update(purpose="To fill the QXZ.")
    assert "QXZ:" not in Client().get("/protocols/0046/").content.decode()
    send(officers_door, address("abbreviation", "add"), short="QXZ", meaning="queue of & for all")
    made = Abbreviation.objects.get(short="QXZ")
    page = html.unescape(Client().get("/protocols/0046/").content.decode())
    assert "QXZ: queue of & for all" in page
    send(officers_door, address("abbreviation", "change", made.pk), meaning="quay")
    assert "QXZ: quay" in Client().get("/protocols/0046/").content.decode()
    kinds = Change.objects.about(Abbreviation, made.pk).values_list("kind", flat=True)
    assert [*kinds] == ["changed", "added"]
