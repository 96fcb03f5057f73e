#!/bin/sh
# Serves the register with gunicorn until it is stopped. With `announce`, says where to look.
. "$(dirname -- "$0")/common.sh"

export PORT="${PORT:-8000}"
export SITE_URL="${SITE_URL:-http://localhost:$PORT}"
[ "${1:-}" != announce ] || export ANNOUNCE="${ANNOUNCE:-true}"

can_listen='
import socket, sys
host, port = sys.argv[1], int(sys.argv[2])
family = socket.AF_INET6 if ":" in host else socket.AF_INET
try:
    socket.create_server((host, port), family=family).close()
except OSError as problem:
    sys.exit(problem.strerror)
'
.venv/bin/python -I -S -c "$can_listen" "${WEB_HOST:-127.0.0.1}" "$PORT" \
    || fail "The register cannot listen on port $PORT. Stop what does, or choose another at the end of the command: PORT=8002"
exec .venv/bin/python -m gunicorn --config python:weisf.serving
