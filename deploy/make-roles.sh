#!/bin/sh
# Runs once, in a fresh PostgreSQL: the role that the portal signs in as. It belongs to the
# application's role, to which migrations give their rights, and owns nothing.
set -eu
psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
    --set password="$PORTAL_PASSWORD" <<'SQL'
CREATE ROLE slipway_app NOLOGIN;
CREATE ROLE slipway_portal LOGIN PASSWORD :'password' IN ROLE slipway_app;
SQL
