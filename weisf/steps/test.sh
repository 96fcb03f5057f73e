#!/bin/sh
# Runs the tests: `unit` (on SQLite), `postgres`, `both` at once, `browser`, and `coverage`, which
# judges them all. Beside these: `libreoffice`, `kills` and `bench`.
. "$(dirname -- "$0")/common.sh"

python=.venv/bin/python
mkdir -p var/coverage
# The tests set what they need; a developer's own settings must not change what they find.
unset SITE_URL SECOND_FACTOR DEBUG BEHIND_PROXY ALLOWED_HOSTS PARTNERSHIP_FILE REGISTER_FILE LOG_LEVEL PORT \
    WEB_HOST WEB_WORKERS WEB_THREADS ANNOUNCE DATABASE_POOL_SIZE PAGE_MEMORY_MB \
    SHARED_CACHE_SECONDS EMAIL_URL EMAIL_BACKEND EMAIL_FROM GOVUK_NOTIFY_API_KEY \
    GOVUK_NOTIFY_PLAIN_EMAIL_TEMPLATE_ID PAPERS_URL

# TEST_ARGS is read as a shell reads it, so that -k 'two words' stays one.
eval "set -- \"\$1\" ${TEST_ARGS:-}"
suite=$1
shift

case $suite in
    unit)
        unset DATABASE_URL
        NGINX=$(sh weisf/steps/setup.sh nginx)
        export NGINX
        "$python" -m coverage erase
        "$python" -m coverage run -m pytest -m 'not browser' "$@" \
            || fail "Tests fail on SQLite. Read the first failure above; 'make unit TEST_ARGS=-x' stops at it."
        ;;
    postgres)
        "$python" tests/with_postgres.py "$python" -m coverage run -m pytest -m 'not browser' "$@" \
            || fail "Tests fail on PostgreSQL. Read the first failure above; 'make postgres TEST_ARGS=-x' stops at it."
        ;;
    both)
        sh weisf/steps/test.sh unit > var/unit.log 2>&1 &
        told=$!
        status=0
        sh weisf/steps/test.sh postgres || status=1
        wait "$told" || status=1
        say "On SQLite:"
        cat var/unit.log
        exit "$status"
        ;;
    extras)
        unset DATABASE_URL
        .venv-extras/bin/python -m coverage run -m pytest "$@" tests/extras \
            || fail "Tests of the extras fail. Read the first failure above; 'make extras TEST_ARGS=-x' stops at it."
        ;;
    browser)
        unset DATABASE_URL
        CHROMIUM=$(sh weisf/steps/setup.sh chromium)
        [ -n "$CHROMIUM" ] || exit 0
        export CHROMIUM
        "$python" -m coverage run -m pytest -m browser "$@" \
            || fail "Browser tests fail. Read the first failure above; 'make browser TEST_ARGS=-x' stops at it."
        ;;
    coverage)
        "$python" -m coverage combine --quiet
        "$python" -m coverage report \
            || fail "Some lines are never run by a test. Test them, or take them out."
        ;;
    libreoffice) # compares every cell with what LibreOffice finds
        command -v soffice > /dev/null \
            || fail "There is no LibreOffice here. On Debian or Ubuntu, its calculator without windows is enough: apt-get install --no-install-recommends libreoffice-calc-nogui"
        unset DATABASE_URL
        "$python" -m pytest tests/with_libreoffice.py "$@" \
            || fail "LibreOffice finds something else in a workbook. Read the first failure above."
        ;;
    kills) # KILLS_ARGS is how often, and how many protocols the register has
        unset DATABASE_URL
        eval "set -- ${KILLS_ARGS:-}"
        "$python" -m tests.imports.killing "$@" \
            || fail "An import that was killed left something half done on SQLite. Read the message above."
        "$python" tests/with_postgres.py "$python" -m tests.imports.killing "$@" \
            || fail "An import that was killed left something half done on PostgreSQL. Read the message above."
        ;;
    bench)
        eval "set -- ${BENCH_ARGS:-}"
        exec "$python" -m benchmarks "$@"
        ;;
esac
