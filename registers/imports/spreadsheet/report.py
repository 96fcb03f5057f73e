"""What a check found, in words for a terminal: lines of plain text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.utils.text import capfirst, get_text_list

from registers.imports.mapping.layout import row_words
from registers.imports.spreadsheet.choices_file import unknown_with_nearest
from registers.imports.spreadsheet.plan import How, Line, Named, Outcome, Plan, Problem, place_of
from registers.models import Protocol

MOST = 50
MOST_ABSENT = 20
LONGEST = 300  # characters of a text before and after
WORDS = {
    Outcome.NEW: "new",
    Outcome.CHANGED: "changed",
    Outcome.UNCHANGED: "unchanged",
    Outcome.WAITING: "waiting for a choice",
    Outcome.REFUSED: "refused",
}
NOTHING = "Nothing changes: the register says all this already."


def report(plan: Plan, *, whole: bool = True) -> Iterator[str]:
    """Give the lines that say what a file would do, the numbers first.

    `whole`: and which protocols it does not name.
    """
    yield from plan.said
    counts = plan.count()
    said = [f"{counts[outcome]:,} {words}" for outcome, words in WORDS.items() if counts[outcome]]
    yield f"{_many(len(plan.lines), 'row')}: {', '.join(said)}."
    if not plan.does_something and not counts[Outcome.WAITING] and not counts[Outcome.REFUSED]:
        yield NOTHING
    kinds = refusals(plan.lines)
    yield from _first("Refused", len(kinds), (f"  {each}" for each in kinds[:MOST]))
    for outcome, heading, tell in (
        (Outcome.WAITING, "Waiting until somebody chooses what their names stand for", _waiting),
        (Outcome.NEW, "New", _new),
        (Outcome.CHANGED, "Changed", _changed),
    ):
        lines = [line for line in plan.lines if line.outcome == outcome]
        yield from _first(heading, len(lines), (t for line in lines[:MOST] for t in tell(line)))
    yield from _names(plan)
    if whole:
        yield from _absent(plan)


def _names(plan: Plan) -> Iterator[str]:
    """Give what names were matched to, and those that are not known."""
    unknown = [each for each in plan.names if each.how == How.UNKNOWN]
    open_ones = (
        f"  {_named(named)}{'. Like it: ' + '; '.join(like) if like else ''}"
        for (named, like), _ in zip(unknown_with_nearest(plan), range(MOST), strict=False)
    )
    yield from _first("Names that are not known", len(unknown), open_ones)
    other = [each for each in plan.names if each.how not in {How.UNKNOWN, How.NAME, How.NEW}]
    yield from _first(
        "Names that were matched otherwise than by a name of their own",
        len(other),
        (
            f"  {_named(each)}: {each.becomes or 'a note'} ({each.how.label.lower()})"
            for each in other[:MOST]
        ),
    )
    for heading, new in (
        ("New organisations", [each.name for each in plan.new_organisations]),
        ("New themes", list(plan.new_themes.values())),
    ):
        yield from _first(heading, len(new), (f"  {name}" for name in new[:MOST]))


def _absent(plan: Plan) -> Iterator[str]:
    """Give the public protocols that the file does not name: they stay as they are."""
    named = {line.reference for line in plan.lines}
    references = Protocol.public.order_by("reference_key").values_list("pk", flat=True)
    absent = [reference for reference in references.iterator() if reference not in named]
    if absent:
        more = f" and {len(absent) - MOST_ABSENT:,} more" if len(absent) > MOST_ABSENT else ""
        yield ""
        yield f"Not in the file, and left as they are ({len(absent):,}):"
        yield f"  {', '.join(absent[:MOST_ABSENT])}{more}"


def _first(heading: str, number: int, lines: Iterable[str]) -> Iterator[str]:
    if number:
        yield ""
        yield f"{heading} ({number:,}):"
        yield from lines
        if number > MOST:
            yield f"  and {number - MOST:,} more"


QUOTED = re.compile(r"'[^']*'|‘[^’]*’")
MOST_OTHERS = 5
OTHERS_SAY = "In the other rows: {}."
OTHER_NUMBERS = "The other rows are refused for the same reason."
# What differs between two refusals of a kind: what the cell says, and numbers.
VARIES = re.compile(r"'[^']*'|‘[^’]*’|\d[\d,.]*")


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why rows are refused: what is wrong in the first of them.

    `where` names the column and the rows; `others` says what stands in the rest, where that is
    another thing for the same reason.
    """

    where: str
    wrong: str
    fix: str
    rows: int
    others: str

    def __str__(self) -> str:
        return " ".join(filter(None, (f"{self.where}: {self.wrong}", self.fix, self.others)))


def refusals(lines: Iterable[Line]) -> list[Refusal]:
    """Return why rows are refused, each kind of reason once, what concerns most rows first."""
    kinds: dict[tuple[str, ...], list[tuple[Line, Problem]]] = {}
    for line in lines:
        for each in line.problems:
            kind = (each.column, VARIES.sub("", each.wrong), VARIES.sub("", each.fix))
            kinds.setdefault(kind, []).append((line, each))
    return [_refusal(found) for found in sorted(kinds.values(), key=len, reverse=True)]


def _refusal(found: list[tuple[Line, Problem]]) -> Refusal:
    first = found[0][1]
    rows: dict[str, list[int]] = {}
    for line, _ in found:
        rows.setdefault(line.sheet, []).append(line.row)
    where = "; ".join(
        (f"sheet ‘{sheet}’, " if sheet else "") + row_words(numbers)
        for sheet, numbers in rows.items()
    )
    column = f"Column {first.column}, " if first.column else ""
    return Refusal(
        where=capfirst(column + where),
        wrong=first.wrong,
        fix=first.fix,
        rows=len({(line.sheet, line.row) for line, _ in found}),
        others=_others([each for _, each in found]),
    )


def _others(problems: Sequence[Problem]) -> str:
    """Return the sentence of what stands in all but the first, where it is another thing."""
    first = problems[0]
    differ = [each for each in problems if (each.wrong, each.fix) != (first.wrong, first.fix)]
    texts = list(dict.fromkeys(found[0] for each in differ if (found := QUOTED.search(each.wrong))))
    texts = [text for text in texts if text not in first.wrong]
    if not texts:
        return OTHER_NUMBERS if differ else ""
    left = [f"{len(texts) - MOST_OTHERS:,} more"] if len(texts) > MOST_OTHERS else []
    return OTHERS_SAY.format(get_text_list([*texts[:MOST_OTHERS], *left], "and"))


def _waiting(line: Line) -> Iterator[str]:
    yield f"  {place_of(line.sheet, line.row)}: {_called(line)}"


def _new(line: Line) -> Iterator[str]:
    yield from _with_remarks(line)
    if line.lacks:
        yield f"    To be published it lacks a {' and a '.join(line.lacks)}."
    for edit in line.edits:
        if edit.column != "title":
            yield f"    {edit.column}: {_short(edit.after)}"


def _with_remarks(line: Line) -> Iterator[str]:
    yield f"  {_called(line)} ({place_of(line.sheet, line.row)})"
    yield from (f"    {remark}" for remark in line.remarks)


def _changed(line: Line) -> Iterator[str]:
    yield from _with_remarks(line)
    for edit in line.edits:
        yield f"    {edit.column}"
        yield f"      before: {_short(edit.before)}"
        yield f"      after:  {_short(edit.after)}"


def _called(line: Line) -> str:
    return f"{line.reference} {line.title}".strip()


def _short(text: str) -> str:
    """Return a text on one line, its beginning where it is long."""
    folded = " ".join(text.split())
    return (folded if len(folded) <= LONGEST else f"{folded[:LONGEST]} …") or "(nothing)"


def _named(named: Named) -> str:
    where = place_of(named.sheet, named.row)
    return (
        f"'{named.written}' ({named.kind.label.lower()}, {_many(named.uses, 'row')}, first {where})"
    )


def _many(number: int, word: str) -> str:
    return f"{number:,} {word}" + ("" if number == 1 else "s")
