"""Who is reminded where the organisation that leads has ended, or will end."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import pytest
from django.conf import settings

from registers.exports.columns import ExportContext
from registers.models import Organisation, Protocol, Succession, TakenOn
from registers.reminders.answers import State, state_of
from registers.reminders.due import organisations_due, protocols_due
from registers.reminders.emails import Sender, reminder_email
from registers.search.links import read_successions
from tests.models.making import NOW
from tests.reminders.lines import an_answer
from tests.reminders.making import a_lead, led_by, reminded

pytestmark = pytest.mark.usefixtures("empty_register")

JUNE = datetime.date(2026, 6, 1)
END = datetime.date(2026, 6, 30)
BEFORE, AFTER = END - datetime.timedelta(days=400), END + datetime.timedelta(days=1)


@dataclass(frozen=True)
class Case:
    """Successions of what leads ('A') and of its successors, and who is asked on `END`."""

    successions: list[tuple[str, str, datetime.date | None]]
    asked: str
    taken: str = ""


CASES = {
    "it stands": Case([], "A"),
    "it took another's place": Case([("B", "A", BEFORE)], "A"),
    "its place was taken": Case([("A", "B", BEFORE)], "B"),
    "its place was taken today": Case([("A", "B", END)], "B"),
    "its place will be taken": Case([("A", "B", AFTER)], "A"),
    "its place was taken, nobody knows when": Case([("A", "B", None)], "B"),
    "a chain of three": Case([("A", "B", None), ("B", "C", BEFORE), ("C", "D", END)], "D"),
    "the last of a chain is to come": Case([("A", "B", None), ("B", "C", AFTER)], "B"),
    "a split that nobody decided": Case([("A", "B", BEFORE), ("A", "C", BEFORE)], "BC"),
    "a split that was decided": Case([("A", "B", BEFORE), ("A", "C", BEFORE)], "C", taken="C"),
    "decided for one to come": Case([("A", "B", BEFORE), ("A", "C", AFTER)], "A", taken="C"),
    "split and joined again": Case(
        [("A", "B", None), ("A", "C", None), ("B", "D", None), ("C", "D", None)], "D"
    ),
    "a ring": Case([("A", "B", None), ("B", "A", None)], "A"),
}


def link(successions) -> dict[str, Organisation]:
    """The organisations A to D, with a contact each; A leads one protocol."""
    made = {name: a_lead(name, *([JUNE] if name == "A" else [])) for name in "ABCD"}
    Succession.objects.bulk_create(
        Succession(organisation=made[who], successor=made[by], happened_on=day)
        for who, by, day in successions
    )
    return made


def names(organisations) -> str:
    return "".join(sorted(each.name for each in organisations))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_who_is_asked(case):
    made = link(case.successions)
    protocol = Protocol.objects.get()
    for name in case.taken:
        TakenOn.objects.create(protocol=protocol, predecessor=made["A"], successor=made[name])
    assert names(organisations_due(END)) == case.asked
    for name, organisation in made.items():
        found = [(each.pk, each.is_due) for each in protocols_due(organisation, END)]
        assert found == ([(protocol.pk, True)] if name in case.asked else [])


@pytest.mark.both_databases
def test_each_successor_hears_of_it_for_itself():
    made = link(CASES["a split that nobody decided"].successions)
    protocol = Protocol.objects.get()
    reminded(made["B"], END, protocol)
    # What was sent to the one that ended counts for nobody else.
    reminded(made["A"], END, protocol)
    assert names(organisations_due(END)) == "C"
    assert [each.is_due for each in protocols_due(made["B"], END)] == [False]
    reminded(made["C"], END, protocol)
    assert organisations_due(END) == []
    assert names(organisations_due(END + datetime.timedelta(days=90))) == "BC"


def test_what_it_leads_itself_is_in_the_same_reminder():
    made = link([("A", "B", BEFORE)])
    own = led_by(made["B"], review_date=JUNE)
    theirs = Protocol.objects.exclude(pk=own.pk).get()
    assert {each.pk for each in protocols_due(made["B"], END)} == {own.pk, theirs.pk}


def test_nobody_is_asked_while_one_successor_s_answer_waits():
    made = link(CASES["a split that nobody decided"].successions)
    protocol = Protocol.objects.get()
    line = reminded(made["B"], END - datetime.timedelta(days=100), protocol).lines.get()
    an_answer(line, at=NOW)
    assert organisations_due(END) == []


LINKS = {"A": State.OPEN, "B": State.OPEN, "C": State.OPEN, "D": State.MOVED}


@pytest.mark.parametrize(("name", "state"), LINKS.items(), ids=LINKS)
def test_who_may_answer_by_link(name, state):
    made = link(CASES["a split that nobody decided"].successions)
    line = reminded(made[name], END, Protocol.objects.get()).lines.get()
    assert state_of(line, at=NOW) == state


def email(organisation: Organisation) -> tuple[str, str]:
    protocols = list(protocols_due(organisation, END))
    reminder = reminded(organisation, END, *protocols)
    message = reminder_email(
        reminder,
        protocols,
        place=ExportContext(site="https://register.example.org", on=END),
        sender=Sender(partnership=settings.PARTNERSHIP, address="register@example.org"),
    )
    return message.body, str(message.alternatives[0][0])


@pytest.mark.parametrize(
    ("case", "said", "others"),
    [
        ("its place was taken", True, False),
        ("a split that nobody decided", True, True),
        ("it took another's place", False, False),
    ],
)
def test_the_reminder_says_on_whose_behalf(case, said, others):
    made = link(CASES[case].successions)
    for text in email(made[CASES[case].asked[0]]):
        words = " ".join(text.split())
        assert ("on behalf of A, whose place B took" in words) == said
        assert ("in the place of A" in words) == said
        assert ("Who took this protocol on is not recorded" in words) == others


@pytest.mark.both_databases
def test_the_successions_are_read_once_and_decisions_after_a_split_alone(
    django_assert_num_queries,
):
    link([("A", "B", BEFORE)])
    with django_assert_num_queries(1):
        read_successions()
    Succession.objects.create(
        organisation=Organisation.objects.get(name="A"),
        successor=Organisation.objects.get(name="C"),
        happened_on=BEFORE,
    )
    with django_assert_num_queries(2):
        read_successions()
