"""The partnership that runs this register: its name and wording, read from one TOML file."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from weisf.reference_form import NUMBERS, ReferenceForm


@dataclass(frozen=True, kw_only=True)
class Partnership:
    """The name, contact address and wording of a partnership.

    Every field is text that the file must give. Paragraphs of the longer
    texts are separated by an empty line. `page` is the address of the page
    that the register was taken over from, and may be empty. `references` is the
    template of a ReferenceForm, and may be left out.
    """

    name: str
    short_name: str
    register_name: str
    email: str
    what_is_a_protocol: str
    what_is_published: str
    how_to_publish: str
    page: str = ""
    references: str = NUMBERS


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
    known = {field.name for field in fields(Partnership)}
    if unknown := sorted(given.keys() - known):
        raise ValueError(f"names {path}, where '{unknown[0]}' is not a known line. Remove it.")
    for name in sorted(known):
        value = given.get(name, NUMBERS if name == "references" else "")
        if not isinstance(value, str) or (not value.strip() and name != "page"):
            raise ValueError(f"names {path}, where '{name}' must be text. Write it.")
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", given["email"]):
        raise ValueError(f"names {path}, where 'email' is not an e-mail address. Correct it.")
    try:
        ReferenceForm(given.get("references", NUMBERS).strip())
    except ValueError as problem:
        raise ValueError(
            f"names {path}, where 'references' {problem}. Write a reference with {{number}} in the"
            " place of its number, such as 'ISA-{number:3}', or 'any'."
        ) from problem
    return Partnership(**{name: given[name].strip() for name in given})
