"""What the checks in Python refuse, beside which field, and in what words."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from registers.models import (
    Approver,
    Document,
    Membership,
    Name,
    Organisation,
    Overarching,
    Party,
    Protocol,
    Resource,
    Succession,
    TakenOn,
    Theme,
)
from registers.models.document import PAPER_BYTES, refuse_large
from tests import papers
from tests.models.making import a_name, a_party, a_protocol, make_cast, saved, shared_by_a_module

DAY = datetime.date(2026, 11, 22)
ALL = "__all__"
DIGITS = "Enter the number as 4 to 8 digits, such as 0012."
WITHDRAWN = "Only a withdrawn protocol has a withdrawal date and a reason, and it must have both."
DRAFT = "This is a draft. Publish it first."
OWN_NAME = "The official name is the organisation's own. Rename the organisation instead."


pytestmark = [pytest.mark.both_databases, pytest.mark.django_db]


@pytest.fixture(scope="module", autouse=True)
def cast(django_db_setup, django_db_blocker) -> Iterator[None]:
    with shared_by_a_module(django_db_blocker):
        make_cast()
        yield


def stored(reference: str = "9001", **fields: object) -> Protocol:
    protocol = Protocol.objects.get(reference=reference)
    for name, value in fields.items():
        setattr(protocol, name, value)
    return protocol


def back_to_draft(protocol: Protocol) -> Protocol:
    protocol.status = "draft"
    return protocol


def organisation(name: str) -> Organisation:
    return Organisation.objects.named(name).get()


def official(name: str, **fields: object) -> Name:
    stored_name = Name.objects.get(text=name)
    for field, value in fields.items():
        setattr(stored_name, field, value)
    return stored_name


def became(name: str, successor: str) -> Succession:
    return Succession(organisation=organisation(name), successor=organisation(successor))


def a_group(name: str, *members: Organisation | str) -> Organisation:
    """A stored group with these members: organisations, or their names."""
    stored_group = Organisation.objects.filter(name=name).first()
    group = stored_group or saved(Organisation(name=name, kind="group"))
    for each in members:
        member = each if isinstance(each, Organisation) else organisation(each)
        saved(group, Membership(group=group, member=member))
    return group


def member(group: Organisation, member: Organisation | str, **days: datetime.date) -> Membership:
    if isinstance(member, str):
        member = organisation(member)
    return Membership(group=group, member=member, **days)


def a_ring_of_groups() -> Membership:
    """Would make North a member of Schools, which contains Essex, which contains North."""
    north = a_group("North")
    essex = a_group("Essex", north)
    schools = a_group("Schools", essex)
    return member(north, schools)


def became_saved(name: str, successor: str) -> str:
    """Save that one became part of another, and return the successor's name."""
    saved(organisation(name), became(name, successor))
    return successor


def split_saved(name: str, successor: str) -> str:
    """Save that one became part of another, and return its own name."""
    became_saved(name, successor)
    return name


def a_chain() -> Organisation:
    """Ashdown became part of Birch, and Birch of Cedar; return Cedar."""
    for one, other in (("Ashdown Council", "Birch Trust"), ("Birch Trust", "Cedar Charity")):
        became_saved(one, other)
    return organisation("Cedar Charity")


def taken_on(predecessor: str, successor: str) -> TakenOn:
    return TakenOn(
        protocol=stored(),
        predecessor=organisation(predecessor),
        successor=organisation(successor),
    )


def again(row: Membership, **days: datetime.date) -> Membership:
    """Save a membership, and return another one of the same member."""
    row.save()
    return Membership(group=row.group, member=row.member, **days)


def twice(thing):
    """The thing again, when it stands in the register already."""
    thing.save()
    thing.pk, thing._state.adding = None, True
    return thing


def paper(name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, papers.pdf())


REFUSALS = {
    # protocols
    "a reference that stands already": (
        lambda: a_protocol("9001"),
        ("reference", "A protocol has this reference already."),
    ),
    "a number in another width": (
        lambda: a_protocol("09001"),
        ("reference", "Protocol 9001 has this number already."),
    ),
    "a reference of three digits": (lambda: a_protocol("012"), ("reference", DIGITS)),
    "a reference with a letter": (lambda: a_protocol("00A2"), ("reference", DIGITS)),
    "a reference with a dash": (lambda: a_protocol("0037-"), ("reference", DIGITS)),
    "a reference in other digits": (lambda: a_protocol("٠٠١٢"), ("reference", DIGITS)),
    "a reference with a line end": (lambda: a_protocol("0012\n"), ("reference", DIGITS)),
    "no reference": (lambda: a_protocol(""), ("reference", "This field cannot be blank.")),
    "no title": (lambda: a_protocol("9009", title=""), ("title", "This field cannot be blank.")),
    "no theme": (
        lambda: a_protocol("9009", theme=None),
        ("theme", "Select a theme: only a draft may lack one."),
    ),
    "a status that is none": (
        lambda: stored(status="gone"),
        ("status", "Value 'gone' is not a valid choice."),
    ),
    "a review on the 2nd": (
        lambda: stored(review_date=datetime.date(2024, 3, 2)),
        (ALL, "A review date is a month. Enter its first day."),
    ),
    "withdrawn without a day": (
        lambda: stored(status="withdrawn", withdrawn_reason="It ended."),
        (ALL, WITHDRAWN),
    ),
    "withdrawn without a reason": (
        lambda: stored(status="withdrawn", withdrawn_on=DAY),
        (ALL, WITHDRAWN),
    ),
    "in force with a day of withdrawal": (lambda: stored(withdrawn_on=DAY), (ALL, WITHDRAWN)),
    "in force with a reason of withdrawal": (
        lambda: stored(withdrawn_reason="It ended."),
        (ALL, WITHDRAWN),
    ),
    "replaced by itself": (
        lambda: stored(replaced_by=stored()),
        ("replaced_by", "These protocols would replace each other."),
    ),
    "public, and a draft again": (
        lambda: stored(status="draft"),
        ("status", "A published protocol stays public. Withdraw it instead."),
    ),
    "withdrawn, and a draft again": (
        lambda: stored("9003", status="draft", withdrawn_on=None, withdrawn_reason=""),
        ("status", "A published protocol stays public. Withdraw it instead."),
    ),
    "made public just now, and a draft again": (
        lambda: back_to_draft(saved(a_protocol("9010"))),
        ("status", "A published protocol stays public. Withdraw it instead."),
    ),
    "a ring of two replacements": (
        lambda: stored("9001", replaced_by=saved(stored("9002", replaced_by=stored("9001")))),
        ("replaced_by", "These protocols would replace each other."),
    ),
    "a ring of three replacements": (
        lambda: stored(
            "9001",
            replaced_by=saved(
                stored("9002", replaced_by=saved(stored("9003", replaced_by=stored("9001"))))
            ),
        ),
        ("replaced_by", "These protocols would replace each other."),
    ),
    "replaced by a draft": (
        lambda: stored(replaced_by=stored("9004")),
        ("replaced_by", DRAFT),
    ),
    "under a draft": (
        lambda: Overarching(protocol=stored(), overarching=stored("9004")),
        ("overarching", DRAFT),
    ),
    "under itself": (
        lambda: Overarching(protocol=stored(), overarching=stored()),
        (ALL, "A protocol cannot come under itself."),
    ),
    "under a protocol twice": (
        lambda: twice(Overarching(protocol=stored(), overarching=stored("9002"))),
        (ALL, "It comes under this protocol already."),
    ),
    # parties
    "two leads": (
        lambda: a_party("9001", "Cedar Charity", "lead"),
        (ALL, "A protocol can have only one lead organisation."),
    ),
    "a partner twice": (
        lambda: a_party("9001", "Birch Trust"),
        (ALL, "This organisation has this role in the protocol already."),
    ),
    "a role that is none": (
        lambda: a_party("9001", "Cedar Charity", "boss"),
        ("role", "Value 'boss' is not a valid choice."),
    ),
    "a party that is nobody": (
        lambda: Party(protocol_id="9001", organisation_id=0),
        ("organisation", "organisation instance with id 0 is not a valid choice."),
    ),
    # organisations and their names
    "the name of another": (
        lambda: a_name("Cedar Charity", "BIRCH  trust"),
        ("text", "Birch Trust has the name 'BIRCH  trust' already."),
    ),
    "its own name again": (
        lambda: a_name("Birch Trust", "birch trust"),
        ("text", "Birch Trust has the name 'birch trust' already."),
    ),
    "a name of spaces": (lambda: a_name("Cedar Charity", " \t"), ("text", "Enter the name.")),
    "a name that folds to too many letters": (
        lambda: a_name("Cedar Charity", "ß" * 200),
        ("text", "This name is too long. Enter a shorter one."),
    ),
    "another spelling in more than capitals": (
        lambda: a_name("Cedar Charity", "Cedar", also_written="CEDARS"),
        ("also_written", "This differs in more than capitals. Add it as a name of its own."),
    ),
    "a second official name": (
        lambda: a_name("Cedar Charity", "Cedar", "official"),
        ("kind", OWN_NAME),
    ),
    "the official name of another kind": (
        lambda: official("Cedar Charity", kind="former"),
        ("kind", OWN_NAME),
    ),
    "the official name in other words": (
        lambda: official("Cedar Charity", text="Cedar"),
        ("kind", OWN_NAME),
    ),
    "the official name in other capitals": (
        lambda: official("Cedar Charity", text="CEDAR CHARITY"),
        ("kind", OWN_NAME),
    ),
    "an approver twice": (
        lambda: twice(Approver(organisation=organisation("Birch Trust"), job_title="Guardian")),
        (ALL, "This job title is already here."),
    ),
    "a successor twice": (
        lambda: twice(became("Birch Trust", "Cedar Charity")),
        (ALL, "This successor is named already."),
    ),
    "its own successor": (
        lambda: became("Birch Trust", "Birch Trust"),
        (ALL, "An organisation cannot succeed itself."),
    ),
    "a ring of two successions": (
        lambda: became(became_saved("Birch Trust", "Ashdown Council"), "Birch Trust"),
        (
            "successor",
            "These organisations would take each other’s place in a ring: Ashdown Council became"
            " part of Birch Trust became part of Ashdown Council. An organisation that only"
            " changed its name has a former name instead.",
        ),
    ),
    "a ring of three successions": (
        lambda: became(a_chain().name, "Ashdown Council"),
        (
            "successor",
            "These organisations would take each other’s place in a ring: Cedar Charity became"
            " part of Ashdown Council became part of Birch Trust became part of Cedar Charity."
            " An organisation that only changed its name has a former name instead.",
        ),
    ),
    # groups and their members
    "a member of one body": (
        lambda: member(organisation("Birch Trust"), "Cedar Charity"),
        (ALL, "Birch Trust is one body, so it has no members. Make it a group first."),
    ),
    "a group in itself": (
        lambda: member(a_group("Schools"), "Schools"),
        (ALL, "A group cannot be a member of itself."),
    ),
    "two groups that contain each other": (
        lambda: member(a_group("North"), a_group("Schools", "North")),
        (
            "member",
            "These groups would contain each other in a ring: North contains Schools contains"
            " North.",
        ),
    ),
    "three groups that contain each other": (
        a_ring_of_groups,
        (
            "member",
            "These groups would contain each other in a ring: North contains Schools contains"
            " Essex contains North.",
        ),
    ),
    "a member twice from the first": (
        lambda: member(a_group("Schools", "Birch Trust"), "Birch Trust", to_day=DAY),
        (ALL, "It is a member already, without a first day."),
    ),
    "a member twice from a day": (
        lambda: twice(member(a_group("Schools"), "Birch Trust", from_day=DAY)),
        (ALL, "It is a member from this day already."),
    ),
    "a member again on a day on which it is one": (
        lambda: again(member(a_group("Schools"), "Birch Trust", to_day=DAY), from_day=DAY),
        (ALL, "It is a member on some of these days already: change the days of that membership."),
    ),
    "a member before a day from which it is one": (
        lambda: again(member(a_group("Schools"), "Birch Trust", from_day=DAY), to_day=DAY),
        (ALL, "It is a member on some of these days already: change the days of that membership."),
    ),
    "a member to a day before it came": (
        lambda: member(
            a_group("Schools"), "Birch Trust", from_day=DAY, to_day=DAY - datetime.timedelta(1)
        ),
        (ALL, "The last day must not be before the first day."),
    ),
    "a rule for who belongs to one body": (
        lambda: Organisation(name="New", slug="new", group_rule="Every school"),
        ("group_rule", "Only a group has a rule for who belongs to it."),
    ),
    "taken on by what is no successor": (
        lambda: taken_on("Birch Trust", "Cedar Charity"),
        (
            "successor",
            "The register does not record that Cedar Charity took the place of Birch Trust, or a"
            " part of it.",
        ),
    ),
    "taken on by the predecessor of it": (
        lambda: taken_on(a_chain().name, "Birch Trust"),
        (
            "successor",
            "The register does not record that Birch Trust took the place of Cedar Charity, or a"
            " part of it.",
        ),
    ),
    # themes
    "the name of another theme": (
        lambda: Theme(name=" HOUSING", slug="housing-2"),
        ("key", "A theme has this name already."),
    ),
    "a theme's name that folds to too many letters": (
        lambda: Theme(name="ß" * 60, slug="long"),
        ("name", "This name is too long. Enter a shorter one."),
    ),
    "the address of another theme": (
        lambda: Theme(name="Houses", slug="housing"),
        ("slug", "Theme with this Slug already exists."),
    ),
    # papers
    "a document that is a program": (
        lambda: Document(protocol=stored(), title="Signed", file=paper("signed.exe")),
        (
            "file",
            "File extension “exe” is not allowed. "
            "Allowed extensions are: pdf, docx, xlsx, odt, ods.",
        ),
    ),
    "a resource that is a page": (
        lambda: Resource(title="Template", slug="t", file=paper("template.html")),
        (
            "file",
            "File extension “html” is not allowed. "
            "Allowed extensions are: pdf, docx, xlsx, odt, ods.",
        ),
    ),
    "a document without a file": (
        lambda: Document(protocol=stored(), title="Signed"),
        ("file", "This field cannot be blank."),
    ),
}


@pytest.mark.parametrize(("thing", "expected"), REFUSALS.values(), ids=REFUSALS)
def test_a_sentence_says_what_is_wrong(thing, expected):
    field, sentence = expected
    with pytest.raises(ValidationError) as refusal:
        thing().full_clean()
    assert refusal.value.message_dict[field] == [sentence]


ACCEPTED = {
    "withdrawn with both": lambda: stored(
        status="withdrawn", withdrawn_on=DAY, withdrawn_reason="It ended."
    ),
    "replaced by another": lambda: stored(replaced_by=stored("9002")),
    "replaced by one that is replaced": lambda: stored(
        replaced_by=saved(stored("9002", replaced_by=stored("9003")))
    ),
    "a draft published": lambda: stored("9004", status="published"),
    "a draft that stays one": lambda: stored("9004", title="Better"),
    "a draft read in part": lambda: Protocol.objects.defer("status").get(reference="9004"),
    "a leap month": lambda: stored(review_date=datetime.date(2024, 2, 1)),
    "eight digits": lambda: a_protocol("12345678"),
    "lead and partner at once": lambda: a_party("9001", "Ashdown Council"),
    "another name, in two ways": lambda: a_name("Cedar Charity", "Cedar", also_written="CEDAR"),
    "the official name in two ways": lambda: official(
        "Cedar Charity", also_written="CEDAR CHARITY"
    ),
    "a chain of successions": lambda: became(
        became_saved("Ashdown Council", "Birch Trust"), "Cedar Charity"
    ),
    "a second successor": lambda: became(
        split_saved("Ashdown Council", "Birch Trust"), "Cedar Charity"
    ),
    "two predecessors": lambda: became(
        "Cedar Charity", became_saved("Ashdown Council", "Birch Trust")
    ),
    "a member of two groups, one in the other": lambda: member(
        a_group("Schools", a_group("North", "Birch Trust")), "Birch Trust"
    ),
    "a member again after the last day": lambda: again(
        member(a_group("Schools"), "Birch Trust", to_day=DAY - datetime.timedelta(1)), from_day=DAY
    ),
    "a member for one day": lambda: member(
        a_group("Schools"), "Birch Trust", from_day=DAY, to_day=DAY
    ),
    "a rule for who belongs to a group": lambda: Organisation(
        name="New", slug="new", kind="group", group_rule="Every school"
    ),
    "taken on by a successor": lambda: taken_on(
        "Ashdown Council", became_saved("Ashdown Council", "Birch Trust")
    ),
    "a resource whose file is not here yet": lambda: Resource(title="Template", slug="t"),
    "a document with a PDF": lambda: Document(
        protocol=stored(), title="Signed", file=paper("Signed.PDF")
    ),
}


@pytest.mark.parametrize("thing", ACCEPTED.values(), ids=ACCEPTED)
def test_sense_is_accepted(thing):
    thing().full_clean()


def test_a_name_can_be_checked_before_its_organisation_is_stored():
    Name(organisation=Organisation(name="Elm Trust"), text="Elm").clean()


def test_a_ring_among_others_does_not_hold_up_the_check():
    Protocol.objects.filter(reference="9002").update(replaced_by="9003")
    Protocol.objects.filter(reference="9003").update(replaced_by="9002")
    stored(replaced_by=stored("9002")).full_clean()


def test_a_paper_of_20_megabytes_is_taken_and_one_byte_more_is_not():
    refuse_large(SimpleNamespace(size=PAPER_BYTES, _committed=False))
    with pytest.raises(ValidationError, match=r"larger than 20 MB\."):
        refuse_large(SimpleNamespace(size=PAPER_BYTES + 1, _committed=False))
