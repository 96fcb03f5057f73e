"""The partnership that runs this register, read from one TOML file: name, words, rules, look."""

from __future__ import annotations

import datetime
import re
import tomllib
from dataclasses import MISSING, dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, get_type_hints

from weisf.branding import BrandingFile, Colours, Logo, Palette
from weisf.mail import ADDRESS
from weisf.reference_form import ANY, ReferenceForm

DOMAIN = r"@[^@\s<>]+\.[^@\s<>]+"
TELEPHONE = r"\+?[0-9(][0-9 ()-]{6,}"
COMPLIANCE = ("fully", "partially", "not")
LONGEST_EXAMPLE = 40
MONTHS = range(1, 12)  # of notice or grace: less than a year
NUMBERS = {  # of what the file gives numbers, where it is not months
    "review.years_ahead": ("years", range(1, 51)),
    "review.approval_reminder_days": ("days", range(1, 366)),
}
# One word with two capitals or more: ISP, SMEs, K&M, DfE.
ABBREVIATION = r"(?=[\w&]*[A-Z][\w&]*[A-Z])[A-Za-z][\w&]*"


@dataclass(frozen=True, kw_only=True)
class ReviewRule:
    """What the partnership does about reviews.

    A review is due soon `months_of_notice` before its date. `rule` says in the
    partnership's words what happens, with {notice} and {grace} in the place of the
    months; `months_of_grace` after its date a protocol should have been reviewed. Both
    may be left out. A next review more than `years_ahead` away is asked about in admin.
    Who was asked to approve a version and has not answered is reminded twice, each time
    `approval_reminder_days` after the last e-mail.
    """

    months_of_notice: int = 3
    months_of_grace: int | None = None
    years_ahead: int = 3
    approval_reminder_days: int = 14
    rule: str = ""

    def __post_init__(self) -> None:
        names = set(re.findall(r"{([^{}]*)}", self.rule))
        if wrong := sorted(names - {"notice", "grace"}):
            raise ValueError(f"'review.rule' has '{{{wrong[0]}}}'. Use {{notice}} and {{grace}}.")
        if "grace" in names and self.months_of_grace is None:
            raise ValueError("'review.months_of_grace' is missing: 'review.rule' has {grace}.")

    @property
    def notice(self) -> str:
        """The months of notice, such as '3 months'."""
        return in_months(self.months_of_notice)

    @property
    def days_of_notice(self) -> int:
        """The days before a review is due on which its lead is first reminded."""
        return 30 * self.months_of_notice

    @property
    def reminder_days(self) -> tuple[int, ...]:
        """The days before a review is due on which its lead is reminded, the first first."""
        return tuple(sorted({self.days_of_notice, 30}, reverse=True))

    @property
    def reminder_words(self) -> str:
        """The same in words, such as '90 days and 30 days'."""
        return " and ".join(f"{days} days" for days in self.reminder_days)

    @property
    def words(self) -> str:
        """The rule with the months in it, or nothing."""
        grace = in_months(self.months_of_grace or 0)
        return self.rule.replace("{notice}", self.notice).replace("{grace}", grace)


def in_months(number: int) -> str:
    """Return '1 month' or '3 months'."""
    return f"{number} month{'' if number == 1 else 's'}"


@dataclass(frozen=True, kw_only=True)
class AccessibilityStatement:
    """The facts of the statement: who tested the pages, when, how, and what was found.

    `compliance` is with WCAG 2.2 AA. `enforcement` says who hears complaints, and leads to
    `enforcement_url` where there is one.
    """

    compliance: str
    tested_by: str
    tested_on: datetime.date
    prepared_on: datetime.date
    method: tuple[str, ...]
    not_accessible: tuple[str, ...] = ()
    not_tested: tuple[str, ...] = ()
    enforcement: str = ""
    enforcement_url: str = ""

    def __post_init__(self) -> None:
        if self.compliance not in COMPLIANCE:
            raise ValueError(
                f"'accessibility.compliance' is '{self.compliance}'."
                f" Choose one of {', '.join(COMPLIANCE)}."
            )
        if not self.enforcement_url:
            return
        if not re.match(r"https?://[^/\s]+\S*\Z", self.enforcement_url):
            raise ValueError(
                f"'accessibility.enforcement_url' is '{self.enforcement_url}'."
                " Write an address that begins with https:// or http://."
            )
        if not self.enforcement:
            raise ValueError(
                "'accessibility.enforcement' is missing: write the words that lead to"
                " 'accessibility.enforcement_url'."
            )


# Equal only to itself, so that what it renders can be remembered by it.
@dataclass(frozen=True, kw_only=True, eq=False)
class Partnership:
    """The name, contact address, words, rules and look of a partnership.

    Paragraphs of the longer texts are separated by an empty line. `references` is the template
    of a ReferenceForm, or empty where the file says nothing of them. `question` heads the home
    page, and `example_searches` stand below its search box. `public_contacts` are the addresses,
    domains such as '@example.org' and telephone numbers that public text may hold.
    `abbreviations` are those of the partnership's own places and projects, each with what it is
    short for. `import_headings` are words that head columns of spreadsheets here, each with the
    published column that is meant. Raises ValueError with a sentence.
    """

    name: str
    short_name: str
    register_name: str
    email: str
    what_is_a_protocol: str
    what_is_published: str
    how_to_publish: str
    references: str = ""
    question: str = "Who may share information about you, and why?"
    example_searches: tuple[str, ...] = ()
    public_contacts: tuple[str, ...] = ()
    review: ReviewRule = field(default_factory=ReviewRule)
    accessibility: AccessibilityStatement | None = None
    colours: Colours = field(default_factory=Colours)
    logo: Logo | None = None
    abbreviations: dict[str, str] = field(default_factory=dict)
    import_headings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not re.fullmatch(ADDRESS, self.email):
            raise ValueError("'email' is not an e-mail address. Correct it.")
        for contact in self.public_contacts:
            if not re.fullmatch(f"{ADDRESS}|{DOMAIN}|{TELEPHONE}", contact):
                raise ValueError(
                    f"'public_contacts' has '{contact}'. Write an address, a domain like"
                    " '@example.org', or a telephone number like '01632 960123'."
                )
        for example in self.example_searches:
            if len(example) > LONGEST_EXAMPLE:
                raise ValueError(
                    f"'example_searches' has one of {len(example)} characters."
                    f" Use {LONGEST_EXAMPLE} or fewer."
                )
        for short in self.abbreviations:
            if not re.fullmatch(ABBREVIATION, short):
                raise ValueError(
                    f"'abbreviations' has '{short}'."
                    " Write one word with two capital letters or more, such as DPIA."
                )
        try:
            ReferenceForm(self.reference_template)
        except ValueError as problem:
            raise ValueError(
                f"'references' {problem}. Write a reference with {{number}} in the"
                " place of its number, such as 'ISA-{number:3}', or 'any'."
            ) from problem

    @property
    def reference_template(self) -> str:
        """How references look: as the file says, or in any way where it says nothing."""
        return self.references or ANY

    def may_publish(self, address: str) -> bool:
        """Return whether public text may hold this e-mail address."""
        address = address.lower()
        allowed = {each.lower() for each in self.public_contacts}
        return bool({address, f"@{address.rpartition('@')[2]}"} & allowed)

    def may_publish_telephone(self, number: str) -> bool:
        """Return whether public text may hold this telephone number, however it is written."""
        allowed = (each for each in self.public_contacts if re.fullmatch(TELEPHONE, each))
        return _dialled(number) in map(_dialled, allowed)

    @cached_property
    def style_sheet(self) -> BrandingFile | None:
        """The style sheet of the partnership's colours, where it has its own."""
        return self.colours.style_sheet()

    @cached_property
    def icon(self) -> BrandingFile | None:
        """The icon in the partnership's colour, where it has its own."""
        return self.colours.icon()

    @cached_property
    def branding_files(self) -> dict[str, BrandingFile]:
        """What is served of the partnership's look, by name."""
        files = (self.style_sheet, self.icon, self.logo and self.logo.image)
        return {each.name: each for each in files if each}


def _dialled(number: str) -> str:
    """Return the digits of a telephone number as they are dialled within the United Kingdom."""
    digits = re.sub(r"[^0-9+]", "", number)
    return re.sub(r"^(?:\+|00)440?", "0", digits)


def read_partnership(path: Path) -> Partnership:
    """Return the partnership described by the TOML file at `path`.

    Raises ValueError with a sentence that names the file and what is wrong in it.
    """
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise ValueError(f"names {path}, which cannot be read: {problem.strerror}.") from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise ValueError(f"names {path}, which is not TOML in UTF-8: {problem}.") from problem
    try:
        partnership: Partnership = _read(Partnership, given)
        if partnership.logo:
            return replace(partnership, logo=partnership.logo.read(path.parent))
    except ValueError as problem:
        raise ValueError(f"names {path}, where {problem}") from problem
    return partnership


TABLES = {
    "review": ReviewRule,
    "accessibility": AccessibilityStatement,
    "colours": Colours,
    "colours.light": Palette,
    "colours.dark": Palette,
    "logo": Logo,
}
READ_FROM_THE_LOGO = {"image", "size"}


def _read(kind: Any, given: dict[str, Any], table: str = "") -> Any:
    """Return an object of the dataclass `kind` from a table of the file. Raises ValueError."""
    known = {each.name: each for each in fields(kind) if each.name not in READ_FROM_THE_LOGO}
    hints = get_type_hints(kind)
    if unknown := sorted(given.keys() - known.keys()):
        raise ValueError(f"'{table}{unknown[0]}' is not a known line. Remove it.")
    values = {}
    for name, each in known.items():
        is_needed = each.default is MISSING and each.default_factory is MISSING
        if name in given or is_needed:
            may_be_empty = each.default in ("", ())
            values[name] = _value(
                f"{table}{name}", given.get(name), hints[name], may_be_empty=may_be_empty
            )
    return kind(**values)


def _value(name: str, given: Any, hint: Any, *, may_be_empty: bool) -> Any:
    """Return one value of the file as what its field takes. Raises ValueError."""
    if name in TABLES or hint == dict[str, str]:
        return _table(name, given)
    if hint is str:
        if not isinstance(given, str) or not (given.strip() or may_be_empty):
            raise ValueError(f"'{name}' must be text. Write it.")
        return given.strip()
    if hint is datetime.date:
        if type(given) is not datetime.date:
            raise ValueError(f"'{name}' must be a day. Write it like 2026-11-29, without quotes.")
        return given
    if hint == tuple[str, ...]:
        is_list = isinstance(given, list) and (given or may_be_empty)
        if not is_list or not all(isinstance(each, str) and each.strip() for each in given):
            raise ValueError(f'\'{name}\' must be a list of texts, like ["one", "two"].')
        return tuple(each.strip() for each in given)
    unit, allowed = NUMBERS.get(name, ("months", MONTHS))
    if type(given) is not int or given not in allowed:
        first, last = allowed[0], allowed[-1]
        raise ValueError(f"'{name}' must be a number of {unit} from {first} to {last}.")
    return given


def _table(name: str, given: Any) -> Any:
    """Return a table of the file as its object, or as a dict of texts. Raises ValueError."""
    if not isinstance(given, dict):
        raise ValueError(f"'{name}' must be a table. Begin it with a line [{name}].")
    if name in TABLES:
        return _read(TABLES[name], given, f"{name}.")
    return {each: _value(f"{name}.{each}", given[each], str, may_be_empty=False) for each in given}
