#!/bin/sh
# Locks the newest versions that pyproject.toml allows, with hashes, for uv and for plain pip.
# With the name of a list, prints what that list must hold and changes nothing.
. "$(dirname -- "$0")/common.sh"

export_list() {
    case $1 in
        requirements.txt) groups=--no-dev ;;
        requirements-notify.txt) groups='--no-dev --extra notify' ;;
        requirements-s3.txt) groups='--no-dev --extra s3' ;;
        requirements-dev.txt) groups='--only-group dev' ;;
        requirements-node.txt) groups='--only-group node' ;;
        *) fail "There is no list $1." ;;
    esac
    # shellcheck disable=SC2086 # two words
    .venv/bin/uv export --quiet --frozen --no-emit-project --no-header $groups
}

if [ -n "${1:-}" ]; then
    export_list "$1"
    exit
fi
.venv/bin/uv lock --upgrade || fail "The packages could not be locked. Read uv's message above."
for list in requirements.txt requirements-notify.txt requirements-s3.txt requirements-dev.txt requirements-node.txt; do
    export_list "$list" > "var/$list.$$"
    mv "var/$list.$$" "$list"
done
