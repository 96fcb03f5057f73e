"""What searches find, by the cases that every database must agree on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from registers import changes
from registers.models import Name, Organisation, Party
from registers.search.index import current_index
from registers.search.text.search import Search
from registers.search.text.search import search as search_for
from tests.conftest import empty_the_register
from tests.makers import OrganisationFactory, PartyFactory, ProtocolFactory, ThemeFactory, withdrawn
from tests.models.making import shared_by_a_module
from tests.search.search_cases import HOSTILE, NAMES, REAL_CASES, SLIPS, SMALL, SMALL_CASES, WAGES

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db]


def searched(typed: str) -> tuple[Search, list[str]]:
    """The search, and the references that it found, the best first."""
    index = current_index()
    search = search_for(typed, index)
    tiers = search.tiers
    slots = search.mask.nonzero()[0].tolist()
    best = sorted(slots, key=lambda slot: (tiers[slot], index.references.at([slot])[0]))
    return search, [index.references.at([slot])[0] for slot in best]


def found(typed: str) -> list[str]:
    return searched(typed)[1]


@pytest.fixture(scope="class")
def small_register(django_db_setup, django_db_blocker) -> Iterator[None]:
    with shared_by_a_module(django_db_blocker):
        empty_the_register()
        make_small_register()
        yield


def make_small_register() -> None:
    theme = ThemeFactory()
    for reference, given in SMALL.items():
        fields = {name: value for name, value in given.items() if name != "parties"}
        protocol = ProtocolFactory(reference=reference, theme=theme, **fields)
        for name, published in given.get("parties", {}).items():
            organisation = Organisation.objects.named(name).first() or OrganisationFactory(
                name=name
            )
            changes.save(
                Party(protocol=protocol, organisation=organisation, name_as_published=published)
            )
    for name, others in NAMES.items():
        organisation = Organisation.objects.named(name).get()
        for text, kind in others:
            changes.save(Name(organisation=organisation, text=text, kind=kind))


@pytest.mark.usefixtures("small_register")
class TestSmallRegister:
    @pytest.mark.parametrize(("typed", "expected"), SMALL_CASES.values(), ids=SMALL_CASES)
    def test_it_finds(self, typed, expected):
        assert found(typed) == expected

    @pytest.mark.parametrize("typed", HOSTILE.values(), ids=HOSTILE)
    def test_whatever_is_typed_is_a_search(self, typed):
        assert set(found(typed)) <= set(SMALL)
        assert set(found(f"wages {typed}")) <= {WAGES}

    @pytest.mark.parametrize(("typed", "corrected", "uncorrected"), SLIPS.values(), ids=SLIPS)
    def test_a_slip_is_corrected(self, typed, corrected, uncorrected):
        search, references = searched(typed)
        assert (search.corrected, search.uncorrected) == (corrected, uncorrected)
        if corrected:
            assert references == found(corrected) != []
            assert found(uncorrected) == []


@pytest.mark.parametrize(("typed", "expected"), REAL_CASES.values(), ids=REAL_CASES)
def test_the_real_register_finds(real_register, typed, expected):
    assert found(typed) == expected


def test_an_acronym_finds_all_that_its_organisation_takes_part_in(real_register):
    ours = Party.objects.filter(organisation__names__text="ECC").values_list("protocol", flat=True)
    assert set(ours) <= set(found("ECC"))
    assert set(found("ECC")) == set(found('"essex county council"')) | set(found('"ecc"'))


def test_children_finds_child_and_child_finds_children(real_register):
    assert found("children") != []
    assert set(found("children")) == set(found("child")) == set(found("childrens"))
    assert set(found('"child"')) < set(found("child"))


class TestWriting:
    @pytest.fixture(autouse=True)
    def register(self, empty_register) -> None:
        pass

    def test_a_protocol_is_found_by_what_it_says_now(self):
        protocol = ProtocolFactory(title="Barn owls")
        assert found("owls") == [protocol.pk]
        protocol.title = "Cats"
        changes.save(protocol)
        assert (found("owls"), found("cats")) == ([], [protocol.pk])

    def test_a_draft_is_not_found_until_it_is_published(self):
        protocol = ProtocolFactory(title="Barn owls", status="draft")
        assert found("owls") == []
        protocol.status = "published"
        changes.save(protocol)
        assert found("owls") == [protocol.pk]

    def test_a_withdrawn_one_is_found(self):
        protocol = ProtocolFactory(title="Barn owls", **withdrawn())
        assert found("owls") == [protocol.pk]

    def test_a_party_that_goes_is_no_longer_found(self):
        party = PartyFactory(name_as_published="Tyto Alba", organisation__name="Owls")
        assert found("alba") == found("owls") == [party.protocol_id]
        changes.remove(party)
        assert found("alba") == found("owls") == []

    def test_a_name_that_goes_is_no_longer_found(self):
        party = PartyFactory(organisation__name="Owls")
        name = Name(organisation=party.organisation, text="Tyto", kind="alias")
        changes.save(name)
        assert found("tyto") == [party.protocol_id]
        changes.remove(name)
        assert (found("tyto"), found("owls")) == ([], [party.protocol_id])

    def test_a_renamed_organisation_is_found_at_once_under_both_names(self):
        party = PartyFactory(organisation__name="Barn Kestrels")
        party.organisation.name = "Tawny Cats"
        changes.save(party.organisation)
        assert found("barn kestrels") == found("tawny cats") == [party.protocol_id]
        assert found("barn kestels") == [party.protocol_id]

    def test_a_text_of_any_length_is_kept(self):
        long = " ".join(["the owl"] * 400 + [f"w{n} 漢{n}字" for n in range(30_000)])
        fields = dict.fromkeys(("purpose", "summary", "information_items"), long)
        protocol = ProtocolFactory(title="x" * 300, **fields)
        assert found("w17") == found("x" * 70) == found('"the owl"') == [protocol.pk]
        assert found("w29999") == []


def test_a_name_that_is_changed_in_admin_is_found_at_once(real_register, officers_door):
    from tests.admin.typing_in import address, send  # noqa: PLC0415 (a door, used here alone)

    medway = Organisation.objects.get(name="Medway Council")
    before = found("medway council")
    send(officers_door, address("organisation", "change", medway.pk), name="Hoo Authority")
    assert found("hoo authority") == found('"medway council"') == before != []


def test_only_sure_slips_are_put_right_where_another_word_finds_nothing(real_register):
    search = searched("told zebra busineses")[0]
    assert (search.corrected, search.text) == ("", "told zebra business")


# Words of which the register has one that is like them, and slips of the hand.
ORDINARY = [
    "mental",
    "carer",
    "carers",
    "debt",
    "race",
    "policy",
    "country",
    "town",
    "park",
    "rental",
    "cars",
    "cards",
    "cure",
    "wealth",
    "horse",
    "rail",
    "tree",
    "heath",
    "palace",
    "loving",
    "trailing",
    "evolution",
    "regulations",
    "personnel",
    "parity",
    "cattle",
]
PHRASES = ["mental health", "essex carers", "essex policy", "debt advice", "young carers"]
SLIPPED = {
    "safegarding": "safeguarding",
    "Barnado's": "barnardos",
    "Essex Plice": "Essex police",
    "Essex Polcie": "Essex police",
    "polcie": "police",
    "safeguerding": "safeguarding",
    "accomodation": "accommodation",
    "chidlren": "children",
}


@pytest.mark.parametrize("typed", [*ORDINARY, *PHRASES])
def test_an_ordinary_word_is_not_corrected(real_register, typed):
    search = searched(typed)[0]
    assert (search.corrected, search.text) == ("", typed)


@pytest.mark.parametrize(("typed", "meant"), SLIPPED.items(), ids=SLIPPED)
def test_a_slip_of_the_hand_is_corrected(real_register, typed, meant):
    search, references = searched(typed)
    assert search.corrected == meant
    assert references == found(meant) != []


@pytest.mark.parametrize(
    ("typed", "near"),
    [("debt", "dept"), ("mental health", ""), ("zebra debt", ""), ("essex policy", "essex police")],
)
def test_a_word_that_is_like_another_is_offered_where_it_finds_something(
    real_register, typed, near
):
    search = searched(typed)[0]
    assert search.near_query == near
    assert not near or found(near)
