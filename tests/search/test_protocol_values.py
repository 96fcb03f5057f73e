"""Protocols as plain values say what the model's instances say."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

from registers.exports.columns import COLUMNS, ExportContext
from registers.models import Party, Protocol
from registers.search import rows
from registers.search.protocol_values import NAMES
from tests.makers import DAY, ProtocolFactory, make_protocols
from tests.search.questions import DAYS, results_of

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db]
HERE = ExportContext(site="https://register.example", on=DAY)


def parties_of(protocol) -> list[tuple[str, int, str, str]]:
    return [
        (each.role, each.organisation_id, each.organisation_name, each.note)
        for each in protocol.all_parties
    ]


class TestBesideTheModel:
    @pytest.mark.parametrize("query", ["", "&sort=title&organisation={slug}"])
    def test_they_say_what_the_model_says(self, rich_register, monkeypatch, query):
        monkeypatch.setattr(rows, "CHUNK", 7)  # so that there are several chunks, and a shorter one
        organisation = Party.objects.filter(protocol__in=Protocol.public.current())[0].organisation
        results = results_of(f"status=all{query.format(slug=organisation.slug)}")
        context = replace(HERE, through=results.through)
        protocols = Protocol.public.get_queryset().with_parties().in_bulk()
        found = list(results.iterator())
        assert results.errors == {}
        assert len(found) == results.count > 0
        for values in found:
            protocol = protocols[values.pk]
            assert str(values) == str(protocol)
            assert {name: getattr(values, name) for name in NAMES} == {
                name: getattr(protocol, name) for name in NAMES
            }
            assert parties_of(values) == parties_of(protocol)
            assert [each.write(values, context) for each in COLUMNS] == [
                each.write(protocol, context) for each in COLUMNS
            ]
            assert values.review_due_on == protocol.review_due_on

    def test_the_review_status_is_that_of_each_day(self, rich_register):
        protocols = Protocol.public.in_bulk()
        for on in DAYS:
            for values in results_of("status=all").iterator():
                assert values.review_status(on) == protocols[values.pk].review_status(on)


def test_what_is_for_administrators_is_not_read(real_register):
    (values,) = results_of("q=0012").iterator()
    assert not {"admin_note", "reference_key"} & set(NAMES)
    assert not hasattr(values, "admin_note")


def test_one_that_was_deleted_in_the_meantime_is_passed_over(empty_register):
    gone, stays = make_protocols(2)
    listed = results_of("").protocols
    Party.objects.all().delete()
    Protocol.objects.filter(pk=gone.pk).delete()
    assert [each.pk for each in listed.iterator()] == [stays.pk]


def test_a_draft_is_not_read(empty_register):
    ProtocolFactory(title="Public")
    listed = results_of("").protocols
    Protocol.objects.update(status=Protocol.Status.DRAFT)
    assert list(listed.iterator()) == []


def test_a_day_is_a_date_on_both_databases(empty_register):
    month = datetime.date(2027, 3, 1)
    ProtocolFactory(review_date=month, parties_complete=True)
    (values,) = results_of("").iterator()
    assert (values.review_date, values.parties_complete) == (month, True)
