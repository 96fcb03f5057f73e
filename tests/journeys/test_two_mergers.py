"""Two officers merge, or edit, the same organisations in the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection

from registers import changes
from registers.models import Merge, Organisation, Party, Protocol
from tests.merging import NOON, dump, named
from tests.threads import close_connection

pytestmark = [
    pytest.mark.both_databases,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql",
        reason="SQLite writes one transaction after the other, and in memory nobody waits",
    ),
]

SLUG = "essex-partnership-university-nhs-foundation-trust"
ECC, EPUT, POLICE = "Essex County Council", "EPUT", "Essex Police"


def at_once(*deeds: Callable[[threading.Barrier], None]) -> list[str]:
    """Let each officer read, and then act in the same moment; return what they are told, sorted."""
    together = threading.Barrier(len(deeds))

    def act(deed: Callable[[threading.Barrier], None]) -> str:
        try:
            deed(together)
        except ValidationError as refusal:
            return " ".join(refusal.messages)
        except IntegrityError:
            return "Refused by the database."
        finally:
            close_connection()
        return ""

    with ThreadPoolExecutor(len(deeds)) as officers:
        return sorted(officers.map(act, deeds))


def merging(stays: str, goes: str) -> Callable[[threading.Barrier], None]:
    def deed(together: threading.Barrier) -> None:
        both = named(stays), named(goes)
        together.wait()
        changes.merge(*both, at=NOON)

    return deed


@pytest.mark.parametrize(
    ("other", "why"),
    [((ECC, EPUT), "the same"), ((EPUT, ECC), "the other way"), ((POLICE, EPUT), "elsewhere")],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_one_merge_is_made_and_the_other_officer_is_told(real_register, other, why):
    said = at_once(merging(ECC, EPUT), merging(*other))
    assert said[0] == ""
    assert "Somebody may have merged it." in said[1]
    merge = Merge.objects.get()
    assert not Organisation.objects.filter(pk=merge.gone_key).exists()
    assert not Party.objects.filter(organisation=merge.gone_key).exists()


def test_a_party_that_is_written_meanwhile_never_points_at_nothing(real_register):
    """An officer adds the one that goes to a protocol; the database lets the first of both."""

    def adding(together: threading.Barrier) -> None:
        protocol = Protocol.objects.get(pk="0012")
        with changes.record_change(protocol, at=NOON):
            changes.save(Party(protocol=protocol, organisation=named(EPUT), role="partner"))
            together.wait()

    said = at_once(adding, merging(ECC, EPUT))
    assert "" in said
    there = set(Organisation.objects.values_list("pk", flat=True))
    assert set(Party.objects.values_list("organisation", flat=True)) <= there
    assert Merge.objects.exists() == (not Organisation.objects.filter(slug=SLUG).exists())


def test_a_merge_is_undone_once(real_register):
    before = dump()
    merge = changes.merge(named(ECC), named(EPUT), at=NOON)

    def undoing(together: threading.Barrier) -> None:
        together.wait()
        changes.undo_merge(merge, at=NOON)

    assert at_once(undoing, undoing) == ["", "This merge was undone already."]
    assert dump() == before
