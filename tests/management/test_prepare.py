"""`manage.py prepare`, which runs at every start and must do each thing once."""

from __future__ import annotations

import dataclasses
import io
import json

import pytest
from django.core.management import CommandError, call_command

from registers.imports.fixture import is_empty
from registers.models import Change, Protocol, SearchEntry
from registers.models.checks import check_references
from tests.imports.small import small_register

pytestmark = pytest.mark.both_databases


def prepare() -> str:
    said = io.StringIO()
    call_command("prepare", stdout=said)
    return said.getvalue()


@pytest.fixture
def register_file(tmp_path, settings):
    """The small register is the one that the settings name."""
    path = tmp_path / "register.json"
    path.write_text(json.dumps(small_register()))
    settings.REGISTER_FILE = str(path)
    return path


@pytest.mark.usefixtures("empty_register", "register_file")
def test_an_empty_register_is_filled_once_however_often_it_starts():
    assert prepare() == "2 protocols are in the register.\n"
    changes = Change.objects.count()
    assert prepare() == ""
    assert Protocol.objects.count() == 2
    assert Change.objects.count() == changes


@pytest.mark.usefixtures("empty_register")
def test_nothing_is_loaded_where_the_setting_is_empty(settings):
    settings.REGISTER_FILE = ""
    assert prepare() == ""
    assert is_empty()


@pytest.mark.usefixtures("real_register", "register_file")
def test_a_register_that_holds_something_is_left_as_it_is():
    assert prepare() == ""
    assert not Protocol.objects.filter(reference="0001").exists()
    assert Protocol.objects.count() == 25


@pytest.mark.usefixtures("empty_register")
def test_a_wrong_file_stops_the_start_and_leaves_nothing(register_file):
    register_file.write_text("{}")
    with pytest.raises(CommandError, match="must hold exactly"):
        prepare()
    assert is_empty()


@pytest.mark.usefixtures("real_register", "register_file")
def test_a_database_from_before_search_is_made_ready_once():
    SearchEntry.objects.all().delete()
    assert prepare().startswith("25 protocols and 60 organisations can be found")
    assert SearchEntry.objects.count() == 25
    assert prepare() == ""


@pytest.mark.usefixtures("real_register", "register_file")
def test_a_file_that_says_nothing_of_references_is_warned_of(settings, capsys):
    ours = settings.PARTNERSHIP
    for said, warned in (("{number:4}", False), ("any", False), ("", True)):
        settings.PARTNERSHIP = dataclasses.replace(ours, references=said)
        prepare()
        assert ("registers.W001" in capsys.readouterr().err) is warned
    Protocol.objects.create(reference="ISA-012", title="Of another kind")
    prepare()
    assert not capsys.readouterr().err


@pytest.mark.django_db
def test_nothing_is_warned_of_before_there_are_tables(settings, monkeypatch):
    settings.PARTNERSHIP = dataclasses.replace(settings.PARTNERSHIP, references="")
    monkeypatch.setattr(Protocol._meta, "db_table", "not_migrated_yet")
    assert check_references(databases=["default"]) == []
