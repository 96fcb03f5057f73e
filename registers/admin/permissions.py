"""What the groups mean in admin: what is published, withdrawn or put back is for some alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextInputWidget
from django.http import HttpRequest

from registers.models import Protocol, Review

if TYPE_CHECKING:
    ProtocolModelAdmin = admin.ModelAdmin[Protocol]
    ProtocolModelForm = forms.ModelForm[Protocol]
else:
    ProtocolModelAdmin = object
    ProtocolModelForm = object

PUBLISH = "registers.publish_protocol"
NOT_YOURS = "To publish, withdraw or put back in force is for the group Publisher. Ask one of them."
# What says that a protocol is public, or is no longer in force.
GUARDED = ("status", "withdrawn_on", "withdrawn_reason", "replaced_by")


def may_publish(user: Any) -> bool:
    """Say whether the user may publish, withdraw and put back in force."""
    return bool(user.has_perm(PUBLISH))


def outcomes_for(user: Any) -> list[Review.Outcome]:
    """Return what reviews the user may record: those that end a protocol withdraw it."""
    ends = {Review.Outcome.ENDED, Review.Outcome.REPLACED}
    return [each for each in Review.Outcome if may_publish(user) or each not in ends]


class GuardedForm(ProtocolModelForm):
    """A protocol's form that shows those boxes, and takes nothing from them if they are shut."""

    guarded = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self._shut():
            self.fields[name].disabled = True
            if name == "withdrawn_on":
                # Django's own box has a shortcut that would fill it all the same.
                self.fields[name].widget = AdminTextInputWidget()
        if "status" in self._shut():
            self.fields["status"].help_text = NOT_YOURS

    def _shut(self) -> list[str]:
        return [name for name in GUARDED if self.guarded and name in self.fields]

    def _clean_fields(self) -> None:
        """Refuse, beside its box, what a browser would not have sent."""
        super()._clean_fields()  # type: ignore[misc]  # a mixin
        for name in self._shut():
            field, box = self.fields[name], self.add_prefix(name)
            typed = field.widget.value_from_datadict(self.data, self.files, box)
            field.disabled = False
            if box in self.data and field.has_changed(self[name].initial, typed):
                self.add_error(name, NOT_YOURS)
            field.disabled = True


class GuardedAdmin(ProtocolModelAdmin):
    """An admin of protocols whose form is a GuardedForm. Stands before the other classes."""

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Return the form's class, made for this request, shut as far as this editor may not."""
        form: Any = super().get_form(request, *args, **kwargs)
        form.guarded = not may_publish(request.user)
        return form
