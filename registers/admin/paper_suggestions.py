"""What a chosen paper says of a new protocol: suggested beside the boxes, never filled in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, JsonResponse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from registers.imports.papers import Suggestions, read_paper
from registers.imports.reading.limits import Unreadable

NONE_CHOSEN = "Choose a file under Documents, then press ‘Read the file’ again."
NOTHING = "Nothing in ‘{}’ could be suggested: enter the title and the dates yourself."
SUGGESTED = "Some of this form is suggested from ‘{}’. Check it: nothing is filled in by itself."
SIGNED = "It says that it was signed on {}. Enter that for each organisation that signed that day."
START = "It says that it starts on {}."
SUGGESTION = (
    '<span class="suggestion" data-box="{}" data-value="{}">The file says: <b>{}</b></span>'
)


@dataclass(frozen=True)
class Shown:
    """HTML: what is said at the top of the form, and what stands beside boxes, by their ids."""

    top: SafeString
    beside: dict[str, SafeString]


def read_chosen(request: HttpRequest) -> Shown:
    """Read the first file that was sent, and return what to show of it."""
    file: Any = next(iter(request.FILES.values()), None)
    if file is None:
        return _words(NONE_CHOSEN)
    try:
        found = read_paper(file)
    except ValidationError as refusal:
        return _words(*refusal.messages)
    except Unreadable as problem:
        return _words(str(problem))
    return _shown(found, file.name) if found else _words(NOTHING.format(file.name))


def _shown(found: Suggestions, name: str) -> Shown:
    dates = ((SIGNED, found.signed), (START, found.start))
    words = [words.format(date_format(day, "j F Y")) for words, day in dates if day]
    month = date_format(found.review, "F Y") if found.review else ""
    values = {"id_title": found.title, "id_review_date": month}
    beside = {
        box: format_html(SUGGESTION, box, value, value) for box, value in values.items() if value
    }
    return Shown(_words(SUGGESTED.format(name), *words).top, beside)


def _words(*sentences: str) -> Shown:
    return Shown(format_html_join("", "<p>{}</p>", ((each,) for each in sentences)), {})


def show_beside(form: Any, shown: Shown) -> None:
    """Add what stands beside boxes to the hints of a form."""
    for field in form:
        if suggestion := shown.beside.get(field.id_for_label):
            field.help_text = format_html("{} {}", field.help_text, suggestion)


def as_json(shown: Shown) -> JsonResponse:
    """Return the same for the script on the form."""
    return JsonResponse({"top": shown.top, "beside": shown.beside})
