"""What the register holds of organisations and their parts, to compare before and after."""

from __future__ import annotations

import datetime
from typing import Any

from registers import changes
from registers.models import (
    Apart,
    Approver,
    Contact,
    Identifier,
    Membership,
    Merge,
    Name,
    Organisation,
    Party,
    Reminded,
    Reminder,
    Slug,
    Succession,
    TakenOn,
)

NOON = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
HELD = (
    *(
        Organisation,
        Name,
        Identifier,
        Slug,
        Party,
        Approver,
        Contact,
        Succession,
        Membership,
        TakenOn,
    ),
    *(Reminder, Reminded, Apart),
)


def dump() -> dict[str, list[dict[str, Any]]]:
    """Every row of organisations and of what belongs to them, with its key."""
    return {model.__name__: list(model.objects.order_by("pk").values()) for model in HELD}


def named(name: str) -> Organisation:
    return Organisation.objects.named(name).get()


def merged(stays: str, goes: str, **how: Any) -> Merge:
    return changes.merge(named(stays), named(goes), **{"at": NOON, **how})


def undone(merge: Merge, **how: Any) -> Organisation:
    return changes.undo_merge(merge, **{"at": NOON, **how})
