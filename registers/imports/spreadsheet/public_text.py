"""What no reader may be shown, and what no organisation or theme can be called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from django.core.exceptions import ValidationError
from django.utils.text import get_text_list

from registers.exports.plain_text import LINE_END, REFUSED
from registers.imports.spreadsheet.plan import Line, place_of
from registers.imports.spreadsheet.row import RowOf
from registers.models import ImportName, Organisation, Party, Theme
from registers.models.keys import key_of, refuse_email, refuse_invisible
from registers.models.organisation import KEY_LENGTH
from registers.models.pages import KEY_LENGTH as THEME_KEY_LENGTH
from registers.models.personal_words import personal_words
from registers.models.protocol_fields import PRIVATE_FIELDS

UNSEEN = "This holds a character that cannot be shown (U+{:04X}). Delete it, or type it again."
FIX_IN_FILE = "Put it right in the file."
PERSONAL = "‘{}’ {}. It would be public."
PERSONAL_ROWS = (
    "{} of the rows and new names hold what may be about a person, such as a telephone number."
    " It would be public. Look for it in: {}."
)
MOST_NAMED = 10
# A day or a month as files have it: every row has some, and they are about nobody.
DATE = re.compile(r"(?:19|20)\d\d-\d\d(?:-\d\d)?")
TOO_LONG = "It is longer than {} characters."
LONGEST = {
    kind: int(model._meta.get_field("name").max_length or 0)
    for kind, model in (
        (ImportName.Kind.ORGANISATION, Organisation),
        (ImportName.Kind.THEME, Theme),
    )
}
LONGEST_KEY = {
    ImportName.Kind.ORGANISATION: KEY_LENGTH,
    ImportName.Kind.THEME: THEME_KEY_LENGTH,
}


def refuse_words(text: str) -> None:
    """Raise ValidationError where `text`, which is public, holds what nobody may or can read."""
    if found := REFUSED.search(LINE_END.sub("\n", text)):
        raise ValidationError(UNSEEN.format(ord(found[0])))
    refuse_email(text)


def refuse_name(kind: str, text: str) -> None:
    """Raise ValidationError where no organisation, or theme, can be called `text`."""
    what = ImportName.Kind(kind)
    # Its key can be longer than the name, and is stored as well.
    if len(text) > LONGEST[what] or len(key_of(text)) > LONGEST_KEY[what]:
        raise ValidationError(TOO_LONG.format(LONGEST[what]))
    refuse_words(text)
    refuse_invisible(text)


def name_refusals(kind: str, name: str) -> list[str]:
    """Return why no organisation, or theme, can be called `name`; none where one can."""
    try:
        refuse_name(kind, name)
    except ValidationError as refusal:
        return refusal.messages
    return []


def party_refusals(written: str, note: str) -> list[str]:
    """Return why no party can be published with these words; none where one can."""
    party = Party(name_as_published=written, note=note)
    try:
        party.clean_fields(exclude={"protocol", "organisation", "role"})
    except ValidationError as refusal:
        return refusal.messages
    return []


def refuse_words_in_row(row: RowOf, column: str, words: str, refusals: Iterable[str]) -> None:
    """Refuse in `row` some words, each time for a reason."""
    for refusal in refusals:
        row.refuse(column, f"'{words[:60]}': {refusal}", FIX_IN_FILE)


def remark_personal(lines: Iterable[Line], new_names: Iterable[str]) -> list[str]:
    """Add a remark to each line with words that may be about a person.

    Return where they are, the `new_names` of organisations and themes included.
    """
    places = []
    for line in lines:
        found = {
            words: kind
            for edit in line.edits
            if edit.column not in PRIVATE_FIELDS and not DATE.fullmatch(edit.after)
            for words, kind in personal_words(edit.after, before=edit.before).items()
        }
        # The edits have official names.
        written = "; ".join(part.written for part in line.parts or ())
        if personal_words(written):
            names_before = Party.objects.filter(protocol=line.reference).values_list(
                "name_as_published", flat=True
            )
            found |= personal_words(written, before="; ".join(names_before))
        if found:
            line.remarks += [PERSONAL.format(*each) for each in found.items()]
            places.append(place_of(line.sheet, line.row))
    return places + [f"‘{name}’" for name in new_names if personal_words(name)]


def personal_sentence(places: Sequence[str]) -> str:
    """Return what is said of them about the whole file."""
    more = ["others"] if len(places) > MOST_NAMED else []
    named = get_text_list([*places[:MOST_NAMED], *more], "and")
    return PERSONAL_ROWS.format(f"{len(places):,}", named)
