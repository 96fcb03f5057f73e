"""Abbreviations: what they are short for, and those that a text uses without saying it."""

from __future__ import annotations

import re

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models

from registers.models.keys import key_of, refuse_email
from registers.models.organisation import Name
from weisf.partnership import ABBREVIATION

_IN_TEXT = re.compile(rf"(?<![\w&]){ABBREVIATION}")


class Abbreviation(models.Model):
    """An entry of the glossary: ISP is short for information sharing protocol."""

    short = models.CharField(
        "abbreviation",
        max_length=20,
        unique=True,
        validators=[
            RegexValidator(
                rf"\A{ABBREVIATION}\Z",
                "Enter one word with two capital letters or more, such as DPIA.",
            )
        ],
        error_messages={"unique": "This abbreviation is explained already."},
        help_text="As it is written in protocols: DPIA. That of an organisation belongs to its"
        " names.",
    )
    meaning = models.CharField(
        max_length=200,
        validators=[refuse_email],
        help_text="Public. What it is short for: data protection impact assessment.",
    )

    class Meta:
        ordering = ["short"]

    def __str__(self) -> str:
        return f"{self.short}: {self.meaning}"


def abbreviations_in(text: str) -> list[tuple[str, str]]:
    """Return the abbreviations of a text, in its order, each with what it is short for.

    That is what the glossary and the partnership's file say, and the acronyms of
    organisations: one query. What the text itself explains, as in 'Essex County Council
    (ECC)', is left out.
    """
    written = dict.fromkeys(_IN_TEXT.findall(text))
    words = dict.fromkeys(form for word in written for form in (word, word.removesuffix("s")))
    if not words:
        return []
    acronyms = Name.objects.filter(kind=Name.Kind.ACRONYM, key__in=map(key_of, words))
    glossary = Abbreviation.objects.filter(short__in=words)
    found = (
        acronyms.order_by()
        .values_list("text", "organisation__name")
        .union(glossary.order_by().values_list("short", "meaning"))
    )
    own: dict[str, str] = settings.PARTNERSHIP.abbreviations
    meanings: dict[str, dict[str, str]] = {}
    for word, meaning in (*found, *((word, own[word]) for word in words if word in own)):
        if f"{meaning} ({word}".lower() not in text.lower():
            meanings.setdefault(word, {})[meaning.lower()] = meaning
    return [(word, " or ".join(meanings[word].values())) for word in words if word in meanings]
