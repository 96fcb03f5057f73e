"""Numbers and times of cells, as a person sees them."""

from __future__ import annotations

import datetime

EXACT = 10**15  # below it, a number without a fraction is the number that was typed
SECOND = datetime.timedelta(seconds=1)


def number(value: float) -> int | float:
    """Return a whole number as such: 12 of 12.0."""
    return int(value) if value.is_integer() and abs(value) < EXACT else value


def moment(value: datetime.datetime) -> datetime.date | datetime.datetime:
    """Return a date where there is no time, and no parts of a second: files keep days as parts."""
    if value.microsecond:
        value = (value + SECOND / 2).replace(microsecond=0)
    return value.date() if value.time() == datetime.time.min else value


def span(value: datetime.timedelta) -> str:
    """Return hours, minutes and seconds, of which there may be more than a day's."""
    minutes, seconds = divmod(round(value.total_seconds()), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
