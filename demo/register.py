"""Makes a whole fictional register: most of it at once, and then some official changes."""

from __future__ import annotations

import datetime
from random import Random

from django.db import transaction
from django.utils.text import slugify

from demo.history import add_history
from demo.links import decisions, later_successions, memberships, memberships_of_parts
from demo.organisations import make_cast, successions
from demo.protocols import Protocols, office_hour
from demo.seed import New, save_register
from demo.vocabulary import VOCABULARY
from registers.models import Theme
from registers.models.keys import key_of

MOST = 1_000_000
PROTOCOLS_A_THEME = 5  # at least: a small register has fewer themes
FIRST_DAY, LAST_DAY = datetime.date(2000, 1, 1), datetime.date(2100, 12, 31)
WHY = "It was made up for this demonstration."


class DemoError(Exception):
    """No register can be made from what is given. Its sentence says why."""


def make_register(protocols: int, *, seed: int, on: datetime.date) -> None:
    """Fill an empty register with so many fictional protocols, as they stand on the day `on`.

    Nothing happens on that day or later: at whatever hour it is made, no feed
    has an entry that is still to come. What it holds is the same for the same
    number, seed and day. All is saved, or nothing. Raises DemoError for a
    number, a seed or a day that is out of bounds.
    """
    if not 1 <= protocols <= MOST:
        raise DemoError(f"The number of protocols must be from 1 to {MOST}, not {protocols}.")
    if seed < 0:
        raise DemoError(f"The seed must be a whole number from 0 up, not {seed}.")
    if not FIRST_DAY <= on <= LAST_DAY:
        raise DemoError(f"The day must be from {FIRST_DAY} to {LAST_DAY}, not {on}.")
    random = Random(seed)  # noqa: S311 (nothing here is secret)
    at = office_hour(on - datetime.timedelta(1))
    themes = _themes(min(len(VOCABULARY["themes"]), max(1, protocols // PROTOCOLS_A_THEME)))
    cast, organisations = make_cast(random, protocols, at)
    made = Protocols(random, cast, themes, number=protocols, on=on)
    with transaction.atomic():
        with save_register(why=WHY) as save_all:
            save_all(New(subject=theme, at=at) for theme in themes)
            save_all(organisations)
            save_all(successions(cast, at))
            save_all(made)
            links = Random(f"links {seed}")  # noqa: S311 (nothing here is secret)
            save_all(memberships(links, cast, on=on, at=at))
            later = later_successions(links, cast, made.parties, on=on, at=at)
            save_all(later.new)
            save_all(later.successions)
            save_all(memberships_of_parts(later, at))
            save_all(decisions(at))
        add_history(random, made, cast)


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
