"""Papers that were stored before their names and sizes were kept."""

from __future__ import annotations

import datetime
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps

import registers
from registers.models import Document, Resource

pytestmark = pytest.mark.both_databases

MIGRATION = next((Path(registers.__file__).parent / "migrations").glob("*_papers.py")).stem
AT = datetime.datetime(2026, 11, 2, tzinfo=datetime.UTC)


@pytest.mark.django_db
def test_what_is_known_of_them_is_filled_in(settings, tmp_path, real_register):
    settings.MEDIA_ROOT = tmp_path
    (tmp_path / "2026").mkdir()
    (tmp_path / "2026" / "signed.pdf").write_bytes(b"12345")
    here = Document.objects.create(protocol_id="0046", title="A", file="2026/signed.pdf")
    here.history.update(history_date=AT)
    lost = Resource.objects.create(title="B", slug="b", file="2026/lost.ods")
    import_module(f"registers.migrations.{MIGRATION}").describe_stored_papers(apps, None)
    here.refresh_from_db()
    lost.refresh_from_db()
    assert (here.name, here.size, here.uploaded_at) == ("signed.pdf", 5, AT)
    assert (lost.name, lost.size) == ("lost.ods", None)
    assert Resource.objects.get(slug="review-template").name == ""
