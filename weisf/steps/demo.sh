#!/bin/sh
# Makes a fictional register once, in var/demo, and serves it on http://localhost:8001.
. "$(dirname -- "$0")/common.sh"

# It is never the real register, whatever the settings of this machine name.
unset DATABASE_URL SECRET_KEY SECOND_FACTOR SITE_URL ALLOWED_HOSTS BEHIND_PROXY EMAIL_URL EMAIL_BACKEND
export DATA_DIR=var/demo
export PARTNERSHIP_FILE=demo/partnership.toml
export REGISTER_FILE=
export PORT="${PORT:-8001}"

mkdir -p "$DATA_DIR"
sh weisf/steps/secret.sh
sh weisf/steps/database.sh
if [ ! -e "$DATA_DIR/made" ]; then
    (
        umask 027
        .venv/bin/python -m demo --protocols 120 --seed 1
    ) || fail "The demonstration could not be made. Delete the folder $DATA_DIR, and run 'make demo' again."
    : > "$DATA_DIR/made"
fi
exec sh weisf/steps/serve.sh announce
