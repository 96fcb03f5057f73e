"""Security events: one JSON line of the log each, for the operator's monitoring.

A line names an account by its number and the client's network by a keyed hash: two
lines can be compared, and neither says who somebody is or where they were.
"""

from __future__ import annotations

import logging
from typing import Any

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from weisf.client_address import client_address, client_network

logger = logging.getLogger("security")


def security_event(
    event: str, *, request: HttpRequest | None = None, user: Any = None, **details: Any
) -> None:
    """Log one event, such as 'login' or 'protocol_published'.

    `user` is who did it (from `request` where it is not given), `details` are plain
    values: numbers, references, names of fields or groups, and never what somebody typed.
    """
    who = user if user is not None else getattr(request, "user", None)
    fields = {"event": event, "user": getattr(who, "pk", None)} | details
    if request is not None:
        fields["network"] = keyed_hash("network", client_network(client_address(request)))
    logger.info(event, extra=fields)


def keyed_hash(kind: str, text: str) -> str:
    """Return what stands for a name or a network address and cannot be read back."""
    written = text.encode(errors="surrogatepass")
    return salted_hmac(f"weisf.security_events.{kind}", written, algorithm="sha256").hexdigest()


def cache_key(key: str, prefix: str, version: int) -> str:
    """Return how a cache stores a key: hashed, since names and addresses are counted under some."""
    return f"{prefix}:{version}:{keyed_hash('cache', key)}"
