"""The form of a protocol: what it asks beside each box, for each status."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError

from registers.admin.months import MonthField
from registers.admin.official import ReasonForm
from registers.admin.rights import GuardedForm
from registers.models import Protocol
from registers.models.keys import same_number
from registers.search.reference_log import next_reference

WITHDRAWAL = ("withdrawn_on", "withdrawn_reason", "replaced_by")


def taken() -> str:
    """Return what is said of a reference that a protocol has: another officer was quicker."""
    free = next_reference()
    also = f" The next free one is {free}." if free else ""
    return f"A protocol has this reference already.{also}"


class ProtocolForm(GuardedForm, ReasonForm):
    """The protocol itself."""

    review_date = MonthField(
        label="Review month",
        required=False,
        help_text="Month and year, such as March 2027. The review is due on its last day.",
    )

    class Meta:
        help_texts = {
            "status": "A draft is seen by editors alone. A withdrawn protocol stays public.",
            "withdrawn_on": "Only for the status Withdrawn.",
            "withdrawn_reason": "Only for the status Withdrawn. Public.",
            "replaced_by": "If another protocol took its place. Readers are led there.",
        }

    def clean_reference(self) -> str:
        """Refuse a number that a protocol has: another officer may have been offered it too."""
        reference: str = self.cleaned_data["reference"]
        if Protocol.objects.filter(pk__in=[reference, *same_number(reference)]).exists():
            raise ValidationError(taken())
        return reference

    def clean(self) -> dict[str, Any] | None:
        """Ask for the day and the reason of a withdrawal; forget them when it is back in force."""
        cleaned = super().clean() or {}
        if "status" not in cleaned:
            return cleaned
        before, now = self.initial.get("status"), cleaned["status"]
        if now == Protocol.Status.PUBLISHED and before == Protocol.Status.WITHDRAWN:
            self._forget_withdrawal(cleaned)
        withdrawn = now == Protocol.Status.WITHDRAWN
        for field, wanted in (
            ("withdrawn_on", "Write the day on which it was withdrawn."),
            ("withdrawn_reason", "Write why it was withdrawn. The public reads it."),
        ):
            if field in self.errors:
                continue
            if withdrawn and not cleaned.get(field):
                self.add_error(field, wanted)
            if not withdrawn and cleaned.get(field):
                self.add_error(field, "Choose the status Withdrawn, or empty this box.")
        return cleaned

    def _forget_withdrawal(self, cleaned: dict[str, Any]) -> None:
        """Empty what stands there still. What was typed anew is a slip, and is asked about."""
        for field in WITHDRAWAL:
            if field in cleaned and field not in self.changed_data:
                cleaned[field] = "" if field == "withdrawn_reason" else None
