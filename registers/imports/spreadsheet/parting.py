"""The best way to part a cell into names: of all that make sense, the one that costs least.

Names hold commas, semicolons and brackets themselves. So no sign is sure to
part two names, and what is known as a name speaks for taking it whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

# So many pieces at most are tried as one name that holds the signs itself.
LONGEST_NAME = 12
# With more of them nobody wants to wait for the best way to read a cell.
MOST_PIECES = 1_000
# So many brackets at most are tried as the one with which a note begins.
MOST_BRACKETS = 12
# A note that holds a sign is likely where its bracket is closed, and else less likely than a
# name that nobody knows.
NOTE_WITH_SIGN, UNKNOWN, ODD_NOTE = 1, 1_000, 1_500

Known = Callable[[str], bool]


class TwoWays(Exception):  # noqa: N818 (no fault of the code)
    """The words can be read as one name or as several, and all of these are known."""


def part(cell: str, signs: str, known: Known, *, odd_notes: bool) -> list[str]:
    """Return the names with their notes that `signs` part in a cell.

    `known` says whether some words are a name; `odd_notes` whether a note may
    hold signs beside half a bracket. Raises TwoWays.
    """
    return list(filter(None, _Parting(cell, signs, known, odd_notes=odd_notes).best()))


def closed(text: str) -> dict[int, int]:
    """Return where each bracket stands that is closed, with its other half's place."""
    opened: list[int] = []
    halves: dict[int, int] = {}
    for at, sign in enumerate(text):
        if sign == "(":
            opened.append(at)
        elif sign == ")" and opened:
            other = opened.pop()
            halves |= {at: other, other: at}
    return halves


def with_notes(text: str) -> Iterator[tuple[str, int]]:
    """Give every name that may be followed by a note, the longest first, and where it opens."""
    if text.endswith(")"):
        for opens in [at for at, sign in enumerate(text) if sign == "("][: -MOST_BRACKETS - 1 : -1]:
            if name := text[:opens].strip():
                yield name, opens


class _Parting:
    """A cell with every sign in it as a place where a name may end."""

    def __init__(self, cell: str, signs: str, known: Known, *, odd_notes: bool) -> None:
        self.cell, self.signs, self.known, self.odd_notes = cell, signs, known, odd_notes
        halves = closed(cell)
        self.spans: list[tuple[int, int]] = []
        self.depths = [0]  # in how many brackets each piece begins
        start = depth = 0
        for at, sign in enumerate(cell):
            if at in halves:
                depth += 1 if sign == "(" else -1
            elif sign in signs:
                self.spans.append((start, at))
                self.depths.append(depth)
                start = at + 1
        self.spans.append((start, len(cell)))

    def best(self) -> list[str]:
        """Return the texts of the cheapest way. Raises TwoWays where there are several."""
        number = len(self.spans)
        # From each piece to the end: what it costs, in how many ways, and the first step of one.
        costs, ways, steps = [0] * (number + 1), [1] * (number + 1), [0] * (number + 1)
        for first in range(number - 1, -1, -1):
            found: dict[int, int] = {}
            for after, cost in self._steps(first):
                found[after] = min(cost + costs[after], found.get(after, cost + costs[after]))
            costs[first] = min(found.values())
            cheapest = [after for after, cost in found.items() if cost == costs[first]]
            ways[first] = min(2, sum(ways[after] for after in cheapest))
            steps[first] = cheapest[0]
        if ways[0] > 1:
            raise TwoWays(self.cell.strip())
        texts, at = [], 0
        while at < number:
            texts.append(self._text(at, steps[at]))
            at = steps[at]
        return texts

    def _text(self, first: int, after: int) -> str:
        return self.cell[self.spans[first][0] : self.spans[after - 1][1]].strip()

    def _steps(self, first: int) -> Iterator[tuple[int, int]]:
        """Give where a name that begins at a piece may end, and what that costs."""
        number = len(self.spans)
        unknown = first + 1  # a sign within brackets does not end what nobody knows
        while unknown < number and self.depths[unknown] > self.depths[first]:
            unknown += 1
        yield unknown, UNKNOWN if self._text(first, unknown) else 0
        longest = LONGEST_NAME if number <= MOST_PIECES else 1
        for after in range(first + 1, min(first + longest, number) + 1):
            text = self._text(first, after)
            if text and self.known(text):
                yield after, 0
            else:
                yield from ((after, cost) for cost in self._costs_with_note(text))

    def _costs_with_note(self, text: str) -> Iterator[int]:
        """Give what it costs to take the text as a known name with a note behind it."""
        for name, opens in with_notes(text):
            if self.known(name):
                signs = sum(text.count(sign, opens) for sign in self.signs)
                if not signs:
                    yield 0
                elif closed(text).get(len(text) - 1) == opens:
                    yield NOTE_WITH_SIGN
                elif self.odd_notes:
                    yield ODD_NOTE * signs
