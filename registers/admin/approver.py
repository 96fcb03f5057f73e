"""Approvers: job titles, told as a change of their organisation."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from registers.admin.official import OfficialAdmin, ReasonForm
from registers.models import Approver


@admin.register(Approver)
class ApproverAdmin(OfficialAdmin):
    """The job titles that approve protocols, by organisation."""

    form = ReasonForm
    list_display = ("job_title", "organisation")
    list_select_related = ("organisation",)
    search_fields = ("job_title", "organisation__names__text")
    search_help_text = "A job title, or any name of an organisation"
    autocomplete_fields = ("organisation",)
    fields = ("organisation", "job_title", "why")

    def subject_of(self, thing: Approver) -> models.Model:
        """Return the organisation."""
        return thing.organisation

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Let an approver stay with its organisation, whose change this is."""
        return ("organisation",) if obj else ()
