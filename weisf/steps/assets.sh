#!/bin/sh
# Brings the design system from npm and makes the one style sheet that the register takes from it.
# With `dev`, the accessibility checker of the browser tests too.
. "$(dirname -- "$0")/common.sh"

made=var/govuk/govuk-frontend.css
source=node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.css
sum=$(cksum package.json package-lock.json weisf/steps/assets.sh)

find_npm() {
    ! npm --version > /dev/null 2>&1 || return 0
    PATH=$PWD/.venv/bin:$PATH
    if ! npm --version > /dev/null 2>&1; then
        say "This machine has no npm that works, so one is brought into .venv."
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input \
            --require-hashes -r requirements-node.txt \
            || fail "npm could not be installed into .venv. Check the network and run this again, or install npm."
    fi
}

bring_packages() {
    find_npm
    set --
    [ "$wanted" = dev ] || set -- --omit=dev
    say "Bringing the design system's files."
    npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error "$@" >&2 \
        || fail "npm could not bring the design system. Check the network and run this again."
    stamp node_modules/.brought "$wanted $sum"
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
        fail "The design system is written in a new way: its typeface could not be taken out of $source. Mend weisf/steps/assets.sh."
    fi
    mkdir -p var/govuk
    mv "var/style.$$" "$made"
    stamp var/stamps/assets "$sum"
}

wanted=run
[ "${1:-}" != dev ] || wanted=dev
# What the tests need holds what the register needs, not the other way round.
if ! stamped node_modules/.brought "$wanted $sum" && ! stamped node_modules/.brought "dev $sum"; then
    bring_packages
fi
if ! stamped var/stamps/assets "$sum" || [ ! -s "$made" ]; then
    make_style_sheet
fi
