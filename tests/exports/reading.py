"""Calendars as calendar programs read them: by ical.js, which is Thunderbird's, and in Python."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from icalendar import Calendar

READER = Path(__file__).with_suffix(".cjs")
LONGEST_LINE = 75


def read_calendar(parts: Iterable[bytes]) -> dict[str, Any]:
    """The calendar's own properties by name, and its events. Whatever is not valid is an error."""
    whole = b"".join(parts)
    for line in whole.removesuffix(b"\r\n").split(b"\r\n"):
        assert len(line) <= LONGEST_LINE
        assert not set(line.decode()) & {"\r", "\n"}, "a line ends within a line"
    # Where the machine has no npm of its own, it was brought into .venv.
    path = os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.executable).parent)])
    node = shutil.which("node", path=path)
    assert node, "There is no node to read calendars with. 'make test' brings one."
    done = subprocess.run([node, READER], input=whole, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    read: dict[str, Any] = json.loads(done.stdout)
    assert read["events"] == _read_in_python(whole)
    return read


def _read_in_python(whole: bytes) -> list[dict[str, Any]]:
    """The events once more, by icalendar, which many calendar tools read with."""
    calendar = Calendar.from_ical(whole)
    assert not calendar.errors
    return [_event(each) for each in calendar.walk("VEVENT")]


def _event(event: Any) -> dict[str, Any]:
    assert not event.errors
    start, end = event["DTSTART"].dt, event["DTEND"].dt if "DTEND" in event else None
    return {
        "uid": str(event["UID"]),
        "summary": str(event["SUMMARY"]),
        "description": str(event["DESCRIPTION"]),
        "start": start.isoformat(),
        # Without one it ends with its day, and Python has no day after the last.
        "end": end.isoformat() if end else "10000-01-01",
        "whole_days": not hasattr(start, "hour"),
        "sequence": int(event["SEQUENCE"]),
        "stamp": _utc(event["DTSTAMP"].dt),
        "modified": _utc(event["LAST-MODIFIED"].dt),
        "organizer": str(event["ORGANIZER"]),
        "organizer_name": event["ORGANIZER"].params["CN"],
        "status": str(event["STATUS"]),
        "transp": str(event["TRANSP"]),
        "url": str(event["URL"]),
        "categories": [str(each) for each in event["CATEGORIES"].cats],
        "alarms": [
            [str(alarm["ACTION"]), f"-P{-alarm['TRIGGER'].dt.days}D", str(alarm["DESCRIPTION"])]
            for alarm in event.walk("VALARM")
        ],
    }


def _utc(moment: datetime.datetime) -> str:
    assert moment.utcoffset() == datetime.timedelta(0)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
