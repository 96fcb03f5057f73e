"""The one app, and Django's admin as its editors' door."""

from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin import apps as django_admin
from django.core import checks


class RegistersConfig(AppConfig):
    """Registers of information sharing protocols."""

    default = True
    name = "registers"
    verbose_name = "Register"

    def ready(self) -> None:
        """Let Django check what the partnership says of the import, and of references."""
        checks.register(import_module("registers.imports.checks").check_import_headings)
        in_database = checks.register(checks.Tags.database)
        in_database(import_module("registers.models.checks").check_references)


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
        import_module("registers.accounts.events").connect()
        super().ready()
