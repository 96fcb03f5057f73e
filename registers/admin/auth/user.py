"""Users: who may come in, and as what. None is deleted, since history keeps their names."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from allauth.account.models import EmailAddress
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import GroupAdmin as DjangosGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangosUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path

from registers.accounts.invitations import invite
from registers.accounts.names import TAKEN, spelling_of
from registers.accounts.sessions import end_all, reset_second_factor
from weisf.mail import NO_MAIL
from weisf.security_events import security_event

if TYPE_CHECKING:
    UserModelAdmin = admin.ModelAdmin[User]
    GroupModelAdmin = admin.ModelAdmin[Group]
    ChangeForm = UserChangeForm[User]
    CreationForm = AdminUserCreationForm[User]
else:
    UserModelAdmin = DjangosUserAdmin
    GroupModelAdmin = DjangosGroupAdmin
    ChangeForm = UserChangeForm
    CreationForm = AdminUserCreationForm

KEEPS_USERS = "change_user"
LAST = "This is the last active administrator. Make another first."
RESET = "The second factor of {user} is reset, and their sessions are ended."
KNOWN = "Somebody has this address. Find them on the list of users."
INVITED = "{user} is invited by e-mail."
NOT_SENT = "The e-mail could not be sent, so nobody is invited. Try again later."
NO_INVITATION = "This register sends no e-mails. Add the user with a password here."
OWN = "Remove or add your own here: your own second factor is not reset from outside."


class Spelled(forms.ModelForm):  # type: ignore[type-arg] # the class takes no type when it runs
    """A form on which a username is told from all others by more than its spelling."""

    def clean_username(self) -> str:
        """Refuse another spelling of a name that is there. Raises ValidationError."""
        username: str = self.cleaned_data["username"]
        others = User.objects.exclude(pk=self.instance.pk).values_list("username", flat=True)
        wanted = spelling_of(username)
        if not wanted or wanted in map(spelling_of, others):
            raise ValidationError(TAKEN)
        return username


class NewUserForm(Spelled, CreationForm):
    """Name and password of a new user."""


class UserForm(Spelled, ChangeForm):
    """A user with groups."""

    def clean(self) -> dict[str, Any] | None:
        """Refuse that nobody is left who can let others in."""
        cleaned = super().clean() or {}
        # Of two who give it up at once, one waits here for the other.
        list(Group.objects.select_for_update().order_by("pk"))
        active = cleaned.get("is_active", self.instance.is_active)
        groups = cleaned.get("groups", Group.objects.none())
        keeps = Permission.objects.filter(codename=KEEPS_USERS, group__in=groups).exists()
        is_superuser = cleaned.get("is_superuser", self.instance.is_superuser)
        remains = active and (keeps or is_superuser)
        others = administrators().exclude(pk=self.instance.pk)
        was_one = administrators().filter(pk=self.instance.pk).exists()
        if was_one and not remains and not others.exists():
            self.add_error("groups" if active else "is_active", LAST)
        return cleaned


class InviteForm(Spelled):
    """Name, address and group of somebody who chooses a password by a mailed link."""

    email = forms.EmailField(label="E-mail address")
    group = forms.ModelChoiceField(Group.objects.none())

    class Meta:
        model = User
        fields = ("username", "email")

    def __init__(self, *args: Any, groups: QuerySet[Group], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["group"]
        field.queryset = groups

    def clean_email(self) -> str:
        """Refuse the address of another user. Raises ValidationError."""
        email: str = self.cleaned_data["email"]
        if User.objects.filter(email__iexact=email).exists():
            raise ValidationError(KNOWN)
        return email


def groups_to_give(user: Any) -> QuerySet[Group]:
    """Return the groups that may do nothing which `user` may not."""
    may = user.get_all_permissions()
    given = [each.pk for each in Group.objects.all() if _named(each.permissions.all()) <= may]
    return Group.objects.filter(pk__in=given)


def administrators() -> QuerySet[User]:
    """Return the active users who can let others in."""
    of_group = Q(is_staff=True, groups__permissions__codename=KEEPS_USERS)
    return User.objects.filter(Q(is_superuser=True) | of_group, is_active=True).distinct()


def has_no_more(user: Any, other: User) -> bool:
    """Say whether `other` may do nothing that `user` may not, were they active or not."""
    if user.is_superuser:
        return True
    theirs = Permission.objects.filter(Q(group__user=other) | Q(user=other))
    return not other.is_superuser and _named(theirs) <= user.get_all_permissions()


def _named(permissions: QuerySet[Permission]) -> set[str]:
    pairs = permissions.values_list("content_type__app_label", "codename")
    return {f"{label}.{codename}" for label, codename in pairs}


admin.site.unregister([User, Group])


@admin.register(User)
class UserAdmin(UserModelAdmin):
    """Users. Nobody gives more rights than they have, or takes rights from whoever has more."""

    form = UserForm
    add_form = NewUserForm
    actions: Any = None
    list_display = ("username", "name", "email", "is_active", "in_groups", "last_login")
    list_filter = ("is_active", "groups")
    readonly_fields = ("last_login", "date_joined")
    filter_horizontal = ()
    change_form_template = "admin/auth/user.html"
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Who it is", {"fields": ("first_name", "last_name", "email")}),
        (
            "What they may do",
            {
                "fields": ("is_active", "groups"),
                "description": (
                    "An Editor drafts and edits. A Publisher also publishes, withdraws, imports"
                    " and merges. An Administrator also lets others in. Without a group nobody"
                    " comes in. Somebody who leaves is made inactive, never deleted."
                ),
            },
        ),
        ("When", {"fields": ("last_login", "date_joined")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Offer to superusers alone to make one."""
        shown = super().get_fieldsets(request, obj)
        if obj and cast(User, request.user).is_superuser:
            return (*shown, ("Above all groups", {"fields": ("is_superuser",)}))
        return shown

    def get_urls(self) -> list[Any]:
        """Add the page for a lost second factor."""
        reset = self.admin_site.admin_view(self.reset_view)
        invite_view = self.admin_site.admin_view(self.invite_view)
        return [
            path("invite/", invite_view, name="auth_user_invite"),
            path("<path:id>/reset-second-factor/", reset, name="auth_user_reset_second_factor"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Show superusers to superusers alone."""
        users = super().get_queryset(request).prefetch_related("groups")
        return users if cast(User, request.user).is_superuser else users.exclude(is_superuser=True)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse where the other may do more than this editor."""
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and (obj is None or has_no_more(request.user, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Offer the groups that may do nothing which this editor may not, as boxes to tick."""
        field: Any = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field and db_field.name == "groups":
            field.queryset = groups_to_give(request.user)
            field.widget = forms.CheckboxSelectMultiple(choices=field.choices)
            field.help_text = ""
        return field

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001 (Django's own)
        """Let in whoever is in a group; end the sessions of whoever is not, or is inactive."""
        super().save_related(request, form, formsets, change)
        user: User = form.instance
        user.is_staff = user.is_superuser or user.groups.exists()
        user.save(update_fields=["is_staff"])
        # allauth would send links for a new password to an address of before, too.
        EmailAddress.objects.filter(user=user).exclude(email__iexact=user.email).delete()
        if not (user.is_active and user.is_staff):
            end_all(user)
        event = partial(
            security_event,
            "user_changed" if change else "user_added",
            request=request,
            account=user.pk,
            fields=sorted(form.changed_data),
            groups=sorted(group.name for group in user.groups.all()),
        )
        transaction.on_commit(event)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:  # noqa: A002 (Django's own)
        """Set another's password, which ends their sessions. The own is changed by its owner."""
        user = self.get_object(request, unquote(id))
        if user and user.pk == request.user.pk:
            return redirect("account_change_password")
        before = user and user.password
        answer = super().user_change_password(request, id, form_url)  # type: ignore[misc] # decorated, so untyped
        if user and User.objects.get(pk=user.pk).password != before:
            end_all(user)
            security_event("password_set", request=request, account=user.pk)
        return answer

    def reset_view(self, request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002 (as Django's own)
        """Ask, and then let a user who has lost theirs set up another."""
        user = self.get_object(request, unquote(id))
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        if user is None:
            raise Http404
        if user.pk == request.user.pk:
            # Whoever sits at an open session could else go round the old factor.
            self.message_user(request, OWN, messages.WARNING)
            return redirect("mfa_index")
        if request.method != "POST":
            context = {"title": "Reset the second factor", "original": user, "opts": self.opts}
            context |= self.admin_site.each_context(request)
            return render(request, "admin/auth/reset.html", context)
        reset_second_factor(user)
        security_event("second_factor_reset", request=request, account=user.pk)
        self.log_change(request, user, "Reset the second factor.")
        self.message_user(request, RESET.format(user=user), messages.SUCCESS)
        return redirect("admin:auth_user_change", user.pk)

    def invite_view(self, request: HttpRequest) -> HttpResponse:
        """Ask whom to invite and as what, and send the e-mail."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = InviteForm(request.POST or None, groups=groups_to_give(request.user))
        if settings.EMAIL_BACKEND == NO_MAIL:
            self.message_user(request, NO_INVITATION, messages.WARNING)
            return redirect("admin:auth_user_add")
        if form.is_valid():
            values = {name: form.cleaned_data[name] for name in ("username", "email", "group")}
            try:
                user = invite(**values)
            except OSError:
                form.add_error(None, NOT_SENT)
            else:
                group = values["group"].name
                security_event("user_invited", request=request, account=user.pk, group=group)
                self.log_addition(request, user, f"Invited as {group}.")
                self.message_user(request, INVITED.format(user=user), messages.SUCCESS)
                return redirect("admin:auth_user_change", user.pk)
        context = {"title": "Invite an editor", "form": form, "opts": self.opts}
        context |= self.admin_site.each_context(request)
        return render(request, "admin/auth/invite.html", context)

    @admin.display(description="name", ordering="last_name")
    def name(self, user: User) -> str:
        """Return first and last name."""
        return user.get_full_name()

    @admin.display(description="groups")
    def in_groups(self, user: User) -> str:
        """Return the groups, or that there is none above a superuser."""
        names = ", ".join(group.name for group in user.groups.all())
        return names or ("Superuser" if user.is_superuser else "None: cannot come in")


@admin.register(Group)
class GroupAdmin(GroupModelAdmin):
    """Groups, to look up. What they may do is for superusers to alter."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse for all but superusers."""
        return cast(User, request.user).is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse for all but superusers."""
        return cast(User, request.user).is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse for all but superusers."""
        return cast(User, request.user).is_superuser

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001 (Django's own)
        """Log that a group was altered."""
        super().save_related(request, form, formsets, change)
        event = partial(security_event, "group_changed", request=request, group=form.instance.pk)
        transaction.on_commit(event)
