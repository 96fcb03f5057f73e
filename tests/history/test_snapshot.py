"""What is recorded of a thing with each change."""

from __future__ import annotations

import datetime
import json

import pytest

from registers import changes
from registers.history.snapshot import snapshot_of
from registers.models import Change, Document, Organisation, Overarching, Protocol, Theme
from tests.models.making import a_party, a_protocol, saved

pytestmark = pytest.mark.django_db

AT = datetime.datetime(2026, 11, 22, 12, 0, tzinfo=datetime.UTC)


def told(thing, **fields):
    """Change the thing officially, and return what is recorded with the change."""
    for name, value in fields.items():
        setattr(thing, name, value)
    with changes.record_change(thing, at=AT):
        changes.save(thing)
    return Change.objects.first().snapshot


def test_what_is_not_stored_has_none(real_register):
    assert snapshot_of(a_protocol("9009", theme=Theme.objects.first())) is None


def test_a_draft_is_recorded_and_not_public(real_register):
    draft = a_protocol("9009", status="draft", theme=Theme.objects.first())
    assert told(draft)["fields"]["status"] == "draft"
    change = Change.objects.first()
    assert (change.subject_key, change.public, change.protocol, change.what) == (
        "9009",
        False,
        None,
        "",
    )


@pytest.mark.both_databases
def test_every_protocol_of_the_real_register_is_recorded_as_it_stands(real_register):
    for protocol in Protocol.objects.all():
        change = protocol.changes.get()
        assert change.snapshot == json.loads(json.dumps(snapshot_of(protocol)))
        fields, parties = change.snapshot["fields"], change.snapshot["parts"]["parties"]
        assert fields["title"] == protocol.title
        assert fields["theme"] == {
            "key": protocol.theme_id,
            "says": protocol.theme.name,
            "slug": protocol.theme.slug,
        }
        assert fields["review_date"] == (protocol.review_date and str(protocol.review_date))
        assert [
            (party["organisation"]["slug"], party["role"], party["name_as_published"])
            for party in parties
        ] == list(protocol.parties.values_list("organisation__slug", "role", "name_as_published"))


def test_what_is_for_administrators_alone_is_no_official_change(real_register):
    protocol = Protocol.objects.get(pk="0046")
    assert told(protocol, admin_note="Ask them.")["fields"]["admin_note"] == "Ask them."
    assert not Change.objects.first().public
    assert protocol.changes.count() == 1


@pytest.mark.both_databases
def test_what_stands_in_other_tables_is_recorded(real_register):
    protocol = Protocol.objects.get(pk="0046")
    with changes.record_change(protocol, at=AT):
        changes.save(Overarching(protocol=protocol, overarching_id="0062"))
    (under,) = protocol.changes.first().snapshot["parts"]["overarching"]
    assert under["overarching"] == {"key": "0062", "says": str(Protocol.objects.get(pk="0062"))}


def test_a_paper_that_was_taken_off_is_not_recorded_any_more(real_register):
    protocol = Protocol.objects.get(pk="0046")
    Document.objects.create(protocol=protocol, title="Signed copy", file="a.pdf", taken_off=True)
    assert snapshot_of(protocol)["parts"]["documents"] == []


def test_an_organisation_is_recorded_with_its_names_and_approvers(real_register):
    eput = Organisation.objects.named("EPUT").get()
    record = told(eput, note="A trust.")
    assert record["fields"]["note"] == "A trust."
    names = {(name["text"], name["kind"]) for name in record["parts"]["names"]}
    assert names == set(eput.names.values_list("text", "kind"))
    assert {row["job_title"] for row in record["parts"]["approvers"]} == set(
        eput.approvers.values_list("job_title", flat=True)
    )


def test_a_page_is_recorded_by_its_own_fields(real_register):
    record = told(Theme.objects.first(), description="About health.")
    assert record["fields"]["description"] == "About health."
    assert record["parts"] == {}


class TestAChangeFromBeforeRecordsWereKept:
    @pytest.fixture
    def forgotten(self, real_register):
        Change.objects.update(snapshot=None)
        return Protocol.objects.get(pk="0046")

    def test_gets_what_was_there_until_the_next(self, forgotten):
        was = snapshot_of(forgotten)
        organisation = forgotten.parties.first().organisation
        told(forgotten, title="Renamed")
        now, before = forgotten.changes.all()
        assert before.snapshot == was
        assert now.snapshot["fields"]["title"] == "Renamed"
        # What did not change is not written.
        assert set(organisation.changes.values_list("snapshot", flat=True)) <= {None}

    def test_stays_without_where_nothing_of_it_changes(self, forgotten):
        told(Protocol.objects.get(pk="0062"), title="Renamed")
        assert forgotten.changes.get().snapshot is None

    def test_is_not_written_again_later(self, forgotten):
        told(forgotten, title="Renamed")
        first = forgotten.changes.last().snapshot
        told(forgotten, title="Renamed again")
        assert forgotten.changes.last().snapshot == first

    def test_of_a_draft_that_was_never_official_there_is_none(self, real_register):
        draft = saved(a_protocol("9009", status="draft", theme=Theme.objects.first()))
        saved(a_party("9009", "EPUT"))
        assert told(draft, status="published")["parts"]["parties"]
        assert draft.changes.count() == 1
