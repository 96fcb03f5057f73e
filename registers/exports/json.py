"""JSON: one page of results, with the address of the next."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from registers.exports.columns import COLUMNS, ExportContext
from registers.exports.facts import Facts, named, party_facts, protocol_facts
from registers.history.as_of import end_of
from registers.models import Party, Protocol
from registers.search.query_string import with_query
from registers.search.results import Results

CONTENT_TYPE = "application/json"
PATH = "/protocols.json"


def write(results: Results, context: ExportContext) -> Iterator[bytes]:
    """Yield `{"count", "next", "previous", "results"}` in UTF-8, a protocol at a time.

    A value that is not recorded is null.
    """
    pages = links(results, context)
    head = {"count": results.count, "next": pages["next"], "previous": pages["prev"]}
    context = replace(context, through=results.through)
    yield _text(head)[:-1].encode() + b', "results": ['
    protocols = results.page_protocols
    facts = protocol_facts(
        protocols, context, until=end_of(results.on) if results.is_past else None
    )
    for index, protocol in enumerate(protocols):
        whole = record(protocol, context) | facts(protocol)
        yield (b", " if index else b"") + _text(whole).encode()
    yield b"]}"


def record(protocol: Protocol, context: ExportContext) -> dict[str, Any]:
    """Return one protocol by the published columns, with its theme and parties as objects."""
    written = {column.name: column.value(protocol, context) for column in COLUMNS}
    objects = {name: make(protocol) for name, make in OBJECTS.items()}
    return written | objects | {"through": _through(protocol, context)}


def _through(protocol: Protocol, context: ExportContext) -> list[dict[str, Any]] | None:
    """Return how it binds the organisations that were asked for, None where none was."""
    through = context.through(protocol)
    if through is None:
        return None
    return [
        named(each.source) | {"words": each.words, "undecided": each.undecided} for each in through
    ]


LEAD = ("name", "slug", "name_as_published")
PARTNER = (*LEAD, "note", "signed")
OBJECTS: dict[str, Callable[[Protocol], Any]] = {
    "theme": lambda protocol: named(protocol.theme),
    "lead_organisation": lambda protocol: protocol.lead and _party(protocol.lead, LEAD),
    "other_organisations": lambda protocol: [_party(each, PARTNER) for each in protocol.partners],
}


def _party(party: Party, names: Sequence[str]) -> Facts:
    facts = party_facts(party)
    return {name: facts[name] for name in names}


def links(results: Results, context: ExportContext) -> dict[str, str | None]:
    """Return the absolute URLs of the pages around this one."""
    url = f"{context.site}{PATH}"
    return page_links(url, results.query, number=results.page_number, count=results.page_count)


def page_links(
    url: str, query: Callable[..., str], *, number: int, count: int
) -> dict[str, str | None]:
    """Return the URLs of the pages around page `number` of `count`, the most useful first.

    None where there is no such page. `query` returns the query string of the page `page`.
    """
    pages = {"next": number + 1, "prev": number - 1, "first": 1, "last": count}
    return {
        name: with_query(url, query(page=page)) if 1 <= page <= count else None
        for name, page in pages.items()
    }


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
