"""The colours and the logo of a partnership: checked, then served for a year."""

from __future__ import annotations

import re
import struct
from dataclasses import replace

import pytest

from weisf.branding import (
    BUTTON_TEXT,
    GROUNDS,
    ICON,
    OWN_HEADER,
    VARIABLES,
    Colours,
    Logo,
    Palette,
    contrast,
)
from weisf.partnership import Partnership

LIGHT = {"brand": "#7a1f5c", "header": "#5b1745", "button": "#7a1f5c", "link": "#7a1f5c"}
DARK = {"brand": "#e79fd0", "header": "#3f1030", "button": "#e79fd0", "link": "#f0b8de"}
COLOURS = Colours(light=Palette(**LIGHT), dark=Palette(**DARK))


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#ffffff", "#ffffff", 1.0),
        ("#767676", "#ffffff", 4.54),
        ("#0b5a8a", "#eef5f6", 6.7),
    ],
)
def test_contrast_is_that_of_wcag(one, other, ratio):
    assert contrast(one, other) == contrast(other, one) == pytest.approx(ratio, abs=0.05)


@pytest.mark.parametrize(
    ("scheme", "name", "colour", "told"),
    [
        ("light", "link", "#77bbee", "2.07:1 with the page (#ffffff). Text needs 4.5:1"),
        ("light", "link", "#747474", "4.23:1 with the tinted ground (#eef5f6). Text needs 4.5:1"),
        ("light", "header", "#ffcc00", "its white words (#ffffff). Text needs 4.5:1"),
        ("light", "button", "#77bbee", "its words (#ffffff). Text needs 4.5:1"),
        ("light", "brand", "#AABBCC", "with the page (#ffffff). Borders need 3:1"),
        ("dark", "link", "#0b5a8a", "with the page (#10191b). Text needs 4.5:1"),
        ("dark", "header", "#e79fd0", "its white words (#ffffff). Text needs 4.5:1"),
        ("dark", "button", "#3f1030", "its words (#08191c). Text needs 4.5:1"),
        ("dark", "brand", "#3f1030", "with the page (#10191b). Borders need 3:1"),
    ],
)
def test_a_colour_that_cannot_be_told_from_what_is_beside_it(scheme, name, colour, told):
    given = {"light": LIGHT, "dark": DARK}
    given[scheme] = given[scheme] | {name: colour}
    with pytest.raises(ValueError, match=re.escape(told)) as refusal:
        Colours(light=Palette(**given["light"]), dark=Palette(**given["dark"]))
    assert f"'colours.{scheme}.{name}' is {colour.lower()}" in str(refusal.value)


def test_what_colours_are_checked_against_is_what_the_register_shows(settings):
    css = (settings.BASE_DIR / "static/register.css").read_text()
    of_light, _, of_dark = css.partition("prefers-color-scheme: dark")
    for scheme, part in (("light", of_light), ("dark", of_dark.partition("/*")[0])):
        shown = dict(re.findall(r"(--[a-z-]+): (#[0-9a-f]+);", part.replace("#fff;", "#ffffff;")))
        assert GROUNDS[scheme] == {
            "the page": shown["--govuk-body-background-colour"],
            "the tinted ground": shown["--register-ground"],
        }
        assert BUTTON_TEXT[scheme] == shown["--register-button-text"]
        assert OWN_HEADER[scheme] == shown["--register-header"]
        assert {each for names in VARIABLES.values() for each in names} <= shown.keys()
    assert OWN_HEADER["light"] in ICON.read_text()


PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 120, 60) + bytes(20)
SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
DRAWN = f'{SVG} viewBox="0 0 30 20">{{}}</svg>'


@pytest.mark.parametrize(
    ("name", "body", "width"),
    [
        ("logo.png", PNG, 80),
        ("LOGO.SVG", DRAWN.format("").encode(), 60),
        ("a.svg", DRAWN.format('<use xlink:href="#b"/>').encode(), 60),
        ("a.svg", f'{SVG} viewBox=" 0,0,.5,20."></svg>'.encode(), 1),
        ("a.svg", DRAWN.format('<g style="fill:url(#b)"/>').encode(), 60),
        ("a.svg", DRAWN.format(r"<title>a\b @import</title>").encode("utf-8-sig"), 60),
        (
            "a.svg",
            DRAWN.format(r'<g xmlns:i="urn:i" i:export-filename="C:\Us\a.png"/>').encode(),
            60,
        ),
    ],
)
def test_a_logo_is_read(tmp_path, name, body, width):
    (tmp_path / name).write_bytes(body)
    logo = Logo(file=name, alt="Ours").read(tmp_path)
    assert logo.size == (width, 40)
    assert logo.image
    assert logo.image.body == body


@pytest.mark.parametrize(
    ("name", "body", "told"),
    [
        ("../logo.svg", DRAWN.encode(), "Put the logo beside this file"),
        ("missing.svg", None, "which cannot be read: No such file"),
        ("logo.svg", DRAWN.format(" " * 30_000).encode(), "Use one of 30,000 or fewer"),
        ("logo.gif", b"GIF89a", "Use an SVG or a PNG file"),
        ("logo.png", b"GIF89a", "is not a PNG file"),
        ("logo.png", PNG[:16] + bytes(20), "without a size"),
        ("logo.png", PNG[:18], "is not a PNG file"),
        ("logo.svg", PNG, "is not an SVG file"),
        ("logo.svg", b"<html/>", "is not an SVG file"),
        ("logo.svg", b"<svg", "is not an SVG file"),
        ("logo.svg", f"{SVG}/>".encode(), "without a viewBox"),
        ("logo.svg", f'{SVG} viewBox="0 0 0 9"/>'.encode(), "without a viewBox"),
        ("logo.svg", b"<!DOCTYPE svg><svg/>", "has a DOCTYPE"),
        ("logo.svg", DRAWN.format("<style>@import 'a'</style>").encode(), "loads a file"),
        ("logo.svg", DRAWN.format(r"<style>a{b:u\72l(a)}</style>").encode(), "loads a file"),
        ("logo.svg", DRAWN.format("<style>a{b:image-set('//a' 1x)}</style>").encode(), "loads a"),
        ("logo.svg", DRAWN.format("<style>a{b:src('//a')}</style>").encode(), "loads a file"),
        ("logo.svg", DRAWN.format("<style><g/>@import 'a';</style>").encode(), "loads a file"),
        ("logo.svg", DRAWN.format(r'<g fill="u\72l(//a)"/>').encode(), "has 'fill="),
        ("logo.svg", DRAWN.format("").encode("utf-16"), "is not an SVG file in UTF-8"),
        ("logo.svg", DRAWN.format("").encode("utf-16-le"), "is not an SVG file in UTF-8"),
        (
            "logo.svg",
            DRAWN.format('<g style="fill:url(//a)"/>').encode(),
            "'style=\"fill:url(//a)\"'",
        ),
        ("logo.svg", DRAWN.format('<image src="//a"/>').encode(), "'src=\"//a\"'"),
        ("logo.svg", b'<?xml-stylesheet href="a"?>' + DRAWN.encode(), "has an xml-stylesheet"),
        ("logo.svg", f'{SVG} viewBox="0 0 inf 9"/>'.encode(), "without a viewBox"),
        ("logo.svg", DRAWN.format("<script/>").encode(), "has <script> in it"),
        ("logo.svg", DRAWN.format("<foreignObject/>").encode(), "has <foreignObject> in it"),
        ("logo.svg", DRAWN.format('<g onload="f()"/>').encode(), "has 'onload="),
        ("logo.svg", DRAWN.format('<a href="javascript:f()"/>').encode(), "has 'href="),
        ("logo.svg", DRAWN.format('<use xlink:href="https://a.b/c"/>').encode(), "has 'href="),
        ("logo.svg", DRAWN.format('<set to=" JavaScript:f()"/>').encode(), "has 'to="),
    ],
)
def test_a_logo_is_refused_with_a_sentence(tmp_path, name, body, told):
    if body is not None:
        (tmp_path / name).write_bytes(body)
    with pytest.raises(ValueError, match=re.escape(told)):
        Logo(file=name, alt="Ours").read(tmp_path)


@pytest.fixture
def branded(settings, tmp_path) -> Partnership:
    """A partnership with its own colours and logo."""
    (tmp_path / "logo.svg").write_text(DRAWN.format(""))
    logo = Logo(file="logo.svg", alt="The fen").read(tmp_path)
    settings.PARTNERSHIP = replace(settings.PARTNERSHIP, colours=COLOURS, logo=logo)
    partnership: Partnership = settings.PARTNERSHIP
    return partnership


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["/", "/admin/login/"])
def test_each_page_has_the_style_sheet_the_icon_and_the_logo(client, branded, page):
    source = client.get(page).content.decode()
    for name in branded.branding_files:
        assert f'"/branding/{name}"' in source
    assert 'alt="The fen" width="60" height="40"' in source


def test_the_files_are_kept_for_a_year(client, branded):
    kinds = set()
    for name, file in branded.branding_files.items():
        answer = client.get(f"/branding/{name}")
        assert answer.content == file.body
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        kinds.add(answer["Content-Type"])
    assert kinds == {"text/css; charset=utf-8", "image/svg+xml"}
    css = client.get(f"/branding/{branded.style_sheet.name}").content.decode()
    assert all(colour in css for colour in [*LIGHT.values(), *DARK.values()])
    assert branded.icon
    assert LIGHT["header"].encode() in branded.icon.body
    assert client.get("/branding/logo-0.svg").status_code == 404


@pytest.mark.django_db
def test_feeds_have_the_style_sheet(client, branded):
    feed = b"".join(client.get("/news.atom"))
    assert f"/branding/{branded.style_sheet.name}".encode() in feed
