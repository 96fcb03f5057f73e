"""A link is about one line of one reminder, and nobody can make another out of it."""

from __future__ import annotations

import datetime
from zoneinfo import ZoneInfo

import pytest
from django.core.signing import Signer, TimestampSigner, dumps

from registers import changes
from registers.models import Organisation, Reminded
from registers.reminders.answers import State, good_until, line_for_token, make_token, state_of
from tests.reminders.lines import a_line

pytestmark = pytest.mark.usefixtures("real_register")
LONDON = ZoneInfo("Europe/London")


def london(*when: int) -> datetime.datetime:
    return datetime.datetime(*when, tzinfo=LONDON)


def test_a_link_leads_to_its_line_and_no_other():
    one, other = a_line("0042"), a_line("0036")
    assert line_for_token(make_token(one)) == one
    assert line_for_token(make_token(other)) == other
    assert make_token(one) != make_token(other)


def test_a_link_leads_nowhere_when_a_restored_database_gave_its_number_to_another():
    line = a_line("0042")
    token, number = make_token(line), line.pk
    reminder = line.reminder
    line.delete()
    other = Reminded.objects.create(
        pk=number, reminder=reminder, protocol_id="0036", review_date=line.review_date
    )
    assert line_for_token(token) is None
    assert line_for_token(make_token(other)) == other


def test_a_link_of_a_line_that_is_gone_leads_nowhere():
    line = a_line()
    token = make_token(line)
    line.delete()
    assert line_for_token(token) is None


def altered(token: str) -> dict[str, str]:
    """Every way to alter a link that one might try, by what was done."""
    key, signature = token.split(":")
    first, rest = key.split("-", 1)
    other = f"{int(first) + 1}-{rest}"
    arabic = "".join(chr(0x660 + int(each)) if each.isdigit() else each for each in key)
    return {
        "nothing": "",
        "no signature": key,
        "an empty signature": f"{key}:",
        "no key": f":{signature}",
        "another key": f"{other}:{signature}",
        "a key with a zero": f"0{key}:{signature}",
        "a key with a space": f" {key}:{signature}",
        "a key in other digits": f"{arabic}:{signature}",
        "a negative key": f"-{key}:{signature}",
        "a letter less": token[:-1],
        "a letter more": f"{token}A",
        "other letters": f"{key}:{signature.swapcase()}",
        "much behind it": token + "A" * 100_000,
        "much before it": "1" * 100_000 + token,
        "NUL": f"{token}\0",
        "NUL alone": "\0",
        "signs beyond letters": f"{key}:…{signature}",
        "half a sign": f"{token}\ud800",
        "line end": f"{token}\n",
        "no salt": Signer().sign(key),
        "the salt of sessions": Signer(salt="django.contrib.sessions.SessionStore").sign(key),
        "the salt of messages": Signer(salt="django.contrib.messages").sign(key),
        "the salt of passwords": Signer(
            salt="django.contrib.auth.tokens.PasswordResetTokenGenerator"
        ).sign(key),
        "the salt's name in another case": Signer(salt="REGISTERS.reminders.links").sign(key),
        "a time stamp": TimestampSigner(salt="registers.reminders.links").sign(key),
        "an object": dumps(key, salt="registers.reminders.links"),
        "another secret": Signer(key="x" * 50, salt="registers.reminders.links").sign(key),
        "a word that is signed": Signer(salt="registers.reminders.links").sign("one"),
        "an unknown key that is signed": Signer(salt="registers.reminders.links").sign("999999"),
    }


@pytest.mark.parametrize("how", altered("1-1-0042-2026-11-01:x"))
def test_an_altered_link_leads_nowhere(how):
    a_line("0036")
    assert line_for_token(altered(make_token(a_line()))[how]) is None


# By its begin, the last moment at which it is good, and the first at which it is not.
DAYS = {
    "winter": ((2026, 11, 20, 9), (2027, 1, 19, 23, 59, 59), (2027, 1, 20, 0, 0)),
    "summer": ((2026, 6, 1, 9), (2026, 7, 31, 23, 59, 59), (2026, 8, 1, 0, 0)),
    "into summer": ((2027, 2, 1, 9), (2027, 4, 2, 23, 59, 59), (2027, 4, 3, 0, 0)),
    "into winter": ((2026, 9, 1, 9), (2026, 10, 31, 23, 59, 59), (2026, 11, 1, 0, 0)),
    "to the night that is longer": (
        (2026, 8, 26, 9),
        (2026, 10, 25, 23, 59, 59),
        (2026, 10, 26, 0, 0),
    ),
    "begun after midnight of summer, still the day before in UTC": (
        (2026, 6, 2, 0, 30),
        (2026, 8, 1, 23, 59, 59),
        (2026, 8, 2, 0, 0),
    ),
    "begun in the last minute of a day": (
        (2026, 6, 1, 23, 59),
        (2026, 7, 31, 23, 59, 59),
        (2026, 8, 1, 0, 0),
    ),
    "over 29 February": ((2028, 1, 15, 9), (2028, 3, 15, 23, 59, 59), (2028, 3, 16, 0, 0)),
    "to 29 February": ((2027, 12, 31, 9), (2028, 2, 29, 23, 59, 59), (2028, 3, 1, 0, 0)),
    "from 29 February": ((2028, 2, 29, 9), (2028, 4, 29, 23, 59, 59), (2028, 4, 30, 0, 0)),
    "from 31 December": ((2026, 12, 31, 9), (2027, 3, 1, 23, 59, 59), (2027, 3, 2, 0, 0)),
}


@pytest.mark.parametrize(("begun", "last", "after"), DAYS.values(), ids=DAYS)
def test_a_link_is_good_for_60_days_of_london(begun, last, after):
    line = a_line(at=london(*begun))
    assert good_until(line.reminder) == london(*last).date()
    assert state_of(line, at=london(*begun)) == State.OPEN
    assert state_of(line, at=london(*last)) == State.OPEN
    assert state_of(line, at=london(*after)) == State.EXPIRED
    # The same moments, told in another zone.
    assert state_of(line, at=london(*last).astimezone(datetime.UTC)) == State.OPEN
    assert state_of(line, at=london(*after).astimezone(datetime.UTC)) == State.EXPIRED


def test_a_link_still_works_when_its_organisation_was_merged_and_when_that_is_undone():
    line = a_line("0042")
    token, organisation = make_token(line), line.reminder.organisation
    pulse, police = (Organisation.objects.named(name).get() for name in ("Pulse", "Essex Police"))
    at = london(2026, 11, 22, 9)
    first = changes.merge(pulse, organisation, at=at)
    second = changes.merge(police, pulse, at=at)
    assert line_for_token(token) == line
    assert line_for_token(make_token(Reminded.objects.get(pk=line.pk))) == line
    assert state_of(line_for_token(token), at=line.reminder.begun_at) == State.OPEN
    changes.undo_merge(second, at=at)
    changes.undo_merge(first, at=at)
    assert line_for_token(token) == line
    assert line_for_token(token).reminder.organisation == organisation
