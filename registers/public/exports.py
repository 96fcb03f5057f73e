"""The results of a question, and the organisations, answered as files and data.

There are far fewer of them than of protocols: so each answer is made whole, and kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import ModuleType
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    JsonResponse,
    QueryDict,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase

from registers.exports import calendar, csv, feed, json, ods, xlsx
from registers.exports.columns import Place
from registers.exports.feed import USUAL_STATUS
from registers.exports.organisations import as_csv, record
from registers.models import Name
from registers.public.link_header import links, pages_of
from registers.public.organisations import letter_of
from registers.public.request_context import Listing, page_number, page_of, place
from registers.search.index import current_index
from registers.search.organisations import official_names, organisation_rows
from registers.search.results import Results

FORMATS: dict[str, ModuleType] = {
    "csv": csv,
    "xlsx": xlsx,
    "ods": ods,
    "json": json,
    "ics": calendar,
    "atom": feed,
}
FOLLOWED = {"ics", "atom"}
# A telephone that is sent a calendar as an attachment files it away, and does not offer to add it.
SAVED_AS = {
    "csv": 'attachment; filename="protocols-{on}.csv"',
    "xlsx": 'attachment; filename="protocols-{on}.xlsx"',
    "ods": 'attachment; filename="protocols-{on}.ods"',
    "ics": 'inline; filename="protocol-reviews.ics"',
}
BLOCK = 65_536


def protocols(request: HttpRequest, ending: str) -> HttpResponseBase:
    """Send the protocols that the query string asks for, in the form that `ending` names."""
    if ending not in FORMATS:
        raise Http404
    here = place()
    results = Results(question(request, ending), on=here.on)
    if results.errors:
        return problem(400, "The question cannot be answered", results.errors)
    if ending == "json" and not results.page_exists:
        return problem(404, "There is no such page", {"page": f"The last is {results.page_count}."})
    form = FORMATS[ending]
    response = StreamingHttpResponse(
        in_blocks(form.write(results, here)), headers={"Content-Type": form.CONTENT_TYPE}
    )
    if ending in SAVED_AS:
        response["Content-Disposition"] = SAVED_AS[ending].format(on=here.on)
    around = pages_of(results, f"{here.site}{json.PATH}") if ending == "json" else {}
    response["Link"] = links(here, around)
    return response


def question(request: HttpRequest, ending: str) -> QueryDict:
    """Return the query string, with the status that `ending` means where none is said."""
    if ending not in FOLLOWED or request.GET.get("status"):
        return request.GET
    query = request.GET.copy()
    query["status"] = USUAL_STATUS
    return query


def in_blocks(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Give the same bytes in fewer pieces: each one is compressed and sent by itself."""
    block = bytearray()
    for part in parts:
        block += part
        if len(block) >= BLOCK:
            yield bytes(block)
            block.clear()
    yield bytes(block)


def problem(status: int, title: str, errors: dict[str, str]) -> HttpResponse:
    """Return an error as RFC 9457 has it; `errors` has a sentence for each parameter."""
    return JsonResponse(
        {
            "type": "about:blank",
            "title": title,
            "status": status,
            "detail": " ".join(errors.values()),
            "errors": errors,
        },
        status=status,
        content_type="application/problem+json",
        json_dumps_params={"ensure_ascii": False},
    )


ORGANISATIONS_PATH = "/organisations.json"
ORGANISATIONS_A_PAGE = 200  # as many as the list of all names has on its page


def organisations(request: HttpRequest, ending: str) -> HttpResponseBase:
    """Send the organisations, or those with a name that begins with a letter; JSON in pages."""
    if ending not in ORGANISATION_FORMATS:
        raise Http404
    try:
        official, _ = official_names(letter_of(request)), page_number(request)
    except BadRequest as wrong:
        # Its sentence begins with the name of the parameter.
        name = str(wrong).partition(":")[0].lower()
        return problem(400, "The question cannot be answered", {name: str(wrong)})
    return ORGANISATION_FORMATS[ending](request, official)


def _csv(_: HttpRequest, official: QuerySet[Name]) -> HttpResponseBase:
    here = place()
    return HttpResponse(
        b"".join(as_csv(organisation_rows(official, current_index()), here)),
        headers={
            "Content-Type": csv.CONTENT_TYPE,
            "Content-Disposition": f'attachment; filename="organisations-{here.on}.csv"',
            "Link": links(here),
        },
    )


def _json(request: HttpRequest, official: QuerySet[Name]) -> HttpResponseBase:
    count, here = official.count(), place()
    try:
        page = page_of(request, range(count), length=ORGANISATIONS_A_PAGE)
    except Http404:
        last = max(1, -(-count // ORGANISATIONS_A_PAGE))
        return problem(404, "There is no such page", {"page": f"The last is {last}."})
    first = (page.number - 1) * ORGANISATIONS_A_PAGE
    shown = organisation_rows(official[first : first + ORGANISATIONS_A_PAGE], current_index())
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
    return f"{here.site}{ORGANISATIONS_PATH}{'?' if asked else ''}{urlencode(asked)}"


ORGANISATION_FORMATS: dict[str, Callable[[HttpRequest, QuerySet[Name]], HttpResponseBase]] = {
    "csv": _csv,
    "json": _json,
}
