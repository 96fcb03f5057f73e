"""Exports: the protocols of a query string, and the organisations, as files and data.

There are far fewer of them than of protocols: so each answer is made whole, and kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from types import ModuleType
from urllib.parse import urlencode

from django.core.exceptions import BadRequest, ValidationError
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
from django.urls import reverse

from registers.exports import calendar, csv, feed, json, ods, xlsx
from registers.exports.columns import ExportContext
from registers.exports.facts import organisation_facts
from registers.exports.feed import DEFAULT_STATUS
from registers.exports.file_names import disposition, results_stem
from registers.exports.organisations import as_csv, record
from registers.history.index_as_of import index_as_of
from registers.models import Name, OrganisationAltered
from registers.public.organisations import letter_of
from registers.public.problem import problem
from registers.public.request_context import export_context, page_number, paginate
from registers.search.index import current_index
from registers.search.modified_since import JsonFilter, Moment, MomentField, modified_since
from registers.search.organisations import official_names, organisation_rows
from registers.search.query_string import ProtocolFilter
from registers.search.results import Results

FORMATS: dict[str, ModuleType] = {
    "csv": csv,
    "xlsx": xlsx,
    "ods": ods,
    "json": json,
    "ics": calendar,
    "atom": feed,
}
SUBSCRIBED = {"ics", "atom"}
# Inline, since a telephone saves an attached calendar as a file and does not offer to add it.
DISPOSITIONS = {"csv": "attachment", "xlsx": "attachment", "ods": "attachment", "ics": "inline"}
BLOCK = 65_536


def protocols(request: HttpRequest, extension: str) -> HttpResponseBase:
    """Send the protocols that the query string asks for, in the format of `extension`."""
    if extension not in FORMATS:
        raise Http404
    context = export_context()
    query = query_with_status(request, extension)
    filter_class = JsonFilter if extension == "json" else ProtocolFilter
    results = Results(query, on=context.on, past=index_as_of, filter_class=filter_class)
    context = replace(context, on=results.on)
    if results.errors:
        return problem(400, "The request cannot be answered", results.errors)
    if extension == "json" and not results.page_exists:
        return problem(404, "There is no such page", {"page": f"The last is {results.page_count}."})
    export_format = FORMATS[extension]
    response = StreamingHttpResponse(
        in_blocks(export_format.write(results, context)),
        headers={"Content-Type": export_format.CONTENT_TYPE},
    )
    if extension in DISPOSITIONS:
        response["Content-Disposition"] = file_name(results, extension, context)
    around = json.links(results, context) if extension == "json" else {}
    response["Link"] = link_header(context, around)
    return response


def file_name(results: Results, extension: str, context: ExportContext) -> str:
    """Return the header that names a file of `results`.

    A calendar has no day, for it moves; what is of a past day has that one alone.
    """
    kind = DISPOSITIONS[extension]
    if extension in SUBSCRIBED:
        stem = results_stem(results, "protocol-reviews", status=DEFAULT_STATUS)
        return disposition(kind, stem, extension)
    stem = results_stem(results, "protocols")
    day = "" if results.values.get("on") else context.on.isoformat()
    return disposition(kind, stem, extension, day=day)


def query_with_status(request: HttpRequest, extension: str) -> QueryDict:
    """Return the query string, with the default status of the format if it has none.

    Nobody subscribed to a calendar of a past day, so it cancels nothing.
    """
    of_a_day = extension == "ics" and request.GET.get("on")
    if extension not in SUBSCRIBED or of_a_day or request.GET.get("status"):
        return request.GET
    query = request.GET.copy()
    query["status"] = DEFAULT_STATUS
    return query


def in_blocks(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in larger blocks: each is compressed and sent separately."""
    block = bytearray()
    for part in parts:
        block += part
        if len(block) >= BLOCK:
            yield bytes(block)
            block.clear()
    yield bytes(block)


ORGANISATIONS_PATH = "/organisations.json"
ORGANISATIONS_PER_PAGE = 200  # as on a page of the list of names


def organisations(request: HttpRequest, extension: str) -> HttpResponseBase:
    """Send the organisations, or those with a name that begins with `letter`; JSON in pages."""
    if extension not in ORGANISATION_FORMATS:
        raise Http404
    try:
        official, _ = official_names(letter_of(request)), page_number(request)
    except BadRequest as error:
        # Its message begins with the name of the parameter.
        name = str(error).partition(":")[0].lower()
        return problem(400, "The request cannot be answered", {name: str(error)})
    return ORGANISATION_FORMATS[extension](request, official)


def _csv(request: HttpRequest, official: QuerySet[Name]) -> HttpResponseBase:
    context, letter = export_context(), letter_of(request)
    stem = f"organisations-beginning-with-{letter}" if letter else "organisations"
    return HttpResponse(
        b"".join(as_csv(organisation_rows(official, current_index(), on=context.on), context)),
        headers={
            "Content-Type": csv.CONTENT_TYPE,
            "Content-Disposition": disposition(
                "attachment", stem, "csv", day=context.on.isoformat()
            ),
            "Link": link_header(context),
        },
    )


def _json(request: HttpRequest, official: QuerySet[Name]) -> HttpResponseBase:
    try:
        moment: Moment | None = MomentField(label="Modified since", required=False).clean(
            request.GET.get("modified_since", "")
        )
    except ValidationError as error:
        words = {"modified_since": error.messages[0]}
        return problem(400, "The request cannot be answered", words)
    if moment:
        changed = modified_since(moment, "organisation", "pk", OrganisationAltered)
        official = official.filter(organisation__in=changed)
    count, context = official.count(), export_context()
    try:
        page = paginate(request, range(count), length=ORGANISATIONS_PER_PAGE)
    except Http404:
        last = max(1, -(-count // ORGANISATIONS_PER_PAGE))
        return problem(404, "There is no such page", {"page": f"The last is {last}."})
    first = (page.page_number - 1) * ORGANISATIONS_PER_PAGE
    part = official[first : first + ORGANISATIONS_PER_PAGE]
    shown = list(organisation_rows(part, current_index(), on=context.on))
    facts = organisation_facts([line.organisation.pk for line in shown])
    letter = request.GET.get("letter", "")

    def query(*, page: int) -> str:
        """Return the shortest query string of a page."""
        asked = {"letter": letter, "page": page if page > 1 else "", "modified_since": moment or ""}
        return urlencode({name: value for name, value in asked.items() if value})

    url = f"{context.site}{ORGANISATIONS_PATH}"
    around = json.page_links(url, query, number=page.page_number, count=page.page_count)
    return JsonResponse(
        {
            "count": page.count,
            "next": around["next"],
            "previous": around["prev"],
            "results": [record(line, context) | facts(line.organisation) for line in shown],
        },
        json_dumps_params={"ensure_ascii": False},
        headers={"Link": link_header(context, around)},
    )


ORGANISATION_FORMATS: dict[str, Callable[[HttpRequest, QuerySet[Name]], HttpResponseBase]] = {
    "csv": _csv,
    "json": _json,
}


# Proxies refuse responses with long headers (nginx: 4 kB in all). Links that do not fit are left
# out, the last first; the next page is in the body too.
MAX_LINK_LENGTH = 2_000
NO_PAGES: Mapping[str, str | None] = {}


def link_header(context: ExportContext, pages: Mapping[str, str | None] = NO_PAGES) -> str:
    """Return the header `Link` (RFC 8288): the API description, and the pages around this one."""
    header = ""
    around = (f'<{url}>; rel="{name}"' for name, url in pages.items() if url is not None)
    for link in (*_service_links(context), *around):
        longer = f"{header}, {link}" if header else link
        header = longer if len(longer) <= MAX_LINK_LENGTH else header
    return header


def _service_links(context: ExportContext) -> Iterator[str]:
    """Yield the links to the API description, for programs and for people (RFC 8631)."""
    yield f'<{context.site}{reverse("openapi")}>; rel="service-desc"; type="application/json"'
    yield f'<{context.site}{reverse("about-data")}>; rel="service-doc"; type="text/html"'
