"""Whether a page came from memory, and a change that lets none stay there."""

from __future__ import annotations

from contextlib import contextmanager

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from registers import changes
from registers.models import Protocol
from registers.public.cache_key import VERSION_SQL

KEPT = [
    "/",
    "/?theme=safer-community&review=overdue",
    "/protocols/0036/",
    "/protocols/0036/?on=2022-06-30",
    "/protocols/0036/changes/",
    "/themes/",
    "/themes/health-and-wellbeing/",
    "/organisations/",
    "/organisations/?letter=e",
    "/organisations/essex-county-council/",
    "/organisations/essex-county-council/with/essex-police/",
    "/reviews/",
    "/reviews/?organisation=eput&on=2022-06-30",
    "/approvers/",
    "/news/",
    "/news/overarching-isp-and-template/",
    "/resources/",
    "/resources/review-template/",
    "/about/",
    "/about/data/",
    "/accessibility/",
    "/privacy/",
    "/openapi.json",
    "/robots.txt",
    "/.well-known/security.txt",
]


@contextmanager
def from_memory():
    """Within, one query tells that nothing has changed, and no page is made."""
    with CaptureQueriesContext(connection) as queries:
        yield
    assert [query["sql"] for query in queries] == [VERSION_SQL]


@contextmanager
def made_afresh():
    """Within, a page is made."""
    with CaptureQueriesContext(connection) as queries:
        yield
    assert len(queries) > 1


def rename(reference: str, title: str) -> None:
    protocol = Protocol.objects.get(pk=reference)
    protocol.title = title
    with changes.record_change(protocol, at=timezone.now()):
        changes.save(protocol)
