"""What a check found is applied: exactly that, all of it, or nothing with a sentence."""

from __future__ import annotations

import datetime
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.test import Client

from registers import changes
from registers.changes.locking import PLAN_CHANGED
from registers.imports.reading.read import Sheet
from registers.imports.spreadsheet.applying import Terms, apply
from registers.imports.spreadsheet.checking import check
from registers.imports.spreadsheet.choices import Choice, Choices
from registers.imports.spreadsheet.plan import Plan, Work
from registers.models import Change, Organisation, Party, Protocol, RegisterVersion, Theme
from registers.search.index import clear_index
from tests.conftest import empty_the_register
from tests.imports.spreadsheets import ON, TYPED, checked, done, exported, sheet_of

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("real_register")]

NOON = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
ECC = "Essex County Council"
NEW = ("Safer Community", "9001 - New", "To share.", ECC, "Nobody Yet; EPUT (Temps)", "Mar-2030")
CHANGED = ("Safer Community", "0061 - FGM", "To share less.", ECC, "Barnardos", "Jun-2027")


def applying(
    *rows: tuple[Any, ...],
    choices: Choices | None = None,
    publish: bool = True,
    published_before: bool = False,
    by: User | None = None,
    why: str = "",
    sheet: Sheet | None = None,
    **how: Any,
) -> tuple[Plan, Work[Plan]]:
    """Check a file, and return what was found with the work of applying it."""
    sheets = [sheet or sheet_of(TYPED, *rows)]
    choices = choices or Choices(all_new=True)
    plan = checked(*sheets, choices=choices, published_before=published_before)
    recheck = partial(check, sheets, choices, on=ON, published_before=published_before)
    terms = Terms(publish=publish, published_before=published_before, by=by, why=why)
    return plan, apply(recheck, plan.digest, at=NOON, terms=terms, **how)


def applied(*rows: tuple[Any, ...], **how: Any) -> Plan:
    return done(applying(*rows, **how)[1])


def parts(reference: str) -> list[tuple[str, str, str, str]]:
    return [
        (p.organisation.name, p.role, p.name_as_published, p.note)
        for p in Party.objects.filter(protocol=reference).select_related("organisation")
    ]


def test_new_and_changed_rows_are_saved_and_told(officer):
    version = RegisterVersion.now().number
    applied(NEW, CHANGED, by=officer, why="The live spreadsheet of November.")
    new = Protocol.objects.get(pk="9001")
    assert (new.status, new.purpose, new.published_on) == ("published", "To share.", ON)
    eput = Organisation.objects.named("EPUT").get().name
    assert parts("9001") == [
        (ECC, "lead", ECC, ""),
        ("Nobody Yet", "partner", "Nobody Yet", ""),
        (eput, "partner", "EPUT", "Temps"),
    ]
    told = Change.objects.filter(made_at=NOON)
    assert [(c.protocol_id or str(c.organisation), c.by, c.why) for c in told.order_by("pk")] == [
        (about, officer, "The live spreadsheet of November.")
        for about in ("Nobody Yet", "9001", "0061")
    ]
    assert "Review date changed from June 2022 to June 2027." in told.first().what
    assert Protocol.objects.get(pk="0061").updated_on == ON
    assert RegisterVersion.now().number == version + 1


def test_what_was_saved_shows_and_is_found():
    applied(NEW, CHANGED)
    page = Client().get("/?q=nobody+yet").text
    assert "9001" in page
    assert "To share less." in Client().get("/protocols/0061/").text
    assert "Purpose" in Client().get("/protocols/0061/changes/").text
    assert Client().get("/organisations/nobody-yet/").status_code == 200


def test_exported_emptied_and_imported_again_it_is_the_same():
    """The whole register, from its own file into an empty one, gives the same file again."""
    rows = exported("status=current")
    empty_the_register()
    clear_index()
    choices = Choices(all_new=True, all_new_themes=True)
    applied(choices=choices, published_before=True, sheet=sheet_of(*rows))
    assert exported("status=current") == rows
    assert [theme.position for theme in Theme.objects.all()] == [0, 1, 2, 3]


def test_withdrawn_rows_are_withdrawn_on_their_day_and_told():
    headings = ("reference", "title", "Theme", "status", "Date withdrawn", "Reason withdrawn")
    rows = [
        (each, "FGM", "Safer Community", "withdrawn", "31/03/2025", "Over.")
        for each in ("0061", "9001")
    ]
    applied(sheet=sheet_of(headings, *rows))
    for reference, kind in (("0061", "withdrawn"), ("9001", "added")):
        stored = Protocol.objects.get(pk=reference)
        day = datetime.date(2025, 3, 31)
        assert (stored.status, stored.withdrawn_on, stored.withdrawn_reason) == (
            "withdrawn",
            day,
            "Over.",
        )
        assert stored.published_on is None
        assert Change.objects.get(made_at=NOON, protocol=reference).kind == kind
        assert "31 March 2025" in Client().get(f"/protocols/{reference}/").content.decode()


def test_a_new_theme_gets_the_next_free_address():
    changes.save(Theme(name="Sports!", slug="sports", position=7))
    choices = Choices()
    choices.choose_theme("Sports", Choice(name="Sports", new=True))
    applied(("Sports", "9001 - New", "x", ECC, "", ""), choices=choices)
    theme = Theme.objects.get(name="Sports")
    assert (theme.slug, theme.position) == ("sports-2", 8)
    assert Protocol.objects.get(pk="9001").theme == theme
    told = Change.objects.get(made_at=NOON, protocol=None)
    assert told.what == "Theme 'Sports': Added to this register."


def test_chosen_names_are_kept_with_their_organisation():
    choices = Choices()
    choices.choose("Essex C C", Choice(name=ECC, kept_as="misspelling"))
    choices.choose("Newcomers", Choice(name="The Newcomers", new=True, kept_as="alias"))
    row = ("Safer Community", "9001 - New", "x", "Essex C C", "Newcomers", "")
    applied(row, choices=choices)
    assert Organisation.objects.named("essex c c").get().name == ECC
    newcomers = Organisation.objects.named("Newcomers").get()
    assert newcomers.name == "The Newcomers"
    assert {slug.text for slug in newcomers.slugs.all()} == {"the-newcomers", "newcomers"}
    assert newcomers.changes.get().what == "Added to this register."
    kept = Change.objects.get(made_at=NOON, organisation__name=ECC)
    assert kept.what == "Names added: Essex C C (misspelling)."


def test_a_draft_stays_one():
    theme = Theme.objects.get(name="Safer Community")
    changes.save(Protocol(reference="9001", title="New", theme=theme))
    applied(NEW)
    draft = Protocol.objects.get(pk="9001")
    assert (draft.status, draft.purpose, draft.published_on) == ("draft", "To share.", None)
    assert not draft.changes.exists()
    assert draft.parties.count() == 3


def edit(reference: str, **fields: str) -> None:
    protocol = Protocol.objects.get(pk=reference)
    for name, value in fields.items():
        setattr(protocol, name, value)
    with changes.record_change(protocol, at=NOON):
        changes.save(protocol)


@pytest.mark.parametrize("is_checked_again", [False, True])
def test_what_changes_since_the_check_is_not_overwritten(is_checked_again):
    """Also where the version has moved when everything is held: then it is checked once more."""
    _, work = applying(CHANGED)
    if is_checked_again:
        next(step for step in work if step.done == step.of)
    edit("0061", purpose="Another officer's words.")
    with pytest.raises(ValidationError) as refusal:
        done(work)
    assert refusal.value.messages == [PLAN_CHANGED]
    assert Protocol.objects.get(pk="0061").purpose == "Another officer's words."


def test_what_changes_elsewhere_does_not_matter():
    _, work = applying(CHANGED)
    next(step for step in work if step.done == step.of)
    edit("0012", purpose="Another officer's words.")
    done(work)
    assert Protocol.objects.get(pk="0061").purpose == "To share less."
    assert Protocol.objects.get(pk="0012").purpose == "Another officer's words."


def test_who_stops_listening_before_the_saving_stops_it():
    _, work = applying(CHANGED)
    next(work)
    work.close()
    assert Protocol.objects.get(pk="0061").purpose != "To share less."


def test_what_else_is_done_belongs_to_it():
    def refuse() -> None:
        assert Protocol.objects.get(pk="0061").purpose == "To share less."
        raise ValidationError("Not now.")

    _, work = applying(CHANGED, also=refuse)
    with pytest.raises(ValidationError):
        done(work)
    assert Protocol.objects.get(pk="0061").purpose != "To share less."


def test_what_the_database_refuses_is_a_sentence_and_nothing_is_kept():
    def stand_in_the_way() -> None:
        Protocol.objects.bulk_create([Protocol.objects.get(pk="9001")])

    before = Change.objects.count()
    _, work = applying(NEW, CHANGED, also=stand_in_the_way)
    with pytest.raises(ValidationError) as refusal:
        done(work)
    (said,) = refusal.value.messages
    assert said.startswith("The database refused it: something that the file needs has changed")
    assert Change.objects.count() == before
    assert not Protocol.objects.filter(pk="9001").exists()
    assert not Organisation.objects.named("Nobody Yet").exists()
