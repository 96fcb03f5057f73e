"""`manage.py import_register FILE [--dry-run]`: a spreadsheet into the register."""

from __future__ import annotations

import hashlib
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TextIO, TypeVar

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from registers.accounts.adapter import users_named
from registers.imports.mapping.mapping import ColumnMapping, MappingError
from registers.imports.mapping.saved import (
    read_as_saved,
    read_saved,
    refuse_mapping_name,
    save_mapping,
)
from registers.imports.mapping.suggest import suggest
from registers.imports.reading.read import Sheet, read_sheets
from registers.imports.spreadsheet.applying import Terms
from registers.imports.spreadsheet.choices import Choices
from registers.imports.spreadsheet.choices_file import (
    KEPT_AS,
    KEPT_OF_ROWS,
    ChoicesError,
    choices_csv,
    read_choices,
)
from registers.imports.spreadsheet.jobs import KINDS, NOT_READ, apply_file
from registers.imports.spreadsheet.plan import Outcome, Plan, Work
from registers.imports.spreadsheet.public_text import refuse_words
from registers.imports.spreadsheet.report import report
from registers.models import ImportJob

T = TypeVar("T")
STEP = 10  # per cent between two lines


def show(work: Work[T], out: TextIO) -> T:
    """Do `work` to its end, with a line to `out` at each tenth, and return what it returns."""
    told = ""
    while True:
        try:
            progress = next(work)
        except StopIteration as end:
            result: T = end.value
            return result
        percent = 100 * progress.done // progress.of if progress.of else 100
        line = f"{progress.words}: {percent // STEP * STEP}%"
        if line != told:
            out.write(f"{line}\n")
            out.flush()
            told = line


SOME_LEFT, CANNOT = 1, 2  # how it ends where rows are left out, and where nothing could be done
READER_GONE = 128 + signal.SIGPIPE  # how a shell tells of programs whose reader has gone
OTHERWISE = "{} is another file now than was checked. Nothing was imported. Run the command again."
LEFT_OUT = (
    "Rows left out: {}. Correct them, or choose an organisation for each of their names,"
    " then import the file again."
)


ASKS = (
    "The headings are like those of the mapping '{}', but not the same. {} Name a mapping with"
    " --mapping, or write this one with --write-mapping FILE.json and edit it."
)
OTHER_KIND = "The mapping '{}' is of {}: name another, or say by --organisations what the rows are."
OF_PROTOCOLS = ("publish", "published_before", "new_themes")
ONLY_PROTOCOLS = "--publish, --published-before and --new-themes are of protocols: leave them out."
PERSONAL = (
    "Nothing was imported: the file holds what may be about a person, as said above. Remove it from"
    " the file, or add --meant-to-be-public."
)


class Command(BaseCommand):
    help = (
        "Import a spreadsheet (XLSX, XLS, ODS or CSV): check it, say what it would do, and apply "
        "it. Exits with 1 if rows were refused or are waiting for a choice, and with 2 if nothing "
        "could be done."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--organisations",
            action="store_true",
            help="each row is an organisation, with its names, identifiers, approvers and groups",
        )
        parser.add_argument("--dry-run", action="store_true", help="check it, and write nothing")
        parser.add_argument(
            "--mapping",
            metavar="NAME-OR-FILE",
            default="",
            help="which column is what: a saved mapping, or one in a file that ends in .json; else"
            " the saved one that knows the headings of the file, if there is one",
        )
        parser.add_argument(
            "--save-mapping", metavar="NAME", default="", help="keep how it was read by this name"
        )
        parser.add_argument(
            "--write-mapping",
            type=Path,
            metavar="FILE",
            help="write how it was read, or is likely to be, into a JSON file, to be edited",
        )
        parser.add_argument(
            "--choices", type=Path, metavar="FILE", help="what names stand for, as a CSV"
        )
        parser.add_argument(
            "--write-choices",
            type=Path,
            metavar="FILE",
            help="write the names that are not known into a CSV, to be filled in",
        )
        parser.add_argument(
            "--new-organisations",
            action="store_true",
            help="make every organisation that is not known, under its name as written; one with"
            " '/' or '|' in it may be several, and waits",
        )
        parser.add_argument(
            "--new-themes", action="store_true", help="make every theme that is not known"
        )
        parser.add_argument(
            "--publish",
            action="store_true",
            help="publish new protocols with a theme, a purpose and a lead: else all are drafts",
        )
        parser.add_argument(
            "--published-before",
            action="store_true",
            help="new protocols were published elsewhere: they are published here, with the days"
            " of the file and whatever they lack, but not without a theme",
        )
        parser.add_argument("--why", default="", help="public: why the register changes")
        parser.add_argument(
            "--meant-to-be-public",
            action="store_true",
            help="publish what may be about a person, such as a telephone number",
        )
        parser.add_argument("--by", metavar="USERNAME", help="whose changes they are")

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            with _told():
                self._import(file, options)
        except BrokenPipeError as problem:
            # What is not written yet goes nowhere: Python would complain of it at the end.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.stdout.fileno())
            os.close(nowhere)
            raise SystemExit(READER_GONE) from problem

    def _import(self, file: Path, options: dict[str, Any]) -> None:
        """Do all of it. Raises BrokenPipeError where nobody reads any more what it says."""
        with _told("--why: "):
            refuse_words(options["why"])
        by = _user(options["by"])
        choices = _choices(options)
        before, at = options["published_before"], timezone.now()
        asked, digest = _mapping(options), _digest(file)
        sheets, mapping = _read(file, asked, named=bool(options["mapping"]))
        read_as = _read_as(options, sheets, mapping)
        if mapping.name and not options["mapping"]:
            self.stdout.write(_found(sheets, mapping))
        checked = partial(
            KINDS[mapping.kind].check,
            sheets,
            choices,
            on=timezone.localdate(at),
            published_before=before,
            mapping=mapping,
        )
        plan = show(checked(), sys.stderr)
        for line in report(plan, whole=mapping.kind == ImportJob.Kind.PROTOCOLS):
            self.stdout.write(line)
        if options["write_choices"]:
            with _told("--write-choices "):
                options["write_choices"].write_bytes(choices_csv(plan))
        self.stdout.write("")
        if options["dry_run"]:
            self.stdout.write("This was a dry run: nothing was written.")
        elif plan.does_something and plan.personal and not options["meant_to_be_public"]:
            raise CommandError(PERSONAL, returncode=CANNOT)
        elif plan.does_something:
            self.stdout.flush()  # who has stopped to read wants nothing applied
            publish = options["publish"] or before
            terms = Terms(by=by, why=options["why"], publish=publish, published_before=before)
            name, content = file.name[:255], _content(file, digest)
            work = apply_file(
                checked, plan, name=name, content=content, at=at, terms=terms, mapping=mapping
            )
            show(work, sys.stderr)
            self.stdout.write(_applied(plan))
        if options["save_mapping"]:
            save_mapping(replace(read_as, name=options["save_mapping"]), by=by, at=at)
        self.stdout.flush()
        _end(plan)


@contextmanager
def _told(before: str = "") -> Iterator[None]:
    """Raise CommandError, with what stands `before` its sentence, for what cannot be done."""
    # Of a file that is read or written; else it may be the output, when all is applied.
    files = (OSError, UnicodeDecodeError) if before else ()
    try:
        yield
    except (*files, ValidationError, ChoicesError, *NOT_READ) as problem:
        said = " ".join(getattr(problem, "messages", [str(problem)]))
        ends = "" if "othing was" in said else " Nothing was imported."
        raise CommandError(f"{before}{said}{ends}", returncode=CANNOT) from problem


def _read(
    file: Path, mapping: ColumnMapping, *, named: bool = True
) -> tuple[list[Sheet], ColumnMapping]:
    """Return the sheets, and the mapping: the one that is `named`, or a saved one that fits."""

    def read(how: ColumnMapping) -> list[Sheet]:
        return read_sheets(file, file.name, separator=how.separator, encoding=how.encoding)

    with _told(f"{file}: "):
        return (read(mapping), mapping) if named else read_as_saved(read, mapping.kind)


def _found(sheets: list[Sheet], mapping: ColumnMapping) -> str:
    """Say which saved mapping knows the headings. Raises MappingError where it leaves questions."""
    if questions := suggest(sheets, mapping).questions:
        raise MappingError(ASKS.format(mapping.name, " ".join(questions)))
    return f"Read as '{mapping.name}', which is saved for these headings.\n"


def _mapping(options: dict[str, Any]) -> ColumnMapping:
    """Return the mapping that is named, of a file or a saved one; else one without columns."""
    is_of_organisations = options["organisations"]
    kind = ImportJob.Kind.ORGANISATIONS if is_of_organisations else ImportJob.Kind.PROTOCOLS
    named, save_as = options["mapping"], options["save_mapping"]
    if save_as:
        refuse_mapping_name(save_as)
    if save_as and options["dry_run"]:
        raise MappingError("--dry-run writes nothing: leave out --save-mapping.")
    if is_of_organisations and any(options[each] for each in OF_PROTOCOLS):
        raise MappingError(ONLY_PROTOCOLS)
    mapping = ColumnMapping(kind=kind.value)
    if named.endswith(".json"):
        with _told(f"--mapping {named}: "):
            mapping = ColumnMapping.from_json(Path(named).read_text(encoding="utf-8"))
    elif named:
        mapping = read_saved(named)
    if mapping.kind != kind:
        raise MappingError(OTHER_KIND.format(named, mapping.kind))
    return mapping


def _read_as(options: dict[str, Any], sheets: list[Sheet], mapping: ColumnMapping) -> ColumnMapping:
    """Return how the file is read, where that is to be kept; write it where a file is named."""
    file = options["write_mapping"]
    is_as_named = options["mapping"] or not (file or options["save_mapping"])
    read_as = mapping if is_as_named else suggest(sheets, mapping).mapping
    if file:
        with _told("--write-mapping "):
            file.write_text(read_as.to_json(), encoding="utf-8")
    return read_as


def _digest(file: Path) -> bytes:
    """Return what tells the content of a file from another's; nothing where it cannot be read."""
    with suppress(OSError), file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").digest()
    return b""


def _content(file: Path, digest: bytes) -> bytes:
    """Return the content of the file that was checked, to be kept. Raises CommandError."""
    content = b""
    with suppress(OSError):
        content = file.read_bytes()
    if hashlib.sha256(content).digest() != digest:
        raise CommandError(OTHERWISE.format(file), returncode=CANNOT)
    return content


def _choices(options: dict[str, Any]) -> Choices:
    choices = Choices(all_new=options["new_organisations"], all_new_themes=options["new_themes"])
    if options["choices"]:
        kinds = KEPT_OF_ROWS if options["organisations"] else KEPT_AS
        read_choices(_read(options["choices"], ColumnMapping())[0], choices, kinds=kinds)
    return choices


def _user(name: str | None) -> User | None:
    user = users_named(name).first()
    if name and user is None:
        raise CommandError(
            f"Nobody has the username '{name}'. Correct it and run the command again.",
            returncode=CANNOT,
        )
    return user


def _applied(plan: Plan) -> str:
    counts = plan.count()
    return f"Applied: {counts[Outcome.NEW]:,} new, {counts[Outcome.CHANGED]:,} changed."


def _end(plan: Plan) -> None:
    """Raise CommandError where rows were left out."""
    counts = plan.count()
    left = [
        f"{counts[outcome]:,} {words}"
        for outcome, words in (
            (Outcome.REFUSED, "refused"),
            (Outcome.WAITING, "waiting for a choice"),
        )
        if counts[outcome]
    ]
    if left:
        raise CommandError(LEFT_OUT.format(", ".join(left)), returncode=SOME_LEFT)
