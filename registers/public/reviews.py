"""The dashboard of reviews, and with `organisation` that organisation's review desk."""

from __future__ import annotations

import datetime
from functools import cached_property, partial
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.text import get_text_list

from registers.models import Party, Protocol
from registers.models.review_dates import ReviewStatus, months_later
from registers.public.charts import NOTHING, Number, calendar_drawn, lengths_drawn, lines_drawn
from registers.public.request_context import place
from registers.search.facets import facets_without_counts
from registers.search.index import Mask
from registers.search.organisations import LEADS_FIRST, most_urgent
from registers.search.question import DayField, tags
from registers.search.results import Results
from registers.search.reviews import (
    QueryCount,
    by_lead,
    by_month,
    by_theme,
    by_time_overdue,
    most_overdue,
    review_summary,
)

READ = ("organisation", "role", "theme")
MOST_URGENT = 10
ON_A_DESK = 50
MOST_LEADS = 10
BY_URGENCY = {"sort": "review"}
MONTHS = ("review_from", "review_to")


def index(request: HttpRequest) -> HttpResponse:
    """Show how the reviews of protocols in force stand, or what is wrong in the question (400)."""
    question = ReviewQuestion(request, today=place().on)
    organisations = question.results.values.get("organisation") or []
    context = {
        "question": question,
        "results": question.results,
        "on": question.on,
        "today": question.today,
        "organisations": organisations,
        "who": get_text_list([each.name for each in organisations], "and"),
        "choices": facets_without_counts(question.results.filters),
        "tags": tags(question.results.filters, question.query),
    }
    if not question.errors:
        context |= _answer(question)
    status = 400 if question.errors else 200
    return render(request, "reviews/dashboard.html", context, status=status)


class ReviewQuestion:
    """What the page was asked for: some of the parameters of the register, and a day."""

    def __init__(self, request: HttpRequest, *, today: datetime.date) -> None:
        self.today = today
        self.day = request.GET.get("on", "")
        wrong = {}
        try:
            self.on = DayField(label="Day", required=False).clean(self.day) or today
        except ValidationError as problem:
            self.on = today
            wrong["on"] = problem.messages[0]
        # Nothing else may shape a page that is kept by these.
        query = QueryDict(mutable=True)
        for name in READ:
            query.setlist(name, request.GET.getlist(name))
        self.results = Results(query, on=self.on)
        self._addresses: dict[tuple[tuple[str, str], ...], str] = {}
        self._path, self._register = reverse("reviews"), reverse("register")
        self.errors: dict[str, str] = self.results.errors | wrong

    def query(self, **changes: Any) -> str:
        """Return this page's own question as a query string, with some values changed."""
        return "&".join(filter(None, (self.results.query(**changes), self._day)))

    def address(self, **changes: Any) -> str:
        """Return the address of this page with some of its question changed."""
        query = self.query(**changes)
        return self._path + (f"?{query}" if query else "")

    @property
    def todays(self) -> str:
        """The address of this page as of today."""
        query = self.results.query()
        return self._path + (f"?{query}" if query else "")

    @property
    def everybodys(self) -> str:
        """The address of this page for every organisation."""
        return self.address(organisation=None, role=None)

    @property
    def suggested_organisations(self) -> list[tuple[str, str]]:
        """Names like an unknown one, each with the query string that query for it instead."""
        meant = self.results.suggested_organisations
        return [(name, "&".join(filter(None, (query, self._day)))) for name, query in meant]

    @cached_property
    def _day(self) -> str:
        """The day as a query string. Today's needs no saying, and a wrong one cannot be said."""
        return "" if self.on == self.today else urlencode({"on": self.on.isoformat()})

    @property
    def day_query(self) -> str:
        """What the addresses of protocols have behind them, to be about the same day."""
        return f"?{self._day}" if self._day else ""

    @property
    def changed_since(self) -> int:
        """How many protocols of the register were reviewed or withdrawn after the day."""
        return (
            Protocol.public.get_queryset().decided_after(self.on).count()
            if self.on < self.today
            else 0
        )

    def link(self, figure: QueryCount) -> Number:
        """Return a number with the address of its list in the register."""
        if not figure.count:
            return NOTHING
        # In a query string the months stand last. There are hundreds of links, and most
        # differ by these alone.
        rest = tuple(pair for pair in figure.query.items() if pair[0] not in MONTHS)
        if rest not in self._addresses:
            query = self.results.query(**dict(rest))
            self._addresses[rest] = escape(self._register + f"?{query}" * bool(query))
        address = self._addresses[rest]
        for name in MONTHS:
            if name in figure.query:
                address += f"{'&amp;' if '?' in address else '?'}{name}={figure.query[name]}"
        return Number(count=figure.count, href=SafeString(address))


def _answer(question: ReviewQuestion) -> dict[str, Any]:
    """Return the sentence's numbers, the pictures and the lists of a question without faults."""
    filters, on, link = question.results.filters, question.on, question.link
    index, chosen = filters.index, filters.excluding()
    now = review_summary(index, chosen, on)
    statuses = {status: link(figure) for status, figure in now.by_status.items()}
    shown = [status for status, number in statuses.items() if number.count]
    return {
        "whole": link(now.whole),
        "statuses": statuses,
        "overdue": statuses[ReviewStatus.OVERDUE],
        "due_soon": statuses[ReviewStatus.DUE_SOON],
        "in_date": statuses[ReviewStatus.IN_DATE],
        "undated": statuses[ReviewStatus.NONE],
        "changed_since": question.changed_since,
        "overdue_3_months": link(now.overdue_3_months),
        "overdue_year": link(now.overdue_year),
        "due_now": link(now.due_now),
        "soon_until": months_later(on, 3),
        "longest": now.earliest,
        "shown": shown,
        "calendar": calendar_drawn(by_month(index, chosen, on), link, on=on),
        "lengths": lengths_drawn(by_time_overdue(index, chosen, on), link),
        "lists": _lists(question, chosen),
        **_lines(question, chosen, shown),
    }


def _lines(question: ReviewQuestion, chosen: Mask, shown: list[ReviewStatus]) -> dict[str, Any]:
    """Return the pictures by theme and by lead organisation, with the statuses in `shown`."""
    index, on = question.results.filters.index, question.on
    draw = partial(lines_drawn, link=question.link, shown=shown)
    themes = by_theme(index, chosen, on)
    made: dict[str, Any] = {
        "themes": draw(themes, narrow=lambda line: question.address(theme=[line.subject])),
        "themes_most": most_overdue(themes),
    }
    # The register finds what any of some organisations leads, not what one of them
    # leads and another takes part in: there would be no list for such a number.
    role = question.results.values["role"]
    if role == Party.Role.LEAD or not (role or question.results.values["organisation"]):
        leads = by_lead(index, chosen, on, most=MOST_LEADS)
        made |= {
            "leads": draw(
                leads.lines, narrow=lambda line: question.address(organisation=[line.subject])
            ),
            "leads_most": most_overdue(leads.lines),
            "other_leads": leads,
        }
    return made


def _lists(question: ReviewQuestion, chosen: Mask) -> list[dict[str, Any]]:
    """Return what must be done first: on a desk by the part that its organisation has."""
    filters, values = question.results.filters, question.results.values
    if not values["organisation"]:
        parts, most = {"": chosen}, MOST_URGENT
    else:
        roles = [values["role"]] if values["role"] else LEADS_FIRST
        parts, most = {role: filters.mask_with_role(role) for role in roles}, ON_A_DESK
    found = most_urgent(filters.index, *parts.values(), most=most)
    return [
        {
            "role": role,
            "rows": urgent.rows,
            "number": question.link(QueryCount(count=urgent.count, query=BY_URGENCY | _part(role))),
            "query": question.results.query(**_part(role)),
        }
        for role, urgent in zip(parts, found, strict=True)
    ]


def _part(role: str) -> dict[str, str]:
    return {"role": role} if role else {}
