"""The one app, and Django's admin as its editors' door."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class RegistersConfig(AppConfig):
    """Registers of information sharing protocols."""

    default = True
    name = "registers"
    verbose_name = "Register"


class EditorsDoor(AdminConfig):
    """Django's admin with the register's own front page."""

    default = False
    default_site = "registers.admin.site.EditorsSite"
