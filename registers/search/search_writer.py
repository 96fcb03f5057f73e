"""The search entries of public protocols, with their texts: written with each change, or afresh.

Whoever writes moves the register's version first, and so holds its row until
the transaction ends. What is then read of a protocol is its last state, and
nobody else writes its texts meanwhile.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction

from registers.models import (
    Name,
    Organisation,
    Party,
    Protocol,
    RegisterVersion,
    SearchEntry,
    VocabularyWord,
)
from registers.search.text.engine import ORGANISATIONS, PROTOCOLS, Row, TextTable, engine
from registers.search.text.search import learn
from registers.search.text.words import prepare

BATCH = 2000
Write = Callable[[Collection[Any], int, set[str]], int]


def publish(*, protocols: Collection[str], organisations: Collection[int]) -> None:
    """Move the register's version, and bring what search knows in step with it.

    `protocols` are the references of those that changed, or whose parties did;
    `organisations` the keys of those whose names did. Within a transaction.
    """
    for _ in publish_in_steps(protocols=protocols, organisations=organisations):
        pass


def publish_in_steps(
    *, protocols: Collection[str], organisations: Collection[int]
) -> Iterator[int]:
    """Do what `publish` does, and give after each step how many things are done."""
    engine().before_version()
    number, known, done = RegisterVersion.move(), set[str](), 0
    many = len(protocols) > BATCH
    if many:
        engine().before_many()
    works: list[tuple[Write, list[Any]]] = [
        (_write_protocols, sorted(protocols)),
        (_write_organisations, sorted(organisations)),
    ]
    for write, keys in works:
        for start in range(0, len(keys), BATCH):
            some = keys[start : start + BATCH]
            write(some, number, known)
            done += len(some)
            yield done
    if many:
        engine().after_many()


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """How many were written, and how many leftovers were removed."""

    protocols: int
    organisations: int
    words: int
    removed: int


def write_all(*, batch: int = BATCH) -> Rebuilt:
    """Write every entry, text and word afresh, and remove what belongs to nothing.

    Outside a transaction, so that each batch has its own: people read and
    officers save meanwhile. Entries keep their ids.
    """
    first = RegisterVersion.now().number + 1
    known: set[str] = set()
    protocols = _in_batches(Protocol.public.get_queryset(), _write_protocols, batch, known)
    organisations = _in_batches(Organisation.objects.all(), _write_organisations, batch, known)
    with transaction.atomic():
        removed = _remove_leftovers(first, RegisterVersion.move())
    engine().after_many()
    return Rebuilt(
        protocols=protocols,
        organisations=organisations,
        words=VocabularyWord.objects.count(),
        removed=removed,
    )


def lacking() -> bool:
    """Say whether a public protocol has no entry, as in a database from before there were any."""
    return Protocol.public.filter(search_entry=None).exists()


def _in_batches(things: models.QuerySet[Any], write: Write, batch: int, known: set[str]) -> int:
    """Write `things` in the order of their keys, each batch in one transaction; count them."""
    keys = things.order_by("pk").values_list("pk", flat=True)
    some, written = list(keys[:batch]), 0
    while some:
        with transaction.atomic():
            engine().before_many()
            written += write(some, RegisterVersion.move(), known)
        some = list(keys.filter(pk__gt=some[-1])[:batch])
    return written


def _write_protocols(references: Collection[str], number: int, known: set[str]) -> int:
    """Write entries, texts and words of those that are public; return how many those are."""
    public = Protocol.public.filter(pk__in=references)
    entries = SearchEntry.objects.filter(protocol__in=references)
    entries.update(changed_in=number)
    new = set(public.values_list("pk", flat=True)) - set(
        entries.values_list("protocol_id", flat=True)
    )
    SearchEntry.objects.bulk_create(
        SearchEntry(protocol_id=reference, changed_in=number) for reference in sorted(new)
    )
    rows = list(_protocol_rows(public))
    _keep(PROTOCOLS, rows, number, known)
    return len(rows)


def _protocol_rows(protocols: models.QuerySet[Protocol]) -> Iterator[Row]:
    """Give what stands in each protocol, by the id of its entry, in the order of the table."""
    names = defaultdict(list)
    parties = Party.objects.filter(protocol__in=protocols).exclude(name_as_published="")
    for reference, name in parties.values_list("protocol_id", "name_as_published"):
        names[reference].append(name)
    for entry, reference, title, *texts in protocols.values_list(
        "search_entry__pk", "pk", "title", "purpose", "summary", "information_items"
    ):
        fields = ([title], [reference, reference.lstrip("0")], *([each] for each in texts))
        yield entry, [*map(prepare, fields), prepare(names[reference])]


def _write_organisations(keys: Collection[int], number: int, known: set[str]) -> int:
    """Write the names of organisations; what is gone is no longer found. Return how many."""
    names: dict[int, list[str]] = {key: [] for key in keys}
    for key, name in Name.objects.filter(organisation__in=keys).values_list(
        "organisation_id",
        "text",  # as it is also written differs in capitals alone
    ):
        names[key].append(name)
    rows: list[Row] = [(key, [prepare(each)]) for key, each in names.items()]
    _keep(ORGANISATIONS, rows, number, known)
    return len(rows)


def _keep(table: TextTable, rows: list[Row], number: int, known: set[str]) -> None:
    """Keep the texts and learn their words, save those that are `known` and were just learnt."""
    if rows:
        engine().write(table, rows)
        words = {word for _, fields in rows for field in fields for word in field.plain} - known
        learn(words, number)
        known |= words


def _remove_leftovers(first: int, number: int) -> int:
    """Remove what belongs to nothing public, and words not seen since the version `first`.

    The entry of a protocol that was made a draft again, by hand, stays and
    changes in the version `number`: so every worker learns of it.
    """
    public = SearchEntry.objects.filter(protocol__in=Protocol.public.get_queryset())
    SearchEntry.objects.exclude(pk__in=public).update(changed_in=number)
    removed = 0
    known = {PROTOCOLS: public, ORGANISATIONS: Organisation.objects.all()}
    for table, things in known.items():
        left = set(engine().ids(table)).difference(things.values_list("pk", flat=True))
        engine().remove(table, left)
        removed += len(left)
    gone, _ = VocabularyWord.objects.filter(seen_in__lt=first).delete()
    return removed + gone
