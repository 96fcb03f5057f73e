"""What two organisations are named in together: the answer first, then the protocols."""

from __future__ import annotations

from collections import Counter
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
MOST_OTHERS = 2  # partners of a protocol that are listed beside the two, and not counted
MOST_ALIKE = 50  # protocols that bind both and do not count


@dataclass(frozen=True, kw_only=True)
class NamedIn:
    """One protocol that names both, and how it binds them.

    `shown` are the ids of the two, and of those through whom it binds them. `partners` are
    these and, where they are few, the other partners; `others` is the number of the rest.
    """

    protocol: Protocol
    shown: set[int]
    partners: list[Party]
    others: int
    through: list[Through]


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
        "leads": who_leads(together, rows, first, last),
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
    shown = both | {each.source.pk for each in through}
    partners = sorted(protocol.partners, key=lambda each: each.organisation_id not in shown)
    ours = [each for each in partners if each.organisation_id in shown]
    others = {each.organisation_id for each in partners} - shown
    if len(others) <= MOST_OTHERS:
        ours, others = partners, set()
    plain = {each.organisation_id for each in protocol.all_parties} >= both
    return NamedIn(
        protocol=protocol,
        shown=shown,
        partners=ours,
        others=len(others),
        through=[] if plain else through,
    )


def who_leads(
    together: Together, rows: list[NamedIn], first: Organisation, last: Organisation
) -> list[tuple[str, int]]:
    """Return who leads how many of those in force: the two, and others if all have a row."""
    two = zip((first, last), together.leads, strict=True)
    leads = [(each.name, number) for each, number in two if number]
    current = [row for row in rows if row.protocol.status == Protocol.Status.PUBLISHED]
    if len(current) == together.current:
        others = Counter(
            row.protocol.lead.organisation.name
            for row in current
            if row.protocol.lead and not is_led_for(row, {first.pk, last.pk})
        )
        leads += others.most_common()
    return leads


def is_led_for(row: NamedIn, both: set[int]) -> bool:
    """Return whether one of both leads it, itself or in the place of the lead."""
    lead = row.protocol.lead
    in_place = {
        each.source.pk
        for each in row.through
        if not each.undecided and each.source.kind != Organisation.Kind.GROUP
    }
    return bool(lead and lead.organisation_id in both | in_place)


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
