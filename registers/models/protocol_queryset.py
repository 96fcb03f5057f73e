"""The words that an officer would use to ask for some of the protocols."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Self

from django.core.exceptions import ValidationError
from django.db import models

from registers.models.organisation import Organisation
from registers.models.party import Party
from registers.models.review_dates import ReviewStatus, reviewed

if TYPE_CHECKING:
    from registers.models.protocol import Protocol  # noqa: F401 (mypy reads it in quotes)

REFERENCE_STAYS = "A reference never changes. Make a new protocol instead."


class ProtocolQuerySet(models.QuerySet["Protocol"]):
    """Protocols, in an officer's words. `on` is always a day in Europe/London."""

    def public(self) -> Self:
        """Leave out drafts."""
        return self.exclude(status=self.model.Status.DRAFT)

    def current(self) -> Self:
        """Keep those in force."""
        return self.filter(status=self.model.Status.PUBLISHED)

    def withdrawn(self) -> Self:
        """Keep those no longer in force."""
        return self.filter(status=self.model.Status.WITHDRAWN)

    def overdue(self, on: datetime.date) -> Self:
        """Keep those whose review month was over on the day `on`."""
        return self.filter(reviewed(ReviewStatus.OVERDUE, on))

    def decided_after(self, on: datetime.date) -> Self:
        """Keep those that were reviewed or withdrawn after the day `on`."""
        reviewed = models.Q(reviews__reviewed_on__gt=on)
        return self.filter(reviewed | models.Q(withdrawn_on__gt=on)).distinct()

    def of_organisations(
        self, organisations: Iterable[Organisation], role: str | None = None
    ) -> Self:
        """Keep those in which any of `organisations` has a part, or the part `role`."""
        parties = Party.objects.filter(organisation__in=organisations)
        return self.filter(
            pk__in=(parties.filter(role=role) if role else parties).values("protocol")
        )

    def with_parties(self) -> Self:
        """Bring the parties with their organisations: one query more, whatever the number."""
        return self.prefetch_related(
            # To a list of its own: Django makes a queryset for each protocol otherwise.
            models.Prefetch(
                "parties", Party.objects.select_related("organisation"), to_attr="brought_parties"
            )
        )

    def update(self, **kwargs: Any) -> int:
        """Refuse to renumber; else as Django's."""
        if "reference" in kwargs:
            raise ValidationError({"reference": REFERENCE_STAYS})
        return super().update(**kwargs)


class PublicManager(models.Manager["Protocol"]):
    """Never a draft: nobody has to remember the filter."""

    def get_queryset(self) -> ProtocolQuerySet:
        """Return published and withdrawn protocols."""
        return ProtocolQuerySet(self.model, using=self._db).public()

    def current(self) -> ProtocolQuerySet:
        """Return those in force."""
        return self.get_queryset().current()
