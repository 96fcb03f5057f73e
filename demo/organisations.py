"""The organisations of a fictional county: one in nearly all protocols, most in one or two."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random
from zlib import crc32

from django.db import models
from django.utils.text import slugify

from demo.words import VOCABULARY, draw_places, happens
from registers.changes.bulk import New
from registers.models import Approver, Contact, Name, Organisation, Succession
from registers.models.keys import key_of

WORDS = VOCABULARY["organisations"]
PROTOCOLS_EACH = 21  # one organisation for so many protocols
FEWEST, FEWEST_REGULAR, REGULAR_SHARE = 48, 21, 0.3
GROUPS_AT_FIRST = 2
SHORTEST_ACRONYM, LONGEST_ACRONYM = 3, 6
ONE_IN_LACKS_A_CONTACT = 8
LONGEST_LABEL = 63  # of a host's name


@dataclass(kw_only=True)
class Cast:
    """Who takes part. The `regular` stand in many protocols, the first in nearly all of them.

    The `seldom` stand in one or two. `by_name` finds any of them; `written`
    has its other names by its official one. `weights` are cumulative, of the
    regular ones but the first.
    """

    places: list[str]
    regular: list[Organisation] = field(default_factory=list)
    seldom: list[Organisation] = field(default_factory=list)
    by_name: dict[str, Organisation] = field(default_factory=dict)
    written: dict[str, list[str]] = field(default_factory=dict)
    weights: list[float] = field(default_factory=list)


def make_cast(random: Random, protocols: int, at: datetime.datetime) -> tuple[Cast, list[New]]:
    """Return the organisations for so many protocols, unsaved, and again with all their names."""
    number = max(FEWEST, protocols // PROTOCOLS_EACH)
    regular = FEWEST_REGULAR + round((number - FEWEST) * REGULAR_SHARE)
    cast = Cast(places=draw_places(random, max(12, number // 5)))
    free = _FreeNames()
    groups = WORDS["groups"] if number > FEWEST else WORDS["groups"][:GROUPS_AT_FIRST]
    known = [WORDS["first"], *WORDS["known"], *groups]
    gone = list(dict.fromkeys(old for old, *_ in WORDS["became"]))
    often = known + _placed(random, WORDS["often"], cast.places, regular - len(known))
    seldom = gone + _placed(random, WORDS["seldom"], cast.places, number - regular - len(gone))
    for name in (*often, *seldom):
        free.take(name)
    made = [
        _organisation(random, name, free, cast, at, well_known=index < len(known))
        for index, name in enumerate((*often, *seldom))
    ]
    organisations = [new.subject for new in made if isinstance(new.subject, Organisation)]
    cast.regular, cast.seldom = organisations[:regular], organisations[regular:]
    cast.by_name = {each.name: each for each in organisations}
    cast.weights = list(accumulate(1 / (rank + 2) ** 0.9 for rank in range(regular - 1)))
    return cast, made


def successions(cast: Cast, at: datetime.datetime) -> Iterator[New]:
    """Give what became of some organisations, once those are saved."""
    for old, new, day, source in WORDS["became"]:
        yield New(
            at=at,
            subject=Succession(
                organisation=cast.by_name[old],
                successor=cast.by_name[new],
                happened_on=datetime.date.fromisoformat(day) if day else None,
                source=source,
            ),
        )


class _FreeNames:
    """Which names, and the addresses made from them, no organisation has yet."""

    def __init__(self) -> None:
        self.keys: set[str] = set()

    def take(self, name: str) -> bool:
        """Take the name if it is free, and say whether it was."""
        wanted = {key_of(name), f"/{slugify(name)}"}
        if wanted & self.keys:
            return False
        self.keys |= wanted
        return True


def _placed(random: Random, forms: list[str], places: list[str], number: int) -> list[str]:
    """Return so many different names, of forms such as '{place} Surgery'."""
    every = [form.format(place=place) for form in forms for place in places]
    return random.sample(every, number)


def _organisation(
    random: Random,
    name: str,
    free: _FreeNames,
    cast: Cast,
    at: datetime.datetime,
    *,
    well_known: bool,
) -> New:
    """Return an organisation with its other names and its approvers."""
    group, known = name in WORDS["groups"], "_of_known" if well_known else ""
    organisation = Organisation(
        name=name,
        slug=slugify(name),
        kind=Organisation.Kind.GROUP if group else Organisation.Kind.BODY,
        note=WORDS["group_note"] if group else "",
    )
    if not group and happens(random, "organisation_note"):
        organisation.note = random.choice(WORDS["notes"])
    parts: list[models.Model] = []
    for kind, text in _other_names(random, name, well_known=well_known):
        if free.take(text):
            parts.append(Name(organisation=organisation, text=text, key=key_of(text), kind=kind))
            cast.written.setdefault(name, []).append(text)
    if not group and happens(random, "approvers" + known):
        titles = random.sample(VOCABULARY["approvers"]["titles"], random.choice((1, 1, 2)))
        parts += [Approver(organisation=organisation, job_title=title) for title in titles]
    # By its name, so that no other draw depends on it.
    if not group and crc32(name.encode()) % ONE_IN_LACKS_A_CONTACT:
        host = organisation.slug[:LONGEST_LABEL].rstrip("-")
        email = f"information.governance@{host}.example"
        parts.append(Contact(organisation=organisation, email=email))
    return New(subject=organisation, parts=parts, at=at)


def _other_names(random: Random, name: str, *, well_known: bool) -> Iterator[tuple[str, str]]:
    """Give what else the organisation is or was called, with the kind of each name."""
    known = "_of_known" if well_known else ""
    capitals = "".join(word[0] for word in name.split() if word[0].isupper())
    if SHORTEST_ACRONYM <= len(capitals) <= LONGEST_ACRONYM and (
        well_known or happens(random, "acronym")
    ):
        yield Name.Kind.ACRONYM, capitals
    if happens(random, "former_name" + known):
        ending = next((pair for pair in WORDS["endings_before"] if name.endswith(pair[0])), None)
        if ending:
            yield Name.Kind.FORMER, name.removesuffix(ending[0]) + ending[1]
    if happens(random, "alias"):
        shorter = name.replace("Limited", "Ltd").replace(" and ", " & ")
        yield Name.Kind.ALIAS, f"{name} (Exampleshire)" if shorter == name else shorter
    if happens(random, "misspelling" + known):
        at = random.randrange(1, len(name) - 2)
        slip = name[:at] + name[at + 1 :]
        yield Name.Kind.MISSPELLING, " ".join(slip.split())
