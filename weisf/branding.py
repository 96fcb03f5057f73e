"""A partnership's colours and logo: checked at the start, and made into files to serve.

They are served from memory, at addresses that hold a hash of their content: the partnership's
file is read at the start, and an image has its static files from before.
"""

from __future__ import annotations

import hashlib
import math
import re
import struct
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

ICON = Path(__file__).resolve().parent.parent / "static" / "icon.svg"
TEXT, BORDER = 4.5, 3.0  # what WCAG 2.2 asks of text, and of what is not text
# As in static/register.css, where the register's own colours are.
GROUNDS = {
    "light": {"the page": "#ffffff", "the tinted ground": "#eef5f6"},
    "dark": {"the page": "#10191b", "the tinted ground": "#19272a"},
}
BUTTON_TEXT = {"light": "#ffffff", "dark": "#08191c"}
OWN_HEADER = {"light": "#0b4f5c", "dark": "#0a3b45"}
VARIABLES = {
    "brand": ["--govuk-brand-colour"],
    "header": ["--register-header"],
    "button": ["--register-button"],
    "link": ["--govuk-link-colour", "--govuk-link-hover-colour"],
}
LARGEST_LOGO = 30_000  # bytes: a first visit should stay small
LOGO_HEIGHT = 40  # pixels, in the header
PNG = b"\x89PNG\r\n\x1a\n"
PNG_HEAD = 33  # bytes, with its size
CONTENT_TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png"}


class BrandingFile(NamedTuple):
    """A file that is served at an address of ours; its `name` holds a hash of its content."""

    name: str
    content_type: str
    body: bytes


def branding_file(kind: str, suffix: str, body: bytes) -> BrandingFile:
    """Return the file, named by what it is and its content."""
    digest = hashlib.blake2b(body, digest_size=8).hexdigest()
    return BrandingFile(f"{kind}-{digest}{suffix}", CONTENT_TYPES[suffix], body)


@dataclass(frozen=True, kw_only=True)
class Palette:
    """Colours such as '#0b4f5c'. An empty one is the register's own."""

    brand: str = ""
    header: str = ""
    button: str = ""
    link: str = ""

    def __post_init__(self) -> None:
        for name, colour in self.given().items():
            if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
                raise ValueError(f"'{name}' is '{colour}'. Write a colour like '#0b4f5c'.")

    def given(self) -> dict[str, str]:
        """Return the colours that are given, by name."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: colour for name, colour in values.items() if colour}

    def css(self) -> str:
        """Return the declarations that set the given colours."""
        return "".join(
            f"{variable}:{colour};"
            for name, colour in self.given().items()
            for variable in VARIABLES[name]
        )


@dataclass(frozen=True, kw_only=True)
class Colours:
    """The colours of a partnership, in light and in dark. Raises ValueError with a sentence."""

    light: Palette = Palette()
    dark: Palette = Palette()

    def __post_init__(self) -> None:
        for name in self.light.given().keys() ^ self.dark.given().keys():
            lacking = "dark" if name in self.light.given() else "light"
            raise ValueError(f"'colours.{lacking}.{name}' is missing. Give it in light and dark.")
        for scheme, palette in (("light", self.light), ("dark", self.dark)):
            for name, colour in palette.given().items():
                _check_contrast(scheme, name, colour.lower())

    def style_sheet(self) -> BrandingFile | None:
        """Return the style sheet that sets the colours, if any are given.

        The attribute is that of Django's admin, where an editor chooses light or dark.
        """
        if not self.light.given():
            return None
        light, dark = self.light.css(), self.dark.css()
        css = (
            f":root{{{light}}}\n"
            "@media screen and (prefers-color-scheme:dark)"
            f'{{:root:not([data-theme="light"]){{{dark}}}}}\n'
            f':root[data-theme="dark"]{{{dark}}}\n'
        )
        return branding_file("colours", ".css", css.encode())

    def icon(self) -> BrandingFile | None:
        """Return the icon of the register in the colour of the header, if that is given."""
        if not self.light.header:
            return None
        svg = ICON.read_text(encoding="utf-8").replace(OWN_HEADER["light"], self.light.header)
        return branding_file("icon", ".svg", svg.encode())

    def header(self) -> dict[str, str]:
        """Return the colour of the header in light and in dark."""
        given = {"light": self.light.header, "dark": self.dark.header}
        return {scheme: given[scheme] or own for scheme, own in OWN_HEADER.items()}


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, from 1 to 21, as WCAG 2.2 defines it."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


LINEAR_UP_TO = 0.04045  # of sRGB


def _luminance(colour: str) -> float:
    """Return the relative luminance of a colour, from 0 to 1."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= LINEAR_UP_TO else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _check_contrast(scheme: str, name: str, colour: str) -> None:
    """Raise ValueError where what stands beside the colour cannot be told from it."""
    grounds = GROUNDS[scheme]
    beside = {
        "header": [("its white words", "#ffffff", TEXT)],
        "button": [("its words", BUTTON_TEXT[scheme], TEXT)],
        "link": [(what, ground, TEXT) for what, ground in grounds.items()],
        "brand": [(what, ground, BORDER) for what, ground in grounds.items()],
    }[name]
    if name == "button":
        beside += [(what, ground, BORDER) for what, ground in grounds.items()]
    for what, other, least in beside:
        # Rounded down: 4.49 is not 4.5.
        ratio = int(contrast(colour, other) * 100) / 100
        if ratio < least:
            kind = "Text needs" if least == TEXT else "Borders need"
            raise ValueError(
                f"'colours.{scheme}.{name}' is {colour}, which has a contrast of {ratio:.2f}:1"
                f" with {what} ({other}). {kind} {least:g}:1. Choose another."
            )


@dataclass(frozen=True, kw_only=True)
class Logo:
    """A logo for the header: an SVG or PNG `file` beside the partnership's, and words for it.

    `image` and `size`, in pixels, are read from the file.
    """

    file: str
    alt: str
    image: BrandingFile | None = field(default=None, repr=False)
    size: tuple[int, int] = (0, LOGO_HEIGHT)

    def read(self, folder: Path) -> Logo:
        """Return the logo with its image. Raises ValueError with a sentence."""
        path = folder / self.file
        if path.parent != folder:
            raise ValueError(f"'logo.file' is '{self.file}'. Put the logo beside this file.")
        try:
            body = path.read_bytes()
        except OSError as problem:
            raise ValueError(
                f"'logo.file' is '{self.file}', which cannot be read: {problem.strerror}."
            ) from problem
        if len(body) > LARGEST_LOGO:
            raise ValueError(
                f"'logo.file' has {len(body):,} bytes. Use one of {LARGEST_LOGO:,} or fewer."
            )
        suffix = path.suffix.lower()
        if suffix not in {".svg", ".png"}:
            raise ValueError(f"'logo.file' is '{self.file}'. Use an SVG or a PNG file.")
        width, height = _svg_size(body) if suffix == ".svg" else _png_size(body)
        return Logo(
            file=self.file,
            alt=self.alt,
            image=branding_file("logo", suffix, body),
            size=(max(1, round(width / height * LOGO_HEIGHT)), LOGO_HEIGHT),
        )


def _png_size(body: bytes) -> tuple[float, float]:
    """Return the width and height that a PNG file begins with. Raises ValueError."""
    if not body.startswith(PNG) or body[12:16] != b"IHDR" or len(body) < PNG_HEAD:
        raise ValueError("'logo.file' is not a PNG file. Save it as one.")
    width, height = struct.unpack(">II", body[16:24])
    if not width or not height:
        raise ValueError("'logo.file' is a PNG file without a size. Save it anew.")
    return width, height


ACTIVE = {"script", "foreignObject", "iframe", "handler", "listener"}
WITHIN = ("#", "data:image/png", "data:image/jpeg")  # links that load nothing from elsewhere
# What styles load, or could hide with an escape that they load.
LOADED = re.compile(
    r"@import|\\|(image-set|src)\(|url\((?!\s*['\"]?\s*(#|data:image/(png|jpeg)))", re.IGNORECASE
)


def _svg_size(body: bytes) -> tuple[float, float]:
    """Return the width and height of an SVG file that runs and loads nothing. Raises ValueError."""
    text = body.decode("utf-8-sig", errors="replace")
    # UTF-16 without a mark of its own can be read as UTF-8 with null characters.
    if "\N{REPLACEMENT CHARACTER}" in text or "\0" in text:
        raise ValueError("'logo.file' is not an SVG file in UTF-8. Save it as one.")
    # Entities could hide anything, and grow without end.
    if "<!DOCTYPE" in text.upper() or "<!ENTITY" in text.upper():
        raise ValueError("'logo.file' has a DOCTYPE. Remove it.")
    try:
        # The text, not the bytes, which could declare another encoding.
        root = ElementTree.fromstring(text)  # noqa: S314 (no entities; a file of the operator)
    except ElementTree.ParseError as problem:
        raise ValueError(f"'logo.file' is not an SVG file: {problem}. Save it as one.") from problem
    if "<?xml-stylesheet" in text:
        raise ValueError("'logo.file' has an xml-stylesheet. Remove it.")
    if root.tag != "{http://www.w3.org/2000/svg}svg":
        raise ValueError("'logo.file' is not an SVG file. Save it as one.")
    for element in root.iter():
        _refuse_active(element)
    try:
        _, _, width, height = map(float, root.get("viewBox", "").replace(",", " ").split())
    except ValueError:
        width = height = 0
    if not (0 < width < math.inf and 0 < height < math.inf):
        raise ValueError("'logo.file' is an SVG file without a viewBox. Give it one.")
    return width, height


def _refuse_active(element: ElementTree.Element) -> None:
    """Raise ValueError for an element that runs, or loads something from elsewhere."""
    if _local(element.tag) in ACTIVE:
        raise ValueError(f"'logo.file' has <{_local(element.tag)}> in it. Remove it.")
    if _local(element.tag) == "style" and LOADED.search("".join(element.itertext())):
        raise ValueError("'logo.file' has a style that loads a file or has a \\. Remove it.")
    for attribute, value in element.attrib.items():
        name, leads = _local(attribute), value.strip()
        is_link = name in {"href", "src"} and not leads.startswith(WITHIN)
        # Styles stand in attributes without a namespace; the others are notes of drawing programs.
        has_style = name == attribute and LOADED.search(leads)
        loads = is_link or "javascript:" in leads.lower() or has_style
        if name.lower().startswith("on") or loads:
            raise ValueError(f"'logo.file' has '{name}=\"{leads[:40]}\"' in it. Remove it.")


def _local(name: str) -> str:
    return name.rpartition("}")[2]
