"""Proposals of the tests: made as admin makes them, by a save that is rolled back."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from typing import Any

from django.contrib.auth.models import User

from registers import changes
from registers.changes.proposal_view import view_proposal
from registers.changes.propose import propose
from registers.changes.transaction import dry_run
from registers.models import Proposal

NOW = datetime.datetime(2026, 11, 22, 9, 0, tzinfo=datetime.UTC)


def a_proposal(
    thing: Any,
    *also: Any,
    by: User | None = None,
    why: str = "",
    without: Iterable[Any] = (),
    do: Callable[[], Any] = lambda: None,
    at: datetime.datetime = NOW,
    **fields: Any,
) -> Proposal:
    """Propose that `thing` has these fields, these parts `also`, and is `without` some."""
    with dry_run() as states, changes.record_change(thing, at=at, stays_complete=True):
        for each in without:
            changes.remove(each)
        for name, value in fields.items():
            setattr(thing, name, value)
        if fields:
            changes.save(thing)
        for each in also:
            changes.save(each)
        do()
    (proposal,) = propose(states, at=at, by=by, why=why)
    thing.refresh_from_db()
    return proposal


def shown(proposal: Proposal) -> str:
    """Return the digest that a page which is opened now carries."""
    return view_proposal(proposal).digest


def all_of(proposal: Proposal, **instead: Any) -> dict[str, Any]:
    """Return every difference as chosen, but for the values `instead`."""
    view = view_proposal(proposal)
    chosen = {each.name: None if each.kind else each.wanted for each in view.differences}
    return chosen | instead
