"""Who is asked where the organisation that leads has ended: those that took its place."""

from __future__ import annotations

import datetime
from collections import defaultdict

from registers.models import Succession, TakenOn


class Successors:
    """Whose place was taken by whom by the day `on`: one query, one more after a split.

    `ended` has the ids of the organisations whose place was taken.
    """

    def __init__(self, on: datetime.date) -> None:
        self._by_ended: dict[int, list[int]] = defaultdict(list)
        recorded: dict[int, int] = defaultdict(int)
        for ended, successor, day in Succession.objects.order_by("pk").values_list(
            "organisation", "successor", "happened_on"
        ):
            recorded[ended] += 1
            if day is None or day <= on:
                self._by_ended[ended].append(successor)
        self.ended = frozenset(self._by_ended)
        splits = [key for key in self.ended if recorded[key] > 1]
        self._decided: dict[tuple[int, str], set[int]] = defaultdict(set)
        if splits:
            decided = TakenOn.objects.in_force().filter(predecessor__in=splits).order_by()
            for ended, reference, successor in decided.values_list(
                "predecessor", "protocol", "successor"
            ):
                self._decided[ended, reference].add(successor)

    def asked(self, lead: int, reference: str) -> set[int]:
        """Return the ids of those that are asked about a protocol which `lead` leads.

        That is the lead itself while it stands, else its successors: all of them after a
        split that nobody decided.
        """
        found, seen, waiting = set[int](), set[int](), [lead]
        while waiting:
            key = waiting.pop()
            if key in seen:
                continue
            seen.add(key)
            successors = self._successors(key, reference)
            waiting += successors
            if not successors:
                found.add(key)
        return found or {lead}

    def _successors(self, ended: int, reference: str) -> list[int]:
        successors = self._by_ended.get(ended, [])
        decided = self._decided.get((ended, reference))
        return [each for each in successors if decided is None or each in decided]
