"""Calendar: what two parsers read is what is due or overdue, and it follows every change."""

from __future__ import annotations

import datetime
import inspect
import itertools
import unicodedata
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import example, given, settings
from hypothesis import strategies as st
from icalendar import vText
from icalendar.parser import Contentline

from registers.exports.calendar import CONTENT_TYPE, escape_text, fold, write
from registers.exports.columns import ExportContext
from registers.models import Change, Organisation, Protocol, Theme
from registers.search.rows import CHUNK
from tests.exports.reading import read_calendar
from tests.lengths import times
from tests.makers import (
    DAY,
    OrganisationFactory,
    PartyFactory,
    ProtocolFactory,
    ThemeFactory,
    make_protocols,
    withdrawn,
)
from tests.models.making import NOW, saved
from tests.search.questions import results_of

pytestmark = pytest.mark.django_db
HERE = ExportContext(
    site="https://register.example",
    on=DAY,
    register="Protocols",
    publisher="Us",
    email="us@register.example",
)
MONTH = datetime.date(2027, 3, 1)
HOUR = datetime.timedelta(hours=1)
NOW_IN_DAYS = (DAY - datetime.date(1970, 1, 1)).days
# What matters to iCalendar, all that ends a line somewhere, and all that a database can keep.
HOSTILE = st.lists(
    st.sampled_from(
        [
            *(*';,:\\"^=', "\\n", " ", "é", "😀", "👨\u200d👩\u200d👧", "אבג", "\u202e", "\uffff"),
            *("\r\n", "\n", "\r", "\t", "\x0b", "\x1b", "\x7f", "\x85", "\u2028"),
            *("END:VEVENT", "BEGIN:VALARM", "]]>", "<b>", "&amp;"),
        ]
    )
    | st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    max_size=8,
).map("".join)


def calendar_of(query: str = "status=all", on: datetime.date = DAY) -> dict:
    return read_calendar(write(results_of(query, on), replace(HERE, on=on)))


def events(query: str = "status=all", on: datetime.date = DAY) -> list[dict]:
    return calendar_of(query, on)["events"]


def visible(text: str) -> str:
    """What a reader sees of it on one line, slowly."""
    ends = "\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029\t"
    signs = (" " if sign in ends else sign for sign in text)
    kept = (s for s in signs if unicodedata.category(s) != "Cc" and s not in "\ufffe\uffff")
    return " ".join("".join(kept).split())


@pytest.fixture
def growth(empty_register) -> Protocol:
    """One protocol of which most is recorded."""
    theme = ThemeFactory(name="Health, Wealth and Wellbeing")
    protocol = saved(
        ProtocolFactory.build(
            reference="9001",
            title="Growth; and more",
            theme=theme,
            purpose="To grow,\nand thrive.",
            review_date=MONTH,
            review_note="Under review",
            admin_note="Never public",
        )
    )
    PartyFactory(protocol=protocol, organisation=OrganisationFactory(name="Ashdown"), role="lead")
    PartyFactory(protocol=protocol, organisation=OrganisationFactory(name="Birch"))
    return protocol


def test_all_that_is_said_of_a_review(growth):
    assert events() == [
        {
            "uid": "9001@register.example",
            "summary": "Review due: 9001 - Growth; and more",
            "description": (
                "The review of this information sharing protocol is due by the end of this day.\n"
                "Note: Under review\n"
                "Lead organisation: Ashdown\n"
                "Theme: Health, Wealth and Wellbeing\n"
                "Purpose: To grow, and thrive.\n"
                "Page: https://register.example/protocols/9001/"
            ),
            "start": "2027-03-31",
            "end": "2027-04-01",
            "whole_days": True,
            "sequence": 1 + NOW_IN_DAYS,
            "stamp": "2026-11-22T09:00:00Z",
            "modified": "2026-11-22T09:00:00Z",
            "organizer": "mailto:us@register.example",
            "organizer_name": "Us",
            "status": "CONFIRMED",
            "transp": "TRANSPARENT",
            "url": "https://register.example/protocols/9001/",
            "categories": ["Health, Wealth and Wellbeing"],
            "alarms": [
                ["DISPLAY", "-P90D", "Review due in 90 days: 9001 - Growth; and more"],
                ["DISPLAY", "-P30D", "Review due in 30 days: 9001 - Growth; and more"],
            ],
        }
    ]


def test_the_calendar_says_what_it_is(growth):
    assert CONTENT_TYPE == "text/calendar; charset=utf-8"
    assert calendar_of()["calendar"] == {
        "prodid": "-//register.example//Register of information sharing protocols//EN",
        "version": "2.0",
        "method": "PUBLISH",
        "name": "Reviews: Protocols",
        "x-wr-calname": "Reviews: Protocols",
        "refresh-interval": "P1D",
        "x-published-ttl": "P1D",
    }


def test_its_name_says_what_was_asked_for(growth):
    query = "theme=health-wealth-and-wellbeing&organisation=ashdown&status=current"
    name = "Reviews: Protocols (Health, Wealth and Wellbeing, Ashdown)"
    assert calendar_of(query)["calendar"]["x-wr-calname"] == name
    only = calendar_of("status=withdrawn&sort=title&page=2")["calendar"]["name"]
    assert only == "Reviews: Protocols (Withdrawn)"


def test_the_server_s_port_is_in_no_uid(growth):
    (event,) = read_calendar(
        write(results_of(""), ExportContext(site="http://localhost:8000", on=DAY, register="R"))
    )["events"]
    assert event["uid"] == "9001@localhost"
    assert event["url"] == "http://localhost:8000/protocols/9001/"


DUE = {
    "a leap year's February": ("2028-02-01", "2028-02-29", "2028-03-01"),
    "another February": ("2027-02-01", "2027-02-28", "2027-03-01"),
    "December": ("2026-12-01", "2026-12-31", "2027-01-01"),
    "the month in which clocks go forward": ("2026-03-01", "2026-03-31", "2026-04-01"),
    "the month in which clocks go back": ("2026-10-01", "2026-10-31", "2026-11-01"),
    "long ago": ("1999-11-01", "1999-11-30", "1999-12-01"),
    "the last month there is": ("9999-12-01", "9999-12-31", "10000-01-01"),
}


@pytest.mark.parametrize(("month", "due", "after"), DUE.values(), ids=DUE)
def test_it_stands_on_the_month_s_last_day(empty_register, month, due, after):
    ProtocolFactory(review_date=datetime.date.fromisoformat(month))
    (event,) = events(on=datetime.date(1999, 11, 1))
    assert (event["start"], event["end"], event["whole_days"]) == (due, after, True)


def test_what_is_not_recorded_is_said(empty_register):
    ProtocolFactory(reference="9002", title="Bare", theme=ThemeFactory(name="T"), review_date=MONTH)
    (event,) = events()
    assert event["description"].splitlines()[1:4] == [
        "Lead organisation: Not recorded",
        "Theme: T",
        "Purpose: Not recorded",
    ]
    # Nothing official is known of it, so it is as old as can be.
    assert (event["sequence"], event["modified"]) == (0, "1970-01-01T00:00:00Z")


class TestOverdue:
    @pytest.fixture(autouse=True)
    def overdue(self, growth) -> None:
        growth.review_date = datetime.date(2019, 8, 1)
        saved(growth, at=NOW)

    def test_it_stands_on_the_day_of_the_export(self):
        (event,) = events()
        assert event["summary"] == "Overdue since August 2019: 9001 - Growth; and more"
        assert (event["start"], event["end"], event["whole_days"]) == (
            "2026-11-22",
            "2026-11-23",
            True,
        )
        assert "was due on 31 August 2019" in event["description"].splitlines()[0]
        assert (event["status"], event["alarms"]) == ("CONFIRMED", [])

    def test_it_moves_on_with_each_day_as_a_later_revision_of_one_event(self):
        days = [DAY + datetime.timedelta(days=days) for days in (0, 1, 2, 3, 400)]
        read = [events(on=day)[0] for day in days]
        assert {event["uid"] for event in read} == {"9001@register.example"}
        assert [event["start"] for event in read] == [day.isoformat() for day in days]
        for before, after in itertools.pairwise(read):
            assert before["sequence"] < after["sequence"]
            assert before["stamp"] < after["stamp"] == after["modified"]

    def test_a_day_begins_at_midnight_in_london(self):
        (event,) = events(on=datetime.date(2027, 7, 1))
        assert event["stamp"] == "2027-06-30T23:00:00Z"

    def test_the_sequence_never_falls_back(self, growth):
        """Not when a review is recorded after years, and not when that one falls due again."""
        on = DAY + datetime.timedelta(days=2000)
        found = [events(on=on)[0]]
        growth.review_date = datetime.date(2033, 1, 1)
        saved(growth, at=NOW + datetime.timedelta(days=2000))
        for day in (on, datetime.date(2033, 1, 31), datetime.date(2033, 2, 1)):
            found += events(on=day)
        assert [event["start"] for event in found] == [
            on.isoformat(),
            "2033-01-31",
            "2033-01-31",
            "2033-02-01",
        ]
        numbers = [event["sequence"] for event in found]
        assert numbers[0] < numbers[1] == numbers[2] < numbers[3]

    def test_on_the_day_itself_it_is_due_and_not_overdue(self):
        (event,) = events(on=datetime.date(2019, 8, 31))
        assert event["summary"].startswith("Review due: ")
        (event,) = events(on=datetime.date(2019, 9, 1))
        assert (event["start"], event["summary"][:7]) == ("2019-09-01", "Overdue")

    def test_the_bytes_are_the_same_all_day(self):
        first, second = (
            b"".join(write(results_of("status=all"), replace(HERE, at=NOW + hours * HOUR)))
            for hours in (1, 9)
        )
        assert first == second


def test_without_an_address_the_site_is_the_organizer(growth):
    parts = write(results_of("status=all"), replace(HERE, email=""))
    assert read_calendar(parts)["events"][0]["organizer"] == "https://register.example/"


def test_without_a_review_date_there_is_no_event(empty_register):
    ProtocolFactory(review_date=None)
    assert events() == []
    assert events("q=nothing-like-it") == []


def test_a_long_purpose_is_cut(empty_register):
    ProtocolFactory(review_date=MONTH, purpose="é" * 300)
    ProtocolFactory(review_date=MONTH, purpose=f"{'é' * 298} éé")
    lines = [event["description"].splitlines()[3] for event in events("sort=reference")]
    assert lines == [f"Purpose: {'é' * 300}", f"Purpose: {'é' * 298}…"]


# As it changes ---------------------------------------------------------------------------------


def one_event() -> dict:
    (event,) = events()
    return event


def test_it_rises_with_an_official_change_and_keeps_its_uid(growth):
    before = one_event()
    growth.review_date = datetime.date(2027, 6, 1)
    saved(growth, at=NOW + HOUR)
    after = one_event()
    assert after["uid"] == before["uid"]
    assert (before["start"], after["start"]) == ("2027-03-31", "2027-06-30")
    assert after["sequence"] == before["sequence"] + 1
    assert after["stamp"] == after["modified"] == "2026-11-22T10:00:00Z"


def test_two_changes_in_one_second_are_two(growth):
    for purpose in ("One", "Two"):
        growth.purpose = purpose
        saved(growth, at=NOW + HOUR)
    assert one_event()["sequence"] == 3 + NOW_IN_DAYS


def test_nothing_rises_where_nothing_official_was_changed(growth):
    before = b"".join(write(results_of("status=all"), HERE))
    growth.admin_note = "Ring them"
    saved(growth, at=NOW + HOUR)
    saved(ProtocolFactory.build(reference="9003", theme=growth.theme), at=NOW + HOUR)
    assert b"".join(write(results_of("status=all"), HERE)) == before


def test_what_is_not_overdue_has_the_same_bytes_on_any_day(growth):
    def on(day: datetime.date) -> bytes:
        context = ExportContext(site=HERE.site, on=day, register="Protocols")
        return b"".join(write(results_of("status=all", on=day), context))

    assert on(DAY) == on(datetime.date(2022, 6, 30)) == on(datetime.date(2027, 3, 31))


def test_a_withdrawn_protocol_is_cancelled(growth):
    newer = saved(ProtocolFactory.build(reference="9002", theme=growth.theme))
    for name, value in withdrawn().items():
        setattr(growth, name, value)
    growth.replaced_by = newer
    saved(growth, at=NOW + HOUR)
    event = one_event()
    assert (event["uid"], event["sequence"]) == ("9001@register.example", 2 + NOW_IN_DAYS)
    assert (event["status"], event["alarms"]) == ("CANCELLED", [])
    assert event["summary"] == "Withdrawn: 9001 - Growth; and more"
    assert event["description"].splitlines()[:3] == [
        "Withdrawn on 22 November 2026, so no review is due. It ended.",
        "Replaced by: 9002",
        "Lead organisation: Ashdown",
    ]


def test_a_withdrawn_protocol_that_nothing_replaced(empty_register):
    ProtocolFactory(review_date=MONTH, **withdrawn())
    assert one_event()["description"].splitlines()[1] == "Lead organisation: Not recorded"


# Whatever the words ----------------------------------------------------------------------------


@example(title="END:VEVENT\r\nBEGIN:VALARM", purpose="\\n;,", name="\x1b[31m", note="^n")
@given(title=HOSTILE, purpose=HOSTILE, name=HOSTILE, note=HOSTILE)
@settings(max_examples=times(12, long=500))
@pytest.mark.has_long_form
def test_hostile_words_break_nothing_and_are_read_again(growth, title, purpose, name, note):
    Protocol.objects.update(title=title, purpose=purpose, review_note=note)
    Organisation.objects.update(name=name)
    Theme.objects.update(name=name)
    event = one_event()
    assert event["summary"] == f"Review due: {visible(f'9001 - {title}')}"
    assert event["categories"] == [visible(name)]
    assert event["alarms"][0][2] == f"Review due in 90 days: {visible(f'9001 - {title}')}"
    note_line = [f"Note: {visible(note)}"] if note else []
    assert event["description"].split("\n")[1:-1] == [
        *note_line,
        f"Lead organisation: {visible(name)}",
        f"Theme: {visible(name)}",
        f"Purpose: {visible(purpose) or 'Not recorded'}",
    ]


@example(text="\\N\\\\;,^\n" * 30)
@example(text="x" + "é" * 80)
@example(text="x" * 65 + "\\;" * 40)
@given(text=st.lists(HOSTILE, max_size=40).map("".join))
@settings(deadline=None, max_examples=300)
def test_a_line_has_the_bytes_that_icalendar_gives_it(text):
    words = visible(text)
    assert escape_text(words).encode() == vText(words).to_ical()
    assert fold(f"SUMMARY:{words}") == Contentline(f"SUMMARY:{words}").to_ical() + b"\r\n"


def test_no_sign_is_cut_wherever_a_line_is_folded(empty_register):
    titles = [f"{'x' * length}😀é{'אב' * 60}" for length in range(80)]
    titles += ["😀" * 300, "é" * 300, ";" * 300, "\\" * 300]
    theme = ThemeFactory()
    protocols = make_protocols(len(titles), theme=theme, review_date=MONTH)
    for protocol, title in zip(protocols, titles, strict=True):
        protocol.title = title
    Protocol.objects.bulk_update(protocols, ["title"])
    assert [event["summary"] for event in events("sort=reference")] == [
        f"Review due: {protocol.reference} - {protocol.title}" for protocol in protocols
    ]


# The real register, and a large one ------------------------------------------------------------


def test_a_calendar_program_takes_the_real_register(real_register):
    read = events("")
    protocols = {each.reference: each for each in Protocol.objects.all()}
    assert len(read) == len(protocols) == 25
    for event in read:
        protocol = protocols[event["uid"].removesuffix("@register.example")]
        due = protocol.review_due_on
        assert event["summary"] == f"Overdue since {due:%B %Y}: {protocol}"
        assert event["start"] == DAY.isoformat()
        assert f"Lead organisation: {protocol.lead.organisation.name}\n" in event["description"]


def test_it_is_written_an_event_at_a_time(empty_register):
    make_protocols(60, review_date=MONTH)
    parts = write(results_of(""), HERE)
    assert inspect.isgenerator(parts)
    assert next(parts).startswith(b"BEGIN:VCALENDAR\r\n")
    assert [part.count(b"BEGIN:VEVENT") for part in parts] == [1] * 60 + [0]


def queries_to_write() -> int:
    with CaptureQueriesContext(connection) as queries:
        for _ in write(results_of(""), HERE):
            pass
    return len(queries)


def test_a_large_register_is_brought_in_pieces(empty_register):
    """For each piece the protocols, their parties and their changes are asked for once."""
    theme = ThemeFactory()

    def make(number: int) -> None:
        made = make_protocols(number, theme=theme, review_date=MONTH)
        Change.objects.bulk_create(
            Change(protocol=each, public=True, made_at=NOW, what="New") for each in made
        )

    make(25)
    queries_to_write()  # it reads the register
    few = queries_to_write()
    make(CHUNK - 25)
    queries_to_write()
    assert queries_to_write() == few
    make(CHUNK + 1)
    queries_to_write()
    assert queries_to_write() == few + 2 * 3


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            "organisation=west-essex-ccg",
            "How it binds: in its own name",
        ),
        (
            "organisation=nhs-hertfordshire-and-west-essex-integrated-care-board",
            "How it binds: through West Essex CCG, whose place it took on 1 July 2022",
        ),
        ("q=0045", None),
    ],
)
def test_it_says_through_what_each_binds_the_organisation(real_register, query, said):
    text = (
        b"".join(write(results_of(query), HERE)).decode().replace("\r\n ", "").replace("\\,", ",")
    )
    assert "How it binds" not in text if said is None else said in text
