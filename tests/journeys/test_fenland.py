"""A partnership that is set up from its file alone: all that it shows is its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
FILE = HERE / "fenland.toml"
ROOT = HERE.parents[1]
# What these say is not what they hold.
IN_OTHER_WORDS = {
    "references": ["FEN-001"],
    "months_of_notice": ["150 days"],
    "months_of_grace": ["for more than 7 months"],
    "rule": ["fenrule asks 5 months before and 7 months after."],
    "compliance": ["not compliant"],
    "tested_on": ["3 February 2025"],
    "prepared_on": ["4 March 2025"],
    "file": ["Fendrawing"],
}


@pytest.fixture(scope="module")
def shown(tmp_path_factory) -> dict[str, str]:
    """What is shown, by where: pages, files, e-mails and what commands print."""
    folder = tmp_path_factory.mktemp("fenland")
    mails = folder / "mails"
    mails.mkdir()
    for name in ("fenland.toml", "fenland.svg"):
        shutil.copy(HERE / name, folder)
    of_settings = re.findall(r"(?<=`)[A-Z_]+(?=`)", (ROOT / "docs/settings.md").read_text())
    environment = {name: text for name, text in os.environ.items() if name not in of_settings}
    environment |= {
        "PARTNERSHIP_FILE": str(folder / "fenland.toml"),
        "DATA_DIR": str(folder),
        "SECRET_KEY": "x" * 50,
        "EMAIL_URL": f"filemail://{mails}",
    }

    done = subprocess.run(
        [sys.executable, "-m", "tests.journeys.crawl", str(folder / "shown.json")],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = {"what is printed": done.stdout + done.stderr}
    return said | json.loads((folder / "shown.json").read_text())


def values(table: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each marker of a table of the file, with the name of its line."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from values(value)
        elif name in IN_OTHER_WORDS:
            yield from ((name, each) for each in IN_OTHER_WORDS[name])
        else:
            yield from ((name, each) for each in (value if isinstance(value, list) else [value]))


def test_each_value_of_its_file_is_shown(shown):
    everything = "\n".join(shown.values())
    markers = list(values(tomllib.loads(FILE.read_text())))
    assert [each for each in markers if each[1] not in everything] == []


WHERE = {
    "name": ["/", "/catalog.jsonld", "/openapi.json", "/protocols.ics", "/protocols.atom"],
    "short_name": ["/", "/themes/"],
    "register_name": ["/", "/admin/", "/protocols.ics", "/protocols.atom", "/openapi.json"],
    "email": ["/", "/.well-known/security.txt", "/protocols.ics", "/openapi.json"],
}


@pytest.mark.parametrize("name", WHERE)
def test_its_name_stands_where_it_belongs(shown, name):
    marker = tomllib.loads(FILE.read_text())[name]
    assert [path for path in WHERE[name] if marker not in shown[path]] == []


def test_its_short_name_stands_in_each_e_mail(shown):
    marker = tomllib.loads(FILE.read_text())["short_name"]
    mails = [path for path in shown if path.endswith(".log")]
    assert mails
    assert [path for path in mails if marker not in shown[path]] == []


def words_of_the_first() -> set[str]:
    """Return the names of the first partnership, of its bodies and of their places."""
    register = json.loads((ROOT / "fixtures/weisf/register.json").read_text())
    names = {"WEISF", "Essex", "Southend", "Thurrock", "Basildon", "Colchester", "Tendring"}
    for body in register["organisations"]:
        names |= {body["name"], *(name["text"] for name in body.get("names", ()))}
    return {name for name in names - WORDS if name not in ELSEWHERE}


WORDS = {"Provide", "Frontline", "Pulse", "Remedy", "ACE", "ECC"}
# Bodies of the whole country stand in the list of synonyms, and in the fictional register.
ELSEWHERE = "\n".join(
    (ROOT / path).read_text()
    for path in ("registers/imports/synonyms.toml", "demo/vocabulary.toml")
)


def test_nothing_of_the_first_partnership_is_shown(shown):
    words = sorted(words_of_the_first(), key=len, reverse=True)
    assert len(words) > 60
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, words))})(?!\w)|weisf|essex", re.I)
    found = {
        path: sorted(set(pattern.findall(text)))
        for path, text in shown.items()
        if pattern.search(text)
    }
    assert found == {}
    assert len(shown) > 150
