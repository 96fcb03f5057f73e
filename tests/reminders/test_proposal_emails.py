"""E-mails about proposals: who gets one, and how often."""

from __future__ import annotations

import datetime
from io import StringIO

import pytest
import time_machine
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.core.management import CommandError, call_command

from registers.changes import proposal as deciding
from registers.models import Proposal, ProposalEmailDay, Protocol
from tests.cast import somebody
from tests.models.making import NOW
from tests.proposing import a_proposal, all_of, shown

pytestmark = pytest.mark.usefixtures("real_register", "today")


class Broken(EmailBackend):
    """A server that takes nothing."""

    def send_messages(self, messages):
        raise OSError("no such server")


@pytest.fixture(autouse=True)
def _people(real_register, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    for name, group in (("edith", "Editor"), ("paul", "Publisher"), ("ada", "Administrator")):
        somebody(name, group, email=f"{name}@example.org")
    somebody("pia", "Publisher")
    somebody("peter", "Publisher", email="peter@example.org", is_active=False)


def user(name):
    return Proposal._meta.get_field("by").related_model.objects.get(username=name)


def protocol() -> Protocol:
    return Protocol.objects.get(pk="0046")


def run(**how) -> str:
    out = StringIO()
    call_command("send_review_reminders", stdout=out, **how)
    return out.getvalue()


def recipients() -> list[str]:
    """Return to whom e-mails about proposals went, and forget them."""
    sent = sorted(each.to[0] for each in mail.outbox if "proposal" in each.subject)
    mail.outbox.clear()
    return sent


def test_publishers_hear_once_a_day_that_something_waits():
    run()
    assert recipients() == []
    a_proposal(protocol(), by=user("edith"), purpose="To warn.")
    run()
    assert recipients() == ["ada@example.org", "paul@example.org"]
    a_proposal(protocol(), by=user("edith"), purpose="To tell.")
    run()
    assert recipients() == []
    with time_machine.travel(NOW + datetime.timedelta(1)):
        run()
        assert recipients() == ["ada@example.org", "paul@example.org"]
        run()
        assert recipients() == []


def test_nobody_hears_that_their_own_waits_where_two_must_agree(settings):
    settings.SECOND_PAIR_OF_EYES = True
    a_proposal(protocol(), by=user("paul"), purpose="To warn.")
    run()
    assert recipients() == ["ada@example.org"]
    a_proposal(protocol(), by=user("edith"), purpose="To tell.")
    with time_machine.travel(NOW + datetime.timedelta(1)):
        run()
        assert recipients() == ["ada@example.org", "paul@example.org"]


def test_one_a_day_though_what_was_announced_is_decided():
    made = a_proposal(protocol(), by=user("edith"), purpose="To warn.")
    run()
    assert len(recipients()) == 2
    made = deciding.return_with_comment(made, at=NOW, by=user("paul"), comment="No.")
    a_proposal(protocol(), by=user("edith"), purpose="To tell.")
    run()
    assert recipients() == ["edith@example.org"]
    deciding.rewrite(made, shown=shown(made), chosen=all_of(made), at=NOW)
    run()
    assert recipients() == []
    with time_machine.travel(NOW + datetime.timedelta(1)):
        run()
        assert recipients() == ["ada@example.org", "paul@example.org"]
    day = NOW.date() + datetime.timedelta(1)
    assert [str(each) for each in ProposalEmailDay.objects.all()] == [day.isoformat()]


@pytest.mark.parametrize("end", ["accepted", "accepted with alterations", "returned"])
def test_the_editor_hears_how_it_ended(end):
    made = a_proposal(protocol(), by=user("edith"), purpose="Zebra")
    if end != "returned":
        how = {"shown": shown(made), "chosen": all_of(made)}
        if end != "accepted":
            how["chosen"] = all_of(made, purpose="Other words.")
        deciding.accept(made, at=NOW, by=user("paul"), **how)
    else:
        deciding.return_with_comment(made, at=NOW, by=user("paul"), comment="Zebra")
    run()
    (email,) = [each for each in mail.outbox if "proposal" in each.subject]
    assert email.to == ["edith@example.org"]
    assert end in email.subject
    assert ("alter" in email.subject) is ("alter" in end)
    assert "Zebra" not in email.subject + email.body
    assert email.extra_headers["Auto-Submitted"] == "auto-generated"
    mail.outbox.clear()
    run()
    assert recipients() == []


def test_one_taken_back_or_of_nobody_is_told_to_nobody():
    deciding.take_back(
        a_proposal(protocol(), by=user("edith"), purpose="To warn."), at=NOW, by=user("edith")
    )
    made = a_proposal(protocol(), purpose="To tell.")
    deciding.return_with_comment(made, at=NOW, by=user("paul"), comment="No.")
    run()
    assert recipients() == []


def test_what_no_server_took_is_tried_again(settings):
    a_proposal(protocol(), by=user("edith"), purpose="To warn.")
    settings.EMAIL_BACKEND = f"{__name__}.Broken"
    with pytest.raises(CommandError):
        run()
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    run()
    assert "paul@example.org" in recipients()
