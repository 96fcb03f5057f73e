"""Django settings. Each comes from the environment, and is listed in docs/settings.md.

An invalid value stops the start with a sentence that names the setting and
says what to do. No default is unsafe on the open internet.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import quote

from csp.constants import NONE, SELF
from pythonjsonlogger.core import RESERVED_ATTRS

from weisf.environment import (
    env,
    one_of,
    read_cache,
    read_database,
    refuse,
    whole_number,
    yes_or_no,
)
from weisf.mail import TIMEOUT, read_mail
from weisf.partnership import read_partnership
from weisf.single_sign_on import read_single_sign_on
from weisf.storage import read_storage
from weisf.version import read_version

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = read_version()

# Folders and address ------------------------------------------------------------------------

# The database, the secret key and uploaded papers: what a back-up must hold.
DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / "var"))).absolute()
if not DATA_DIR.is_dir():
    raise refuse("DATA_DIR", f"names the folder {DATA_DIR}, which is not there. Make it first.")

SITE_URL = str(env.str("SITE_URL", "http://localhost:8000")).rstrip("/").lower()
_site = re.fullmatch(r"(https?)://([a-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?", SITE_URL)
if not _site:
    raise refuse("SITE_URL", f"is '{SITE_URL}'. Write it like https://register.example.org.")
HTTPS = _site[1] == "https"
if not HTTPS and _site[2] not in {"localhost", "127.0.0.1", "[::1]"}:
    raise refuse("SITE_URL", f"is '{SITE_URL}'. Use https, or http only on localhost.")

# Hosts that requests may name beside the site's own; the loopback serves health checks.
ALLOWED_HOSTS = [_site[2], "localhost", "127.0.0.1", "[::1]"]
for _host in map(str.strip, env.list("ALLOWED_HOSTS", default=[])):
    if not re.fullmatch(r"[A-Za-z0-9.-]+|\[[0-9a-f:]+\]", _host):
        raise refuse(
            "ALLOWED_HOSTS", f"holds '{_host}'. Name hosts, without https:// and without a '*'."
        )
    ALLOWED_HOSTS.append(_host)

# The partnership ----------------------------------------------------------------------------

FIRST_PARTNERSHIP = BASE_DIR / "fixtures/weisf/partnership.toml"
PARTNERSHIP_FILE = Path(env.str("PARTNERSHIP_FILE", str(FIRST_PARTNERSHIP)))
try:
    PARTNERSHIP = read_partnership(PARTNERSHIP_FILE)
except ValueError as problem:
    raise refuse("PARTNERSHIP_FILE", str(problem)) from problem

IS_FIRST_PARTNERSHIP = PARTNERSHIP_FILE.resolve() == FIRST_PARTNERSHIP.resolve()
# What an empty database is filled with. Empty: nothing, as for another partnership by default.
REGISTER_FILE = env.str(
    "REGISTER_FILE",
    str(BASE_DIR / "fixtures/weisf/register.json") if IS_FIRST_PARTNERSHIP else "",
)
if REGISTER_FILE and not Path(REGISTER_FILE).is_file():
    raise refuse("REGISTER_FILE", f"names {REGISTER_FILE}, which is not there. Correct the path.")

# Security -----------------------------------------------------------------------------------

DEBUG = yes_or_no("DEBUG", default=False)
SHORTEST_KEY = 50


def read_secret_key() -> str:
    """Return SECRET_KEY, or the content of DATA_DIR/secret-key, which `make setup` writes once."""
    key = str(env.str("SECRET_KEY", ""))
    path = DATA_DIR / "secret-key"
    if not key and path.is_file():
        key = path.read_text().strip()
    if not key:
        raise refuse(
            "SECRET_KEY", f"is missing. Set it, or run `make setup`, which writes one to {path}."
        )
    if len(key) < SHORTEST_KEY:
        raise refuse(
            "SECRET_KEY", f"is shorter than {SHORTEST_KEY} characters. Use a longer random one."
        )
    return key


SECRET_KEY = read_secret_key()

# A proxy in front that sets X-Forwarded-Proto and X-Forwarded-For. Off unless said, since
# without one a visitor could send those headers.
BEHIND_PROXY = yes_or_no("BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# A CDN before a proxy are two: each adds the address of who asked it to X-Forwarded-For.
PROXY_COUNT = whole_number("PROXY_COUNT", default=1, most=9)
SECURE_SSL_REDIRECT = HTTPS and BEHIND_PROXY
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
CSRF_TRUSTED_ORIGINS = [SITE_URL]
CSRF_FAILURE_VIEW = "registers.public.errors.forbidden"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# Log-in -------------------------------------------------------------------------------------

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "registers.accounts.passwords.CommonOrOwnWordsValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
SESSION_ENGINE = "registers.accounts.session_store"
# After so long without a request a session ends, and in any case twelve hours after the log-in:
# registers/accounts/sessions.py.
SESSION_COOKIE_AGE = 60 * whole_number("SESSION_IDLE_MINUTES", default=120, most=720)

AUTHENTICATION_BACKENDS = ["registers.accounts.adapter.EditorBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "admin:index"
ACCOUNT_FORMS = {
    "reset_password": "registers.accounts.forms.ForgottenPasswordForm",
    "user_token": "registers.accounts.forms.LinkForm",
}
ACCOUNT_ADAPTER = "registers.accounts.adapter.AccountAdapter"
# An administrator lets people in.
ACCOUNT_SIGNUP_ENABLED = False
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
# Else anybody could have e-mails sent to anybody.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = f"{PARTNERSHIP.register_name}: "
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = True
# Failures, shared by all workers: by name together with address, which is allauth's "key" (see
# registers/accounts/adapter.py), by address, and by name alone, which slows and never locks.
# Codes are counted by user: who guesses them knows the password.
ACCOUNT_RATE_LIMITS = {
    "login": None,
    "login_failed": "10/15m/key",
    "login_address": "30/15m/ip",
    "login_name": "10/15m/key",
    "change_password": "10/15m/user",
    # What stores a session for anybody, so that nobody fills the table.
    "begin_log_in": "30/m/ip",
    "password_link": "1/m/user",  # for whom an administrator has it sent
    "reset_password": "20/m/ip,5/h/key",
}
# Administrators write the addresses, and no address here verifies one.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_ADAPTER = "registers.accounts.adapter.MFAAdapter"
MFA_FORMS = {"authenticate": "registers.accounts.forms.CodeForm"}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
# Browsers let a passkey on http be used on this machine alone, and so does SITE_URL.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS
MFA_TOTP_ISSUER = PARTNERSHIP.register_name
# A clock may be wrong by half a minute.
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODE_DIGITS = 16
MFA_RECOVERY_CODES_SHOW_ONCE = True

# A code of an app, or a passkey, in addition to the password.
SECOND_FACTOR = yes_or_no("SECOND_FACTOR", default=HTTPS)
if HTTPS and not SECOND_FACTOR:
    raise refuse(
        "SECOND_FACTOR", "turns it off, and SITE_URL begins with https. Remove SECOND_FACTOR."
    )

# Log-in by a directory, or None: registers/accounts/single_sign_on.py.
SINGLE_SIGN_ON = read_single_sign_on()
SOCIALACCOUNT_ADAPTER = "registers.accounts.single_sign_on.SingleSignOnAdapter"

# For how many days what was written on a form of admin and not saved is kept for its user.
FORM_DRAFT_DAYS = whole_number("FORM_DRAFT_DAYS", default=7, most=365)

# For how many days what a lead filled in by its link and did not send is kept, since it was saved.
LEAD_DRAFT_DAYS = whole_number("LEAD_DRAFT_DAYS", default=60, most=365)

# For how many days the note of a lead's answer is kept after the answer was decided.
ANSWER_NOTE_DAYS = whole_number("ANSWER_NOTE_DAYS", default=365, most=3_650)
# For how many days it is kept to which address a reminder went, and what went wrong.
SENT_EMAIL_DAYS = whole_number("SENT_EMAIL_DAYS", default=365, most=3_650)
# For how many days a request for approval is kept, with the reason of an objection: not fewer than
# its link can be used.
APPROVAL_REQUEST_DAYS = whole_number("APPROVAL_REQUEST_DAYS", default=730, least=60, most=3_650)

# Apps and middleware ------------------------------------------------------------------------

INSTALLED_APPS = [
    "registers",
    "registers.apps.EditorsDoor",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_filters",
    "django_http_compression",
]
if SINGLE_SIGN_ON:
    INSTALLED_APPS.append("allauth.socialaccount")
MIDDLEWARE = [
    "registers.public.health_host.health_host_middleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django_http_compression.middleware.HttpCompressionMiddleware",
    "csp.middleware.CSPMiddleware",
    "registers.public.cors.cors_middleware",
    "registers.public.upload_limit.upload_limit_middleware",
    "registers.admin.form_drafts.form_draft_middleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "registers.admin.auth.input_guard.InputGuardMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "registers.accounts.sessions.EditorSessionMiddleware",
]
ROOT_URLCONF = "weisf.urls"
WSGI_APPLICATION = "weisf.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "registers.public.request_context.site",
            ],
        },
    }
]

# The database -------------------------------------------------------------------------------

DATABASE_URL = env.str("DATABASE_URL", f"sqlite:///{quote(str(DATA_DIR / 'register.sqlite3'))}")
POOL_SIZE = whole_number("DATABASE_POOL_SIZE", default=8)
DATABASES = {"default": read_database(DATABASE_URL, pool_size=POOL_SIZE)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Proposals ----------------------------------------------------------------------------------

# Whether what Publishers edit of published records waits for another of them too.
SECOND_PAIR_OF_EYES = yes_or_no("SECOND_PAIR_OF_EYES", default=False)
# For how many days a proposal is kept after it ended.
PROPOSAL_DAYS = whole_number("PROPOSAL_DAYS", default=365, most=36_500)
# Whether readers can write what is wrong on a page, and for how many days that is kept.
SUGGESTIONS = yes_or_no("SUGGESTIONS", default=True)
SUGGESTION_DAYS = whole_number("SUGGESTION_DAYS", default=180, most=3_650)

# Caches -------------------------------------------------------------------------------------

# What all workers share: attempts to log in. In the database, or in Redis or Valkey.
CACHES = {"default": read_cache(str(env.str("CACHE_URL", "")))}

# Language, time zone and files --------------------------------------------------------------

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "Europe/London"
USE_I18N = False
FORMAT_MODULE_PATH = "weisf.formats"

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STATICFILES_DIRS = [BASE_DIR / "static", ("govuk", BASE_DIR / "var" / "govuk")]
STORAGES = {
    "default": read_storage(),
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage",
        # In an image one user collects them and another serves them.
        "OPTIONS": {"file_permissions_mode": 0o644},
    },
}
MEDIA_ROOT = DATA_DIR / "papers"
FILE_UPLOAD_PERMISSIONS = 0o640
# The form of a protocol has ten fields for each organisation, and some protocols have a hundred.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1500

# E-mail -------------------------------------------------------------------------------------

_mail = read_mail(partnership_email=PARTNERSHIP.email)
EMAIL_BACKEND = _mail.backend
EMAIL_HOST = _mail.host
EMAIL_PORT = _mail.port
EMAIL_HOST_USER = _mail.user
EMAIL_HOST_PASSWORD = _mail.password
EMAIL_USE_TLS = _mail.use_tls
EMAIL_USE_SSL = _mail.use_ssl
EMAIL_FILE_PATH = _mail.folder
EMAIL_TIMEOUT = TIMEOUT
DEFAULT_FROM_EMAIL = _mail.sender
GOVUK_NOTIFY_API_KEY = _mail.notify_key
GOVUK_NOTIFY_PLAIN_EMAIL_TEMPLATE_ID = _mail.notify_template

# The page cache -----------------------------------------------------------------------------

# For each worker. 0 turns the page cache off.
PAGE_MEMORY_MB = whole_number("PAGE_MEMORY_MB", default=32, least=0, most=100_000)
# For how long a proxy may show a page as it was before an edit.
SHARED_CACHE_SECONDS = whole_number("SHARED_CACHE_SECONDS", default=5, least=0, most=3_600)

# How long others keep what was taken out. 0: not known, and the page says so.
BACKUP_DAYS = whole_number("BACKUP_DAYS", default=0, least=0, most=10_000)
DATABASE_LOG_DAYS = whole_number("DATABASE_LOG_DAYS", default=0, least=0, most=10_000)

# Logging: JSON lines on stdout --------------------------------------------------------------

LOG_LEVEL = one_of("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), default="INFO")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
            "datefmt": "%Y-%m-%dT%H:%M:%S%z",
            "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
            # Django adds the whole request, which contains what a reader searched for.
            "reserved_attrs": [*RESERVED_ATTRS, "request"],
        }
    },
    "handlers": {
        "stdout": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stdout",
            "formatter": "json",
        }
    },
    "root": {"handlers": ["stdout"], "level": LOG_LEVEL},
    # Without Django's own handlers, which write to stderr or send e-mails.
    "loggers": {name: {"handlers": [], "propagate": True} for name in ("django", "django.server")},
}

# The web server -----------------------------------------------------------------------------

# The address to listen on: this machine only by default.
WEB_HOST = str(env.str("WEB_HOST", "127.0.0.1"))
try:
    ip_address(WEB_HOST)
except ValueError as problem:
    raise refuse("WEB_HOST", f"is '{WEB_HOST}'. Write an IP address, like 0.0.0.0.") from problem
PORT = whole_number("PORT", default=8000, most=65_535)
WEB_WORKERS = whole_number("WEB_WORKERS", default=2)
WEB_THREADS = whole_number("WEB_THREADS", default=4)
if WEB_THREADS > POOL_SIZE and "pool" in DATABASES["default"]["OPTIONS"]:
    # Each thread keeps its connection between requests: one too many would wait for ever.
    raise refuse(
        "DATABASE_POOL_SIZE",
        f"is {POOL_SIZE}. Write {WEB_THREADS} or more: one for each of the WEB_THREADS.",
    )
# For a person at a terminal: prints where the register is, once it answers.
ANNOUNCE = yes_or_no("ANNOUNCE", default=False)
