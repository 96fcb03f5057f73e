"""Protocols: the register itself, and the page of each."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.core.exceptions import BadRequest, ValidationError
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from registers.history.as_of import ProtocolAsOf, as_of
from registers.history.diff import describe
from registers.history.index_as_of import index_as_of
from registers.models import Gap, News, Overarching, Protocol
from registers.models.abbreviations import abbreviations_in
from registers.models.addresses import address
from registers.models.references import as_written, keys_of
from registers.models.review_dates import ReviewStatus
from registers.public.places import add_places
from registers.public.request_context import paginate
from registers.public.two_boxes import two_boxes
from registers.search.fields import DayField
from registers.search.findings import open_questions
from registers.search.index import current_index
from registers.search.organisations import number_named
from registers.search.query_string import with_query
from registers.search.reference_log import gap_of
from registers.search.results import Results

CHANGES_PER_PAGE = 50
Response = TypeVar("Response", bound=HttpResponseBase)


def register(request: HttpRequest) -> HttpResponse:
    """Show the protocols that the query string asks for, or what is wrong in it (status 400)."""
    results = Results(request.GET, on=timezone.localdate(), relaxed=True, past=index_as_of)
    if not results.errors and not results.page_exists:
        raise Http404
    at_home = is_home(results)
    context = {
        "results": results,
        "on": results.on,
        "level": 3 if at_home else 2,  # of the headings of groups, below the count's
        "home": home(results) if at_home else None,
    }
    return render(request, "protocols/list.html", context, status=400 if results.errors else 200)


def is_home(results: Results) -> bool:
    """Return whether the page is the home page: the first of all that is in force today."""
    return not results.errors and not results.tags and results.page_number == 1


def home(results: Results) -> dict[str, Any]:
    """Return what the home page has besides its list: figures of today, boxes, the latest news."""
    today, index = results.on, results.filters.index
    current = index.in_status(Protocol.Status.PUBLISHED)
    overdue = current & index.with_review_status([ReviewStatus.OVERDUE], today)
    return {
        "organisations": number_named(index),
        "overdue": int(overdue.sum()),
        "latest": News.objects.published(today).first(),
        "two_boxes": two_boxes(),
    }


def detail(request: HttpRequest, reference: str) -> HttpResponse:
    """Show one protocol.

    For a reference without a public protocol, say what became of it: with status 410
    if its protocol ended before this register began, and else 404.

    With `on` in the query string, show the state of that day, marked as such; on a
    future day, today's state with the review status of that day. Raises BadRequest
    if `on` is not a date.
    """
    today = timezone.localdate()
    try:
        on = DayField(label="On", required=False).clean(request.GET.get("on", "")) or today
    except ValidationError as problem:
        raise BadRequest(problem.messages[0]) from problem
    protocol = (
        Protocol.public.get_queryset()
        .select_related("theme", "replaced_by")
        .with_parties()
        .filter(reference=reference)
        .first()
    )
    if protocol is None:
        return _unknown(request, reference)
    past = as_of(protocol, on) if on < today else None
    context: dict[str, Any] = {"on": on, "today": today, "then": past, "protocol_today": protocol}
    if past and past.absent:
        return render(request, "protocols/absent.html", context)
    context |= _related(protocol)
    context |= _of_then(past) if past else _of_today(protocol, on)
    add_places(context["protocol"], on)
    reviews = context["reviews"]
    by_then = [review for review in reviews if review.reviewed_on <= on]
    shown: Protocol = context["protocol"]
    context |= {
        "abbreviations": abbreviations_in(shown.all_words),
        "reviews": by_then,
        "confirmed": next((review for review in by_then[:1] if review.is_needed), None),
        # They moved the date that a status on that day would have to be judged by.
        "later": [review for review in reviews if review.reviewed_on > on],
    }
    return render(request, "protocols/detail.html", context)


def stored_reference(written: str) -> str | None:
    """Return the reference of the public protocol that is meant, in any spelling, as stored."""
    keys = keys_of(written)
    found = dict(
        Protocol.public.filter(reference_key__in=keys).values_list("reference_key", "reference")
    )
    return next((found[key] for key in keys if key in found), None)


def any_spelling(view: Callable[..., Response]) -> Callable[..., Response | HttpResponse]:
    """Let a view of a protocol lead on (301) to the reference as it is stored, where it is not."""

    @wraps(view)
    def find(request: HttpRequest, reference: str, **parts: Any) -> Response | HttpResponse:
        try:
            return view(request, reference, **parts)
        except Http404:
            stored = stored_reference(reference)
            if stored in {None, reference} or request.resolver_match is None:
                raise
            name = request.resolver_match.view_name
            path = reverse(name, kwargs={"reference": stored, **parts})
            return redirect(with_query(path, request.GET.urlencode()), permanent=True)

    return find


def _of_today(protocol: Protocol, on: datetime.date) -> dict[str, Any]:
    """Return what the page shows of a protocol as it stands, on the day `on`."""
    newer = protocol.replaced_by
    return {
        "protocol": protocol,
        "reviews": list(protocol.reviews.select_related("replaced_by", "answer")),
        "documents": protocol.documents.listed(),
        "open_questions": open_questions(protocol, current_index(), on),
        "replaced_by": [newer] if newer and newer.status != Protocol.Status.DRAFT else [],
    }


def _related(protocol: Protocol) -> dict[str, Any]:
    """Return the public protocols that it replaces, comes under and covers today: one query."""
    above = Overarching.objects.filter(protocol=protocol, overarching=OuterRef("pk"))
    below = Overarching.objects.filter(overarching=protocol, protocol=OuterRef("pk"))
    related = Protocol.public.get_queryset().annotate(above=Exists(above), below=Exists(below))
    # Looked up by keys, for which each table has an index: not by the conditions above.
    keys = (
        Overarching.objects.filter(protocol=protocol).order_by().values("overarching"),
        Overarching.objects.filter(overarching=protocol).order_by().values("protocol"),
        Protocol.objects.filter(replaced_by=protocol).order_by().values("pk"),
    )
    near: list[Any] = list(related.filter(pk__in=keys[0].union(*keys[1:])))
    return {
        "replaces": [each for each in near if each.replaced_by_id == protocol.pk],
        "comes_under": [each for each in near if each.above],
        "covers": [each for each in near if each.below],
    }


def _of_then(past: ProtocolAsOf) -> dict[str, Any]:
    """Return the same of a protocol as it stood."""
    return {
        "protocol": past.protocol,
        "reviews": past.reviews,
        "documents": past.documents,
        "replaced_by": past.replaced_by,
        "comes_under": past.comes_under,
    }


def _unknown(request: HttpRequest, reference: str) -> HttpResponse:
    """Say what became of a reference without a public protocol, or redirect to its usual form."""
    stored, gap = usual_spelling(reference)
    if stored != reference:
        whole = address("protocol", stored)
        return redirect(with_query(whole, request.GET.urlencode()), permanent=True)
    ended = gap is not None and gap.fate == Gap.Fate.WITHDRAWN
    context = {"reference": reference, "gap": gap}
    return render(request, "protocols/not_found.html", context, status=410 if ended else 404)


def usual_spelling(reference: str) -> tuple[str, Gap | None]:
    """Return how a reference that no public protocol has in this spelling is usually written.

    That is as a public protocol or the reference log has it; also what the log says of it.
    """
    gap = gap_of(reference)
    return stored_reference(reference) or (gap.pk if gap else as_written(reference)), gap


@any_spelling
def changes(request: HttpRequest, reference: str) -> HttpResponse:
    """Show the changes of one protocol, the newest first; corrections of typing are folded."""
    protocol = get_object_or_404(Protocol.public.get_queryset(), reference=reference)
    page = paginate(request, protocol.changes.all(), length=CHANGES_PER_PAGE, extra=1)
    today = timezone.localdate()
    last = {timezone.localdate(each.made_at): each.pk for each in reversed(page.items)}
    context = {
        "protocol": protocol,
        "page": page,
        "descriptions": describe(Protocol, page.items, most=CHANGES_PER_PAGE),
        "last_of_days": {key for day, key in last.items() if day < today},
    }
    return render(request, "protocols/changes.html", context)
