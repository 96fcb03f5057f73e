"""Users: who may log in, and as what. None is deleted, since history keeps their names."""

from __future__ import annotations

import datetime
from functools import partial
from http import HTTPStatus
from typing import Any

from allauth.account.forms import ResetPasswordForm
from allauth.account.models import EmailAddress
from allauth.core import ratelimit
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin as DjangosGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangosUserAdmin
from django.contrib.auth.forms import (
    AdminPasswordChangeForm,
    ReadOnlyPasswordHashField,
    ReadOnlyPasswordHashWidget,
    UserChangeForm,
)
from django.contrib.auth.hashers import is_password_usable
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format

from registers.accounts.adapter import users_named
from registers.accounts.sessions import end_all, reset_second_factor
from registers.admin.filters import RelatedFilter
from weisf.mail import MailError, sends_mail
from weisf.security_events import security_event

LETS_IN = "change_user"
TAKEN = "Somebody has this username, or one with other capitals."
NO_ADDRESS = "Enter an e-mail address."
KNOWN = "Somebody has this address. Find them on the list of users."
LAST = "This is the last active administrator. Make another first."
LINK_SENT = "A link that sets a new password is sent to {user}. The old one is good until then."
LINK_SENT_JUST_NOW = "A link was sent less than a minute ago. Wait a minute, then send another."
LINK_NOT_SENT = "The e-mail could not be sent. Try again later."
ABOVE = "A superuser may do everything, also make and alter superusers and groups."
NOT_SENT = "The e-mail could not be sent, so nobody is invited. Try again later."
INVITED = "An invitation went to {email}. The link is good until {until}."
NOT_INVITED = (
    "{user} is added. This register sends no e-mails: set a first password here, and tell it to"
    " them yourself. They choose their own at the first log-in."
)
GROUPS = (
    "An Editor drafts and edits. A Publisher also publishes, withdraws, imports and merges. An"
    " Administrator also lets others in. Without a group nobody can log in. Somebody who leaves is"
    " made inactive, never deleted."
)
ADD = (
    "They get an e-mail with a link to choose a password, good once and for three days. Where the"
    " register sends no e-mails, the next page asks you for a first password."
)
LOST = (
    "Who has lost passkey or app, and the recovery codes, sets up others with the next log-in. Be"
    " sure that it is really them who ask: until then the password alone is enough. Their sessions"
    " end at once."
)


class SetPasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]
    """Another's new password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields.pop("usable_password", None)


class PasswordState(ReadOnlyPasswordHashWidget):
    """Whether there is a password, and nothing of how it is stored."""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Return the words, and those of the link to the page that sets another."""
        state = "Password set" if value and is_password_usable(value) else "No password set"
        context: dict[str, Any] = super().get_context(name, value, attrs)
        return context | {"summary": [{"label": state}], "button_label": "Set a new one …"}


class UserForm(UserChangeForm):  # type: ignore[type-arg] # it takes no type when it runs
    """A user with groups."""

    reset = forms.BooleanField(label="Reset the second factor", required=False, help_text=LOST)

    password = ReadOnlyPasswordHashField(label="Password", widget=PasswordState)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Django's words are of databases and directories; the page has its own.
        for name in {"username", "password", "is_active", "is_superuser"} & self.fields.keys():
            self.fields[name].help_text = ""
        if "email" in self.fields:  # not where the user is shown only
            self.fields["email"].label = "E-mail address"

    def clean_username(self) -> str:
        """Refuse a name that differs from another in capitals. Raises ValidationError."""
        username: str = self.cleaned_data["username"]
        if users_named(username).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(TAKEN)
        return username

    def clean_email(self) -> str:
        """Return the address in small letters. Raises ValidationError if another has it."""
        email: str = self.cleaned_data["email"].lower()
        if not email and not self.instance.pk:
            raise forms.ValidationError(NO_ADDRESS)
        others = User.objects.exclude(pk=self.instance.pk)
        if email and others.filter(email__iexact=email).exists():
            raise forms.ValidationError(KNOWN)
        return email

    def clean(self) -> dict[str, Any] | None:
        """Refuse that nobody is left who can let others in."""
        cleaned = super().clean() or {}
        # Of two who give it up at once, one waits here for the other.
        list(Group.objects.select_for_update().order_by("pk"))
        active = cleaned.get("is_active", self.instance.is_active)
        lets_in = cleaned.get("is_superuser", self.instance.is_superuser)
        groups = cleaned.get("groups", Group.objects.none())
        lets_in |= groups.filter(permissions__codename=LETS_IN).exists()
        others = administrators().exclude(pk=self.instance.pk)
        was_one = administrators().filter(pk=self.instance.pk).exists()
        if was_one and not (active and lets_in) and not others.exists():
            self.add_error("groups" if active else "is_active", LAST)
        return cleaned


def administrators() -> QuerySet[User]:
    """Return the active users who can let others in."""
    of_group = Q(is_staff=True, groups__permissions__codename=LETS_IN)
    return User.objects.filter(Q(is_superuser=True) | of_group, is_active=True).distinct()


def lacking(user: Any) -> QuerySet[Permission]:
    """Return the permissions that a user has not."""
    has = Q() if user.is_superuser else Q(group__user=user) | Q(user=user)
    return Permission.objects.exclude(pk__in=Permission.objects.filter(has))


def _mail_link(request: HttpRequest, user: User) -> None:
    """E-mail a link that sets a password. Raises MailError where it cannot be sent."""
    link = ResetPasswordForm({"email": user.email})
    link.full_clean()
    link.save(request)


admin.site.unregister([User, Group])


@admin.register(User)
class UserAdmin(DjangosUserAdmin):  # type: ignore[type-arg]
    """Users. Nobody gives more rights than they have, or alters whoever has more."""

    form = UserForm
    add_form = UserForm
    actions: Any = None
    list_display = ("username", "first_name", "last_name", "address", "is_active", "in_groups")
    list_filter = ("is_active", ("groups", RelatedFilter))
    change_password_form = SetPasswordForm
    change_user_password_template = "admin/auth/password.html"  # noqa: S105 (a template)
    readonly_fields = ("last_login", "date_joined")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Who it is", {"fields": ("first_name", "last_name", "email")}),
        ("What they may do", {"fields": ("is_active", "groups"), "description": GROUPS}),
        ("When", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        ("Whom to invite", {"fields": ("username", "email"), "description": ADD}),
        ("What they may do", {"fields": ("groups",), "description": GROUPS}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Add what is not asked about oneself, and what superusers alone may give."""
        shown = super().get_fieldsets(request, obj)
        if obj and obj.pk != request.user.pk:
            shown = (*shown, ("Lost the second factor", {"fields": ("reset",)}))
        if obj and request.user.is_superuser:
            shown = (
                *shown,
                ("Above all groups", {"fields": ("is_superuser",), "description": ABOVE}),
            )
        return shown

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """Leave out a button: the list offers to add."""
        context["show_save_and_add_another"] = False
        return super().render_change_form(request, context, *args, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Leave out whoever may do more than this editor."""
        users = super().get_queryset(request).prefetch_related("groups")
        if request.user.is_superuser:
            return users
        more = lacking(request.user)
        above = (
            Q(is_superuser=True) | Q(groups__permissions__in=more) | Q(user_permissions__in=more)
        )
        return users.exclude(pk__in=User.objects.filter(above))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Offer the groups that may do nothing which this editor may not, as boxes to tick."""
        field: Any = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field and db_field.name == "groups":
            field.queryset = Group.objects.exclude(permissions__in=lacking(request.user))
            field.widget = forms.CheckboxSelectMultiple(choices=field.choices)
            field.help_text = ""
        return field

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> Any:
        """Invite somebody; nobody, where the e-mail cannot be sent."""
        try:
            titled = {"title": "Invite an editor", **(extra_context or {})}
            return super().add_view(request, form_url, titled)
        except MailError:
            self.message_user(request, NOT_SENT, messages.ERROR)
            return redirect("admin:auth_user_add")

    def response_add(self, request: HttpRequest, obj: User, *args: Any, **kwargs: Any) -> Any:
        """Say that the invitation went; lead on to a first password where no e-mail is sent."""
        if not sends_mail():
            self.message_user(request, NOT_INVITED.format(user=obj), messages.WARNING)
            return redirect("admin:auth_user_password_change", obj.pk)
        good_for = datetime.timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
        until = date_format(timezone.localtime(timezone.now() + good_for), "j F Y, H:i")
        said = INVITED.format(email=obj.email, until=until)
        self.message_user(request, said, messages.SUCCESS)
        return redirect("admin:auth_user_changelist")

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001 (Django's own)
        """Save a user; a new one has no password yet."""
        if not change:
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001 (Django's own)
        """Let in whoever is in a group; end the sessions of whoever is not, or is inactive."""
        super().save_related(request, form, formsets, change)
        user: User = form.instance
        user.is_staff = user.is_superuser or user.groups.exists()
        user.save(update_fields=["is_staff"])
        # allauth would send links for a new password to an address of before, too.
        EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()
        event = partial(
            security_event,
            "user_changed" if change else "user_invited",
            request=request,
            account=user.pk,
            fields=sorted(form.changed_data),
            groups=sorted(group.name for group in user.groups.all()),
        )
        transaction.on_commit(event)
        # Not the own: whoever sits at an open session could else go round the old one.
        if form.cleaned_data["reset"] and user.pk != request.user.pk:
            reset_second_factor(user)
            security_event("second_factor_reset", request=request, account=user.pk)
        if not (user.is_active and user.is_staff):
            end_all(user)
        if not change and sends_mail():
            _mail_link(request, user)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:  # noqa: A002 (Django's own)
        """Set another's first password, or mail a link that sets one.

        The own is changed by its owner, with the old one.
        """
        user = self.get_object(request, unquote(id))
        if user and user.pk == request.user.pk:
            return redirect("account_change_password")
        mailed = bool(user and user.is_active and user.email) and sends_mail()
        # Whom the directory has logged in gets no password that goes round it.
        if settings.SINGLE_SIGN_ON and user and user.last_login and not user.has_usable_password():
            mailed = False
        if user and mailed and "_send" in request.POST:
            return self._send_link(request, user)
        answer = super().user_change_password(request, id, form_url)
        if user and answer.status_code == HTTPStatus.FOUND:
            # It is a first password: registers/accounts/sessions.py.
            User.objects.filter(pk=user.pk).update(last_login=None)
            security_event("password_set", request=request, account=user.pk)
        if isinstance(answer, TemplateResponse):
            answer.context_data = (answer.context_data or {}) | {"mailed": mailed}
        return answer

    def _send_link(self, request: HttpRequest, user: User) -> Any:
        """Mail a link with which the user sets a new password."""
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        if not ratelimit.consume(request, action="password_link", user=user):
            self.message_user(request, LINK_SENT_JUST_NOW, messages.WARNING)
            return redirect("admin:auth_user_change", user.pk)
        try:
            _mail_link(request, user)
        except MailError:
            self.message_user(request, LINK_NOT_SENT, messages.ERROR)
        else:
            security_event("password_link_sent", request=request, account=user.pk)
            self.message_user(request, LINK_SENT.format(user=user), messages.SUCCESS)
        return redirect("admin:auth_user_change", user.pk)

    @admin.display(description="e-mail address", ordering="email")
    def address(self, user: User) -> str:
        """Return the address."""
        return user.email

    @admin.display(description="groups")
    def in_groups(self, user: User) -> str:
        """Return the groups, or that there is none above a superuser."""
        names = ", ".join(group.name for group in user.groups.all())
        return names or ("Superuser" if user.is_superuser else "None: cannot log in")


@admin.register(Group)
class GroupAdmin(DjangosGroupAdmin):
    """Groups. Only superusers have the permission to alter them."""

    def formfield_for_manytomany(self, *args: Any, **kwargs: Any) -> Any:
        """Offer boxes to tick: Django's two lists have faults for screen readers."""
        kwargs["widget"] = forms.CheckboxSelectMultiple
        return super().formfield_for_manytomany(*args, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Say in words what who may alter nothing would see as Django's 130 permissions."""
        may_alter = self.has_add_permission(request) or self.has_change_permission(request, obj)
        return super().get_fields(request, obj) if may_alter else ("name", "may_do")

    @admin.display(description="what they may do")
    def may_do(self, group: Group) -> str:
        """Return the sentences about all three groups."""
        return GROUPS

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001 (Django's own)
        """Log that a group was altered."""
        super().save_related(request, form, formsets, change)
        event = partial(security_event, "group_changed", request=request, group=form.instance.pk)
        transaction.on_commit(event)
