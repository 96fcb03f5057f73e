#!/bin/sh
# Sets up the parts that are named, each only where something has changed since the last time:
#   python      .venv with the locked packages, hashes checked
#   assets      the design system from npm, and the one style sheet that is taken from it
#   static      the static files, named by their content and compressed, in var/static
#   secret_key  a secret key for this machine
#   extras      the environment of the extras' tests, .venv-extras
# With `dev` before them, what the tests need too. `chromium`, `nginx` and `redis` print where
# these programs are.
. "$(dirname -- "$0")/common.sh"

find_python() {
    without_venv=
    # First what the image ships, which pyenv may have without its being on the path.
    set -- python3.13 "${PYENV_ROOT:-${HOME:-}/.pyenv}"/versions/3.13.*/bin/python3 \
        python3 python3.12 python3.11
    [ -z "${PYTHON:-}" ] || set -- "$PYTHON"
    for name in "$@"; do
        "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null || continue
        if [ -n "$uv" ] || "$name" -c 'import ensurepip, venv' 2> /dev/null; then
            found=$name
            return
        fi
        without_venv=${without_venv:-$name}
    done
    [ -n "$without_venv" ] || [ -z "${PYTHON:-}" ] || fail "$PYTHON does not start here, or is older than Python 3.11. Name another: PYTHON=/path/to/python3"
    [ -n "$without_venv" ] || fail "Python 3.11 or later was not found. Install it, or name it: make run PYTHON=/path/to/python3"
    package=$("$without_venv" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    fail "This Python lacks 'venv'. On Debian or Ubuntu install the package $package: sudo apt-get install $package"
}

# uv is used where the machine has one, or .venv holds that of the tests' tools. pyproject.toml says
# which is new enough; the image has no lock that it could read.
find_uv() {
    for uv in uv .venv/bin/uv; do
        ! "$uv" export --quiet --frozen > /dev/null 2>&1 || return 0
    done
    [ ! -f uv.lock ] || ! command -v uv > /dev/null \
        || say "The uv of this machine cannot read uv.lock: it may be too old. pip is used."
    uv=
}

sync() {
    UV_PROJECT_ENVIRONMENT=$PWD/.venv UV_PYTHON_DOWNLOADS=never "$uv" sync --quiet --frozen \
        --python .venv/bin/python --no-default-groups "$@"
}

pip_install() {
    # A .venv that uv made has no pip.
    .venv/bin/python -c 'import pip' 2> /dev/null || .venv/bin/python -m ensurepip > /dev/null \
        || fail "There is no uv here, and .venv has no pip. Delete the folder .venv and run this again."
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
        --require-hashes -r "$1"
}

# A run that was killed while it installed leaves packages that pip believes in and Python cannot
# read; a folder that was moved, or a Python that was replaced, leaves commands that do not start.
# Another Python (PYTHON=) or other extras (EXTRAS=) than those of .venv want a new one.
is_sound() {
    version='import sys; print(sys.version); sys.exit(sys.version_info < (3, 11))'
    [ ! -e .venv/unfinished ] && stamped .venv/place "$PWD" && stamped .venv/extras "$extras" \
        && is=$(.venv/bin/python -I -S -c "$version" 2> /dev/null) \
        && { [ -z "${PYTHON:-}" ] || [ "$is" = "$("$PYTHON" -I -S -c "$version" 2> /dev/null)" ]; }
}

make_venv() {
    find_uv
    [ "$uv" != .venv/bin/uv ] || uv=
    find_python
    # Where node is in .venv, it is installed again.
    [ ! -e .venv/bin/node ] || rm -f node_modules/.installed
    rm -rf .venv
    mkdir .venv
    : > .venv/unfinished
    stamp .venv/extras "$extras"
    say "Making .venv with $("$found" --version)."
    if [ -n "$uv" ]; then
        "$uv" venv --quiet --no-project --allow-existing \
            --python "$("$found" -c 'import sys; print(sys.executable)')" .venv >&2
    else
        "$found" -m venv .venv >&2
    fi || fail "The virtual environment .venv could not be made. Read the message above; PYTHON= names another Python."
    stamp .venv/place "$PWD"
}

install_packages() {
    if [ -n "$uv" ]; then
        set -- --inexact
        [ "$group" != dev ] || set -- "$@" --group dev
        sync "$@" || return 1
        set -- --inexact --project extras
        for extra in $extras; do
            set -- "$@" --extra "$extra"
        done
        [ -z "$extras" ] || sync "$@"
    else
        for list in $lists; do
            pip_install "$list" || return 1
        done
    fi
}

set_up_python() {
    # Extras that were chosen once stay chosen.
    extras=${EXTRAS-$(cat .venv/extras 2> /dev/null || :)}
    # The list of an extra is whole: it holds what the register needs without it, too.
    lists=
    [ -n "$extras" ] || lists=requirements.txt
    [ "$group" != dev ] || lists="$lists requirements-dev.txt"
    for extra in $extras; do
        case $extra in
            notify | oidc | s3) lists="$lists requirements-$extra.txt" ;;
            *) fail "There is no extra '$extra'. EXTRAS= takes notify, oidc, s3, or several." ;;
        esac
    done
    is_sound || make_venv
    [ "$group" != dev ] || : > .venv/dev
    # shellcheck disable=SC2086 # a list of names
    sum=$(cksum $lists; cat uv.lock extras/uv.lock 2> /dev/null | cksum)
    if stamped .venv/packages "$sum"; then
        return
    fi
    find_uv
    say "Installing the packages with ${uv:-pip}."
    : > .venv/unfinished
    install_packages || fail "The packages could not be installed. Read the message above, check the network, and run this again."
    stamp .venv/packages "$sum"
    rm -f .venv/unfinished
}

# The extras hold some packages back, so their tests have an environment of their own.
set_up_extras() {
    sum=$(.venv/bin/python -VV; cksum extras/uv.lock)
    ! stamped .venv-extras/packages "$sum" || return 0
    find_uv
    [ -n "$uv" ] || fail "There is no uv in .venv. Delete the folder .venv and run this again."
    say "Installing the extras and what their tests need into .venv-extras."
    UV_PROJECT_ENVIRONMENT=$PWD/.venv-extras UV_PYTHON_DOWNLOADS=never "$uv" sync --quiet --frozen \
        --python .venv/bin/python --project extras --all-extras \
        || fail "The extras could not be installed. Read uv's message above, check the network, and run this again."
    stamp .venv-extras/packages "$sum"
}

install_node() {
    find_uv
    if [ -n "$uv" ]; then
        sync --inexact --only-group node
    else
        pip_install requirements-node.txt
    fi
}

find_npm() {
    ! npm --version > /dev/null 2>&1 || return 0
    PATH=$PWD/.venv/bin:$PATH
    if ! npm --version > /dev/null 2>&1; then
        say "This machine has no npm that works, so one is installed into .venv."
        install_node \
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
    sum=$(cksum package.json package-lock.json)
    # What the tests need holds what the register needs, not the other way round.
    if ! stamped node_modules/.installed "$group $sum" && ! stamped node_modules/.installed "dev $sum"; then
        install_npm_packages
    fi
    sum="$sum $(cksum weisf/steps/setup.sh)"
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
    one_at_a_time
    ! find_chromium || return 0
    apt_install chromium
    ! find_chromium || return 0
    not_tested "The browser tests need Chromium" chromium CHROMIUM
}

find_nginx() {
    for name in ${NGINX:+"$NGINX"} nginx /usr/sbin/nginx "$PWD/var/debian/nginx/usr/sbin/nginx"; do
        ! command -v "$name" || return 0
    done
    return 1
}

set_up_nginx() {
    ! find_nginx || return 0
    one_at_a_time
    ! find_nginx || return 0
    apt_unpack nginx
    ! find_nginx || return 0
    not_tested "The tests of deploy/nginx.conf need nginx" nginx NGINX
}

# Debian's, or the server of Valkey, which can be named.
find_redis() {
    for name in ${REDIS:+"$REDIS"} redis-server "$PWD/var/debian/redis-server/usr/bin/redis-server"; do
        ! command -v "$name" || return 0
    done
    return 1
}

set_up_redis() {
    ! find_redis || return 0
    one_at_a_time
    ! find_redis || return 0
    apt_unpack redis-server
    ! find_redis || return 0
    not_tested "The tests of CACHE_URL need a Redis" redis-server REDIS
}

# What the tests need is kept up to date once it is here.
group=run
[ ! -e .venv/dev ] || group=dev
if [ "$1" = dev ]; then
    group=dev
    shift
fi
for part in "$@"; do
    "set_up_$part"
done
