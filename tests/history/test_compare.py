"""What is wanted beside what is stored: what differs, who changed it, and what is saved."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from registers.history.compare import ChangedBy, Choice, Comparison, compare
from registers.history.snapshot import snapshot_of
from registers.models import Protocol


def body(key: int) -> dict[str, Any]:
    return {"key": key, "says": f"Body {key}", "slug": f"body-{key}"}


def party(pk: int | None, organisation: Any, role: str = "partner", **more: Any) -> dict[str, Any]:
    told = {"name_as_published": "", "note": "", "signed_on": None, "position": pk or 0}
    return {"id": pk, "organisation": organisation, "role": role, **told, **more}


BASE = {
    "fields": {"title": "Flood alerts", "version": "", "review_date": "2027-03-01"},
    "parts": {
        "parties": [party(1, body(1), "lead"), party(2, body(2)), party(3, body(3), note="Temps")]
    },
}


def changed(state: Any = BASE, parties: Any = None, **fields: Any) -> Any:
    """Return a copy of `state` with other `fields`, and other parties by their place."""
    state = copy.deepcopy(state)
    state["fields"] |= fields
    rows = dict(enumerate(state["parts"]["parties"])) | (parties or {})
    state["parts"]["parties"] = [row for row in rows.values() if row]
    return state


def who(comparison: Comparison) -> dict[str, ChangedBy]:
    return {each.name: each.changed_by for each in comparison.differences}


def notes(state: Any) -> dict[Any, str]:
    return {row["organisation"]["key"]: row["note"] for row in state["parts"]["parties"]}


class TestFields:
    def test_who_changed_each(self):
        stored = changed(title="Theirs", version="V9")
        wanted = changed(title="Mine", review_date="2028-01-01")
        comparison = compare(BASE, stored, wanted)
        assert who(comparison) == {
            "title": ChangedBy.BOTH,
            "version": ChangedBy.THEIRS,
            "review_date": ChangedBy.YOURS,
        }
        title = comparison.differences[0]
        assert (title.stored, title.wanted, title.kind) == ("Theirs", "Mine", "")
        saved = comparison.resolve({"title": Choice.WANTED})
        assert saved["fields"] == {"title": "Mine", "version": "V9", "review_date": "2028-01-01"}

    def test_a_choice_beats_who_changed_it(self):
        comparison = compare(BASE, changed(version="V9"), changed(title="Mine"))
        chosen = {"version": Choice.WANTED, "title": Choice.STORED}
        assert comparison.resolve(chosen)["fields"] == BASE["fields"]

    def test_both_want_the_same(self):
        assert compare(BASE, changed(title="One"), changed(title="One")).differences == []

    def test_without_a_base_both_have_changed_it(self):
        comparison = compare(None, BASE, changed(title="Mine"))
        assert who(comparison) == {"title": ChangedBy.BOTH}
        with pytest.raises(ValueError, match="title"):
            comparison.resolve({})

    def test_a_field_that_the_base_does_not_have(self):
        base = changed()
        del base["fields"]["title"]
        assert who(compare(base, BASE, changed(title="Mine"))) == {"title": ChangedBy.BOTH}

    def test_what_is_no_valid_value_is_given_back_as_it_was_typed(self):
        comparison = compare(BASE, changed(version="V9"), changed(review_date="Marhc 2027"))
        (_, month) = comparison.differences
        assert (month.stored, month.wanted) == ("2027-03-01", "Marhc 2027")
        assert comparison.resolve({})["fields"]["review_date"] == "Marhc 2027"

    def test_what_is_left_out_stays(self):
        comparison = compare(BASE, changed(version="V9"), {"fields": {"title": "T"}, "parts": {}})
        assert who(comparison) == {"title": ChangedBy.YOURS}
        assert comparison.resolve({}) == changed(version="V9", title="T")

    def test_empty_text_is_no_value(self):
        assert compare(BASE, BASE, changed(version=None)).differences == []


class TestRows:
    @pytest.mark.parametrize(
        ("theirs", "mine", "changed_by", "kept"),
        [
            ({1: None}, {1: party(2, body(2), note="mine")}, ChangedBy.BOTH, {2: "mine"}),
            ({1: party(2, body(2), note="theirs")}, {1: None}, ChangedBy.BOTH, {}),
            ({1: None}, {}, ChangedBy.THEIRS, {2: ""}),
            ({}, {1: None}, ChangedBy.YOURS, {}),
            ({9: party(9, body(9))}, {}, ChangedBy.THEIRS, {2: ""}),
            ({}, {9: party(None, body(9), note="new")}, ChangedBy.YOURS, {2: "", 9: "new"}),
            (
                {9: party(9, body(9), note="theirs")},
                {9: party(None, body(9), note="mine")},
                ChangedBy.BOTH,
                {2: "", 9: "mine"},
            ),
            # The same party, made again.
            ({1: party(7, body(2))}, {1: party(2, body(2), note="x")}, ChangedBy.YOURS, {2: "x"}),
        ],
        ids=["removed", "I removed", "left", "mine", "added", "I added", "both added", "again"],
    )
    def test_one(self, theirs, mine, changed_by, kept):
        comparison = compare(BASE, changed(parties=theirs), changed(parties=mine))
        (row,) = comparison.differences
        assert (row.kind, row.changed_by) == ("parties", changed_by)
        saved = comparison.resolve({row.name: Choice.WANTED})
        assert notes(saved) == {1: "", 3: "Temps"} | kept
        if changed_by == ChangedBy.BOTH:
            with pytest.raises(ValueError, match=row.name):
                comparison.resolve({})
        assert comparison.resolve({row.name: Choice.STORED}) == changed(parties=theirs)

    def test_it_keeps_the_key_of_the_one_that_is_stored(self):
        wanted = changed(parties={1: party(2, body(2), note="x"), 9: party(None, body(9))})
        saved = compare(BASE, changed(parties={1: party(7, body(2))}), wanted).resolve({})
        assert [row["id"] for row in saved["parts"]["parties"]] == [1, 7, 3, None]

    def test_another_lead_stands_in_the_place_of_the_lead(self):
        wanted = changed(parties={0: party(None, body(9), "lead")})
        (row,) = compare(BASE, BASE, wanted).differences
        assert (row.stored["organisation"], row.wanted["organisation"]) == (body(1), body(9))

    def test_one_that_became_another_organisation_is_the_same_row(self):
        (row,) = compare(BASE, BASE, changed(parties={1: party(2, body(9))})).differences
        assert (row.stored["id"], row.wanted["organisation"]) == (2, body(9))

    def test_an_organisation_that_nobody_knows_is_given_back_as_typed(self):
        wanted = changed(parties={9: party(None, "Esex CC")})
        saved = compare(BASE, BASE, wanted).resolve({})
        assert saved["parts"]["parties"][-1]["organisation"] == "Esex CC"

    def test_one_that_stands_there_twice_is_not_lost(self):
        wanted = changed(parties={9: party(None, body(2), note="again")})
        (row,) = compare(BASE, BASE, wanted).differences
        assert (row.stored, row.wanted["note"]) == (None, "again")

    def test_the_order_is_no_difference(self):
        wanted = changed()
        wanted["parts"]["parties"].reverse()
        assert compare(BASE, BASE, wanted).differences == []

    def test_what_a_row_leaves_out_stays(self):
        wanted = {"fields": {}, "parts": {"parties": [{"id": 3, "organisation": body(3)}]}}
        wanted["parts"]["parties"][0]["role"] = "partner"
        comparison = compare(BASE, BASE, wanted)
        # The others are removed; this one is as it was.
        assert [each.wanted for each in comparison.differences] == [None, None]
        assert comparison.resolve({})["parts"]["parties"] == BASE["parts"]["parties"][2:]

    def test_of_a_kind_that_nobody_describes_the_key_tells_them_apart(self):
        one, other = {"id": 1, "text": "a"}, {"id": 2, "text": "b"}
        stored = {"fields": {}, "parts": {"others": [one, other]}}
        wanted = {"fields": {}, "parts": {"others": [{"id": 2, "text": "c"}, one]}}
        (difference,) = compare(stored, stored, wanted).differences
        assert (difference.stored, difference.name) == (other, "others-1")


@pytest.mark.both_databases
def test_a_stored_protocol_is_as_it_was_recorded(real_register):
    snapshot = snapshot_of(Protocol.objects.get(pk="0036"))
    assert compare(snapshot, snapshot, copy.deepcopy(snapshot)).differences == []
