#!/bin/sh
# Writes a secret key once, for this machine only. It is never overwritten: a new key would end
# every session.
. "$(dirname -- "$0")/common.sh"

key=${DATA_DIR:-var}/secret-key
if [ -n "${SECRET_KEY:-}" ] || [ -s "$key" ]; then
    exit 0
fi
umask 077
.venv/bin/python -c 'import secrets; print(secrets.token_urlsafe(50))' > "$key.$$" \
    || fail "A secret key could not be written to $key. Make the folder, and let this user write to it."
# A link refuses to replace a key that another run has just written; some file systems have none.
ln "$key.$$" "$key" 2> /dev/null || [ -s "$key" ] || mv "$key.$$" "$key"
rm -f "$key.$$"
