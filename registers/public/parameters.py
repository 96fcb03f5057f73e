"""The query string of a public address: what it may hold, what is left out, and its short form.

Which parameters an address takes stands once, in the URL configuration. The page cache reads
query strings with the same function, so that both agree.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator
from difflib import get_close_matches
from functools import wraps
from typing import Any, NamedTuple, cast
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.utils.dates import MONTHS

from registers.public.problem import problem
from registers.search.fields import DayField, MonthField, MultipleField, shorten
from registers.search.query_string import ProtocolFilter, with_query

View = Callable[..., HttpResponseBase]

# What other sites and programs append to addresses, to count visits or to get past caches.
PASSED_OVER = re.compile(r"utm_.*|mc_.*|gclid|fbclid|_", re.DOTALL)
REPEATED = {
    name
    for name, parameter in ProtocolFilter.base_filters.items()
    if issubclass(parameter.field_class, MultipleField)
}
# The boxes that a page has for a date, by its parameter. A month alone has no box for the day.
BOXES = {MonthField: ("year", "month"), DayField: ("year", "month", "day")}
DATES = {
    name: BOXES[parameter.field_class]
    for name, parameter in ProtocolFilter.base_filters.items()
    if parameter.field_class in BOXES
}
DEFAULTS = {
    name: parameter.extra["default"]
    for name, parameter in ProtocolFilter.base_filters.items()
    if "default" in parameter.extra
} | {"page": "1"}
SHORTEST_MONTH = len("Jan")
MAX_NAMED = 5  # parameters that are left out, in one answer


class LeftOut(NamedTuple):
    """A parameter that an address does not know, and the most similar one that it knows, or ''.

    Or one that it knows and that stands there with several values (`is_repeated`).
    """

    name: str
    nearest: str = ""
    is_repeated: bool = False


class ReadQuery(QueryDict):
    """A canonical query string, with what else an address was asked for.

    `short` is without default values too, and `short_pairs` are its pairs. `earlier` are the
    pairs that are not read, since the same parameter follows with another value, `unknown` the
    pairs of other parameters that have a value, and `has_empty` says that there were parameters
    without one, or dates in boxes.
    """

    short = ""
    short_pairs: tuple[tuple[str, str], ...] = ()
    earlier: tuple[tuple[str, str], ...] = ()
    unknown: tuple[tuple[str, str], ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    has_empty = False

    def address_of(self, path: str) -> str:
        """Return the address that asks the same, without empty values."""
        read = self.urlencode() if self.earlier else self.short
        parts = (urlencode(self.earlier), read, urlencode(self.unknown))
        return with_query(path, "&".join(filter(None, parts)))

    def short_on(self, today: datetime.date) -> str:
        """Return the short query string on a day, without `on` where that is the same day."""
        return urlencode(self._pairs_on(today))

    def is_narrowed(self, today: datetime.date) -> bool:
        """Return whether it asks on that day for anything other than a page of the whole."""
        return any(name != "page" for name, _ in self._pairs_on(today))

    def _pairs_on(self, today: datetime.date) -> list[tuple[str, str]]:
        same_day = ("on", today.isoformat())
        return [
            (name, value) for name, value in self.short_pairs if (name, value.strip()) != same_day
        ]


def read_query(query: QueryDict, parameters: tuple[str, ...], *, is_data: bool) -> ReadQuery:
    """Return the query of an address that takes `parameters`, in that order.

    An empty value is as if absent. Repeatable parameters have their values sorted, without
    duplicates; others have the last value, which is the one that is read, and are `left_out` if
    they had another. A page that takes
    no parameters is the same with any.
    """
    given, query = query, query if is_data else join_boxes(query, parameters)
    pairs: list[tuple[str, str]] = []
    earlier: list[tuple[str, str]] = []
    for name in parameters:
        values = [value for value in query.getlist(name) if value.strip()]
        read = sorted(set(values)) if name in REPEATED else values[-1:]
        pairs += [(name, value) for value in read]
        if name not in REPEATED:
            earlier += [(name, each) for each in values if each.strip() != values[-1].strip()]
    made: Any = ReadQuery(urlencode(pairs))  # the stubs know no subclass of QueryDict
    made.short_pairs = tuple(pair for pair in pairs if DEFAULTS.get(pair[0]) != pair[1])
    made.short = urlencode(made.short_pairs)
    if parameters or is_data:
        asked = list(_given(query))
        made.has_empty = query is not given or not all(value.strip() for _, value in asked)
        unknown = [pair for pair in asked if pair[1].strip() and pair[0] not in parameters]
        repeated = [LeftOut(name, is_repeated=True) for name in dict(earlier)]
        names = list(dict.fromkeys(name for name, _ in unknown))[:MAX_NAMED]
        others = [LeftOut(shorten(name), _nearest(name, parameters)) for name in names]
        made.earlier, made.unknown = tuple(earlier), tuple(unknown)
        made.left_out = tuple([*repeated, *others][:MAX_NAMED])
    return cast(ReadQuery, made)


def join_boxes(query: QueryDict, parameters: tuple[str, ...]) -> QueryDict:
    """Return the query with each date that stands in boxes joined: `review_from=2024-03`.

    The boxes of `review_from` are `review_from-month` and `review_from-year`. What was typed in
    them is kept, however wrong; the name of a month becomes its number. A query without boxes is
    returned as it is.
    """
    joined = query
    for name in parameters:
        boxes = [f"{name}-{part}" for part in DATES.get(name, ())]
        if not any(box in query for box in boxes):
            continue
        joined = joined if joined is not query else query.copy()
        typed = [joined.pop(box, [""])[-1].strip() for box in boxes]
        typed = [
            _number_of_month(each) if box.endswith("-month") else each
            for box, each in zip(boxes, typed, strict=True)
        ]
        if any(typed):
            joined.appendlist(name, "-".join(each.zfill(2) if each else "" for each in typed))
    return joined


def _number_of_month(name: str) -> str:
    """Return the number of a month for three letters or more of its name; else the name."""
    return next(
        (
            str(number)
            for number, month in MONTHS.items()
            if len(name) >= SHORTEST_MONTH and str(month).lower().startswith(name.lower())
        ),
        name,
    )


def _given(query: QueryDict) -> Iterator[tuple[str, str]]:
    """Yield each name and value, without what is passed over."""
    for name, values in query.lists():
        if name and not PASSED_OVER.fullmatch(name):
            yield from ((name, value) for value in values)


def _nearest(name: str, parameters: tuple[str, ...]) -> str:
    return next(iter(get_close_matches(name.lower()[:60], parameters, n=1)), "")


def reads_parameters(view: View, parameters: tuple[str, ...], *, is_data: bool) -> View:
    """Return the view with `request.GET` as `read_query` returns it.

    Data is refused (status 400) for a parameter that it does not know, or that has several values
    where it takes one. A page with empty
    values redirects to its short address.
    """

    @wraps(view)
    def reading(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        refuse_other_than_utf8(request.META.get("QUERY_STRING", ""))
        query = read_query(request.GET, parameters, is_data=is_data)
        if is_data and query.left_out:
            return _refusal(query.left_out, parameters)
        if query.has_empty and not is_data:
            return HttpResponseRedirect(query.address_of(request.path))
        request.GET = query  # type: ignore[assignment]  # as above
        return view(request, *args, **kwargs)

    return reading


def refuse_other_than_utf8(query: str) -> None:
    """Raise BadRequest for a query string, as in WSGI, with bytes that are not UTF-8.

    Django would read them as Latin-1.
    """
    try:
        query.encode("iso-8859-1").decode()
    except UnicodeError as error:
        raise BadRequest("The address has a character that cannot be read. Remove it.") from error


def _refusal(left_out: tuple[LeftOut, ...], parameters: tuple[str, ...]) -> HttpResponseBase:
    known = f"It takes {', '.join(parameters)}." if parameters else "It takes none."
    errors = {
        name: f"‘{name}’ stands more than once. Give it one value."
        if is_repeated
        else f"‘{name}’ is not a parameter of this address. "
        + (f"Did you mean ‘{nearest}’?" if nearest else known)
        for name, nearest, is_repeated in left_out
    }
    is_known = all(each.is_repeated for each in left_out)
    what = "more than once" if is_known else "that is not known"
    return problem(400, f"The request has a parameter {what}", errors)
