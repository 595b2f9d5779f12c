#!/bin/sh
# Runs once on an empty database: a role for each service, which owns the schema with its name
# (Billing also that of its jobs) and nothing else.
set -eu
for schema in accounts billing learning; do
  psql -v ON_ERROR_STOP=1 -U postgres -d tollgate -v role="$schema" -v password="$(cat /run/secrets/postgres_${schema}_password)" <<'SQL'
create role :"role" login password :'password';
alter role :"role" set search_path = :"role";
grant connect on database tollgate to :"role";
create schema :"role" authorization :"role";
grant execute on function pg_control_system(), pg_control_checkpoint() to :"role";
SQL
done
psql -v ON_ERROR_STOP=1 -U postgres -d tollgate -c 'create schema billing_jobs authorization billing'
psql -v ON_ERROR_STOP=1 -U postgres -d tollgate -c 'create extension if not exists btree_gist;
  revoke create on schema public from public; revoke connect on database tollgate from public;'
