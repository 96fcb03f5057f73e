"""What every test starts from: the real register, in a database of its own."""

from __future__ import annotations

import datetime
import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, override_settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from registers.imports.fixture import is_empty, load_register, read_register
from registers.search.index import clear_index
from tests import database_copy
from tests.cast import somebody
from tests.lengths import LONG

FIXTURES = Path(__file__).parents[1] / "fixtures" / "weisf"
LOADED_AT = datetime.datetime(2026, 11, 22, 9, 0, tzinfo=datetime.UTC)
TODAY = datetime.date(2026, 11, 22)

# The suite tries the same cases each time, so that no change is refused by chance or because the
# machine is busy; `make long` looks for new ones. Who takes a fixture here changes nothing of it
# that the next case does not write over.
hypothesis_settings.register_profile(
    "suite",
    derandomize=not LONG,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
hypothesis_settings.load_profile("suite")


def pytest_collection_finish() -> None:
    """Look for what is garbage less often: nearly all that is there now stays until the end."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse a test of transactions that runs on one database only."""
    for item in items:
        django_db = item.get_closest_marker("django_db")
        needs_both = django_db and django_db.kwargs.get("transaction")
        if needs_both and not item.get_closest_marker("both_databases"):
            raise pytest.UsageError(f"{item.nodeid} uses transactions: mark it both_databases.")


def load_real_register() -> None:
    load_register(read_register(FIXTURES / "register.json"), at=LOADED_AT)


def empty_the_register() -> None:
    """Take every row of the register away, within a transaction."""
    tables = [t for t in connection.introspection.table_names() if t.startswith("registers_")]
    # FTS5 keeps shadow tables beside these, which are its own.
    tables += ["search_protocols", "search_organisations"]
    with connection.cursor() as cursor, connection.constraint_checks_disabled():
        cursor.execute(
            "SET CONSTRAINTS ALL DEFERRED" if connection.vendor == "postgresql" else "SELECT 1"
        )
        for table in tables:
            cursor.execute(f'DELETE FROM "{table}"')


@pytest.fixture(scope="session")
def django_db_setup(request, django_db_blocker) -> Iterator[None]:
    """Load the real register once; each test's own changes are rolled back."""
    with django_db_blocker.unblock():
        with database_copy.made_once():
            request.getfixturevalue("django_db_setup")  # pytest-django's own, which migrates
            if is_empty():
                load_real_register()
        with database_copy.kept():
            yield


@pytest.fixture(scope="session", autouse=True)
def static_files_when_asked() -> Iterator[None]:
    """Let each client of the tests look for a static file when it asks for one.

    WhiteNoise would list the whole folder for each client, which takes 20 ms.
    """
    with override_settings(WHITENOISE_AUTOREFRESH=True):
        yield


@pytest.fixture(autouse=True)
def another_register() -> None:
    """Read it afresh: the transaction of the test before was rolled back, its versions with it."""
    clear_index()


@pytest.fixture
def real_register(db) -> None:
    """Be sure of the real register, also after a test that emptied the database."""
    if is_empty():
        if connection.in_atomic_block:
            load_real_register()
        else:  # a test of transactions, which the database itself was emptied for
            database_copy.restore()


@pytest.fixture
def empty_register(db) -> None:
    """Start from nothing; the test's transaction brings the real register back."""
    empty_the_register()


@pytest.fixture
def today() -> Iterator[datetime.date]:
    """Stand at noon of a known day. Only the doors ask the clock."""
    with time_machine.travel(
        datetime.datetime(2026, 11, 22, 12, 0, tzinfo=datetime.UTC), tick=False
    ):
        yield TODAY


@pytest.fixture
def officer(db) -> User:
    """Olive, a WEISF officer who may do everything in admin."""
    return User.objects.create_superuser("olive")


@pytest.fixture
def officers_door(officer, client: Client) -> Client:
    """A browser in which Olive is logged in."""
    client.force_login(officer)
    return client


@pytest.fixture
def quick_passwords(settings) -> None:
    """Do not take the time that makes guessing dear."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def stranger() -> None:
    """Somebody who is not logged in."""


@pytest.fixture
def editor(db) -> User:
    """Edith, who drafts and edits."""
    return somebody("edith", "Editor")


@pytest.fixture
def publisher(db) -> User:
    """Paul, who also publishes, withdraws, imports and merges."""
    return somebody("paul", "Publisher")


@pytest.fixture
def administrator(db) -> User:
    """Ada, who also lets others in."""
    return somebody("ada", "Administrator")
