"""The protocols that a query string asks for: the same for a list and for its exports."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

import numpy as np
from django.http import QueryDict
from numpy.typing import NDArray

from registers.models import Organisation, Protocol, Theme
from registers.models.references import as_written, is_reference, looks_like
from registers.models.review_dates import ReviewStatus
from registers.search.binding import Explanation, Through
from registers.search.facets import (
    Facets,
    facets,
    facets_without_counts,
    review_counts,
    theme_counts,
)
from registers.search.index import Index, current_index
from registers.search.next_steps import (
    FoundOrganisation,
    FoundWord,
    organisations_meant,
    pair_meant,
    words_that_find,
)
from registers.search.organisation_names import refuse_unreadable
from registers.search.protocol_values import AnyProtocol
from registers.search.query_string import (
    SORTS,
    Past,
    ProtocolFilter,
    Tag,
    no_past,
    query_part,
    tags,
)
from registers.search.rows import (
    ProtocolList,
    Row,
    ThemeGroup,
    earliest_review_first,
    latest_review_first,
    make_rows,
    theme_groups,
    theme_order,
)
from registers.search.text.highlight import passages
from registers.search.text.search import Search, search

PAGE_LENGTH = 50
MAX_SUGGESTIONS = 10
TIERS = 10_000  # more than there are


class Results:
    """The results of `query` on the day `on`, a date in Europe/London.

    Where the query asks for a past day, they are of the register as it was recorded
    then, and `on` is that day: `past` gives its index, as ProtocolFilter says.

    Where `errors` is not empty there are no results, and only `errors`,
    `facets`, `tags` and `filters` may be used. `sorts` are the orders to choose from.
    With `relaxed`, for pages and not for files, words that no protocol has together find
    those with the most of them. `filter_class` has the parameters that
    the query is read with.
    """

    sorts = SORTS

    def __init__(
        self,
        query: QueryDict,
        *,
        on: datetime.date,
        relaxed: bool = False,
        past: Past = no_past,
        filter_class: type[ProtocolFilter] = ProtocolFilter,
    ) -> None:
        self.filters = filter_class(query, on=on, relaxed=relaxed, past=past)
        self.on = self.filters.on
        self.values = self.filters.valid_values
        self.errors: dict[str, str] = {
            name: str(messages[0]) for name, messages in self.filters.form.errors.items()
        }

    @cached_property
    def by_theme(self) -> dict[int, int]:
        """The number of protocols by theme id, ignoring the theme filter."""
        return theme_counts(self.filters)

    @cached_property
    def themes(self) -> list[Theme]:
        """The themes asked for, or all, in order; of a search, that of the best match first."""
        slugs = self.values["theme"]
        themes = [t for slug, t in self.filters.themes.items() if not slugs or slug in slugs]
        if self.search and self.is_grouped:
            found, tiers = self.filters.excluding(), self.search.tiers
            of_theme = self.filters.index.theme
            size = max([int(of_theme.max(initial=0)), *(theme.pk for theme in themes)]) + 1
            best = np.full(size, TIERS, tiers.dtype)
            np.minimum.at(best, of_theme[found], tiers[found])
            themes.sort(key=lambda theme: int(best[theme.pk]))
        return themes

    @cached_property
    def exact_match(self) -> int | None:
        """The index position of the protocol whose reference was searched for, if it is found."""
        return self.search.exact_match(self.filters.excluding()) if self.search else None

    @cached_property
    def count(self) -> int:
        """The number of protocols on all pages."""
        return sum(self.by_theme.get(theme.pk, 0) for theme in self.themes)

    @cached_property
    def facets(self) -> Facets:
        """The facets beside the list."""
        return (
            facets_without_counts(self.filters)
            if self.errors
            else facets(self.filters, self.by_theme, self.by_review)
        )

    @property
    def shows_status(self) -> bool:
        """Whether the status facet is shown: it makes a difference, or was used."""
        withdrawn = next(choice for choice in self.facets.status if choice.value == "withdrawn")
        return withdrawn.count != 0 or self.values.get("status") != "current"

    @property
    def page_number(self) -> int:
        """The number of the requested page, from 1."""
        return int(self.values["page"])

    @property
    def page_count(self) -> int:
        """The number of pages: 1 even if nothing is found."""
        return max(1, -(-self.count // PAGE_LENGTH))

    @property
    def page_exists(self) -> bool:
        """Whether the requested page is not past the last."""
        return self.page_number <= self.page_count

    @property
    def unknown_organisation(self) -> str:
        """The first unknown organisation in the query, to be corrected."""
        return self._unknown("organisation")

    @property
    def unknown_other(self) -> str:
        """The same of those that must be named too."""
        return self._unknown("with")

    def _unknown(self, name: str) -> str:
        unknown = getattr(self.filters.form.fields[name], "unknown", [])
        return unknown[0] if name in self.errors and unknown else ""

    @property
    def suggested_organisations(self) -> list[tuple[str, str]]:
        """Names like the unknown one, each with the query string that has it instead."""
        unknown = self.unknown_organisation
        if not unknown or refuse_unreadable(unknown):
            return []
        kept = self.values.get("organisation") or []
        like = list(Organisation.objects.called_like(unknown)[:MAX_SUGGESTIONS])
        like = like or self.filters.index.organisation_names.like(unknown, most=MAX_SUGGESTIONS)
        return [(each.name, self.query(organisation=[*kept, each])) for each in like]

    @property
    def missing_reference(self) -> str:
        """The reference that was searched for, if it is not in the results."""
        if self.search is None or self.exact_match is not None:
            return ""
        named = next((term.reference for term in self.search.terms if term.reference), "")
        asked = self.search.query.strip()
        is_one = looks_like(asked) and self.filters.index.can_be_reference(asked)
        missing = asked if is_one else self.search.missing_reference
        # A number of fifty digits has no page that could say what it means.
        return named or (as_written(missing) if is_reference(missing) else "")

    @property
    def missing_reference_is_public(self) -> bool:
        """Whether there is such a protocol, which other filters exclude."""
        terms = self.search.terms if self.search else ()
        return any(term.reference == self.missing_reference for term in terms)

    @property
    def withdrawn_query(self) -> str:
        """The same query string for withdrawn protocols, if any matches."""
        withdrawn = next(
            choice.count for choice in self.facets.status if choice.value == "withdrawn"
        )
        is_offered = self.values["status"] == "current" and withdrawn
        return self.query(status="withdrawn") if is_offered else ""

    @property
    def has_some_words(self) -> bool:
        """Whether the list is of protocols with only some of the words."""
        return bool(self.count and self.search and not self.search.mask.any())

    @cached_property
    def words_that_find(self) -> list[tuple[FoundWord, str]]:
        """The words that find something by themselves, each with the query string for it.

        With the other filters, where the list is of protocols with some of the words;
        without, where it is empty. None, where protocols with every word are listed.
        """
        search, index = self.search, self.filters.index
        if search and self.has_some_words:
            among = self.filters.excluding("q")
            found = words_that_find(search, index, among)
            return [(word, self.query(q=word.text)) for word in found]
        if search and not self.count:
            found = words_that_find(search, index, index.in_status(Protocol.Status.PUBLISHED))
            return [(word, urlencode({"q": word.text})) for word in found]
        return []

    @cached_property
    def pair_meant(self) -> tuple[Organisation, Organisation] | None:
        """The two organisations whose names were typed, if that is what was typed."""
        return pair_meant(self.search) if self.search else None

    @cached_property
    def organisations_meant(self) -> list[FoundOrganisation]:
        """The organisations that may be meant by the words, where these are not two names.

        A protocol need not name one itself to bind it: by its name alone it is not found.
        """
        if not self.search or self.pair_meant:
            return []
        return organisations_meant(
            self.search,
            self.filters.index,
            on=self.on,
            has_some=bool(self.count),
            has_every=bool(self.count) and not self.has_some_words,
        )

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but words keeps protocols out of the list."""
        status = None if self.values["status"] == "all" else self.values["status"]
        return bool(self.query(q=None, sort=None, view=None, status=status))

    @property
    def themes_in_force(self) -> list[tuple[Theme, int]]:
        """Every theme with the number of protocols in force under it, as its page has it."""
        index = current_index()
        counts = index.count_by_theme(index.in_status(Protocol.Status.PUBLISHED))
        return [(theme, counts.get(theme.pk, 0)) for theme in index.themes]

    @cached_property
    def query_string(self) -> str:
        """The canonical query string of files and feeds: of every page, however it is shown."""
        return self.query(view=None)

    @property
    def other_view(self) -> tuple[str, str]:
        """The view that the page is not shown in, and the query string for it."""
        other = "list" if self.values["view"] == "table" else "table"
        return other, self.query(view=other, page=self.page_number)

    @property
    def other_themes(self) -> list[tuple[Theme, int, str]]:
        """The themes not asked for in which the same question finds some, each with its query."""
        asked = self.values["theme"]
        return [
            (theme, count, self.query(theme=[slug]))
            for slug, theme in self.filters.themes.items()
            if asked and slug not in asked and (count := self.by_theme.get(theme.pk, 0))
        ]

    @cached_property
    def usual_review(self) -> str:
        """The review status that most of the list has: a line with another one has a tag."""
        asked, counts = self.values["review"] or ReviewStatus.values, self.by_review
        return max((each for each in ReviewStatus.values if each in asked), key=counts.__getitem__)

    @cached_property
    def by_review(self) -> dict[str, int]:
        """The number of protocols by review status, ignoring the review filter."""
        return review_counts(self.filters)

    @property
    def uncorrected_query(self) -> str:
        """The query string that searches for the words without spelling correction."""
        return self.query(q=self.search.uncorrected if self.search else None)

    @cached_property
    def near_words(self) -> tuple[str, str] | None:
        """Words like those that find nothing, which find some here, with the query string."""
        near = self.search.near_query if self.search else ""
        if not near:
            return None
        found = search(near, self.filters.index).mask & self.filters.excluding("q")
        return (near, self.query(q=near)) if found.any() else None

    @property
    def exact_query(self) -> str:
        """The query string that searches for the words and for no synonyms of them."""
        return self.query(q=self.search.exact_query if self.search else None)

    @property
    def relevance_query(self) -> str:
        """The same query string, with the best matches first."""
        return self.query(sort="relevance")

    @property
    def previous_query(self) -> str | None:
        """The query string of the page before, if there is one."""
        return self.query(page=self.page_number - 1) if self.page_number > 1 else None

    @property
    def next_query(self) -> str | None:
        """The query string of the page after, if there is one."""
        return self.query(page=self.page_number + 1) if self.page_number < self.page_count else None

    @cached_property
    def page_protocols(self) -> list[Protocol]:
        """The protocols of the requested page, with their parties: two queries."""
        first = (self.page_number - 1) * PAGE_LENGTH
        return self.protocols[first : first + PAGE_LENGTH]

    @cached_property
    def rows(self) -> list[Row]:
        """The rows of the requested page."""
        first = (self.page_number - 1) * PAGE_LENGTH
        (shown,) = make_rows(
            self.filters.index,
            self.protocols.positions(first, first + PAGE_LENGTH),
            explanations=[self.explanation],
        )
        if self.search:
            by_reference = passages([row.listed for row in shown if row.listed], self.search)
            for row in shown:
                row.passages = by_reference.get(row.reference, [])
        return shown

    @cached_property
    def explanation(self) -> Explanation | None:
        """How each protocol binds the organisations that were asked for, if there are any."""
        asked, others = self.values["organisation"], self.values["with"]
        if not (asked or others):
            return None
        return Explanation(
            self.filters.bindings,
            [*asked, *others],
            self.values["role"],
            together=self.filters.together,
        )

    def through(self, protocol: AnyProtocol) -> list[Through] | None:
        """Return how a protocol of the list binds the organisations that were asked for.

        None where none was.
        """
        return self.explanation.of(protocol) if self.explanation else None

    @property
    def search(self) -> Search | None:
        """What the search words found, if there are any."""
        return None if self.errors or not self.values["q"] else self.filters.search

    @property
    def is_grouped(self) -> bool:
        """Whether the list is grouped by theme."""
        return bool(self.values["sort"] == "theme")

    @property
    def groups(self) -> list[ThemeGroup]:
        """The rows of the requested page by theme, where `is_grouped`."""
        first = (self.page_number - 1) * PAGE_LENGTH
        return theme_groups(self.rows, themes=self.themes, counts=self.by_theme, first=first)

    def iterator(self) -> Iterator[AnyProtocol]:
        """Yield every protocol of every page as plain values, read in chunks to save memory."""
        return self.protocols.iterator()

    @cached_property
    def protocols(self) -> ProtocolList:
        """Every protocol found, in the requested order."""
        index = self.filters.index
        return ProtocolList(index, self.filters.excluding(), self._order(index))

    def query(self, **changes: Any) -> str:
        """Return the canonical query string, with some values changed.

        Empty and default values are left out, so that equal questions have equal
        strings. A value of None leaves a parameter out.
        """
        changed = {"page": 1} | changes
        parts = self._parts | {name: query_part(name, value) for name, value in changed.items()}
        return "&".join(parts[name] for name in self.filters.filters if parts.get(name))

    @cached_property
    def _parts(self) -> dict[str, str]:
        """The part of the query string that each parameter has, as it was asked for."""
        return {name: query_part(name, value) for name, value in self.values.items()}

    @property
    def is_past(self) -> bool:
        """Whether these are not today's."""
        return self.filters.is_past

    @property
    def todays_query(self) -> str:
        """The same query string, as of today."""
        return self.query(on=None)

    @property
    def day_query(self) -> str:
        """The end of the address of a protocol's page on the same day; empty for today."""
        return f"?on={self.on.isoformat()}" if self.is_past else ""

    @cached_property
    def uncertain(self) -> list[str]:
        """The references of those found of which that day's record is not kept."""
        index = self.filters.index
        return index.references.at(np.flatnonzero(index.uncertain & self.filters.excluding()))

    @cached_property
    def tags(self) -> list[Tag]:
        """The filters in use, in words, each with the query string without it."""
        return tags(self.filters, self.query)

    def _order(self, index: Index) -> NDArray[Any] | None:
        """Return the sort key of the requested order; None for that of references."""
        match self.values["sort"]:
            case "reference":
                return None
            case "title":
                return index.title_ranks
            case "review":
                return earliest_review_first(index)
            case "-review":
                return latest_review_first(index)
            case "relevance" if self.values["q"]:
                return self.filters.search.tiers
        key = theme_order(index, [theme.pk for theme in self.themes])
        return key * TIERS + self.search.tiers if self.search else key
