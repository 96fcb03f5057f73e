"""One finding, many endings: the same question as the register's, answered as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import ModuleType

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
from registers.exports.feed import USUAL_STATUS
from registers.public.doors import place
from registers.public.links import links, pages_of
from registers.search.results import Finding

ENDINGS: dict[str, ModuleType] = {
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
    if ending not in ENDINGS:
        raise Http404
    here = place()
    finding = Finding(question(request, ending), on=here.on)
    if finding.errors:
        return problem(400, "The question cannot be answered", finding.errors)
    if ending == "json" and not finding.page_exists:
        return problem(404, "There is no such page", {"page": f"The last is {finding.pages}."})
    form = ENDINGS[ending]
    response = StreamingHttpResponse(
        in_blocks(form.write(finding, here)), headers={"Content-Type": form.CONTENT_TYPE}
    )
    if ending in SAVED_AS:
        response["Content-Disposition"] = SAVED_AS[ending].format(on=here.on)
    around = pages_of(finding, f"{here.site}{json.PATH}") if ending == "json" else {}
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
