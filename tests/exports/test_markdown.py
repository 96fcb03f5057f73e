"""Texts with marks: what they become, what can never come of them, and how long that takes."""

from __future__ import annotations

import json
import re
import time
import tomllib
from pathlib import Path

import pytest
from django.utils.html import linebreaks
from hypothesis import given, settings
from hypothesis import strategies as st

from registers.exports.markdown import MAX_LENGTH, as_html, strip_markdown

ROOT = Path(__file__).parent.parent.parent
FORBIDDEN = re.compile(
    r"<(?!/?(?:h[2-6]|p|br|strong|em|a|ul|ol|li|blockquote|table|thead|tbody|tr|th|td)[\s>])|"
    r"<[^>]*\s(?!class=|href=|start=|scope=)[a-z-]+\s*=|"
    r'href="(?!https?://|mailto:|/(?!/))',
    re.IGNORECASE,
)

MARKS = {
    "a heading": ("# One", '<h2 class="govuk-heading-m">One</h2>'),
    "a link to nowhere": ("[*x*]() y", "<p>[<em>x</em>]() y</p>"),
    "bold": ("**b** and *i*", "<p><strong>b</strong> and <em>i</em></p>"),
    "a link": (
        "[x](https://e.org/?a=1&b=2)",
        '<p><a href="https://e.org/?a=1&amp;b=2" class="govuk-link">x</a></p>',
    ),
    "a link within": ("[x](/about/)", '<p><a href="/about/" class="govuk-link">x</a></p>'),
    "a mailbox": (
        "[x](mailto:a@b.org)",
        '<p><a href="mailto:a@b.org" class="govuk-link">x</a></p>',
    ),
    "a list": (
        "- a\n- b",
        '<ul class="govuk-list govuk-list--bullet">\n<li>a</li>\n<li>b</li>\n</ul>',
    ),
    "a numbered list": (
        "3. a\n4. b",
        '<ol start="3" class="govuk-list govuk-list--number">\n<li>a</li>\n<li>b</li>\n</ol>',
    ),
    "a quotation": ("> q", '<blockquote class="govuk-inset-text">\n<p>q</p>\n</blockquote>'),
    "a line's end": ("one\ntwo", "<p>one<br>\ntwo</p>"),
    "a star that is meant": (r"\*a\*", "<p>*a*</p>"),
}


@pytest.mark.parametrize(("text", "html"), MARKS.values(), ids=MARKS)
def test_marks(text, html):
    assert as_html(text).strip() == html


def test_a_table_has_headers_for_its_columns_and_no_style():
    html = as_html("| A | B |\n|---|--:|\n| 1 | 2 |")
    assert html.count('scope="col"') == 2
    assert '<td class="govuk-table__cell govuk-table__cell--numeric">2</td>' in html
    assert "style" not in html


OUTLINES = {
    "one deep": ("#### only", "2"),
    "the deepest": ("###### only", "2"),
    "one skipped": ("# a\n### b\n## c", "233"),
    "up and down": ("## a\n### b\n## c\n#### d\n# e", "23232"),
    "all": ("# a\n## b\n### c\n#### d\n##### e\n###### f", "234566"),
    "down to up": ("### a\n## b\n# c", "222"),
}


@pytest.mark.parametrize(("text", "levels"), OUTLINES.values(), ids=OUTLINES)
def test_an_outline_fits_under_the_page_s_heading(text, levels):
    assert "".join(re.findall(r"<h(\d)", as_html(text))) == levels


PLAIN = {
    "indented": "Words\n\n    indented\n\tmore",
    "a line under words": "Words\n-----\n\nWords\n====",
    "a rule": "a\n\n---\n\n***b",
    "code": "`code` and ```\nx\n```",
    "entities": "AT&amp;T &copy; &#60;",
    "a tag": "<b>x</b>",
    "a definition": "[x]: https://e.org",
    "an address": "<https://e.org> www.e.org https://e.org",
    "names_with_strokes": "a_b_c, 2 * 3 * 4, #1, 5-6",
}
TEXTS = [
    *(
        entry["body"]
        for kind in ("news", "resources")
        for entry in json.loads((ROOT / "fixtures/weisf/register.json").read_text())[kind]
        if "body" in entry
    ),
    *(
        entry[1]
        for kind in ("news", "resources")
        for entry in tomllib.loads((ROOT / "demo/vocabulary.toml").read_text())[kind]["items"]
    ),
]


@pytest.mark.parametrize("text", [*PLAIN.values(), *filter(None, TEXTS)])
def test_what_has_no_mark_of_ours_looks_as_before(text):
    def seen(html: str) -> str:
        """As a browser has it: no spaces at a line's ends, quotes as they are."""
        html = html.replace("&#x27;", "'").replace("&quot;", '"')
        return re.sub(r"\s*(<[^>]+>)\s*", r"\1", html)

    assert seen(as_html(text)) == seen(linebreaks(text, autoescape=True))


ATTACKS = {
    "a script": "<script>alert(1)</script>",
    "a script in a list": "- <script>\n- alert(1)</script>",
    "a picture": "![x](https://evil.example/x.png)",
    "a picture with a handler": '<img src=x onerror="alert(1)">',
    "a link that runs": "[x](javascript:alert(1))",
    "one in capitals": "[x](JaVaScRiPt:alert(1))",
    "one with an entity": "[x](javascript&colon;alert(1))",
    "one with a number": "[x](&#106;avascript:alert(1))",
    "one with a line end": "[x](java\nscript:alert(1))",
    "one with a tab": "[x](java\tscript:alert(1))",
    "one in angles": "[x](<javascript:alert(1)>)",
    "one by itself": "<javascript:alert(1)>",
    "data": "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "VBScript": "[x](vbscript:msgbox)",
    "a file": "[x](file:///etc/passwd)",
    "another site without a scheme": "[x](//evil.example)",
    "the same with strokes": "[x](/\\evil.example)",
    "one stroke": "[x](\\evil.example)",
    "one beside": "[x](evil)",
    "a title that breaks out": '[x](https://e.org "a" onclick="alert(1)")',
    "an address that breaks out": '[x](https://e.org/"onclick="alert(1))',
    "a definition": "[x]\n\n[x]: javascript:alert(1)",
    "a handler": '<a href="/" onclick="alert(1)">x</a>',
    "a style": '<p style="position:fixed">x</p>',
    "SVG": "<svg/onload=alert(1)>",
    "a comment": "<!-- --><script>x</script> -->",
    "a frame": '<iframe srcdoc="<script>x</script>">',
    "a form": "<form action=//evil><input name=password>",
    "a table that breaks out": '|a|\n|-|\n|<td onclick="x">|',
    "a heading that breaks out": "# </h2><script>x</script>",
    "NUL": "[x](java\0script:alert(1)) <scr\0ipt>",
}


@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_no_attack_comes_through(text):
    assert not FORBIDDEN.search(as_html(text))


def test_that_what_must_not_come_through_would_be_seen():
    for html in ("<script>", "<p onclick=x>", '<a href="javascript:x">', '<a href="//e">', "<img>"):
        assert FORBIDDEN.search(html)


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from(
            [
                *"[]()<>!*_#|-\\`&;:\"'= \n\t",
                "javascript:",
                "<script",
                "onclick=",
                "//",
                "a",
                "![",
                "](",
                "https:",
            ]
        )
        | st.text(max_size=3),
        max_size=40,
    ).map("".join)
)
def test_nothing_harmful_comes_of_anything(text):
    html = as_html(text)
    assert not FORBIDDEN.search(html)
    levels = [int(level) for level in re.findall(r"<h(\d)", html)]
    assert all(new - old <= 1 for old, new in zip([1, *levels], levels, strict=False))


HUGE = {
    "brackets": "[",
    "pictures": "![",
    "stars": "*a ",
    "two kinds": "**a_",
    "quotations": ">",
    "lists": "- ",
    "links": "[a](",
    "strokes": "\\",
    "cells": "|a",
    "a table of many rows": "|\n",
    "lists in quotations": ">- ",
}


@pytest.mark.parametrize("piece", HUGE.values(), ids=HUGE)
@pytest.mark.parametrize("length", [MAX_LENGTH, 1_000_000])
def test_no_text_holds_the_register_up(piece, length):
    front = "|a" * 500 + "\n" + "|-" * 500 + "\n" if piece == "|\n" else ""
    text = (front + piece * (length // len(piece)))[:length]
    start = time.process_time()
    as_html(text)
    assert time.process_time() - start < 5


def test_a_very_long_text_is_shown_as_it_was_typed():
    assert as_html("**a** <b>" * MAX_LENGTH).startswith("<p>**a** &lt;b&gt;**a**")


def test_the_words_alone():
    text = "## Head\n\nOne **two**, un*believ*able [three](/x/) & <b>\n\n- four\n- five"
    assert strip_markdown(text) == "Head One two, unbelievable three & <b> four five"


def test_a_table_that_grows_a_hundredfold_is_shown_as_it_is_typed():
    columns = "|a" * 99 + "|\n"
    text = columns + "|-" * 99 + "|\n" + "|b\n" * 6_000
    assert len(text) <= MAX_LENGTH
    assert "<table" not in as_html(text)
    assert as_html("|a|b|\n|-|-|\n|c|d|").startswith("<table")
