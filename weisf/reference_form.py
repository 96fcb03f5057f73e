"""How the references of a partnership look, and how the next one is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

ANY = "any"
MAX_LENGTH = 40  # of a reference
MAX_DIGITS = 8  # of its number
_PIECE = re.compile(r"\{(?P<name>[^{}]*)\}|(?P<text>[^{}]+)|(?P<brace>[{}])")
_NUMBER = re.compile(r"number(?::([1-8]))?")
_TEXT = re.compile(r"[0-9A-Za-z._/-]+")
YEARS = (1900, 9999)


@dataclass(frozen=True, kw_only=True)
class Written:
    """What the parts of a reference say: its number, and its year where the form has one."""

    number: int
    year: int | None = None


@dataclass(frozen=True)
class ReferenceForm:
    """How the references of a partnership look, by `template`.

    It is a reference with `{number}` where the number stands, or `{number:3}` where it has
    3 digits at least, and perhaps `{year}` where each year begins again with 1: `ISA-{number:3}`,
    `FIP/{year}/{number}`. Or it is 'any': no two look alike, so that nothing says how they go on.
    Raises ValueError, with a sentence, for what cannot be a template.
    """

    template: str

    def __post_init__(self) -> None:
        if self.template == ANY:
            return
        numbers = [name for name, _ in self._pieces if _NUMBER.fullmatch(name)]
        years = [name for name, _ in self._pieces if name == "year"]
        if len(numbers) != 1 or len(years) > 1:
            raise ValueError("must have one {number}, and one {year} at most")
        if len(self.write(Written(number=10**MAX_DIGITS - 1, year=YEARS[1]))) > MAX_LENGTH:
            raise ValueError(f"makes references of more than {MAX_LENGTH} characters")

    @cached_property
    def _pieces(self) -> list[tuple[str, str]]:
        """The template in pieces: the name of a part, or the text between two."""
        pieces = []
        for found in _PIECE.finditer(self.template):
            name, text = found["name"] or "", found["text"] or ""
            if not (_NUMBER.fullmatch(name) or name == "year" or _TEXT.fullmatch(text)):
                raise ValueError(f"has '{found[0]}', which no reference can have")
            pieces.append((name, text))
        return pieces

    @property
    def is_any(self) -> bool:
        """Whether nothing is known of how references look."""
        return self.template == ANY

    @property
    def is_number(self) -> bool:
        """Whether a reference is a number and no more."""
        return not self.is_any and [text for _, text in self._pieces] == [""]

    @property
    def has_year(self) -> bool:
        """Whether the numbers of each year begin again."""
        return not self.is_any and any(name == "year" for name, _ in self._pieces)

    @cached_property
    def width(self) -> int:
        """How many digits a number has at least."""
        found = (_NUMBER.fullmatch(name) for name, _ in self._pieces if not self.is_any)
        return next((int(each[1] or 1) for each in found if each), 1)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        patterns = (
            re.escape(text)
            or ("(?P<year>[0-9]{4})" if name == "year" else "(?P<number>[0-9]{1,8})")
            for name, text in self._pieces
        )
        return re.compile("".join(patterns), re.IGNORECASE | re.ASCII)

    def read(self, reference: str) -> Written | None:
        """Return what a reference of this form says, in any case; None for any other text.

        Zeros before the number may be missing.
        """
        found = None if self.is_any else self._pattern.fullmatch(reference)
        if found is None:
            return None
        return Written(
            number=int(found["number"]), year=int(found["year"]) if self.has_year else None
        )

    def padded(self, reference: str) -> str:
        """Return a reference with all digits of its number: 0012 for 12. Any other text stays."""
        found = None if self.is_any else self._pattern.fullmatch(reference)
        if found is None:
            return reference
        first, last = found.span("number")
        return reference[:first] + found["number"].zfill(self.width) + reference[last:]

    def write(self, written: Written, *, width: int | None = None) -> str:
        """Return the reference that says this, its number with `width` digits at least.

        Without `width` it has as many as the template says. Only for a form that is not 'any'.
        """
        number = str(written.number).zfill(self.width if width is None else width)
        return "".join(
            text or (f"{written.year:04}" if name == "year" else number)
            for name, text in self._pieces
        )

    def digits(self, reference: str) -> int:
        """Return with how many digits a reference of this form writes its number; 0 for others."""
        found = None if self.is_any else self._pattern.fullmatch(reference)
        return len(found["number"]) if found else 0

    def sql_pattern(self, year: int | None = None) -> str:
        """Return a regular expression, without regard to case, for the references in a database.

        They are those of one `year`, or all. Only for a form that is not 'any'.
        """
        years = "[0-9]{4}" if year is None else f"{year:04}"
        pieces = (
            re.escape(text) or (years if name == "year" else "[0-9]{1,8}")
            for name, text in self._pieces
        )
        return f"^{''.join(pieces)}$"


@lru_cache
def reference_form(template: str) -> ReferenceForm:
    """Return the form with this template. Raises ValueError for what cannot be one."""
    return ReferenceForm(template)
