#!/bin/sh
# Checks the code without running it: `lint`, `types` or `locks`. `format` formats it.
. "$(dirname -- "$0")/common.sh"

bin=.venv/bin

lint() {
    "$bin/ruff" check . || fail "ruff found faults. Fix them; 'make format' fixes some by itself."
    "$bin/ruff" format --check . || fail "Some files are not formatted. Run 'make format'."
    find templates -name '*.html' -exec "$bin/djade" --target-version 5.2 --check {} + \
        || fail "Some templates are not formatted. Run 'make format'."
    "$bin/lint-imports" --no-logo || fail "An import goes up. docs/architecture.md says which way they go."
    DATABASE_URL=sqlite://:memory: "$bin/python" manage.py makemigrations --check --dry-run \
        || fail "A model has changed without a migration. Run '.venv/bin/python manage.py makemigrations'."
}

types() {
    "$bin/python" -m mypy || fail "mypy found faults in the types. Fix them."
}

locks() {
    for project in . extras; do
        "$bin/uv" lock --check --offline --quiet --project "$project" \
            || fail "uv.lock does not fit pyproject.toml in the folder '$project'. Run 'make lock'."
    done
    for list in requirements*.txt; do
        sh weisf/steps/lock.sh "$list" | cmp -s - "$list" \
            || fail "$list does not fit uv.lock. Run 'make lock'."
    done
}

format() {
    "$bin/ruff" check --fix --quiet . || say "ruff found faults that it cannot fix."
    "$bin/ruff" format .
    find templates -name '*.html' -exec "$bin/djade" --target-version 5.2 {} +
}

"$1"
