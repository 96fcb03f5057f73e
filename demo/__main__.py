"""`python -m demo --protocols N --seed S`: fill an empty register with made-up protocols."""

import os
import sys

import django
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError


def main() -> None:
    """Run the command with the arguments; a wrong setting ends it with one sentence."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "weisf.settings")
    try:
        django.setup()
        from demo.command import Command  # noqa: PLC0415 (its models need the settings)

        Command().run_from_argv(["python", "-m demo", *sys.argv[1:]])
    except ImproperlyConfigured as refusal:
        sys.exit(f"The register does not start. {refusal}")
    except OperationalError as refusal:
        sys.exit(f"The database in DATABASE_URL cannot be used: {refusal}")


if __name__ == "__main__":
    main()
