"""The documents name what is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# Not docs/decisions.md: a decision that was replaced may name what is gone.
DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/architecture.md",
    "docs/running.md",
    "docs/settings.md",
]
# Paths in the code are written from one of these.
BASES = [ROOT, ROOT / "registers"]


def paths_in(document: str) -> set[str]:
    """Return what a document names in code marks that can only be a path of this project."""
    words = re.findall(r"`([\w.-]+/[\w./-]*)`", (ROOT / document).read_text())
    return {word for word in words if not word.startswith((".", "var/"))}


def test_paths_are_found_in_the_documents():
    assert "registers/models/protocol.py" in paths_in("CONTRIBUTING.md")
    assert "exports/columns.py" in paths_in("docs/architecture.md")


@pytest.mark.parametrize("document", DOCUMENTS)
def test_each_path_that_a_document_names_is_there(document):
    named = paths_in(document)
    assert {path for path in named if not any((base / path).exists() for base in BASES)} == set()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_each_link_of_a_document_leads_to_a_file_that_is_there(document):
    page = ROOT / document
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())
    assert {link for link in links if not (page.parent / link).exists()} == set()


def test_the_architecture_names_every_room_and_nothing_that_is_gone():
    tree = (ROOT / "docs" / "architecture.md").read_text().split("```")[1]
    named: list[Path] = []
    above: list[str] = []
    for indent, name in re.findall(r"^( *)([a-z_/]+/|[a-z_]+\.py)(?: |$)", tree, re.M):
        above[len(indent) // 2 :] = [name]
        named.append(ROOT.joinpath(*above))
    assert [path for path in named if not path.exists()] == []
    rooms = {folder.parent for folder in (ROOT / "registers").glob("*/__init__.py")}
    # Django wants these two beside them.
    beside = {ROOT / "registers" / name for name in ("migrations", "templatetags")}
    assert rooms - beside <= set(named)


def test_decisions_are_numbered_and_have_a_date_and_a_status():
    text = (ROOT / "docs" / "decisions.md").read_text()
    numbers = [int(number) for number in re.findall(r"^## (\d+)\. ", text, re.M)]
    assert numbers == list(range(1, len(numbers) + 1))
    headed = re.findall(
        r"^## \d+\. .+\n\nDate: \d{4}-\d\d-\d\d\. Status: (accepted|replaced by \d+)\.$",
        text,
        re.M,
    )
    assert len(headed) == len(numbers)
