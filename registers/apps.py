"""The one app, and Django's admin as its editors' door."""

from importlib import import_module

from django.apps import AppConfig, apps
from django.contrib.admin import apps as django_admin
from django.db.models.signals import pre_save


class RegistersConfig(AppConfig):
    """Registers of information sharing protocols."""

    default = True
    name = "registers"
    verbose_name = "Register"


class EditorsDoor(django_admin.AdminConfig):
    """Django's admin with the register's own front page."""

    default = False
    default_site = "registers.admin.site.EditorsSite"

    def ready(self) -> None:
        """Open the door.

        What stands behind it comes first: Django would make the site in the
        middle of importing it, twice, and register everything with the lost one.
        """
        import_module("registers.admin")
        self._watch_accounts()
        super().ready()

    def _watch_accounts(self) -> None:
        """Keep usernames apart and let sessions end, whichever door they come by."""
        names = import_module("registers.accounts.names")
        sessions = import_module("registers.accounts.sessions")
        signals = import_module("django.contrib.auth.signals")
        user = apps.get_model("auth", "User")
        pre_save.connect(names.refuse_second_spelling, sender=user)
        signals.user_logged_in.connect(sessions.begin)
