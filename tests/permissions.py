"""The permission table: every address, and what each person gets there.

A row stands under its route, as the URL configuration writes it. `at` is a
working example of an address; what stands in braces is filled in with what
the test has made (tests/examples.py). `get` and `post` say
what the stranger, the Editor, the Publisher and the Administrator get, in this
order; one word is for all four. The words:

    page     the page (200)
    log-in   leads to the log-in
    on       leads anywhere else
    403 ...  any other status

To add an address of your own, add a row. Pages for a whole noun of admin come
with `noun(...)`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Row:
    """What is expected of one route.

    `sends` is what a POST brings along. If it `fills`, that is also what the
    form holds which the person gets there.
    """

    at: str
    get: str
    post: str
    sends: dict[str, Any] = field(default_factory=dict)
    fills: bool = False

    def expected(self, method: str) -> list[str]:
        """Return what the four people get."""
        words = (self.get if method == "GET" else self.post).split()
        return words * 4 if len(words) == 1 else words


ALL = "log-in page page page"
NONE = "log-in 403 403 403"
PUBLISHER = "log-in 403 page page"
ADMINISTRATOR = "log-in 403 403 page"
LEADS_ON = "log-in on on on"
NOWHERE = "log-in 404 404 404"


def _done(who: str) -> str:
    """Return what a POST gets that is done: it leads on where the page asks."""
    return who.replace("page", "on")


def of_imports(at: str, get: str, post: str, **sends: str) -> dict[str, Row]:
    """Return the row of a page of the import, `at` an address below that of its list."""
    path = f"admin/registers/import/{at}"
    route = re.sub(r"{\w+}", "<int:key>", path)
    return {route: Row(at=f"/{path}", get=get, post=post, sends=sends)}


def noun(
    name: str,
    *,
    see: str = ALL,
    add: str = ALL,
    change: str = ALL,
    delete: str = ALL,
    past: bool = True,
    restored: str = "",
    app: str = "registers",
) -> dict[str, Row]:
    """Return the rows of Django's own pages about one noun.

    `past`: it has an audit log. `restored`: which thing is put back in which of them.
    """
    base = f"admin/{app}/{name}/"
    at, thing = f"/{base}", f"/{base}{{{name}}}/"
    rows = {
        base: Row(at=at, get=see, post=see),
        f"{base}add/": Row(at=f"{at}add/", get=add, post=add),
        f"{base}<path:object_id>/history/": Row(at=f"{thing}history/", get=see, post=see),
        f"{base}<path:object_id>/delete/": Row(
            at=f"{thing}delete/", get=delete, post=_done(delete), fills=True
        ),
        f"{base}<path:object_id>/change/": Row(
            at=f"{thing}change/", get=see, post=_done(change), fills=True
        ),
        f"{base}<path:object_id>/": Row(at=thing, get=LEADS_ON, post=LEADS_ON),
    }
    if restored:
        rows[f"{base}<path:object_id>/restore/<int:number>/"] = Row(
            at=f"/{base}{restored}/", get=change, post=_done(change), fills=True
        )
    if past:
        rows[f"{base}<path:object_id>/saves/"] = Row(at=f"{thing}saves/", get=see, post=see)
    return rows


def read(at: str, get: str = "page") -> Row:
    """Return the row of what is there to be read, by everybody."""
    return Row(at=at, get=get, post="405")


PUBLIC = {
    "": read("/"),
    "protocols/": read("/protocols/", "on"),
    "protocols/<reference:reference>/": read("/protocols/0046/"),
    "protocols/<reference:reference>/changes/": read("/protocols/0046/changes/"),
    "protocols/<reference:reference>/documents/<int:pk>/": read(
        "/protocols/0046/documents/{document}/"
    ),
    "protocols/<reference:reference>/documents/<int:pk>/versions/<int:version>/": read(
        "/protocols/0046/documents/{document}/versions/{document_version}/"
    ),
    "protocols/<reference:reference>.json": read("/protocols/0046.json"),
    "protocols/<reference:reference>/review-template/": read("/protocols/0046/review-template/"),
    "protocols/<reference:reference>/review-template.docx": read(
        "/protocols/0046/review-template.docx"
    ),
    "resources/review-template.docx": read("/resources/review-template.docx"),
    "protocols.json": read("/protocols.json"),
    "protocols.<str:extension>": read("/protocols.csv"),
    "themes/": read("/themes/"),
    "themes/<slug:slug>/": read("/themes/safer-community/"),
    "organisations/": read("/organisations/"),
    "organisations.json": read("/organisations.json"),
    "organisations.<str:extension>": read("/organisations.csv"),
    "organisations/<slug:slug>/members/": read("/organisations/all-essex-schools/members/"),
    "sharing/": read("/sharing/"),
    "sharing/together/": read("/sharing/together/?one=ecc&other=essex-police", "on"),
    "sharing.<str:extension>": read("/sharing.csv"),
    "organisations/<slug:slug>.json": read("/organisations/essex-police.json"),
    "organisations/<slug:slug>/": read("/organisations/essex-police/"),
    "organisations/<slug:one>/with/<slug:other>/": read(
        "/organisations/essex-county-council/with/essex-police/"
    ),
    "approvers/": read("/approvers/"),
    "reviews/": read("/reviews/"),
    # Whoever has the link may answer; this one is altered. tests/public/test_answer_page.py.
    "reviews/answer/": Row(at="/reviews/answer/?link=altered", get="404", post="404"),
    # As with the answer. tests/public/test_completion.py.
    "reviews/answer/record/": Row(at="/reviews/answer/record/?link=altered", get="404", post="404"),
    # As with the answer. tests/journeys/test_approval_by_link.py.
    "approvals/answer/": Row(at="/approvals/answer/?link=altered", get="404", post="404"),
    # Anybody may write, and this is nothing. tests/public/test_suggestions.py.
    "suggestions/": Row(at="/suggestions/", get="page", post="400"),
    # Whoever has the link may read; this one is altered. tests/public/test_previews.py.
    "preview/": Row(at="/preview/?link=altered", get="404", post="405"),
    "news/": read("/news/"),
    "news.atom": read("/news.atom"),
    "news/<slug:slug>/": read("/news/some-news/"),
    "resources/": read("/resources/"),
    "resources/<slug:slug>/": read("/resources/a-paper/"),
    "resources/<slug:slug>/download/": read("/resources/a-paper/download/"),
    "resources/<slug:slug>/versions/<int:version>/": read(
        "/resources/a-paper/versions/{resource_version}/"
    ),
    "about/": read("/about/"),
    "about/data/": read("/about/data/"),
    "accessibility/": read("/accessibility/"),
    "privacy/": read("/privacy/"),
    # The partnership of the tests has no look of its own: tests/weisf/test_branding.py.
    "branding/<str:name>": Row(at="/branding/logo-0.svg", get="404", post="405"),
    "healthz": read("/healthz"),
    "readyz": read("/readyz"),
    "catalog.jsonld": read("/catalog.jsonld"),
    "openapi.json": read("/openapi.json"),
    "robots.txt": read("/robots.txt"),
    "sitemap.xml": read("/sitemap.xml"),
    "sitemap-<section>.xml": read("/sitemap-pages.xml"),
    ".well-known/security.txt": read("/.well-known/security.txt"),
}

AUTOCOMPLETE = "?app_label=registers&model_name=protocol&field_name=replaced_by&term=0046"
# The second factor is not asked for here: tests/admin/test_second_factor.py.
EVERYBODY = {
    "admin/": Row(at="/admin/", get=ALL, post=ALL),
    "admin/login/": Row(at="/admin/login/", get="page on on on", post="page on on on"),
    "admin/logout/": Row(at="/admin/logout/", get=ALL, post="log-in"),
    "admin/password_set/": Row(at="/admin/password_set/", get="page", post="page"),
    **{
        f"admin/{at}": Row(at=f"/admin/{at}", get=NONE, post=NONE)
        for at in (
            "reauthenticate/",
            "second-factor/reauthenticate/",
            "second-factor/webauthn/reauthenticate/",
        )
    },
    "admin/password_reset/": Row(at="/admin/password_reset/", get="page", post="page"),
    "admin/password_reset/done/": read("/admin/password_reset/done/"),
    "admin/password_reset/complete/": read("/admin/password_reset/complete/"),
    "admin/password_reset/<str:uidb36>/<str:key>/": Row(
        at="/admin/password_reset/1/forged/", get="page", post="page"
    ),
    **{
        f"admin/{at}": Row(at=f"/admin/{at}", get=ALL, post=ALL)
        for at in (
            "second-factor/totp/activate/",
            "second-factor/recovery-codes/generate/",
            "second-factor/webauthn/add/",
        )
    },
    **{
        f"admin/{at}": Row(at=f"/admin/{at}", get=ALL, post="log-in 405 405 405")
        for at in ("second-factor/", "second-factor/webauthn/")
    },
    # Whoever is logged in has given what these ask for.
    **{
        f"admin/{at}": Row(at=f"/admin/{at}", get=LEADS_ON, post=LEADS_ON)
        for at in ("second-factor/authenticate/", "second-factor/webauthn/login/")
    },
    "admin/second-factor/recovery-codes/": Row(
        at="/admin/second-factor/recovery-codes/", get=NOWHERE, post="log-in 405 405 405"
    ),
    **{
        f"admin/second-factor/{route}": Row(
            at=f"/admin/second-factor/{at}", get=NOWHERE, post=NOWHERE
        )
        for route, at in {
            "recovery-codes/download/": "recovery-codes/download/",
            "totp/deactivate/": "totp/deactivate/",
            "webauthn/keys/<int:pk>/edit/": "webauthn/keys/1/edit/",
            "webauthn/keys/<int:pk>/remove/": "webauthn/keys/1/remove/",
        }.items()
    },
    "admin/sessions/": Row(at="/admin/sessions/", get=ALL, post=LEADS_ON),
    "admin/password_change/": Row(at="/admin/password_change/", get=LEADS_ON, post=LEADS_ON),
    "admin/password_change/done/": Row(
        at="/admin/password_change/done/", get=ALL, post="log-in 405 405 405"
    ),
    "admin/autocomplete/": Row(
        at=f"/admin/autocomplete/{AUTOCOMPLETE}", get=ALL, post="log-in 405 405 405"
    ),
    "admin/jsi18n/": Row(at="/admin/jsi18n/", get=ALL, post="log-in 405 405 405"),
    "admin/r/<path:content_type_id>/<path:object_id>/": Row(
        at="/admin/r/{protocols}/0046/", get=LEADS_ON, post=LEADS_ON
    ),
    "admin/(?P<app_label>registers|auth)/$": Row(at="/admin/registers/", get=ALL, post=ALL),
    "admin/(?P<url>.*)$": Row(at="/admin/nothing/is/here/", get=NOWHERE, post=NOWHERE),
}

DECIDES = "log-in 403 on on"
LOOKED_AT = "log-in 403 405 405"
KEEPING = {
    **noun("answer", add=NONE, change=NONE, delete=NONE, past=False),
    "admin/registers/answer/<path:object_id>/accept/": Row(
        at="/admin/registers/answer/{answer}/accept/",
        get=PUBLISHER,
        post=PUBLISHER,
    ),
    "admin/registers/answer/<path:object_id>/refuse/": Row(
        at="/admin/registers/answer/{answer}/refuse/", get=DECIDES, post=DECIDES
    ),
    **noun("approvalrequest", add=NONE, change=NONE, delete=NONE, past=False),
    "admin/registers/approvalrequest/<path:object_id>/dealt-with/": Row(
        at="/admin/registers/approvalrequest/{approvalrequest}/dealt-with/",
        get=DECIDES,
        post=DECIDES,
    ),
    **noun("approver"),
    **noun("change", add=NONE, change=NONE, delete=NONE, past=False),
    # An Editor's edits of what is published are proposed; nothing published is deleted so.
    **noun(
        "organisation", delete=PUBLISHER, restored="{organisation}/restore/{organisation_state}"
    ),
    "admin/registers/organisation/<path:object_id>/merge/": Row(
        at="/admin/registers/organisation/{organisation}/merge/", get=PUBLISHER, post=PUBLISHER
    ),
    "admin/registers/organisation/<path:object_id>/split/": Row(
        at="/admin/registers/organisation/{organisation}/split/", get=PUBLISHER, post=PUBLISHER
    ),
    "admin/registers/organisation/<path:object_id>/members/": Row(
        at="/admin/registers/organisation/{schools}/members/", get=ALL, post=ALL
    ),
    "admin/registers/organisation/<path:object_id>/members/add/": Row(
        at="/admin/registers/organisation/{schools}/members/add/", get=ALL, post=ALL
    ),
    "admin/registers/organisation/<path:object_id>/members/paste/": Row(
        at="/admin/registers/organisation/{schools}/members/paste/",
        get=ALL,
        post=ALL,
        sends={"names": "Of nobody"},
    ),
    "admin/registers/organisation/<path:object_id>/members/<int:key>/": Row(
        at="/admin/registers/organisation/{schools}/members/{member}/",
        get=ALL,
        post=_done(ALL),
        fills=True,
    ),
    "admin/registers/organisation/splits/": Row(
        at="/admin/registers/organisation/splits/", get=ALL, post=ALL
    ),
    "admin/registers/organisation/<path:object_id>/approvals/": Row(
        at="/admin/registers/organisation/{organisation}/approvals/", get=ALL, post=ALL
    ),
    "admin/registers/organisation/<path:object_id>/taken-on/": Row(
        at="/admin/registers/organisation/{split}/taken-on/", get=ALL, post=PUBLISHER
    ),
    "admin/registers/organisation/duplicates/": Row(
        at="/admin/registers/organisation/duplicates/", get=PUBLISHER, post=DECIDES
    ),
    **noun("merge", see=PUBLISHER, add=NONE, change=NONE, delete=NONE, past=False),
    "admin/registers/merge/<int:key>/undo/": Row(
        at="/admin/registers/merge/{merge}/undo/", get=PUBLISHER, post=DECIDES, fills=True
    ),
    **noun(
        "abbreviation",
        add=PUBLISHER,
        delete=PUBLISHER,
        restored="{abbreviation}/restore/{abbreviation_state}",
    ),
    **noun(
        "option",
        add=PUBLISHER,
        delete=PUBLISHER,
        restored="{option}/restore/{option_state}",
    ),
    **noun(
        "synonymset",
        add=PUBLISHER,
        delete=PUBLISHER,
        restored="{synonymset}/restore/{synonymset_state}",
    ),
    **{
        f"admin/registers/{name}/<path:object_id>/publish/": Row(
            at=f"/admin/registers/{name}/{{{name}}}/publish/",
            get=PUBLISHER,
            post=_done(PUBLISHER),
            sends={"_do": "1"},
            fills=True,
        )
        for name in ("news", "resource")
    },
    **{
        f"admin/registers/{name}/<path:object_id>/take-out/": Row(
            at=f"/admin/registers/{name}/{{{name}}}/take-out/",
            get=ADMINISTRATOR,
            post=ADMINISTRATOR,
            sends={"_do": "1", "words": "Nobody of this name", "reason": "personal data"},
        )
        for name in ("protocol", "organisation", "news", "resource")
    },
    "admin/registers/resource/files/<int:pk>/": Row(
        at="/admin/registers/resource/files/{resource}/", get=ALL, post=ALL
    ),
    "admin/registers/resource/files/<int:pk>/versions/<int:version>/": Row(
        at="/admin/registers/resource/files/{resource}/versions/{resource_version}/",
        get=ALL,
        post=ALL,
    ),
    **noun("theme", add=PUBLISHER, delete=PUBLISHER, restored="{theme}/restore/{theme_state}"),
    **noun("news", delete=PUBLISHER, restored="{news}/restore/{news_state}"),
    **noun("resource", delete=PUBLISHER, restored="{resource}/restore/{resource_state}"),
    **noun("proposal", add=NONE, change=NONE, delete=NONE, past=False),
    "admin/registers/proposal/<int:key>/files/<int:file>/": Row(
        at="/admin/registers/proposal/{proposal}/files/{proposed_file}/", get=ALL, post=ALL
    ),
    **{
        f"admin/registers/proposal/<path:object_id>/{verb}/": Row(
            at=f"/admin/registers/proposal/{{proposal}}/{verb}/",
            get=LEADS_ON,
            post=post,
            sends={"comment": "Say why."},
        )
        for verb, post in (
            # What is sent is not what the page shows: nothing is done.
            ("accept", "log-in 403 409 409"),
            ("return", DECIDES),
            # It is somebody else's.
            ("again", NONE),
            ("take-back", NONE),
            # It is no suggestion.
            ("close", NONE),
        )
    },
    # The example is a draft; a published one is deleted by nobody.
    **noun("protocol", restored="0046/restore/{published_state}"),
    "admin/registers/protocol/<path:object_id>/approvals/": Row(
        at="/admin/registers/protocol/0046/approvals/", get=PUBLISHER, post=PUBLISHER
    ),
    "admin/registers/protocol/<path:object_id>/preview/": Row(
        at="/admin/registers/protocol/{protocol}/preview/", get=ALL, post=ALL
    ),
    "admin/registers/protocol/documents/<int:pk>/": Row(
        at="/admin/registers/protocol/documents/{document}/", get=ALL, post=ALL
    ),
    "admin/registers/protocol/documents/<int:pk>/versions/<int:version>/": Row(
        at="/admin/registers/protocol/documents/{document}/versions/{document_version}/",
        get=ALL,
        post=ALL,
    ),
    # 0013 is a number that no protocol has.
    "admin/registers/references/": Row(
        at="/admin/registers/references/",
        get=ALL,
        post=DECIDES,
        sends={"references": "0013", "fate": "unknown", "_say": "yes"},
    ),
    "admin/registers/protocol/review/": Row(
        at="/admin/registers/protocol/review/", get=LEADS_ON, post=ALL, sends={"protocol": "0046"}
    ),
    "admin/registers/protocol/<path:object_id>/review/": Row(
        at="/admin/registers/protocol/0046/review/", get=ALL, post=ALL
    ),
    **{
        f"admin/registers/protocol/{name}/": Row(
            at=f"/admin/registers/protocol/{name}/",
            get=DECIDES,
            post=PUBLISHER,
            sends={"all": "0046"},
        )
        for name in ("publish", "withdraw", "reinstate", "move")
    },
    **{
        f"admin/registers/protocol/<path:object_id>/{name}/": Row(
            at=f"/admin/registers/protocol/{reference}/{name}/",
            get=PUBLISHER,
            post=_done(PUBLISHER),
            sends={"_do": "1", "because": "mistake"},
            fills=True,
        )
        for name, reference in (
            ("publish", "{publishable}"),
            ("withdraw", "0046"),
            ("reinstate", "{withdrawn}"),
            ("correct", "{withdrawn}"),
        )
    },
    **of_imports("", PUBLISHER, LOOKED_AT),
    **of_imports("add/", PUBLISHER, PUBLISHER),
    **of_imports("organisations/add/", PUBLISHER, PUBLISHER),
    **of_imports("organisations/template.xlsx", PUBLISHER, LOOKED_AT),
    **of_imports("organisations/organisations.xlsx", PUBLISHER, LOOKED_AT),
    **of_imports("mappings/", PUBLISHER, LOOKED_AT),
    **of_imports("mappings/{mapping}.json", PUBLISHER, LOOKED_AT),
    **of_imports("mappings/{mapping}/delete/", PUBLISHER, DECIDES),
    **of_imports("{import}/", PUBLISHER, LOOKED_AT),
    **of_imports("{import}/check/", DECIDES, PUBLISHER),
    **of_imports("{import}/columns/", PUBLISHER, PUBLISHER),
    **of_imports("{import}/names/", PUBLISHER, PUBLISHER),
    **of_imports("{import}/names/new/", PUBLISHER, PUBLISHER),
    **of_imports(
        "{import}/apply/",
        DECIDES,
        PUBLISHER,
        expected_digest="of something else",
        why="They asked.",
    ),
    **of_imports("{import}/undo/", DECIDES, DECIDES),
    **of_imports("{import}/refused/", DECIDES, LOOKED_AT),
    **of_imports("{import}/remove/", DECIDES, DECIDES),
    **noun("reminder", add=NONE, change=NONE, delete=NONE, past=False),
    # An Editor's words are proposed.
    **noun("review", add=NONE, delete=NONE),
}

ACCOUNTS = {
    **noun(
        "user",
        see=ADMINISTRATOR,
        add=ADMINISTRATOR,
        change=ADMINISTRATOR,
        delete=NONE,
        past=False,
        app="auth",
    ),
    "admin/auth/user/<id>/password/": Row(
        at="/admin/auth/user/{user}/password/", get=ADMINISTRATOR, post=ADMINISTRATOR
    ),
    # An invitation of an Administrator.
    "admin/auth/user/add/": Row(
        at="/admin/auth/user/add/",
        get=ADMINISTRATOR,
        post=_done(ADMINISTRATOR),
        sends={"username": "ivy", "email": "ivy@example.org", "groups": "{administrators}"},
    ),
    **noun("group", see=ADMINISTRATOR, add=NONE, change=NONE, delete=NONE, past=False, app="auth"),
}

TABLE = PUBLIC | EVERYBODY | KEEPING | ACCOUNTS
