"""The transaction of a change: what it touched is made findable at its end, or nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction

from registers.changes.altered import Altered
from registers.changes.papers import no_orphans
from registers.history.snapshot import Snapshot
from registers.models import (
    Identifier,
    Membership,
    Name,
    Organisation,
    Party,
    Protocol,
    Succession,
    TakenOn,
)
from registers.models.links import refuse_rings
from registers.search.search_writer import update_search

# By the model and the primary key of a row: its snapshot before all that was saved, and after it.
States = dict[tuple[type[models.Model], Any], tuple[Snapshot | None, Snapshot | None]]


@dataclass(kw_only=True)
class Touched:
    """The primary keys of what one transaction saved or removed, for the search index.

    `links` says whether links between organisations changed: successions, members, who took
    protocols on, which organisations there are, of which kind. `succeeded` are those whose
    successors changed, `groups` the groups that got another group as a member. `altered`
    is what the public reads differently of others. `states` are collected in a dry run alone.
    """

    protocols: set[str] = field(default_factory=set)
    organisations: set[int] = field(default_factory=set)
    succeeded: set[int] = field(default_factory=set)
    groups: set[int] = field(default_factory=set)
    links: bool = False
    altered: Altered = field(default_factory=Altered)
    states: States | None = None

    def add_states(
        self, row: tuple[type[models.Model], Any], was: Snapshot | None, now: Snapshot | None
    ) -> None:
        """Remember what a row said before the first of its changes, and says after this one."""
        if self.states is not None:
            first, _ = self.states.get(row, (was, None))
            self.states[row] = (first, now)

    def refuse_rings(self) -> None:
        """Raise ValidationError where what was saved makes a ring of successions or groups."""
        refuse_rings(successions=self.succeeded, groups=self.groups)

    @contextmanager
    def rolled_back_with_errors(self) -> Iterator[None]:
        """Forget the states that were added within where an error ends it."""
        before = dict(self.states or {})
        try:
            yield
        except BaseException:
            if self.states is not None:
                self.states.clear()
                self.states.update(before)
            raise

    def add(self, thing: models.Model) -> None:
        """Remember `thing`, before or after it is saved or removed."""
        if isinstance(thing, Protocol):
            self.protocols.add(thing.pk)
        elif isinstance(thing, Party):
            self.protocols.add(thing.protocol_id)
        elif isinstance(thing, Organisation) and thing.pk:
            self.organisations.add(thing.pk)
        elif isinstance(thing, Name | Identifier):
            self.organisations.add(thing.organisation_id)
        elif isinstance(thing, Succession):
            self.succeeded.add(thing.organisation_id)
        elif isinstance(thing, Membership) and thing.member.kind == Organisation.Kind.GROUP:
            self.groups.add(thing.group_id)
        if isinstance(thing, Succession | Membership | TakenOn):
            self.links = True


_touched: ContextVar[Touched | None] = ContextVar("touched", default=None)


@contextmanager
def update_search_and_version(*, savepoint: bool = False) -> Iterator[Touched]:
    """Collect what is saved within; at the end of the outermost block, update the search index.

    That also moves the register's version. An outermost block is a transaction. With
    `savepoint` one within another is too, so that whoever catches an error keeps nothing of it.
    Raises ValidationError at the end where successions or groups would make a ring.
    """
    outer = _touched.get()
    if outer is not None:
        with transaction.atomic() if savepoint else nullcontext(), outer.rolled_back_with_errors():
            yield outer
        return
    touched = Touched()
    token = _touched.set(touched)
    try:
        with no_orphans(), transaction.atomic():
            yield touched
            update_search(
                protocols=touched.protocols,
                organisations=touched.organisations,
                links=touched.links,
            )
            touched.altered.store()
            # Last, while nobody else can move the version: two editors may each save
            # one half of a ring.
            touched.refuse_rings()
    finally:
        _touched.reset(token)


@contextmanager
def collect_touched(touched: Touched) -> Iterator[None]:
    """Collect in `touched` what is saved within. The caller updates the search index."""
    token = _touched.set(touched)
    try:
        with transaction.atomic():
            yield
    finally:
        _touched.reset(token)


@contextmanager
def dry_run() -> Iterator[States]:
    """Roll back all that is saved within, to see what it would do. The index is not updated.

    Yields the snapshots of the rows whose changes were recorded, before and after.
    """
    states: States = {}
    with collect_touched(Touched(states=states)):
        yield states
        transaction.set_rollback(True)
