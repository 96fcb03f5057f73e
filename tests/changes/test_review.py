"""How a review becomes official, what is refused, and that a forecast leaves nothing behind."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from registers import changes
from registers.models import Change, Protocol, RegisterVersion, Review, SearchEntry
from tests.models.making import a_protocol, make_cast, saved, shared_by_a_module

DAY = datetime.date(2026, 11, 22)
NOW = datetime.datetime(2026, 11, 22, 9, 0, tzinfo=datetime.UTC)
MARCH = datetime.date(2029, 3, 1)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", autouse=True)
def cast(django_db_setup, django_db_blocker) -> Iterator[None]:
    """9001 and 9002 are in force, 9003 was replaced by 9001, 9004 is a draft, 9005 in force."""
    with shared_by_a_module(django_db_blocker):
        make_cast()
        old = Protocol.objects.get(pk="9003")
        old.replaced_by_id = "9001"
        saved(old)
        due = {
            "review_date": datetime.date(2024, 3, 1),
            "review_note": "Under review",
            "published_on": datetime.date(2021, 3, 1),
        }
        saved(a_protocol("9005", title="Due", **due))
        yield


def a_review(reference: str = "9005", **fields: Any) -> Review:
    """A review that is not stored: still needed, unchanged, unless told otherwise."""
    given = {"reviewed_on": DAY, "outcome": "unchanged", "job_title": "Caldicott Guardian"}
    if fields.get("outcome", "unchanged") in {"unchanged", "changing"}:
        given["next_review"] = MARCH
    return Review(protocol=Protocol.objects.get(pk=reference), **given | fields)


def record(*args: str, at: datetime.datetime = NOW, by: Any = None, **fields: Any) -> Review:
    review = a_review(*args, **fields)
    changes.record_review(review, at=at, by=by)
    return review


def everything() -> dict[str, Any]:
    """Return all that recording could leave behind, to compare before and after."""
    return {
        "protocols": list(Protocol.objects.values()),
        "reviews": list(Review.objects.values()),
        "changes": list(Change.objects.values()),
        "search": list(SearchEntry.objects.values()),
        "version": str(RegisterVersion.now()),
    }


def stored(reference: str = "9005") -> Protocol:
    return Protocol.objects.get(pk=reference)


@pytest.mark.both_databases
class TestOutcomes:
    @pytest.mark.parametrize("outcome", ["unchanged", "changing"])
    def test_still_needed_moves_the_review_date_on(self, officer, outcome):
        review = record(outcome=outcome, note="The partners agreed.", by=officer)
        protocol = stored()
        assert (protocol.status, protocol.review_date) == ("published", MARCH)
        assert protocol.review_note == ""
        assert protocol.updated_on == DAY
        assert Review.objects.get() == review
        assert (review.recorded_at, review.by) == (NOW, officer)
        change = protocol.changes.first()
        assert change.what.splitlines() == [
            "Review date changed from March 2024 to March 2029.",
            "Review note taken out; it was: Under review.",
            "Review recorded: 22 November 2026, "
            + review.get_outcome_display().lower()
            + "; decided by: Caldicott Guardian; note: The partners agreed.",
        ]
        assert (change.why, change.by) == ("Reviewed on 22 November 2026.", officer)

    def test_no_longer_needed_withdraws_with_the_note_as_the_reason(self):
        day = datetime.date(2026, 11, 3)
        record(outcome="ended", note=" The service closed.\n", reviewed_on=day)
        protocol = stored()
        assert (protocol.status, protocol.withdrawn_on) == ("withdrawn", day)
        assert protocol.withdrawn_reason == "The service closed."
        assert protocol.replaced_by is None
        assert "Status changed from Published to Withdrawn." in protocol.changes.first().what
        # The month it was due stays: the page may say that it was never reviewed in time.
        assert protocol.review_date == datetime.date(2024, 3, 1)

    @pytest.mark.parametrize(
        ("note", "reason"),
        [("Merged.", "Merged."), ("", "Another protocol takes its place.")],
        ids=["with a note", "without"],
    )
    def test_replaced_withdraws_and_names_the_other(self, note, reason):
        record(outcome="replaced", replaced_by_id="9002", note=note)
        protocol = stored()
        assert (protocol.status, protocol.withdrawn_on) == ("withdrawn", DAY)
        assert protocol.withdrawn_reason == reason
        assert protocol.replaced_by_id == "9002"

    def test_one_protocol_replaces_several(self):
        record(outcome="replaced", replaced_by_id="9001")
        record("9002", outcome="replaced", replaced_by_id="9001")
        assert set(stored("9001").replaces.values_list("pk", flat=True)) == {"9002", "9003", "9005"}

    def test_a_later_one_is_told_as_added_and_stands_first(self):
        record(reviewed_on=datetime.date(2025, 1, 2), next_review=datetime.date(2026, 1, 1))
        later = record(note="Again.\n\nAt length.")
        assert stored().reviews.first() == later
        assert stored().changes.first().what.splitlines() == [
            "Review date changed from January 2026 to March 2029.",
            "Review added: 22 November 2026, still needed, unchanged; decided by:"
            " Caldicott Guardian; note: Again. At length.",
        ]

    def test_two_of_a_day_that_differ_are_both_kept(self):
        record()
        record(outcome="changing")
        assert stored().reviews.count() == 2


LONG = 151
REFUSED: dict[str, tuple[str, dict[str, Any], str, str]] = {
    "no outcome": ("9005", {"outcome": ""}, "outcome", "This field cannot be blank."),
    "an unknown outcome": ("9005", {"outcome": "lost"}, "outcome", "is not a valid choice"),
    "no day": ("9005", {"reviewed_on": None}, "reviewed_on", "This field cannot be null."),
    "a slip of the hand": (
        "9005",
        {"reviewed_on": datetime.date(1900, 1, 1)},
        "reviewed_on",
        "Enter a date in the year 1990 or later.",
    ),
    "a day to come": (
        "9005",
        {"reviewed_on": DAY + datetime.timedelta(1)},
        "reviewed_on",
        "This date must be today or in the past.",
    ),
    "no month": ("9005", {"next_review": None}, "next_review", "Enter the month"),
    "a month before its own day": (
        "9005",
        {"next_review": datetime.date(2026, 10, 1)},
        "next_review",
        "cannot be due before this one was made",
    ),
    "a month that is a day": (
        "9005",
        {"next_review": datetime.date(2029, 3, 2)},
        "__all__",
        "A review date is a month",
    ),
    "a month for one that ends": (
        "9005",
        {"outcome": "ended", "note": "Over.", "next_review": MARCH},
        "next_review",
        "A protocol that ends has no next review.",
    ),
    "withdrawn without a reason": ("9005", {"outcome": "ended"}, "note", "Enter why"),
    "withdrawn for white space": (
        "9005",
        {"outcome": "ended", "note": " \n "},
        "note",
        "Enter why",
    ),
    "replaced by nothing": ("9005", {"outcome": "replaced"}, "replaced_by", "Select the protocol"),
    "a replacement for one that stays": (
        "9005",
        {"replaced_by_id": "9002"},
        "replaced_by",
        "Only for ‘Replaced by another protocol’.",
    ),
    "replaced by itself": (
        "9005",
        {"outcome": "replaced", "replaced_by_id": "9005"},
        "replaced_by",
        "A protocol cannot replace itself.",
    ),
    "replaced by what it replaces": (
        "9001",
        {"outcome": "replaced", "replaced_by_id": "9003"},
        "replaced_by",
        "These protocols would replace each other.",
    ),
    "replaced by a draft": (
        "9005",
        {"outcome": "replaced", "replaced_by_id": "9004"},
        "replaced_by",
        "This is a draft. Publish it first.",
    ),
    "replaced by what is not there": (
        "9005",
        {"outcome": "replaced", "replaced_by_id": "9099"},
        "replaced_by",
        "is not a valid choice",
    ),
    "withdrawn already": ("9003", {}, "__all__", "9003 - A title is not in force"),
    "a draft": ("9004", {}, "__all__", "9004 - A title is not in force"),
    "an e-mail address in the note": (
        "9005",
        {"note": "Ask jo@example.org."},
        "note",
        "Remove the e-mail address",
    ),
    "an e-mail address as job title": (
        "9005",
        {"job_title": "jo@example.org"},
        "job_title",
        "Remove the e-mail address",
    ),
    "nobody decided": ("9005", {"job_title": ""}, "job_title", "cannot be blank"),
    "too long a job title": ("9005", {"job_title": "x" * LONG}, "job_title", "at most 150"),
}


@pytest.mark.parametrize(("reference", "fields", "field", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_is_said_and_nothing_is_half_saved(reference, fields, field, words):
    before = everything()
    with pytest.raises(ValidationError) as refusal:
        record(reference, **fields)
    said = refusal.value.update_error_dict({})
    assert words in " ".join(sentence for error in said[field] for sentence in error.messages)
    assert everything() == before


def test_a_day_before_the_last_review_is_refused():
    record()
    before = everything()
    with pytest.raises(
        ValidationError, match="A review dated 22 November 2026 is already recorded"
    ):
        record(reviewed_on=DAY - datetime.timedelta(1), next_review=MARCH)
    assert everything() == before


@pytest.mark.both_databases
def test_a_button_pressed_twice_records_one():
    record(note="Agreed.")
    before = everything()
    with pytest.raises(ValidationError, match="This review has been recorded already"):
        record(note="Agreed.")
    assert everything() == before


def at(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text)


# The time of recording, the last day that may be written then, and its own month as the next.
MIDNIGHTS = {
    "a summer night before midnight": ("2026-06-30T22:59:59+00:00", "2026-06-30"),
    "a summer night after midnight": ("2026-06-30T23:30:00+00:00", "2026-07-01"),
    "a winter night before midnight": ("2026-12-31T23:59:59+00:00", "2026-12-31"),
    "a winter night after midnight": ("2027-01-01T00:00:00+00:00", "2027-01-01"),
    "the night in which the clocks go forward": ("2026-03-29T00:30:00+00:00", "2026-03-29"),
    "the evening after": ("2026-03-29T23:30:00+00:00", "2026-03-30"),
    "the night in which they go back": ("2026-10-24T23:30:00+00:00", "2026-10-25"),
    "before a leap day": ("2028-02-28T23:59:59+00:00", "2028-02-28"),
    "a leap day": ("2028-02-29T00:00:00+00:00", "2028-02-29"),
    "the end of a leap day": ("2028-02-29T23:59:59+00:00", "2028-02-29"),
}


@pytest.mark.parametrize(("time", "today"), MIDNIGHTS.values(), ids=MIDNIGHTS)
def test_today_is_london_s_on_both_sides_of_midnight(time, today):
    day = datetime.date.fromisoformat(today)
    tomorrow = day + datetime.timedelta(1)
    with pytest.raises(ValidationError, match="This date must be today or in the past"):
        record(at=at(time), reviewed_on=tomorrow)
    # Due again at the end of the same month is not before its own day.
    review = record(at=at(time), reviewed_on=day, next_review=day.replace(day=1))
    assert stored().review_date == day.replace(day=1)
    assert stored().updated_on == day
    assert review.reviewed_on == day


@pytest.mark.both_databases
class TestMany:
    def test_all_are_recorded(self, officer):
        changes.record_reviews([a_review(), a_review("9002")], at=NOW, by=officer)
        assert {review.protocol_id for review in Review.objects.all()} == {"9002", "9005"}

    def test_or_none(self):
        before = everything()
        with pytest.raises(ValidationError, match="is not in force"):
            changes.record_reviews([a_review(), a_review("9003")], at=NOW)
        assert everything() == before


@pytest.mark.both_databases
class TestForecast:
    def test_what_is_said_is_what_then_happens_and_nothing_of_it_stays(self, officer):
        reviews = [a_review(), a_review("9002"), a_review("9003"), a_review("9004")]
        before = everything()
        foreseen = changes.preview_reviews(reviews, at=NOW, by=officer)
        assert everything() == before
        assert [each.protocol.pk for each in foreseen] == ["9005", "9002", "9003", "9004"]
        for review, each in zip(reviews, foreseen, strict=True):
            if each.refusals:
                assert not each.lines
                with pytest.raises(ValidationError) as refusal:
                    changes.record_review(review, at=NOW, by=officer)
                assert refusal.value.messages == each.refusals
            else:
                # The very same things can be recorded afterwards.
                changes.record_review(review, at=NOW, by=officer)
                assert each.lines == stored(each.protocol.pk).changes.first().what.splitlines()
        assert [bool(each.refusals) for each in foreseen] == [False, False, True, True]

    def test_each_is_foreseen_by_itself(self):
        replaced = {"outcome": "replaced", "replaced_by_id": "9001"}
        ended = {"outcome": "ended", "note": "Over."}
        foreseen = changes.preview_reviews(
            [a_review(**replaced), a_review("9001", **ended)], at=NOW
        )
        assert [each.refusals for each in foreseen] == [[], []]


class TestMending:
    def test_the_words_are_mended_and_told(self):
        review = record(note="Jo Smith agreed.")
        with changes.record_change(review.protocol, at=NOW, why="No names."):
            review.note = "The guardian agreed."
            changes.correct_review(review)
        assert Review.objects.get().note == "The guardian agreed."
        change = stored().changes.first()
        assert change.what.startswith("Review changed from 22 November 2026")
        assert change.what.endswith("note: The guardian agreed.")
        newest, last = Change.objects.about(Protocol, change.subject_key)[:2]
        assert newest.snapshot["parts"]["reviews"][0]["note"] == "The guardian agreed."
        assert last.snapshot["parts"]["reviews"][0]["note"] == "Jo Smith agreed."

    def test_the_reason_of_the_withdrawal_that_repeats_the_note_follows(self):
        review = record(outcome="ended", note="Jo Smith left.")
        with changes.record_change(review.protocol, at=NOW):
            review.note = "The service closed."
            changes.correct_review(review)
        assert stored().withdrawn_reason == "The service closed."

    def test_a_reason_of_its_own_stays(self):
        review = record(outcome="ended", note="Over.")
        protocol = stored()
        protocol.withdrawn_reason = "It ended, as told by the lead."
        saved(protocol)
        with changes.record_change(review.protocol, at=NOW):
            review.note = "Ended."
            changes.correct_review(review)
        assert stored().withdrawn_reason == "It ended, as told by the lead."

    def test_a_withdrawal_keeps_its_reason(self):
        review = record(outcome="ended", note="Over.")
        before = everything()
        review.note = ""
        with (
            pytest.raises(ValidationError, match="Enter why"),
            changes.record_change(review.protocol, at=NOW),
        ):
            changes.correct_review(review)
        assert everything() == before


@pytest.mark.both_databases
def test_a_ring_is_refused_where_the_other_was_read_before_it_was_replaced():
    one, other = (Protocol.objects.get(pk=reference) for reference in ("0053", "0073"))
    first, second = (
        Review(
            protocol=replaced,
            replaced_by=by,
            reviewed_on=NOW.date(),
            outcome="replaced",
            job_title="SIRO",
        )
        for replaced, by in ((one, other), (other, one))
    )
    changes.record_review(first, at=NOW)
    with pytest.raises(ValidationError, match="would replace each other"):
        changes.record_review(second, at=NOW)
    assert Protocol.objects.get(pk="0073").status == "published"
    assert Review.objects.count() == 1
