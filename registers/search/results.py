"""A results: the question that a query string asks, and its answer.

Every list and every ending shows one.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from numpy.typing import NDArray

from registers.models import Organisation, Protocol, Theme
from registers.search.facets import Facets, facets, theme_counts, unanswered
from registers.search.index import Index
from registers.search.question import SORTS, ProtocolFilter, Tag, tags, written
from registers.search.rows import Found, Group, Row, by_themes, groups, latest_review, rows, urgency
from registers.search.text.highlight import passages
from registers.search.text.search import Search

PAGE_LENGTH = 50
MEANT = 10


class Results:
    """What `query` finds on the day `on`, a date in Europe/London.

    Where `errors` is not empty the question cannot be answered, and only
    `errors`, `facets`, `tags` and `asked` may be used.
    """

    def __init__(self, query: QueryDict, *, on: datetime.date) -> None:
        self.on = on
        self.filters = ProtocolFilter(query, on=on)
        self.values = self.filters.kept
        self.errors: dict[str, str] = {
            name: str(messages[0]) for name, messages in self.filters.form.errors.items()
        }

    @cached_property
    def by_theme(self) -> dict[int, int]:
        """The number of protocols by theme's key, whatever themes are asked for."""
        return theme_counts(self.filters)

    @cached_property
    def themes(self) -> list[Theme]:
        """The themes asked for, or all, in their order; that of a reference asked for is first."""
        slugs = self.values["theme"]
        themes = [t for slug, t in self.filters.themes.items() if not slugs or slug in slugs]
        if self.exact_match is not None:
            first = int(self.filters.index.theme[self.exact_match])
            themes.sort(key=lambda theme: theme.pk != first)
        return themes

    @cached_property
    def exact_match(self) -> int | None:
        """The place of the protocol whose reference was searched for, if it is found."""
        place = self.search.exact_match if self.search else None
        return place if place is not None and self.filters.excluding()[place] else None

    @cached_property
    def count(self) -> int:
        """How many protocols the question finds, on all pages."""
        return sum(self.by_theme.get(theme.pk, 0) for theme in self.themes)

    @cached_property
    def facets(self) -> Facets:
        """The choices beside the list."""
        return unanswered(self.filters) if self.errors else facets(self.filters, self.by_theme)

    @property
    def offers_status(self) -> bool:
        """Whether a choice by status makes a difference, or was made."""
        withdrawn = next(choice for choice in self.facets.status if choice.value == "withdrawn")
        return withdrawn.count != 0 or self.values.get("status") != "current"

    @property
    def number(self) -> int:
        """The number of the page that is asked for."""
        return int(self.values["page"])

    @property
    def pages(self) -> int:
        """How many pages there are: 1 even if nothing is found."""
        return max(1, -(-self.count // PAGE_LENGTH))

    @property
    def page_exists(self) -> bool:
        """Whether the page that is asked for is not past the last."""
        return self.number <= self.pages

    @property
    def unknown_organisation(self) -> str:
        """What was asked for as an organisation and is none, to be put right."""
        field: Any = self.filters.form.fields["organisation"]
        return field.wrong[0] if "organisation" in self.errors else ""

    @property
    def meant_organisations(self) -> list[tuple[str, str]]:
        """Names like the unknown one, each with the query string that asks for it instead."""
        wrong = self.unknown_organisation
        kept = self.values.get("organisation") or []
        return [
            (each.name, self.query(organisation=[*kept, each]))
            for each in (Organisation.objects.called_like(wrong)[:MEANT] if wrong else [])
        ]

    @property
    def left_out(self) -> str:
        """The reference that was searched for, if its protocol is not in the list."""
        terms = self.search.terms if self.search and self.exact_match is None else ()
        return next((term.reference for term in terms if term.reference), "")

    @property
    def left_out_is_public(self) -> bool:
        """Whether there is such a protocol, which the other filters leave out."""
        return self.filters.index.at_reference(self.left_out) is not None

    @property
    def withdrawn_query(self) -> str:
        """The query string of the same question about withdrawn protocols, if any fits it."""
        fits = next(choice.count for choice in self.facets.status if choice.value == "withdrawn")
        asks = self.values["status"] == "current" and fits
        return self.query(status="withdrawn") if asks else ""

    @cached_property
    def query_string(self) -> str:
        """The question as a query string, at its first page."""
        return self.query()

    @property
    def uncorrected_query(self) -> str:
        """The query string that searches for the words as they were typed, slips and all."""
        return self.query(q=self.search.uncorrected if self.search else None)

    @property
    def relevance_query(self) -> str:
        """The query string of the same question with the best matches first."""
        return self.query(sort="relevance")

    @property
    def sorts(self) -> list[tuple[str, str]]:
        """The orders to choose from, each with its words."""
        return SORTS

    @property
    def previous_query(self) -> str | None:
        """The query string of the page before, if there is one."""
        return self.query(page=self.number - 1) if self.number > 1 else None

    @property
    def next_query(self) -> str | None:
        """The query string of the page after, if there is one."""
        return self.query(page=self.number + 1) if self.number < self.pages else None

    @cached_property
    def page(self) -> list[Protocol]:
        """The protocols of the page that is asked for, with their parties: two queries."""
        return [row.protocol for row in self.rows if row.protocol]

    @cached_property
    def rows(self) -> list[Row]:
        """The lines of the page that is asked for."""
        first = (self.number - 1) * PAGE_LENGTH
        (shown,) = rows(self.filters.index, self.found.places(first, first + PAGE_LENGTH))
        if self.search:
            found_in = passages([row.protocol for row in shown if row.protocol], self.search)
            for row in shown:
                row.passages = found_in.get(row.reference, [])
        return shown

    @property
    def search(self) -> Search | None:
        """What the words of the question found, if it has words."""
        return None if self.errors or not self.values["q"] else self.filters.search

    @property
    def is_grouped(self) -> bool:
        """Whether the list stands under themes, and not in an order across them."""
        return bool(self.values["sort"] == "theme")

    @property
    def groups(self) -> list[Group]:
        """The page's protocols by theme, where `is_grouped`."""
        first = (self.number - 1) * PAGE_LENGTH
        return groups(self.rows, themes=self.themes, counts=self.by_theme, first=first)

    def every(self) -> Iterator[Protocol]:
        """Give every protocol of every page, a few at a time, so that memory stays small."""
        return self.found.each()

    @cached_property
    def found(self) -> Found:
        """Every protocol that is found, in the order that is asked for."""
        index = self.filters.index
        return Found(index, self.filters.excluding(), self._order(index))

    def query(self, **changes: Any) -> str:
        """Return the question as a query string in its one order, with some values changed.

        What is absent or as it would be without saying is left out: so equal
        questions have equal strings. A value of None leaves a parameter out.
        """
        values = self.values | {"page": 1} | changes
        usual = {"status": "current", "sort": "theme", "page": 1}
        pairs: list[tuple[str, str]] = []
        for name in self.filters.filters:
            value = values.get(name)
            if value and value != usual.get(name):
                several = value if isinstance(value, list) else [value]
                pairs += [(name, text) for text in sorted(map(written, several))]
        return urlencode(pairs)

    @cached_property
    def tags(self) -> list[Tag]:
        """What is asked for, in words, each with the way to take it out."""
        return tags(self.filters, self.query)

    def _order(self, index: Index) -> NDArray[Any] | None:
        """Return the key of the order that is asked for; None for that of references."""
        match self.values["sort"]:
            case "reference":
                return None
            case "title":
                return index.titles
            case "review":
                return urgency(index)
            case "-review":
                return latest_review(index)
            case "relevance" if self.values["q"]:
                return self.filters.search.tiers()
        turns = by_themes(index, [theme.pk for theme in self.themes]) * 2
        if self.exact_match is not None:
            turns[self.exact_match] -= 1
        return turns
