"""Large registers of other kinds, imitated by their shape: each comes in with a mapping.

The names are invented. The shapes are those of public registers of data releases and of research
proposals: sheets by quarter below a title, a row for each data set, references and days as
their keepers write them.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime
import io
from pathlib import Path
from random import Random
from xml.sax.saxutils import escape

import pytest
import xlsxwriter
from django.utils import timezone

from registers.imports.mapping.mapping import ColumnMapping
from registers.imports.mapping.suggest import suggest
from registers.imports.reading.read import read_sheets
from registers.imports.spreadsheet import jobs
from registers.imports.spreadsheet.choices import Choices
from registers.models import ImportJob, Protocol
from tests.imports.reading.sheet_files import ods
from tests.imports.spreadsheets import done
from tests.lengths import times

pytestmark = [
    pytest.mark.has_long_form,
    pytest.mark.usefixtures("empty_register"),
]
RELEASES, PROPOSALS, PROJECTS = times(150, long=5_000), times(120, long=2_700), 450
TOWNS = ("Aldmoor", "Brackwater", "Caldenfield", "Dunmarsh", "Eskham", "Farrowby")
BODIES = ("University of {}", "{} NHS Trust", "{} Borough Council", "{} Health Research Ltd")
DATA = ("Hospital episodes", "Pupil census, 2019-20", "Cancer registrations", "Births; deaths")
DAY = datetime.date(2019, 1, 7)


def body(random: Random) -> str:
    return random.choice(BODIES).format(random.choice(TOWNS))


def release_register(folder: Path) -> tuple[Path, int]:
    """A workbook with a sheet for each quarter, two title rows, and a row for each data set."""
    random, path = Random(1), folder / "release register.xlsx"
    headings = (
        *("Agreement reference", "Organisation name", "Project title", "Data set", "Purpose"),
        *("Legal basis", "Sub-licensing", "Start date", "Expiry date"),
    )
    protocols = 0
    with xlsxwriter.Workbook(str(path), {"in_memory": True}) as book:
        day_form = book.add_format({"num_format": "dd/mm/yyyy"})
        for quarter in range(1, 6):
            sheet = book.add_worksheet(f"Quarter {quarter}")
            sheet.write(0, 0, "Data release register")
            sheet.write(1, 0, f"Quarter {quarter}, figures are provisional")
            sheet.write_row(3, 0, headings)
            at = 4
            while at < 4 + RELEASES // 5:
                protocols += 1
                start = DAY + datetime.timedelta(days=random.randrange(1500))
                project = f"Study of {random.choice(TOWNS)}, number {protocols}"
                row = [f"REL-{10_000 + protocols}-v{random.randint(1, 9)}", body(random), project]
                end = start + datetime.timedelta(days=1_100)
                for data in random.sample(DATA, random.randint(1, 3)):
                    texts = [*row, data, "To improve care.", "Section 251", "No"]
                    sheet.write_row(at, 0, texts)
                    sheet.write_datetime(at, 7, start, day_form)
                    sheet.write_datetime(at, 8, end, day_form)
                    at += 1
    return path, protocols


def research_proposals(folder: Path) -> tuple[Path, int]:
    """A CSV with its days written out, in the encoding of Excel on Windows."""
    random, text = Random(2), io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        [
            "No.",
            "Proposal title",
            "Lead organisation",
            "Other partners",
            "Topic",
            "Aims",
            "Approved",
        ]
    )
    for number in range(1, PROPOSALS + 1):
        day = DAY + datetime.timedelta(days=random.randrange(2000))
        lead = body(random)
        others = {body(random) for _ in range(random.randint(0, 3))} - {lead}
        writer.writerow(
            [
                *(f"{number}", f"Children’s health – part {number}", lead),
                *("; ".join(sorted(others)) or "None", random.choice(TOWNS), "To learn."),
                f"{day:%A} {day.day} {day:%B %Y}",
            ]
        )
    path = folder / "proposals.csv"
    path.write_bytes(text.getvalue().encode("cp1252"))
    return path, PROPOSALS


def project_releases(folder: Path) -> tuple[Path, int]:
    """An ODS whose references hold the year, with a theme in a row of its own above its rows."""
    random = Random(3)
    rows = [["Releases of data"], []]
    rows.append(["ODR reference", "Name of project", "Recipient", "Data shared", "Date of release"])
    for number in range(1, PROJECTS + 1):
        if number % 90 == 1:
            rows.append([f"Theme {number // 90 + 1}"])
        reference = f"ODR1{random.randint(6, 9)}17_{number:03}"
        released = f"{random.randint(13, 28)}.{random.randint(1, 12):02}.2019"
        rows.append([reference, f"Project {number}", body(random), DATA[number % 4], released])
    path = ods(folder / "projects.ods", "".join(map(ods_row, rows)))
    return path, PROJECTS


def ods_row(row: list[str]) -> str:
    cells = "".join(
        f'<table:table-cell office:value-type="string"><text:p>{escape(text)}</text:p>'
        "</table:table-cell>"
        for text in row
    )
    return f"<table:table-row>{cells}</table:table-row>"


REGISTERS = {
    "a release register": (release_register, {"theme": "Releases"}),
    "research proposals": (research_proposals, {}),
    "releases to projects": (project_releases, {}),
}


@pytest.fixture(params=REGISTERS.values(), ids=REGISTERS)
def register(request, tmp_path) -> tuple[Path, int, dict[str, str]]:
    make, defaults = request.param
    return (*make(tmp_path), defaults)


def test_comes_in_with_a_mapping(register, settings):
    settings.PARTNERSHIP = dataclasses.replace(settings.PARTNERSHIP, references="any")
    path, number, defaults = register
    at = timezone.now()
    job = jobs.upload(path.name, path.read_bytes(), by=None, at=at, published_before=True)
    mapping: ColumnMapping = suggest(read_sheets(path, path.name)).mapping
    mapping.defaults = defaults
    used = set(mapping.columns.values())
    assert {"reference", "title"} <= used, mapping.columns
    job = jobs.choose_mapping(job, mapping)
    done(jobs.check_import(job, at=at))
    # Every name is new here: an officer chooses for them at once.
    ImportJob.objects.filter(pk=job.pk).update(
        choices=Choices(all_new=True, all_new_themes=True).plain()
    )
    job.refresh_from_db()
    done(jobs.check_import(job, at=at))
    job.refresh_from_db()
    assert job.found["counts"] == {"new": number}, [
        (line.row, line.problems) for line in job.lines.filter(outcome="refused")[:3]
    ]
    how = {"publish": True, "expected_digest": job.digest}
    done(jobs.apply_import(job, at=at, by=None, why="Imported.", **how))
    assert Protocol.objects.count() == number
    done(jobs.check_import(again(path, mapping), at=at))
    assert ImportJob.objects.latest("pk").found["counts"] == {"unchanged": number}


def again(path: Path, mapping: ColumnMapping) -> ImportJob:
    """Upload the same file once more."""
    at = timezone.now()
    job = jobs.upload(path.name, path.read_bytes(), by=None, at=at, published_before=True)
    return jobs.choose_mapping(job, mapping)
