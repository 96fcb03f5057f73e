"""Users are let in, altered and put out, by those who may, and no further than they may."""

from __future__ import annotations

import datetime
import re
from types import SimpleNamespace

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import Group, Permission, User
from django.contrib.sessions.models import Session
from django.core import mail
from django.core.mail.backends.base import BaseEmailBackend
from django.test import TestCase
from django.urls import reverse
from django.utils import timezone

from tests.admin import typing_in
from tests.admin.typing_in import boxes
from tests.cast import PASSWORD, door_of, groups, somebody

LIST, ADD = "/admin/auth/user/", "/admin/auth/user/add/"


@pytest.fixture(autouse=True)
def _quickly(quick_passwords):
    """Make passwords without waiting."""


@pytest.fixture
def door(administrator):
    return door_of(administrator)


def page_of(user, page="change"):
    return reverse(f"admin:auth_user_{page}", args=[user.pk])


def send(door, url, **typed):
    """Save a form on which the user stays active, unless something else is typed."""
    return typing_in.send(door, url, **({"is_active": "on"} | typed))


def group(name):
    groups()
    return Group.objects.get(name=name).pk


def test_a_user_comes_in_once_in_a_group(door):
    nina = User.objects.create_user("nina")
    assert "None: cannot log in" in door.get(LIST).content.decode()
    send(door, page_of(nina), groups=[group("Editor")])
    nina.refresh_from_db()
    assert nina.is_staff
    assert nina.is_active
    assert not nina.is_superuser
    send(door, page_of(nina), groups=[])
    nina.refresh_from_db()
    assert not nina.is_staff


@pytest.mark.both_databases
@pytest.mark.parametrize("name", ["ADA", " ada", "ａｄａ", "a da", "a\u200bda"])
def test_a_name_that_looks_like_another_is_refused(door, editor, name):
    for url in (ADD, page_of(editor)):
        answer = send(door, url, username=name, email="nina@example.org")
        assert "username" in answer.context["adminform"].form.errors
    assert User.objects.count() == 2


@pytest.mark.parametrize("page", ["add", "change", "password_change"])
def test_pages_say_nothing_of_how_a_password_is_stored(door, page):
    edith = somebody("edith", "Editor", password=PASSWORD)
    where = reverse(f"admin:auth_user_{page}", args=[] if page == "add" else [edith.pk])
    html = door.get(where).content.decode()
    assert "pbkdf2" not in html
    assert "LDAP" not in html
    assert edith.password not in html


class TestALinkForANewPassword:
    @pytest.fixture
    def url(self, editor):
        editor.set_password(PASSWORD)
        editor.email = "edith@example.org"
        editor.save()
        return page_of(editor, "password_change")

    def test_is_mailed_and_sets_it(self, door, editor, url, settings):
        settings.SITE_URL = "https://register.example.org"
        assert door.post(url, {"_send": ""}).status_code == 302
        (message,) = mail.outbox
        assert message.to == ["edith@example.org"]
        link = re.search(r"https://register\.example\.org(/\S+)", message.body)
        assert link
        theirs = door_of(None)
        form = theirs.get(link[1], follow=True).redirect_chain[-1][0]
        new = {"password1": "quite another one", "password2": "quite another one"}
        assert theirs.post(form, new).status_code == 302
        editor.refresh_from_db()
        assert editor.check_password(new["password1"])

    @pytest.mark.parametrize("fields", [{"email": ""}, {"is_active": False}])
    def test_is_not_for_who_cannot_use_it(self, door, editor, url, fields):
        User.objects.filter(pk=editor.pk).update(**fields)
        assert 'name="_send"' not in door.get(url).content.decode()
        assert door.post(url, {"_send": ""}).status_code == 200
        assert not mail.outbox

    def test_is_mailed_once_in_a_minute_for_each_user(self, door, url):
        other = somebody("otto", "Editor", password=PASSWORD, email="otto@example.org")
        for at in (url, url, page_of(other, "password_change")):
            door.post(at, {"_send": ""})
        assert [each.to for each in mail.outbox] == [["edith@example.org"], ["otto@example.org"]]

    def test_gives_nobody_of_the_directory_a_password(self, door, editor, url, settings):
        settings.SINGLE_SIGN_ON = SimpleNamespace(name="The directory")
        editor.last_login = None
        editor.set_unusable_password()
        editor.save()
        assert 'name="_send"' in door.get(url).content.decode()  # invited, and has not come yet
        User.objects.filter(pk=editor.pk).update(last_login=timezone.now())
        assert 'name="_send"' not in door.get(url).content.decode()
        door.post(url, {"_send": ""})
        assert not mail.outbox

    def test_is_not_sent_by_who_may_only_look(self, editor, url):
        editor.groups.clear()  # else they are not shown to Nina, who may less
        looks = somebody("nina")
        looks.user_permissions.add(Permission.objects.get(codename="view_user"))
        assert door_of(looks).post(url, {"_send": ""}).status_code == 403
        assert not mail.outbox

    def test_that_cannot_be_sent_is_said(self, door, url, settings):
        settings.EMAIL_BACKEND = "tests.admin.test_users.Broken"
        answer = door.post(url, {"_send": ""}, follow=True)
        assert [each.level_tag for each in answer.context["messages"]] == ["error"]


class Broken(BaseEmailBackend):
    """A service that does not send: GOV.UK Notify's error is no OSError."""

    def send_messages(self, email_messages):
        raise Exception("429")


class TestNobodyRisesAboveTheirRights:
    def test_superusers_are_not_seen(self, door, officer):
        assert "olive" not in door.get(LIST).content.decode()
        for page in ("change", "history"):
            answer = door.get(page_of(officer, page))
            assert answer.status_code in {302, 404}
        assert door.get(f"{LIST}{officer.pk}/password/").status_code in {403, 404}
        answer = door.post(f"{LIST}{officer.pk}/password/", {"password1": "x"})
        assert answer.status_code in {403, 404}

    def test_the_boxes_above_are_not_taken(self, door, editor, administrator):
        publish = Permission.objects.get(codename="publish_protocol").pk
        forged = {"is_superuser": "on", "is_staff": "on", "user_permissions": [publish]}
        for user in (editor, administrator):
            send(door, page_of(user), **forged)
            user.refresh_from_db()
            assert not user.is_superuser
            assert not user.user_permissions.exists()

    def test_a_group_with_more_is_not_given(self, door, editor):
        more = Group.objects.create(name="More")
        more.permissions.set(Permission.objects.filter(codename="delete_user"))
        assert f'value="{more.pk}"' not in door.get(page_of(editor)).content.decode()
        page = send(door, page_of(editor), groups=[more.pk])
        assert "errorlist" in page.content.decode()
        assert not editor.groups.filter(pk=more.pk).exists()

    def test_whoever_may_more_is_not_altered(self, door, editor):
        editor.user_permissions.add(Permission.objects.get(codename="delete_user"))
        assert "edith" not in door.get(LIST).content.decode()
        forged = {"username": "x", "reset": "on", "is_active": "on"}
        assert door.post(page_of(editor), forged).headers["Location"] == "/admin/"
        password = f"{LIST}{editor.pk}/password/"
        assert door.post(password, {"password1": "x"}).status_code == 404
        editor.refresh_from_db()
        assert editor.username == "edith"

    def test_groups_are_looked_up_and_not_altered(self, door):
        page = reverse("admin:auth_group_change", args=[group("Editor")])
        assert door.get(page).status_code == 200
        assert door.post(page, {"name": "Mine"}).status_code == 403

    def test_superusers_make_superusers_and_groups(self, officers_door, editor, caplog):
        caplog.set_level("INFO", logger="security")
        send(officers_door, page_of(editor), is_superuser="on", groups=[])
        editor.refresh_from_db()
        assert editor.is_superuser
        assert editor.is_staff
        page = reverse("admin:auth_group_change", args=[group("Editor")])
        with TestCase.captureOnCommitCallbacks(execute=True):
            send(officers_door, page, name="Editors")
        assert Group.objects.filter(name="Editors").exists()
        assert "group_changed" in [record.getMessage() for record in caplog.records]
        assert "olive" in officers_door.get(LIST).content.decode()


@pytest.mark.parametrize("asks", ["get", "post"])
def test_nobody_is_deleted(officers_door, editor, asks):
    answer = getattr(officers_door, asks)(page_of(editor, "delete"), {"post": "yes"})
    assert answer.status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [editor.pk], "post": "yes"}
    officers_door.post(LIST, chosen)
    assert User.objects.filter(pk=editor.pk).exists()


@pytest.mark.both_databases
class TestTheLastAdministrator:
    @pytest.mark.parametrize(
        ("typed", "box"), [({"is_active": None}, "is_active"), ({"groups": []}, "groups")]
    )
    def test_stays(self, door, administrator, typed, box):
        url = page_of(administrator)
        held = {**boxes(door, url), "is_active": "on", "groups": [group("Administrator")]} | typed
        form = {name: value for name, value in held.items() if value is not None}
        page = door.post(url, form).context["adminform"].form
        assert page.errors == {box: ["This is the last active administrator. Make another first."]}
        administrator.refresh_from_db()
        assert administrator.is_active
        assert administrator.groups.exists()

    def test_may_go_once_there_is_another(self, door, administrator):
        somebody("anna", "Administrator")
        send(door, page_of(administrator), groups=[group("Editor")])
        assert [each.name for each in administrator.groups.all()] == ["Editor"]

    @pytest.mark.parametrize("other", [{"is_active": False}, {"is_staff": False}])
    def test_is_not_made_up_for_by_who_cannot_come_in(self, door, administrator, other):
        somebody("anna", "Administrator", **other)
        answer = send(door, page_of(administrator), groups=[group("Editor")])
        assert "last active administrator" in answer.content.decode()

    def test_somebody_else_may_be_put_out(self, door, editor):
        held = boxes(door, page_of(editor))
        held.pop("is_active")
        door.post(page_of(editor), {**held, "groups": [group("Editor")]})
        editor.refresh_from_db()
        assert not editor.is_active


@pytest.mark.both_databases
class TestSessions:
    @pytest.fixture
    def edith(self, db):
        return somebody("edith", "Editor", password=PASSWORD)

    @pytest.fixture
    def theirs(self, edith):
        theirs = door_of(None)
        theirs.post("/admin/login/", {"login": "edith", "password": PASSWORD})
        assert theirs.get("/admin/").status_code == 200
        return theirs

    def test_end_when_a_user_is_made_inactive(self, door, edith, theirs):
        key = theirs.session.session_key
        held = boxes(door, page_of(edith))
        held.pop("is_active")
        door.post(page_of(edith), {**held, "groups": [group("Editor")]})
        assert not Session.objects.filter(pk=key).exists()
        assert theirs.get("/admin/").headers["Location"].startswith("/admin/login/")

    def test_end_when_somebody_sets_another_password(self, door, edith, theirs):
        form = {"password1": "quite another one", "password2": "quite another one"}
        url = f"{LIST}{edith.pk}/password/"
        assert door.post(url, form).status_code == 302
        assert theirs.get("/admin/").headers["Location"].startswith("/admin/login/")
        assert door.get("/admin/").status_code == 200

    def test_end_elsewhere_when_the_own_password_is_changed(self, db):
        edith = somebody("edith", "Editor", password=PASSWORD)
        here, elsewhere = door_of(edith), door_of(edith)
        new = {"password1": "quite another one", "password2": "quite another one"}
        answer = here.post("/admin/password_change/", {"oldpassword": PASSWORD, **new})
        assert answer.headers["Location"] == "/admin/"
        assert here.get("/admin/").status_code == 200
        assert elsewhere.get("/admin/").status_code == 302

    def test_the_own_password_is_not_set_without_the_old(self, door, administrator):
        url = f"{LIST}{administrator.pk}/password/"
        for method in (door.get, door.post):
            assert method(url).headers["Location"] == "/admin/password_change/"

    def test_end_twelve_hours_after_the_log_in_whatever_is_done(self, editor):
        start = datetime.datetime(2026, 11, 23, 8, 0, tzinfo=datetime.UTC)
        with time_machine.travel(start, tick=False) as clock:
            theirs = door_of(editor)
            for _ in range(11):
                clock.shift(3600)
                session = theirs.session
                session["touched"] = True
                session.save()
                assert theirs.get("/admin/").status_code == 200
            clock.shift(3599)
            assert theirs.get("/admin/").status_code == 200
            clock.shift(2)
            assert theirs.get("/admin/").status_code == 302
            door_of(editor)  # whoever comes in next clears what is over
            assert Session.objects.count() == 1

    def test_stay_while_they_are_used_however_soon_they_end(self, editor, settings):
        settings.SESSION_COOKIE_AGE = 60  # SESSION_IDLE_MINUTES=1
        with time_machine.travel(timezone.now(), tick=False) as clock:
            theirs = door_of(editor)
            for _ in range(4):
                clock.shift(31)
                assert theirs.get("/admin/").status_code == 200
            clock.shift(61)
            assert theirs.get("/admin/").status_code == 302

    def test_end_on_the_log_out(self, editor):
        theirs = door_of(editor)
        cookie, key = theirs.cookies["sessionid"].value, theirs.session.session_key
        answer = theirs.post("/admin/logout/")
        assert "no-store" in answer.headers["Cache-Control"]
        assert not Session.objects.filter(pk=key).exists()
        theirs.cookies["sessionid"] = cookie
        assert theirs.get("/admin/").status_code == 302

    def test_the_cookie_is_for_this_site_and_no_script(self, db):
        edith = somebody("edith", "Editor", password=PASSWORD)
        form = {"login": "edith", "password": PASSWORD}
        cookie = door_of(None).post("/admin/login/", form).cookies["sessionid"]
        assert cookie["httponly"]
        assert cookie["samesite"] == "Lax"
        assert 2 * 3600 - 5 <= cookie["max-age"] <= 2 * 3600  # SESSION_IDLE_MINUTES
        assert edith.is_active


class TestALostTelephone:
    @pytest.fixture
    def lost(self, editor):
        TOTP.activate(editor, generate_totp_secret())
        return editor

    def test_is_reset_and_the_sessions_end(self, door, lost, settings, caplog):
        caplog.set_level("INFO", logger="security")
        lost.set_password(PASSWORD)
        lost.save()
        theirs = door_of(None)
        theirs.post("/admin/login/", {"login": "edith", "password": PASSWORD})
        code = RecoveryCodes.activate(lost).generate_codes()[0]
        theirs.post("/admin/second-factor/authenticate/", {"code": code})
        assert theirs.get("/admin/").status_code == 200
        assert "Be sure that it is really them" in door.get(page_of(lost)).content.decode()
        send(door, page_of(lost), groups=[group("Editor")])
        assert Authenticator.objects.exists()
        send(door, page_of(lost), groups=[group("Editor")], reset="on")
        assert not Authenticator.objects.exists()
        assert theirs.get("/admin/").status_code == 302
        assert "second_factor_reset" in [record.getMessage() for record in caplog.records]

    def test_the_own_is_not_reset_from_an_open_session(self, door, administrator):
        Authenticator.objects.create(user=administrator, type="totp", data={})
        assert 'name="reset"' not in door.get(page_of(administrator)).content.decode()
        send(door, page_of(administrator), groups=[group("Administrator")], reset="on")
        assert Authenticator.objects.exists()
