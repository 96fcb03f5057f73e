"""Makes a whole fictional register: the bulk of it at once, and then a few official changes."""

from __future__ import annotations

import datetime
from random import Random

from django.db import transaction
from django.utils.text import slugify

from demo.days import office_hour
from demo.demonstration import demonstrate
from demo.organisations import make_cast, successions
from demo.protocols import Protocols
from demo.words import VOCABULARY
from registers.changes.bulk import New, whole_register
from registers.models import Theme
from registers.models.keys import key_of

MOST = 1_000_000
PROTOCOLS_A_THEME = 5  # at least: a small register has fewer themes
FIRST_DAY, LAST_DAY = datetime.date(2000, 1, 1), datetime.date(2100, 12, 31)
WHY = "An example: python -m demo made it up."


class ExampleError(Exception):
    """No register can be made from what is given. Its sentence says why."""


def make_register(protocols: int, *, seed: int, on: datetime.date) -> None:
    """Fill an empty register with so many fictional protocols, as they stand on the day `on`.

    What it holds is the same for the same number, seed and day. All is saved,
    or nothing. Raises ExampleError for a number, a seed or a day that is out
    of bounds.
    """
    if not 1 <= protocols <= MOST:
        raise ExampleError(f"The number of protocols must be from 1 to {MOST}, not {protocols}.")
    if seed < 0:
        raise ExampleError(f"The seed must be a whole number from 0 up, not {seed}.")
    if not FIRST_DAY <= on <= LAST_DAY:
        raise ExampleError(f"The day must be from {FIRST_DAY} to {LAST_DAY}, not {on}.")
    random = Random(seed)  # noqa: S311 (nothing here is secret)
    themes = _themes(min(len(VOCABULARY["themes"]), max(1, protocols // PROTOCOLS_A_THEME)))
    cast, organisations = make_cast(random, protocols, office_hour(on))
    with transaction.atomic():
        with whole_register(why=WHY) as save_all:
            save_all(New(subject=theme, at=office_hour(on)) for theme in themes)
            save_all(organisations)
            save_all(successions(cast, office_hour(on)))
            save_all(Protocols(random, cast, themes, number=protocols, on=on))
        demonstrate(random, protocols=protocols, on=on)


def _themes(number: int) -> list[Theme]:
    return [
        Theme(
            name=theme["name"],
            key=key_of(theme["name"]),
            slug=slugify(theme["name"]),
            description=theme["description"],
            position=position,
        )
        for position, theme in enumerate(VOCABULARY["themes"][:number])
    ]
