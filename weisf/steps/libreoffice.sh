#!/bin/sh
# Has LibreOffice open the workbooks, and compares every cell. TEST_ARGS= goes to pytest.
. "$(dirname -- "$0")/common.sh"

command -v soffice > /dev/null \
    || fail "There is no LibreOffice here. On Debian or Ubuntu, its calculator without windows is enough: apt-get install --no-install-recommends libreoffice-calc-nogui"
unset DATABASE_URL
eval "set -- ${TEST_ARGS:-}"
.venv/bin/python -m pytest tests/with_libreoffice.py "$@" \
    || fail "LibreOffice finds something else in a workbook. Read the first failure above."
