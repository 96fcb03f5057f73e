"""Where the organisations stand in the picture of who is named with whom."""

from __future__ import annotations

from typing import Any

from django.db import models

Positions = dict[int, tuple[float, float]]


class Layout(models.Model):
    """One row: the position of each organisation that was laid out last, by its id.

    Beside the organisations, not in them: an edit or a merge of one moves nothing, and the
    row is written anew as a whole. An id that means nothing any more is left out when drawn.
    """

    ONLY = 1  # the key of the one row

    positions = models.JSONField(default=dict)

    def __str__(self) -> str:
        return f"{len(self.positions)} organisations"

    @classmethod
    def stored(cls) -> Positions:
        """Return the positions that are stored: one query."""
        rows: Any = cls.objects.filter(pk=cls.ONLY).values_list("positions", flat=True)
        return {int(key): (x, y) for row in rows for key, (x, y) in row.items()}

    @classmethod
    def store(cls, positions: Positions) -> None:
        """Replace the positions."""
        cls.objects.update_or_create(pk=cls.ONLY, defaults={"positions": positions})
