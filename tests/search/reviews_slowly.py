"""The dashboard's numbers once more, slowly and plainly, from the models and the oracles."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any

from registers.models import Party, Protocol
from tests.models import oracles

# They are slow indeed, and asked the same again and again.
status_of = cache(oracles.status_of)
end_of_month = cache(oracles.end_of_month)
later_by_months = cache(oracles.later_by_months)
STATUSES = ("overdue", "due-soon", "in-date", "none")
Kept = list[dict[str, Any]]


def in_force(**asked: Iterable[str]) -> Kept:
    """The protocols in force: of any of some themes and organisations, if asked for, by slug."""
    found = []
    for protocol in Protocol.objects.filter(status="published").select_related("theme"):
        parties = Party.objects.filter(protocol=protocol).select_related("organisation")
        parts = [(party.organisation.slug, party.role) for party in parties]
        role = asked.get("role", "")
        wanted = [
            slug
            for slug, part in parts
            if (not role or part == role)
            and ("organisation" not in asked or slug in asked["organisation"])
        ]
        if ("organisation" in asked or role) and not wanted:
            continue
        if "theme" in asked and protocol.theme.slug not in asked["theme"]:
            continue
        leads = [slug for slug, part in parts if part == "lead"]
        found.append({"month": protocol.review_date, "theme": protocol.theme.slug, "leads": leads})
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


def by_lead(kept: Kept, on: datetime.date) -> dict[str, dict[str, int]]:
    leads = {slug for each in kept for slug in each["leads"]}
    return {s: statuses([each for each in kept if s in each["leads"]], on) for s in leads}
