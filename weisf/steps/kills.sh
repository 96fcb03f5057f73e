#!/bin/sh
# Kills imports at random moments, on SQLite and on PostgreSQL; each must leave all or nothing.
# KILLS_ARGS is how often, and how many protocols the register has.
. "$(dirname -- "$0")/common.sh"

unset DATABASE_URL
eval "set -- ${KILLS_ARGS:-}"
.venv/bin/python -m tests.imports.killing "$@" \
    || fail "An import that was killed left something half done on SQLite. Read the message above."
.venv/bin/python tests/with_postgres.py .venv/bin/python -m tests.imports.killing "$@" \
    || fail "An import that was killed left something half done on PostgreSQL. Read the message above."
