"""With a second pair of eyes, an import of what is public is applied by another person."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from registers.imports.spreadsheet import jobs
from registers.models import Approver, ImportJob, Organisation, Protocol
from tests.admin import test_importing_organisations as of_organisations
from tests.admin.test_importing_choices import choose
from tests.admin.typing_in import boxes
from tests.cast import door_of
from tests.imports.uploading import COUNCIL, a_row, apply, leads_to, said, typed, uploaded

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("real_register", "today")]

CHANGED = a_row("0061 - FGM")
ANOTHER = "Another Publisher has to apply this import"


@pytest.fixture(autouse=True)
def two_must_look(settings) -> None:
    settings.SECOND_PAIR_OF_EYES = True


@pytest.fixture
def door(publisher):
    return door_of(publisher)


@pytest.fixture
def others_door(administrator):
    return door_of(administrator)


def purpose() -> str:
    return Protocol.objects.get(pk="0061").purpose


def test_another_applies_what_one_uploaded(door, others_door):
    before, at = purpose(), uploaded(door, typed(CHANGED))
    assert ANOTHER in said(door.get(at).content)
    held = boxes(others_door, at)
    answer = door.post(f"{at}apply/", {name: held[name] for name in ("expected_digest", "why")})
    assert (answer.status_code, purpose()) == (200, before)
    assert ANOTHER in said(answer.content)
    assert ANOTHER not in said(others_door.get(at).content)
    assert leads_to(apply(others_door, at))
    assert purpose() == "So that it is tried."


def test_who_chose_last_is_not_who_applies(door, others_door):
    at = uploaded(door, typed(a_row("0061 - FGM", others="Zq Fire")))
    at = at.replace("names/", "")
    leads_to(choose(others_door, f"{at}names/", **{"Zq Fire": {"way": "new"}}))
    assert ANOTHER in said(others_door.get(at).content)
    assert leads_to(apply(door, at))
    assert purpose() == "So that it is tried."


def test_drafts_need_nobody_else_and_publishing_them_does(door, others_door):
    at = uploaded(door, typed(a_row("9001 - New")))
    answer = apply(door, at, publish="publish")
    assert answer.context["form"].errors.keys() == {"publish"}
    assert not Protocol.objects.filter(pk="9001").exists()
    assert leads_to(apply(door, at))
    assert Protocol.objects.get(pk="9001").status == "draft"
    at = uploaded(door, typed(a_row("9002 - New")))
    assert leads_to(apply(others_door, at, publish="publish"))
    assert Protocol.objects.get(pk="9002").status == "published"


def test_a_draft_that_is_published_while_an_import_of_it_is_applied(door, publisher):
    leads_to(apply(door, uploaded(door, typed(a_row("9001 - New")))))
    uploaded(door, typed(a_row("9001 - Renamed")))
    job = ImportJob.objects.get(status="checked")
    how = {"by": publisher, "why": "Tried.", "publish": False, "expected_digest": job.digest}
    work = jobs.apply_import(job, at=timezone.now(), **how)
    next(work)
    Protocol.objects.filter(pk="9001").update(status="published")
    with pytest.raises(ValidationError, match="Ask another"):
        list(work)
    assert Protocol.objects.get(pk="9001").title == "New"


def test_new_organisations_need_nobody_else_unless_they_join_a_group_that_is_there(
    door, others_door
):
    headings = ("Official name", "Body or group", "Groups")
    new = (("Zq Group", "group", ""), ("Zq Fire", "", "Zq Group"))
    leads_to(
        apply(
            door, of_organisations.uploaded(door, of_organisations.a_file(*new, headings=headings))
        )
    )
    assert Organisation.objects.get(name="Zq Group").members.count() == 1
    joins = of_organisations.a_file(("Zq Water", "", "Zq Group"), headings=headings)
    at = of_organisations.uploaded(door, joins)
    assert not door.post(f"{at}apply/", boxes(others_door, at)).streaming
    assert not Organisation.objects.filter(name="Zq Water").exists()
    leads_to(apply(others_door, at))
    assert Organisation.objects.get(name="Zq Group").members.count() == 2


def test_it_is_so_of_organisations(door, others_door):
    content = of_organisations.a_file(
        (COUNCIL, "Caldicott Guardian"), headings=("Official name", "Approvers")
    )
    at = of_organisations.uploaded(door, content)
    assert ANOTHER in said(door.get(at).content)
    assert not door.post(f"{at}apply/", boxes(others_door, at)).streaming
    job = ImportJob.objects.get()
    assert (job.is_applied, job.prepared_by) == (False, None)
    leads_to(apply(others_door, at))
    assert Approver.objects.filter(organisation__name=COUNCIL, job_title="Caldicott Guardian")
