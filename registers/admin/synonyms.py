"""Synonyms: the sets of words that search takes for each other."""

from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget

from registers.admin.base import RecordedAdmin
from registers.admin.forms import RecordedForm
from registers.models import SynonymSet


class SynonymForm(RecordedForm):
    """A set of synonyms, a word a line."""

    class Meta:
        widgets: ClassVar = {
            "words": AdminTextareaWidget(attrs={"rows": 10}),
            "also": AdminTextareaWidget(attrs={"rows": 5}),
        }


@admin.register(SynonymSet)
class SynonymSetAdmin(RecordedAdmin):
    """Words that stand for each other in a search."""

    form = SynonymForm
    list_display = ("all_words_shown", "also_shown", "in_use")
    list_filter = ("in_use",)
    search_fields = ("words", "also")
    search_help_text = "A word"
    fields = ("words", "also", "in_use")

    @admin.display(description="words", ordering="words")
    def all_words_shown(self, synonyms: SynonymSet) -> str:
        """Return the words on one line."""
        return str(synonyms)

    @admin.display(description="also searched for", ordering="also")
    def also_shown(self, synonyms: SynonymSet) -> str:
        """Return what is searched for too, on one line."""
        return ", ".join(synonyms.all_also)
