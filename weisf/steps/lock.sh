#!/bin/sh
# Locks the newest versions that pyproject.toml and extras/pyproject.toml allow, with hashes, for uv
# and for plain pip. With the name of a list, prints what that list must hold and changes nothing.
. "$(dirname -- "$0")/common.sh"

uv=.venv/bin/uv

export_list() {
    case $1 in
        requirements.txt) set -- ;;
        requirements-dev.txt) set -- --only-group dev ;;
        requirements-node.txt) set -- --only-group node ;;
        requirements-notify.txt) set -- --project extras --extra notify ;;
        requirements-oidc.txt) set -- --project extras --extra oidc ;;
        requirements-s3.txt) set -- --project extras --extra s3 ;;
        *) fail "There is no list $1." ;;
    esac
    "$uv" export --quiet --frozen --no-default-groups --no-emit-local --no-header "$@"
}

if [ -n "${1:-}" ]; then
    export_list "$1"
    exit
fi
for project in . extras; do
    "$uv" lock --upgrade --project "$project" || fail "The packages could not be locked. Read uv's message above."
done
for list in requirements*.txt; do
    export_list "$list" > "var/$list.$$"
    mv "var/$list.$$" "$list"
done
