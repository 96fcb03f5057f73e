"""The client's IP address, for rate limits: behind a proxy, the one that the proxy reports."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest

IPV6_NETWORK_BITS = 64  # one client has a /64 network to itself
UNREADABLE = "unreadable"


def client_address(request: HttpRequest) -> str:
    """Return the client's IP address: from X-Forwarded-For where BEHIND_PROXY is set.

    Each of the PROXY_COUNT proxies added one address there; the client can forge the others.
    """
    if settings.BEHIND_PROXY:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        count = settings.PROXY_COUNT
        return str(forwarded[-count].strip()) if len(forwarded) >= count else ""
    return str(request.META.get("REMOTE_ADDR", ""))


def read_address(address: str) -> IPv4Address | IPv6Address | None:
    """Return an address as some proxies write it, with a port; None where it cannot be read."""
    if address.startswith("["):  # [2001:db8::1]:443
        address = address[1:].partition("]")[0]
    elif address.count(":") == 1:  # 192.0.2.1:443
        address = address.partition(":")[0]
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    # A server that listens on IPv6 writes IPv4 in this way.
    return getattr(ip, "ipv4_mapped", None) or ip


def client_network(address: str) -> str:
    """Return what to count attempts by: an IPv4 address, or the /64 network of an IPv6 one.

    One IPv6 client can use any address of its network. All unreadable addresses count as one.
    """
    ip = read_address(address)
    if isinstance(ip, IPv6Address):
        return f"{int(ip) >> IPV6_NETWORK_BITS:x}"
    return str(ip or UNREADABLE)
