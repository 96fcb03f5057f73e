"""Which page a request asks for: one address for all the ways to write the same question."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlencode

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.core.handlers.wsgi import get_path_info
from django.http import QueryDict
from django.urls import Resolver404, resolve

from registers.public.cors import is_data_route
from registers.public.urls import CACHE_PARAMS, STREAMED_NAMES
from registers.search.question import MultipleField, ProtocolFilter

# Longer ones are rare, and none is worth its place.
LONGEST = 1_000
REPEATED = {
    name
    for name, asked in ProtocolFilter.base_filters.items()
    if issubclass(asked.field_class, MultipleField)
}


class Address(NamedTuple):
    """The path as WSGI has it, and the query string in its canonical form.

    `streamed`: it is sent while it is made. `open`: programs of any origin may read it.
    """

    path: str
    query: str
    streamed: bool
    open: bool = False


def address_of(path: str, query: str) -> Address | None:
    """Return the address of the public page that WSGI's `path` and `query` lead to.

    None for what is not kept, and for what cannot be read: Django has the answer.
    """
    try:
        match = resolve(get_path_info({"PATH_INFO": path}))
        name = match.view_name
        known = CACHE_PARAMS.get(name)
        asked = QueryDict(query.encode("iso-8859-1")) if known is not None else None
    except (Resolver404, BadRequest, SuspiciousOperation, ValueError):
        return None
    if known is None or asked is None:
        return None
    address = Address(
        path, canonical(asked, known), name in STREAMED_NAMES, open=is_data_route(match)
    )
    return address if len(address.path) + len(address.query) <= LONGEST else None


def canonical(asked: QueryDict, known: tuple[str, ...]) -> str:
    """Return the query string with only the parameters in `known`, in that order.

    Those that can be repeated have each value once, sorted; the others have the
    last, which is the one that is read. Empty ones are as if absent.
    """
    pairs = []
    for name in known:
        values = asked.getlist(name)
        kept = sorted(set(values)) if name in REPEATED else values[-1:]
        pairs += [(name, value) for value in kept if value]
    return urlencode(pairs)
