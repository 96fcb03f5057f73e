#!/usr/bin/env python
"""The operator's commands: `python manage.py help` lists them."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import OperationalError

from weisf.version import versions

# What a script that calls this can tell apart from other failures.
SETTING_IS_WRONG = 3


def main() -> None:
    """Run the command that the arguments name; a wrong setting ends it with one sentence."""
    if sys.argv[1:2] in (["version"], ["--version"]):
        # Django answers both with its own version, before it looks for a command of that name.
        sys.stdout.write(f"{versions()}\n")
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "weisf.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as refusal:
        sys.stderr.write(f"The register does not start. {refusal}\n")
        sys.exit(SETTING_IS_WRONG)
    except OperationalError as refusal:
        sys.exit(f"The database in DATABASE_URL cannot be used: {refusal}")


if __name__ == "__main__":
    main()
