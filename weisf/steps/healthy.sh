#!/bin/sh
# Ends well if the register that runs beside this answers.
. "$(dirname -- "$0")/common.sh"

ask='
import sys, urllib.request
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sys.argv[1], timeout=4)
'
.venv/bin/python -I -c "$ask" "http://127.0.0.1:${PORT:-8000}/healthz" 2> /dev/null \
    || fail "The register does not answer. Read its log."
