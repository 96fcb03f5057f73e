"""Names of exported files, which say what was asked for: protocols-overdue-2026-11-29.csv."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from django.utils.text import slugify

from registers.models.keys import slug_of
from registers.search.results import Results

MAX_PART = 60  # characters of one part
MAX_STEM = 180  # bytes of all, without the day: file systems take 255
STATUSES = {"current": "in-force", "withdrawn": "withdrawn", "all": "with-withdrawn"}
REVIEWS = {"none": "without-review-date"}
MANY = 3  # values that are named one by one


def disposition(kind: str, stem: str, extension: str, *, day: str = "") -> str:
    """Return the header `Content-Disposition` (RFC 6266); `kind` is `attachment` or `inline`.

    The name is in ASCII. Where `stem` has other letters, it is said with them too.
    """
    end = f"-{day}.{extension}" if day else f".{extension}"
    stem = _shorten(stem)
    plain = _shorten("-".join(filter(None, map(slug_of, stem.split("-")))))
    header = f'{kind}; filename="{plain}{end}"'
    if stem.isascii():
        return header
    return f"{header}; filename*=UTF-8''{quote(f'{stem}{end}')}"


def results_stem(results: Results, noun: str, *, status: str = "current") -> str:
    """Return the name of a file of `results` without its day and ending.

    `noun` is what the file is of, such as 'protocols', and `status` the one that goes without
    saying. The name holds letters, digits, `-` and `_`.
    """
    return "-".join([noun, *filter(None, _parts(results.values, status))])


def _parts(values: dict[str, Any], usual_status: str) -> Iterator[str]:
    """Yield each part of a question that narrows the results, in words."""
    status = values["status"]
    yield "" if status == usual_status else STATUSES[status]
    yield _any([REVIEWS.get(each, each) for each in values["review"]])
    yield _roles(values)
    if values["with"]:
        yield f"with-{_any(_slugs(values['with']), joined_by='and')}"
    yield "in-its-own-name" if values["through"] == "own" else ""
    yield f"under-{_any(values['theme'])}" if values["theme"] else ""
    months = [
        f"{word}-{values[name].isoformat()[:7]}"
        for word, name in (("from", "review_from"), ("to", "review_to"))
        if values[name]
    ]
    yield "-".join(["review", *months]) if months else ""
    yield f"about-{_cut(slugify(values['q'], allow_unicode=True))}" if values["q"] else ""
    yield f"as-on-{values['on'].isoformat()}" if values.get("on") else ""


def _roles(values: dict[str, Any]) -> str:
    organisations, role = _any(_slugs(values["organisation"])), values["role"]
    if not organisations:
        return {"lead": "with-a-lead", "partner": "with-a-partner"}.get(role, "")
    return {"lead": "led-by", "partner": "with-partner"}.get(role, "of") + f"-{organisations}"


def _slugs(organisations: Iterable[Any]) -> list[str]:
    return [each.slug for each in organisations]


def _any(values: list[str], *, joined_by: str = "or") -> str:
    """Return some values joined; of many only the first."""
    named = [_cut(each) for each in values[:MANY]]
    more = [f"{len(values) - MANY}-more"] if len(values) > MANY else []
    return f"-{joined_by}-".join([*named, *more])


def _cut(text: str) -> str:
    """Return as many whole words as there is room for, or the beginning of the first."""
    short = text[:MAX_PART]
    if len(text) > MAX_PART and "-" in short:
        short = short.rpartition("-")[0]
    return short.strip("-")


def _shorten(stem: str) -> str:
    return stem.encode()[:MAX_STEM].decode(errors="ignore").strip("-")
