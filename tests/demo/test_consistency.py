"""What is made up is right, clearly fictional, and skewed as a real register is."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from random import Random

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Count

from demo.organisations import make_cast
from demo.protocols import Protocols
from registers.models import (
    Change,
    Contact,
    Name,
    Organisation,
    Party,
    Protocol,
    RegisterVersion,
    Review,
    SearchEntry,
    Slug,
    Theme,
)
from registers.models.keys import EMAIL
from tests.conftest import TODAY
from tests.demo.conftest import PROTOCOLS
from tests.models.making import NOW

PURPOSE_WORDS = (20, 60)
MODELS = list(apps.get_app_config("registers").get_models())
# What comes with running it: nothing was sent, nobody answered, no two were found to be one,
# no paper was replaced, and every form was saved. `prepare` adds the synonyms and the layout, and
# a migration the abbreviations.
LATER = {
    *(
        "ApprovalRequest",
        "Reminder",
        "Reminded",
        "Answer",
        "Try",
        "Merge",
        "Apart",
        "EarlierVersion",
    ),
    *(
        "ImportJob",
        "ImportLine",
        "ImportMapping",
        "ImportName",
        "ImportSteps",
        "UsedReference",
        "SynonymSet",
    ),
    *("Abbreviation", "Option", "Layout", "FormDraft", "FormDraftFile", "LeadDraft"),
    *("Proposal", "ProposedFile", "ProposalEmailDay"),
}

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demonstration")]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_everything_made_could_be_saved_in_admin(model: type[models.Model]):
    things = list(model._default_manager.all())
    assert bool(things) != (model.__name__ in LATER)
    for thing in things:
        try:
            thing.full_clean()
        except ValidationError as wrong:
            pytest.fail(f"{thing!r}: {wrong}")


def test_names_and_addresses_are_kept_in_step():
    for organisation in Organisation.objects.prefetch_related("names", "slugs"):
        official = [name.text for name in organisation.names.all() if name.kind == "official"]
        assert official == [organisation.name]
        assert organisation.slug in {slug.text for slug in organisation.slugs.all()}
    assert Slug.objects.count() == Name.objects.count()


def test_no_day_is_still_to_come_and_each_follows_on_the_one_before():
    for protocol in Protocol.public.all():
        first = protocol.published_on or datetime.date.min
        for day in (protocol.updated_on, protocol.withdrawn_on):
            assert day is None or first <= day <= TODAY
        assert not protocol.parties.filter(signed_on__gt=first).exists()
        if protocol.replaced_by and protocol.replaced_by.published_on:
            assert protocol.replaced_by.published_on <= protocol.withdrawn_on
    for review in Review.objects.select_related("protocol"):
        assert (review.protocol.published_on or datetime.date.min) <= review.reviewed_on <= TODAY
        assert review.recorded_at.date() == review.reviewed_on <= review.protocol.updated_on
    for change in Change.objects.filter(protocol__isnull=False):
        assert change.made_at.date() <= TODAY


def test_search_knows_every_public_protocol_and_the_version_has_moved():
    known = SearchEntry.objects.values_list("protocol", flat=True)
    assert set(known) == {protocol.pk for protocol in Protocol.public.all()}
    now = RegisterVersion.now()
    assert now.token
    assert set(SearchEntry.objects.values_list("changed_in", flat=True)) <= {
        *range(1, now.number + 1)
    }


def every_word() -> Iterator[str]:
    for model in MODELS:
        for row in model._default_manager.values():
            yield from (value for value in row.values() if isinstance(value, str))


def test_no_mail_address_stands_anywhere_but_those_of_contacts_which_reach_nobody():
    written = {value for value in every_word() if EMAIL.search(value)}
    assert written == set(Contact.objects.values_list("email", flat=True))
    assert all(
        re.fullmatch(r"information\.governance@[a-z0-9-]+\.example", each) for each in written
    )


def test_most_that_lead_have_a_contact_and_some_do_not():
    leading = Organisation.objects.filter(parties__role="lead").distinct()
    assert 0 < leading.filter(contact=None).count() < leading.count() / 3


def test_no_sentence_has_a_gap():
    assert not [value for value in every_word() if re.search(r"[{}]|  |\.\.| ,", value)]


def test_purposes_are_long_enough_to_search_and_short_enough_to_read():
    few, many = PURPOSE_WORDS
    for protocol in Protocol.public.all():
        assert few <= len(protocol.purpose.split()) <= many, protocol.purpose


def test_one_body_is_in_nearly_all_and_most_are_in_one_or_two():
    counted = Organisation.objects.annotate(number=Count("parties")).order_by("-number")
    numbers = list(counted.values_list("number", flat=True))
    assert counted[0].name == "Exampleshire County Council"
    assert numbers[0] > 0.8 * PROTOCOLS
    assert sum(number <= 2 for number in numbers) > len(numbers) / 2
    # In a small register few bodies fit each topic; a large one has more (test_plausibility.py).
    assert 3 <= Party.objects.count() / PROTOCOLS <= 6


def test_a_reference_has_as_many_digits_as_the_number_needs():
    for number, reference in ((9_999, "0001"), (10_000, "00001"), (250_000, "000001")):
        cast, organisations = make_cast(Random(1), number, NOW)
        first = next(iter(Protocols(Random(1), cast, [Theme(name="One")], number=number, on=TODAY)))
        assert first.subject.pk == reference
        assert len(organisations) == pytest.approx(number / 21, abs=1)
