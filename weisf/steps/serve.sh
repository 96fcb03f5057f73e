#!/bin/sh
# Prepares the database and serves the register with gunicorn until it is stopped: `run` says where
# to look, `demo` serves a fictional one, `container` makes a secret key first where there is none.
# `health` ends well if the register that runs beside this answers.
. "$(dirname -- "$0")/common.sh"

# The database holds the administrators' names and the hashes of their passwords.
prepare() (
    umask 027
    status=0
    .venv/bin/python manage.py prepare || status=$?
    # 3: a setting is wrong, and the sentence above says all.
    [ "$status" != 3 ] || exit 1
    [ "$status" = 0 ] \
        || fail "The database could not be made ready. Read the message above; docs/running.md says how to put a back-up in place."
)

can_listen='
import socket, sys
host, port = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ":" in host else socket.AF_INET
try:
    socket.create_server((host, port), family=family).close()
except OSError as problem:
    sys.exit(problem.strerror)
'

serve() {
    export PORT="${PORT:-8000}"
    export SITE_URL="${SITE_URL:-http://localhost:$PORT}"
    .venv/bin/python -I -S -c "$can_listen" "${WEB_HOST:-127.0.0.1}" "$PORT" \
        || fail "The register cannot listen on port $PORT. Stop what does, or choose another at the end of the command: PORT=8002"
    exec .venv/bin/python -m gunicorn --config python:weisf.serving
}

run() {
    export ANNOUNCE="${ANNOUNCE:-true}"
    prepare
    serve
}

container() {
    sh weisf/steps/setup.sh secret_key
    prepare
    serve
}

demo() {
    # It is never the real register, whatever the settings of this machine name.
    unset DATABASE_URL REGISTER_FILE SECRET_KEY SECOND_FACTOR SITE_URL ALLOWED_HOSTS BEHIND_PROXY EMAIL_URL EMAIL_BACKEND
    export DATA_DIR=var/demo
    export PARTNERSHIP_FILE=demo/partnership.toml
    export PORT="${PORT:-8001}"
    export ANNOUNCE="${ANNOUNCE:-true}"
    mkdir -p "$DATA_DIR"
    sh weisf/steps/setup.sh secret_key
    prepare
    if [ ! -e "$DATA_DIR/made" ]; then
        (
            umask 027
            .venv/bin/python -m demo --protocols 120 --seed 1
        ) || fail "The demonstration could not be made. Delete the folder $DATA_DIR, and run 'make demo' again."
        : > "$DATA_DIR/made"
    fi
    serve
}

ask='
import sys, urllib.request
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sys.argv[1], timeout=4)
'

health() {
    .venv/bin/python -I -c "$ask" "http://127.0.0.1:${PORT:-8000}/healthz" 2> /dev/null \
        || fail "The register does not answer. Read its log."
}

"$1"
