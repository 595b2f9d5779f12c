#!/bin/sh
# Writes the secret files that docker-compose.yml mounts. Leaves those that exist alone; put your own secrets into the
# two stripe files and, where the mail server asks for one, into smtp_password.
set -eu
cd "$(dirname "$0")/.."
mkdir -p secrets
chmod 700 secrets
umask 077

random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
make() { [ -e "secrets/$1" ] || printf '%s\n' "$2" > "secrets/$1"; }

make cluster "$(random)"
make peppers "p1:$(random)"
make postgres_password "$(random)"
make postgres_accounts_password "$(random)"
make postgres_billing_password "$(random)"
make redis_password "$(random)"
for schema in accounts billing; do
  make "${schema}_postgres" "Host=postgres;Database=tollgate;Username=$schema;Password=$(cat secrets/postgres_${schema}_password)"
done
make redis_conf "$(printf 'bind 0.0.0.0\nport 6379\nrequirepass %s\nsave ""\nappendonly no\nmaxmemory-policy noeviction\n' "$(cat secrets/redis_password)")"
make redis_connection "redis:6379,password=$(cat secrets/redis_password)"
make smtp_password ""
make stripe_api_key "replace-me"
make stripe_webhook_secret "replace-me"
# Containers do not run as you: the files must be readable inside, the folder keeps others out.
chmod 644 secrets/*
