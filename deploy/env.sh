#!/bin/sh
# Prints what docker-compose.yml needs in `.env`: two passwords and a key, made at random.
#
#   deploy/env.sh > .env
set -eu
hex() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
key() { head -c 32 /dev/urandom | base64 | tr -d '\n'; }
printf 'OWNER_PASSWORD=%s\nPORTAL_PASSWORD=%s\nSECRET_KEYS=k1:%s\n' "$(hex)" "$(hex)" "$(key)"
