"""The register's rules once more, slowly and plainly, to prove the quick ones."""

from __future__ import annotations

import datetime

ONE_DAY = datetime.timedelta(days=1)


def later_by_months(day: datetime.date, months: int) -> datetime.date:
    """The same day of a month ahead, stepping back to the month's last where it is shorter."""
    year, month, number = day.year, day.month, day.day
    for _ in range(months):
        month += 1
        if month == 13:
            year, month = year + 1, 1
    while True:
        try:
            return datetime.date(year, month, number)
        except ValueError:
            number -= 1


def end_of_month(month: datetime.date) -> datetime.date:
    """Walk on until tomorrow is in another month."""
    day = month
    while (day + ONE_DAY).month == day.month:
        day += ONE_DAY
    return day


def status_of(month: datetime.date | None, on: datetime.date) -> str:
    """Rule 1 of the register, in its own words."""
    if month is None:
        return "none"
    end = end_of_month(month)
    if on > end:
        return "overdue"
    if end <= later_by_months(on, 3):
        return "due-soon"
    return "in-date"


def months_past(month: datetime.date, on: datetime.date) -> int:
    """Count the months that ended, on `on` at the latest, after the review fell due."""
    day, ended = end_of_month(month), 0
    while day < on:
        day += ONE_DAY
        ended += (day + ONE_DAY).month != day.month
    return ended
