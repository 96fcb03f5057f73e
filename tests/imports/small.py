"""A small register as a file holds it, with something of every kind."""

from __future__ import annotations

from typing import Any


def small_register() -> dict[str, Any]:
    """A fresh copy, to be spoilt in one place."""
    return {
        "source": "a page",
        "themes": [{"name": "Housing", "slug": "housing"}, {"name": "Travel", "slug": "travel"}],
        "organisations": [
            {
                "name": "Ashdown Council",
                "also_written": "ASHDOWN COUNCIL",
                "names": [{"text": "AC", "kind": "acronym"}],
                "identifiers": [{"scheme": "gss", "value": "E07000999"}],
                "approvers": ["Caldicott Guardian"],
            },
            {
                "name": "Birch Trust",
                "kind": "group",
                "note": "It closed.",
                "admin_note": "Ask when.",
                "became": [{"name": "AC", "on": "2022-07-01", "source": "An Order"}],
            },
        ],
        "protocols": [
            {
                "reference": "0001",
                "title": "Homes",
                "version": "V2.0",
                "theme": "Travel",
                "purpose": "To house.",
                "review_date": "2024-02",
                "parties_complete": False,
                "parties_note": "Please ask.",
                "admin_note": "A secret.",
                "parties": [
                    {
                        "organisation": "ac",
                        "role": "lead",
                        "name_as_published": "AC",
                        "signed_on": "2020-01-02",
                    },
                    {
                        "organisation": "Birch Trust",
                        "role": "partner",
                        "name_as_published": "Birch",
                        "note": "Temp workers",
                    },
                ],
            },
            {
                "reference": "0002",
                "title": "Ended",
                "theme": "Housing",
                "status": "withdrawn",
                "withdrawn_on": "2021-05-06",
                "withdrawn_reason": "It ended.",
                "parties": [],
            },
        ],
        "news": [{"title": "News", "slug": "news", "body": "", "published_on": "2026-01-02"}],
        "resources": [{"title": "Template", "slug": "template", "body": "To review."}],
    }
