"""The vocabulary of a fictional register, and sentences made of it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any

VOCABULARY: dict[str, Any] = tomllib.loads(
    Path(__file__).with_name("vocabulary.toml").read_text(encoding="utf-8")
)
DETAILS, PURPOSES, TITLES = (VOCABULARY[part] for part in ("details", "purposes", "titles"))
SHARES: dict[str, float] = VOCABULARY["shares"]
COUNTY: str = VOCABULARY["organisations"]["first"][1]
SHORTEST_PURPOSE, LONGEST_PURPOSE = 20, 60  # words
DAYS, YEARS = (2, 3, 5, 10), (2, 3, 5, 6, 7, 10)


@dataclass(frozen=True, kw_only=True)
class Topic:
    """What protocols of a theme can be about.

    `people` are those whose information it is; `aim` is what it is shared for,
    as it follows on 'to'. Organisations of the `leads` may lead, those of all
    `kinds` may take part.
    """

    name: str
    people: str
    aim: str
    leads: tuple[str, ...]
    kinds: tuple[str, ...]
    bases: tuple[str, ...]
    items: tuple[str, ...]


def _topic(*, parties: str, bases: str, items: str, **words: str) -> Topic:
    leads, _, others = parties.partition("|")
    return Topic(
        leads=tuple(leads.split()),
        kinds=tuple(dict.fromkeys([COUNTY, *leads.split(), *others.split()])),
        bases=tuple(VOCABULARY["bases"][basis] for basis in bases.split()),
        items=tuple(items.split("; ")),
        **words,
    )


# Of each theme, in the vocabulary's order.
TOPICS = [[_topic(**topic) for topic in theme["topics"]] for theme in VOCABULARY["themes"]]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a protocol is about: its theme's place among the themes, the topic, two places."""

    theme: int
    topic: Topic
    place: str
    place2: str

    @cached_property
    def words(self) -> dict[str, str]:
        """What its sentences are filled in with."""
        topic = self.topic
        return {
            "name": topic.name,
            "low": topic.name[0].lower() + topic.name[1:],
            "people": topic.people,
            "aim": topic.aim,
            "place": self.place,
            "place2": self.place2,
        }


def happens(random: Random, what: str) -> bool:
    """Say whether something is so this time, as often as the vocabulary's shares say."""
    return random.random() < SHARES[what]


def draw_places(random: Random, number: int) -> list[str]:
    """Return so many made-up places, or as many as the vocabulary has."""
    places = VOCABULARY["places"]
    every = [stem + ending for stem in places["stems"] for ending in places["endings"]]
    return random.sample(every, min(number, len(every)))


def draw_title(random: Random, subject: Subject) -> str:
    """Return a title."""
    return _sentence(random, TITLES["forms"], subject)


def draw_purpose(random: Random, subject: Subject) -> str:
    """Return a purpose of some 20 to 60 words."""
    said = _sentence(random, PURPOSES["openings"], subject)
    wanted = ["middles"] if happens(random, "middle") else []
    wanted += ["limits"] if happens(random, "limit") else []
    wanted += ["middles"] if happens(random, "second_middle") else []
    if len(said.split()) < SHORTEST_PURPOSE:
        wanted = wanted or ["middles"]
    for forms in wanted:
        sentence = _sentence(random, PURPOSES[forms], subject)
        length = len(said.split()) + len(sentence.split())
        if length <= LONGEST_PURPOSE and sentence not in said:
            said += f" {sentence}"
    return said


def draw_summary(random: Random, subject: Subject, lead: str) -> str:
    """Return a summary for the public, in plain English."""
    return _sentence(random, PURPOSES["summaries"], subject, lead=lead)


def draw_items(random: Random, subject: Subject) -> str:
    """Return what is shared, as a list on one line."""
    first, *others = DETAILS["items"]
    usual = random.sample(others, random.randint(1, 4))
    special = random.sample(subject.topic.items, random.randint(2, 4))
    return _capital("; ".join([first, *sorted(usual, key=others.index), *special])) + "."


def draw_data_subjects(random: Random, subject: Subject) -> str:
    """Return whose information it is."""
    return _sentence(random, DETAILS["subjects"], subject) + "."


def _sentence(random: Random, forms: list[str], subject: Subject, **more: str) -> str:
    """Return one of the forms with the words of the subject in it."""
    partners = random.choice(PURPOSES["partners"])
    said = random.choice(forms).format(
        **subject.words,
        partners=partners,
        partners_low=partners[0].lower() + partners[1:],
        often=random.choice(PURPOSES["often"]),
        regularly=random.choice(PURPOSES["regularly"]),
        days=random.choice(DAYS),
        years=random.choice(YEARS),
        **more,
    )
    return _capital(said)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
