#!/bin/sh
# Prints where Chromium is, after installing Debian's package if need be. Prints nothing if there
# is none and this is not CI.
. "$(dirname -- "$0")/common.sh"

find_chromium() {
    for name in ${CHROMIUM:+"$CHROMIUM"} chromium chromium-browser google-chrome; do
        if command -v "$name"; then
            exit 0
        fi
    done
}

find_chromium
if command -v apt-get > /dev/null; then
    as_root=
    [ "$(id -u)" -eq 0 ] || as_root='sudo -n'
    if $as_root true 2> /dev/null; then
        say "Installing Chromium, which the browser tests need."
        { $as_root apt-get update -q && $as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -q -y --no-install-recommends chromium; } >&2 || say "apt-get failed."
        find_chromium
    fi
fi

how="Install it (on Debian: sudo apt-get install chromium), or name it: make test CHROMIUM=/path/to/chromium"
[ "${CI:-}" != true ] || fail "The browser tests need Chromium, which is not here. $how"
say "
************************************************************************
THE BROWSER TESTS ARE NOT RUN: Chromium is not here.
$how
************************************************************************
"
