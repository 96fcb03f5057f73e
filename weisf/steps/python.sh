#!/bin/sh
# Makes .venv and installs what is locked, hashes checked. With `dev`, the tools of the tests too.
. "$(dirname -- "$0")/common.sh"

find_python() {
    without_venv=
    set -- python3 python3.14 python3.13 python3.12 python3.11
    [ -z "${PYTHON:-}" ] || set -- "$PYTHON"
    for name in "$@"; do
        "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null || continue
        if "$name" -c 'import ensurepip, venv' 2> /dev/null; then
            found=$name
            return
        fi
        without_venv=${without_venv:-$name}
    done
    [ -n "$without_venv" ] || fail "Python 3.11 or later was not found. Install it, or name it: make run PYTHON=/path/to/python3"
    package=$("$without_venv" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    fail "This Python lacks 'venv'. On Debian or Ubuntu install the package $package: sudo apt-get install $package"
}

# A run that was killed while it installed leaves packages that pip believes in and Python cannot
# read; a folder that was moved, or a Python that was replaced, leaves commands that do not start.
is_sound() {
    [ ! -e .venv/unfinished ] && stamped .venv/place "$PWD" \
        && .venv/bin/python -I -S -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null
}

install() {
    sum=$(cksum "$1")
    ! stamped ".venv/stamps/$1" "$sum" || return 0
    say "Installing what $1 lists."
    : > .venv/unfinished
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
        --require-hashes -r "$1" \
        || fail "The packages in $1 could not be installed. Read pip's message above, check the network, and run this again."
    stamp ".venv/stamps/$1" "$sum"
    rm -f .venv/unfinished
}

if ! is_sound; then
    find_python
    say "Making .venv with $("$found" --version)."
    rm -rf .venv
    mkdir .venv
    : > .venv/unfinished
    "$found" -m venv .venv >&2 \
        || fail "The virtual environment .venv could not be made. Read Python's message above; PYTHON= names another Python."
    stamp .venv/place "$PWD"
fi
install requirements.txt
[ "${1:-}" != dev ] || install requirements-dev.txt
