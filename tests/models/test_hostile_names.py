"""Names that look like others: found, refused, and what addresses they make."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from registers import changes
from registers.models import Name, Organisation, Slug, Theme
from registers.models.keys import is_invisible, key_of, slug_of
from tests.admin.typing_in import add_row, address, errors, send
from tests.models.making import a_name, make_cast, saved, shared_by_a_module

pytestmark = pytest.mark.django_db
ADD = address("organisation", "add")


@pytest.fixture(scope="module", autouse=True)
def cast(django_db_setup, django_db_blocker) -> Iterator[None]:
    with shared_by_a_module(django_db_blocker):
        make_cast()
        yield


# What looks the same as 'Birch Trust', or as another name given here.
INVISIBLE = {
    "a zero width space": ("Birch\u200b Trust", "U+200B, zero width space"),
    "a zero width joiner": ("Bir\u200dch Trust", "U+200D, zero width joiner"),
    "a zero width non-joiner": ("Bir\u200cch Trust", "U+200C, zero width non-joiner"),
    "a soft hyphen": ("Bir\u00adch Trust", "U+00AD, soft hyphen"),
    "a byte order mark": ("\ufeffBirch Trust", "U+FEFF, zero width no-break space"),
    "a right-to-left mark": ("Birch Trust\u200f", "U+200F, right-to-left mark"),
    "a right-to-left override": ("\u202eBirch Trust", "U+202E, right-to-left override"),
    "an isolate": ("\u2066Birch Trust\u2069", "U+2066, left-to-right isolate"),
    "a word joiner": ("Birch\u2060 Trust", "U+2060, word joiner"),
    "a variation selector": ("Birch\ufe0f Trust", "U+FE0F, variation selector-16"),
    "a Hangul filler": ("Birch\u3164 Trust", "U+3164, hangul filler"),
    "an empty Braille pattern": ("Birch\u2800 Trust", "U+2800, braille pattern blank"),
    "a combining grapheme joiner": ("Birch\u034f Trust", "U+034F, combining grapheme joiner"),
    "a tag": ("Birch\U000e0041 Trust", "U+E0041, tag latin capital letter a"),
    "a control character": ("Birch\x08 Trust", "U+0008, a control character"),
}


@pytest.mark.parametrize(("text", "said"), INVISIBLE.values(), ids=INVISIBLE)
class TestInvisible:
    def test_it_is_the_same_name(self, text, said):
        assert key_of(text) == "birch trust"
        assert Organisation.objects.named(text).get().name == "Birch Trust"

    def test_a_new_organisation_is_refused_and_the_character_named(self, text, said):
        with pytest.raises(ValidationError) as refusal:
            changes.save(Organisation(name=text.replace("Birch", "Elm").replace("Bir", "El")))
        assert said in refusal.value.message_dict["name"][0]

    def test_a_further_name_is_refused_beside_its_field(self, text, said):
        for name in (
            a_name("Cedar Charity", text.replace("ch", "chy")),
            Name(organisation_id=_key("Cedar Charity"), text="Cédar", also_written=f"CÉ{text}DAR"),
        ):
            with pytest.raises(ValidationError) as refusal:
                changes.save(name)
            assert any(said in each for each in refusal.value.messages)

    def test_a_theme_is_refused(self, text, said):
        with pytest.raises(ValidationError) as refusal:
            changes.save(Theme(name=text, slug="birch"))
        assert said in refusal.value.message_dict["name"][0]


def _key(name: str) -> int:
    return int(Organisation.objects.named(name).get().pk)


DASHES = {
    "a hyphen": "\u2010",
    "a no-break hyphen": "\u2011",
    "a figure dash": "\u2012",
    "an en dash": "\u2013",
    "an em dash": "\u2014",
    "a bar": "\u2015",
    "a minus": "\u2212",
    "a full-width hyphen": "\uff0d",
    "a small hyphen": "\ufe63",
    "a hyphen bullet": "\u2043",
}


@pytest.mark.parametrize("dash", DASHES.values(), ids=DASHES)
def test_every_dash_is_a_hyphen(client: Client, dash):
    saved(Organisation(name=f"Elm{dash}on{dash}Sea"))
    elm = Organisation.objects.named("elm-on-sea").get()
    assert elm.slug == "elm-on-sea"
    with pytest.raises(ValidationError):
        changes.save(Organisation(name="Elm-on-Sea"))
    assert (
        client.get("/protocols.json", {"organisation": f"Elm{dash}on{dash}Sea"}).status_code == 200
    )


ADDRESSES = {
    "no-break hyphens": ("Southend‑on‑Sea", "southend-on-sea"),
    "a sharp s": ("Straße", "strasse"),
    "a capital sharp s": ("STRAẞE", "strasse"),
    "a slash": ("A/B", "a-b"),
    "a backslash": ("A\\B", "a-b"),
    "a fraction slash": ("A⁄B", "a-b"),
    "a full-width slash": ("Ａ／Ｂ", "a-b"),
    "a bar": ("A | B", "a-b"),
    "letters of the north": ("Ærø Łódź Þór Đà", "aero-lodz-thor-da"),
    "ligatures": ("Œuvre ﬁne", "oeuvre-fine"),
    "an apostrophe": ("Children’s Trust", "childrens-trust"),
    "an ampersand": ("A&E", "ae"),
    "only digits": ("2022", "2022"),
    "superscript digits": ("x²", "x2"),
    "only emoji": ("🙂🙂", "organisation"),
    "an emoji that is joined": ("👨‍👩‍👧 ❤️", "organisation"),
    "emoji beside letters": ("🏫 Elm", "elm"),
    "no Latin letter": ("Пример", "organisation"),
    "right to left": ("דוגמה", "organisation"),
    "only punctuation": ("?!", "organisation"),
    "only dashes": ("—–-", "organisation"),
    "as long as can be": ("ß" * 120, "s" * 240),
    "a line separator": ("Elm\u2028Trust", "elm-trust"),
}


@pytest.mark.both_databases
@pytest.mark.parametrize(("name", "slug"), ADDRESSES.values(), ids=ADDRESSES)
def test_an_editor_adds_it_and_its_page_works(officers_door: Client, name, slug):
    send(officers_door, ADD, name=name)
    organisation = Organisation.objects.named(name).get()
    assert organisation.slug == slug
    page = officers_door.get(organisation.get_absolute_url())
    assert page.status_code == 200
    by_name = officers_door.get("/protocols.json", {"organisation": organisation.slug})
    assert by_name.status_code == 200


def test_names_without_latin_letters_get_addresses_of_their_own(client: Client):
    slugs = [saved(Organisation(name=name)).slug for name in ("🙂", "Пример", "東京都")]
    assert slugs == ["organisation", "organisation-2", "organisation-3"]
    for slug in slugs:
        assert client.get(f"/organisations/{slug}/").status_code == 200


@given(st.text(max_size=300))
def test_an_address_makes_itself_and_can_be_stored(text):
    slug = slug_of(text)
    assert slug_of(slug) == slug
    assert len(slug) <= Slug._meta.get_field("text").max_length
    Slug(text=slug or "organisation").clean_fields(exclude=["organisation"])


@given(st.text(max_size=50))
def test_a_key_holds_nothing_that_nobody_sees(text):
    assert not any(is_invisible(each) for each in key_of(text))


@pytest.mark.both_databases
def test_a_long_further_name_makes_an_address_that_can_be_stored():
    saved(a_name("Birch Trust", "ß" * 140))
    assert Slug.objects.filter(text="s" * 255).exists()


# At the doors ---------------------------------------------------------------------------------


def test_an_editor_reads_which_character_it_is(officers_door: Client):
    response = send(officers_door, ADD, name="Elm\u200b Trust")
    assert "zero width space" in errors(response)
    birch = address("organisation", "change", _key("Birch Trust"))
    typed = add_row(officers_door, birch, "names", text="El\u00adm", kind="alias")
    assert "soft hyphen" in errors(send(officers_door, birch, **typed))
    assert not Organisation.objects.called_like("elm").exists()


def test_one_that_was_stored_before_can_still_be_saved(officers_door: Client):
    birch = Organisation.objects.named("Birch Trust").get()
    Organisation.objects.filter(pk=birch.pk).update(name="Bir\u00adch Trust")
    Name.objects.filter(organisation=birch).update(text="Bir\u00adch Trust")
    url = address("organisation", "change", birch.pk)
    typed = {"note": "Of trees.", "also_written": "BIRCH TRUST"}
    send(officers_door, url, **typed)
    birch.refresh_from_db()
    assert birch.note == "Of trees."
    # It is put right, and is the same name at the same address.
    send(officers_door, url, name="Birch Trust")
    birch.refresh_from_db()
    assert (birch.name, birch.slug) == ("Birch Trust", "birch-trust")
    assert birch.names.count() == 1


@pytest.mark.both_databases
@pytest.mark.parametrize("typed", ["Birch\u200b Trust", "BIRCH\u00a0TRUST", "Bir\u00adch-Trust"])
def test_readers_find_it_by_what_looks_the_same(client: Client, typed):
    answer = client.get("/organisations/cedar-charity/", {"with": typed}, follow=True)
    assert answer.redirect_chain[-1][0] == "/organisations/birch-trust/with/cedar-charity/"
    found = json.loads(client.get("/protocols.json", {"organisation": typed}).getvalue())
    by_slug = client.get("/protocols.json", {"organisation": "birch-trust"})
    assert found["count"] == json.loads(by_slug.getvalue())["count"]


# Migrating ------------------------------------------------------------------------------------

_migration = import_module("registers.migrations.0016_name_source_identifier")
_EDITOR = SimpleNamespace(connection=connection)


@pytest.mark.both_databases
def test_migrating_renews_keys_and_adds_addresses(capsys: pytest.CaptureFixture[str]):
    name = saved(a_name("Birch Trust", "Birch–House/Elm"))
    Name.objects.filter(pk=name.pk).update(key="birch–house/elm")
    Slug.objects.filter(text="birch-house-elm").update(text="birchhouseelm")
    _migration.renew_keys(apps, _EDITOR)
    _migration.add_addresses(apps, _EDITOR)
    assert Organisation.objects.named("Birch-House/Elm").get().name == "Birch Trust"
    for slug in ("birchhouseelm", "birch-house-elm"):
        assert Organisation.objects.at(slug).get().name == "Birch Trust"
    assert capsys.readouterr().out == ""


@pytest.mark.both_databases
def test_migrating_keeps_names_that_collide_and_prints_them(capsys: pytest.CaptureFixture[str]):
    taken = saved(a_name("Cedar Charity", "Elm-on-Sea"))
    kept = Name.objects.create(
        organisation_id=_key("Birch Trust"), text="Elm‑on‑Sea", key="elm‐on‐sea", kind="alias"
    )
    theme = Theme.objects.create(name="Hea\u00adlth", slug="health-1", key="hea\u00adlth")
    Theme.objects.create(name="Health", slug="health-2", key="health")
    _migration.renew_keys(apps, _EDITOR)
    _migration.add_addresses(apps, _EDITOR)
    for row in (taken, kept, theme):
        before = row.key
        row.refresh_from_db()
        assert row.key == before
    printed = capsys.readouterr().out.splitlines()
    assert ["Birch Trust" in printed[0], "Elm‑on‑Sea" in printed[0], len(printed)] == [
        True,
        True,
        2,
    ]
    assert Organisation.objects.at("elm-on-sea").get().name == "Cedar Charity"
    # The organisation that kept its name can still be edited.
    birch = Organisation.objects.named("Birch Trust").get()
    birch.note = "Of trees."
    saved(birch)


def test_an_official_name_that_collides_does_not_stop_a_save():
    birch = Organisation.objects.named("Birch Trust").get()
    Organisation.objects.filter(pk=birch.pk).update(name="Cedar‑Charity")
    Name.objects.filter(organisation=birch).update(text="Cedar‑Charity", key="old")
    saved(a_name("Cedar Charity", "Cedar-Charity"))
    birch.refresh_from_db()
    birch.note = "Of trees."
    saved(birch)
    birch.refresh_from_db()
    assert birch.note == "Of trees."
    assert Name.objects.get(organisation=birch).key == "old"


@pytest.mark.both_databases
@pytest.mark.parametrize("text", ["a\0b", "x" * 400])
def test_what_no_name_can_be_is_like_none(text):
    assert not Organisation.objects.called_like(text).exists()
