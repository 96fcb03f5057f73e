"""What a box offers while somebody types in it: an organisation by any name, and by which."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.db import models

from registers.models import Name, Organisation
from registers.models.keys import key_of
from registers.search.admin_search import called_anything_like


class Offers(AutocompleteJsonView):
    """Django's own offers, but that an organisation is shown with the name that was found."""

    def get_queryset(self) -> models.QuerySet[Any]:
        """Return what fits what is typed; organisations without the numbers of their list."""
        if self.model_admin.model is not Organisation:
            offers: models.QuerySet[Any] = super().get_queryset()
            return offers
        names = Name.objects.order_by("kind", "text")
        return (
            called_anything_like(self.term)
            .order_by("name")
            .prefetch_related(models.Prefetch("names", names, to_attr="offered_names"))
        )

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        """Return one offer: 'Essex Partnership University NHS Foundation Trust (EPUT)'."""
        offer: dict[str, str] = super().serialize_result(obj, to_field_name)
        if isinstance(obj, Organisation) and (name := self._found_by(obj)):
            offer["text"] += f" ({name})"
        return offer

    def _found_by(self, organisation: Any) -> str | None:
        """Return the name with every word that was typed, unless the official one has them."""
        words = key_of(self.term).split()
        found = [
            name for name in organisation.offered_names if all(word in name.key for word in words)
        ]
        if any(name.kind == Name.Kind.OFFICIAL for name in found):
            return None
        return found[0].text if found else None
