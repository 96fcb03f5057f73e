"""Organisations: A to Z by any name, the page of each, and the members of a group."""

from __future__ import annotations

import datetime
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from registers.models import Membership, Name, Organisation, Slug, Succession
from registers.models.abbreviations import abbreviations_in
from registers.public.picture import picture_around
from registers.public.request_context import paginate
from registers.search.binding import ANY, OWN
from registers.search.index import Index, current_index
from registers.search.links import Links
from registers.search.organisations import (
    ANOTHER,
    counts_by_role,
    named_with,
    number_named,
    official_names,
    protocols_of,
)
from registers.search.query_string import with_query
from registers.search.rows import Row

NAMES_PER_PAGE = 200
PROTOCOLS_PER_PAGE = 50
MAX_SHARING = 60  # organisations that it is named with: more are in the table of pairs
FIRST_SHARING = 8  # of them, and the rest folded
MAX_MEMBERS = 20  # of a group, on its own page
MEMBERS_PER_PAGE = 200
KINDS = Name.Kind.values


def index(request: HttpRequest) -> HttpResponse:
    """Show every name of every organisation in alphabetical order, or those of one letter."""
    letter = letter_of(request)
    names = Name.objects.filter(key__startswith=letter).select_related("organisation")
    page = paginate(request, names.order_by("key"), length=NAMES_PER_PAGE)
    counts = counts_by_role(current_index(), on=timezone.localdate())
    for name in page.items:
        name.protocol_count = counts(name.organisation_id).protocols
    context = {
        "page": page,
        "letters": Name.objects.initials(),
        "letter": letter.upper(),
        "count": official_names(letter).count(),
        "named": None if letter else number_named(current_index()),
    }
    return render(request, "organisations/list.html", context)


def letter_of(request: HttpRequest) -> str:
    """Return the first letter of names to show, in lower case, or ''. Raises BadRequest."""
    letter = request.GET.get("letter", "")
    # Checked before lower(), which makes two characters of İ.
    if letter and not (len(letter) == 1 and letter.isalnum()):
        raise BadRequest("Letter: enter one letter or digit.")
    return letter.lower()


def detail(request: HttpRequest, slug: str) -> HttpResponse:
    """Show one organisation: its names, its protocols, and whom it is named with.

    A slug of any other name redirects to the current one. `with` in the query string
    is any name of another organisation, and redirects to what the two are named in.
    """
    organisation = organisation_at(slug)
    if request.GET.get("with", "").strip():
        query = urlencode({"one": organisation.slug, "other": request.GET["with"].strip()})
        return redirect(f"{reverse('sharing-ask')}?{query}")
    if organisation.slug != slug:
        address = organisation.get_absolute_url()
        return redirect(with_query(address, request.GET.urlencode()), permanent=True)
    index, on = current_index(), timezone.localdate()
    through = through_of(request)
    protocols = protocols_of(index, organisation, on=on, through=through)
    page = paginate(request, range(len(protocols.found)), length=PROTOCOLS_PER_PAGE)
    first = (page.page_number - 1) * PROTOCOLS_PER_PAGE
    names = sorted(organisation.names.all(), key=lambda name: KINDS.index(name.kind))
    sharing = named_with(index, organisation, on=on, most=MAX_SHARING)
    rows = protocols.rows(first, first + PROTOCOLS_PER_PAGE)
    context = {
        "organisation": organisation,
        "names": names,
        "short_name": short_name(names),
        "identifiers": organisation.identifiers.all(),
        "approvers": organisation.approvers.all(),
        "protocols": protocols,
        "through": through,
        "page": page,
        "rows": rows,
        "abbreviations": abbreviations_in(words_shown(rows)),
        "sharing": sharing,
        "picture": picture_around(index, organisation),
        "others": [sharing.organisations[:FIRST_SHARING], sharing.organisations[FIRST_SHARING:]],
        "on": on,
        **successions_of(organisation, on),
        **groups_of(index, organisation, on),
    }
    return render(request, "organisations/detail.html", context)


def words_shown(rows: list[Row]) -> str:
    """Return the titles and purposes that the rows of a list show."""
    found = [row.listed for row in rows if row.listed]
    return "\n".join(text for each in found for text in (each.title, each.purpose))


def short_name(names: list[Name]) -> str:
    """Return the first acronym of an organisation, or its official name, which is the first."""
    return next((name.text for name in names if name.kind == Name.Kind.ACRONYM), names[0].text)


def through_of(request: HttpRequest) -> str:
    """Return which of the protocols that bind an organisation are listed. Raises BadRequest."""
    through = request.GET.get("through", "") or ANY
    if through not in {ANY, OWN, ANOTHER}:
        raise BadRequest(f"Through: enter one of {ANY}, {OWN} and {ANOTHER}.")
    return through


def successions_of(organisation: Organisation, on: datetime.date) -> dict[str, Any]:
    """Return who took its place and whose place it took, and the same of days after `on`."""
    successions = successions_with_parts().filter(
        Q(organisation=organisation) | Q(successor=organisation)
    )
    past: list[Succession] = []
    to_come: list[Succession] = []
    for each in successions:
        days = to_come if each.happened_on and each.happened_on > on else past
        days.append(each)
    return {
        "became": ending([each for each in past if each.organisation_id == organisation.pk]),
        "becomes": ending([each for each in to_come if each.organisation_id == organisation.pk]),
        "came_from": [each for each in past if each.successor_id == organisation.pk],
        "comes_from": [each for each in to_come if each.successor_id == organisation.pk],
    }


def standing_in_place(
    links: Links, organisation: Organisation, on: datetime.date
) -> list[Organisation]:
    """Return who stands in the place of a body that ended, at the end of any chain, by name.

    Empty while the body itself stands; one query else. Of one protocol it can be fewer.
    """
    keys = links.in_place_of(organisation.pk, "", on) - {organisation.pk}
    return list(Organisation.objects.filter(pk__in=keys).order_by("name")) if keys else []


def successions_with_parts() -> QuerySet[Succession]:
    """Return successions with both organisations, and as `parts` how many took the same place."""
    both = Succession.objects.select_related("organisation", "successor")
    counted: QuerySet[Succession] = both.annotate(parts=Count("organisation__successions"))
    return counted


def ending(successions: list[Succession]) -> dict[str, Any]:
    """Return the successors of an organisation, and their day if it is the same for all."""
    days = {each.happened_on for each in successions}
    same = days.pop() if len(days) == 1 else None
    return {"successions": successions, "day": same} if successions else {}


def groups_of(index: Index, organisation: Organisation, on: datetime.date) -> dict[str, Any]:
    """Return the groups that it belongs to on a day, will and did; and its own first members.

    The members are those of a group on that day. A body that ended belongs to none.
    """
    context: dict[str, Any] = {"memberships": [], "to_join": [], "left": []}
    if index.links.has_memberships(organisation.pk):  # spares most a query
        has_ended = index.links.has_ended(organisation.pk, on)
        belongs = Membership.objects.filter(member=organisation).select_related("group")
        for each in belongs.order_by("group__name", "from_day"):
            is_past = has_ended or (each.to_day and each.to_day < on)
            is_to_come = each.from_day and each.from_day > on
            name = "left" if is_past else "to_join" if is_to_come else "memberships"
            context[name].append(each)
    if organisation.kind == Organisation.Kind.GROUP:
        members = Membership.objects.filter(group=organisation).on(on)
        context["members"] = list(
            members.select_related("member").order_by("member__name")[:MAX_MEMBERS]
        )
        context["member_count"] = members.values("member").distinct().count()
        whole = Membership.objects.filter(group=organisation).count()
        context["has_other_members"] = whole > context["member_count"]
    return context


def members(request: HttpRequest, slug: str) -> HttpResponse:
    """Show every member of a group, also those that were or will be members."""
    group = organisation_at(slug)
    if group.kind != Organisation.Kind.GROUP:
        raise Http404
    if group.slug != slug:
        address = reverse("organisation-members", args=[group.slug])
        return redirect(with_query(address, request.GET.urlencode()), permanent=True)
    belongs = Membership.objects.filter(group=group)
    ordered = belongs.select_related("member").order_by("member__name", "from_day")
    context = {
        "organisation": group,
        "page": paginate(request, ordered, length=MEMBERS_PER_PAGE),
        "count": belongs.on(timezone.localdate()).values("member").distinct().count(),
    }
    return render(request, "organisations/members.html", context)


def organisation_at(slug: str) -> Organisation:
    """Return the organisation with a present or past slug. Raises Http404."""
    slugs = Slug.objects.select_related("organisation")
    return get_object_or_404(slugs, text=slug.lower()).organisation
