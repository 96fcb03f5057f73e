#!/bin/sh
# Sets up the parts that are named, each only where something has changed since the last time:
#   python      .venv with the locked packages, hashes checked
#   assets      the design system from npm, and the one style sheet that is taken from it
#   static      the static files, named by their content and compressed, in var/static
#   secret_key  a secret key for this machine
# With `dev` before them, what the tests need too. `chromium` prints where Chromium is.
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
    say "Installing the packages of $1."
    : > .venv/unfinished
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
        --require-hashes -r "$1" \
        || fail "The packages in $1 could not be installed. Read pip's message above, check the network, and run this again."
    stamp ".venv/stamps/$1" "$sum"
    rm -f .venv/unfinished
}

set_up_python() {
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
    [ "$group" != dev ] || install requirements-dev.txt
}

find_npm() {
    ! npm --version > /dev/null 2>&1 || return 0
    PATH=$PWD/.venv/bin:$PATH
    if ! npm --version > /dev/null 2>&1; then
        say "This machine has no npm that works, so one is installed into .venv."
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
            --require-hashes -r requirements-node.txt \
            || fail "npm could not be installed into .venv. Check the network and run this again, or install npm."
    fi
}

install_npm_packages() {
    find_npm
    set --
    [ "$group" = dev ] || set -- --omit=dev
    say "Installing the design system."
    npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error "$@" >&2 \
        || fail "npm could not install the design system. Check the network and run this again."
    stamp node_modules/.installed "$group $sum"
}

# The register is not on GOV.UK, so the typeface GDS Transport is not ours to use. The map of the
# style sheet is not served, so a browser must not be told to look for it.
make_style_sheet() {
    [ -s "$source" ] || fail "$source is missing. Delete node_modules and run this again."
    sed -e 's/@font-face *{[^}]*}//g' \
        -e 's/"\{0,1\}GDS Transport"\{0,1\} *, *//g' \
        -e 's|/\*# sourceMappingURL=[^*]*\*/||g' "$source" > "var/style.$$"
    if grep -q -i -e '@font-face' -e 'GDS Transport' -e sourceMappingURL "var/style.$$"; then
        rm -f "var/style.$$"
        fail "The design system is written in a new way: its typeface could not be taken out of $source. Fix weisf/steps/setup.sh."
    fi
    mkdir -p var/govuk
    mv "var/style.$$" "$style_sheet"
    stamp var/stamps/assets "$sum"
}

set_up_assets() {
    style_sheet=var/govuk/govuk-frontend.css
    source=node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.css
    sum=$(cksum package.json package-lock.json weisf/steps/setup.sh)
    # What the tests need holds what the register needs, not the other way round.
    if ! stamped node_modules/.installed "$group $sum" && ! stamped node_modules/.installed "dev $sum"; then
        install_npm_packages
    fi
    if ! stamped var/stamps/assets "$sum" || [ ! -s "$style_sheet" ]; then
        make_style_sheet
    fi
}

set_up_static() {
    sum=$(find static var/govuk -type f ! -name '.*' -exec cksum {} + | sort)
    sum="$sum $(cksum requirements.txt weisf/settings.py weisf/steps/setup.sh)"
    if stamped var/stamps/static "$sum" && [ -s var/static/staticfiles.json ]; then
        return
    fi
    say "Gathering the static files."
    # No secret goes into a static file, and an image is built where there is none.
    SECRET_KEY=the-static-files-are-gathered-without-a-secret-key-of-their-own \
        .venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
        || fail "The static files could not be gathered. Read the message above and run this again."
    stamp var/stamps/static "$sum"
}

# Never overwritten: a new key would end every session.
set_up_secret_key() (
    key=${DATA_DIR:-var}/secret-key
    if [ -n "${SECRET_KEY:-}" ] || [ -s "$key" ]; then
        return
    fi
    umask 077
    .venv/bin/python -c 'import secrets; print(secrets.token_urlsafe(50))' > "$key.$$" \
        || fail "A secret key could not be written to $key. Make the folder, and let this user write to it."
    # A link refuses to replace a key that another run has just written; some file systems have none.
    ln "$key.$$" "$key" 2> /dev/null || [ -s "$key" ] || mv "$key.$$" "$key"
    rm -f "$key.$$"
)

find_chromium() {
    for name in ${CHROMIUM:+"$CHROMIUM"} chromium chromium-browser google-chrome; do
        ! command -v "$name" || return 0
    done
    return 1
}

set_up_chromium() {
    ! find_chromium || return 0
    apt_install chromium
    ! find_chromium || return 0
    not_tested "The browser tests need Chromium" chromium CHROMIUM
}

group=run
if [ "$1" = dev ]; then
    group=dev
    shift
fi
for part in "$@"; do
    "set_up_$part"
done
