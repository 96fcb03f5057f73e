"""What machines can ask for, described for machines: OpenAPI 3.1, from the code's own lists."""

from __future__ import annotations

import json as standard
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.urls import reverse

from registers.exports import atom, csv, docx, json
from registers.exports.columns import ExportContext
from registers.history.as_of import register_began
from registers.public.cors import CORS_HEADERS
from registers.public.exports import DISPOSITIONS, FORMATS
from registers.public.fact_schemas import ref
from registers.public.request_context import export_context
from registers.public.schemas import DESCRIPTION, Parameter, parameters, schemas
from registers.public.well_known import SITEMAPS
from registers.search.pairs import MOST_FIRST, SORTS
from registers.search.results import Results

TEXT = {"type": "string"}


def header_object(
    words: str, schema: dict[str, Any] = TEXT, *, always: bool = False
) -> dict[str, Any]:
    """Return the description of a header. `always`: it is there in every such answer."""
    return {"description": words, "schema": schema} | ({"required": True} if always else {})


HEADERS = {
    **{
        name: header_object("For browsers.", {"const": value}, always=True)
        for name, value in CORS_HEADERS.items()
    },
    "ETag": header_object("What to send as If-None-Match. A very long query string gets none."),
    "Cache-Control": header_object("How long proxies may keep it. Browsers ask each time."),
    "Vary": header_object("It is compressed as Accept-Encoding asks."),
    "Link": header_object(
        "The pages around this one (next, prev, first, last), this description and the page for"
        " people. What would make it longer than 2,000 characters is left out.",
        always=True,
    ),
    "Location": header_object("The address of today.", always=True),
    "Content-Disposition": header_object("A name for the file.", always=True),
}
ALWAYS_SENT = list(CORS_HEADERS)
CACHE_HEADERS = ["ETag", "Cache-Control", "Vary"]


def response_object(
    words: str, content: dict[str, Any] | None, *headers: str, kept: bool = False
) -> dict[str, Any]:
    """Return the description of an answer. `kept`: it has a tag, and proxies may keep it."""
    header_names = [*ALWAYS_SENT, *headers, *(CACHE_HEADERS if kept else [])]
    body = {"content": content} if content else {}
    return {
        "description": words,
        "headers": {name: ref(name, "headers") for name in header_names},
    } | body


def problem_object(words: str) -> dict[str, Any]:
    """Return the description of an error."""
    return response_object(words, {"application/problem+json": {"schema": ref("Problem")}})


RESPONSES = {
    "304": response_object("Nothing has changed since the answer with this tag.", None, kept=True),
    "400": problem_object(
        "The request is not valid. `errors` has a sentence for each parameter that is wrong."
    ),
    "301": response_object("It has another address: see `Location`.", None, "Location"),
    "404": problem_object("There is no such page, file, protocol or organisation."),
    "410": problem_object("The protocol ended before this register began."),
    "414": {
        "description": "The request line is longer than 8,190 bytes. Send a shorter request.",
        "content": {"text/html": {"schema": TEXT}},
    },
    "503": response_object("It is not ready. The words say why.", {"text/plain": {"schema": TEXT}}),
}


def path_item(
    name: str,
    summary: str,
    good: dict[str, Any],
    statuses: list[str],
    parameters: list[dict[str, Any]],
) -> dict[str, Any]:
    """Return the description of a path that can be read: GET with its body, HEAD without."""
    others = {status: ref(status, "responses") for status in statuses}
    bare = {key: value for key, value in good.items() if key != "content"}
    about = {"summary": summary, "parameters": parameters}
    return {
        "get": about | {"operationId": name, "responses": {"200": good} | others},
        "head": about | {"operationId": f"{name}-head", "responses": {"200": bare} | others},
    }


# Of what is described. The first number moves when something that was promised is broken.
VERSION = "1.0.0"
PLAIN = "text/plain"
TAG = {
    "If-None-Match": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The tag (ETag) of an answer that is here already.",
        "schema": TEXT,
    }
}
MODIFIED_SINCE = {
    "modified_since": {
        "name": "modified_since",
        "in": "query",
        "description": "Only those that were officially changed at this time or later: `modified`"
        " in the answer says when each was. A date stands for its beginning in Europe/London, and a"
        " time without an offset is one in Europe/London. It follows each"
        " change that alters an answer, another one's too: a member is modified with its group, a"
        " successor with its predecessor, and what names a thing when that is renamed. It does"
        " not follow what a day alone changes: `review_status`, and numbers where a membership"
        " or succession begins or ends on that day.",
        "schema": {
            "type": "string",
            "anyOf": [{"format": "date"}, {"format": "date-time"}],
        },
        "allowEmptyValue": True,
        "example": "2026-11-22T09:00:00Z",
    }
}
LETTER = {
    "letter": {
        "name": "letter",
        "in": "query",
        "description": "Only those with any name that begins with this letter or digit.",
        "schema": {"type": "string", "pattern": "^[\\p{L}\\p{N}]$"},
        "allowEmptyValue": True,
        "example": "e",
    }
}
# Their names in the description, where `organisation` and `sort` are those of protocols.
PAIR_PARAMETERS = {
    "pair_organisation": {
        "name": "organisation",
        "in": "query",
        "description": "Only the pairs of this organisation: the end of its web address, or any"
        " name that it has or had.",
        "schema": {"type": "string", "minLength": 1},
        "allowEmptyValue": True,
    },
    "pair_sort": {
        "name": "sort",
        "in": "query",
        "description": "The order. A minus sign turns it round.",
        "schema": {"type": "string", "enum": [name for name, _ in SORTS], "default": MOST_FIRST},
        "allowEmptyValue": True,
    },
}
NAMES = {
    "csv": "a table",
    "xlsx": "a workbook",
    "ods": "a workbook (OpenDocument)",
    "json": "pages of JSON",
    "ics": "a calendar of their reviews",
    "atom": "a feed of their changes",
}
ABOUT = (
    "Everybody can read all of this without a key, and so can programs in a browser of any"
    " origin. It is read-only: any method except GET, HEAD and OPTIONS is answered with status"
    " 405 and an `Allow` header. A parameter that an address of data does not know is refused with"
    " status 400, but for `utm_*`, `gclid`, `fbclid`, `mc_*` and `_`, which are ignored. Two values"
    " of one that takes one are refused too; an empty value is as if absent. The page linked below"
    " explains the same, with examples."
)


class OtherPath(NamedTuple):
    """A machine address that is no list. `kept`: it has a tag; `more`: statuses beside 200."""

    name: str
    summary: str
    media: str
    kept: bool = False
    schema: dict[str, Any] = TEXT
    more: tuple[str, ...] = ()


OTHER_PATHS = (
    OtherPath("news-feed", "The news as a feed", atom.CONTENT_TYPE, kept=True, more=("400",)),
    OtherPath(
        "openapi",
        "This description",
        "application/json",
        kept=True,
        schema=DESCRIPTION,
        more=("400",),
    ),
    OtherPath(
        "catalog",
        "The register as data sets (DCAT)",
        "application/ld+json",
        kept=True,
        schema={"type": "object", "required": ["@context", "@id", "@type", "dcat:dataset"]},
        more=("400",),
    ),
    OtherPath(
        "empty-review-template",
        "The empty review template, as DOCX",
        docx.CONTENT_TYPE,
        kept=True,
        schema={},
        more=("400",),
    ),
    OtherPath("sitemap", "The files of addresses, for search engines", "application/xml"),
    OtherPath("robots", "What robots may read", PLAIN, kept=True),
    OtherPath("security", "Where to report a weakness (RFC 9116)", PLAIN, kept=True),
    OtherPath("healthz", "Whether the process answers", PLAIN),
    OtherPath("readyz", "Whether the database answers and is up to date", PLAIN, more=("503",)),
)


def description(request: HttpRequest) -> HttpResponse:
    """Send it."""
    return JsonResponse(document(export_context()), json_dumps_params={"ensure_ascii": False})


def document(context: ExportContext) -> dict[str, Any]:
    """Return the whole description, as it is true of the register at this place and on its day."""
    example = _example(context)
    described = parameters(on=context.on)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": f"{context.publisher}: {context.register}",
            "summary": "Which organisations have agreed to share personal data, and why.",
            "description": ABOUT,
            "version": VERSION,
            "contact": {"name": context.publisher, "email": settings.PARTNERSHIP.email},
        },
        "externalDocs": {"url": f"{context.site}{reverse('about-data')}"},
        "servers": [{"url": context.site}],
        "paths": dict(
            [
                *_lists(example, described),
                *_records(),
                *_others(),
                _addresses(),
            ]
        ),
        "components": {
            "schemas": schemas(),
            "parameters": {each.name: _parameter(each, example) for each in described}
            | LETTER
            | MODIFIED_SINCE
            | PAIR_PARAMETERS
            | TAG,
            "responses": RESPONSES,
            "headers": HEADERS,
        },
    }


def _example(context: ExportContext) -> dict[str, Any]:
    """Return a real answer, with the first of its protocols."""
    results = Results(QueryDict("status=all"), on=context.on)
    whole: dict[str, Any] = standard.loads(b"".join(json.write(results, context)))
    return whole | {"results": whole["results"][:1]}


def _first_day() -> dict[str, str]:
    """Return a day of which the register has a record: its first, which stays the same."""
    began = register_began()
    return {"on": began.isoformat()} if began else {}


def _parameter(parameter: Parameter, example: dict[str, Any]) -> dict[str, Any]:
    """Return the description of one parameter. An empty value is as if absent."""
    schema = {"type": "array", "items": parameter.schema} if parameter.several else parameter.schema
    lead = next((each["lead_organisation"] for each in example["results"]), None)
    real: dict[str, Any] = {"organisation": [lead["slug"]]} if lead else {}
    real |= {"review_from": "2024-03", "review_to": "2026-12", **_first_day()}
    return {
        "name": parameter.name,
        "in": "query",
        "description": parameter.meaning,
        "schema": schema,
        "allowEmptyValue": True,
    } | ({"example": real[parameter.name]} if parameter.name in real else {})


def _lists(example: dict[str, Any], described: list[Parameter]) -> Iterator[tuple[str, Any]]:
    """Give the path of every extension of the lists."""
    for extension, export_format in FORMATS.items():
        # A workbook is bytes, of which no schema says anything.
        body = {"schema": TEXT} if "charset" in export_format.CONTENT_TYPE else {}
        if extension == "json":
            body = {"schema": ref("Protocols"), "example": example}
        yield _list(
            ("protocols", extension),
            "The protocols that are asked for",
            response_object(
                "The protocols.",
                {export_format.CONTENT_TYPE: body},
                *_own_headers(extension),
                kept=True,
            ),
            [each.name for each in described],
            "414",
        )
    for noun, summary, words, name, asked in (
        (
            "organisations",
            "The organisations with their names and counts",
            "The organisations, A to Z.",
            "Organisations",
            ["letter", "page"],
        ),
        (
            "sharing",
            "Which organisations are named together",
            "The pairs of organisations.",
            "Pairs",
            [*PAIR_PARAMETERS, "page"],
        ),
    ):
        for extension, media, schema in (
            ("csv", csv.CONTENT_TYPE, TEXT),
            ("json", json.CONTENT_TYPE, ref(name)),
        ):
            good = response_object(
                words, {media: {"schema": schema}}, *_own_headers(extension), kept=True
            )
            yield _list((noun, extension), summary, good, asked)


def _own_headers(extension: str) -> list[str]:
    return ["Link", *(["Content-Disposition"] if extension in DISPOSITIONS else [])]


def _list(
    name: tuple[str, str], summary: str, good: dict[str, Any], asked: list[str], *more: str
) -> tuple[str, Any]:
    """Return the path of a list, `name` being its noun and its extension. JSON has pages."""
    noun, extension = name
    is_json = extension == "json"
    since = MODIFIED_SINCE if is_json and noun != "sharing" else {}
    return reverse(f"{noun}-export", args=[extension]), path_item(
        f"{noun}-{extension}",
        f"{summary}, as {NAMES[extension]}",
        good,
        ["304", "400", *(["404"] if is_json else []), *more],
        [ref(each, "parameters") for each in [*asked, *since, *TAG]],
    )


REFERENCE = {
    "name": "reference",
    "in": "path",
    "required": True,
    "schema": TEXT | {"pattern": "^(?=[^0-9]*[0-9])[0-9A-Za-z._~-]{1,40}$"},
    "description": "Its reference, with `~` for `/`.",
}
SLUG = {
    "name": "slug",
    "in": "path",
    "required": True,
    "schema": TEXT | {"pattern": "^[-a-zA-Z0-9_]+$", "maxLength": 255},
    "description": "The end of its address, or an earlier one.",
}


def _records() -> Iterator[tuple[str, Any]]:
    """Give the paths of one protocol, its review template, and one organisation."""
    for route, what, parameter, schema_name, more in (
        ("/protocols/{reference}.json", "protocol", REFERENCE, "Protocol", ["410"]),
        ("/organisations/{slug}.json", "organisation", SLUG, "OrganisationRecord", []),
    ):
        yield (
            route,
            path_item(
                f"{what}-json",
                f"Everything public of one {what}",
                response_object(
                    f"The {what}.",
                    {json.CONTENT_TYPE: {"schema": ref(schema_name)}},
                    "Link",
                    kept=True,
                ),
                ["301", "304", "400", "404", *more],
                [parameter, ref("If-None-Match", "parameters")],
            ),
        )
    yield (
        "/protocols/{reference}/review-template.docx",
        path_item(
            "protocol-review-template",
            "The review template of a protocol in force, as DOCX",
            response_object(
                "The template.", {docx.CONTENT_TYPE: {}}, "Content-Disposition", kept=True
            ),
            ["301", "304", "400", "404"],
            [REFERENCE, ref("If-None-Match", "parameters")],
        ),
    )


def _others() -> Iterator[tuple[str, Any]]:
    """Give the paths of what is no list."""
    for other in OTHER_PATHS:
        good = response_object(
            f"{other.summary}.", {other.media: {"schema": other.schema}}, kept=other.kept
        )
        also = [*(["304"] if other.kept else []), *other.more]
        tag = [ref(name, "parameters") for name in TAG] if other.kept else []
        yield reverse(other.name), path_item(other.name, other.summary, good, also, tag)


def _addresses() -> tuple[str, Any]:
    """Return the path of the files of addresses."""
    section = {"type": "string", "enum": list(SITEMAPS)}
    page = {"type": "integer", "minimum": 1, "default": 1}
    words = "The addresses of all pages of one kind, 50,000 to a file"
    return "/sitemap-{section}.xml", path_item(
        "sitemap-section",
        words,
        response_object(f"{words}.", {"application/xml": {"schema": TEXT}}),
        ["400", "404"],
        [
            {"name": "section", "in": "path", "required": True, "schema": section},
            {"name": "p", "in": "query", "schema": page, "description": "Which file, from 1."},
        ],
    )
