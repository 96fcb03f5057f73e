#!/bin/sh
# Brings the database up to date, and loads the register into it if it is empty.
. "$(dirname -- "$0")/common.sh"

# The database holds the administrators' names and the hashes of their passwords.
umask 027
status=0
.venv/bin/python manage.py prepare || status=$?
# 3: a setting is wrong, and the sentence above says all.
[ "$status" != 3 ] || exit 1
[ "$status" = 0 ] \
    || fail "The database could not be made ready. Read the message above; docs/running.md says how to put a back-up in place."
