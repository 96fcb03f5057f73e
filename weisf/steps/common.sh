# Read by every step: goes to the project's folder, and says how a failure is told.
# shellcheck shell=sh
set -eu
cd -- "$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd -P)"
mkdir -p var

say() {
    printf '%s\n' "$*" >&2
}

fail() {
    say "$*"
    exit 1
}

# A stamp is a file that records what a step was made from, so that it is not made again.
stamped() {
    [ -f "$1" ] && [ "$(cat -- "$1")" = "$2" ]
}

stamp() {
    mkdir -p "$(dirname -- "$1")"
    printf '%s\n' "$2" > "$1.new"
    mv -- "$1.new" "$1"
}
