"""Edits protocols, one a second, as official changes, while the servers are measured.

`python -m benchmarks.editing` edits the register that the settings name until it is stopped. It
prints the reference of each protocol that it edited.
"""

from __future__ import annotations

import os
import sys
import time

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "weisf.settings")
django.setup()

from django.utils import timezone  # noqa: E402 (set up first)

from registers import changes  # noqa: E402 (the same)
from registers.models import Protocol  # noqa: E402 (the same)

INTERVAL = 1.0
MOST = 1_000  # far more than one run needs


def main() -> None:
    """Edit the purpose of a protocol each second: of the last first, so not on the home page."""
    next_edit = time.monotonic()
    for protocol in Protocol.public.order_by("-pk")[:MOST]:
        at = timezone.now()
        with changes.record_change(protocol, at=at):
            protocol.purpose = f"{protocol.purpose} Edited at {at:%H:%M:%S}."
            changes.save(protocol)
        sys.stdout.write(f"{protocol.pk}\n")
        sys.stdout.flush()
        next_edit += INTERVAL
        time.sleep(max(0, next_edit - time.monotonic()))


if __name__ == "__main__":
    main()
