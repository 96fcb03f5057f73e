"""The vocabulary of a fictional register, and sentences made of it."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

VOCABULARY: dict[str, Any] = tomllib.loads(
    Path(__file__).with_name("vocabulary.toml").read_text(encoding="utf-8")
)
DETAILS, PURPOSES, TITLES = (VOCABULARY[part] for part in ("details", "purposes", "titles"))
SHARES: dict[str, float] = VOCABULARY["shares"]
SHORTEST_PURPOSE, LONGEST_PURPOSE = 20, 60  # words
DAYS, YEARS = (2, 3, 5, 10), (2, 3, 5, 6, 7, 10)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a protocol is about: its theme's place among the themes, the topic, two places.

    `people` are those whose information it is; `aim` is what it is shared for,
    as it follows on 'to'.
    """

    theme: int
    topic: str
    people: str
    aim: str
    place: str
    place2: str


def happens(random: Random, what: str) -> bool:
    """Say whether something is so this time, as often as the vocabulary's shares say."""
    return random.random() < SHARES[what]


def draw_places(random: Random, number: int) -> list[str]:
    """Return so many made-up places, or as many as the vocabulary has."""
    places = VOCABULARY["places"]
    every = [stem + ending for stem in places["stems"] for ending in places["endings"]]
    return random.sample(every, min(number, len(every)))


def draw_subject(random: Random, theme: int, places: list[str]) -> Subject:
    """Return something that a protocol under the theme can be about."""
    topic, people, aim = random.choice(VOCABULARY["themes"][theme]["topics"])
    place, place2 = random.sample(places, 2)
    return Subject(theme=theme, topic=topic, people=people, aim=aim, place=place, place2=place2)


def title(random: Random, subject: Subject) -> str:
    """Return a title."""
    return _sentence(random, TITLES["forms"], subject)


def purpose(random: Random, subject: Subject) -> str:
    """Return a purpose of some 20 to 60 words."""
    said = _sentence(random, PURPOSES["openings"], subject)
    wanted = ["middles"] if happens(random, "middle") else []
    wanted += ["limits"] if happens(random, "limit") else []
    wanted += ["middles"] if happens(random, "second_middle") else []
    if len(said.split()) < SHORTEST_PURPOSE:
        wanted = wanted or ["middles"]
    for forms in wanted:
        sentence = _sentence(random, PURPOSES[forms], _with_another_aim(random, subject))
        length = len(said.split()) + len(sentence.split())
        if length <= LONGEST_PURPOSE and sentence not in said:
            said += f" {sentence}"
    return said


def summary(random: Random, subject: Subject, lead: str) -> str:
    """Return a summary for the public, in plain English."""
    return _sentence(random, PURPOSES["summaries"], subject, lead=lead)


def information_items(random: Random, subject: Subject) -> str:
    """Return what is shared, as a list on one line."""
    special = random.sample(VOCABULARY["themes"][subject.theme]["items"], random.randint(1, 4))
    usual = random.sample(DETAILS["items"], random.randint(2, 5))
    return _capital("; ".join([*usual, *special])) + "."


def data_subjects(random: Random, subject: Subject) -> str:
    """Return whose information it is."""
    return _sentence(random, DETAILS["subjects"], subject) + "."


def _with_another_aim(random: Random, subject: Subject) -> Subject:
    """Return the subject with another aim of its theme: most protocols have more than one."""
    aims = [aim for _, _, aim in VOCABULARY["themes"][subject.theme]["topics"]]
    return Subject(**{**vars(subject), "aim": random.choice(aims)})


def _sentence(random: Random, forms: list[str], subject: Subject, **more: str) -> str:
    """Return one of the forms with the words of the subject in it."""
    partners = random.choice(PURPOSES["partners"])
    said = random.choice(forms).format(
        **vars(subject),
        low=subject.topic[0].lower() + subject.topic[1:],
        partners=partners,
        partners_low=partners[0].lower() + partners[1:],
        often=random.choice(PURPOSES["often"]),
        days=random.choice(DAYS),
        years=random.choice(YEARS),
        **more,
    )
    return _capital(said)


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]
