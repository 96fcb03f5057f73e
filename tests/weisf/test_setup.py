"""`make setup` installs what has changed, and makes .venv anew where it would not be sound."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
UV = Path(sys.executable).parent / "uv"
LISTS = tuple(f"requirements{each}" for each in ("", "-dev", "-notify", "-oidc", "-s3"))
# Projects without packages: nothing is fetched.
PROJECT = '[project]\nname = "{name}"\nversion = "0"\nrequires-python = ">=3.11"\n{more}'
EXTRAS = "[project.optional-dependencies]\nnotify = []\noidc = []\ns3 = []\n"


@dataclass
class Copy:
    """A copy of the steps in a folder of its own, with a mark in .venv."""

    folder: Path
    path: str

    @property
    def mark(self) -> Path:
        return self.folder / ".venv/mark"

    def set_up(self, **environment: str) -> str:
        """Run the step, and return how it went: 'made', 'installed', 'nothing' or 'failed'."""
        stamp = self.folder / ".venv/packages"
        before = stamp.stat().st_ino if stamp.exists() else None
        done = subprocess.run(
            ["sh", "weisf/steps/setup.sh", "python"],
            cwd=self.folder,
            env={"PATH": self.path, "HOME": str(self.folder), "PYTHON": sys.executable}
            | environment,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            return "failed"
        if not self.mark.exists():
            self.mark.touch()
            return "made"
        return "nothing" if stamp.stat().st_ino == before else "installed"


def copied(folder: Path, *, uv: bool) -> Copy:
    shutil.copytree(ROOT / "weisf/steps", folder / "weisf/steps")
    for name in LISTS:
        (folder / f"{name}.txt").touch()
    path = os.defpath
    if uv:
        (folder / "bin").mkdir()
        (folder / "bin/uv").symlink_to(UV)
        path = f"{folder}/bin:{path}"
        for project, more in ((folder, ""), (folder / "extras", EXTRAS)):
            project.mkdir(exist_ok=True)
            (project / "pyproject.toml").write_text(PROJECT.format(name=project.name, more=more))
            command = [UV, "lock", "--offline", "--quiet", "--python", sys.executable]
            subprocess.run(command, cwd=project, check=True)
    return Copy(folder, path)


@pytest.fixture
def project(tmp_path) -> Copy:
    """A project whose machine has uv, set up."""
    made = copied(tmp_path / "project", uv=True)
    assert made.set_up() == "made"
    return made


def test_what_is_there_is_left_alone(project):
    assert project.set_up() == "nothing"


@pytest.mark.parametrize("lock", ["requirements.txt", "uv.lock", "extras/uv.lock"])
def test_a_changed_lock_is_installed(project, lock):
    with (project.folder / lock).open("a") as file:
        file.write("# changed\n")
    assert project.set_up() == "installed"
    assert project.set_up() == "nothing"


def test_a_run_that_was_killed_is_not_trusted(project):
    (project.folder / ".venv/unfinished").touch()
    assert project.set_up() == "made"


def test_a_folder_that_was_moved_is_not_trusted(project):
    project.folder = project.folder.rename(project.folder.with_name("moved"))
    project.path = f"{project.folder}/bin:{os.defpath}"
    assert project.set_up() == "made"


def test_a_python_that_does_not_start_is_not_trusted(project):
    (project.folder / ".venv/bin/python").unlink()
    assert project.set_up() == "made"


def test_a_python_that_is_not_here_changes_nothing(project):
    assert project.set_up(PYTHON="/no/such/python") == "failed"
    assert project.set_up() == "nothing"


def test_extras_stay_chosen_until_others_are(project):
    assert project.set_up(EXTRAS="s3") == "made"
    assert project.set_up() == "nothing"
    (project.folder / "requirements-s3.txt").write_text("# changed\n")
    assert project.set_up() == "installed"
    assert project.set_up(EXTRAS="s4") == "failed"
    assert project.set_up(EXTRAS="") == "made"


def test_pip_installs_where_there_is_no_uv(tmp_path):
    project = copied(tmp_path / "project", uv=False)
    assert project.set_up() == "made"
    assert project.set_up() == "nothing"
    (project.folder / "requirements.txt").write_text("# changed\n")
    assert project.set_up() == "installed"
    (project.folder / "requirements.txt").write_text("-r no-such-list.txt\n")
    assert project.set_up() == "failed"
