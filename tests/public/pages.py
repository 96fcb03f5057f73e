"""What a test reads on a page."""

from __future__ import annotations

import html
import re

from django.http import HttpResponse


def text(response: HttpResponse) -> str:
    """The page's words without its markup, white space folded."""
    main = re.search(r"<main.*?</main>", response.content.decode(), re.S)
    return bare(main[0] if main else response.content.decode())


def bare(markup: str, marks: str = ".,") -> str:
    """The words of some markup, white space folded, and none before these marks."""
    folded = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", markup))).strip()
    return re.sub(rf" ([{marks}])", r"\1", folded)


def facts(response: HttpResponse) -> dict[str, str]:
    """What the page of one protocol says under each of its terms, and what it says is missing.

    `parties` are the items of its list of organisations, one a line.
    """
    page = response.content.decode()
    pairs = re.findall(r"<dt[^>]*>(.*?)</dt>\s*<dd[^>]*>(.*?)</dd>", page, re.S)
    found = {bare(term): bare(words, ".,:;") for term, words in pairs}
    missing = re.search(r'id="missing">(.*?)</div>', page, re.S)
    listed = re.search(r'<div class="register-parties">(.*?)</div>', page, re.S)
    parties = re.findall(r"<li>(.*?)</li>", listed[1], re.S) if listed else []
    return found | {
        "missing": bare(missing[1], ".,:;") if missing else "",
        "parties": "\n".join(map(bare, parties)),
    }


def listed(response: HttpResponse) -> list[str]:
    """The references of the protocols that stand in the page's lists, in order."""
    return re.findall(
        r'<(?:th scope="row"|p class="register-row__title")[^>]*>\s*'
        r'(?:<span class="register-row__reference">.*?</span>\s*)?<a [^>]*'
        r'href="/protocols/(\d+)/(?:\?on=[\d-]+)?"',
        response.content.decode(),
    )


def found(response: HttpResponse) -> int:
    """The number in the heading of the register's list, which for words that find nothing is 0."""
    return int(re.search(r'id="results"[^>]* data-found="(\d+)"', response.content.decode())[1])


def groups(response: HttpResponse) -> list[tuple[str, int]]:
    """The headings of the groups, each with its number."""
    pattern = (
        r'<h\d class="[^"]*register-theme-heading[^>]*>\s*<a[^>]*>([^<]*)</a> <span[^>]*>(\d+)'
    )
    return [(html.unescape(n), int(c)) for n, c in re.findall(pattern, response.content.decode())]


def links(response: HttpResponse) -> list[tuple[str, str]]:
    """Every link: its address and its words."""
    pairs = re.findall(r'<a [^>]*href="([^"]*)"[^>]*>(.*?)</a>', response.content.decode(), re.S)
    return [
        (
            html.unescape(address),
            re.sub(r"\s+", " ", html.unescape(re.sub("<[^>]*>", "", words))).strip(),
        )
        for address, words in pairs
    ]


def choices(response: HttpResponse, name: str) -> dict[str, int | None]:
    """The values of a facet of the filter panel, each with the number beside it."""
    box = rf'<input[^>]*name="{name}"\s+type="(?:checkbox|radio)"\s+value="([^"]*)"[^>]*>'
    pattern = box + r"\s*<label[^>]*>(.*?)</label>"
    return {
        value: int(number[1]) if (number := re.search(r'quiet">(\d+)<', label)) else None
        for value, label in re.findall(pattern, response.content.decode(), re.S)
    }
