"""Who is named with whom: the table of pairs, its files, and the answer of the two boxes."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render

from registers.exports import csv, json
from registers.exports.file_names import disposition
from registers.exports.pairs import as_csv, record
from registers.models import Organisation
from registers.public.exports import link_header
from registers.public.picture import picture_of
from registers.public.problem import problem
from registers.public.request_context import export_context, page_number, paginate
from registers.public.two_boxes import MAX_SUGGESTIONS, two_boxes
from registers.search.index import current_index
from registers.search.organisation_names import refuse_unreadable
from registers.search.pairs import MOST_FIRST, PairList, PairsForm, pair_list
from registers.search.query_string import with_query

PAIRS_PER_PAGE = 100
PAIRS_PATH = "/sharing.json"


@dataclass(frozen=True, kw_only=True)
class Heading:
    """A heading of the table: the query string that sorts by it, and how it is sorted now."""

    words: str
    query: str
    direction: str  # ascending, descending or '', as aria-sort has it


def index(request: HttpRequest) -> HttpResponse:
    """Show who is named with whom in protocols in force: of all, or around one organisation."""
    asked = PairsForm(request.GET)
    if not asked.is_valid():
        context = two_boxes() | {"errors": sentences(asked), "like": like(asked)}
        return render(request, "sharing/list.html", context, status=400)
    around, sort = asked.cleaned_data["organisation"], asked.cleaned_data["sort"]
    register = current_index()
    pairs = pair_list(register, around, sort)
    page = paginate(request, pairs, length=PAIRS_PER_PAGE)
    context = two_boxes(one=around.name if around else "") | {
        "around": around,
        "complete": pairs.pairs.complete,
        "page": page,
        "picture": picture_of(register, pairs.pairs, around) if page.page_number == 1 else None,
        "headings": headings(around, sort),
        "query": short_query(around, sort),
        "canonical_url": canonical_url(request, around, sort),
    }
    return render(request, "sharing/list.html", context)


def canonical_url(request: HttpRequest, around: Organisation | None, sort: str) -> str:
    """Return the one URL of a page of the table: the same pairs in another order have that too.

    A later page in another order has other rows: it is a part of the whole table.
    """
    number = page_number(request) if sort == MOST_FIRST else 1
    query = short_query(around, MOST_FIRST, **({"page": number} if number > 1 else {}))
    return with_query(f"{settings.SITE_URL}{request.path}", query)


def sentences(asked: PairsForm) -> dict[str, str]:
    """Return the first error of each parameter."""
    return {name: str(messages[0]) for name, messages in asked.errors.items()}


def like(asked: PairsForm) -> list[Organisation]:
    """Return the organisations with names like the one that is not known, if there is one."""
    unknown = next(iter(getattr(asked.fields["organisation"], "unknown", ())), "")
    readable = unknown and not refuse_unreadable(unknown)
    return (
        current_index().organisation_names.like(unknown, most=MAX_SUGGESTIONS) if readable else []
    )


def short_query(around: Organisation | None, sort: str, **more: int) -> str:
    """Return the shortest query string of a list of pairs."""
    values: dict[str, str | int] = {"organisation": around.slug} if around else {}
    if sort != MOST_FIRST:
        values["sort"] = sort
    return urlencode(values | more)


def headings(around: Organisation | None, sort: str) -> list[Heading]:
    """Return the headings of the table. The names sort from A first, the numbers from the most."""

    def heading(words: str, name: str, first: str) -> Heading:
        now = sort if sort.removeprefix("-") == name else ""
        other = name if first.startswith("-") else f"-{name}"
        return Heading(
            words=words,
            query=short_query(around, other if now == first else first),
            direction={"": "", name: "ascending", f"-{name}": "descending"}[now],
        )

    both = [
        heading("Named with", "with", "with"),
        heading("Protocols", "protocols", MOST_FIRST),
    ]
    return both if around else [heading("Organisation", "organisation", "organisation"), *both]


def ask(request: HttpRequest) -> HttpResponse:
    """Redirect to what the organisations in the two boxes are named in together.

    Where one of them is not known, ask which is meant, and keep what was typed in both.
    """
    context = two_boxes(one=request.GET.get("one", ""), other=request.GET.get("other", ""))
    one, other = boxes = context["boxes"]
    names = current_index().organisation_names
    for box in boxes:
        box.read(names)
    if one.organisation and one.organisation == other.organisation:
        other.error = f"{other.label}: this is {one.organisation} too. Enter a different one."
    context["errors"] = {box.name: box.error for box in boxes if box.error}
    if not context["errors"]:
        return redirect("together", *sorted(box.organisation.slug for box in boxes))
    context["known"] = one.organisation or other.organisation
    return render(request, "sharing/ask.html", context, status=400)


def export(request: HttpRequest, extension: str) -> HttpResponseBase:
    """Send the pairs that the query string asks for: all as CSV, or a page as JSON."""
    if extension not in {"csv", "json"}:
        raise Http404
    asked = PairsForm(request.GET)
    if not asked.is_valid():
        return problem(400, "The request cannot be answered", sentences(asked))
    around, sort = asked.cleaned_data["organisation"], asked.cleaned_data["sort"]
    pairs = pair_list(current_index(), around, sort)
    if extension == "json":
        return _json(request, pairs, around, sort)
    context = export_context()
    stem = f"named-together-with-{around.slug}" if around else "named-together"
    return HttpResponse(
        b"".join(as_csv(pairs[:], context)),
        headers={
            "Content-Type": csv.CONTENT_TYPE,
            "Content-Disposition": disposition(
                "attachment", stem, "csv", day=context.on.isoformat()
            ),
            "Link": link_header(context),
        },
    )


def _json(
    request: HttpRequest, pairs: PairList, around: Organisation | None, sort: str
) -> HttpResponse:
    context = export_context()
    try:
        page = paginate(request, pairs, length=PAIRS_PER_PAGE)
    except Http404:
        last = max(1, -(-len(pairs) // PAIRS_PER_PAGE))
        return problem(404, "There is no such page", {"page": f"The last is {last}."})

    def query(*, page: int) -> str:
        """Return the shortest query string of a page."""
        return short_query(around, sort, **({"page": page} if page > 1 else {}))

    url = f"{context.site}{PAIRS_PATH}"
    pages = json.page_links(url, query, number=page.page_number, count=page.page_count)
    return JsonResponse(
        {
            "count": page.count,
            "complete": pairs.pairs.complete,
            "next": pages["next"],
            "previous": pages["prev"],
            "results": [record(pair, context) for pair in page.items],
        },
        json_dumps_params={"ensure_ascii": False},
        headers={"Link": link_header(context, pages)},
    )
