#!/bin/sh
# Brings the database up to date, and loads the register into it if it is empty.
. "$(dirname -- "$0")/common.sh"

# The database holds the administrators' names and the hashes of their passwords.
umask 027
.venv/bin/python manage.py prepare \
    || fail "The database could not be made ready. Read the message above; docs/running.md says how to put a back-up in place."
