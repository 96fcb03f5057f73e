"""Writes what search needs: entries, texts and vocabulary, after each change or all anew.

A writer moves the register's version first, or locks it, and so holds that row until
the transaction ends. So it reads the last state of a protocol, and no other
writer can change its texts at the same time.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from django.db import models, transaction
from django.db.models import F

from registers.models import (
    Identifier,
    Name,
    Organisation,
    Party,
    Protocol,
    RegisterVersion,
    SearchEntry,
    VocabularyWord,
)
from registers.models.protocol_fields import PROTOCOL_FIELDS
from registers.models.references import without_zeros
from registers.search.text.engine import ORGANISATIONS, PROTOCOLS, Row, TextTable, engine
from registers.search.text.search import add_to_vocabulary
from registers.search.text.words import prepare
from registers.search.titles import title_key

BATCH = 2000
ROWS_AT_ONCE = 500  # in one UPDATE: its time grows with the square
# Texts with a column of their own in the text table. All others share one.
OWN_COLUMN = ("title", "purpose", "summary")
OTHER_TEXTS = [f.name for f in PROTOCOL_FIELDS if f.searched and f.name not in OWN_COLUMN]
Write = Callable[[Collection[Any], int, set[str]], int]


def update_search(
    *, protocols: Collection[str], organisations: Collection[int], links: bool = False
) -> None:
    """Move the register's version, and update what search needs.

    `protocols` are the references of those that changed, or whose parties changed;
    `organisations` are the keys of those whose names changed; `links` says that
    links between organisations changed. Needs a transaction.
    """
    for _ in update_search_in_steps(protocols=protocols, organisations=organisations, links=links):
        pass


def update_search_in_steps(
    *, protocols: Collection[str], organisations: Collection[int], links: bool = False
) -> Iterator[int]:
    """Do what `update_search` does, and yield after each step how many things are done."""
    engine().run(engine().before_version)
    number, known, done = RegisterVersion.move(links=links), set[str](), 0
    is_bulk = len(protocols) > BATCH
    if is_bulk:
        engine().run(engine().before_bulk)
    work: list[tuple[Write, list[Any]]] = [
        (_write_protocols, sorted(protocols)),
        (_write_organisations, sorted(organisations)),
    ]
    for write, keys in work:
        for start in range(0, len(keys), BATCH):
            batch = keys[start : start + BATCH]
            write(batch, number, known)
            done += len(batch)
            yield done
    if is_bulk:
        engine().run(engine().after_bulk)


@dataclass(frozen=True, kw_only=True)
class RebuildResult:
    """How many were written, and how many stale ones were removed."""

    protocols: int
    organisations: int
    words: int
    removed: int


def rebuild_search(*, batch: int = BATCH) -> RebuildResult:
    """Write every entry, text and word anew, and remove stale ones.

    Must run outside a transaction: each batch has its own, so that people can read
    and save in the meantime. Entries keep their ids.

    The version moves once, at the end, so cached pages and the index of each worker are out of
    date once. A batch only locks it, so that it reads the last state of what it writes, and
    writes the number of the version to come, which nobody has read yet: whether a save moves to
    it or the end does, every worker then reads the entries of the batch. Where it was interrupted,
    the next save does it, and leaves stale rows to the next rebuild.
    """
    first = RegisterVersion.now().number + 1
    known: set[str] = set()
    protocols = _in_batches(Protocol.public.get_queryset(), _write_protocols, batch, known)
    organisations = _in_batches(Organisation.objects.all(), _write_organisations, batch, known)
    with transaction.atomic():
        removed = _remove_stale(first, RegisterVersion.move(links=True))
    engine().run(engine().after_bulk)
    return RebuildResult(
        protocols=protocols,
        organisations=organisations,
        words=VocabularyWord.objects.count(),
        removed=removed,
    )


def entries_missing() -> bool:
    """Return whether a public protocol has no entry, as in a database of an older release."""
    return Protocol.public.filter(search_entry=None).exists()


def _in_batches(things: models.QuerySet[Any], write: Write, batch: int, known: set[str]) -> int:
    """Write `things` by primary key, a transaction a batch; return how many."""
    keys = things.order_by("pk").values_list("pk", flat=True)
    chunk, written = list(keys[:batch]), 0
    while chunk:
        with transaction.atomic():
            engine().run(engine().before_bulk)
            written += write(chunk, RegisterVersion.lock() + 1, known)
        chunk = list(keys.filter(pk__gt=chunk[-1])[:batch])
    return written


def _write_protocols(references: Collection[str], number: int, known: set[str]) -> int:
    """Write entries, texts and words of those that are public; return how many."""
    SearchEntry.objects.filter(protocol__in=references).update(changed_in=number)
    texts = (*OWN_COLUMN, *OTHER_TEXTS)
    entry = {"entry": F("search_entry__pk"), "title_key": F("search_entry__title_key")}
    protocols = list(Protocol.public.filter(pk__in=references).values("pk", *texts, **entry))
    _write_entries(protocols, number)
    rows = list(_protocol_rows(protocols))
    _store(PROTOCOLS, rows, number, known)
    return len(rows)


def _write_entries(protocols: list[dict[str, Any]], number: int) -> None:
    """Write the title keys that changed, and missing entries, whose ids then stand in `entry`.

    An entry that is there keeps its id: it is a position in every worker's index.
    """
    retitled, new = [], []
    for protocol in protocols:
        key = title_key(protocol["title"])
        if protocol["entry"] is None:
            new.append(SearchEntry(protocol_id=protocol["pk"], changed_in=number, title_key=key))
        elif protocol["title_key"] != key:
            retitled.append(SearchEntry(pk=protocol["entry"], title_key=key))
    SearchEntry.objects.bulk_update(retitled, ["title_key"], batch_size=ROWS_AT_ONCE)
    if new:
        SearchEntry.objects.bulk_create(sorted(new, key=attrgetter("protocol_id")))
        entries = SearchEntry.objects.filter(protocol__in=[each.protocol_id for each in new])
        ids = dict(entries.values_list("protocol_id", "pk"))
        for protocol in protocols:
            protocol["entry"] = ids.get(protocol["pk"], protocol["entry"])


def _protocol_rows(protocols: list[dict[str, Any]]) -> Iterator[Row]:
    """Yield the searched texts of each protocol, with the id of its entry."""
    names = defaultdict(list)
    references = [protocol["pk"] for protocol in protocols]
    parties = Party.objects.filter(protocol__in=references).exclude(name_as_published="")
    for reference, name in parties.values_list("protocol_id", "name_as_published"):
        names[reference].append(name)
    for each in protocols:
        reference = each["pk"]
        fields = (
            [each["title"]],
            [reference, without_zeros(reference)],
            [each["purpose"]],
            [each["summary"]],
            [each[name] for name in OTHER_TEXTS],
            names[reference],
        )
        yield each["entry"], [*map(prepare, fields)]


def _write_organisations(keys: Collection[int], number: int, known: set[str]) -> int:
    """Write the names and identifiers of organisations; return how many organisations."""
    names: dict[int, list[str]] = {key: [] for key in keys}
    for key, name in Name.objects.filter(organisation__in=keys).values_list(
        "organisation_id",
        "text",  # `also_written` differs in capitals only
    ):
        names[key].append(name)
    identifiers = Identifier.objects.filter(organisation__in=keys)
    for key, value in identifiers.values_list("organisation_id", "value"):
        names[key].append(value)
    rows: list[Row] = [(key, [prepare(each)]) for key, each in names.items()]
    _store(ORGANISATIONS, rows, number, known)
    return len(rows)


def _store(table: TextTable, rows: list[Row], number: int, known: set[str]) -> None:
    """Store the texts, and their words in the vocabulary unless they are `known`: just added."""
    if rows:
        engine().write(table, rows)
        words = {word for _, fields in rows for field in fields for word in field.plain} - known
        add_to_vocabulary(words, number)
        known |= words


def _remove_stale(first: int, number: int) -> int:
    """Remove texts of nothing public, and words not seen since the version `first`.

    The entry of a protocol that was made a draft again, by hand, stays and
    changes in the version `number`: so that every worker updates its index.
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
