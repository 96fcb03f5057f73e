"""Abbreviations: the glossary that a protocol's page explains them from."""

from __future__ import annotations

from django.contrib import admin

from registers.admin.base import RecordedAdmin
from registers.models import Abbreviation


@admin.register(Abbreviation)
class AbbreviationAdmin(RecordedAdmin):
    """What abbreviations are short for, but for the acronyms of organisations."""

    list_display = ("short", "meaning")
    search_fields = ("short", "meaning")
    search_help_text = "An abbreviation, or a word of its meaning"
    fields = ("short", "meaning")
