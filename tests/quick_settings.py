"""The settings of a register that tests start: its own, but that a password takes no time."""

from weisf.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
