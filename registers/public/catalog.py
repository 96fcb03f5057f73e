"""The register as data sets, for catalogues of data: DCAT 3 in JSON-LD."""

from __future__ import annotations

from typing import Any

from django.db.models import Max
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse

from registers.exports.columns import ExportContext
from registers.exports.facts import time
from registers.models import Change
from registers.public.exports import FORMATS, ORGANISATION_FORMATS, link_header
from registers.public.request_context import export_context

CONTENT_TYPE = "application/ld+json"
# Said here, so that nobody has to fetch it.
CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
LANGUAGE = "http://publications.europa.eu/resource/authority/language/ENG"
FREQUENCY = "http://publications.europa.eu/resource/authority/frequency/IRREG"
MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
EVERYTHING = "?status=all"
TITLES = {
    "csv": "Table (CSV)",
    "xlsx": "Workbook (XLSX)",
    "ods": "Workbook (ODS)",
    "json": "Pages of JSON",
    "ics": "Calendar of reviews (iCalendar)",
    "atom": "Feed of changes (Atom)",
}
# The types that are sent.
MEDIA = {name: each.CONTENT_TYPE.partition(";")[0] for name, each in FORMATS.items()}

Node = dict[str, Any]


def catalog(request: HttpRequest) -> HttpResponse:
    """Send it."""
    context = export_context()
    return JsonResponse(
        document(context),
        content_type=CONTENT_TYPE,
        json_dumps_params={"ensure_ascii": False},
        headers={"Link": link_header(context)},
    )


def document(context: ExportContext) -> Node:
    """Return the catalogue of the register at this place."""
    datasets = [
        _dataset(
            context,
            "protocols",
            title=context.register,
            words="Information sharing protocols, in force and withdrawn: which organisations each"
            " names, and what it is for.",
            keywords=["information sharing", "data sharing agreements", "personal data"],
            files={name: f"/protocols.{name}{EVERYTHING}" for name in FORMATS},
        ),
        _dataset(
            context,
            "organisations",
            title="Organisations",
            words="The organisations of the register with their names, identifiers and numbers of"
            " protocols.",
            keywords=["organisations", "public sector"],
            files={name: f"/organisations.{name}" for name in ORGANISATION_FORMATS},
        ),
        _dataset(
            context,
            "sharing",
            title="Who is named with whom",
            words="Which organisations are named together in protocols in force, with numbers.",
            keywords=["information sharing", "organisations"],
            files={name: f"/sharing.{name}" for name in ("csv", "json")},
        ),
    ]
    return {
        "@context": CONTEXT,
        "@id": f"{context.site}{reverse('catalog')}",
        "@type": "dcat:Catalog",
        "dct:title": _text(f"{context.publisher}: {context.register}"),
        "dct:description": _text("The register as data, for everybody to read."),
        **_common(context),
        "foaf:homepage": {"@id": f"{context.site}{reverse('register')}"},
        "dcat:dataset": datasets,
        "dcat:service": {
            "@id": f"{context.site}{reverse('openapi')}#service",
            "@type": "dcat:DataService",
            "dct:title": _text("The register, for programs"),
            "dcat:endpointURL": {"@id": f"{context.site}/"},
            "dcat:endpointDescription": {"@id": f"{context.site}{reverse('openapi')}"},
            "dcat:servesDataset": [{"@id": each["@id"]} for each in datasets],
        },
    }


def _dataset(
    context: ExportContext,
    name: str,
    *,
    title: str,
    words: str,
    keywords: list[str],
    files: dict[str, str],
) -> Node:
    address = f"{context.site}{reverse('catalog')}#{name}"
    return {
        "@id": address,
        "@type": "dcat:Dataset",
        "dct:identifier": address,
        "dct:title": _text(title),
        "dct:description": _text(words),
        **_common(context),
        "dct:accrualPeriodicity": {"@id": FREQUENCY},
        "dcat:keyword": [_text(each) for each in keywords],
        "dcat:landingPage": {"@id": f"{context.site}{reverse('about-data')}"},
        "dcat:distribution": [
            {
                "@id": f"{address}-{extension}",
                "@type": "dcat:Distribution",
                "dct:title": _text(TITLES[extension]),
                "dcat:accessURL": {"@id": f"{context.site}{path}"},
                "dcat:downloadURL": {"@id": f"{context.site}{path}"},
                "dcat:mediaType": {"@id": f"{MEDIA_TYPES}{MEDIA[extension]}"},
            }
            for extension, path in files.items()
        ],
    }


def _common(context: ExportContext) -> Node:
    """Return what the catalogue and each data set say alike."""
    modified = time(Change.objects.public().aggregate(last=Max("made_at"))["last"])
    known = {"dct:modified": {"@value": modified, "@type": "xsd:dateTime"}} if modified else {}
    return known | {
        "dct:language": {"@id": LANGUAGE},
        "dct:publisher": {
            "@id": f"{context.site}/#publisher",
            "@type": "foaf:Organization",
            "foaf:name": context.publisher,
        },
        "dcat:contactPoint": {
            "@id": f"{context.site}/#contact",
            "@type": "vcard:Organization",
            "vcard:fn": context.publisher,
            **({"vcard:hasEmail": {"@id": f"mailto:{context.email}"}} if context.email else {}),
        },
    }


def _text(words: str) -> Node:
    return {"@value": words, "@language": "en"}
