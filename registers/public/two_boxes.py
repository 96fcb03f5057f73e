"""The two boxes that ask what two organisations are named in together, on any page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from registers.models import Name, Organisation
from registers.search.fields import shorten
from registers.search.organisation_names import OrganisationNames, refuse_unreadable

MAX_SUGGESTIONS = 5
MOST_NAMES = 200  # official names that the boxes offer; a longer list would weigh on every page


@dataclass
class Box:
    """One of the two boxes: what was typed in, and whom it means."""

    name: str
    label: str
    text: str
    organisation: Organisation | None = None
    error: str = ""
    like: list[Organisation] = field(default_factory=list)

    def read(self, names: OrganisationNames) -> None:
        """Find the organisation that is meant, or say what is wrong and suggest others."""
        unreadable = refuse_unreadable(self.text)
        if not self.text:
            self.error = f"{self.label}: enter the name of an organisation."
        elif unreadable:
            self.error = f"{self.label}: {unreadable}"
        else:
            self.organisation = names.called(self.text)
            if self.organisation and self.text == self.organisation.slug:
                self.text = self.organisation.name  # a link or a choice sent the slug
            if self.organisation is None:
                self.error = (
                    f"{self.label}: no organisation in this register is called"
                    f" ‘{shorten(self.text)}’."
                )
                self.like = names.like(self.text, most=MAX_SUGGESTIONS)


def two_boxes(*, one: str = "", other: str = "") -> dict[str, Any]:
    """Return the context of the boxes, filled with what was entered before: one query."""
    boxes = (("one", "One organisation", one), ("other", "Another organisation", other))
    return {
        "boxes": [Box(name=name, label=label, text=text.strip()) for name, label, text in boxes],
        "names": official_names(),
    }


def official_names() -> list[str]:
    """Return the official names in A to Z, for the boxes to offer, if they are few: one query."""
    names = Name.objects.filter(kind=Name.Kind.OFFICIAL).order_by("key")
    found = list(names.values_list("text", flat=True)[: MOST_NAMES + 1])
    return found if len(found) <= MOST_NAMES else []
