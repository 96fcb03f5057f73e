"""Fill a prepared register with what the real one does not hold yet: long, old and many things.

The register's own Python runs it: `manage.py shell --command` with `fill()`.
"""

from __future__ import annotations

import datetime

from django.core.files.base import ContentFile
from django.utils import timezone

from registers import changes
from registers.models import (
    Approver,
    Document,
    Name,
    News,
    Organisation,
    Resource,
    Review,
    Succession,
)
from tests import makers, papers
from tests.models.making import a_party, a_protocol, saved

LONG_WORD = "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch"
LONG_NAME = f"The Ministry of Very Long Names, Nomenclature and {LONG_WORD} Affairs"
# Every mark that a text may hold, at its widest.
MARKED = f"""#### {LONG_WORD}
Words in **{LONG_WORD}** and [a link to {LONG_WORD}](https://example.org/{LONG_WORD * 3}).

# Then
- {LONG_WORD}
  - within

1. one

> {LONG_WORD}

| {LONG_WORD} | A column | A number |
|---|---|--:|
| {LONG_WORD} | Words of a cell | 12 |
"""


def fill() -> None:
    """Make two protocols that show all, enough others for a second page, and papers."""
    today = timezone.localdate()
    housing = makers.ThemeFactory(name="Housing", description=f"Homes, and {LONG_WORD}.")
    ministry = saved(Organisation(name=LONG_NAME, slug="the-ministry", note="It has a note."))
    ashdown = saved(Organisation(name="Ashdown Council"))
    birch = saved(Organisation(name="Birch Trust", kind="group"))
    saved(ashdown, Name(organisation=ashdown, text="Ashdown Parish", kind="former"))
    saved(birch, Succession(organisation=birch, successor=ashdown, happened_on=today))
    for organisation in (ashdown, ministry):
        saved(Approver(organisation=organisation, job_title="Caldicott Guardian"))

    saved(
        a_protocol(
            "9001",
            theme=housing,
            title=f"A title with the word {LONG_WORD}, which is long",
            version="V12.0 draft of the final version",
            summary="They share addresses.\n\nSo that nobody is cold.",
            purpose=f"{LONG_WORD} " * 5 + "and more words " * 20,
            information_items="Names\nAddresses\nhttps://example.org/" + "long/" * 30,
            data_subjects="Tenants",
            lawful_basis="Public task",
            parties_complete=False,
            parties_note="Please ask for a list of signatures",
            review_date=today.replace(day=1),
            review_note="Under review",
        ),
        a_party("9001", LONG_NAME, "lead", name_as_published=LONG_WORD, signed_on=today),
        a_party("9001", "Ashdown Council", note="Temp workers " * 5, position=1),
    )
    for age, note in ((400, f"{LONG_WORD} " * 4), (30, "Line.\n\n" * 3), (0, "")):
        review = Review(
            protocol_id="9001",
            reviewed_on=today - datetime.timedelta(age),
            outcome="changing",
            next_review=today.replace(day=1),
            job_title=f"Head of {LONG_WORD}",
            note=note,
        )
        changes.record_review(review, at=timezone.now())
    text = Document(protocol_id="9001", title="The text")
    for words in ("before", "now"):
        text.file = ContentFile(papers.pdf(words), f"{LONG_WORD}.pdf")
        saved(text, at=timezone.now())
    saved(
        a_protocol(
            "9002",
            theme=housing,
            status="withdrawn",
            withdrawn_on=today,
            withdrawn_reason="It ended.",
            replaced_by_id="9001",
        ),
        a_party("9002", "Ashdown Council", "lead"),
        a_party("9002", "Birch Trust", position=1),
        at=timezone.now(),
    )
    makers.make_protocols(60, theme=housing, review_date=datetime.date(today.year + 2, 1, 1))
    for number in range(150):
        changes.save(Organisation(name=f"Parish Council {number:03}"))
    changes.save(News(title="News " * 20, slug="long-news", body=MARKED, published_on=today))
    resource = Resource(title="A paper", slug="paper", body="Words. " * 60)
    for paper in (papers.odt(), "paper.odt"), (papers.ods(), "paper.ods"):
        resource.file = ContentFile(*paper)
        saved(resource, at=timezone.now())
