"""Factories for the register's nouns, and a rich register for slow comparisons."""

from __future__ import annotations

import datetime
from random import Random
from typing import Any

import factory
from django.db.models import Count
from django.utils.text import slugify
from factory.django import DjangoModelFactory

from registers import changes
from registers.models import (
    Membership,
    Name,
    Organisation,
    Party,
    Protocol,
    Succession,
    TakenOn,
    Theme,
)
from registers.models.protocol_fields import PROTOCOL_FIELDS, Kind
from registers.search.search_writer import update_search

DAY = datetime.date(2026, 11, 22)

# Letters only and words of one length: so every collation puts them in the order of Python's.
THEMES = ("Delta", "Alpha", "Cobra", "Bravo")
EMPTY_THEME = "Omega"
# By name, an acronym and a former name. The first have by far the most protocols.
ORGANISATIONS = {
    "Ashdown Council": ("AshC", "Ashes Parish"),
    "Birch Trust": ("BT", "Birch Clinic"),
    "Cedar Charity": ("CC", "Cedar House"),
    "Elder Schools": ("ES", "Elder Academies"),
    "Fern Police": ("FP", "Fern Constabulary"),
    "Hazel Hospitals": ("HH", "Hazel Infirmary"),
    "Larch College": ("LC", "Larch Tech"),
    "Maple Borough": ("MB", "Maple Town"),
    "Olive Homes": ("OH", "Olive Housing"),
    "Pine Probation": ("PP", "Pine Courts"),
    "Rowan Hospice": ("RH", "Rowan Care"),
    "Sorrel Surgery": ("SS", "Sorrel Practice"),
    "Thyme Transport": ("TT", "Thyme Buses"),
    "Willow Water": ("WW", "Willow Board"),
}
GROUPS = {"Elder Schools", "Olive Homes"}
NO_PART = "Yarrow Youth"
TITLE_WORDS = ("adult", "child", "crime", "fraud", "house", "nurse", "taxes", "youth")
PURPOSE_WORDS = (*TITLE_WORDS, "50% off", "a_b", "back\\slash", "it's", '"quoted"', "Ashdown")


class SavedFactory(DjangoModelFactory):
    """Saves as the doors do: checked, with the names and addresses kept in step."""

    class Meta:
        abstract = True

    @classmethod
    def _create(cls, model_class: Any, *args: Any, **kwargs: Any) -> Any:
        thing = model_class(*args, **kwargs)
        changes.save(thing)
        return thing


class ThemeFactory(SavedFactory):
    class Meta:
        model = Theme

    name = factory.Sequence("Theme {}".format)
    slug = factory.LazyAttribute(lambda theme: slugify(theme.name))
    position = factory.Sequence(lambda number: 100 + number)


class OrganisationFactory(SavedFactory):
    """An organisation with its official name and its address."""

    class Meta:
        model = Organisation

    name = factory.Sequence("Organisation {}".format)


class ProtocolFactory(SavedFactory):
    """A published protocol. Its reference is beyond those of the real register."""

    class Meta:
        model = Protocol

    reference = factory.Sequence(lambda number: str(500000 + number))
    title = "A title"
    theme = factory.SubFactory(ThemeFactory)
    status = "published"


class PartyFactory(SavedFactory):
    class Meta:
        model = Party

    protocol = factory.SubFactory(ProtocolFactory)
    organisation = factory.SubFactory(OrganisationFactory)
    role = "partner"


def withdrawn(on: datetime.date = DAY) -> dict[str, Any]:
    """The fields of a withdrawn protocol."""
    return {"status": "withdrawn", "withdrawn_on": on, "withdrawn_reason": "It ended."}


def recorded() -> dict[str, Any]:
    """Return a value for each field of a protocol that can be missing and is plain."""
    values = {
        Kind.TEXT: "There.",
        Kind.BOOLEAN: True,
        Kind.DAY: DAY,
        Kind.MONTH: DAY.replace(day=1),
        Kind.OPTIONS: "There.",
        Kind.LINK: "https://www.example.org/",
    }
    return {
        field.name: next(iter(field.choices), values[field.kind])
        for field in PROTOCOL_FIELDS
        if field.missing and field.model_field
    }


def find_all() -> None:
    """Bring search in step with what was saved past changes.py, as a bulk load would."""
    update_search(
        protocols=set(Protocol.objects.values_list("pk", flat=True)),
        organisations=set(Organisation.objects.values_list("pk", flat=True)),
    )


def make_protocols(
    number: int, *, parties: list[Organisation] | None = None, **fields: Any
) -> list[Protocol]:
    """Make protocols that differ by reference alone, quickly. The first party is the lead."""
    if "theme" not in fields:
        fields["theme"] = ThemeFactory()
    protocols = Protocol.objects.bulk_create(ProtocolFactory.build_batch(number, **fields))
    Party.objects.bulk_create(
        Party(
            protocol=protocol,
            organisation=organisation,
            role="partner" if position else "lead",
            position=position,
        )
        for protocol in protocols
        for position, organisation in enumerate(parties or [])
    )
    find_all()
    return protocols


def make_rich_register(seed: int, *, number: int = 60) -> None:
    """Make a register of all that the questions turn on, the same for the same seed.

    Some organisations are in most protocols and some in few. There are drafts
    and withdrawn ones, protocols without lead, parties or review date, and
    organisations that both lead a protocol and are its partner.
    """
    random = Random(seed)
    themes = [
        # Two stand at one position: the name decides.
        ThemeFactory(name=name, position=100 + index // 2)
        for index, name in enumerate(THEMES)
    ]
    ThemeFactory(name=EMPTY_THEME, position=99)
    organisations = [_organisation(name) for name in ORGANISATIONS]
    OrganisationFactory(name=NO_PART)
    protocols = [
        ProtocolFactory.build(
            reference=f"{9000 + index}", theme=random.choice(themes), **_fields(random)
        )
        for index in random.sample(range(number), number)
    ]
    Protocol.objects.bulk_create(protocols)
    Party.objects.bulk_create(
        party for protocol in protocols for party in _parties(random, protocol, organisations)
    )
    find_all()


def make_random_links(seed: int) -> None:
    """Link the organisations of the rich register: the same for the same seed.

    Chains, splits that were decided for some protocols, groups within groups, members
    and successions of the past, of `DAY` and to come.
    """
    random = Random(seed)
    bodies = list(Organisation.objects.filter(name__in=ORGANISATIONS).order_by("name"))
    groups = [each for each in bodies if each.kind == "group"]
    days = (None, *(DAY + datetime.timedelta(days=days) for days in (-900, -400, -30, 0, 1, 30)))
    pairs = {tuple(sorted(random.sample(range(len(bodies)), 2))) for _ in range(10)}
    Succession.objects.bulk_create(
        Succession(
            organisation=bodies[one], successor=bodies[other], happened_on=random.choice(days)
        )
        for one, other in sorted(pairs)
    )
    inner, outer = groups
    members = [(inner, outer), *((group, body) for group in groups for body in bodies)]
    for group, member in random.sample(members[1:], 8) + members[:1]:
        first, last = sorted(random.sample(days[1:], 2))
        if member not in groups or (group, member) == (inner, outer):
            Membership.objects.create(
                group=group,
                member=member,
                from_day=random.choice((None, first)),
                to_day=random.choice((None, last)),
            )
    splits = Organisation.objects.annotate(parts=Count("successions")).filter(parts__gt=1)
    for split in splits:
        references = Protocol.objects.filter(parties__organisation=split).distinct()
        for protocol in references[::2]:
            TakenOn.objects.create(
                protocol=protocol,
                predecessor=split,
                successor=random.choice(list(split.successions.all())).successor,
            )
    update_search(protocols=[], organisations=[], links=True)


def _organisation(name: str) -> Organisation:
    organisation: Organisation = OrganisationFactory(
        name=name, kind="group" if name in GROUPS else "body"
    )
    acronym, former = ORGANISATIONS[name]
    changes.save(Name(organisation=organisation, text=acronym, kind="acronym"))
    changes.save(Name(organisation=organisation, text=former, kind="former"))
    return organisation


def _fields(random: Random) -> dict[str, Any]:
    title = " ".join(random.choices(TITLE_WORDS, k=random.randint(1, 3)))
    months = DAY.year * 12 + DAY.month - 1 + random.randint(-12, 7)
    review_date = datetime.date(months // 12, months % 12 + 1, 1)
    status = random.choices(("published", "withdrawn", "draft"), (70, 20, 10))[0]
    return {
        "title": random.choice((title, title.title(), title.upper(), f"‘{title}’", accented(title)))
        + random.choice(("", " 2", " 10")),
        "purpose": " ".join(random.choices(PURPOSE_WORDS, k=random.randint(0, 6))),
        "review_date": None if random.random() < 0.15 else review_date,
        **(withdrawn() if status == "withdrawn" else {"status": status}),
    }


def accented(text: str) -> str:
    """Return a text with accents that make no difference to search or order."""
    return text.translate(str.maketrans("aeiouw", "àéïôüŵ"))


def _parties(random: Random, protocol: Protocol, organisations: list[Organisation]) -> list[Party]:
    often = [1 / (rank + 1) for rank in range(len(organisations))]
    lead = random.choices(organisations, often)
    partners = list(dict.fromkeys(random.choices(organisations, often, k=random.randint(0, 6))))
    if random.random() < 0.15:
        lead = []
    elif random.random() < 0.2:
        partners = list(dict.fromkeys([*partners, *lead]))
    return [
        Party(
            protocol=protocol,
            organisation=organisation,
            role=role,
            name_as_published=random.choice(
                ("", organisation.name.upper(), f"Dept. of {organisation.name[::-1]}")
            ),
            note=random.choice(("", "Temp workers")),
            position=position,
        )
        for position, (organisation, role) in enumerate(
            [(each, "lead") for each in lead] + [(each, "partner") for each in partners]
        )
    ]
