"""What machines can ask for, told to machines: OpenAPI 3.1, built from the code's own lists."""

from __future__ import annotations

import json as standard
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.urls import reverse

from registers.exports import csv, json
from registers.exports.columns import Place
from registers.public import organisation_endings
from registers.public.doors import place
from registers.public.endings import ENDINGS, SAVED_AS
from registers.public.openapi_parts import HEADERS, RESPONSES, TEXT, answer, item
from registers.public.parameters import Parameter, parameters
from registers.public.schemas import DESCRIPTION, ref, schemas
from registers.public.sitemaps import SITEMAPS
from registers.search.results import Finding

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
NAMES = {
    "csv": "a table",
    "xlsx": "a workbook",
    "ods": "a workbook (OpenDocument)",
    "json": "pages of JSON",
    "ics": "a calendar of their reviews",
    "atom": "a feed of their changes",
}
ABOUT = (
    "All that is here can be read by everybody, without a key, and by programs in a browser of"
    " any origin. It can be read and nothing else: any method but GET, HEAD and OPTIONS is"
    " answered with status 405 and an `Allow` header. A parameter that is not known here is"
    " passed over. The same is told to people, with examples, on the page linked below."
)


class Other(NamedTuple):
    """A machine address that is no list. `kept`: it has a tag; `more`: statuses beside 200."""

    name: str
    summary: str
    media: str
    kept: bool = False
    schema: dict[str, Any] = TEXT
    more: tuple[str, ...] = ()


OTHERS = (
    Other("openapi", "This description", "application/json", kept=True, schema=DESCRIPTION),
    Other("sitemap", "The files of addresses, for search engines", "application/xml"),
    Other("robots", "What robots may read", PLAIN, kept=True),
    Other("security", "Where to report a weakness (RFC 9116)", PLAIN, kept=True),
    Other("healthz", "Whether the process answers", PLAIN),
    Other("readyz", "Whether the database answers and is up to date", PLAIN, more=("503",)),
)


def description(request: HttpRequest) -> HttpResponse:
    """Send it."""
    return JsonResponse(document(place()), json_dumps_params={"ensure_ascii": False})


def document(here: Place) -> dict[str, Any]:
    """Return the whole description, as it is true of the register at this place and on its day."""
    example = _example(here)
    asked = parameters(on=here.on)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": f"{here.publisher}: {here.register}",
            "summary": "Who shares personal data with whom, and why.",
            "description": ABOUT,
            "version": VERSION,
            "contact": {"name": here.publisher, "email": settings.PARTNERSHIP.email},
        },
        "externalDocs": {"url": f"{here.site}{reverse('about-data')}"},
        "servers": [{"url": here.site}],
        "paths": dict([*_lists(example, asked), *_organisations(), *_others(), _addresses()]),
        "components": {
            "schemas": schemas(),
            "parameters": {each.name: _parameter(each, example) for each in asked} | LETTER | TAG,
            "responses": RESPONSES,
            "headers": HEADERS,
        },
    }


def _example(here: Place) -> dict[str, Any]:
    """Return a real answer, with the first of its protocols."""
    finding = Finding(QueryDict("status=all"), on=here.on)
    whole: dict[str, Any] = standard.loads(b"".join(json.write(finding, here)))
    return whole | {"results": whole["results"][:1]}


def _parameter(asked: Parameter, example: dict[str, Any]) -> dict[str, Any]:
    """Return the description of one parameter. An empty value is as if absent."""
    schema = {"type": "array", "items": asked.schema} if asked.several else asked.schema
    lead = next((each["lead_organisation"] for each in example["results"]), None)
    real: dict[str, Any] = {"organisation": [lead["slug"]]} if lead else {}
    real |= {"review_from": "2024-03", "review_to": "2026-12"}
    return {
        "name": asked.name,
        "in": "query",
        "description": asked.meaning,
        "schema": schema,
        "allowEmptyValue": True,
    } | ({"example": real[asked.name]} if asked.name in real else {})


def _lists(example: dict[str, Any], asked: list[Parameter]) -> Iterator[tuple[str, Any]]:
    """Give the path of every ending of a list of protocols."""
    for ending, form in ENDINGS.items():
        # A workbook is bytes, of which no schema says anything.
        body = {"schema": TEXT} if "charset" in form.CONTENT_TYPE else {}
        if ending == "json":
            body = {"schema": ref("Protocols"), "example": example}
        own = ["Link", *(["Content-Disposition"] if ending in SAVED_AS else [])]
        yield (
            reverse("protocols-ending", args=[ending]),
            item(
                f"protocols-{ending}",
                f"The protocols that are asked for, as {NAMES[ending]}",
                answer("The protocols.", {form.CONTENT_TYPE: body}, *own, kept=True),
                ["304", "400", *(["404"] if ending == "json" else []), "414"],
                [ref(name, "parameters") for name in [*(each.name for each in asked), *TAG]],
            ),
        )


def _organisations() -> Iterator[tuple[str, Any]]:
    """Give the path of every ending of the organisations."""
    bodies = {
        "csv": (csv.CONTENT_TYPE, {"schema": TEXT}),
        "json": (json.CONTENT_TYPE, {"schema": ref("Organisations")}),
    }
    for ending in organisation_endings.ENDINGS:
        media, body = bodies[ending]
        own = ["Link", *(["Content-Disposition"] if ending == "csv" else [])]
        yield (
            reverse("organisations-ending", args=[ending]),
            item(
                f"organisations-{ending}",
                f"The organisations with their names and counts, as {NAMES[ending]}",
                answer("The organisations, A to Z.", {media: body}, *own, kept=True),
                ["304", "400", *(["404"] if ending == "json" else [])],
                [ref(name, "parameters") for name in ["letter", "page", *TAG]],
            ),
        )


def _others() -> Iterator[tuple[str, Any]]:
    """Give the paths of what is no list."""
    for other in OTHERS:
        good = answer(f"{other.summary}.", {other.media: {"schema": other.schema}}, kept=other.kept)
        also = [*(["304"] if other.kept else []), *other.more]
        tag = [ref(name, "parameters") for name in TAG] if other.kept else []
        yield reverse(other.name), item(other.name, other.summary, good, also, tag)


def _addresses() -> tuple[str, Any]:
    """Return the path of the files of addresses."""
    section = {"type": "string", "enum": list(SITEMAPS)}
    page = {"type": "integer", "minimum": 1, "default": 1}
    words = "The addresses of all pages of one kind, 50,000 to a file"
    return "/sitemap-{section}.xml", item(
        "sitemap-section",
        words,
        answer(f"{words}.", {"application/xml": {"schema": TEXT}}),
        ["400", "404"],
        [
            {"name": "section", "in": "path", "required": True, "schema": section},
            {"name": "p", "in": "query", "schema": page, "description": "Which file, from 1."},
        ],
    )
