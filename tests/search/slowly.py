"""Questions answered slowly and plainly, from what the product promises, to prove the quick way.

A register is plain dicts, read once. A question is a dict of what stands in
the query string: text, or a list of texts for what can be repeated.
"""

from __future__ import annotations

import datetime
import itertools
import unicodedata
from typing import Any

from registers.models import Party, Protocol, Theme
from tests.models.oracles import status_of
from tests.search.links_slowly import Links, are_two_parties, binding, read_links
from tests.search.searching_slowly import Slow

PAGE = 50
REPEATABLE = ("theme", "organisation", "with", "review")
ROLES = ("lead", "partner")
REVIEWS = ("overdue", "due-soon", "in-date", "none")
STATUSES = ("current", "withdrawn", "all")

Register = dict[str, Any]
Question = dict[str, Any]


def read() -> Register:
    """All that questions turn on. Drafts are not public."""
    themes = sorted(Theme.objects.values("pk", "slug", "name", "position"), key=_theme_order)
    slugs = {theme["pk"]: theme["slug"] for theme in themes}
    protocols = {}
    for row in Protocol.objects.values():
        if row["status"] == "draft":
            continue
        month = row["review_date"]
        protocols[row["reference"]] = {
            "reference": row["reference"],
            "title": row["title"],
            "theme": slugs[row["theme_id"]],
            "withdrawn": row["status"] == "withdrawn",
            "review_date": month,
            "month": f"{month.year:04}-{month.month:02}" if month else "",
            "parts": [],
        }
    organisations = {}
    for party in Party.objects.select_related("organisation"):
        if party.protocol_id in protocols:
            organisation = party.organisation
            organisations[organisation.slug] = organisation.name
            protocol = protocols[party.protocol_id]
            protocol["parts"].append((organisation.slug, party.role))
    return {
        "themes": list(slugs.values()),
        "organisations": organisations,
        "protocols": list(protocols.values()),
        "links": read_links(),
        "search": Slow(),
    }


def answer(register: Register, asked: Question, on: datetime.date) -> list[dict[str, Any]]:
    """The protocols that a question finds, in its order."""
    words = asked.get("q", "").strip()
    tiers = register["search"].search(words) if words else {}
    found = [
        each
        for each in register["protocols"]
        if (not words or each["reference"] in tiers)
        and _is_found(each, asked, on)
        and _is_bound(register["links"], each, asked, on)
    ]
    found.sort(key=lambda each: each["reference"])
    sort = asked.get("sort") or "theme"
    if sort == "title":
        found.sort(key=lambda each: title_parts(each["title"]))
    elif sort in {"review", "-review"}:
        dated = [each for each in found if each["review_date"]]
        sign = -1 if sort == "-review" else 1
        dated.sort(key=lambda each: sign * each["review_date"].toordinal())
        found = dated + [each for each in found if not each["review_date"]]
    elif sort == "relevance" and words:
        found.sort(key=lambda each: tiers[each["reference"]])
    elif sort != "reference":
        # The best match first, in the theme of the best match first.
        tier = {each["reference"]: tiers.get(each["reference"], 0) for each in found}
        best = {
            theme: min(tier[each["reference"]] for each in found if each["theme"] == theme)
            for theme in {each["theme"] for each in found}
        }
        found.sort(
            key=lambda e: (
                best[e["theme"]],
                register["themes"].index(e["theme"]),
                tier[e["reference"]],
            )
        )
    return found


def counts(register: Register, asked: Question, on: datetime.date) -> dict[str, dict[str, int]]:
    """By facet and value: what choosing that value alone in its facet would find."""
    values = {
        "theme": register["themes"],
        "organisation": register["organisations"],
        "role": ROLES,
        "through": ("any", "own"),
        "review": REVIEWS,
        "status": STATUSES,
    }
    return {
        facet: {
            value: len(answer(register, {**asked, facet: _alone(facet, value)}, on))
            for value in choices
        }
        for facet, choices in values.items()
    }


def pages(found: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The pages of a list: one, though empty, where nothing is found."""
    return [found[first : first + PAGE] for first in range(0, len(found), PAGE)] or [[]]


def groups(found: list[dict[str, Any]], number: int) -> list[tuple[str, int, bool, list[str]]]:
    """Page `number` of a list, by theme: its count on all pages, and whether it began earlier."""
    page = pages(found)[number - 1]
    before = [each["theme"] for each in found[: (number - 1) * PAGE]]
    everywhere = [each["theme"] for each in found]
    return [
        (
            theme,
            everywhere.count(theme),
            theme in before,
            [each["reference"] for each in page if each["theme"] == theme],
        )
        for theme in dict.fromkeys(each["theme"] for each in page)
    ]


def title_parts(title: str) -> list[list[tuple[int, int, str]]]:
    """A title as it sorts: its words, and in each its numbers, which come before letters."""
    words: list[list[tuple[int, int, str]]] = []
    letters = digits = ""
    for character in f"{_plain(title)} ":
        if digits and not character.isdecimal():
            words[-1].append((0, int(digits), ""))
            digits = ""
        if letters and not character.isalpha():
            words[-1].append((1, 0, letters))
            letters = ""
        if not words or not character.isalnum():
            words.append([])
        if character.isdecimal():
            digits += character
        elif character.isalpha():
            letters += character
    return [word for word in words if word]


def _plain(title: str) -> str:
    """A title in small letters without accents or apostrophes, as a person would fold it."""
    title = title.lower().replace("&", " and ")
    for written, plain in {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l"}.items():
        title = title.replace(written, plain)
    decomposed = unicodedata.normalize("NFKD", title)
    return "".join(
        character
        for character in decomposed
        if not unicodedata.combining(character) and character not in "'’‘`´"
    )


def _theme_order(theme: dict[str, Any]) -> tuple[int, str]:
    return theme["position"], theme["name"]


def _alone(facet: str, value: str) -> str | list[str]:
    return [value] if facet in REPEATABLE else value


def _is_found(protocol: dict[str, Any], asked: Question, on: datetime.date) -> bool:
    month, status = protocol["month"], asked.get("status") or "current"
    return all(
        (
            not asked.get("theme") or protocol["theme"] in asked["theme"],
            not asked.get("review") or status_of(protocol["review_date"], on) in asked["review"],
            not asked.get("review_from") or (month and month >= asked["review_from"]),
            not asked.get("review_to") or (month and month <= asked["review_to"]),
            status == "all" or protocol["withdrawn"] == (status == "withdrawn"),
        )
    )


def _is_bound(links: Links, protocol: dict[str, Any], asked: Question, on: datetime.date) -> bool:
    """Whether it binds any of the organisations asked for, and all others as other parties."""
    organisations, others, role = (asked.get(name) for name in ("organisation", "with", "role"))
    own = asked.get("through") == "own"

    def by(slug: str, role: str = "", *, decided: bool = False) -> set[str]:
        return binding(links, protocol, slug, on, role=role, own=own, decided=decided)

    if not organisations and role and all(held != role for _, held in protocol["parts"]):
        return False
    if not others:
        return not organisations or any(by(slug, role or "") for slug in organisations)
    pairs = itertools.combinations([by(slug, decided=True) for slug in others], 2)
    if not all(are_two_parties(one, other) for one, other in pairs):
        return False
    if not organisations:
        return bool(by(others[0], decided=True))
    return any(
        all(
            are_two_parties(by(slug, role or "", decided=True), by(other, decided=True))
            for other in others
        )
        for slug in organisations
    )
