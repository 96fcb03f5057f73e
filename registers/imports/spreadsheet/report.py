"""What a check found, in words for a terminal: lines of plain text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from registers.imports.spreadsheet.choices_file import unknown_with_nearest
from registers.imports.spreadsheet.plan import How, Line, Named, Outcome, Plan
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


def report(plan: Plan) -> Iterator[str]:
    """Give the lines that say what a file would do, the numbers first."""
    yield from plan.said
    counts = plan.count()
    said = [f"{counts[outcome]:,} {words}" for outcome, words in WORDS.items() if counts[outcome]]
    yield f"{_many(len(plan.lines), 'row')}: {', '.join(said)}."
    if not plan.does_something and not counts[Outcome.WAITING] and not counts[Outcome.REFUSED]:
        yield NOTHING
    for outcome, heading, tell in (
        (Outcome.REFUSED, "Refused", _refused),
        (Outcome.WAITING, "Waiting until somebody chooses what their names stand for", _waiting),
        (Outcome.NEW, "New", _new),
        (Outcome.CHANGED, "Changed", _changed),
    ):
        lines = [line for line in plan.lines if line.outcome == outcome]
        yield from _first(heading, len(lines), (t for line in lines[:MOST] for t in tell(line)))
    yield from _names(plan)
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


def _refused(line: Line) -> Iterator[str]:
    for problem in line.problems:
        column = f", column {problem.column}" if problem.column else ""
        yield f"  {_place(line)}{column}: {problem.wrong} {problem.fix}"


def _waiting(line: Line) -> Iterator[str]:
    yield f"  {_place(line)}: {line.reference} {line.title}"


def _new(line: Line) -> Iterator[str]:
    yield from _with_remarks(line)
    for edit in line.edits:
        if edit.column != "title":
            yield f"    {edit.column}: {_short(edit.after)}"


def _with_remarks(line: Line) -> Iterator[str]:
    yield f"  {line.reference} {line.title} ({_place(line)})"
    yield from (f"    {remark}" for remark in line.remarks)


def _changed(line: Line) -> Iterator[str]:
    yield from _with_remarks(line)
    for edit in line.edits:
        yield f"    {edit.column}"
        yield f"      before: {_short(edit.before)}"
        yield f"      after:  {_short(edit.after)}"


def _short(text: str) -> str:
    """Return a text on one line, its beginning where it is long."""
    folded = " ".join(text.split())
    return (folded if len(folded) <= LONGEST else f"{folded[:LONGEST]} …") or "(nothing)"


def _named(named: Named) -> str:
    where = f"{named.sheet}, row {named.row}" if named.sheet else f"row {named.row}"
    return (
        f"'{named.written}' ({named.kind.label.lower()}, {_many(named.uses, 'row')}, first {where})"
    )


def _place(line: Line) -> str:
    return f"sheet '{line.sheet}', row {line.row}" if line.sheet else f"row {line.row}"


def _many(number: int, word: str) -> str:
    return f"{number:,} {word}" + ("" if number == 1 else "s")
