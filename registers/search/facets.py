"""Facets: the choices beside a list, each with the number of protocols that it would give.

A count applies all other filters and not the facet's own, so it is the length of
the list that the choice leads to.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

import numpy as np

from registers.models import Organisation, Party
from registers.models.protocol_fields import FILTERS
from registers.models.review_dates import ReviewStatus
from registers.search.query_string import ENDED, MODEL_STATUS, STATUSES, THROUGH, ProtocolFilter

MAX_ORGANISATIONS = 5


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One choice of a facet. `count` is None where the query string is not valid.

    `id` is its HTML id: for the first choice of a facet the parameter's name, so
    that the error summary can link to it, unless another element has that id.
    """

    id: str
    value: str
    label: str
    count: int | None
    chosen: bool

    @property
    def is_empty(self) -> bool:
        """Whether choosing it finds nothing. A chosen one can always be removed."""
        return self.count == 0 and not self.chosen


@dataclass(frozen=True, kw_only=True)
class Facets:
    """The choices of each facet, in the order that they are shown."""

    theme: list[Choice]
    organisation: list[Choice]
    role: list[Choice]
    named_with: list[Choice]
    through: list[Choice]
    review: list[Choice]
    kind: list[Choice]
    basis: list[Choice]
    special: list[Choice]
    people: list[Choice]
    ended: list[Choice]
    status: list[Choice]


def theme_counts(filters: ProtocolFilter) -> dict[int, int]:
    """Return the number of protocols by theme id, ignoring the theme filter."""
    return filters.index.count_by_theme(filters.excluding("theme"))


def review_counts(filters: ProtocolFilter) -> dict[str, int]:
    """Return the number of protocols by review status, ignoring the review filter."""
    rest, index = filters.excluding("review"), filters.index
    return {
        status: int((rest & index.with_review_status([status], filters.on)).sum())
        for status in ReviewStatus.values
    }


def facets(filters: ProtocolFilter, by_theme: dict[int, int], by_review: dict[str, int]) -> Facets:
    """Return every facet of valid filters: one query, for names.

    `by_theme` and `by_review` are the results of `theme_counts` and `review_counts`.
    """
    values, index = filters.cleaned, filters.index
    roles = {role: int(filters.mask_with_role(role).sum()) for role in Party.Role.values}
    rest = filters.excluding("status")
    statuses = {
        status: int((rest & index.in_status(MODEL_STATUS[status])).sum()) for status in MODEL_STATUS
    }
    statuses["all"] = int(rest.sum())
    # It makes no difference where no organisation is asked for.
    through = THROUGH if values["organisation"] or values["with"] else []
    throughs = {value: int(filters.mask_through(value).sum()) for value, _ in through}
    themes = [(slug, theme.name) for slug, theme in filters.themes.items()]
    by_slug = {slug: by_theme.get(theme.pk, 0) for slug, theme in filters.themes.items()}
    return Facets(
        theme=_choices("theme", themes, values["theme"], by_slug),
        organisation=_organisations(filters),
        role=_choices("role", Party.Role.choices, [values["role"]], roles),
        named_with=_named_with(values["with"]),
        through=_choices("through", through, [values["through"]], throughs),
        review=_choices("review", ReviewStatus.choices, values["review"], by_review),
        **{name: _options(filters, name) for name in FILTERS},
        ended=_ended(filters),
        status=_choices("status", STATUSES, [values["status"]], statuses),
    )


def facets_without_counts(filters: ProtocolFilter) -> Facets:
    """Return the facets without counts, for a query string that is not valid."""
    values = filters.valid_values

    def choices(name: str, options: list[tuple[str, str]]) -> list[Choice]:
        chosen = values.get(name) or ""
        return _choices(name, options, chosen if isinstance(chosen, list) else [chosen], {})

    organisations, others = (values.get(name) or [] for name in ("organisation", "with"))
    is_asked = organisations or others or filters.form.errors.keys() & {"with", "through"}
    return Facets(
        theme=choices("theme", [(slug, theme.name) for slug, theme in filters.themes.items()]),
        organisation=[_organisation(each, None, chosen=True) for each in organisations],
        role=choices("role", Party.Role.choices),
        named_with=_named_with(others),
        through=choices("through", THROUGH if is_asked else []),
        review=choices("review", ReviewStatus.choices),
        **{name: choices(name, _offered(filters, name)) for name in FILTERS},
        ended=choices("ended", ENDED if filters.index.has_ends else []),
        status=choices("status", STATUSES),
    )


def _offered(filters: ProtocolFilter, name: str) -> list[tuple[str, str]]:
    """Return the options of a list that any protocol has, or that are asked for."""
    asked = filters.valid_values.get(name) or ()
    known = filters.index.with_option
    return [
        each for each in filters.index.options(name) if (name, each[0]) in known or each[0] in asked
    ]


def _options(filters: ProtocolFilter, name: str) -> list[Choice]:
    """Return the options of a list, each with its count, ignoring their own filter."""
    rest, offered = filters.excluding(name), _offered(filters, name)
    counts = {
        code: int((rest & filters.index.has_any_option(name, [code])).sum()) for code, _ in offered
    }
    return _choices(name, offered, filters.cleaned[name], counts)


def _ended(filters: ProtocolFilter) -> list[Choice]:
    """Return whether agreements have ended, as choices; none where no end is recorded."""
    if not (filters.index.has_ends or filters.cleaned["ended"]):
        return []
    rest = filters.excluding("ended")
    passed = int((rest & filters.index.ended(filters.on)).sum())
    counts = {"yes": passed, "no": int(rest.sum()) - passed}
    return _choices("ended", ENDED, [filters.cleaned["ended"]], counts)


def _choices(
    name: str, options: list[tuple[str, str]], chosen: list[str], counts: dict[str, int]
) -> list[Choice]:
    id_is_taken = name in {"role", "ended"}  # by the choice of any role
    return [
        Choice(
            id=f"{name}-{value}" if number or id_is_taken else name,
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


def _named_with(chosen: list[Organisation]) -> list[Choice]:
    """Return the organisations that must take part too: there are none to choose from."""
    return [
        Choice(id=f"with-{each.slug}", value=each.slug, label=each.name, count=None, chosen=True)
        for each in chosen
    ]


def _organisations(filters: ProtocolFilter) -> list[Choice]:
    """Return the chosen organisations, and the others that have the most protocols themselves.

    Each count is of all that binds it, through others too.
    """
    chosen: list[Organisation] = filters.cleaned["organisation"]
    rest = filters.excluding("organisation")
    numbers = filters.index.count_by_organisation(rest, filters.cleaned["role"])
    chosen_ids = {each.pk for each in chosen}
    others_asked = {each.pk for each in filters.cleaned["with"]}
    counted = {key: int(numbers[key]) if key < len(numbers) else 0 for key in chosen_ids}
    # Where counts are equal, those with the most protocols in the whole register.
    largest = np.lexsort((-filters.index.total_by_organisation, -numbers))
    others = (int(key) for key in largest if int(key) not in chosen_ids | others_asked)
    counted |= {
        key: int(numbers[key])
        for key in islice(others, MAX_ORGANISATIONS)
        if filters.index.total_by_organisation[key]
    }
    organisations = list(filters.index.organisations(counted).values())
    for each in organisations:
        bound = filters.bound_with_others(each)
        if bound is not None:
            counted[each.pk] = int((rest & bound).sum())
    organisations.sort(
        key=lambda each: (each.pk not in chosen_ids, -counted[each.pk], each.name),
    )
    return [_organisation(e, counted[e.pk], chosen=e.pk in chosen_ids) for e in organisations]
