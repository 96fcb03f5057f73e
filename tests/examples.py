"""What the addresses of tests/permissions.py are about: one of each noun."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.utils import timezone

from registers import changes
from registers.imports.mapping.mapping import ColumnMapping
from registers.imports.mapping.saved import save_mapping
from registers.models import (
    Abbreviation,
    ApprovalRequest,
    Approver,
    Change,
    Document,
    EarlierVersion,
    Membership,
    News,
    Option,
    Organisation,
    Party,
    ProposedFile,
    Protocol,
    Reminder,
    Resource,
    Review,
    Succession,
    SynonymSet,
    Theme,
)
from tests import papers
from tests.cast import somebody
from tests.imports.uploading import a_checked_import
from tests.merging import named
from tests.models.making import saved
from tests.proposing import a_proposal
from tests.reminders.lines import a_line, an_answer


def make_examples() -> dict[str, Any]:
    """Fill the real register with one of each; return their keys, by what the table calls them."""
    now = timezone.now()
    theme = saved(Theme(name="Empty", slug="empty", position=99))
    of_nobody = saved(Organisation(name="Of nobody", slug="of-nobody"))
    draft = Protocol(reference="9001", title="A draft", theme=Theme.objects.order_by("pk").first())
    answer = an_answer(a_line())
    objection = ApprovalRequest.objects.create(
        protocol_id="0046",
        organisation=named("Provide"),
        email="ig@provide.example.org",
        asked_at=now,
        choice="objected",
        job_title="SIRO",
        reason="Clause 4.",
        answered_at=now,
    )
    review = Review.objects.create(
        protocol_id="0042",
        reviewed_on=datetime.date(2026, 11, 3),
        outcome="ended",
        job_title="SIRO",
        note="Over.",
        recorded_at=datetime.datetime(2026, 11, 3, tzinfo=datetime.UTC),
    )
    document = Document(protocol_id="0046", title="Signed copy")
    resource = Resource(title="A paper", slug="a-paper")
    for paper, name in ((document, "signed.pdf"), (resource, "paper.pdf")):
        for words in ("before", "now"):
            paper.file = ContentFile(papers.pdf(words), name)
            saved(paper, at=now)
    made = {
        "import": a_checked_import(),
        "mapping": save_mapping(ColumnMapping(name="Monthly list"), by=None, at=now),
        "abbreviation": saved(Abbreviation(short="ABC", meaning="a bird count")),
        "answer": answer,
        "approvalrequest": objection,
        "approver": saved(Approver(organisation=of_nobody, job_title="SIRO")),
        "change": Change.objects.public().first(),
        "document": document,
        "document_version": EarlierVersion.objects.get(document=document),
        "group": Group.objects.get(name="Editor"),
        "administrators": Group.objects.get(name="Administrator"),
        "merge": changes.merge(named("Pulse"), named("Remedy"), at=now),
        "news": saved(
            News(title="Some news", slug="some-news", body="**Words**", published_on=now)
        ),
        "option": saved(Option(options="people", words="Anglers")),
        "organisation": of_nobody,
        "protocol": saved(draft),
        "protocols": ContentType.objects.get_for_model(Protocol),
        "reminder": Reminder.objects.first(),
        "resource": resource,
        "resource_version": EarlierVersion.objects.get(resource=resource),
        "review": review,
        "synonymset": saved(SynonymSet(words="owl, crow")),
        "theme": theme,
        "user": somebody("nina", "Editor"),
    }
    made["schools"] = named("All Essex Schools")
    made["member"] = Membership(group=made["schools"], member=named("Essex Police"))
    saved(made["schools"], made["member"])
    made["split"] = saved(Organisation(name="Old District", slug="old-district"))
    for name in ("Essex Police", "Medway Council"):
        saved(made["split"], Succession(organisation=made["split"], successor=named(name)))
    with_lead = Protocol(
        reference="9002", title="With a lead", purpose="To warn.", theme=draft.theme
    )
    made["publishable"] = saved(
        with_lead,
        Party(
            protocol=with_lead,
            organisation=named("Medway Council"),
            role="lead",
            signed_on=datetime.date(2026, 11, 3),
        ),
    )
    ended = {
        "withdrawn_on": datetime.date(2026, 11, 3),
        "withdrawn_reason": "Published by mistake",
    }
    made["withdrawn"] = saved(
        Protocol(reference="9003", title="Ended", theme=draft.theme, status="withdrawn", **ended)
    )
    made["proposal"] = a_proposal(
        Protocol.objects.get(pk="0046"), by=made["user"], purpose="To warn."
    )
    made["proposed_file"] = ProposedFile.objects.create(
        proposal=made["proposal"], file=document.file.name, name="signed.pdf"
    )
    keys = {name: thing.pk for name, thing in made.items()}
    return keys | {
        f"{noun}_state": number
        for noun, number in (
            *(
                (noun, edited(made[noun]))
                for noun in (
                    *("news", "resource", "theme", "synonymset", "abbreviation"),
                    "option",
                )
            ),
            ("organisation", told_of(of_nobody)),
            ("published", told_of(Protocol.objects.get(pk="0046"))),
        )
    }


def edited(thing: Any) -> int:
    """Write another title on a page, and return the number of its state before."""
    names = {Theme: "name", SynonymSet: "words", Option: "words", Abbreviation: "meaning"}
    field = names.get(type(thing), "title")
    before = Change.objects.about(type(thing), thing.pk)[0].pk
    setattr(thing, field, f"Another {noun_of(thing)}, owl")
    saved(thing)
    return before


def noun_of(thing: Any) -> str:
    return str(thing._meta.verbose_name)


def told_of(thing: Any) -> int:
    """Write another text on a thing, and return the change before."""
    field = "title" if isinstance(thing, Protocol) else "note"
    subject = {noun_of(thing): thing}
    before = Change.objects.filter(**subject).first()
    assert before
    with changes.record_change(thing, at=timezone.now()):
        setattr(thing, field, "Another text")
        changes.save(thing)
    return before.pk
