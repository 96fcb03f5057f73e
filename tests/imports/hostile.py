"""A register that is hard to write down: every text in it is what a spreadsheet trips over."""

from __future__ import annotations

import datetime
from random import Random

from django.utils.text import slugify

from demo.seed import New, save_register
from registers.exports.plain_text import plain
from registers.models import Organisation, Party, Protocol, Theme
from registers.models.keys import key_of

AT = datetime.datetime(2026, 11, 20, 9, 0, tzinfo=datetime.UTC)
PIECES = (
    *("=1+1", "=cmd|' /C calc'!A0", "+44 1245", "-1", "@SUM(A1)", "'quoted", "''=twice", "'"),
    *("0012", "0012 - Title", "1e5", "12,50", "TRUE", "2024-03-01", "Mar-2024", "x #REF!", "NULL"),
    *("a;b", "a, b", "x (y", "y) x", "(all)", "((", ")", "; ", " ; ", "One (a; b)", "a\nb"),
    *('"', '""', '","', "\t tab", "two  spaces", "a\r\nb", "\n\n\n", "<b>&amp;</b>", "]]>", "<!--"),
    *(
        "_x000D_",
        "_x0041_",
        "\x07bell",
        "\x1besc",
        "\u200fעברית",
        "🧒🏽",
        "e\u0301",
        "ﬁ",
        "\ufeffbom",
    ),
    *("Ünïcode", "中文", "\u2028line", "\x85next", "\xa0wide", "back\\slash", "%00", "${x}"),
    *("{{ x }}", "a/b", "a & b", "a and b"),
)
LONG = 30_000  # nearly all that a cell of a workbook holds


class Hostile:
    """Makes such a register. What it gives is the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def text(self, longest: int | None = None, *, empty: bool = True) -> str:
        if empty and self.random.random() < 0.3:
            return ""
        pieces = self.random.choices(PIECES, k=self.random.randint(1, 4))
        text = self.random.choice(["", " ", "; ", "\n"]).join(pieces)
        # Forms take the spaces around a text away before it is saved.
        text = text[:longest].strip()
        return (text if plain(text) == plain(text).strip() else plain(text).strip()) or "x"

    def one_line(self, longest: int) -> str:
        return " ".join(self.text(longest, empty=False).split())

    def organisations(self, number: int) -> list[Organisation]:
        names: dict[str, str] = {}
        while len(names) < number:
            name = f"{self.one_line(60)} {len(names)}"
            names.setdefault(key_of(name), name)
        return [
            Organisation(name=name, slug=slugify(f"body-{at}"))
            for at, name in enumerate(names.values())
        ]

    def new_protocol(
        self, number: int, themes: list[Theme], organisations: list[Organisation]
    ) -> New:
        month = self.random.choice([None, datetime.date(2020 + number % 9, 1 + number % 12, 1)])
        protocol = Protocol(
            reference=str(number).zfill(4),
            title=self.one_line(300),
            version=self.one_line(50) if number % 3 else "",
            theme=self.random.choice(themes),
            status=Protocol.Status.PUBLISHED,
            purpose=self.text() if number % 997 else ("long " * (LONG // 5)).strip(),
            summary=self.text(),
            information_items=self.text(),
            data_subjects=self.text(),
            lawful_basis=self.text(),
            parties_note=self.text(),
            review_date=month,
            review_note=self.one_line(100) if number % 7 == 0 else "",
            published_on=datetime.date(2015, 1 + number % 12, 1 + number % 28),
            updated_on=self.random.choice([None, datetime.date(2020, 2, 29)]),
        )
        of_these = self.random.sample(organisations, self.random.randint(0, 6))
        parties = [
            Party(
                protocol=protocol,
                organisation=organisation,
                role=Party.Role.PARTNER if position else Party.Role.LEAD,
                # It stands in no file, and so must not be what a piece of a cell is taken for.
                name_as_published=f"{self.one_line(80)} as signed",
                note=self.one_line(40) if position and self.random.random() < 0.4 else "",
                position=position,
            )
            for position, organisation in enumerate(of_these)
        ]
        return New(subject=protocol, parts=parties, at=AT)

    def register(self, *, protocols: int, organisations: int) -> None:
        """Fill an empty register."""
        bodies = self.organisations(organisations)
        themes = [
            Theme(name=name, key=key_of(name), slug=f"theme-{at}", position=at)
            for at, name in enumerate(["=Theme", "Theme (2)", "A; B", "Ünïcode 🧒🏽"])
        ]
        with save_register(why="To be written down.") as save_all:
            save_all(New(subject=theme, at=AT) for theme in themes)
            save_all(New(subject=body, at=AT) for body in bodies)
            save_all(self.new_protocol(n, themes, bodies) for n in range(1, protocols + 1))
