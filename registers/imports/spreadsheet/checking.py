"""The check: what a file would do to the register, row by row. It writes nothing."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator, Sequence
from itertools import islice

from registers.imports.mapping.mapping import ColumnMapping
from registers.imports.reading.read import Sheet
from registers.imports.spreadsheet.choices import Choices
from registers.imports.spreadsheet.diff import Comparing
from registers.imports.spreadsheet.matching import Names
from registers.imports.spreadsheet.parties import PartiesReader
from registers.imports.spreadsheet.plan import (
    How,
    Line,
    Named,
    Outcome,
    Plan,
    Progress,
    Work,
)
from registers.imports.spreadsheet.public_text import personal_sentence, remark_personal
from registers.imports.spreadsheet.references import TO_GET_ONE, Stored, entries_of, give_references
from registers.imports.spreadsheet.tables import read_tables
from registers.models import Protocol, RegisterVersion
from registers.models.options import all_options

BATCH = 500
WORDS = "rows checked"
MOST_NAMED = 10


def check(
    sheets: list[Sheet],
    choices: Choices,
    *,
    on: datetime.date,
    published_before: bool,
    mapping: ColumnMapping | None = None,
) -> Work[Plan]:
    """Return what the file would do on the day `on`, a date in Europe/London.

    `published_before` says that new protocols were published elsewhere. Without a
    `mapping` the columns are what they are likely to be. Raises NotATable where nothing
    in the file can be imported, and MappingError for a mapping that cannot be followed.
    """
    version = str(RegisterVersion.now())
    tables = read_tables(sheets, mapping or ColumnMapping())
    stored = Stored(on)
    names = Names(choices)
    entries = entries_of(tables, stored, names.themes)
    comparing = Comparing(
        on=on,
        published_before=published_before,
        themes=names.themes,
        parties=PartiesReader(names.organisations, names.tell),
        tell_theme=names.tell,
        options=all_options(),
    )
    lines: list[Line] = []
    withdrawn: list[str] = []
    stream = iter(entries)
    yield Progress(WORDS, 0, len(entries))
    while batch := list(islice(stream, BATCH)):
        held = stored.protocols(entry.reference for entry in batch if entry.reference)
        for entry in batch:
            names.at(entry.row)
            protocol = held.get(entry.reference)
            written = stored.written(protocol) if protocol else {}
            if protocol:
                entry.row.keep(recorded(protocol, written))
            is_withdrawn = protocol and protocol.status == Protocol.Status.WITHDRAWN
            if is_withdrawn and not entry.row.text("status"):
                withdrawn.append(entry.reference)
            title = entry.title if entry.row.has("title") or not protocol else protocol.title
            reference = entry.reference or ("" if entry.row.problems else TO_GET_ONE)
            lines.append(comparing.line(entry.row, reference, title, protocol, written))
        yield Progress(WORDS, len(lines), len(entries))
    give_references(lines, entries, stored)
    return _plan(lines, names, [*tables.said, *_still_withdrawn(withdrawn)], version)


def recorded(protocol: Protocol, written: dict[str, str]) -> dict[str, str]:
    """Return what the register has of a protocol: what its files say, and what none of them does.

    Words in the place of a review month are recorded too.
    """
    return written | {
        "review_date": written["review_date"] or protocol.review_note,
        "withdrawn_reason": protocol.withdrawn_reason,
    }


def _still_withdrawn(references: Sequence[str]) -> Iterator[str]:
    """Say which protocols are withdrawn that the file says nothing of: they stay so."""
    if references:
        named = ", ".join(references[:MOST_NAMED])
        left = len(references) - MOST_NAMED
        yield (
            f"Withdrawn, and not put back in force by this file: {named}"
            f"{f' and {left:,} more' if left > 0 else ''}. A protocol is put back on its own page."
        )


def _plan(lines: list[Line], names: Names, said: list[str], version: str) -> Plan:
    """Gather what the lines that would be applied need, and digest it."""
    kept = [line for line in lines if line.outcome in {Outcome.NEW, Outcome.CHANGED}]
    parts = [part for line in kept for part in line.parts or []]
    wanted = {part.organisation for part in parts}
    new = names.organisations.new
    # In an order of their own: choices that were kept come back in any.
    new_organisations = [new[key] for key in sorted(new) if key in wanted]
    themes = {line.values["theme"] for line in kept if "theme" in line.values}
    new_themes = {key: name for key, name in names.themes.new.items() if key in themes}
    kept_names = names.kept(parts)
    new_names = [*(each.name for each in new_organisations), *new_themes.values()]
    if personal := remark_personal(kept, [*new_names, *(each.text for each in kept_names)]):
        said = [*said, personal_sentence(personal)]
    plan = Plan(
        lines=lines,
        names=sorted(names.found.values(), key=_urgency),
        new_organisations=new_organisations,
        new_themes=new_themes,
        kept_names=kept_names,
        said=said,
        digest="",
        version=version,
        personal=len(personal),
    )
    plan.digest = _digest(plan)
    return plan


def _urgency(named: Named) -> tuple[int, int]:
    return (list(How).index(named.how), -named.uses)


def _outcome_of(line: Line) -> tuple[object, ...]:
    """Return what would be done, with what stood there before: it is shown, and may be changed."""
    edits = [(each.column, each.before, each.after) for each in line.edits]
    parts = [
        (p.organisation, p.role, p.written, p.note, p.legal_role, p.flow) for p in line.parts or ()
    ]
    stay = line.parts is None
    return line.outcome.value, line.reference, line.title, edits, line.values, stay, parts


def _digest(plan: Plan) -> str:
    """Return a short text that differs as soon as anything that would be done differs."""
    digest = hashlib.sha256()
    expected: Iterator[object] = (
        each
        for group in (
            map(_outcome_of, plan.lines),
            plan.new_organisations,
            sorted(plan.new_themes.items()),
            plan.kept_names,
        )
        for each in group
    )
    for each in expected:
        digest.update(repr(each).encode(errors="backslashreplace"))
    return digest.hexdigest()
