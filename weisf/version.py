"""Which version of the register runs, and on what."""

from __future__ import annotations

import platform
import tomllib
from pathlib import Path

import django

PROJECT_FILE = Path(__file__).resolve().parent.parent / "pyproject.toml"


def read_version() -> str:
    """Return the register's version, which pyproject.toml alone names."""
    project = tomllib.loads(PROJECT_FILE.read_text(encoding="utf-8"))["project"]
    return str(project["version"])


def versions() -> str:
    """Return the versions of the register, Django and Python, a line each."""
    return (
        f"Register {read_version()}\n"
        f"Django {django.get_version()}\n"
        f"Python {platform.python_version()}"
    )
