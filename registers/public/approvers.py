"""Approvers: the job titles that approve protocols, by organisation."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from registers.models import Approver
from registers.public.doors import page_of

APPROVERS_A_PAGE = 200


def index(request: HttpRequest) -> HttpResponse:
    """Show the approvers of every organisation."""
    approvers = Approver.objects.select_related("organisation")
    page = page_of(request, approvers, length=APPROVERS_A_PAGE)
    return render(request, "approvers/list.html", {"page": page})
