"""Who may publish, withdraw and put back in force, and the fields and outcomes this locks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin.widgets import AdminTextInputWidget

from registers.models import Protocol, Review

if TYPE_CHECKING:
    ProtocolModelForm = forms.ModelForm[Protocol]
else:
    ProtocolModelForm = object

PUBLISH_PERMISSION = "registers.publish_protocol"
PUBLISHERS_ONLY = (
    "Only the group Publisher can publish, withdraw or put back in force. Ask one of its members."
)
# The fields that decide whether a protocol is public and in force.
PUBLISH_FIELDS = ("status", "withdrawn_on", "withdrawn_reason", "replaced_by")


def may_publish(user: Any) -> bool:
    """Return whether the user may publish, withdraw and put back in force."""
    return bool(user.has_perm(PUBLISH_PERMISSION))


def allowed_outcomes(user: Any) -> list[Review.Outcome]:
    """Return the review outcomes that the user may record: two of them withdraw the protocol."""
    ends = {Review.Outcome.ENDED, Review.Outcome.REPLACED}
    return [each for each in Review.Outcome if may_publish(user) or each not in ends]


class PublishPermissionForm(ProtocolModelForm):
    """A protocol's form that shows PUBLISH_FIELDS, and disables them for those not allowed."""

    publish_fields_locked = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self._locked_fields():
            self.fields[name].disabled = True
            if name == "withdrawn_on":
                # Django's own widget has a shortcut that would fill it all the same.
                self.fields[name].widget = AdminTextInputWidget()
        if "status" in self._locked_fields():
            self.fields["status"].help_text = PUBLISHERS_ONLY

    def _locked_fields(self) -> list[str]:
        return [
            name for name in PUBLISH_FIELDS if self.publish_fields_locked and name in self.fields
        ]

    def _clean_fields(self) -> None:
        """Add an error to a locked field that was sent changed, which no browser does."""
        super()._clean_fields()  # type: ignore[misc]  # a mixin
        for name in self._locked_fields():
            field, box = self.fields[name], self.add_prefix(name)
            typed = field.widget.value_from_datadict(self.data, self.files, box)
            field.disabled = False
            if box in self.data and field.has_changed(self[name].initial, typed):
                self.add_error(name, PUBLISHERS_ONLY)
            field.disabled = True
