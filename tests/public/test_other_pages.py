"""News, resources, words about the register, answers for machines, pages for what went wrong."""

from __future__ import annotations

import dataclasses
import datetime
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client, RequestFactory

from registers import migrations
from registers.models import News, Organisation, Protocol, Resource, Theme
from registers.public import errors
from tests.cast import door_of
from tests.public.pages import found, links, text
from weisf.partnership import AccessibilityStatement

pytestmark = pytest.mark.django_db

MIGRATIONS = Path(migrations.__file__).parent
PUBLIC = [
    "/",
    "/?organisation=eput",
    "/?theme=nonsense",
    "/protocols/0036/",
    "/protocols/0036/changes/",
    "/protocols/0036/review-template/",
    "/protocols/0036/review-template.docx",
    "/resources/review-template.docx",
    "/protocols/0013/",
    "/themes/",
    "/themes/safer-community/",
    "/organisations/",
    "/organisations/provide/",
    "/organisations/essex-county-council/with/essex-police/",
    "/reviews/",
    "/reviews/?organisation=eput",
    "/reviews/?on=2022-02-30",
    "/approvers/",
    "/news/",
    "/news/overarching-isp-and-template/",
    "/resources/",
    "/resources/review-template/",
    "/about/",
    "/accessibility/",
    "/privacy/",
    "/protocols.csv",
    "/protocols.xlsx",
    "/protocols.ods",
    "/protocols.json",
    "/organisations.csv",
    "/organisations.json",
    "/protocols.ics",
    "/protocols.atom",
    "/healthz",
    "/readyz",
    "/robots.txt",
    "/sitemap.xml",
    "/.well-known/security.txt",
    "/nothing",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_answer_sets_no_cookie_allows_nothing_and_has_landmarks(client: Client, address):
    client.cookies["sessionid"] = "x" * 32
    answer = client.get(address)
    assert answer.status_code < 500
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.get("Vary", "")
    assert not hasattr(answer.wsgi_request.session, "_session_cache")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    is_page = "." not in address and address not in {"/healthz", "/readyz"}
    assert is_page == (not answer.streaming and "html" in answer["Content-Type"])
    if is_page:
        check_source(answer.content.decode())


def check_source(source: str) -> None:
    """See that the page loads nothing from elsewhere, and that readers of it find their way."""
    own = re.sub(r'<link rel="canonical" href="http://localhost:8000/', "", source)
    for forbidden in ("<script", "<style", " style="):
        assert forbidden not in own
    assert not re.search(r'(?:src|href)="(?:https?:)?//(?!www\.equalityadvisory)', own)
    assert re.search(r"<title>[^<]{3,} - WEISF</title>", source)
    assert len(re.findall("<h1", source)) == 1
    for mark in ('lang="en"', 'href="#main-content"', "<main ", "<header", "<footer", "<nav"):
        assert mark in source


def test_news(client: Client):
    News.objects.create(title="Second", slug="second", body="Words.", published_on="2026-11-01")
    words = text(client.get("/news/"))
    assert words.index("Second Date: 1 November 2026") < words.index("Update on the Overarching")
    assert "Date: Not recorded" in words
    assert "Words." in text(client.get("/news/second/"))
    item = text(client.get("/news/overarching-isp-and-template/"))
    assert "No more is recorded here. For further details write to weisf@essex.gov.uk" in item


def test_news_is_not_shown_before_its_day(client: Client, today):
    News.objects.create(title="Tomorrow", slug="tomorrow", published_on="2026-11-23")
    News.objects.create(title="Today", slug="today", published_on="2026-11-22")
    for address in ("/", "/news/", "/sitemap-news.xml"):
        page = client.get(address).content.decode()
        assert "omorrow" not in page
        assert "oday" in page
    assert client.get("/news/tomorrow/").status_code == 404
    assert client.get("/news/today/").status_code == 200


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options", "trace"])
@pytest.mark.parametrize("address", ["/", "/protocols/0036/", "/about/data/"])
def test_public_pages_can_only_be_read(address, method):
    answer = getattr(Client(enforce_csrf_checks=True), method)(address)
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")


def test_resources(client: Client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    assert "The file is not in this register yet." in text(
        client.get("/resources/review-template/")
    )
    resource = Resource.objects.get(slug="review-template")
    resource.file.save("template.docx", ContentFile(b"words"))
    assert "Download Information Sharing Protocol review template DOCX" in text(
        client.get("/resources/review-template/")
    )
    assert client.get("/resources/review-template/download/").getvalue() == b"words"
    assert "Information Sharing Protocol review template" in text(client.get("/resources/"))


def test_an_empty_register_says_so_on_every_list(client: Client, empty_register):
    assert "No protocol is published yet" in text(client.get("/"))
    assert "No theme is recorded yet." in text(client.get("/themes/"))
    assert "No organisation is recorded yet." in text(client.get("/organisations/"))
    assert "No approver is recorded yet." in text(client.get("/approvers/"))
    assert "There is no news yet." in text(client.get("/news/"))
    assert "There are no resources yet." in text(client.get("/resources/"))
    assert client.get("/protocols.json").getvalue() == (
        b'{"count": 0, "next": null, "previous": null, "results": []}'
    )


def test_a_theme_without_protocols_has_a_page(client: Client):
    Theme.objects.create(name="Empty", key="empty", slug="empty", description="What belongs here.")
    words = text(client.get("/themes/empty/"))
    assert "What belongs here." in words
    assert "0 protocols in force." in words
    assert "Empty (0) What belongs here." in text(client.get("/themes/"))


@pytest.mark.parametrize("in_date", [0, 1, 3, 4])
def test_a_theme_links_its_overdue_protocols(client: Client, today, in_date):
    four = Protocol.objects.filter(theme__slug="safer-community").values_list("pk", flat=True)
    later = {"review_date": datetime.date(2030, 1, 1)}
    Protocol.objects.filter(pk__in=list(four[:in_date])).update(**later)
    asked = [each for each, _ in links(client.get("/themes/safer-community/")) if "overdue" in each]
    assert bool(asked) == (in_date < 4)
    for address in asked:
        assert found(client.get(address)) == 4 - in_date


def test_the_protocols_folder_leads_to_the_register(client: Client):
    assert client.get("/protocols/?q=children")["Location"] == "/?q=children"


def test_the_process_is_well_without_its_database(client: Client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/healthz").content == b"ok\n"


def test_ready_with_database_and_migrations(client: Client):
    assert client.get("/readyz").content == b"ok\n"


def test_not_ready_without_a_migration(client: Client):
    newest = max(path.stem for path in MIGRATIONS.glob("0*.py"))
    MigrationRecorder(connection).record_unapplied("registers", newest)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"Migrations are missing.\n")


def test_not_ready_when_the_database_fails(client: Client):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE django_migrations RENAME COLUMN app TO lost")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.content) == (503, b"The database does not answer.\n")


def test_robots_are_told_where_to_look_and_where_not(client: Client):
    words = client.get("/robots.txt").content.decode()
    assert "Disallow: /admin/" in words
    assert "Sitemap: http://localhost:8000/sitemap.xml" in words


def test_the_sitemap_names_every_page(client: Client):
    def locations(address: str) -> list[str]:
        tree = ET.fromstring(client.get(address).content)
        return [str(place.text) for place in tree.iter() if place.tag.endswith("}loc")]

    pages = [
        page.removeprefix("http://testserver")
        for part in locations("/sitemap.xml")
        for page in locations(part.removeprefix("http://testserver"))
    ]
    for model in (Protocol, Organisation, Theme, News, Resource):
        for thing in model.objects.all():
            assert thing.get_absolute_url() in pages
    for page in pages:
        assert client.get(page).status_code == 200


def test_security_txt_says_whom_to_write_to(client: Client):
    words = client.get("/.well-known/security.txt").content.decode()
    assert "Contact: mailto:weisf@essex.gov.uk" in words


@pytest.mark.parametrize("day", ["2026-11-01", "2026-11-30", "2026-12-31", "2027-02-28"])
def test_security_txt_is_valid_for_months_and_changes_with_the_month(client: Client, day):
    today = datetime.date.fromisoformat(day)
    with time_machine.travel(datetime.datetime.fromisoformat(f"{day}T12:00:00+00:00")):
        words = client.get("/.well-known/security.txt").content.decode()
    expires = re.search(r"^Expires: (\d{4}-\d\d-01)T00:00:00Z$", words, re.M)
    left = datetime.date.fromisoformat(expires[1]) - today
    assert datetime.timedelta(150) <= left <= datetime.timedelta(190)


def test_the_error_page_needs_no_database(django_assert_num_queries, rf: RequestFactory):
    with django_assert_num_queries(0):
        answer = errors.server_error(rf.get("/"))
    assert answer.status_code == 500
    assert "Sorry, there is a problem with the register" in text(answer)


def test_a_fault_shows_the_error_page_and_never_a_traceback(client: Client):
    client.raise_request_exception = False
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE registers_news RENAME TO registers_lost")
    answer = client.get("/")
    assert answer.status_code == 500
    assert "Sorry, there is a problem with the register" in text(answer)
    assert "Traceback" not in answer.content.decode()


def test_who_may_not_gets_a_page_in_the_register_s_look(rf: RequestFactory):
    for answer in (
        errors.forbidden(rf.get("/"), exception=PermissionError()),
        errors.forbidden(rf.get("/"), reason="CSRF"),
    ):
        assert answer.status_code == 403
        assert "You cannot open this page" in text(answer)


@pytest.mark.parametrize(("path", "status"), [("/admin/nowhere/", 404), ("/admin/auth/user/", 403)])
def test_an_editor_gets_an_error_as_a_page_of_admin(editor, path, status):
    answer = door_of(editor).get(path)
    assert (answer.status_code, answer.templates[0].name) == (status, "admin/error.html")
    assert answer.context["has_permission"]
    assert 'href="/admin/"' in answer.content.decode()


def test_a_forged_form_is_refused_in_the_register_s_look():
    answer = Client(enforce_csrf_checks=True).post("/admin/login/", {"login": "olive"})
    assert answer.status_code == 403
    assert "You cannot open this page" in text(answer)


STATEMENT = AccessibilityStatement(
    compliance="not",
    tested_by="three readers of the fen",
    tested_on=datetime.date(2026, 11, 28),
    prepared_on=datetime.date(2026, 2, 3),
    method=("With a screen reader.",),
    not_tested=("Braille.",),
    enforcement="Ask https://body.example/ then.",
)


LINKED = dataclasses.replace(
    STATEMENT, enforcement="Ask the body.", enforcement_url="https://body.example/"
)


@pytest.mark.parametrize("statement", [None, STATEMENT, LINKED])
def test_the_accessibility_statement_has_the_partnership_s_facts_alone(client, settings, statement):
    settings.PARTNERSHIP = dataclasses.replace(settings.PARTNERSHIP, accessibility=statement)
    page = client.get("/accessibility/").content.decode()
    facts = ["not compliant", "28 November 2026", "three readers", "screen reader", "Braille"]
    facts += ['href="https://body.example/"', "3 February 2026", "No part is known"]
    assert [fact in page for fact in facts] == [bool(statement)] * len(facts)
    assert ("has not recorded a test" in page) is (statement is None)
    assert f"mailto:{settings.PARTNERSHIP.email}" in page
    assert "axe" not in page
