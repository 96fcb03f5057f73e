"""The choices beside a list, each with the number of protocols that choosing it alone would give.

A number keeps the rest of the question and leaves out what its own facet
asks, so it is the length of the list that the choice leads to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Case, Count, Q, Value, When

from registers.finding.filters import STATUSES, ProtocolFilter, any_review, in_status
from registers.models import Organisation, Party
from registers.models.review_dates import ReviewStatus

LARGEST_ORGANISATIONS = 10


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One choice of a facet. `count` is None where the question cannot be answered."""

    value: str
    label: str
    count: int | None
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class Facets:
    """The choices for each parameter, in the order that they are shown."""

    theme: list[Choice]
    organisation: list[Choice]
    role: list[Choice]
    review: list[Choice]
    status: list[Choice]


def theme_counts(asked: ProtocolFilter) -> dict[int, int]:
    """Return the number of protocols by theme's key, whatever themes are asked for."""
    rows = asked.without("theme").order_by().values_list("theme").annotate(Count("pk"))
    return dict(rows)


def facets(asked: ProtocolFilter, by_theme: dict[int, int]) -> Facets:
    """Return every facet of a question that can be answered: two queries.

    `by_theme` is what `theme_counts` gives for it.
    """
    question = asked.cleaned
    counts = _counts(asked)
    return Facets(
        theme=[
            Choice(
                value=slug,
                label=theme.name,
                count=by_theme.get(theme.pk, 0),
                chosen=slug in question["theme"],
            )
            for slug, theme in asked.themes.items()
        ],
        organisation=_organisations(asked),
        role=_choices("role", Party.Role.choices, [question["role"]], counts),
        review=_choices("review", ReviewStatus.choices, question["review"], counts),
        status=_choices("status", STATUSES, [question["status"]], counts),
    )


def unanswered(asked: ProtocolFilter) -> Facets:
    """Return the choices, without numbers, of a question in which something cannot be right."""
    question = asked.kept

    def choices(name: str, options: Iterable[tuple[str, str]]) -> list[Choice]:
        chosen = question.get(name) or ""
        several = chosen if isinstance(chosen, list) else [chosen]
        return [
            Choice(value=value, label=label, count=None, chosen=value in several)
            for value, label in options
        ]

    organisations = question.get("organisation") or []
    return Facets(
        theme=choices("theme", [(slug, theme.name) for slug, theme in asked.themes.items()]),
        organisation=[
            Choice(value=one.slug, label=one.name, count=None, chosen=True) for one in organisations
        ],
        role=choices("role", Party.Role.choices),
        review=choices("review", ReviewStatus.choices),
        status=choices("status", STATUSES),
    )


def _choices(
    name: str, options: list[tuple[str, str]], chosen: list[str], counts: dict[str, int]
) -> list[Choice]:
    return [
        Choice(value=value, label=label, count=counts[f"{name}_{value}"], chosen=value in chosen)
        for value, label in options
    ]


def _counts(asked: ProtocolFilter) -> dict[str, int]:
    """Return the numbers beside the roles, review statuses and statuses, in one query."""
    question = asked.cleaned

    def condition(role: str, reviews: list[str], status: str) -> Q:
        found = any_review(reviews, asked.on) & in_status(status)
        parties = Party.objects.all()
        if question["organisation"]:
            parties = parties.filter(organisation__in=question["organisation"])
        if role:
            parties = parties.filter(role=role)
        if role or question["organisation"]:
            found &= Q(pk__in=parties.values("protocol"))
        return found

    role, reviews, status = question["role"], question["review"], question["status"]
    numbers = {f"role_{value}": condition(value, reviews, status) for value in Party.Role.values}
    for value in ReviewStatus.values:
        numbers[f"review_{value}"] = condition(role, [value], status)
    for value, _ in STATUSES:
        numbers[f"status_{value}"] = condition(role, reviews, value)
    rest = asked.without("organisation", "role", "review", "status")
    return rest.aggregate(
        **{name: Count("pk", filter=condition) for name, condition in numbers.items()}
    )


def _organisations(asked: ProtocolFilter) -> list[Choice]:
    """Return the organisations with the most protocols, and all that are asked for."""
    chosen: list[Organisation] = asked.cleaned["organisation"]
    parties = Party.objects.filter(protocol__in=asked.without("organisation", "role"))
    if asked.cleaned["role"]:
        parties = parties.filter(role=asked.cleaned["role"])
    rows = (
        parties.values_list("organisation__slug", "organisation__name")
        .annotate(
            number=Count("protocol", distinct=True),
            turn=Case(When(organisation__in=chosen, then=Value(0)), default=Value(1)),
        )
        .order_by("turn", "-number", "organisation__name")
    )[: LARGEST_ORGANISATIONS + len(chosen)]
    asked_for = {organisation.slug: organisation.name for organisation in chosen}
    counted = {slug: (name, number) for slug, name, number, _ in rows}
    missing = {slug: (name, 0) for slug, name in asked_for.items() if slug not in counted}
    return [
        Choice(value=slug, label=name, count=number, chosen=slug in asked_for)
        for slug, (name, number) in (counted | missing).items()
    ]
