"""What a question asks for, each part in words, with the way to take it out again."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from registers.search.question import ProtocolFilter

UNSAID = {"sort", "page"}  # they choose nothing


@dataclass(frozen=True, kw_only=True)
class Tag:
    """One thing that was asked for, and the query string of the question without it."""

    name: str
    label: str
    query_without: str


def tags(asked: ProtocolFilter, query: Callable[..., str]) -> list[Tag]:
    """Return a tag for each value of a question; `query` writes the question with some changed."""
    found: list[Tag] = []
    for name, value in asked.kept.items():
        if name in UNSAID or not value or (name, value) == ("status", "current"):
            continue
        for one in value if isinstance(value, list) else [value]:
            rest = [other for other in value if other != one] if isinstance(value, list) else None
            found.append(
                Tag(
                    name=str(asked.filters[name].label),
                    label=_label(asked, name, one),
                    query_without=query(**{name: rest}),
                )
            )
    return found


def _label(asked: ProtocolFilter, name: str, value: Any) -> str:
    """Return a value as the page shows it."""
    if isinstance(value, datetime.date):
        return f"{value:%B %Y}"
    choices = dict(getattr(asked.form.fields[name], "choices", ()))
    return str(choices.get(value, value))


def written(value: Any) -> str:
    """Return a cleaned value as it stands in a query string."""
    if isinstance(value, datetime.date):
        return value.isoformat()[:7]  # strftime writes the year 987 with three digits
    return str(getattr(value, "slug", value))
