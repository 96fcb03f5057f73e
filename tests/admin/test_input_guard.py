"""What comes to the editors' door and cannot be read gets 400, and a sentence."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.admin.typing_in import address, boxes
from tests.cast import door_of

FORM = address("protocol", "change", "0046")
NUL = {
    "in the address": "/admin/registers/protocol/%00/change/",
    "in a value of the question": "/admin/registers/protocol/?q=a%00b",
    "in a name of the question": "/admin/registers/protocol/?%00=a",
    "at the log-in": "/admin/login/?next=%00",
    "in an autocomplete": "/admin/autocomplete/?term=%00",
}


@pytest.fixture
def door(real_register, editor) -> Client:
    return door_of(editor)


@pytest.mark.parametrize("url", NUL.values(), ids=NUL)
@pytest.mark.parametrize("method", ["get", "post"])
def test_nul_is_told(door, url, method):
    answer = getattr(door, method)(url)
    assert answer.status_code == 400
    assert "NUL character" in answer.content.decode()


@pytest.mark.parametrize("typed", [{"title": "a\0b"}, {"a\0b": "title"}], ids=["value", "name"])
@pytest.mark.parametrize("url", [FORM, "/admin/login/", "/admin/password_change/"])
def test_nul_in_a_form_is_told(door, typed, url):
    assert door.post(url, typed).status_code == 400


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/form-data; boundary=x; charset=base64",
        "application/x-www-form-urlencoded; charset=base64",
        "multipart/form-data; boundary=x; charset=utf-7",
        "multipart/form-data; boundary=x; charset=rot13",
        "multipart/form-data; boundary=x; charset=no-such",
        "multipart/form-data; boundary=",
        "text/plain; charset=hex",
    ],
)
@pytest.mark.parametrize("url", [FORM, "/admin/login/"])
def test_a_form_that_is_no_text_is_told(door, kind, url):
    body = b'--x\r\nContent-Disposition: form-data; name="title"\r\n\r\nA\r\n--x--\r\n'
    assert door.generic("POST", url, body, content_type=kind).status_code == 400


@pytest.mark.parametrize("kind", ["UTF-8", "utf-8"])
def test_letters_are_read(door, kind):
    body = b"title=A"
    kind = f"application/x-www-form-urlencoded; charset={kind}"
    # Whoever is logged in is led on from there.
    answer = Client().generic("POST", "/admin/login/", body, content_type=kind)
    assert answer.status_code == 200
    assert door.get(FORM, CONTENT_TYPE="text/plain; charset=utf-8").status_code == 200


@pytest.mark.parametrize("url", ["/admin/", FORM, "/admin/jsi18n/", "/admin/password_change/"])
def test_no_page_is_kept(door, url):
    assert "no-store" in door.get(url).headers["Cache-Control"]


ODD = {
    "a number past all": "9" * 40,
    "a number of 5000 digits": "9" * 5000,
    "a negative number": "-1",
    "no number": "x",
    "a day past all": "99999-12-31",
    "a long text": "x" * 70_000,
    "another script": "٣",
}


@pytest.mark.both_databases
@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_what_is_odd_is_no_failure(door, odd):
    held = boxes(door, FORM)
    for name in ("theme", "review_date", "parties-0-id", "parties-0-organisation", "title"):
        assert door.post(FORM, held | {name: odd}).status_code < 500, name
    assert door.get("/admin/registers/protocol/", {"theme__id__exact": odd}).status_code < 500


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_an_odd_number_of_rows_is_no_failure(door, odd):
    held = boxes(door, FORM)
    for name in ("parties-TOTAL_FORMS", "parties-INITIAL_FORMS"):
        # For any number past 2,000 Django draws as many empty rows, which takes seconds.
        if (name, odd) != ("parties-TOTAL_FORMS", ODD["a number past all"]):
            assert door.post(FORM, held | {name: odd}).status_code < 500, name


def test_a_form_without_its_numbers_is_no_failure(door):
    held = boxes(door, FORM)
    for name in [n for n in held if n.endswith("_FORMS")]:
        held.pop(name)
    assert door.post(FORM, held).status_code == 200
