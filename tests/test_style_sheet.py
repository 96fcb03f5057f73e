"""The register's own style sheets: for readers, and for editors."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from django.contrib import admin

BASE = Path(__file__).parent.parent
STYLES = {path.name: path for path in (BASE / "static").glob("*.css")}
DJANGOS = Path(admin.__file__).parent / "templates"
# Where a class is given: our templates and Django's, and the code that makes pieces of a page.
GIVEN = "\n".join(
    path.read_text()
    for folder, kind in (
        (BASE / "templates", "*.html"),
        (BASE / "registers", "*.py"),
        (BASE / "static", "*.js"),
        (DJANGOS, "*.html"),
        (DJANGOS.parent, "*.py"),
        (DJANGOS.parent / "static/admin/js", "*.js"),
    )
    for path in folder.rglob(kind)
)
# Such as govuk-{{ kinds }}__item.
WITH_VARIABLES = [
    re.compile(re.sub(r"{{.*?}}", r"\\w+", each))
    for each in re.findall(r"[\w-]+{{[^{}]*}}[\w-]+", GIVEN)
]
# How Django begins the names that it makes of a field's.
OF_FIELDS = re.compile(r"field-|id_")
sheets = pytest.mark.parametrize("sheet", STYLES)


def read(sheet: str) -> str:
    """Return a style sheet with its comments left empty."""
    return re.sub(
        r"/\*.*?\*/",
        lambda comment: "\n" * comment[0].count("\n"),
        STYLES[sheet].read_text(),
        flags=re.S,
    )


def rules(sheet: str) -> list[tuple[str, str]]:
    """Return every rule: its selectors, with what it stands within, and what it says."""
    found, around, before = [], [], ""
    for piece in re.split(r"([{}])", read(sheet)):
        if piece == "{":
            around.append(" ".join(before.split()))
        elif piece == "}":
            if ":" in before:
                found.append((" / ".join(around), " ".join(before.split())))
            around.pop()
            before = ""
            continue
        before = piece if piece != "{" else ""
    return found


@sheets
def test_every_block_is_closed_before_the_next_chapter(sheet):
    """A block that stays open swallows the rules behind it, as those for print twice did."""
    depth = 0
    for number, line in enumerate(read(sheet).splitlines(), 1):
        assert depth == 0 or not re.match(r"[.@#a-z]", line), f"Line {number} is within a block."
        depth += line.count("{") - line.count("}")
        assert depth >= 0, f"Line {number} closes what is not open."
    assert depth == 0


@sheets
def test_no_rule_is_written_twice(sheet):
    assert [rule for rule, count in Counter(rules(sheet)).items() if count > 1] == []
    selectors = Counter(selector for selector, _ in rules(sheet))
    assert [selector for selector, count in selectors.items() if count > 1] == []


@sheets
def test_every_class_is_given_somewhere(sheet):
    names = {
        name
        for selectors, _ in rules(sheet)
        for name in re.findall(r"[.#]([a-zA-Z][\w-]*)", selectors)
    }
    assert names
    assert sorted(name for name in names if not is_given(name)) == []


def is_given(name: str) -> bool:
    """Say whether a class or an id is given, perhaps with an ending from a variable."""
    stem = name.rpartition("--")[0]
    if stem and f"{stem}--{{{{" in GIVEN:
        return True
    if any(each.fullmatch(name) for each in WITH_VARIABLES):
        return True
    whole = OF_FIELDS.sub("", name)
    return bool(re.search(rf"(?<![\w-]){re.escape(whole)}(?![\w-])", GIVEN))
