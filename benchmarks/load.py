"""The load generator: runs wrk and reads what it found."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.places import HERE, Unable
from benchmarks.processes import wait_until_idle

LONGEST = 120  # seconds, for who is slow
THREADS = 4  # at most: each connects on its own
# What a browser says, so that who can compress does.
HEADERS = {"Accept-Encoding": "gzip, deflate, br"}


@dataclass(frozen=True, kw_only=True)
class Load:
    """What one run of wrk found. Times are in milliseconds."""

    requests: float
    rate: float
    p50: float
    p95: float
    p99: float


class Generator:
    """wrk, in the environment in which it starts; its lists are written into `folder`."""

    def __init__(self, wrk: Path, env: Mapping[str, str], folder: Path) -> None:
        self.wrk = wrk
        self.env = env
        self.list = folder / "addresses"

    def load(
        self,
        site: str,
        addresses: str | Sequence[str],
        *,
        clients: int,
        seconds: int,
        headers: Mapping[str, str],
    ) -> Load:
        """Ask `site` for one address all the time, or for each of several once.

        There are `clients` connections, each asking again as soon as it is answered. Who
        gives fewer than `clients` answers in that time gets more of it. Raises Unable for
        an answer that is an error, and when the addresses do not last.
        """
        while True:
            found = self._run(site, addresses, clients, seconds, headers)
            if found["broken"] or found["refused"] or found["ran_out"]:
                raise Unable(f"{site} answered with errors, or was asked for too much: {found}")
            if found["requests"] >= clients:
                return Load(
                    requests=found["requests"],
                    rate=found["requests"] / found["microseconds"] * 1e6,
                    **{name: found[name] / 1000 for name in ("p50", "p95", "p99")},
                )
            if seconds > LONGEST:
                raise Unable(f"{site} gave {found['requests']} answers in {seconds} seconds.")
            wait_until_idle()
            seconds *= 4
            if not isinstance(addresses, str):
                # Those that were asked for are no longer new; one thread may have asked for most.
                addresses = addresses[min(THREADS, clients) * (int(found["requests"]) + clients) :]

    def _run(
        self,
        site: str,
        addresses: str | Sequence[str],
        clients: int,
        seconds: int,
        headers: Mapping[str, str],
    ) -> dict[str, float]:
        """Run wrk once, and return what load.lua says at its end."""
        threads, address = min(THREADS, clients), "/"
        env = dict(self.env) | {"BENCH_THREADS": str(threads)}
        if isinstance(addresses, str):
            address = addresses
        else:
            self.list.write_text("\n".join(addresses) + "\n")
            env["BENCH_ADDRESSES"] = str(self.list)
        said = [f"{name}: {value}" for name, value in (HEADERS | dict(headers)).items()]
        command: list[str | Path] = [
            *(
                self.wrk,
                f"-t{threads}",
                f"-c{clients}",
                f"-d{seconds}s",
                "--timeout",
                f"{LONGEST}s",
            ),
            *(word for header in said for word in ("-H", header)),
            *("-s", HERE / "load.lua", f"{site}{address}"),
        ]
        done = subprocess.run(command, env=env, text=True, capture_output=True, check=False)
        try:
            found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
        except (IndexError, ValueError) as problem:
            raise Unable(f"wrk failed at {site}{address}: {done.stdout}{done.stderr}") from problem
        return found
