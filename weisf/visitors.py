"""Who sends a request, as far as the network can tell: for whatever counts tries."""

from __future__ import annotations

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest

HOME = 64  # bits that one IPv6 connection has at its own disposal
UNREADABLE = "unreadable"


def address_of(request: HttpRequest) -> str:
    """Return the visitor's network address: the proxy's word for it, where there is one.

    The last address was written by the proxy; those before it by anybody.
    """
    if settings.BEHIND_PROXY:
        forwarded: str = request.META.get("HTTP_X_FORWARDED_FOR", "")
        return forwarded.rpartition(",")[2].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def network_of(address: str) -> str:
    """Return what one visitor cannot leave: an IPv4 address, or the first half of an IPv6 one.

    What is no address is one visitor.
    """
    if address.startswith("["):  # [2001:db8::1]:443
        address = address[1:].partition("]")[0]
    elif address.count(":") == 1:  # 192.0.2.1:443
        address = address.partition(":")[0]
    try:
        ip = ip_address(address)
    except ValueError:
        return UNREADABLE
    if ip.version == 4:  # noqa: PLR2004 (the version's own name)
        return str(ip)
    # A server that listens on IPv6 writes IPv4 in this way.
    return str(ip.ipv4_mapped or f"{int(ip) >> HOME:x}")
