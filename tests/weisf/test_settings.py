"""A wrong setting stops the start with a sentence that names it; a right one does what it says."""

import os
import re
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from weisf.mail import NO_MAIL, NOTIFY

ROOT = Path(__file__).parent.parent.parent
KEY = "a-key-of-more-than-fifty-characters-that-only-the-tests-have"

BAD = {
    "a folder that is not there": ("DATA_DIR", "/no/such/folder"),
    "a file as the folder": ("DATA_DIR", __file__),
    "an address without a scheme": ("SITE_URL", "register.example.org"),
    "an address of another scheme": ("SITE_URL", "ftp://register.example.org"),
    "an address with a path": ("SITE_URL", "https://example.org/register"),
    "an address with a word for a port": ("SITE_URL", "https://example.org:eighty"),
    "an address with half an IPv6 host": ("SITE_URL", "http://[::1"),
    "an empty address": ("SITE_URL", ""),
    "http on the open internet": ("SITE_URL", "http://register.example.org"),
    "any host": ("ALLOWED_HOSTS", "*"),
    "any host, after another": ("ALLOWED_HOSTS", "example.org, *"),
    "an address for a host": ("ALLOWED_HOSTS", "https://example.org"),
    "no partnership": ("PARTNERSHIP_FILE", "/no/such/file.toml"),
    "a folder for a partnership": ("PARTNERSHIP_FILE", str(ROOT)),
    "a partnership that is no TOML": ("PARTNERSHIP_FILE", __file__),
    "no register": ("REGISTER_FILE", "/no/such/file.json"),
    "a slip in a boolean": ("DEBUG", "ture"),
    "a letter for a boolean": ("DEBUG", "y"),
    "another number for a boolean": ("BEHIND_PROXY", "2"),
    "an empty boolean": ("ANNOUNCE", ""),
    "two words for a boolean": ("ANNOUNCE", "yes no"),
    "a slip in the second factor": ("SECOND_FACTOR", "of"),
    "no second factor where others come": ("SECOND_FACTOR", "false"),
    "no second factor where others come, in another word": ("SECOND_FACTOR", "Off"),
    "no proxy behind a proxy": ("PROXY_COUNT", "0"),
    "sessions longer than twelve hours": ("SESSION_IDLE_MINUTES", "721"),
    "a cache of another kind": ("CACHE_URL", "memcached://host"),
    "a directory by http": ("OIDC_SERVER_URL", "http://login.example.org"),
    "a directory without a scheme": ("OIDC_SERVER_URL", "login.example.org"),
    "a directory with a password": ("OIDC_SERVER_URL", "https://me:secret@login.example.org"),
    "a directory with a question": ("OIDC_SERVER_URL", "https://login.example.org/?tenant=1"),
    "a directory of a long name": ("OIDC_SERVER_URL", f"https://{'a' * 200}.example.org"),
    "no client": ("OIDC_CLIENT_ID", ""),
    "no secret of the client": ("OIDC_CLIENT_SECRET", ""),
    "a client's secret with a space": ("OIDC_CLIENT_SECRET", "two words"),
    "a directory without a name": ("OIDC_NAME", " "),
    "a directory's name in two lines": ("OIDC_NAME", "Our\ncounty"),
    "no claim": ("OIDC_GROUPS_CLAIM", ""),
    "no groups": ("OIDC_GROUPS", " ; "),
    "a group of a directory alone": ("OIDC_GROUPS", "isp-editors"),
    "a group of ours alone": ("OIDC_GROUPS", "= Editor"),
    "a group that we do not have": ("OIDC_GROUPS", "isp-editors = Editors"),
    "a superuser by a group": ("OIDC_GROUPS", "a = Editor; b = Superuser"),
    "one group for two": ("OIDC_GROUPS", "a = Editor; a = Publisher"),
    "a short secret": ("SECRET_KEY", "short"),
    "no secret": ("SECRET_KEY", ""),
    "an empty database": ("DATABASE_URL", ""),
    "a word for a database": ("DATABASE_URL", "register"),
    "another database": ("DATABASE_URL", "mysql://user:password@host/name"),
    "an SQLite file where the host stands": ("DATABASE_URL", "sqlite://register.sqlite3"),
    "an SQLite without a file": ("DATABASE_URL", "sqlite:///"),
    "an SQLite in no folder": ("DATABASE_URL", "sqlite:////no/such/folder/register.sqlite3"),
    "a PostgreSQL without a name": ("DATABASE_URL", "postgres://user:password@host:5432"),
    "a PostgreSQL with a word for a port": ("DATABASE_URL", "postgres://user@host:port/name"),
    "an empty pool": ("DATABASE_POOL_SIZE", "0"),
    "a pool of fewer than the threads": ("DATABASE_POOL_SIZE", "3"),
    "half a megabyte": ("PAGE_MEMORY_MB", "0.5"),
    "drafts for ever": ("FORM_DRAFT_DAYS", "366"),
    "a slip in the second pair of eyes": ("SECOND_PAIR_OF_EYES", "two"),
    "proposals for no day": ("PROPOSAL_DAYS", "0"),
    "a slip in suggestions": ("SUGGESTIONS", "perhaps"),
    "suggestions for no day": ("SUGGESTION_DAYS", "0"),
    "drafts of leads for ever": ("LEAD_DRAFT_DAYS", "366"),
    "notes of answers for no day": ("ANSWER_NOTE_DAYS", "0"),
    "addresses of reminders for no day": ("SENT_EMAIL_DAYS", "0"),
    "requests for approval that end before their links": ("APPROVAL_REQUEST_DAYS", "59"),
    "a word for days of back-ups": ("BACKUP_DAYS", "month"),
    "logs of fewer than no days": ("DATABASE_LOG_DAYS", "-1"),
    "a word for seconds": ("SHARED_CACHE_SECONDS", "few"),
    "a shared cache of two hours": ("SHARED_CACHE_SECONDS", "7200"),
    "a word for a mail server": ("EMAIL_URL", "mail.example.org"),
    "a mail server of another kind": ("EMAIL_URL", "imap://mail.example.org"),
    "a mail server without a host": ("EMAIL_URL", "smtp+tls://user:password@:587"),
    "a mail server with a word for a port": ("EMAIL_URL", "smtp://mail.example.org:post"),
    "a mail server that is half an IPv6 address": ("EMAIL_URL", "smtp://[::1"),
    "a mail server with a question": ("EMAIL_URL", "smtp://mail.example.org?EMAIL_USE_TLS=1"),
    "e-mails to where nobody sees them": ("EMAIL_URL", "dummymail://"),
    "e-mails to no folder": ("EMAIL_URL", "filemail:///no/such/folder"),
    "e-mails to a folder beside the program": ("EMAIL_URL", "filemail://folder"),
    "a word for a mail backend": ("EMAIL_BACKEND", "smtp"),
    "a mail backend that is not installed": ("EMAIL_BACKEND", "no_such_package.Backend"),
    "a mail backend that is not in its package": ("EMAIL_BACKEND", "django.core.mail.no.Backend"),
    "a mail backend of an odd name": ("EMAIL_BACKEND", "..Backend"),
    "a name without an address": ("EMAIL_FROM", "The register"),
    "an address for e-mails in two lines": ("EMAIL_FROM", "a@b.example\nBcc: c@d.example"),
    "no key": ("GOVUK_NOTIFY_API_KEY", ""),
    "half a key": ("GOVUK_NOTIFY_API_KEY", "live-00000000-0000-0000-0000-000000000000"),
    "a word for a template": ("GOVUK_NOTIFY_PLAIN_EMAIL_TEMPLATE_ID", "reminder"),
    "a word for papers": ("PAPERS_URL", "bucket"),
    "papers in another kind of place": ("PAPERS_URL", "gs://host/bucket"),
    "papers without a bucket": ("PAPERS_URL", "s3://key:secret@s3.example.org/"),
    "papers in a bucket that has no such name": ("PAPERS_URL", "s3://s3.example.org/Our_Bucket"),
    "papers without a host": ("PAPERS_URL", "s3:///bucket"),
    "papers with half a key": ("PAPERS_URL", "s3://key@s3.example.org/bucket"),
    "papers with a word for a port": ("PAPERS_URL", "s3://s3.example.org:s/bucket"),
    "papers with another question": ("PAPERS_URL", "s3://s3.example.org/bucket?acl=public-read"),
    "papers with half a question": ("PAPERS_URL", "s3://s3.example.org/bucket?region"),
    "papers in a folder above": ("PAPERS_URL", "s3://s3.example.org/bucket/../other"),
    "papers by http from afar": ("PAPERS_URL", "s3+http://s3.example.org/bucket"),
    "an unknown level": ("LOG_LEVEL", "info"),
    "a name for an IP address": ("WEB_HOST", "localhost"),
    "no IP address, which would be all of them": ("WEB_HOST", ""),
    "port 0": ("PORT", "0"),
    "a port past the last": ("PORT", "65536"),
    "a word for a port": ("PORT", "eighty"),
    "no workers": ("WEB_WORKERS", "0"),
    "half a thread": ("WEB_THREADS", "0.5"),
}


ID = "00000000-0000-4000-8000-000000000000"
# What must stand beside a setting for it to be read at all.
DIRECTORY = {
    "OIDC_SERVER_URL": "https://login.example.org",
    "OIDC_CLIENT_ID": "register",
    "OIDC_CLIENT_SECRET": "of-the-client",
    "OIDC_GROUPS": "isp-editors = Editor",
}
BESIDE = {
    **dict.fromkeys((*DIRECTORY, "OIDC_NAME", "OIDC_GROUPS_CLAIM"), DIRECTORY),
    "SECOND_FACTOR": {"SITE_URL": "https://register.example.org"},
    "DATABASE_POOL_SIZE": {"DATABASE_URL": "postgres://user@host/name"},
    "GOVUK_NOTIFY_API_KEY": {"EMAIL_BACKEND": NOTIFY},
    "GOVUK_NOTIFY_PLAIN_EMAIL_TEMPLATE_ID": {
        "EMAIL_BACKEND": NOTIFY,
        "GOVUK_NOTIFY_API_KEY": f"live-{ID}-{ID}",
    },
}


def start(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "SECRET_KEY": KEY, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


# Each starts Python anew. The sentence of every other bad value is read below, in this process.
@pytest.mark.parametrize("name", ["DATA_DIR", "DATABASE_URL", "EMAIL_URL", "PARTNERSHIP_FILE"])
def test_a_wrong_setting_stops_the_start_with_a_sentence(name, tmp_path):
    value = next(value for bad, value in BAD.values() if bad == name)
    environment = {"DATA_DIR": str(tmp_path), name: value, **BESIDE.get(name, {})}
    ended = start("manage.py", "check", **environment)
    assert ended.returncode != 0
    assert ended.stderr.startswith(f"The register does not start. Setting {name} ")
    assert ended.stderr.endswith(".\n")
    assert len(ended.stderr.splitlines()) == 1


def test_the_server_does_not_start_with_a_wrong_setting_either():
    ended = start("-m", "gunicorn", "--config", "python:weisf.serving", PORT="eighty")
    assert ended.returncode != 0
    assert ended.stderr.strip().startswith("Error: Setting PORT is 'eighty'.")
    assert "Traceback" not in ended.stderr


def test_each_setting_has_a_bad_value_above():
    assert {name for name, _value in BAD.values()} == settings_that_are_read()


def settings_that_are_read() -> set[str]:
    source = "".join(path.read_text() for path in (ROOT / "weisf").glob("*.py"))
    readers = r"env\.\w+|yes_or_no|whole_number|one_of"
    return set(re.findall(rf'(?:{readers})\(\s*"([A-Z_]+)"', source))


def test_each_setting_is_documented():
    document = (ROOT / "docs" / "settings.md").read_text()
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|.+\|.+\|$", document, re.MULTILINE))
    assert documented == settings_that_are_read()


@pytest.fixture
def settings_with(monkeypatch, tmp_path):
    """Return a function that reads weisf/settings.py afresh with the environment it is given."""

    def read(**environment: str) -> dict[str, Any]:
        for name in settings_that_are_read():
            monkeypatch.delenv(name, raising=False)
        for name, value in {"DATA_DIR": str(tmp_path), "SECRET_KEY": KEY, **environment}.items():
            monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "weisf" / "settings.py"))

    return read


@pytest.mark.parametrize(("name", "value"), BAD.values(), ids=BAD.keys())
def test_the_refusal_is_an_error_of_configuration(name, value, settings_with):
    with pytest.raises(ImproperlyConfigured, match=rf"^Setting {name} .*\.$"):
        settings_with(**BESIDE.get(name, {}) | {name: value})


def test_the_defaults_are_for_this_machine_only(settings_with, tmp_path):
    settings = settings_with()
    assert settings["DEBUG"] is False
    assert settings["WEB_HOST"] == "127.0.0.1"
    assert set(settings["ALLOWED_HOSTS"]) == {"localhost", "127.0.0.1", "[::1]"}
    assert settings["DATABASES"]["default"]["NAME"] == str(tmp_path / "register.sqlite3")
    assert settings["MEDIA_ROOT"] == tmp_path / "papers"
    assert not settings["SESSION_COOKIE_SECURE"]
    assert settings["SECURE_HSTS_SECONDS"] == 0


def test_an_https_site_has_secure_cookies_and_says_so_for_a_year(settings_with):
    settings = settings_with(SITE_URL="https://Register.Example.org/")
    assert settings["SITE_URL"] == "https://register.example.org"
    assert "register.example.org" in settings["ALLOWED_HOSTS"]
    assert settings["CSRF_TRUSTED_ORIGINS"] == ["https://register.example.org"]
    assert settings["SESSION_COOKIE_SECURE"]
    assert settings["CSRF_COOKIE_SECURE"]
    assert settings["SECURE_HSTS_SECONDS"] == 365 * 24 * 60 * 60


@pytest.mark.parametrize("written", ["true", "yes", "on", "1", "True", "YES", "oN"])
def test_a_boolean_is_turned_on_by_any_common_word(written, settings_with):
    settings = settings_with(
        DEBUG=written, BEHIND_PROXY=written, ANNOUNCE=written, SECOND_FACTOR=written
    )
    assert settings["DEBUG"] is True
    assert settings["BEHIND_PROXY"] is True
    assert settings["ANNOUNCE"] is True
    assert settings["SECOND_FACTOR"] is True


@pytest.mark.parametrize("written", ["false", "no", "off", "0", "False", "NO", "oFF"])
def test_a_boolean_is_turned_off_by_any_common_word(written, settings_with):
    settings = settings_with(
        DEBUG=written, BEHIND_PROXY=written, ANNOUNCE=written, SECOND_FACTOR=written
    )
    assert settings["DEBUG"] is False
    assert settings["BEHIND_PROXY"] is False
    assert settings["ANNOUNCE"] is False
    assert settings["SECOND_FACTOR"] is False


@pytest.mark.parametrize("behind", ["true", "false"])
def test_a_proxy_is_believed_only_when_the_setting_says_that_there_is_one(behind, settings_with):
    settings = settings_with(SITE_URL="https://example.org", BEHIND_PROXY=behind)
    assert settings["SECURE_SSL_REDIRECT"] is (behind == "true")
    assert ("SECURE_PROXY_SSL_HEADER" in settings) is (behind == "true")


def test_more_hosts_may_be_named(settings_with):
    settings = settings_with(ALLOWED_HOSTS="web.internal, 10.0.0.7,[::2]")
    assert settings["ALLOWED_HOSTS"][-3:] == ["web.internal", "10.0.0.7", "[::2]"]


def test_a_postgresql_has_a_pool_whose_connections_are_checked(settings_with):
    url = "postgres://register:a%40b@db:5432/register?sslmode=require"
    database = settings_with(DATABASE_URL=url, DATABASE_POOL_SIZE="5")["DATABASES"]["default"]
    assert database["ENGINE"] == "django.db.backends.postgresql"
    assert database["PASSWORD"] == "a@b"
    assert database["OPTIONS"]["pool"] == {"min_size": 1, "max_size": 5, "timeout": 3}
    assert database["OPTIONS"]["sslmode"] == "require"
    assert database["CONN_HEALTH_CHECKS"]


@pytest.mark.parametrize("folder", ["a folder", "a+b", "50%25 #1", "Größe?"])
def test_the_data_may_lie_in_a_folder_of_any_name(folder, settings_with, tmp_path):
    data = tmp_path / folder
    data.mkdir()
    settings = settings_with(DATA_DIR=str(data))
    assert settings["DATABASES"]["default"]["NAME"] == str(data / "register.sqlite3")


def test_the_secret_key_is_read_from_the_data_folder(settings_with, tmp_path):
    (tmp_path / "secret-key").write_text(f"{KEY[::-1]}\n")
    assert settings_with(SECRET_KEY="")["SECRET_KEY"] == KEY[::-1]


def test_an_empty_register_file_means_that_nothing_is_loaded(settings_with):
    assert settings_with(REGISTER_FILE="")["REGISTER_FILE"] == ""
    for first in ({}, {"PARTNERSHIP_FILE": "fixtures/weisf/partnership.toml"}):
        assert settings_with(**first)["REGISTER_FILE"] == str(ROOT / "fixtures/weisf/register.json")
    another = settings_with(PARTNERSHIP_FILE=str(ROOT / "demo/partnership.toml"))
    assert another["REGISTER_FILE"] == ""


def test_without_a_mail_server_nothing_is_sent(settings_with):
    settings = settings_with(EMAIL_URL="", EMAIL_FROM="")
    assert settings["EMAIL_BACKEND"] == NO_MAIL
    assert settings["DEFAULT_FROM_EMAIL"] == settings["PARTNERSHIP"].email == "weisf@essex.gov.uk"
    assert settings["EMAIL_TIMEOUT"] == 20


@pytest.mark.parametrize(
    ("url", "port", "tls", "ssl"),
    [
        ("smtp://mail.example.org", 25, False, False),
        ("smtp+tls://mail.example.org", 587, True, False),
        ("smtp+ssl://mail.example.org", 465, False, True),
        ("smtp+tls://mail.example.org:2525", 2525, True, False),
    ],
)
def test_a_mail_server_is_one_address(settings_with, url, port, tls, ssl):
    settings = settings_with(EMAIL_URL=url, EMAIL_FROM="The register <register@example.org>")
    assert settings["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"
    assert (settings["EMAIL_HOST"], settings["EMAIL_PORT"]) == ("mail.example.org", port)
    assert (settings["EMAIL_HOST_USER"], settings["EMAIL_HOST_PASSWORD"]) == ("", "")
    assert settings["DEFAULT_FROM_EMAIL"] == "The register <register@example.org>"
    assert (settings["EMAIL_USE_TLS"], settings["EMAIL_USE_SSL"]) == (tls, ssl)


def test_a_mail_server_may_want_a_user_and_an_odd_password(settings_with):
    settings = settings_with(EMAIL_URL="smtp+tls://me%40example.org:a%2Fb%3Ac@mail.example.org")
    assert settings["EMAIL_HOST_USER"] == "me@example.org"
    assert settings["EMAIL_HOST_PASSWORD"] == "a/b:c"


def test_e_mails_may_be_files(settings_with, tmp_path):
    folder = tmp_path / "a folder"
    folder.mkdir()
    settings = settings_with(EMAIL_URL=f"filemail://{tmp_path}/a%20folder")
    assert settings["EMAIL_BACKEND"] == "django.core.mail.backends.filebased.EmailBackend"
    assert settings["EMAIL_FILE_PATH"] == str(folder)


def test_e_mails_may_be_printed_or_sent_by_any_backend(settings_with):
    console = "django.core.mail.backends.console.EmailBackend"
    assert settings_with(EMAIL_URL="consolemail://")["EMAIL_BACKEND"] == console
    assert settings_with(EMAIL_BACKEND=console)["EMAIL_BACKEND"] == console


def test_a_backend_by_its_name_finds_the_mail_server_on_this_machine(settings_with):
    settings = settings_with(EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend")
    assert (settings["EMAIL_HOST"], settings["EMAIL_PORT"]) == ("localhost", 25)


def test_two_ways_for_e_mails_are_one_too_many(settings_with):
    with pytest.raises(ImproperlyConfigured, match="EMAIL_BACKEND is set beside EMAIL_URL"):
        settings_with(EMAIL_URL="consolemail://", EMAIL_BACKEND=NO_MAIL)


def test_the_settings_of_gov_uk_notify_are_not_read_where_it_is_not_chosen(settings_with):
    beside = {"GOVUK_NOTIFY_API_KEY": KEY, "GOVUK_NOTIFY_PLAIN_EMAIL_TEMPLATE_ID": ID}
    not_chosen = settings_with(**beside)
    assert [not_chosen[name] for name in beside] == ["", ""]


def test_gov_uk_notify_wants_its_packages(settings_with, monkeypatch):
    monkeypatch.setitem(sys.modules, "django_gov_notify", None)
    with pytest.raises(ImproperlyConfigured, match=r"^Setting EMAIL_BACKEND .*EXTRAS=notify\b"):
        settings_with(
            EMAIL_BACKEND=NOTIFY,
            GOVUK_NOTIFY_API_KEY=f"our-key-{ID}-{ID}",
            GOVUK_NOTIFY_PLAIN_EMAIL_TEMPLATE_ID=ID,
        )


def test_a_bucket_wants_its_packages(settings_with, monkeypatch):
    monkeypatch.setitem(sys.modules, "storages", None)
    with pytest.raises(ImproperlyConfigured, match=r"EXTRAS=s3\b"):
        settings_with(PAPERS_URL="s3://s3.example.org/papers")


def test_a_directory_wants_its_packages(settings_with, monkeypatch):
    monkeypatch.setitem(sys.modules, "jwt", None)
    with pytest.raises(ImproperlyConfigured, match=r"^Setting OIDC_SERVER_URL .*EXTRAS=oidc\b"):
        settings_with(**DIRECTORY)


def test_a_refusal_tells_no_secret(settings_with):
    with pytest.raises(ImproperlyConfigured) as refusal:
        settings_with(PAPERS_URL="s3://key:very-secret@s3.example.org/Bucket")
    assert "very-secret" not in str(refusal.value)
