#!/bin/sh
# Measures the register beside others. BENCH_ARGS is read as a shell reads it.
. "$(dirname -- "$0")/common.sh"

eval "set -- ${BENCH_ARGS:-}"
exec .venv/bin/python -m benchmarks "$@"
