"""The public URLs. They are a contract: bookmarks and partners' sites rely on them."""

from collections.abc import Callable
from functools import partial

from django.conf import settings
from django.contrib.sitemaps.views import index as sitemap_index
from django.contrib.sitemaps.views import sitemap
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, register_converter
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView, TemplateView

from registers.models.addresses import in_address
from registers.models.references import is_reference
from registers.public import (
    answers,
    approval,
    catalog,
    completion,
    exports,
    openapi,
    organisations,
    pages,
    papers,
    previews,
    protocols,
    records,
    review_template,
    reviews,
    sharing,
    suggestions,
    together,
    well_known,
)
from registers.public.parameters import reads_parameters
from registers.public.well_known import SITEMAPS
from registers.search.modified_since import JsonFilter
from registers.search.pairs import PairsForm
from registers.search.query_string import ProtocolFilter
from weisf.reference_form import MAX_LENGTH


class ReferenceConverter:
    """A reference in a URL, in any spelling, with its slashes written as `~`."""

    regex = f"[0-9A-Za-z._~-]{{1,{MAX_LENGTH}}}"

    def to_python(self, value: str) -> str:
        """Return the reference. Raises ValueError for what is none, so that nothing is found."""
        reference = value.replace("~", "/")
        if not is_reference(reference):
            raise ValueError
        return reference

    def to_url(self, value: str) -> str:
        """Return how the reference stands in a URL."""
        return in_address(value)


register_converter(ReferenceConverter, "reference")


def read_only(pattern: URLPattern) -> URLPattern:
    """Make a view read-only: 405 for any method but GET and HEAD.

    Without the CSRF check, which would wait for a body that nobody reads, so that a
    slow client would hold a thread.
    """
    pattern.callback = csrf_exempt(require_safe(pattern.callback))
    return pattern


# The query parameters that a cached page reads, by URL name. Only these pages are cached, in
# memory and by proxies. registers/public/parameters.py says what becomes of any other.
CACHE_PARAMS: dict[str, tuple[str, ...]] = {}


def cached_path(
    route: str, view: Callable[..., HttpResponseBase], *parameters: str, name: str
) -> URLPattern:
    """Return a URL pattern whose page is cached.

    The page may depend on its path, these query parameters, the register and the day,
    and on no other part of the request, such as the host.
    """
    CACHE_PARAMS[name] = parameters
    is_data = not (route.endswith(("/", ".txt")) or route == "")
    return path(route, reads_parameters(view, parameters, is_data=is_data), name=name)


RESULTS_PARAMS = tuple(ProtocolFilter.base_filters)

READ_ONLY_PATTERNS: list[URLPattern] = [
    cached_path("", protocols.register, *RESULTS_PARAMS, name="register"),
    path(
        "protocols/",
        RedirectView.as_view(pattern_name="register", permanent=True, query_string=True),
    ),
    cached_path("protocols/<reference:reference>/", protocols.detail, "on", name="protocol"),
    cached_path("protocols/<reference:reference>.json", records.protocol, name="protocol-json"),
    cached_path(
        "protocols/<reference:reference>/changes/",
        protocols.changes,
        "page",
        name="protocol-changes",
    ),
    cached_path(
        "protocols/<reference:reference>/review-template/",
        review_template.page,
        name="review-template",
    ),
    cached_path(
        "protocols/<reference:reference>/review-template.docx",
        review_template.file,
        name="review-template-file",
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
    cached_path(
        "protocols.json",
        partial(exports.protocols, extension="json"),
        *JsonFilter.base_filters,
        name="protocols-in-json",
    ),
    cached_path(
        "protocols.<str:extension>", exports.protocols, *RESULTS_PARAMS, name="protocols-export"
    ),
    cached_path("themes/", pages.theme_list, name="themes"),
    cached_path("themes/<slug:slug>/", pages.theme_detail, "page", name="theme"),
    cached_path("organisations/", organisations.index, "letter", "page", name="organisations"),
    cached_path(
        "organisations.json",
        partial(exports.organisations, extension="json"),
        "letter",
        "page",
        "modified_since",
        name="organisations-in-json",
    ),
    cached_path(
        "organisations.<str:extension>",
        exports.organisations,
        "letter",
        "page",
        name="organisations-export",
    ),
    cached_path("organisations/<slug:slug>.json", records.organisation, name="organisation-json"),
    cached_path(
        "organisations/<slug:slug>/",
        organisations.detail,
        *("with", "through", "page"),
        name="organisation",
    ),
    cached_path(
        "organisations/<slug:slug>/members/",
        organisations.members,
        "page",
        name="organisation-members",
    ),
    cached_path(
        "organisations/<slug:one>/with/<slug:other>/",
        together.page,
        "page",
        name="together",
    ),
    cached_path("sharing/", sharing.index, *PairsForm.base_fields, name="sharing"),
    path("sharing/together/", sharing.ask, name="sharing-ask"),
    cached_path(
        "sharing.<str:extension>", sharing.export, *PairsForm.base_fields, name="sharing-export"
    ),
    cached_path("approvers/", pages.approver_list, "page", name="approvers"),
    cached_path("reviews/", reviews.index, *reviews.CACHED_PARAMS, "on", name="reviews"),
    cached_path("news/", pages.news_list, "page", name="news"),
    cached_path("news.atom", pages.news_feed, name="news-feed"),
    cached_path("news/<slug:slug>/", pages.news_detail, name="news-item"),
    cached_path("resources/", pages.resource_list, "page", name="resources"),
    cached_path(
        "resources/review-template.docx", review_template.empty, name="empty-review-template"
    ),
    cached_path("resources/<slug:slug>/", pages.resource_detail, name="resource"),
    path("resources/<slug:slug>/download/", papers.resource, name="resource-download"),
    path(
        "resources/<slug:slug>/versions/<int:version>/",
        papers.resource_version,
        name="resource-version",
    ),
    cached_path("about/", TemplateView.as_view(template_name="pages/about.html"), name="about"),
    cached_path("about/data/", pages.data, name="about-data"),
    cached_path(
        "accessibility/",
        TemplateView.as_view(template_name="pages/accessibility.html"),
        name="accessibility",
    ),
    cached_path(
        "privacy/",
        TemplateView.as_view(
            template_name="pages/privacy.html",
            extra_context={
                "takes_suggestions": settings.SUGGESTIONS,
                "suggestion_days": settings.SUGGESTION_DAYS,
                "approval_request_days": settings.APPROVAL_REQUEST_DAYS,
                "lead_draft_days": settings.LEAD_DRAFT_DAYS,
                "answer_note_days": settings.ANSWER_NOTE_DAYS,
                "sent_email_days": settings.SENT_EMAIL_DAYS,
                "proposal_days": settings.PROPOSAL_DAYS,
            },
        ),
        name="privacy",
    ),
    path("branding/<str:name>", pages.branding, name="branding"),
    # Behind a secret link, and never cached.
    path("preview/", previews.preview, name="preview"),
    path("healthz", well_known.healthz, name="healthz"),
    path("readyz", well_known.readyz, name="readyz"),
    cached_path("catalog.jsonld", catalog.catalog, name="catalog"),
    cached_path("openapi.json", openapi.description, name="openapi"),
    cached_path("robots.txt", well_known.robots, name="robots"),
    path("sitemap.xml", sitemap_index, {"sitemaps": SITEMAPS}, name="sitemap"),
    path(
        "sitemap-<section>.xml",
        sitemap,
        {"sitemaps": SITEMAPS},
        name="django.contrib.sitemaps.views.sitemap",
    ),
    cached_path(".well-known/security.txt", well_known.security, name="security"),
]

# The pages with forms that change something. They are never cached.
FORMS = [
    path("reviews/answer/", answers.answer, name="answer"),
    path("reviews/answer/record/", completion.complete, name="complete"),
    path("approvals/answer/", approval.approve, name="approve"),
    path("suggestions/", suggestions.suggestion, name="suggestion"),
]

urlpatterns = [*(read_only(pattern) for pattern in READ_ONLY_PATTERNS), *FORMS]
