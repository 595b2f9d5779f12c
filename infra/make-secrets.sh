#!/bin/sh
# Writes the secret files that docker-compose.yml mounts. Leaves those that exist alone; put your own secrets into the
# two stripe files and, where the mail server asks for one, into smtp_password.
# Bearers between services: each service gets SERVICE_bearers, its own and no other; operator_bearers is for your command line,
# metrics_bearers for what scrapes /metrics. `make-secrets.sh rotate` changes them without an interruption; run it three
# times and restart every service after each: 1 the new bearers are accepted, 2 they are sent, 3 the old ones are refused.
set -eu
rotate=${1:-}
cd "$(dirname "$0")/.."
calls=src/ServiceDefaults/ServiceAuthentication/service-calls
secrets=${TOLLGATE_SECRETS:-secrets}
mkdir -p "$secrets"
chmod 700 "$secrets"
umask 077

random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }
make() { [ -e "$secrets/$1" ] || printf '%s\n' "$2" > "$secrets/$1"; }

# bearers holds a line for each bearer, "CALLER CALLEE STATE BEARER": next is accepted, now is accepted and sent, old is accepted.
touch "$secrets/bearers"
if [ "$rotate" = rotate ]; then
  if grep -q ' old ' "$secrets/bearers"; then grep -v ' old ' "$secrets/bearers" > "$secrets/bearers.new"
  elif grep -q ' next ' "$secrets/bearers"; then sed 's/ now / old /; s/ next / now /' "$secrets/bearers" > "$secrets/bearers.new"
  else
    cp "$secrets/bearers" "$secrets/bearers.new"
    while read -r caller callee state bearer; do
      printf '%s %s next %s\n' "$caller" "$callee" "$(random)" >> "$secrets/bearers.new"
    done < "$secrets/bearers"
  fi
  mv "$secrets/bearers.new" "$secrets/bearers"
elif [ -n "$rotate" ]; then
  echo "usage: make-secrets.sh [rotate]" >&2; exit 2
fi
grep -v '^#' "$calls" | while read -r caller callee; do
  grep -q "^$caller $callee now " "$secrets/bearers" || printf '%s %s now %s\n' "$caller" "$callee" "$(random)" >> "$secrets/bearers"
done
for service in $(grep -v '^#' "$calls" | tr ' ' '\n' | sort -u); do
  while read -r caller callee state bearer; do
    [ "$caller $state" != "$service now" ] || printf 'send %s %s\n' "$callee" "$bearer"
    [ "$callee" != "$service" ] || printf 'accept %s %s\n' "$caller" "$(printf %s "$bearer" | sha256sum | cut -d ' ' -f 1)"
  done < "$secrets/bearers" > "$secrets/${service}_bearers.new"
  mv "$secrets/${service}_bearers.new" "$secrets/${service}_bearers"
done

make peppers "p1:$(random)"
make postgres_password "$(random)"
make postgres_accounts_password "$(random)"
make postgres_billing_password "$(random)"
make postgres_learning_password "$(random)"
make master_keys "k1:$(random)"
make redis_password "$(random)"
for schema in accounts billing learning; do
  make "${schema}_postgres" "Host=postgres;Database=tollgate;Username=$schema;Password=$(cat "$secrets/postgres_${schema}_password")"
done
make redis_conf "$(printf 'bind 0.0.0.0\nport 6379\nrequirepass %s\nsave ""\nappendonly no\nmaxmemory-policy noeviction\n' \
  "$(cat "$secrets/redis_password")")"
make redis_connection "redis:6379,password=$(cat "$secrets/redis_password")"
make smtp_password ""
make stripe_api_key "replace-me"
make stripe_webhook_secret "replace-me"
# Containers do not run as you: what they mount must be readable inside, the folder keeps others out.
chmod 644 "$secrets"/*
chmod 600 "$secrets/bearers"
