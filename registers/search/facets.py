"""The choices beside a list, each with the number of protocols that choosing it alone would give.

A number keeps the rest of the question and leaves out what its own facet
asks, so it is the length of the list that the choice leads to.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np

from registers.models import Organisation, Party
from registers.models.review_dates import ReviewStatus
from registers.search.question import IN_STATUS, STATUSES, ProtocolFilter

LARGEST_ORGANISATIONS = 10


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One choice of a facet. `count` is None where the question cannot be answered.

    `id` names it on a page: that of a facet's first choice is the parameter's
    own name, unless something else on the page has that.
    """

    id: str
    value: str
    label: str
    count: int | None
    chosen: bool

    @property
    def leads_nowhere(self) -> bool:
        """Whether choosing it would find nothing. What is chosen can always be taken back."""
        return self.count == 0 and not self.chosen


@dataclass(frozen=True, kw_only=True)
class Facets:
    """The choices for each parameter, in the order that they are shown."""

    theme: list[Choice]
    organisation: list[Choice]
    role: list[Choice]
    review: list[Choice]
    status: list[Choice]


def theme_counts(filters: ProtocolFilter) -> dict[int, int]:
    """Return the number of protocols by theme's key, whatever themes are asked for."""
    return filters.index.by_theme(filters.excluding("theme"))


def facets(filters: ProtocolFilter, by_theme: dict[int, int]) -> Facets:
    """Return every facet of a question that can be answered: one query, for names.

    `by_theme` is what `theme_counts` gives for it.
    """
    question, index = filters.cleaned, filters.index
    roles = {role: int(filters.with_role(role).sum()) for role in Party.Role.values}
    rest = filters.excluding("review")
    reviews = {
        status: int((rest & index.reviewed([status], filters.on)).sum())
        for status in ReviewStatus.values
    }
    rest = filters.excluding("status")
    statuses = {
        status: int((rest & index.in_status(IN_STATUS[status])).sum()) for status in IN_STATUS
    }
    statuses["all"] = int(rest.sum())
    themes = [(slug, theme.name) for slug, theme in filters.themes.items()]
    by_slug = {slug: by_theme.get(theme.pk, 0) for slug, theme in filters.themes.items()}
    return Facets(
        theme=_choices("theme", themes, question["theme"], by_slug),
        organisation=_organisations(filters),
        role=_choices("role", Party.Role.choices, [question["role"]], roles),
        review=_choices("review", ReviewStatus.choices, question["review"], reviews),
        status=_choices("status", STATUSES, [question["status"]], statuses),
    )


def unanswered(filters: ProtocolFilter) -> Facets:
    """Return the choices, without numbers, of a question in which something cannot be right."""
    question = filters.kept

    def choices(name: str, options: list[tuple[str, str]]) -> list[Choice]:
        chosen = question.get(name) or ""
        return _choices(name, options, chosen if isinstance(chosen, list) else [chosen], {})

    organisations = question.get("organisation") or []
    return Facets(
        theme=choices("theme", [(slug, theme.name) for slug, theme in filters.themes.items()]),
        organisation=[_organisation(each, None, chosen=True) for each in organisations],
        role=choices("role", Party.Role.choices),
        review=choices("review", ReviewStatus.choices),
        status=choices("status", STATUSES),
    )


def _choices(
    name: str, options: list[tuple[str, str]], chosen: list[str], counts: dict[str, int]
) -> list[Choice]:
    taken = name == "role"  # by the choice of any role
    return [
        Choice(
            id=f"{name}-{value}" if number or taken else name,
            value=value,
            label=label,
            count=counts.get(value),
            chosen=value in chosen,
        )
        for number, (value, label) in enumerate(options)
    ]


def _organisation(organisation: Organisation, count: int | None, *, chosen: bool) -> Choice:
    return Choice(
        id=f"organisation-{organisation.slug}",
        value=organisation.slug,
        label=organisation.name,
        count=count,
        chosen=chosen,
    )


def _organisations(filters: ProtocolFilter) -> list[Choice]:
    """Return the organisations that are asked for, and of the others those with most protocols."""
    chosen: list[Organisation] = filters.cleaned["organisation"]
    numbers = filters.index.by_organisation(
        filters.excluding("organisation", "role"), filters.cleaned["role"]
    )
    asked_for = {each.pk for each in chosen}
    counted = {key: int(numbers[key]) if key < len(numbers) else 0 for key in asked_for}
    # Where many are equal, or none is left, those with the most in the whole register.
    largest = np.lexsort((-filters.index.overall, -numbers))
    others = (int(key) for key in largest if int(key) not in asked_for)
    counted |= {
        key: int(numbers[key])
        for key in islice(others, LARGEST_ORGANISATIONS)
        if filters.index.overall[key]
    }
    organisations = sorted(
        Organisation.objects.filter(pk__in=counted),
        key=lambda each: (each.pk not in asked_for, -counted[each.pk], each.name),
    )
    return [_organisation(e, counted[e.pk], chosen=e.pk in asked_for) for e in organisations]
