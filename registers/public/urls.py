"""The readers' addresses. They are a contract: bookmarks and partners' sites rely on them."""

from django.contrib.sitemaps.views import index as sitemap_index
from django.contrib.sitemaps.views import sitemap
from django.urls import URLPattern, path, re_path, register_converter
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView

from registers.public import (
    approvers,
    endings,
    machines,
    news,
    organisations,
    pages,
    protocols,
    resources,
    themes,
)
from registers.public.sitemaps import SITEMAPS


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


WAYS: list[URLPattern] = [
    path("", protocols.register, name="register"),
    path(
        "protocols/",
        RedirectView.as_view(pattern_name="register", permanent=True, query_string=True),
    ),
    path("protocols/<reference:reference>/", protocols.detail, name="protocol"),
    path("protocols/<reference:reference>/changes/", protocols.changes, name="protocol-changes"),
    path(
        "protocols/<reference:reference>/documents/<int:pk>/",
        protocols.document,
        name="document",
    ),
    path("protocols.<str:ending>", endings.protocols, name="protocols-ending"),
    path("themes/", themes.index, name="themes"),
    path("themes/<slug:slug>/", themes.detail, name="theme"),
    path("organisations/", organisations.index, name="organisations"),
    path("organisations/<slug:slug>/", organisations.detail, name="organisation"),
    path("organisations/<slug:one>/with/<slug:other>/", organisations.together, name="together"),
    path("approvers/", approvers.index, name="approvers"),
    path("news/", news.index, name="news"),
    path("news/<slug:slug>/", news.detail, name="news-item"),
    path("resources/", resources.index, name="resources"),
    path("resources/<slug:slug>/", resources.detail, name="resource"),
    path("resources/<slug:slug>/download/", resources.download, name="resource-download"),
    path("about/", pages.about, name="about"),
    path("accessibility/", pages.accessibility, name="accessibility"),
    path("privacy/", pages.privacy, name="privacy"),
    path("healthz", machines.healthz, name="healthz"),
    path("readyz", machines.readyz, name="readyz"),
    path("robots.txt", machines.robots, name="robots"),
    path("sitemap.xml", sitemap_index, {"sitemaps": SITEMAPS}, name="sitemap"),
    path(
        "sitemap-<section>.xml",
        sitemap,
        {"sitemaps": SITEMAPS},
        name="django.contrib.sitemaps.views.sitemap",
    ),
    re_path(r"^\.well-known/security\.txt$", machines.security, name="security"),
]

urlpatterns = [only_read(way) for way in WAYS]
