"""What was found: a figure for each round, contestant and work; and what many rounds say."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, field
from typing import NamedTuple


class Line(NamedTuple):
    """One work of one contestant at one size of the register."""

    size: int
    work: str
    contestant: str


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What was found in one round for one line.

    `values` holds what was measured: `rate` in requests a second, `p50`, `p95`
    and `p99` in milliseconds, `processor` in microseconds of the workers for each request,
    `first_byte` and `whole` in seconds, `growth` in bytes.
    """

    round: int
    line: Line
    values: dict[str, float]


@dataclass(frozen=True)
class Spread:
    """What several rounds say of one thing."""

    values: list[float]

    @property
    def median(self) -> float:
        """The one in the middle."""
        return statistics.median(self.values)

    @property
    def least(self) -> float:
        """The smallest."""
        return min(self.values)

    @property
    def most(self) -> float:
        """The largest."""
        return max(self.values)


@dataclass
class Results:
    """All figures of one run."""

    figures: list[Figure] = field(default_factory=list)

    def spread(self, name: str, line: Line, scale: float = 1) -> Spread | None:
        """Return what the rounds say of the value `name`, in another unit with `scale`.

        None where it was not measured.
        """
        found = [scale * value for value in self._by_round(name, line).values()]
        return Spread(found) if found else None

    def ratio(self, name: str, above: Line, below: Line) -> Spread | None:
        """Return the ratio of two lines, taken within each round: measured at one time."""
        first, second = self._by_round(name, above), self._by_round(name, below)
        found = [first[number] / second[number] for number in first if second.get(number)]
        return Spread(found) if found else None

    def lines(self) -> list[Line]:
        """Return each line that was measured, in the order of the first round."""
        return list(dict.fromkeys(figure.line for figure in self.figures))

    def as_json(self) -> list[dict[str, object]]:
        """Return the figures as they can be written to a file."""
        return [asdict(figure) for figure in self.figures]

    def _by_round(self, name: str, line: Line) -> dict[int, float]:
        return {
            figure.round: figure.values[name]
            for figure in self.figures
            if figure.line == line and name in figure.values
        }
