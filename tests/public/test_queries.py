"""No page costs more than 9 queries, whatever its filters; nothing is a query per row."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.utils import timezone

from registers.imports.fixture import is_empty
from registers.models import (
    Approver,
    Document,
    EarlierVersion,
    Organisation,
    Party,
    Protocol,
    Review,
    Theme,
)
from registers.search import listed
from tests.conftest import load_real_register
from tests.makers import find_all
from tests.models.making import shared_by_a_module
from tests.search.test_queries import allowed as allowed_to_find

pytestmark = pytest.mark.django_db

GROUPS = 1  # their names, once for each version of the register
PAGES = [
    "/",
    "/?q=children&theme=health-and-wellbeing&organisation=eput&organisation=ecc&role=lead"
    "&review=overdue&review=none&review_from=2018-01&review_to=2025-12&status=all&sort=-review",
    "/?sort=relevance&q=essex",
    "/?q=DWP",
    "/?q=QM7",
    "/?theme=nonsense&organisation=nobody&page=x",
    "/?status=withdrawn",
    "/themes/",
    "/themes/health-and-wellbeing/",
    "/organisations/",
    "/organisations/?letter=e",
    "/organisations/essex-county-council/",
    "/organisations/essex-county-council/?with=univ",
    "/sharing/",
    "/sharing/?organisation=essex-county-council&sort=with",
    "/sharing/together/?one=ecc&other=univ",
    "/sharing/together/?one=nobody&other=univ",
    "/sharing.csv",
    "/sharing.json?organisation=eput",
    "/organisations/west-essex-ccg/",
    "/organisations/essex-county-council/with/essex-police/",
    "/organisations/essex-police/with/provide/",
    "/reviews/",
    "/reviews/?organisation=eput",
    "/reviews/?on=2022-06-30&theme=safer-community&role=lead",
    "/reviews/?organisation=nobody&on=x",
    "/approvers/",
    "/news/",
    "/news/overarching-isp-and-template/",
    "/resources/",
    "/resources/review-template/",
    "/protocols/0036/",
    "/protocols/0036/changes/",
    "/protocols/0036/review-template/",
    "/protocols/0036/review-template.docx",
    "/resources/review-template.docx",
    "/protocols.csv?organisation=eput",
    "/protocols.xlsx?organisation=eput",
    "/protocols.ods?organisation=eput",
    "/protocols.json?organisation=eput",
    "/organisations.csv",
    "/organisations.json?letter=e",
    "/protocols/0036.json",
    "/organisations/essex-county-council.json",
    "/protocols.ics?organisation=eput",
    "/protocols.atom?organisation=eput",
    "/about/",
]


def allowed(page: str) -> int:
    """Eight; nine of one thing; fewer of the dashboard; of a search, its own number."""
    if page.startswith("/reviews/"):
        # Before the one for the register's version, which this client does not ask; with two for
        # the records and a name that changed since.
        return 6 + 2
    if re.fullmatch(r"/(organisations|protocols)/[^/?]+/", page):
        # Identifiers, places, picture, abbreviations; the names, once for each version.
        return 12 if "organisations" in page else 11
    if ".json" in page:
        return 16  # with the other facts of all that is on a page
    return allowed_to_find(page) + GROUPS if "q=" in page else 8


@pytest.fixture(scope="module")
def more_rows(django_db_setup, django_db_blocker) -> Iterator[None]:
    """The real register with twenty more of everything that a page lists."""
    with shared_by_a_module(django_db_blocker):
        if is_empty():
            load_real_register()
        add_rows()
        yield


def add_rows() -> None:
    council = Organisation.objects.get(slug="essex-county-council")
    theme = Theme.objects.get(slug="health-and-wellbeing")
    for number in range(20):
        protocol = Protocol.objects.create(
            reference=f"{6000 + number}", title="Children", theme=theme, status="published"
        )
        paper = Document.objects.create(protocol_id="0036", title="Paper", file="paper.pdf")
        EarlierVersion.objects.create(document=paper, file="old.pdf", replaced_at=timezone.now())
        Approver.objects.create(organisation=council, job_title=f"Guardian {number}")
        Review.objects.create(
            protocol_id="0036",
            reviewed_on=datetime.date(2026, 1, 1 + number),
            outcome="replaced",
            replaced_by=protocol,
            job_title="Guardian",
            recorded_at=datetime.datetime(2026, 2, 1, tzinfo=datetime.UTC),
        )
        for role in Party.Role.values:
            Party.objects.create(protocol=protocol, organisation=council, role=role)
    find_all()


@pytest.mark.parametrize("page", PAGES)
def test_eight_are_enough(client: Client, more_rows, page, django_assert_max_num_queries):
    client.get("/")  # a server reads the register once, when it starts
    listed._remembered.clear()  # and reads each protocol when a page first shows it
    with django_assert_max_num_queries(allowed(page)):
        client.get(page).getvalue() if page.startswith("/protocols.") else client.get(page)
