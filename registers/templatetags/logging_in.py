"""Template filters of the pages on which editors log in."""

from __future__ import annotations

from django import template
from django.forms import BoundField
from django.utils.safestring import SafeString

# Each names those after it, too: Edge says that it is Chrome and Safari.
BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "Firefox/": "Firefox",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS": "macOS",
    "CrOS": "ChromeOS",
    "Linux": "Linux",
}

register = template.Library()


@register.filter
def box(field: BoundField) -> SafeString:
    """Return the box of a form's field, without allauth's placeholder: the label says the same."""
    field.field.widget.attrs.pop("placeholder", None)
    return field.as_widget()


@register.filter
def focused_box(field: BoundField) -> SafeString:
    """Return it with the focus when the page is shown."""
    field.field.widget.attrs["autofocus"] = True
    return box(field)


@register.filter
def browser(user_agent: str) -> str:
    """Return which browser says this of itself, and on what; all of it for one not known."""
    names = (
        next((name for sign, name in signs.items() if sign in user_agent), "")
        for signs in (BROWSERS, SYSTEMS)
    )
    return " on ".join(filter(None, names)) or user_agent


@register.filter
def in_fours(text: str) -> str:
    """Return letters or digits in groups of four, easier to read and to type."""
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))
