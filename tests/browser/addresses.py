"""Examples of every address of the readers' door."""

from __future__ import annotations

from dataclasses import dataclass

LONG = "x" * 300


@dataclass(frozen=True, kw_only=True)
class Example:
    """An address, and the status of the answer."""

    path: str
    status: int = 200


def _at(*paths: str) -> list[Example]:
    return [Example(path=path) for path in paths]


# By the route as the URL configuration writes it.
PAGES: dict[str, list[Example]] = {
    "": [
        *_at(
            "/",
            "/?theme=health-and-wellbeing&organisation=essex-county-council&role=lead",
            "/?q=school&sort=relevance&review=overdue&review_from=2019-01&review_to=2024-12",
            "/?q=there-is-no-such-word",
        ),
        Example(path="/?theme=nonsense&organisation=nobody&review_from=2024-13", status=400),
        Example(path="/?on=1999-12-31&q=children", status=400),
        Example(path="/?page=99", status=404),
    ],
    "protocols/<reference:reference>/": [
        *_at("/protocols/0036/", "/protocols/0062/", "/protocols/0042/?on=2022-06-30"),
        Example(path="/protocols/0013/", status=404),
    ],
    "protocols/<reference:reference>/changes/": _at("/protocols/0036/changes/"),
    "protocols/<reference:reference>/review-template/": _at("/protocols/0036/review-template/"),
    "themes/": _at("/themes/"),
    "themes/<slug:slug>/": _at("/themes/learning-and-education/"),
    "organisations/": [
        *_at("/organisations/", "/organisations/?letter=e", "/organisations/?letter=x"),
        Example(path="/organisations/?letter=essex", status=400),
    ],
    "organisations/<slug:slug>/": [
        *_at(
            "/organisations/essex-county-council/",
            "/organisations/essex-partnership-university-nhs-foundation-trust/",
            "/organisations/nhs-hertfordshire-and-west-essex-integrated-care-board/",
        ),
        Example(path=f"/organisations/essex-county-council/?with={LONG}", status=400),
    ],
    "organisations/<slug:slug>/members/": _at("/organisations/all-essex-schools/members/"),
    "sharing/": [
        *_at("/sharing/", "/sharing/?organisation=essex-police&sort=with"),
        Example(path="/sharing/?organisation=nonsense&sort=x", status=400),
    ],
    "sharing/together/": [
        *_at("/sharing/together/?one=ecc&other=Barnado%27s"),
        Example(path="/sharing/together/?one=essex&other=hospital", status=400),
        Example(path=f"/sharing/together/?one=&other={LONG}", status=400),
    ],
    "organisations/<slug:one>/with/<slug:other>/": _at(
        "/organisations/essex-county-council/with/essex-police/",
        "/organisations/brunel-university/with/home-office/",
    ),
    "reviews/": [
        *_at(
            "/reviews/",
            "/reviews/?organisation=essex-partnership-university-nhs-foundation-trust",
            "/reviews/?on=2022-06-30&theme=learning-and-education",
            "/reviews/?organisation=home-office&role=partner",
        ),
        Example(path="/reviews/?on=2022-02-30&organisation=essex&theme=nonsense", status=400),
    ],
    "approvers/": _at("/approvers/"),
    "news/": _at("/news/"),
    "news/<slug:slug>/": _at("/news/overarching-isp-and-template/"),
    "resources/": _at("/resources/"),
    "resources/<slug:slug>/": _at("/resources/review-template/"),
    # With a link that is good: test_answers.py.
    "reviews/answer/": [Example(path="/reviews/answer/?link=altered", status=404)],
    "reviews/answer/record/": [Example(path="/reviews/answer/record/?link=altered", status=404)],
    "approvals/answer/": [Example(path="/approvals/answer/?link=altered", status=404)],
    # With a link that is good: tests/public/test_previews.py.
    "preview/": [Example(path="/preview/?link=altered", status=404)],
    "suggestions/": _at(
        "/suggestions/", "/suggestions/?page=%2Fprotocols%2F0046%2F", "/suggestions/?sent="
    ),
    "about/": _at("/about/"),
    "about/data/": _at("/about/data/"),
    "accessibility/": _at("/accessibility/"),
    "privacy/": _at("/privacy/"),
}
NOWHERE = Example(path="/nothing/is/here/", status=404)
EXAMPLES = [*(example for examples in PAGES.values() for example in examples), NOWHERE]

# What the fuller register shows beside that. `filling.py` makes it.
FULL = [
    *_at(
        "/?page=2",
        "/?status=withdrawn",
        "/?organisation=the-ministry&sort=title",
        "/protocols/9001/",
        "/protocols/9002/",
        "/protocols/9001/changes/",
        "/protocols/9001/?on=2020-02-29",
        "/themes/housing/?page=2",
        "/organisations/?page=2",
        "/organisations/the-ministry/",
        "/organisations/birch-trust/",
        "/organisations/ashdown-council/with/the-ministry/",
        "/organisations/ashdown-council/with/birch-trust/",
        "/reviews/",
        "/reviews/?organisation=the-ministry&on=2025-01-31",
        "/approvers/",
        "/news/long-news/",
        "/resources/paper/",
    )
]

# What is no page, with an example that the fuller register answers.
# The files of a partnership's look: the first has none, and tests of another open its own.
OF_ANOTHER_PARTNERSHIP = {"branding/<str:name>"}
NO_PAGES: dict[str, str] = {
    "protocols.<str:extension>": "/protocols.csv",
    "protocols.json": "/protocols.json",
    "organisations.json": "/organisations.json",
    "organisations.<str:extension>": "/organisations.csv",
    "sharing.<str:extension>": "/sharing.csv",
    "news.atom": "/news.atom",
    "protocols/<reference:reference>/documents/<int:pk>/": "/protocols/9001/documents/1/",
    "protocols/<reference:reference>/documents/<int:pk>/versions/<int:version>/": (
        "/protocols/9001/documents/1/versions/1/"
    ),
    "resources/<slug:slug>/versions/<int:version>/": "/resources/paper/versions/2/",
    "resources/<slug:slug>/download/": "/resources/paper/download/",
    "protocols/<reference:reference>.json": "/protocols/9001.json",
    "protocols/<reference:reference>/review-template.docx": "/protocols/9001/review-template.docx",
    "resources/review-template.docx": "/resources/review-template.docx",
    "organisations/<slug:slug>.json": "/organisations/ashdown-council.json",
    "healthz": "/healthz",
    "readyz": "/readyz",
    "catalog.jsonld": "/catalog.jsonld",
    "openapi.json": "/openapi.json",
    "robots.txt": "/robots.txt",
    "sitemap.xml": "/sitemap.xml",
    "sitemap-<section>.xml": "/sitemap-pages.xml",
    ".well-known/security.txt": "/.well-known/security.txt",
}
# Routes that only lead on, with an example.
LEADS_ON: dict[str, str] = {"protocols/": "/protocols/"}
