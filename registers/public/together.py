"""What two organisations are named in together: the answer first, then the protocols."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from registers.models import Organisation, Party, Protocol
from registers.public.organisations import organisation_at
from registers.public.request_context import paginate
from registers.public.two_boxes import two_boxes
from registers.search.binding import UNDECIDED, Through
from registers.search.index import current_index
from registers.search.organisations import Together, named_together
from registers.search.query_string import with_query

PROTOCOLS_PER_PAGE = 50
MOST_ALIKE = 50  # protocols that bind both and do not count


@dataclass(frozen=True, kw_only=True)
class NamedIn:
    """One protocol that names both: their parts in it, and how it binds them."""

    protocol: Protocol
    parts: list[Party]
    through: list[Through]

    @property
    def leads_among_parts(self) -> bool:
        """Whether the parts that are shown say who leads."""
        return any(each.role == Party.Role.LEAD for each in self.parts)

    @property
    def others(self) -> int:
        """The number of other organisations in it, without the lead."""
        shown = {each.organisation_id for each in self.parts}
        return len({each.organisation_id for each in self.protocol.partners} - shown)


@dataclass(frozen=True, kw_only=True)
class BoundAlike:
    """One protocol that binds both and does not count, in words.

    `through_one`: through the same other party, which the words name.
    """

    protocol: Protocol
    words: str
    through_one: bool


def page(request: HttpRequest, one: str, other: str) -> HttpResponse:
    """Show what two organisations are named in together, at one address for each pair."""
    organisation, second = organisation_at(one), organisation_at(other)
    if organisation == second:
        return redirect(organisation)
    first, last = sorted([organisation, second], key=lambda either: either.slug)
    if (first.slug, last.slug) != (one, other):
        path = reverse("together", args=[first.slug, last.slug])
        return redirect(with_query(path, request.GET.urlencode()), permanent=True)
    index, on = current_index(), timezone.localdate()
    together = named_together(index, first, last, on=on)
    shown = paginate(request, together.protocols, length=PROTOCOLS_PER_PAGE)
    rows = [named_in(together, each, first, last) for each in shown.items]
    context = two_boxes(one=first.name, other=last.name) | {
        "first": first,
        "last": last,
        "pair": list(zip((first, last), together.bound, strict=True)),
        "page": shown,
        "rows": rows,
        "names_both": not any(row.through for row in rows),
        "together": together,
        "leads": [
            (each, number)
            for each, number in zip((first, last), together.leads, strict=True)
            if number
        ],
        "alike": list(bound_alike(together, first, last)),
        "query": urlencode({"organisation": first.slug, "with": last.slug}),
        "on": on,
    }
    return render(request, "organisations/together.html", context)


def named_in(
    together: Together, protocol: Protocol, first: Organisation, last: Organisation
) -> NamedIn:
    """Return the row of a protocol. Nothing is said of how it binds them if it names both."""
    both = {first.pk, last.pk}
    through = together.explanation.of(protocol)
    named = [each for each in protocol.all_parties if each.organisation_id in both]
    others = {each.source.pk for each in through} - both
    parts = [each for each in protocol.all_parties if each.organisation_id in both | others]
    plain = {each.organisation_id for each in named} == both
    return NamedIn(protocol=protocol, parts=parts, through=[] if plain else through)


def bound_alike(
    together: Together, first: Organisation, last: Organisation
) -> Iterator[BoundAlike]:
    """Yield what binds both and does not count, with the words that say through what."""
    for protocol in together.bound_alike[:MOST_ALIKE]:
        through = together.explanation.of(protocol)
        sources = {each.source.pk: each.source for each in through}
        through_one = len(sources) == 1 and not sources.keys() & {first.pk, last.pk}
        if through_one:
            words = f"through {sources.popitem()[1]}"
            if any(each.undecided for each in through):
                words += f" ({UNDECIDED})"
        else:
            words = "; ".join(each.words for each in through)
        yield BoundAlike(protocol=protocol, words=words, through_one=through_one)
