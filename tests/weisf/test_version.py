"""The running version: for operators and editors, and for nobody else."""

import platform
import subprocess
import sys
import tomllib
from http import HTTPStatus
from pathlib import Path

import django
import pytest
from django.core.management import call_command

ROOT = Path(__file__).parent.parent.parent


def in_pyproject() -> str:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        cwd=ROOT.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.mark.parametrize("argument", ["version", "--version"])
def test_the_operator_is_shown_it_also_with_a_wrong_setting(argument):
    shown = manage(argument, PORT="eighty").stdout.splitlines()
    assert shown == [
        f"Register {in_pyproject()}",
        f"Django {django.get_version()}",
        f"Python {platform.python_version()}",
    ]


def test_it_is_a_command_like_any_other(capsys):
    call_command("version")
    assert capsys.readouterr().out == manage("version").stdout


def test_an_editor_is_shown_it_in_the_foot_of_admin(client, editor):
    client.force_login(editor)
    assert f"Version {in_pyproject()}<" in client.get("/admin/").content.decode()


def test_whoever_lacks_the_second_factor_is_not_shown_it(client, editor, settings):
    settings.SECOND_FACTOR = True
    client.force_login(editor)
    page = client.get("/admin/second-factor/", follow=True)
    assert page.status_code == HTTPStatus.OK
    assert settings.VERSION not in page.content.decode()
