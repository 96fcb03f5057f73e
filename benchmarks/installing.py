"""Brings what the benchmark needs and the register does not, into var/bench.

Nothing is installed on the machine: Debian's packages are only unpacked, so no server of theirs
starts by itself.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.places import HERE, KEPT, PROJECT, Unable, run, say

DEBIAN = KEPT / "debian"
# By program, Debian's packages that hold it and what it needs beside a plain system.
PACKAGES = {
    "wrk": ("wrk", "libluajit-5.1-2", "libluajit-5.1-common"),
    "nginx": ("nginx", "nginx-common"),
}
STARTS = (0, 1)  # wrk ends with 1 when it is asked for its version; without a library it is 127
OLDEST_NODE = 22  # Lighthouse refuses an older one


@dataclass(frozen=True, kw_only=True)
class Tools:
    """Where each program is. `chromium` is None on a machine without one."""

    wrk: Path
    nginx: Path
    datasette: Path
    lighthouse: list[str]
    chromium: Path | None
    env: dict[str, str]


def install(*, browser: bool) -> Tools:
    """Bring what is missing and return where everything is. Raises Unable.

    `browser` says whether what only a browser measures is wanted.
    """
    KEPT.mkdir(parents=True, exist_ok=True)
    chromium = _chromium() if browser else ""
    return Tools(
        wrk=_program("wrk", "-v"),
        nginx=_program("nginx", "-v"),
        datasette=_environment("datasette", HERE / "requirements.txt") / "datasette",
        lighthouse=_lighthouse() if chromium else [],
        chromium=Path(chromium) if chromium else None,
        env=_environ(),
    )


def _chromium() -> str:
    """Return where Chromium is, or nothing: then what a browser measures is left out."""
    return run(
        *("sh", PROJECT / "weisf/steps/setup.sh", "chromium"),
        env=os.environ | {"CI": ""},
        what_to_do="Chromium could not be looked for. Read the message above.",
    ).strip()


def _environ() -> dict[str, str]:
    """Return the environment in which unpacked programs find their libraries."""
    folders = sorted({str(library.parent) for library in DEBIAN.glob("usr/lib/*/*.so*")})
    return os.environ | {
        "LD_LIBRARY_PATH": ":".join([*folders, os.environ.get("LD_LIBRARY_PATH", "")]).strip(":")
    }


def _program(name: str, version: str) -> Path:
    """Return where `name` is, after unpacking Debian's packages if need be. Raises Unable."""
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:{DEBIAN}/usr/bin:{DEBIAN}/usr/sbin"

    def starts() -> Path | None:
        found = shutil.which(name, path=path)
        return Path(found) if found and _ends([found, version]) in STARTS else None

    found = starts()
    if found is None:
        say(f"Bringing {name} from Debian.")
        _unpack(PACKAGES[name])
        found = starts()
    if found is None:
        raise Unable(
            f"The benchmark needs {name}, which is not here and could not be brought. "
            f"Install it (on Debian: sudo apt-get install {name}) and run this again."
        )
    return found


def _unpack(packages: tuple[str, ...]) -> None:
    """Unpack Debian's `packages` under var/bench; where that fails, nothing is said here."""
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return
    folder = DEBIAN / "packages"
    folder.mkdir(parents=True, exist_ok=True)
    download = ["apt-get", "download", "-qq", *packages]
    if _ends(download, folder=folder) and os.geteuid() == 0:
        _ends(["apt-get", "update", "-qq"], folder=folder)
        _ends(download, folder=folder)
    for package in folder.glob("*.deb"):
        _ends(["dpkg-deb", "-x", str(package), str(DEBIAN)], folder=folder)


def _ends(command: list[str], *, folder: Path = PROJECT) -> int:
    """Run a command whose failure is no failure yet, and return how it ended."""
    quiet = subprocess.DEVNULL
    done = subprocess.run(
        command, cwd=folder, env=_environ(), check=False, stdin=quiet, stdout=quiet, stderr=quiet
    )
    return done.returncode


def _environment(name: str, requirements: Path) -> Path:
    """Return the folder of programs of a virtual environment that holds `requirements`."""
    folder = KEPT / name
    stamp = folder / "made-from"
    wanted = hashlib.sha256(requirements.read_bytes()).hexdigest() + sys.version + str(folder)
    if not stamp.exists() or stamp.read_text() != wanted:
        say(f"Bringing {name}.")
        failed = f"{name} could not be installed. Read pip's message above and check the network."
        shutil.rmtree(folder, ignore_errors=True)
        run(sys.executable, "-m", "venv", folder, what_to_do=failed)
        pip = (folder / "bin/python", "-m", "pip", "install", "--quiet", "--no-input")
        checked = ("--disable-pip-version-check", "--require-hashes", "-r", requirements)
        run(*pip, *checked, what_to_do=failed)
        stamp.write_text(wanted)
    return folder / "bin"


def _lighthouse() -> list[str]:
    """Return the command that starts Lighthouse: a Node that is new enough, and its program."""
    node = shutil.which("node")
    version = run(node, "--version", what_to_do="node does not start.") if node else ""
    digits = re.match(r"v(\d+)", version)
    if not node or not digits or int(digits[1]) < OLDEST_NODE or not shutil.which("npm"):
        node = str(_environment("node", PROJECT / "requirements-node.txt") / "node")
    folder = KEPT / "lighthouse"
    program = folder / "node_modules/lighthouse/cli/index.js"
    lock = HERE / "package-lock.json"
    made_from = folder / "package-lock.json"
    if not program.exists() or made_from.read_bytes() != lock.read_bytes():
        say("Bringing Lighthouse.")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for file in (HERE / "package.json", lock):
            shutil.copy(file, folder)
        plain = ("--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error")
        run(
            *("npm", "ci", "--ignore-scripts", *plain),
            cwd=folder,
            env=os.environ | {"PATH": f"{Path(node).parent}:{os.environ.get('PATH', os.defpath)}"},
            what_to_do="npm could not bring Lighthouse. Check the network and run this again.",
        )
    return [node, str(program)]
