"""The one app."""

from django.apps import AppConfig


class RegistersConfig(AppConfig):
    """Registers of information sharing protocols."""

    name = "registers"
    verbose_name = "Register"
