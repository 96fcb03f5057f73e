"""A whole register at once: many new things saved quickly, or nothing of it.

It is for things that are right by construction: they are not checked one by
one, as `save` does. What `save` keeps in step is kept in step here too: an
organisation's official name and its addresses, the changes of protocols,
the search index, and the register's version. Snapshots are left out: they would
double the database (docs/decisions.md, 19). The first change after this keeps one
of before it.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice

from django.db import models, transaction

from registers.changes.bulk_writes import create_rows
from registers.changes.record import ADDED
from registers.models import (
    Change,
    Name,
    Organisation,
    Protocol,
    Slug,
    subject_columns,
)
from registers.models.keys import key_of, slug_of
from registers.search.search_writer import rebuild_search

BATCH = 2000


@dataclass(frozen=True, kw_only=True)
class New:
    """A new thing, and what belongs to it in other tables: its parties, its names.

    None of it is saved yet. `at` is the aware time at which it became official,
    which is recorded of a protocol alone.
    """

    subject: models.Model
    parts: Sequence[models.Model] = ()
    at: datetime.datetime


@contextmanager
def save_register(*, why: str) -> Iterator[Callable[[Iterable[New]], None]]:
    """Yield a function that saves a stream of new things; at the end search finds them.

    All is saved, or nothing. `why` is the public reason of every protocol's change.
    The database's own errors are raised: the things were not right by construction.
    """

    def save_all(things: Iterable[New]) -> None:
        stream = iter(things)
        while batch := list(islice(stream, BATCH)):
            _save_batch(batch, why)

    with transaction.atomic():
        yield save_all
        rebuild_search()


def _save_batch(batch: list[New], why: str) -> None:
    """Save the things, and then their parts, which need their keys: each table's rows at once."""
    _insert(new.subject for new in batch)
    _insert(part for new in batch for part in (*new.parts, *_follows(new, why)))


def _follows(new: New, why: str) -> Iterator[models.Model]:
    """Give the rows that stand beside a thing for the register's own sake."""
    subject = new.subject
    if isinstance(subject, Organisation):
        official = Name.Kind.OFFICIAL
        yield Name(organisation=subject, text=subject.name, key=key_of(subject.name), kind=official)
        texts = [subject.name, *(part.text for part in new.parts if isinstance(part, Name))]
        for slug in dict.fromkeys([subject.slug, *map(slug_of, texts)]):
            yield Slug(organisation=subject, text=slug)
    elif isinstance(subject, Protocol):
        yield Change(
            made_at=new.at,
            **subject_columns(Protocol, subject.pk),
            public=True,
            kind=Change.Kind.ADDED,
            protocol_id=subject.pk,
            what=ADDED,
            event=ADDED,
            why=why,
        )


def _insert(things: Iterable[models.Model]) -> None:
    """Save new rows of any tables, in the order in which each table is first met."""
    tables = defaultdict(list)
    for thing in things:
        tables[type(thing)].append(thing)
    for rows in tables.values():
        create_rows(rows)
