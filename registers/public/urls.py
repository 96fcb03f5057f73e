"""The readers' addresses. They are a contract: bookmarks and partners' sites rely on them."""

from collections.abc import Callable

from django.contrib.sitemaps.views import index as sitemap_index
from django.contrib.sitemaps.views import sitemap
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, register_converter
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView

from registers.public import (
    answers,
    exports,
    openapi,
    organisations,
    pages,
    papers,
    protocols,
    reviews,
    well_known,
)
from registers.public.well_known import SITEMAPS
from registers.search.question import ProtocolFilter


class ReferenceConverter:
    """A reference in an address. Zeros at its front may be left out."""

    regex = "[0-9]{1,8}"

    def to_python(self, value: str) -> str:
        """Return it as it is written."""
        return value

    def to_url(self, value: str) -> str:
        """Return it as it is written."""
        return value


register_converter(ReferenceConverter, "reference")


def only_read(pattern: URLPattern) -> URLPattern:
    """Return a way to a page that can be read and nothing else: 405 for any other method.

    The check for forged forms is left out with it, since it would wait for a
    body that nobody reads, and a slow sender would hold a thread.
    """
    pattern.callback = csrf_exempt(require_safe(pattern.callback))
    return pattern


# The parameters of the query string that a page reads, by the page's name. Only what
# stands here is kept in memory and by proxies.
KNOWN: dict[str, tuple[str, ...]] = {}
# Of those, what is sent while it is made, and so is never there to be kept.
STREAMED = {"protocols-ending"}


def kept(
    route: str, view: Callable[..., HttpResponseBase], *parameters: str, name: str
) -> URLPattern:
    """Return the way to a page that is kept once it was made.

    Nothing shapes it but its path, these parameters, the register and the day:
    no other part of a request, such as the host, may be seen in it.
    """
    KNOWN[name] = parameters
    return path(route, view, name=name)


QUESTION = tuple(ProtocolFilter.base_filters)

WAYS: list[URLPattern] = [
    kept("", protocols.register, *QUESTION, name="register"),
    path(
        "protocols/",
        RedirectView.as_view(pattern_name="register", permanent=True, query_string=True),
    ),
    kept("protocols/<reference:reference>/", protocols.detail, "on", name="protocol"),
    kept(
        "protocols/<reference:reference>/changes/",
        protocols.changes,
        "page",
        name="protocol-changes",
    ),
    path(
        "protocols/<reference:reference>/documents/<int:pk>/",
        papers.document,
        name="document",
    ),
    path(
        "protocols/<reference:reference>/documents/<int:pk>/versions/<int:version>/",
        papers.document_version,
        name="document-version",
    ),
    kept("protocols.<str:ending>", exports.protocols, *QUESTION, name="protocols-ending"),
    kept("themes/", pages.theme_list, name="themes"),
    kept("themes/<slug:slug>/", pages.theme_detail, "page", name="theme"),
    kept("organisations/", organisations.index, "letter", "page", name="organisations"),
    kept(
        "organisations.<str:ending>",
        exports.organisations,
        "letter",
        "page",
        name="organisations-ending",
    ),
    kept("organisations/<slug:slug>/", organisations.detail, "with", name="organisation"),
    kept(
        "organisations/<slug:one>/with/<slug:other>/",
        organisations.together,
        "page",
        name="together",
    ),
    kept("approvers/", pages.approver_list, "page", name="approvers"),
    kept("reviews/", reviews.index, *reviews.READ, "on", name="reviews"),
    kept("news/", pages.news_list, "page", name="news"),
    kept("news/<slug:slug>/", pages.news_detail, name="news-item"),
    kept("resources/", pages.resource_list, "page", name="resources"),
    kept("resources/<slug:slug>/", pages.resource_detail, name="resource"),
    path("resources/<slug:slug>/download/", papers.resource, name="resource-download"),
    path(
        "resources/<slug:slug>/versions/<int:version>/",
        papers.resource_version,
        name="resource-version",
    ),
    kept("about/", pages.about, name="about"),
    kept("about/data/", pages.data, name="about-data"),
    kept("accessibility/", pages.accessibility, name="accessibility"),
    kept("privacy/", pages.privacy, name="privacy"),
    path("healthz", well_known.healthz, name="healthz"),
    path("readyz", well_known.readyz, name="readyz"),
    kept("openapi.json", openapi.description, name="openapi"),
    kept("robots.txt", well_known.robots, name="robots"),
    path("sitemap.xml", sitemap_index, {"sitemaps": SITEMAPS}, name="sitemap"),
    path(
        "sitemap-<section>.xml",
        sitemap,
        {"sitemaps": SITEMAPS},
        name="django.contrib.sitemaps.views.sitemap",
    ),
    kept(".well-known/security.txt", well_known.security, name="security"),
]

# The one page that takes a form. It is kept nowhere, so it stands with `path(...)`.
ANSWER = path("reviews/answer/", answers.answer, name="answer")

urlpatterns = [*(only_read(way) for way in WAYS), ANSWER]
