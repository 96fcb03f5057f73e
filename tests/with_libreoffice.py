"""What LibreOffice finds in the workbooks, cell by cell: `make libreoffice`, where it is installed.

No part of `make test`, which would have to bring it. It is asked to save each
workbook in another form, and that is read.
"""

from __future__ import annotations

import csv
import datetime
import io
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from registers.exports.columns import COLUMNS
from registers.exports.csv import write as as_csv
from registers.models import Protocol
from tests.exports.spreadsheets import by_openpyxl
from tests.exports.test_workbooks import DATES, ESCAPES, FORMATS, HERE, NAMES, WRITTEN
from tests.makers import DAY, find_all, make_protocols
from tests.search.questions import results_of

pytestmark = pytest.mark.django_db
SHOWN = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,true,false,false,-1"


@pytest.fixture
def soffice(tmp_path: Path):
    """What saves a file of `tmp_path` in another form, in a folder named for it."""
    program = shutil.which("soffice")
    assert program, "There is no LibreOffice: see 'make libreoffice'."

    def save(file: Path, form: str) -> Path:
        folder = tmp_path / f"{file.suffix[1:]}-as-{form.partition(':')[0]}"
        profile = (tmp_path / "profile").as_uri()
        subprocess.run(
            [
                *(program, f"-env:UserInstallation={profile}", "--headless"),
                *("--convert-to", form, "--outdir", str(folder), str(file)),
            ],
            check=True,
            capture_output=True,
            timeout=300,
        )
        return folder

    return save


@pytest.fixture
def file(real_register, tmp_path: Path, ending: str) -> Path:
    """A workbook of the real register and of hostile words, with days."""
    texts = {name: text for name, (text, _) in WRITTEN.items() if name != "NUL"}
    texts |= {text: text for text in ESCAPES}
    for protocol, text in zip(make_protocols(len(texts)), texts.values(), strict=True):
        Protocol.objects.filter(pk=protocol.pk).update(purpose=text, summary=text)
    Protocol.objects.update(published_on=datetime.date(2020, 2, 29), updated_on=DAY)
    find_all()
    file = tmp_path / f"protocols.{ending}"
    file.write_bytes(b"".join(FORMATS[ending].write(results_of("status=all"), HERE)))
    return file


@pytest.fixture
def wanted(file) -> list[list[str]]:
    """The same rows as the published columns have them."""
    csv.field_size_limit(10**9)
    whole = b"".join(as_csv(results_of("status=all"), HERE))
    rows = csv.reader(io.StringIO(whole.decode(), newline=""))
    return [[re.sub(r"^'('*[=+\-@\t])", r"\1", cell) for cell in row] for row in rows]


def read(folder: Path, sheet: str) -> list[list[str]]:
    with (folder / f"protocols-{sheet}.csv").open(encoding="utf-8", newline="") as rows:
        return list(csv.reader(rows))


@pytest.mark.parametrize("ending", FORMATS)
def test_every_cell_is_shown_as_it_is_published(soffice, file, wanted):
    folder = soffice(file, SHOWN)
    found = read(folder, "Protocols")
    assert len(found) == len(wanted)
    for row, right in zip(found, wanted, strict=True):
        assert dict(zip(NAMES, row, strict=True)) == dict(zip(NAMES, right, strict=True))
    said = dict(read(folder, "About this file"))
    assert said["Made"] == "22 November 2026, 14:05, UK time"
    assert said["url"] == next(column.meaning for column in COLUMNS if column.name == "url")


@pytest.mark.parametrize("ending", FORMATS)
def test_days_are_dates_and_all_else_is_text(soffice, file):
    saved = soffice(file, "xlsx") / "protocols.xlsx"
    sheets = by_openpyxl(saved.read_bytes())
    assert list(sheets) == ["Protocols", "About this file"]
    heading, *rows = sheets["Protocols"]
    for row in rows:
        for name, value in zip(heading, row, strict=True):
            kinds = {datetime.date} if name in DATES and value else {str}
            assert {type(value)} == kinds, (name, value)


@pytest.mark.parametrize("ending", FORMATS)
def test_every_column_has_a_filter(soffice, file):
    saved = soffice(file, "fods") / "protocols.fods"
    (filters,) = re.findall(r"<table:database-range [^>]*>", saved.read_text(encoding="utf-8"))
    last = len(list(results_of("status=all").iterator())) + 1
    assert 'table:display-filter-buttons="true"' in filters
    assert f'"Protocols.A1:Protocols.R{last}"' in filters
