#!/bin/sh
# Gathers the static files, named by their content and compressed, into var/static.
. "$(dirname -- "$0")/common.sh"

sum=$(find static var/govuk -type f ! -name '.*' -exec cksum {} + | sort)
sum="$sum $(cksum requirements.txt weisf/settings.py weisf/steps/static.sh)"
if stamped var/stamps/static "$sum" && [ -s var/static/staticfiles.json ]; then
    exit 0
fi
say "Gathering the static files."
# No secret goes into a static file, and an image is built where there is none.
SECRET_KEY=the-static-files-are-gathered-without-a-secret-key-of-their-own \
    .venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    || fail "The static files could not be gathered. Read the message above and run this again."
stamp var/stamps/static "$sum"
