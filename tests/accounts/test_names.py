"""One person, one username: however it is spelt."""

import io

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from registers.accounts.names import spelling_of, user_named

pytestmark = pytest.mark.both_databases

SAME = {
    "capitals": "OLIVE",
    "a space before and behind": " olive ",
    "a space within": "o live",
    "a character that is not seen": "oli\u200bve",
    "wide letters": "ｏｌｉｖｅ",
    "a dot at the end": "olive.",
    "dots at the end": "olive...",
    "NUL": "olive\0",
    "a soft hyphen": "oli\u00adve",
    "half of a pair": "olive\ud800",
}
OTHERS = {
    "another letter": "olivia",
    "a letter from elsewhere that looks the same": "оlive",
    "a dot within": "o.live",
    "nothing": "",
}


@pytest.mark.parametrize("spelt", SAME.values(), ids=SAME)
def test_it_is_the_same_name(db, spelt):
    olive = User.objects.create_user("olive")
    assert spelling_of(spelt) == "olive"
    assert user_named(spelt) == olive


@pytest.mark.parametrize("spelt", OTHERS.values(), ids=OTHERS)
def test_it_is_another_name(db, spelt):
    User.objects.create_user("olive")
    assert user_named(spelt) is None


@pytest.mark.parametrize(
    ("one", "other"), [("Élise", "e\u0301lise"), ("straße", "STRASSE"), ("ﬁona", "fiona")]
)
def test_forms_of_a_letter_are_one(one, other):
    assert spelling_of(one) == spelling_of(other)


@pytest.mark.parametrize("name", ["Olive", "olive.", "OLIVE"])
def test_a_second_spelling_is_refused(db, name):
    User.objects.create_user("olive")
    with pytest.raises(ValidationError, match="Somebody has this username"):
        User.objects.create_user(name)


def test_a_name_of_nothing_is_refused(db):
    with pytest.raises(ValidationError):
        User.objects.create_user("...")


def test_the_command_tells_it_in_a_sentence(db, monkeypatch):
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a password of these tests")
    User.objects.create_user("olive")
    with pytest.raises(CommandError, match="Somebody has this username"):
        call_command(
            "createsuperuser",
            interactive=False,
            username="Olive",
            email="o@example.org",
            stdout=io.StringIO(),
        )


def test_two_of_before_go_by_their_own(db):
    olive, other = User(username="olive"), User(username="Olive")
    User.objects.bulk_create([olive, other])  # as they came in before it was watched
    assert user_named("olive").username == "olive"
    assert user_named("Olive").username == "Olive"
    assert user_named("OLIVE") is None


def test_a_back_up_is_read_as_it_was(db, tmp_path):
    User.objects.bulk_create([User(username="olive"), User(username="Olive")])
    kept = tmp_path / "users.json"
    call_command("dumpdata", "auth.user", output=str(kept), verbosity=0)
    call_command("loaddata", str(kept), verbosity=0)
    assert User.objects.count() == 2
