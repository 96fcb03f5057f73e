"""The organisations of a fictional county, and who takes part in which protocol.

One is in nearly all protocols, most are in one or two.
"""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random
from typing import NamedTuple
from zlib import crc32

from django.db import models

from demo.seed import New
from demo.vocabulary import VOCABULARY, Topic, draw_places, happens
from registers.models import (
    Approver,
    Contact,
    Identifier,
    Name,
    Organisation,
    Party,
    Protocol,
    Succession,
)
from registers.models.keys import key_of, slug_of

WORDS, KINDS = VOCABULARY["organisations"], VOCABULARY["kinds"]
LENGTHS = {"gss": 9, "ukprn": 8, "ods": 8, "urn": 6}  # of identifiers
PROTOCOLS_EACH = 21  # one organisation for so many protocols
FEWEST, FEWEST_REGULAR, REGULAR_SHARE = 48, 21, 0.3
GROUPS_AT_FIRST = 2
# Beside those of the whole county, in a large register.
MOST_LOCAL_GROUPS, ORGANISATIONS_A_LOCAL_GROUP = 194, 60
SHORTEST_ACRONYM, LONGEST_ACRONYM = 3, 6
ONE_IN_LACKS_A_CONTACT = 8
LONGEST_LABEL = 63  # of a host's name
# How many partners beside the lead and the first organisation, and how often.
PARTNERS = ((0, 12), (1, 20), (2, 20), (3, 16), (4, 12), (5, 8), (7, 5), (11, 4), (19, 3))
NUMBERS, WEIGHTS = zip(*PARTNERS, strict=True)
SIGNING_DAYS = 60
MOST_SELDOM = 2  # in one protocol


class Member(NamedTuple):
    """Somebody of the cast, before it is an organisation. The known ones have no place."""

    name: str
    kind: str
    place: str = ""


@dataclass(kw_only=True)
class Cast:
    """Who takes part. The `regular` stand in many protocols, the first in nearly all of them.

    The `seldom` stand in one or two. `kinds`, `home` (the place, if there is one),
    `by_name` and `written` (its other names) are by the official name. `groups`
    are the names of those that are no single body. `weights` are of the regular
    ones but the first.
    """

    places: list[str]
    kinds: dict[str, str]
    home: dict[str, str]
    groups: set[str]
    regular: list[Organisation] = field(default_factory=list)
    seldom: list[Organisation] = field(default_factory=list)
    by_name: dict[str, Organisation] = field(default_factory=dict)
    written: dict[str, list[str]] = field(default_factory=dict)
    weights: list[float] = field(default_factory=list)

    def kind(self, organisation: Organisation) -> str:
        """Return the kind of body that the organisation is, or is a group of."""
        return self.kinds[organisation.name]


def make_cast(random: Random, protocols: int, at: datetime.datetime) -> tuple[Cast, list[New]]:
    """Return the organisations for so many protocols, unsaved, and again with all their names."""
    number = max(FEWEST, protocols // PROTOCOLS_EACH)
    regular = FEWEST_REGULAR + round((number - FEWEST) * REGULAR_SHARE)
    places = draw_places(random, max(12, number // 5))
    groups = WORDS["groups"] if number > FEWEST else WORDS["groups"][:GROUPS_AT_FIRST]
    local = min(MOST_LOCAL_GROUPS, number // ORGANISATIONS_A_LOCAL_GROUP)
    known = [Member(*each) for each in (WORDS["first"], *WORDS["known"], *groups)]
    gone = [Member(*each["old"]) for each in WORDS["became"]]
    often = known + _placed(random, WORDS["often"], places, regular - len(known))
    bodies = number - regular - len(gone) - local
    seldom = gone + _placed(random, WORDS["seldom"], places, bodies)
    seldom += _placed(random, WORDS["local_groups"], places, local) if local else []
    groups = [*groups, *seldom[len(seldom) - local :]]
    members = [*often, *seldom]
    cast = Cast(
        places=places,
        kinds={member.name: member.kind for member in members},
        home={member.name: member.place for member in members if member.place},
        groups={name for name, *_ in groups},
    )
    free = _FreeNames()
    for member in members:
        free.take(member.name)
    made = [
        _organisation(random, member, free, cast, at, well_known=index < len(known))
        for index, member in enumerate(members)
    ]
    organisations = [new.subject for new in made if isinstance(new.subject, Organisation)]
    cast.regular, cast.seldom = organisations[:regular], organisations[regular:]
    cast.by_name = {each.name: each for each in organisations}
    cast.weights = [1 / (rank + 2) ** 0.9 for rank in range(regular - 1)]
    return cast, made


def successions(cast: Cast, at: datetime.datetime) -> Iterator[New]:
    """Give what became of some organisations, once those are saved."""
    for each in WORDS["became"]:
        yield New(
            at=at,
            subject=Succession(
                organisation=cast.by_name[each["old"][0]],
                successor=cast.by_name[each["new"]],
                happened_on=each.get("day"),
                source=each["source"],
            ),
        )


class _FreeNames:
    """Which names, and the addresses made from them, no organisation has yet."""

    def __init__(self) -> None:
        self.keys: set[str] = set()

        # By scheme, how many identifiers were given.
        self.given: Counter[str] = Counter()

    def identifier(self, kind: str) -> Identifier | None:
        """Return the next identifier for a body of this kind; None where it has none."""
        if kind not in WORDS["identifiers"]:
            return None
        scheme, start = WORDS["identifiers"][kind]
        self.given[scheme] += 1
        digits = LENGTHS[scheme] - len(start)
        return Identifier(scheme=scheme, value=f"{start}{self.given[scheme]:0{digits}}")

    def take(self, name: str) -> bool:
        """Take the name if it is free, and say whether it was."""
        wanted = {key_of(name), f"/{slug_of(name)}"}
        if wanted & self.keys:
            return False
        self.keys |= wanted
        return True


def _placed(random: Random, forms: list[list[str]], places: list[str], number: int) -> list[Member]:
    """Return so many different members, of forms such as '{place} Surgery'."""
    every = [
        Member(form.format(place=place), kind, place) for form, kind in forms for place in places
    ]
    return random.sample(every, number)


def _organisation(
    random: Random,
    member: Member,
    free: _FreeNames,
    cast: Cast,
    at: datetime.datetime,
    *,
    well_known: bool,
) -> New:
    """Return an organisation with its other names and its approvers."""
    name = member.name
    group, known = name in cast.groups, "_of_known" if well_known else ""
    organisation = Organisation(
        name=name,
        slug=slug_of(name),
        kind=Organisation.Kind.GROUP if group else Organisation.Kind.BODY,
        group_rule=WORDS["group_rules"][member.kind] if group else "",
        note=WORDS["group_note"] if group else "",
    )
    if not group and happens(random, "organisation_note"):
        organisation.note = random.choice(WORDS["notes"])
    parts: list[models.Model] = []
    for kind, text in _other_names(random, name, well_known=well_known):
        if free.take(text):
            parts.append(Name(organisation=organisation, text=text, key=key_of(text), kind=kind))
            cast.written.setdefault(name, []).append(text)
    if not group and (identifier := free.identifier(member.kind)):
        identifier.organisation = organisation
        parts.append(identifier)
    if not group and happens(random, "approvers" + known):
        titles = KINDS[member.kind]["approvers"]
        drawn = random.sample(titles, min(len(titles), random.choice((1, 1, 2))))
        parts += [Approver(organisation=organisation, job_title=title) for title in drawn]
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


class _Pool:
    """Organisations to draw from, the regular ones more often the earlier they stand."""

    def __init__(self, cast: Cast, kinds: Sequence[str], *, bodies_only: bool = False) -> None:
        drawn = [
            (each, weight)
            for each, weight in zip(cast.regular[1:], cast.weights, strict=True)
            if cast.kind(each) in kinds
            and not (bodies_only and each.kind == Organisation.Kind.GROUP)
        ]
        self.organisations = [each for each, _ in drawn]
        self.places = range(len(drawn))
        self.weights = list(accumulate(weight for _, weight in drawn))

    def draw(self, random: Random, number: int) -> list[Organisation]:
        """Return so many, or fewer where they are few; none twice."""
        places = random.choices(self.places, cum_weights=self.weights, k=2 * number)
        return [self.organisations[place] for place in list(dict.fromkeys(places))[:number]]


class Parties:
    """Draws the parties that fit a topic, so that the seldom ones are spread over them all."""

    def __init__(self, random: Random, cast: Cast, *, protocols: int) -> None:
        self.random, self.cast = random, cast
        self.partners: dict[str, _Pool] = {}  # by the topic
        self.leads: dict[str, _Pool] = {}  # by the kind
        # Of each kind, the next one last.
        self.seldom: defaultdict[str, list[Organisation]] = defaultdict(list)
        for organisation in reversed(cast.seldom):
            self.seldom[cast.kind(organisation)].append(organisation)
        self.seldom_share = min(1.0, len(cast.seldom) / protocols)
        self.due = 0  # how many of them wait for a protocol that they fit
        self.again: Organisation | None = None
        became = [each for each in WORDS["became"] if "day" in each]
        self.ended = {each["old"][0]: (each["day"], each["new"]) for each in became}
        self.before: dict[str, tuple[datetime.date, list[str]]] = {}
        # Of each that took part in something: in how many protocols, and the last day.
        self.times: Counter[str] = Counter()
        self.last_day: dict[str, datetime.date] = {}
        for each in became:
            if each["is_new"]:
                self.before.setdefault(each["new"], (each["day"], []))[1].append(each["old"][0])

    def draw(
        self, topic: Topic, day: datetime.date
    ) -> tuple[Organisation | None, list[Organisation]]:
        """Return a lead, or None, and the partners of a protocol about the topic, of that day."""
        random, first = self.random, self.cast.regular[0]
        if topic.name not in self.partners:
            self.partners[topic.name] = _Pool(self.cast, topic.kinds)
        lead = self._lead(random.choice(topic.leads))
        number = random.choices(NUMBERS, WEIGHTS)[0]
        partners = self.partners[topic.name].draw(random, number)
        if happens(random, "first_takes_part"):
            partners.insert(0, first)
        partners += self._seldom(topic, day)
        lead, *partners = self.standing([lead, *partners], day)
        if not partners:
            # Nobody shares with itself.
            others = self.partners[topic.name].draw(random, 1) if lead is first else [first]
            partners = self.standing(others, day)
        return (None, [lead, *partners]) if happens(random, "no_lead") else (lead, partners)

    def standing(
        self, organisations: Sequence[Organisation], day: datetime.date
    ) -> list[Organisation]:
        """Return who signed in the place of each on that day, none twice: bodies come and go."""
        standing = [self._standing(each, day) for each in organisations]
        self.times.update({each.name for each in standing})
        for each in standing:
            self.last_day[each.name] = max(day, self.last_day.get(each.name, day))
        return list({each.name: each for each in standing}.values())

    def of(
        self,
        protocol: Protocol,
        lead: Organisation | None,
        partners: Sequence[Organisation],
        *,
        signed_by: datetime.date | None,
    ) -> list[Party]:
        """Return the parties of a protocol. All had signed by a day; None, if it is not known."""
        roles = [(lead, Party.Role.LEAD)] if lead else []
        roles += [(each, Party.Role.PARTNER) for each in partners]
        return [
            self._party(protocol, organisation, role, position, signed_by)
            for position, (organisation, role) in enumerate(roles)
        ]

    def _lead(self, kind: str) -> Organisation:
        if kind not in self.leads:
            self.leads[kind] = _Pool(self.cast, [kind], bodies_only=True)
        pool = self.leads[kind]
        # A small register has no organisation of some kinds.
        return pool.draw(self.random, 1)[0] if pool.organisations else self.cast.regular[0]

    def _standing(self, organisation: Organisation, day: datetime.date) -> Organisation:
        name = organisation.name
        if name in self.before and day < self.before[name][0]:
            return self.cast.by_name[self.random.choice(self.before[name][1])]
        if name in self.ended and day >= self.ended[name][0]:
            return self.cast.by_name[self.ended[name][1]]
        return organisation

    def _seldom(self, topic: Topic, day: datetime.date) -> list[Organisation]:
        """Return the next of those that stand in one protocol, or two, when it is their turn."""
        found = []
        if self.again and self.cast.kind(self.again) in topic.kinds:
            found, self.again = [self.again], None
        self.due += self.random.random() < self.seldom_share
        for _ in range(min(self.due, MOST_SELDOM)):
            waiting = max((self.seldom[kind] for kind in topic.kinds), key=self._urgency)
            if not waiting:
                break
            self.due -= 1
            found.append(waiting.pop())
            if happens(self.random, "seldom_again"):
                self.again = found[-1]
        return self.standing(found, day)

    def _urgency(self, waiting: list[Organisation]) -> tuple[bool, int]:
        """Say which of those that wait come first: bodies that came to an end, then the most."""
        return bool(waiting) and waiting[-1].name in self.ended, len(waiting)

    def _party(
        self,
        protocol: Protocol,
        organisation: Organisation,
        role: str,
        position: int,
        signed_by: datetime.date | None,
    ) -> Party:
        random = self.random
        published = organisation.name
        if happens(random, "written_otherwise"):
            published = random.choice(self.cast.written.get(published, [published]))
        elif happens(random, "name_not_recorded"):
            published = ""
        signed_on, note = None, ""
        is_body = organisation.kind == Organisation.Kind.BODY
        if signed_by and is_body and happens(random, "party_signed"):
            signed_on = signed_by - datetime.timedelta(random.randint(0, SIGNING_DAYS))
            if organisation.name in self.before:
                signed_on = max(signed_on, self.before[organisation.name][0])
        if is_body and role == Party.Role.PARTNER and happens(random, "party_note"):
            note = random.choice(KINDS[self.cast.kind(organisation)]["notes"])
        return Party(
            protocol_id=protocol.pk,
            organisation_id=organisation.pk,
            role=role,
            name_as_published=published,
            note=note,
            signed_on=signed_on,
            position=position,
        )
