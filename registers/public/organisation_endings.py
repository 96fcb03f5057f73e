"""The organisations with their names and counts, as a table and as data.

There are far fewer of them than of protocols: so each answer is made whole, and kept.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase

from registers.exports import csv
from registers.exports.columns import Place
from registers.exports.organisations import as_csv, record
from registers.models import Name
from registers.public.doors import Listing, page_number, page_of, place
from registers.public.endings import problem
from registers.public.links import links
from registers.public.organisations import letter_of
from registers.search.index_loader import index_now
from registers.search.organisations import lines, official_names

PATH = "/organisations.json"
A_PAGE = 200  # as many as the list of all names has on its page


def organisations(request: HttpRequest, ending: str) -> HttpResponseBase:
    """Send the organisations, or those with a name that begins with a letter; JSON in pages."""
    if ending not in ENDINGS:
        raise Http404
    try:
        official, _ = official_names(letter_of(request)), page_number(request)
    except BadRequest as wrong:
        # Its sentence begins with the name of the parameter.
        name = str(wrong).partition(":")[0].lower()
        return problem(400, "The question cannot be answered", {name: str(wrong)})
    return ENDINGS[ending](request, official)


def _csv(_: HttpRequest, official: QuerySet[Name]) -> HttpResponseBase:
    here = place()
    return HttpResponse(
        b"".join(as_csv(lines(official, index_now()), here)),
        headers={
            "Content-Type": csv.CONTENT_TYPE,
            "Content-Disposition": f'attachment; filename="organisations-{here.on}.csv"',
            "Link": links(here),
        },
    )


def _json(request: HttpRequest, official: QuerySet[Name]) -> HttpResponseBase:
    count, here = official.count(), place()
    try:
        page = page_of(request, range(count), length=A_PAGE)
    except Http404:
        last = max(1, -(-count // A_PAGE))
        return problem(404, "There is no such page", {"page": f"The last is {last}."})
    first = (page.number - 1) * A_PAGE
    shown = lines(official[first : first + A_PAGE], index_now())
    around = {
        "next": _address(here, page, page.number + 1) if page.number < page.pages else None,
        "prev": _address(here, page, page.number - 1) if page.number > 1 else None,
        "first": _address(here, page, 1),
        "last": _address(here, page, page.pages),
    }
    return JsonResponse(
        {
            "count": page.count,
            "next": around["next"],
            "previous": around["prev"],
            "results": [record(line, here) for line in shown],
        },
        json_dumps_params={"ensure_ascii": False},
        headers={"Link": links(here, around)},
    )


def _address(here: Place, page: Listing, number: int) -> str:
    """Return the whole address of the page of this number, in its shortest form."""
    letter = page.query.get("letter", "")
    asked = ({"letter": letter} if letter else {}) | ({"page": number} if number > 1 else {})
    return f"{here.site}{PATH}{'?' if asked else ''}{urlencode(asked)}"


ENDINGS: dict[str, Callable[[HttpRequest, QuerySet[Name]], HttpResponseBase]] = {
    "csv": _csv,
    "json": _json,
}
