"""Security events are JSON lines that name nobody in the clear."""

import json
import logging

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from pythonjsonlogger.json import JsonFormatter

from weisf.security_events import security_event


@pytest.fixture
def lines(caplog):
    """Return what the log's own formatter writes of each event."""
    caplog.set_level(logging.INFO, logger="security")
    written = dict(settings.LOGGING["formatters"]["json"])
    written["fmt"] = written.pop("format")
    formatter = JsonFormatter(**{name: value for name, value in written.items() if name != "()"})
    return lambda: [json.loads(formatter.format(record)) for record in caplog.records]


def test_an_event_names_account_and_network_without_telling_them(lines, rf):
    for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
        request = rf.get("/admin/", REMOTE_ADDR=address)
        security_event("login", request=request, user=User(pk=7, username="edith"), method="code")
    one, same, other = lines()
    assert (one["event"], one["user"], one["method"]) == ("login", 7, "code")
    assert one["logger"] == "security"
    assert one["network"] == same["network"] != other["network"]
    assert "edith" not in str(one)
    assert "192.0.2" not in str(one)


def test_an_event_of_a_command_has_no_network(lines):
    security_event("second_factor_reset", account=3)
    (line,) = lines()
    assert line["user"] is None
    assert line["account"] == 3
    assert "network" not in line
