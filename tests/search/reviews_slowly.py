"""The dashboard's numbers once more, slowly and plainly, from the models and the oracles."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any

from registers.models import Party, Protocol
from tests.models import oracles
from tests.search.links_slowly import Links, binding, read_links

# They are slow indeed, and asked the same again and again.
status_of = cache(oracles.status_of)
end_of_month = cache(oracles.end_of_month)
later_by_months = cache(oracles.later_by_months)
STATUSES = ("overdue", "due-soon", "in-date", "none")
Kept = list[dict[str, Any]]


def in_force(on: datetime.date, **asked: Iterable[str]) -> Kept:
    """The protocols in force: of any of some themes and organisations, if asked for, by slug.

    What binds an organisation through others on the day `on` is its own.
    """
    found, links = [], read_links()
    for protocol in Protocol.objects.filter(status="published").select_related("theme"):
        parties = Party.objects.filter(protocol=protocol).select_related("organisation")
        parts = [(party.organisation.slug, party.role) for party in parties]
        role = asked.get("role", "")
        plain = {"reference": protocol.reference, "parts": parts}
        if role and all(part != role for _, part in parts):
            continue
        if "organisation" in asked and not any(
            binding(links, plain, slug, on, role=role) for slug in asked["organisation"]
        ):
            continue
        if "theme" in asked and protocol.theme.slug not in asked["theme"]:
            continue
        leads = [slug for slug, part in parts if part == "lead"]
        found.append(
            {
                "month": protocol.review_date,
                "theme": protocol.theme.slug,
                "leads": leads,
                "parts": parts,
                "reference": protocol.reference,
            }
        )
    return found


def overdue_more(month: datetime.date | None, months: int, on: datetime.date) -> bool:
    """Whether the review has been overdue for more than so many months."""
    return month is not None and later_by_months(end_of_month(month), months) < on


def statuses(kept: Kept, on: datetime.date) -> dict[str, int]:
    counts = Counter(status_of(each["month"], on) for each in kept)
    return {status: counts[status] for status in STATUSES}


def lengths(kept: Kept, on: datetime.date) -> list[int]:
    """How many are overdue by up to 3 months, a year, 2, 3, 5 years, and for more."""
    more = [
        sum(overdue_more(each["month"], months, on) for each in kept)
        for months in (0, 3, 12, 24, 36, 60)
    ]
    return [many - fewer for many, fewer in zip(more, [*more[1:], 0], strict=True)]


def months(kept: Kept, on: datetime.date) -> dict[tuple[int, int], dict[str, int]]:
    """By year and month: the statuses of the reviews due then."""
    found: dict[tuple[int, int], Counter[str]] = {}
    for each in kept:
        if month := each["month"]:
            key = (month.year, month.month)
            found.setdefault(key, Counter())[status_of(month, on)] += 1
    return {key: dict(counts) for key, counts in found.items()}


def by_theme(kept: Kept, on: datetime.date) -> dict[str, dict[str, int]]:
    themes = {each["theme"] for each in kept}
    return {t: statuses([each for each in kept if each["theme"] == t], on) for t in themes}


def by_lead(kept: Kept, on: datetime.date, links: Links) -> dict[str, dict[str, int]]:
    """By who leads any, itself or through another."""
    leads = {slug for each in kept for slug in each["leads"]}
    leads |= {successor for _, successor, _ in links["successions"]}
    leads |= {member for _, member, _, _ in links["members"]}
    found = {slug: led_by(slug, kept, on, links) for slug in leads}
    return {slug: statuses(led, on) for slug, led in found.items() if led}


def led_by(slug: str, kept: Kept, on: datetime.date, links: Links) -> Kept:
    """Those that bind it through somebody's part as lead."""
    return [each for each in kept if binding(links, each, slug, on, role="lead")]
