"""Single sign-on, against a real OpenID Connect provider in a process of its own, by HTTP."""

from __future__ import annotations

import dataclasses
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialToken
from django.conf import settings as django_settings
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.test import Client

from registers.changes.redaction.places import How, all_models, fields_of
from tests.cast import PASSWORD, door_of, groups, somebody
from weisf.single_sign_on import read_single_sign_on

PROVIDER = Path(__file__).with_name("oidc_provider.py")
BEGIN, CALLBACK = "/admin/single-sign-on/", "/admin/single-sign-on/callback/"
ADDRESS = "edith@example.org"
KNOWN = {"email": ADDRESS, "email_verified": True}
EDITOR = KNOWN | {"groups": ["isp-editors"]}
# It may hold '=' and ',' as in a directory of LDAP.
PUBLISHERS = "CN=ISP publishers,OU=Groups"
MAPPED = {"isp-editors": "Editor", "isp-editors-2": "Editor", PUBLISHERS: "Publisher"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, PROVIDER],
        env=os.environ | {"AUTHLIB_INSECURE_TRANSPORT": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()


@pytest.fixture(autouse=True)
def provider(settings, url, db) -> Iterator[Callable[..., None]]:
    """Name it as the directory. Returns a function that has some of its addresses fail."""
    settings.SINGLE_SIGN_ON = dataclasses.replace(
        django_settings.SINGLE_SIGN_ON, server_url=url, groups=MAPPED
    )

    def answers(**otherwise: tuple[int, Any]) -> None:
        paths = {f"/{path.replace('__', '/')}": answer for path, answer in otherwise.items()}
        requests.put(f"{url}/answers", json=paths, timeout=60).raise_for_status()

    yield answers
    answers()


@pytest.fixture
def edith(db) -> User:
    """An Editor who was invited."""
    return somebody("edith", "Editor", email=ADDRESS)


def come_back(client: Client, url: str, claims: Any, *, sub: str = "subject-1", **form: str) -> str:
    """Log in at the directory, and return where it leads back to."""
    requests.put(f"{url}/users/{sub}", json=claims, timeout=60).raise_for_status()
    begun = client.get(BEGIN, form.pop("query", {}))
    assert begun.status_code == 302
    answer = requests.post(begun.url, data={"sub": sub, **form}, allow_redirects=False, timeout=60)
    return answer.headers["Location"]


def log_in(client: Client, url: str, claims: Any, **how: Any) -> Any:
    back = urlsplit(come_back(client, url, claims, **how))
    return client.get(f"{back.path}?{back.query}")


def group_names(user: User) -> list[str]:
    return sorted(User.objects.get(pk=user.pk).groups.values_list("name", flat=True))


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


REFUSED = {
    "no groups": (KNOWN, 403, "no_group"),
    "an empty list of groups": (EDITOR | {"groups": []}, 403, "no_group"),
    "nothing for groups": (EDITOR | {"groups": None}, 403, "no_group"),
    "a number for groups": (EDITOR | {"groups": 7}, 403, "no_group"),
    "an unknown group": (EDITOR | {"groups": ["finance", "isp-edit"]}, 403, "no_group"),
    "the name of a group of ours": (EDITOR | {"groups": ["Administrator"]}, 403, "no_group"),
    "a group in another claim": (KNOWN | {"roles": ["isp-editors"]}, 403, "no_group"),
    "more groups than Entra sends": (
        KNOWN | {"_claim_names": {"groups": "src1"}},
        403,
        "too_many_groups",
    ),
    "more groups than Entra sends, said otherwise": (
        KNOWN | {"hasgroups": True},
        403,
        "too_many_groups",
    ),
    "an address that is not verified": (EDITOR | {"email_verified": False}, 403, "no_account"),
    "'false' for verified": (EDITOR | {"email_verified": "false"}, 403, "no_account"),
    "no word about the address": (
        {"email": ADDRESS, "groups": ["isp-editors"]},
        403,
        "no_account",
    ),
    "no address": ({"groups": ["isp-editors"], "email_verified": True}, 403, "no_account"),
    "an empty address": (EDITOR | {"email": ""}, 403, "no_account"),
    "nothing for an address": (EDITOR | {"email": None}, 403, "no_account"),
    "the address of nobody": (EDITOR | {"email": "other@example.org"}, 403, "no_account"),
    "the address in other letters": (
        EDITOR | {"email": "ed\u0131th@example.org"},
        403,
        "no_account",
    ),
    "an address that is a number": (EDITOR | {"email": 7}, 502, "answer"),
    "another audience": (EDITOR | {"aud": "another"}, 502, "answer"),
    "another issuer": (EDITOR | {"iss": "http://127.0.0.1:9"}, 502, "answer"),
    "an expired token": (EDITOR | {"exp": 1_700_000_000}, 502, "answer"),
    "a token of tomorrow": (EDITOR | {"nbf": int(time.time()) + 86_400}, 502, "answer"),
    "another nonce": (EDITOR | {"nonce": "another"}, 502, "answer"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_nobody_is_let_in_and_nothing_stored(client, url, edith, caplog, case):
    claims, status, reason = case
    User.objects.create_user("nobody")  # without an address
    caplog.set_level(logging.INFO)
    answer = log_in(client, url, claims)
    assert answer.status_code == status
    assert answer.context["reason"] == reason
    assert [(each.event, each.reason) for each in caplog.records if each.name == "security"] == [
        ("single_sign_on_refused", reason)
    ]
    assert not Session.objects.exists()
    assert not SocialAccount.objects.exists()
    assert User.objects.count() == 2
    assert group_names(edith) == ["Editor"]
    assert not is_in(client)


LET_IN = {
    "one group": (["isp-editors"], ["Editor"]),
    "one group as a text": ("isp-editors", ["Editor"]),
    "two for one of ours": (["isp-editors", "isp-editors-2"], ["Editor"]),
    "two, and one that is not known": (
        ["finance", PUBLISHERS, "isp-editors"],
        ["Editor", "Publisher"],
    ),
    "another than at the invitation": ([PUBLISHERS], ["Publisher"]),
}


@pytest.mark.parametrize("case", LET_IN.values(), ids=LET_IN.keys())
def test_a_mapped_group_gives_exactly_ours(client, url, edith, caplog, case):
    theirs, ours = case
    caplog.set_level(logging.INFO)
    answer = log_in(client, url, KNOWN | {"groups": theirs, "email": ADDRESS.upper()})
    assert (answer.status_code, answer.url) == (302, "/admin/")
    assert is_in(client)
    assert group_names(edith) == ours
    link = SocialAccount.objects.get()
    assert (link.user, link.provider, link.uid) == (edith, url, "subject-1")
    assert link.extra_data == {}
    assert not SocialToken.objects.exists()
    assert [each.event for each in caplog.records if each.name == "security"] == [
        "single_sign_on_linked",
        "single_sign_on_used",
        "login",
    ]


def test_an_invitation_leads_there(client, url, settings, mailoutbox, administrator):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    groups()
    group = Group.objects.get(name="Editor").pk
    invited = {"username": "edith", "email": ADDRESS, "groups": group}
    door_of(administrator).post("/admin/auth/user/add/", invited)
    assert f"{django_settings.SITE_URL}{BEGIN}" in mailoutbox[0].body
    log_in(client, url, EDITOR)
    assert is_in(client)
    assert not User.objects.get(username="edith").has_usable_password()


def test_microsofts_word_for_a_verified_address(client, url, edith):
    log_in(client, url, {"email": ADDRESS, "xms_edov": "1", "groups": ["isp-editors"]})
    assert is_in(client)


def test_groups_are_set_anew_and_those_never_mapped_stay(client, url, edith, caplog):
    log_in(client, url, EDITOR)
    edith.groups.set(somebody("ada", "Administrator", "Editor").groups.all())
    caplog.set_level(logging.INFO)
    log_in(client, url, KNOWN | {"groups": [PUBLISHERS]})
    assert group_names(edith) == ["Administrator", "Publisher"]
    changed = [each for each in caplog.records if getattr(each, "event", "") == "user_changed"]
    assert [(each.account, each.groups) for each in changed] == [
        (edith.pk, ["Administrator", "Publisher"])
    ]
    assert not User.objects.get(pk=edith.pk).is_superuser


def test_a_group_that_was_taken_away_ends_every_session_and_comes_back(client, url, edith):
    log_in(client, url, EDITOR)
    answer = log_in(Client(), url, KNOWN)
    assert (answer.status_code, answer.context["reason"]) == (403, "no_group")
    assert group_names(edith) == []
    assert not User.objects.get(pk=edith.pk).is_staff
    assert not is_in(client)
    log_in(client, url, EDITOR)
    assert is_in(client)


def test_the_subject_stays_who_it_is_with_another_address(client, url, edith):
    log_in(client, url, EDITOR)
    log_in(client, url, EDITOR | {"email": "married@example.org", "email_verified": False})
    assert is_in(client)
    assert User.objects.get(email=ADDRESS) == edith
    assert SocialAccount.objects.count() == 1


def test_the_address_of_somebody_who_has_a_subject_lets_no_other_in(client, url, edith):
    log_in(Client(), url, EDITOR)
    answer = log_in(client, url, EDITOR, sub="subject-2")
    assert (answer.status_code, answer.context["reason"]) == (403, "no_account")
    assert SocialAccount.objects.get().uid == "subject-1"


def test_an_address_that_two_have_lets_nobody_in(client, url, edith):
    somebody("ethel", "Editor", email=ADDRESS.title())
    assert log_in(client, url, EDITOR).context["reason"] == "no_account"


@pytest.mark.parametrize("knows_the_subject", [True, False])
@pytest.mark.parametrize("case", [("inactive", "is_active"), ("superuser", "is_superuser")])
def test_who_is_inactive_or_a_superuser(client, url, edith, knows_the_subject, case):
    reason, field = case
    if knows_the_subject:
        log_in(Client(), url, EDITOR)
    User.objects.filter(pk=edith.pk).update(**{field: reason == "superuser"})
    answer = log_in(client, url, KNOWN | {"groups": [PUBLISHERS]})
    assert (answer.status_code, answer.context["reason"]) == (403, reason)
    assert group_names(edith) == ["Editor"]
    assert not is_in(client)


def test_the_second_factor_is_the_directorys(client, url, edith, settings):
    settings.SECOND_FACTOR = True
    Authenticator.objects.create(user=edith, type="totp", data={"secret": "x"})
    log_in(client, url, EDITOR)
    assert is_in(client)
    edith.set_password(PASSWORD)
    edith.save()
    by_password = Client()
    by_password.post("/admin/login/", {"login": "edith", "password": PASSWORD})
    assert not is_in(by_password)


def test_nothing_is_offered_that_asks_for_a_password(client, url, edith):
    log_in(client, url, EDITOR)
    page, add = "/admin/second-factor/", "/admin/second-factor/webauthn/add/"
    assert add not in client.get(page).content.decode()
    Authenticator.objects.create(user=edith, type="totp", data={"secret": "x"})
    assert add in client.get(page).content.decode()


def test_it_leads_on_to_where_the_editor_was(client, url, edith):
    wanted = "/admin/registers/protocol/?q=a"
    page = client.get("/admin/login/", {"next": wanted}).content.decode()
    assert f"{BEGIN}?next=%2Fadmin%2Fregisters%2Fprotocol%2F%3Fq%3Da" in page
    assert log_in(client, url, EDITOR, query={"next": wanted}).url == wanted
    elsewhere = log_in(client, url, EDITOR, query={"next": "https://elsewhere.example/"})
    assert elsewhere.url == "/admin/"


def test_the_query_string_alters_nothing_that_is_asked(client, url):
    forged = {"auth_params": "nonce=known&prompt=none", "scope": "offline", "process": "connect"}
    asked = parse_qs(urlsplit(client.get(BEGIN, forged).url).query)
    assert set(asked["scope"][0].split()) == {"openid", "profile", "email"}
    assert asked["nonce"] != ["known"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [f"{django_settings.SITE_URL}{CALLBACK}"]
    assert "prompt" not in asked


def test_who_is_denied_there(client, url, edith):
    answer = log_in(client, url, EDITOR, action="deny")
    assert (answer.status_code, answer.context["reason"]) == (403, "denied")
    assert not is_in(client)


class TestState:
    """What comes back is taken once, in the browser that was led there."""

    @pytest.mark.parametrize("query", ["", "?code=1", "?code=1&state=forged", "?error=x&state=y"])
    def test_forged(self, client, query):
        client.get(BEGIN)
        answer = client.get(f"{CALLBACK}{query}")
        assert (answer.status_code, answer.context["reason"]) == (400, "state")

    def test_of_another_browser(self, client, url, edith):
        back = urlsplit(come_back(Client(), url, EDITOR))
        answer = client.get(f"{back.path}?{back.query}")
        assert (answer.status_code, answer.context["reason"]) == (400, "state")
        assert not is_in(client)

    def test_a_second_time(self, client, url, edith):
        back = urlsplit(come_back(client, url, EDITOR))
        client.get(f"{back.path}?{back.query}")
        again = client.get(f"{back.path}?{back.query}")
        assert (again.status_code, again.context["reason"]) == (400, "state")
        assert is_in(client)  # as before

    def test_the_code_of_another_log_in(self, client, url, edith):
        theirs = parse_qs(urlsplit(come_back(Client(), url, EDITOR)).query)
        ours = parse_qs(urlsplit(come_back(client, url, EDITOR)).query)
        answer = client.get(CALLBACK, {"code": theirs["code"][0], "state": ours["state"][0]})
        assert (answer.status_code, answer.context["reason"]) == (502, "answer")
        assert not is_in(client)

    @pytest.mark.parametrize("address", [BEGIN, CALLBACK])
    def test_no_form_is_taken(self, client, address):
        assert client.post(address).status_code == 405


FAULTY = {
    "no token": {"oauth2__token": (503, "busy")},
    "an error": {"oauth2__token": (400, {"error": "invalid_client"})},
    "a token without an ID": {"oauth2__token": (200, {"access_token": "x"})},
    "an ID that is none": {"oauth2__token": (200, {"access_token": "x", "id_token": "a.b.c"})},
    "a list for a token": {"oauth2__token": (200, ["access_token"])},
    "no keys": {"jwks": (404, "none")},
    "keys of others": {"jwks": (200, {"keys": []})},
    "no list of keys": {"jwks": (200, {"keys": 7})},
}


@pytest.mark.parametrize("otherwise", FAULTY.values(), ids=FAULTY.keys())
def test_a_directory_that_fails_while_somebody_logs_in(client, url, edith, provider, otherwise):
    back = urlsplit(come_back(client, url, EDITOR))
    provider(**otherwise)
    answer = client.get(f"{back.path}?{back.query}")
    assert (answer.status_code, answer.context["reason"]) == (502, "answer")
    assert not Session.objects.exists()
    assert not SocialAccount.objects.exists()


@pytest.mark.parametrize("discovery", [(500, "down"), (200, ["a list"]), (200, {"issuer": "x"})])
def test_a_directory_that_does_not_say_where_to_go(client, provider, discovery):
    provider(**{".well-known__openid-configuration": discovery})
    answer = client.get(BEGIN)
    assert (answer.status_code, answer.context["reason"]) == (502, "answer")
    assert not Session.objects.exists()


def test_a_directory_that_is_down(client, settings):
    settings.SINGLE_SIGN_ON = dataclasses.replace(
        settings.SINGLE_SIGN_ON, server_url="http://127.0.0.1:9"
    )
    assert client.get(BEGIN).status_code == 502


def test_a_subject_of_another_directory_is_another(client, url, edith, settings):
    log_in(Client(), url, EDITOR)
    SocialAccount.objects.update(provider="https://elsewhere.example")
    log_in(client, url, EDITOR)
    assert SocialAccount.objects.count() == 2


def test_what_is_stored_has_no_page_and_is_altered_by_nobody(officers_door):
    assert officers_door.get("/admin/socialaccount/").status_code == 404
    theirs = [model for model in all_models() if model._meta.app_label == "socialaccount"]
    assert {how for model in theirs for how in fields_of(model).values()} == {How.ACCOUNT}


def test_the_settings_are_read(monkeypatch):
    monkeypatch.setenv("OIDC_SERVER_URL", "https://login.example.org/tenant/v2.0/")
    monkeypatch.setenv("OIDC_NAME", "the county")
    monkeypatch.setenv("OIDC_GROUPS_CLAIM", "roles")
    monkeypatch.setenv("OIDC_GROUPS", f"a-1 = Editor;\n{PUBLISHERS}=Publisher; 'b'=Administrator;")
    found = read_single_sign_on()
    assert found.server_url == "https://login.example.org/tenant/v2.0"
    assert (found.name, found.groups_claim) == ("the county", "roles")
    assert found.groups == {"a-1": "Editor", PUBLISHERS: "Publisher", "'b'": "Administrator"}
