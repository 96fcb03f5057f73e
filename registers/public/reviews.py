"""The review dashboard, of all protocols or with `organisation` of that organisation.

With `on` it is that of a past day, as recorded then. Of a day before the register began,
and of a day to come, nothing is recorded: today's records are judged on it, which is said.
Successions and members are always those of the day, as they are known today.
"""

from __future__ import annotations

import datetime
from collections import Counter
from functools import cached_property, partial
from typing import Any, cast
from urllib.parse import urlencode

import numpy as np
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.text import get_text_list

from registers.health.rules import RULES
from registers.history.as_of import register_began
from registers.history.index_as_of import index_as_of
from registers.models import Organisation, Party, Protocol
from registers.models.review_dates import ReviewStatus, last_month_due_soon
from registers.public.charts import (
    NO_COUNT,
    LinkedCount,
    breakdown_chart,
    calendar_chart,
    overdue_chart,
    review_lines,
)
from registers.public.organisations import standing_in_place, successions_of
from registers.search.binding import Explanation, bindings_of, bound
from registers.search.facets import facets_without_counts
from registers.search.fields import DayField
from registers.search.findings import found_by
from registers.search.index import Mask
from registers.search.organisations import LEADS_FIRST, most_urgent
from registers.search.query_string import tags, with_query
from registers.search.results import Results
from registers.search.review_breakdowns import by_lead, by_theme, most_overdue
from registers.search.reviews import (
    QueryCount,
    by_month,
    by_time_overdue,
    grace,
    review_summary,
)
from registers.search.rows import Row
from weisf.partnership import in_months

CACHED_PARAMS = ("organisation", "role", "theme")
MAX_URGENT = 10
MAX_OF_A_DESK = 50
MAX_LEADS = 10
MAX_NAMED_LEADS = 3  # in the sentence of a desk
BY_URGENCY = {"sort": "review"}
MONTHS = ("review_from", "review_to")


def index(request: HttpRequest) -> HttpResponse:
    """Show the review dashboard of protocols in force, or what is invalid in the query (400)."""
    question = ReviewQuestion(request, today=timezone.localdate())
    organisations = question.results.values.get("organisation") or []
    chosen = tags(question.results.filters, question.query)
    context = {
        "question": question,
        "results": question.results,
        "on": question.on,
        "today": question.today,
        "organisations": organisations,
        "ended": ended(question, organisations),
        "who": get_text_list([each.name for each in organisations], "and"),
        "choices": facets_without_counts(question.results.filters),
        "tags": chosen,
        "is_filtered": any(each.name not in {"Organisation", "Day"} for each in chosen),
        # The heading names the organisation of a desk.
        "shown_tags": [
            each for each in chosen if len(organisations) != 1 or each.name != "Organisation"
        ],
    }
    if not question.errors:
        context |= _numbers_and_charts(question)
    status = 400 if question.errors else 200
    return render(request, "reviews/dashboard.html", context, status=status)


def ended(question: ReviewQuestion, organisations: list[Organisation]) -> list[dict[str, Any]]:
    """Return those whose places were taken by the day of the desk, or will be, and by whom.

    `in_place` are those that stand in the place on that day: the last of a chain.
    """
    links = question.results.filters.index.links
    return [
        {
            "organisation": each,
            "in_place": standing_in_place(links, each, question.on),
            **successions_of(each, question.on),
        }
        for each in organisations
        if each.pk in links.successors  # spares most a query
    ]


class ReviewQuestion:
    """What the page was asked for: some of the parameters of the register, and a day."""

    def __init__(self, request: HttpRequest, *, today: datetime.date) -> None:
        self.today = today
        self.day = request.GET.get("on", "")
        errors = {}
        try:
            self.on = DayField(label="Day", required=False).clean(self.day) or today
        except ValidationError as problem:
            self.on = today
            errors["on"] = problem.messages[0]
        self.began = register_began() if self.on < today else None
        # No other parameter may change a page that is cached by these.
        query = QueryDict(mutable=True)
        for name in CACHED_PARAMS:
            query.setlist(name, request.GET.getlist(name))
        if self.began and self.began <= self.on:
            query["on"] = self.on.isoformat()
            self.results = Results(query, on=today, past=index_as_of)
        else:
            # Of another day nothing is recorded: today's records are judged on it.
            self.results = Results(query, on=self.on)
        self._urls: dict[tuple[tuple[str, str], ...], str] = {}
        self._path, self._register = reverse("reviews"), reverse("register")
        self.errors: dict[str, str] = self.results.errors | errors

    @property
    def is_as_recorded(self) -> bool:
        """Whether the figures are of the register as it was recorded on a past day."""
        return self.results.is_past

    @cached_property
    def has_lists(self) -> bool:
        """Whether the register lists what is counted here for the organisations asked for."""
        return self.is_listed(self.results.values["organisation"])

    def is_listed(self, organisations: list[Organisation]) -> bool:
        """Return whether the lists of organisations hold the same on this page's day.

        Where nothing is recorded of the day, the register's lists are of today.
        """
        if self.on == self.today or self.is_as_recorded or not organisations:
            return True
        index = self.results.filters.index
        then, now = (bindings_of(index, organisations, on=day) for day in (self.on, self.today))
        return all(
            np.array_equal(bound(then, [], role), bound(now, [], role))
            for role in ("", *LEADS_FIRST)
        )

    def query(self, **changes: Any) -> str:
        """Return the query string of this page, with some values changed."""
        return "&".join(filter(None, (self.results.query(**changes), self._day)))

    def url(self, **changes: Any) -> str:
        """Return the URL of this page, with some values changed."""
        return with_query(self._path, self.query(**changes))

    @property
    def todays_url(self) -> str:
        """The URL of this page as of today."""
        return with_query(self._path, self.results.todays_query)

    @property
    def all_organisations_url(self) -> str:
        """The URL of this page for all organisations."""
        return self.url(organisation=None, role=None)

    @property
    def suggested_organisations(self) -> list[tuple[str, str]]:
        """Names like an unknown one, each with the query string that has it instead."""
        meant = self.results.suggested_organisations
        return [(name, "&".join(filter(None, (query, self._day)))) for name, query in meant]

    @cached_property
    def _day(self) -> str:
        """The day as a query string where that of the results has none; empty for today."""
        return self.day_query[1:] if not self.is_as_recorded else ""

    @property
    def day_query(self) -> str:
        """The query string to append to URLs of protocols, for the same day; empty for today."""
        return "" if self.on == self.today else f"?{urlencode({'on': self.on.isoformat()})}"

    @property
    def changed_since(self) -> int:
        """The number of protocols that were reviewed or withdrawn after a day without records."""
        return (
            Protocol.public.get_queryset().decided_after(self.on).count()
            if self.on < self.today and not self.is_as_recorded
            else 0
        )

    def link(self, count: QueryCount) -> LinkedCount:
        """Return a count with the URL of its list in the register, if that has the same."""
        if not count.count:
            return NO_COUNT
        if not self.has_lists:
            return LinkedCount(count=count.count, href=SafeString())
        # The months come last in a query string. There are hundreds of links, and most differ
        # in these only.
        rest = tuple(pair for pair in count.query.items() if pair[0] not in MONTHS)
        if rest not in self._urls:
            self._urls[rest] = escape(with_query(self._register, self.results.query(**dict(rest))))
        url = self._urls[rest]
        for name in MONTHS:
            if name in count.query:
                url += f"{'&amp;' if '?' in url else '?'}{name}={count.query[name]}"
        return LinkedCount(count=count.count, href=SafeString(url))


def _numbers_and_charts(question: ReviewQuestion) -> dict[str, Any]:
    """Return the numbers, charts and the list of a valid query."""
    filters, on, link = question.results.filters, question.on, question.link
    index, chosen = filters.index, filters.excluding()
    summary = review_summary(index, chosen, on)
    statuses = {status: link(count) for status, count in summary.by_status.items()}
    made = {
        "whole": link(summary.whole),
        "statuses": statuses,
        "overdue": statuses[ReviewStatus.OVERDUE],
        "changed_since": question.changed_since,
        "overdue_past_grace": link(summary.overdue_past_grace),
        "grace": in_months(grace()),
        "overdue_year": link(summary.overdue_year),
        "due_now": link(summary.due_now),
        "next_quarter": link(summary.next_quarter),
        "quarter": summary.quarter,
        "last_month_due_soon": last_month_due_soon(on),
        "earliest": summary.earliest,
        "calendar": calendar_chart(by_month(index, chosen, on), link, on=on),
        **_list(question, chosen),
        "findings": _findings(question, chosen) if on == question.today else [],
    }
    if question.results.values["organisation"]:
        return made | _roles(question)
    shown = [status for status, number in statuses.items() if number.count]
    return made | _breakdown_charts(question, chosen, shown)


def _findings(question: ReviewQuestion, chosen: Mask) -> list[tuple[str, LinkedCount]]:
    """Return what records lack or leave open today, each with its count, the most useful first.

    What is overdue is said above.
    """
    index = question.results.filters.index
    counts = (
        (rule, int((chosen & found_by(index, rule.key, question.on)).sum()))
        for rule in RULES
        if rule.key != ReviewStatus.OVERDUE
    )
    return [
        (rule.label, question.link(QueryCount(count=count, query={"record": rule.key})))
        for rule, count in counts
        if count
    ]


def _breakdown_charts(
    question: ReviewQuestion, chosen: Mask, shown: list[ReviewStatus]
) -> dict[str, Any]:
    """Return the charts of all reviews: by how long overdue, by theme and by lead."""
    filters, on, link = question.results.filters, question.on, question.link
    index = filters.index
    chart = partial(breakdown_chart, link=link, shown=shown)
    themes = by_theme(index, chosen, on)
    made: dict[str, Any] = {
        "lengths": overdue_chart(by_time_overdue(index, chosen, on), link),
        "themes": chart(themes, narrow=lambda each: question.url(theme=[each.subject])),
        "themes_most": most_overdue(themes),
        "shown": shown,
    }
    if question.results.values["role"] != Party.Role.PARTNER:
        leads = by_lead(index, chosen, on, most=MAX_LEADS)
        unlisted = {
            line.whole.query["organisation"]
            for line in leads.lines
            if not question.is_listed([cast(Organisation, line.subject)])
        }

        def link_of_lead(count: QueryCount) -> LinkedCount:
            if count.query.get("organisation") in unlisted:
                return LinkedCount(count=count.count, href=SafeString())
            return question.link(count)

        made |= {
            "leads": breakdown_chart(
                leads.lines,
                link=link_of_lead,
                shown=shown,
                narrow=lambda each: question.url(organisation=[each.subject]),
            ),
            "leads_most": most_overdue(leads.lines),
            "other_leads": leads,
        }
    return made


def _list(question: ReviewQuestion, chosen: Mask) -> dict[str, Any]:
    """Return the lines of the protocols whose reviews are the most urgent, and their number."""
    filters, values = question.results.filters, question.results.values
    asked = values["organisation"]
    explanation = Explanation(filters.bindings, asked, values["role"]) if asked else None
    most = MAX_OF_A_DESK if asked else MAX_URGENT
    (urgent,) = most_urgent(filters.index, chosen, most=most, explanations=[explanation])
    lines = review_lines(urgent.rows, on=question.on)
    return {
        "lines": lines,
        "all_overdue": all(line.overdue for line in lines),
        "listed": question.link(QueryCount(count=urgent.count, query=BY_URGENCY)),
        "other_leads_of_desk": _other_leads(urgent.rows, asked, urgent.count),
    }


def _other_leads(rows: list[Row], asked: list[Organisation], count: int) -> str:
    """Return who leads what its organisation does not on a desk: 'Harbour and Riverside lead'.

    Empty where somebody else may lead a part of it: not all are listed, or one has no lead.
    """
    if (
        len(asked) != 1
        or len(rows) < count
        or not all(row.listed and row.listed.lead for row in rows)
    ):
        return ""
    leads = Counter(
        row.listed.lead.name
        for row in rows
        if row.listed
        and row.listed.lead
        and row.listed.lead.organisation_id
        not in {each.source.pk for each in row.through if each.keeps_role}
    )
    names = [name for name, _ in leads.most_common()]
    more = len(names) - MAX_NAMED_LEADS
    if more > 1:
        names = [*names[:MAX_NAMED_LEADS], f"{more} others"]
    return f"{get_text_list(names, 'and')} lead{'s' if len(names) == 1 else ''}" if names else ""


def _roles(question: ReviewQuestion) -> dict[str, Any]:
    """Return how many protocols of a desk its organisations lead and take part in, with links."""
    filters = question.results.filters
    lead, partner = (
        question.link(
            QueryCount(
                count=int(filters.mask_with_role(role).sum()),
                query=BY_URGENCY | {"role": role.value},
            )
        )
        for role in LEADS_FIRST
    )
    whole = QueryCount(count=int(filters.mask_with_role("").sum()), query={})
    return {
        "leads_here": lead,
        "partner_here": partner,
        "roles": [
            (role, label, number, question.url(role=role or None))
            for role, label, number in (
                ("", "All", whole.count),
                (Party.Role.LEAD.value, "Leads", lead.count),
                (Party.Role.PARTNER.value, "Partner in", partner.count),
            )
        ],
    }
