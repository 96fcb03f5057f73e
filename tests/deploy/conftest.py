"""A real nginx with the shipped configuration, in front of whatever a test needs."""

from __future__ import annotations

import os

import pytest

from tests.deploy import nginx

NO_NGINX = (
    "The tests of deploy/nginx.conf need nginx, which is not here. Install it (on Debian: sudo "
    "apt-get install nginx-light), or set NGINX=/path/to/nginx."
)
missing: list[str] = []


@pytest.fixture(scope="session")
def program() -> str:
    """Where nginx is. Without it these tests fail on CI, and are skipped elsewhere."""
    found = nginx.program()
    if found:
        return found
    if os.environ.get("CI") == "true":
        pytest.fail(NO_NGINX, pytrace=False)
    missing.append(NO_NGINX)
    pytest.skip(NO_NGINX)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end of a run what was not tested, so that nobody overlooks it."""
    if missing:
        terminalreporter.section("DEPLOY/NGINX.CONF IS NOT TESTED", sep="*")
        terminalreporter.line(missing[0])
