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

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Waits until no other job installs or unpacks what the tests need, and keeps others waiting until
# this script ends.
one_at_a_time() {
    ! command -v flock > /dev/null || { exec 9> var/programs.lock && flock 9; }
}

# Installs Debian's packages, where this user may. A failure is no failure yet.
apt_install() {
    command -v apt-get > /dev/null && as_root true 2> /dev/null || return 0
    say "Installing Debian's $*, which the tests need."
    { as_root apt-get update -q && as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -q -y --no-install-recommends "$@"; } >&2 || say "apt-get failed."
}

# Unpacks Debian's package, and what it needs that is not here, into a folder of var/debian: for a
# program that would start a server of its own where it is installed. A failure is no failure yet.
apt_unpack() (
    command -v apt-get > /dev/null && command -v dpkg-deb > /dev/null || return 0
    say "Unpacking Debian's $1, which the tests need, in var/debian/$1."
    # There under its name once it is whole: another job may look for it at any time.
    new=$PWD/var/debian/$1.new
    rm -rf "$new"
    mkdir -p "$new/packages"
    unpack_needed "$1" "$new" >&2 || { say "apt-get failed."; return 0; }
    rm -rf "var/debian/$1"
    mv "$new" "var/debian/$1"
)

unpack_needed() (
    cd "$2/packages"
    download_needed "$1" || { as_root apt-get update -q && download_needed "$1"; } || return 1
    for package in *.deb; do
        dpkg-deb -x "$package" .. || return 1
    done
)

download_needed() {
    needed=$(apt-get install -s -qq --no-install-recommends "$1" | awk '$1 == "Inst" { print $2 }')
    # shellcheck disable=SC2086 # a list of names
    [ -n "$needed" ] && apt-get download -q $needed
}

# What is to be done without a program that tests need: on CI a failure, elsewhere a loud sentence.
# Takes what needs it, its package, and the variable that can name it where there is one.
not_tested() {
    how="Install it (on Debian: sudo apt-get install $2)${3:+, or name it: make test $3=/path/to/$2}"
    [ "${CI:-}" != true ] || fail "$1, which is not here. $how"
    say "
************************************************************************
NOT TESTED HERE. $1, which is not here.
$how
************************************************************************
"
}
