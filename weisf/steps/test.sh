#!/bin/sh
# Runs the tests. `all` runs what `make test` promises, four jobs at a time: on two cores, the
# others have the time in which two wait for a browser, a server or a disk.
. "$(dirname -- "$0")/common.sh"

python=.venv/bin/python
mkdir -p var/coverage
# The tests set what they need; a developer's own settings must not change what they find.
unset SITE_URL SECOND_FACTOR DEBUG BEHIND_PROXY ALLOWED_HOSTS PARTNERSHIP_FILE REGISTER_FILE LOG_LEVEL PORT \
    WEB_HOST WEB_WORKERS WEB_THREADS ANNOUNCE DATABASE_POOL_SIZE PAGE_MEMORY_MB \
    SHARED_CACHE_SECONDS BACKUP_DAYS DATABASE_LOG_DAYS EMAIL_URL EMAIL_BACKEND EMAIL_FROM GOVUK_NOTIFY_API_KEY \
    GOVUK_NOTIFY_PLAIN_EMAIL_TEMPLATE_ID PAPERS_URL CACHE_URL OIDC_SERVER_URL OIDC_CLIENT_ID OIDC_CLIENT_SECRET OIDC_NAME \
    OIDC_GROUPS_CLAIM OIDC_GROUPS SESSION_IDLE_MINUTES PROXY_COUNT FORM_DRAFT_DAYS LEAD_DRAFT_DAYS APPROVAL_REQUEST_DAYS PROPOSAL_DAYS SUGGESTIONS SUGGESTION_DAYS \
    SECOND_PAIR_OF_EYES

# Python 3.12 and later count lines at a tenth of the cost.
! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 12))' || export COVERAGE_CORE=sysmon
# Sets have the same order each time, so that no line is run and no test fails by chance; `long`
# tries other orders.
export PYTHONHASHSEED=0
# Where compiled modules are not kept, each of the many servers under test compiles them anew.
unset PYTHONDONTWRITEBYTECODE

# TEST_ARGS is read as a shell reads it, so that -k 'two words' stays one.
eval "set -- \"\$1\" ${TEST_ARGS:-}"
suite=$1
shift

# Runs a suite and says which one failed, and how to stop at the first failure.
run_suite() {
    name=$1
    shift
    "$@" --durations=20 \
        || fail "$name fail. Read the first failure above; 'make $suite TEST_ARGS=-x' stops at it."
}

# Prints the files that have a mark: to collect them alone takes a second, and all of them eight.
marked() {
    grep -rl --include='test_*.py' "mark\.$1" tests
}

# Passes on every so many-th line, from the one with the number: `every 3 0`.
every() {
    awk -v of="$1" -v number="$2" 'NR % of == number'
}

# Runs the jobs of JOBS that nobody has taken, and prints what each said.
take_jobs() {
    for job in $JOBS; do
        # A folder can be made once: whoever makes it has the job.
        mkdir "var/jobs/$job" 2> /dev/null || continue
        sh weisf/steps/test.sh "$job" > "var/jobs/$job/log" 2>&1 || : > var/jobs/failed
        cat "var/jobs/$job/log"
    done
}

on_postgresql() {
    "$python" tests/with_postgres.py "$@"
}

case $suite in
    all | all-on-both)
        # The longest first, and a short one last, so that all end together.
        COUNTED='counted-0 counted-1 counted-2 counted-3'
        if [ "$suite" = all ]; then
            JOBS="browser postgres-0 postgres-1 $COUNTED extras"
        else
            JOBS="postgres-all browser postgres-15 $COUNTED extras"
        fi
        export JOBS
        "$python" -m coverage erase
        rm -rf var/jobs
        mkdir var/jobs
        export SHARED_BY_JOBS="$PWD/var/jobs"
        # Process groups of their own, so that all of each can be stopped. A shell makes them
        # (`set -m`) only where it has a terminal.
        groups=
        for _ in 1 2 3; do
            "$python" -c 'import os; os.setpgid(0, 0); os.execlp("sh", "sh", "weisf/steps/test.sh", "take")' &
            groups="$groups $! -$!"
        done
        trap 'kill -- $groups 2> /dev/null' EXIT
        trap 'exit 130' INT TERM
        for check in locks lint types; do
            sh weisf/steps/checks.sh "$check"
        done
        take_jobs
        wait
        trap - EXIT
        [ ! -e var/jobs/failed ] || fail "Tests fail. Read the first failure above."
        sh weisf/steps/test.sh coverage
        ;;
    take) # in a process of its own, for `all`
        take_jobs
        ;;
    unit)
        unset DATABASE_URL
        NGINX=$(sh weisf/steps/setup.sh nginx)
        export NGINX
        run_suite "Tests on SQLite" "$python" -m pytest -m 'not browser' "$@"
        ;;
    counted-[0-3]) # every fourth file of the suite, in place of this shell, so that `all` can stop it
        unset DATABASE_URL
        NGINX=$(sh weisf/steps/setup.sh nginx)
        export NGINX
        files=$(find tests -name 'test_*.py' ! -path 'tests/browser/*' ! -path 'tests/extras/*' \
            | sort | every 4 "${suite#counted-}")
        exec "$python" -m coverage run -m pytest --durations=20 $files "$@"
        ;;
    postgres)
        run_suite "Tests on PostgreSQL" on_postgresql "$python" -m pytest -m both_databases "$@"
        ;;
    postgres-[01]) # every second file; counted, for the lines that only PostgreSQL needs
        files=$(marked both_databases | sort | every 2 "${suite#postgres-}")
        suite=postgres
        run_suite "Tests on PostgreSQL" on_postgresql \
            "$python" -m coverage run -m pytest -m both_databases $files "$@"
        ;;
    postgres-all)
        suite=postgres
        run_suite "Tests on PostgreSQL" on_postgresql \
            "$python" -m coverage run -m pytest -m 'not browser' "$@"
        ;;
    postgres-15) # the oldest that is promised: Debian 12's
        [ -x /usr/lib/postgresql/15/bin/postgres ] || {
            not_tested "The tests on PostgreSQL 15 need its server" postgresql-15
            exit 0
        }
        unset DATABASE_URL
        PG_VERSION=15 sh weisf/steps/test.sh postgres
        ;;
    extras)
        unset DATABASE_URL
        REDIS=$(sh weisf/steps/setup.sh redis)
        # The tests put the provider that they start in its place.
        export REDIS OIDC_SERVER_URL=http://localhost:9 OIDC_CLIENT_ID=register \
            OIDC_CLIENT_SECRET=secret OIDC_GROUPS='editors = Editor'
        run_suite "Tests of the extras" \
            .venv-extras/bin/python -m coverage run -m pytest "$@" tests/extras
        ;;
    browser)
        unset DATABASE_URL
        CHROMIUM=$(sh weisf/steps/setup.sh chromium)
        [ -n "$CHROMIUM" ] || exit 0
        export CHROMIUM
        run_suite "Browser tests" "$python" -m pytest -m browser tests/browser "$@"
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
    long) # the long forms of the tests that choose by chance
        export LONG_TESTS=1
        unset PYTHONHASHSEED
        run_suite "Long tests on PostgreSQL" on_postgresql \
            "$python" -m pytest -m 'has_long_form and both_databases' "$@"
        unset DATABASE_URL
        run_suite "Long tests on SQLite" "$python" -m pytest -m has_long_form "$@"
        ;;
    kills) # KILLS_ARGS is how often, and how many protocols the register has
        unset DATABASE_URL
        eval "set -- ${KILLS_ARGS:-}"
        "$python" -m tests.imports.killing "$@" \
            || fail "An import that was killed left something half done on SQLite. Read the message above."
        "$python" tests/with_postgres.py "$python" -m tests.imports.killing "$@" \
            || fail "An import that was killed left something half done on PostgreSQL. Read the message above."
        ;;
    picture) # of the home page as it is, for the README
        unset DATABASE_URL
        CHROMIUM=$(sh weisf/steps/setup.sh chromium)
        [ -n "$CHROMIUM" ] || exit 0
        export CHROMIUM
        exec "$python" -m tests.browser.picture docs/register.png
        ;;
    bench)
        eval "set -- ${BENCH_ARGS:-}"
        exec "$python" -m benchmarks "$@"
        ;;
esac
