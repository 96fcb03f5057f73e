"""What stands around a list of protocols: its title, search, heading, tags and filters."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Sequence

from django import template
from django.utils.safestring import SafeString

from registers.models.protocol_fields import FILTERS
from registers.search.facets import Choice
from registers.search.query_string import Tag
from registers.search.results import Results
from registers.templatetags.fragments import fragment_with
from registers.templatetags.register import empty_choices

register = template.Library()


@register.simple_tag
def list_title(results: Results) -> SafeString:
    """Return the title of a list: what it is asked for, and which of its pages this is."""
    labels = count = number = ""
    if not results.errors:
        labels = ", ".join(tag.label for tag in results.tags)
        count = str(results.count)
        number = str(results.page_number) if results.page_number > 1 else ""
    title = fragment_with(
        {
            "labels": labels,
            "count": count,
            "page_number": number,
            "page_count": str(results.page_count) if number else "",
        },
        "components/list_title.html",
        has_errors=bool(results.errors),
        is_one=count == "1",
        is_some_words=not results.errors and results.has_some_words,
    )
    return SafeString(title.strip())


@register.simple_tag
def search_box(results: Results, home: object) -> SafeString:
    """Return the box for words, with those that were searched for. At home with examples."""
    return fragment_with(
        {"q": results.filters.form.data.get("q", ""), "error": results.errors.get("q", "")},
        "components/search.html",
        is_home=bool(home),
    )


@register.simple_tag
def results_head(results: Results, level: int) -> SafeString:
    """Return the heading of a list: how many were found, in which order, and the other view."""
    name = "components/results_head.html"
    if results.errors:
        return fragment_with({}, name, has_errors=True)
    count, search, sort = results.count, results.search, results.values["sort"]
    other_view, query = results.other_view
    return fragment_with(
        {
            "count": str(count),
            "searched": search.query if search else "",
            "view_query": query,
            "best_query": results.relevance_query if search and results.is_grouped else "",
        },
        name,
        level=level,
        has_count=bool(count),
        is_one=count == 1,
        is_search=search is not None,
        is_narrowed=not count and results.is_narrowed,
        sort=sort,
        sort_label=dict(results.sorts).get(sort, ""),
        other_view=other_view,
        is_some_words=results.has_some_words,
    )


@register.simple_tag
def chips(tags: Iterable[Tag], path: str, level: int) -> SafeString:
    """Return the filters in use, each a link to the list without it."""
    texts: dict[str, str] = {}
    shown: list[Tag] = []
    for at, tag in enumerate(tags):
        texts |= {f"name{at}": tag.name, f"label{at}": tag.label, f"query{at}": tag.query_without}
        shown.append(
            Tag(
                name=f"@@name{at}@@",
                label=f"@@label{at}@@",
                query_without=f"@@query{at}@@" if tag.query_without else "",
                needs_name=tag.needs_name,
            )
        )
    return fragment_with(texts, "components/tags.html", path=path, level=level, tags=tuple(shown))


@register.filter
def checkboxes(offered: Iterable[Choice], name: str) -> SafeString:
    """Return the choices of the facet `name` that find something, as boxes to tick."""
    return _choices("checkbox", "checkboxes", offered, name)


@register.filter
def radios(offered: Iterable[Choice], name: str) -> SafeString:
    """Return the choices of the facet `name` that find something, of which one can be chosen."""
    return _choices("radio", "radios", offered, name)


def _choices(kind: str, kinds: str, offered: Iterable[Choice], name: str) -> SafeString:
    return SafeString(
        "".join(
            fragment_with(
                {
                    "id": each.id,
                    "value": each.value,
                    "label": each.label,
                    "count": "" if each.count is None else str(each.count),
                },
                "components/choice.html",
                kind=kind,
                kinds=kinds,
                name=name,
                chosen=each.chosen,
            )
            for each in offered
            if not each.is_empty
        )
    )


@register.simple_tag
def day_boxes(name: str, value: str, error: str) -> SafeString:
    """Return the boxes of a day, with a value as in a query string and what is wrong with it."""
    texts = _date_texts(name, value, error, ("day", "month", "year"))
    return fragment_with(
        {key.removeprefix(f"{name}_"): text for key, text in texts.items()} | {"error": error},
        "components/date_boxes.html",
        name=name,
        label="",
        has_day=True,
    )


PARTS = {"day": r"[1-9]|[12][0-9]|3[01]", "month": r"[1-9]|1[0-2]", "year": r"[1-9][0-9]{3}"}


def _date_texts(name: str, value: str, error: str, boxes: Sequence[str]) -> dict[str, str]:
    """Return the parts of a date in a query string, however wrong: 'on_day', 'on_month' ...

    And as 'on_day_error' the error, for each part that is wrong; for all, if none is by itself.
    """
    parts = [part.removeprefix("0") for part in str(value or "").split("-", 2)]
    of = dict(zip(("year", "month", "day"), [*parts, "", "", ""], strict=False))
    wrong = [box for box in boxes if not re.fullmatch(PARTS[box], of[box])] or boxes
    return {f"{name}_{part}": text for part, text in of.items()} | {
        f"{name}_{box}_error": error if box in wrong else "" for box in boxes
    }


@register.simple_tag
def filters(results: Results) -> SafeString:
    """Return the form of the filters of a list, filled in, or with what is wrong in them."""
    errors, values, data = results.errors, results.values, results.filters.form.data
    texts: dict[str, str] = {f"error_{name}": text for name, text in errors.items()}
    texts["unknown_organisation"] = results.unknown_organisation
    texts["unknown_other"] = results.unknown_other
    for name, boxes in DATES.items():
        texts |= _date_texts(name, data.get(name, ""), errors.get(name, ""), boxes)
    shape: dict[str, Hashable] = {}
    for facet, render in FACETS.items():
        offered: list[Choice] = getattr(results.facets, facet)
        texts[facet] = render(offered, "with" if facet == "named_with" else facet)
        texts[f"no_{facet}"] = empty_choices(offered, facet)
        shape[f"has_{facet}"] = bool(offered)
    suggested = results.suggested_organisations
    for at, (name, query) in enumerate(suggested):
        texts |= {f"name{at}": name, f"query{at}": query}
    return fragment_with(
        texts,
        "components/filters.html",
        **shape,
        suggested=tuple((f"@@name{at}@@", f"@@query{at}@@") for at in range(len(suggested))),
        is_table=values.get("view") == "table",
        has_errors=bool(errors),
        can_clear=bool(results.tags or errors),
        role_asked=bool(values.get("role")),
        ended_asked=bool(values.get("ended")),
        record=tuple(values.get("record") or ()),
        shows_status=results.shows_status,
        sort=values.get("sort"),
        sorts=tuple(results.sorts),
    )


DATES = {
    "review_from": ("month", "year"),
    "review_to": ("month", "year"),
    "on": ("day", "month", "year"),
}
FACETS: dict[str, Callable[[Iterable[Choice], str], SafeString]] = {
    "theme": checkboxes,
    "organisation": checkboxes,
    "role": radios,
    "named_with": checkboxes,
    "through": radios,
    "review": checkboxes,
    **dict.fromkeys(FILTERS, checkboxes),
    "ended": radios,
    "status": radios,
}
