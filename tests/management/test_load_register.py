"""`manage.py load_register FILE`, as an operator meets it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from registers.imports.fixture import is_empty
from registers.models import Change, Protocol
from tests.conftest import TODAY
from tests.imports.small import small_register

pytestmark = pytest.mark.both_databases


def load_register(path: Path | str) -> str:
    said = io.StringIO()
    call_command("load_register", str(path), stdout=said)
    return said.getvalue()


@pytest.mark.usefixtures("empty_register", "today")
def test_an_empty_register_is_filled_and_the_operator_told_how_many(tmp_path):
    path = tmp_path / "register.json"
    path.write_text(json.dumps(small_register()))
    assert load_register(path) == "2 protocols are in the register.\n"
    assert Protocol.objects.count() == 2
    assert {change.made_at.date() for change in Change.objects.all()} == {TODAY}


@pytest.mark.usefixtures("real_register")
def test_a_register_that_holds_something_is_left_as_it_is(tmp_path):
    path = tmp_path / "register.json"
    path.write_text(json.dumps(small_register()))
    before = Change.objects.count()
    with pytest.raises(CommandError) as refusal:
        load_register(path)
    assert str(refusal.value) == (
        "The register holds something already, so nothing was loaded. "
        "Use an empty database: name another one in DATABASE_URL. "
        "To add names and identifiers to this register, use --update."
    )
    assert Change.objects.count() == before
    assert not Protocol.objects.filter(reference="0001").exists()


@pytest.mark.usefixtures("empty_register")
def test_a_wrong_file_is_told_and_nothing_is_kept(tmp_path):
    register = small_register()
    register["protocols"][1]["theme"] = "Health"
    path = tmp_path / "register.json"
    path.write_text(json.dumps(register))
    with pytest.raises(CommandError) as refusal:
        load_register(path)
    assert str(refusal.value) == (
        "Protocol '0002' names 'Health', which is not among the themes. Nothing was loaded."
    )
    assert is_empty()


@pytest.mark.usefixtures("empty_register")
def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(CommandError, match=r"no\.json cannot be read.* Nothing was loaded\.$"):
        load_register(tmp_path / "no.json")
    assert is_empty()


def test_a_file_must_be_named():
    with pytest.raises(CommandError, match="arguments are required: file"):
        call_command("load_register")
