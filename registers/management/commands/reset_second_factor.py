"""`manage.py reset_second_factor NAME`: for an administrator who has lost the second factor."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from registers.accounts.sessions import reset_second_factor
from weisf.security_events import security_event


class Command(BaseCommand):
    help = "Let a user who has lost app or passkey set up another when they next log in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *, username: str, **_options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(
                f"Nobody has the username '{username}'. Correct it and run the command again."
            )
        reset_second_factor(user)
        security_event("second_factor_reset", account=user.pk)
        self.stdout.write(f"{user.username} must set up a second factor when they next log in.")
