"""A field of the model, a record in the list of fields and a migration bring it everywhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.added_fields import ADDED, PRIVATE, PRIVATE_MODEL, PRIVATE_RECORD

ROOT = Path(__file__).parents[2]
COPIED = ("registers", "weisf", "templates", "static", "fixtures", "tests")
MODEL, RECORDS = "registers/models/protocol.py", "registers/models/protocol_fields.py"


def insert(file: Path, before: str, lines: list[str]) -> None:
    """Write lines into a file, above the one line that reads `before`."""
    text = file.read_text()
    assert text.count(f"\n{before}\n") == 1, before
    file.write_text(text.replace(f"\n{before}\n", "\n" + "\n".join([*lines, before]) + "\n"))


def run(tree: Path, *arguments: str) -> str:
    """Run Python in the tree with a database of its own; return what it wrote."""
    own = {
        "DATABASE_URL": f"sqlite:///{tree}/var/register.sqlite3",
        "DATA_DIR": str(tree / "var"),
        "SECRET_KEY": "only for a copy of this tree: " + "x" * 50,
    }
    others = {
        name: value for name, value in os.environ.items() if not name.startswith(("COV_", "PYTEST"))
    }
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env=others | own,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def tree(tmp_path) -> Path:
    """A copy of this tree, with the parts that `make` builds."""
    for name in COPIED:
        shutil.copytree(ROOT / name, tmp_path / name)  # what is compiled already, too
    for name in ("manage.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "var").mkdir()
    for name in ("static", "govuk"):
        (tmp_path / "var" / name).symlink_to(ROOT / "var" / name)
    return tmp_path


def test_one_entry_and_a_migration_bring_a_field_everywhere(tree):
    insert(
        tree / MODEL,
        "    objects = ProtocolQuerySet.as_manager()",
        [
            *(f"    {field.name} = {field.model}" for field in ADDED),
            f"    {PRIVATE} = {PRIVATE_MODEL}",
        ],
    )
    insert(
        tree / RECORDS,
        ")",
        [*(f"    {field.record}," for field in ADDED), f"    {PRIVATE_RECORD},"],
    )
    run(tree, "manage.py", "makemigrations", "registers", "--no-input", "-n", "added_fields")
    assert list((tree / "registers/migrations").glob("*_added_fields.py"))
    # Tests make their database by all migrations.
    passed = run(
        tree, "-m", "pytest", "tests/journeys/added_fields.py", "-q", "-p", "no:cacheprovider"
    )
    assert "passed" in passed
