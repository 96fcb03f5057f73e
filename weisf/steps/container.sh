#!/bin/sh
# What a container does: makes the database ready and serves the register.
. "$(dirname -- "$0")/common.sh"

sh weisf/steps/secret.sh
sh weisf/steps/database.sh
exec sh weisf/steps/serve.sh
