"""Asks a server for one thing, as a browser would, and looks at the answer."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from benchmarks.load import HEADERS

TIMEOUT = 300
BLOCK = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer as it came over the network; times in seconds from the first byte sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    length: int
    first_byte: float
    whole: float
    complete: bool


def ask(
    port: int, address: str, *, keep_body: bool = True, plain: bool = False, most: float = TIMEOUT
) -> Answer:
    """Return the answer of whoever listens on `port`.

    With `plain` it is asked for without compression. After `most` seconds no
    more is read, and the answer is not `complete`.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        begun = time.perf_counter()
        connection.request("GET", address, headers={} if plain else HEADERS)
        response = connection.getresponse()
        parts: list[bytes] = []
        length = 0
        first_byte = 0.0
        while block := response.read1(BLOCK):
            first_byte = first_byte or time.perf_counter() - begun
            length += len(block)
            if keep_body:
                parts.append(block)
            if time.perf_counter() - begun > most:
                break
        return Answer(
            status=response.status,
            headers={name.lower(): value for name, value in response.getheaders()},
            body=b"".join(parts),
            length=length,
            first_byte=first_byte,
            whole=time.perf_counter() - begun,
            complete=not block,
        )
    finally:
        connection.close()


def warm(port: int, addresses: Iterable[str], *, seconds: float) -> None:
    """Ask for the addresses, one after the other, for as many `seconds` at the most."""
    end = time.monotonic() + seconds
    for address in addresses:
        if time.monotonic() > end:
            break
        ask(port, address, keep_body=False)
