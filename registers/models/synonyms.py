"""Synonyms: sets of words that search takes for each other."""

from __future__ import annotations

import re

from django.db import models


def split_words(text: str) -> list[str]:
    """Return the words and phrases of a box: one a line, or separated by commas or semicolons."""
    return [word for part in re.split(r"[\n\r,;]", text) if (word := " ".join(part.split()))]


class SynonymSet(models.Model):
    """Words and phrases that stand for each other when somebody searches.

    Search reads them with each question, and stores nothing of them. A set that came with
    the register has a `code`, and `supplied` is what it came with: while it still says that,
    an update of the register may change it.
    """

    words = models.TextField(
        help_text=(
            "Public. One word or phrase on each line. A search for any of them finds all of"
            " them, in any form: pupil finds pupils. Write an acronym in capitals."
        )
    )
    also = models.TextField(
        "also searched for",
        blank=True,
        help_text=(
            "Public. Words that a search for any of those above finds too, but not the other way"
            " round: pupil finds school, and school does not find pupil."
        ),
    )
    in_use = models.BooleanField(
        "in use", default=True, help_text="Untick this to make search leave the set out."
    )
    code = models.CharField(max_length=40, unique=True, null=True, blank=True, editable=False)
    supplied = models.JSONField(default=dict, blank=True, editable=False)

    class Meta:
        ordering = ["words", "pk"]
        verbose_name = "set of synonyms"
        verbose_name_plural = "synonyms"

    def __str__(self) -> str:
        return ", ".join(self.all_words)

    @property
    def all_words(self) -> list[str]:
        """The words and phrases that stand for each other."""
        return split_words(self.words)

    @property
    def all_also(self) -> list[str]:
        """Those that are searched for too."""
        return split_words(self.also)

    @property
    def content(self) -> dict[str, str]:
        """What the set says, as `supplied` has it."""
        return {"words": self.words, "also": self.also}

    def clean(self) -> None:
        """Write one word or phrase on each line."""
        self.words, self.also = "\n".join(self.all_words), "\n".join(self.all_also)
