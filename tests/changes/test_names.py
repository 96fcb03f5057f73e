"""How an organisation's names and addresses are kept in step, whatever it is called later."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.exceptions import ValidationError

from registers import changes
from registers.models import Change, Organisation, Slug
from tests.models.making import a_name, make_cast, saved, shared_by_a_module

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def cast(django_db_setup, django_db_blocker) -> Iterator[None]:
    with shared_by_a_module(django_db_blocker):
        make_cast()
        yield


def birch() -> Organisation:
    return Organisation.objects.at("birch-trust").get()


def rename(organisation: Organisation, name: str, **fields: str) -> Organisation:
    organisation.name = name
    for field, value in fields.items():
        setattr(organisation, field, value)
    saved(organisation)
    return Organisation.objects.get(pk=organisation.pk)


def names(organisation: Organisation) -> dict[str, str]:
    return dict(organisation.names.values_list("text", "kind"))


def addresses(organisation: Organisation) -> set[str]:
    return set(organisation.slugs.values_list("text", flat=True))


def test_a_new_organisation_has_its_name_as_official_and_an_address():
    assert names(birch()) == {"Birch Trust": "official"}
    assert birch().slug == "birch-trust"
    assert addresses(birch()) == {"birch-trust"}


def test_a_rename_keeps_the_former_name_and_the_old_address():
    oak = rename(birch(), "Oak Trust")
    assert names(oak) == {"Oak Trust": "official", "Birch Trust": "former"}
    assert oak.slug == "oak-trust"
    assert addresses(oak) == {"oak-trust", "birch-trust"}
    assert Organisation.objects.at("birch-trust").get() == oak
    assert Organisation.objects.named("BIRCH TRUST").get() == oak
    assert oak.changes.first().what.split("\n")[0] == (
        "Official name changed from Birch Trust to Oak Trust."
    )


@pytest.mark.both_databases
def test_every_name_and_address_of_many_renames_is_kept():
    for name in ("Oak Trust", "Elm Trust", "Ash Trust"):
        renamed = rename(birch(), name)
    assert names(renamed) == {
        "Birch Trust": "former",
        "Oak Trust": "former",
        "Elm Trust": "former",
        "Ash Trust": "official",
    }
    assert addresses(renamed) == {"birch-trust", "oak-trust", "elm-trust", "ash-trust"}
    assert renamed.slug == "ash-trust"


def test_a_rename_back_takes_up_the_old_name_and_address():
    rename(birch(), "Oak Trust")
    back = rename(birch(), "Birch Trust")
    assert names(back) == {"Birch Trust": "official", "Oak Trust": "former"}
    assert back.slug == "birch-trust"
    assert addresses(back) == {"birch-trust", "oak-trust"}


def test_an_organisation_can_take_one_of_its_other_names():
    saved(a_name("Birch Trust", "Birches"))
    renamed = rename(birch(), "BIRCHES")
    assert names(renamed) == {"BIRCHES": "official", "Birch Trust": "former"}
    assert renamed.slug == "birches"


def test_other_capitals_are_the_same_name_at_the_same_address():
    renamed = rename(birch(), "BIRCH Trust")
    assert names(renamed) == {"BIRCH Trust": "official"}
    assert renamed.slug == "birch-trust"


def test_an_address_can_be_chosen_and_the_old_one_stays():
    moved = rename(birch(), "Birch Trust", slug="birch")
    assert moved.slug == "birch"
    assert addresses(moved) == {"birch-trust", "birch"}
    renamed = rename(moved, "Oak Trust", slug="oak")
    assert renamed.slug == "oak"
    assert addresses(renamed) == {"birch-trust", "birch", "oak", "oak-trust"}


@pytest.mark.both_databases
def test_an_address_that_is_taken_gets_a_number():
    wanted = ["Birch-Trust", "Birch: Trust", "Birch Trust?"]
    assert [saved(Organisation(name=name)).slug for name in wanted] == [
        "birch-trust-2",
        "birch-trust-3",
        "birch-trust-4",
    ]


def test_a_renamed_organisation_s_old_address_is_taken_too():
    rename(birch(), "Oak Trust")
    assert saved(Organisation(name="Birch-Trust")).slug == "birch-trust-2"
    assert Organisation.objects.at("birch-trust").get().name == "Oak Trust"


@pytest.mark.both_databases
def test_a_rename_to_an_address_that_is_taken_gets_a_number():
    assert rename(birch(), "Cedar, Charity").slug == "cedar-charity-2"
    assert Organisation.objects.at("cedar-charity").get().name == "Cedar Charity"


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("École de Droit", "ecole-de-droit"),
        ("東京都", "organisation"),
        ("x" * 255, "x" * 240),
        ("16billion", "16billion"),
    ],
    ids=["accents", "no Latin letters", "long", "a number first"],
)
def test_an_address_is_made_of_any_name(name, slug):
    assert saved(Organisation(name=name)).slug == slug


def test_two_names_without_latin_letters_have_two_addresses():
    assert saved(Organisation(name="東京都")).slug == "organisation"
    assert saved(Organisation(name="京都府")).slug == "organisation-2"


def test_every_further_name_is_an_address_too():
    saved(a_name("Birch Trust", "The Birches"))
    assert Organisation.objects.at("the-birches").get() == birch()
    assert birch().slug == "birch-trust"


def test_a_further_name_without_latin_letters_makes_no_address():
    saved(a_name("Birch Trust", "東京都"))
    assert addresses(birch()) == {"birch-trust"}


def test_an_address_never_moves_to_another_organisation():
    saved(a_name("Cedar Charity", "Birch-Trust"))
    assert Organisation.objects.at("birch-trust").get().name == "Birch Trust"
    assert Slug.objects.get(text="birch-trust").organisation.name == "Birch Trust"


@pytest.mark.both_databases
@pytest.mark.parametrize("slug", ["birch-trust", "ashdown-council"])
def test_an_address_of_another_is_refused(slug):
    rename(birch(), "Oak Trust")
    cedar = Organisation.objects.named("Cedar Charity").get()
    cedar.slug = slug
    with pytest.raises(ValidationError) as refusal:
        changes.save(cedar)
    assert refusal.value.message_dict == {
        "slug": ["This address already leads to another organisation. Enter a different one."]
    }
    with pytest.raises(ValidationError) as refusal:
        changes.save(Organisation(name="Elm Trust", slug=slug))
    assert refusal.value.message_dict == {
        "slug": ["This address already leads to another organisation. Enter a different one."]
    }


@pytest.mark.both_databases
@pytest.mark.parametrize("name", ["Ashdown Council", "ASHDOWN  council", "Ashes"])
def test_the_name_of_another_is_refused(name):
    saved(a_name("Ashdown Council", "Ashes"))
    before = Change.objects.count()
    renamed = birch()
    renamed.name = name
    with pytest.raises(ValidationError) as refusal:
        changes.save(renamed)
    assert refusal.value.message_dict == {
        "name": [f"Ashdown Council has the name '{name}' already."]
    }
    assert Change.objects.count() == before
    assert birch().name == "Birch Trust"


def test_a_name_that_another_gave_up_stays_its_own():
    rename(birch(), "Oak Trust")
    with pytest.raises(ValidationError) as refusal:
        changes.save(Organisation(name="Birch Trust"))
    assert refusal.value.messages == ["Oak Trust has the name 'Birch Trust' already."]


def test_a_name_of_spaces_is_refused():
    with pytest.raises(ValidationError):
        changes.save(Organisation(name="   "))
    assert not Organisation.objects.filter(name="   ").exists()


def test_names_are_told_to_the_public():
    saved(birch(), a_name("Birch Trust", "BT", "acronym"))
    what = birch().changes.first().what
    assert what == "Names added: BT (acronym)."
