# `./tollgate test containers`: builds and runs docker-compose.yml and checks what only containers show. Sourced by ./tollgate.
# Uses the engine that `docker info` finds, or starts one with its data in the work folder. Where no image registry answers, makes the base
# images from Debian (stand-ins/). Its containers, networks and volumes belong to the project tollgate-test and are removed at the end;
# images stay for the next run.

# Debian packages by program, for a machine without an engine.
declare -A container_packages=([dockerd]=docker.io [docker-compose]=docker-compose [iptables]=iptables [curl]=curl)
declare -A stand_in_packages=([debootstrap]=debootstrap)

test_containers() {
  local cold='' cuda=''
  work=$root/artifacts/containers
  while [ $# -gt 0 ]; do
    case "$1" in
      --cold) cold=1 ;;
      --cuda) cuda=1 ;;
      --folder) [ $# -gt 1 ] || fail "--folder needs a folder"; work=$(realpath -m "$2"); shift ;;
      *) usage_of test >&2; exit 2 ;;
    esac
    shift
  done
  [ "$(id -u)" -eq 0 ] || fail "the containers' checks need root: they look into the containers' processes and networks"
  passed=0 failed=0 engine_pid=
  mkdir -p "$work"
  cd "$work"
  trap stop_containers EXIT
  start_engine
  copy_sources
  choose_base_images

  require "secrets are made" sh infra/make-secrets.sh
  require "the compose files are valid" valid_files
  require "images are built from one compilation${cold:+, without cached layers}" build_images
  require "the services start, with two workers" compose up -d --scale worker=2
  require "all seven containers are healthy" healthy
  check "both migrations ended with status 0" migrated
  check "nobody is root, has a capability, gains one or writes outside volumes and /tmp" contained
  check "memory and processes have limits" limited
  check "internal ports are not published" unpublished
  check "no secret is in a container's settings" no_secret_in_settings
  check "a worker reaches the services, neither Postgres nor Redis, and nothing outside" worker_is_apart
  require "an operator and a key are made" make_key
  require "the workers' models are listed" models_listed
  check "a streamed call ends with [DONE]" ask first
  check "the call is booked" booked "$work/calls/first.request"
  check "both workers answer requests" both_workers_answer
  check "the portal answers" curl -sf -m 10 -o /dev/null "http://127.0.0.1:$TOLLGATE_PORTAL_PORT/"
  check "containers made anew, one after a kill, go on with the workers' names and logs" names_stay
  check "a stop under load goes from the gateway to Postgres, kills no process and breaks no answer" stop_under_load
  check "every answer before and during the stop is booked" all_booked
  [ -z "$cuda" ] || check "the worker's CUDA image is built and serves on the processor" cuda_image
  compose logs --no-color > "$work/containers.log" 2>&1 || true
  check "everything goes down" compose down -v
  end_checks
}

end_checks() {
  printf '%s passed, %s failed, 0 skipped\n' "$passed" "$failed"
  exit $((failed > 0))
}

# A check without which the following ones mean nothing.
require() { local before=$failed; check "$@"; [ "$failed" -eq "$before" ] || { say "the rest is not checked"; end_checks; }; }

# Runs a check and prints its result with the seconds it took. What it printed is shown if it fails.
check() {
  local name=$1 began=$SECONDS
  shift
  if "$@" > "$work/check.log" 2>&1; then
    passed=$((passed + 1)); printf 'ok    %4d s  %s\n' $((SECONDS - began)) "$name"
  else
    failed=$((failed + 1)); printf "FAIL  %4d s  %s\n" $((SECONDS - began)) "$name"
    tail -n 15 "$work/check.log" | sed "s/^/              /"
  fi
}

compose() {
  if docker compose version > /dev/null 2>&1; then docker compose "${files[@]}" "$@"; else docker-compose "${files[@]}" "$@"; fi
}

# --- engine, sources, base images ---

start_engine() {
  if ! docker info > /dev/null 2>&1; then
    install_packages container_packages
    export DOCKER_HOST="unix://$work/engine.sock"
    if ! docker info > /dev/null 2>&1; then
      setsid dockerd --data-root "$work/engine" --exec-root "$work/engine-run" --pidfile "$work/engine.pid" -H "$DOCKER_HOST" \
        > "$work/engine.log" 2>&1 < /dev/null &
      engine_pid=$!
      wait_until 60 docker info > /dev/null 2>&1 || { tail -n 5 "$work/engine.log" >&2; fail "dockerd does not start"; }
    fi
  fi
  # Builds with the engine's own builder where BuildKit's client is not installed.
  docker buildx version > /dev/null 2>&1 || export DOCKER_BUILDKIT=0 COMPOSE_DOCKER_CLI_BUILD=0
  export COMPOSE_PROJECT_NAME=tollgate-test
  say "engine $(docker version --format '{{.Server.Version}}')"
}

copy_sources() {
  files=()
  [ ! -d "$work/source" ] || (cd "$work/source" && compose down -v --remove-orphans) > /dev/null 2>&1 || true
  rm -rf "$work/source" "$work/calls"
  mkdir "$work/source" "$work/calls"
  tar -C "$root" -c --exclude=./.{git,data,env} --exclude=./{artifacts,node_modules,secrets} . | tar -C "$work/source" -x
  cd "$work/source"
  files=(-f docker-compose.yml)
  TOLLGATE_API_PORT=$(free_port) TOLLGATE_PORTAL_PORT=$(free_port)
  export TOLLGATE_API_PORT TOLLGATE_PORTAL_PORT TOLLGATE_MAIL_MODE=Off
}

free_port() {
  local port
  while port=$((20000 + RANDOM % 10000)); (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null; do :; done
  echo "$port"
}

# Takes the compose file's base images where a registry answers, otherwise the stand-ins.
choose_base_images() {
  local name service dotnet tag args
  if timeout 60 docker pull -q "$(base_image redis)" > /dev/null 2>&1; then
    say "base images from their registries"
    return
  fi
  install_packages stand_in_packages
  if ! docker image inspect tollgate-test/debian > /dev/null 2>&1; then
    say "making the base image …"
    rm -rf "$work/debian"
    debootstrap --variant=minbase --include=ca-certificates "$(. /etc/os-release; echo "$VERSION_CODENAME")" "$work/debian" \
      > "$work/debian.log" 2>&1 || { tail -n 5 "$work/debian.log" >&2; fail "debootstrap failed"; }
    cp /etc/ssl/certs/ca-certificates.crt "$work/debian/etc/ssl/certs/" # A company's proxy may have certificates of its own.
    tar -C "$work/debian" -c . | docker import -c 'ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt' - tollgate-test/debian > /dev/null
    rm -rf "$work/debian"
  fi
  dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
  tag=$(dotnet --version)-$(cat infra/containers/stand-ins/* | cksum | cut -d ' ' -f 1)
  stand_in aspnet -C "$dotnet" dotnet host shared
  stand_in sdk -C "$dotnet" packs sdk sdk-manifests
  stand_in postgres postgres-entrypoint
  stand_in redis
  {
    echo 'services:'
    for name in postgres redis; do echo "  $name: { image: 'tollgate-test/$name:$tag' }"; done
    args="SDK: 'tollgate-test/sdk:$tag', ASPNET: 'tollgate-test/aspnet:$tag', CUDA: tollgate-test/debian"
    for service in migrate-accounts migrate-billing migrate-learning accounts billing learning gateway worker trainer bootstrap; do
      echo "  $service: { build: { args: { $args } } }"
    done
  } > "$work/stand-ins.yml"
  files+=(-f "$work/stand-ins.yml")
  say "no image registry answers: base images made from Debian"
}

# stand_in NAME FILE…: builds tollgate-test/NAME from its Dockerfile and these files, in tar's words, unless it is there.
stand_in() {
  local name=$1
  shift
  ! docker image inspect "tollgate-test/$name:$tag" > /dev/null 2>&1 || return 0
  tar -c -C infra/containers/stand-ins "$name.Dockerfile" "$@" \
    | docker build -q -t "tollgate-test/$name:$tag" --build-arg "TAG=$tag" -f "$name.Dockerfile" - > "$work/stand-in.log" 2>&1 \
    || { tail -n 5 "$work/stand-in.log" >&2; fail "the stand-in for $name cannot be built"; }
}

base_image() { sed -n "s/^  $1: &$1 //p" docker-compose.yml; }

stop_containers() {
  local status=$?
  if [ -d "$work/source" ] && [ -n "${files:-}" ]; then (cd "$work/source" && compose down -v --remove-orphans) > /dev/null 2>&1 || true; fi
  if [ -n "$engine_pid" ]; then kill "$(cat "$work/engine.pid")" 2> /dev/null && wait "$engine_pid" || true; fi
  exit "$status"
}

# --- helpers of the checks ---

# wait_until SECONDS COMMAND…: repeats the command until it succeeds.
wait_until() {
  local until=$((SECONDS + $1))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$until" ] || return 1
    sleep 0.5
  done
}

# containers [OPTION…]: ids of this project's containers, with options of `docker ps`.
containers() { docker ps -q --filter "label=com.docker.compose.project=$COMPOSE_PROJECT_NAME" "$@"; }
container() { containers -a --filter "label=com.docker.compose.service=$1" | head -n 1; }
address() { docker inspect -f "{{(index .NetworkSettings.Networks \"${COMPOSE_PROJECT_NAME}_$2\").IPAddress}}" "$(container "$1")"; }
reaches() { docker exec "$1" timeout 3 bash -c "exec 3<> /dev/tcp/$2/$3"; }
query() { docker exec "$(container postgres)" psql -U postgres -d tollgate -Atc "$1"; }

# ask NAME: a streamed call, repeated while it is refused. calls/NAME gets the answer and calls/NAME.request the request's id.
ask() { wait_until 90 ask_once "$1"; }
ask_once() {
  local answer="$work/calls/$1"
  rm -f "$answer"
  curl -sN -m 120 -D "$answer.head" -o "$answer" "http://127.0.0.1:$TOLLGATE_API_PORT/v1/chat/completions" \
    -H "Authorization: Bearer $key" -H 'Content-Type: application/json' \
    -d '{"model":"tiny-assistant","stream":true,"messages":[{"role":"user","content":"Tell me a story."}]}' || return 1
  tail -n 5 "$answer" | grep -q '^data: \[DONE\]' || return 1
  tr -d '\r' < "$answer.head" | sed -n 's/^x-request-id: req_//pI' > "$answer.request"
}

# --- checks ---

valid_files() { compose config -q && compose -f docker-compose.gpu.yml config -q; }

# Without layers, one image is built first: the engine's own builder would repeat the shared stages for each of them.
build_images() {
  [ -z "$cold" ] || compose build --no-cache migrate-accounts || return 1
  compose --profile operator build
}

healthy() { wait_until 300 all_healthy || { docker ps -a; return 1; }; }
all_healthy() { [ "$(containers --filter health=healthy | wc -l)" -eq 8 ]; }

migrated() {
  local service
  for service in migrate-accounts migrate-billing migrate-learning; do
    [ "$(docker inspect -f '{{.State.Status}} {{.State.ExitCode}}' "$(container $service)")" = "exited 0" ] || return 1
  done
}

contained() {
  local id pid status
  for id in $(containers); do
    docker inspect -f '{{.Name}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}}' "$id"
    for pid in $(docker top "$id" -eo pid | tail -n +2); do
      status=$(cat "/proc/$pid/status") || continue # A health check that has ended.
      grep -qE '^Uid:\s+[1-9]' <<< "$status" && grep -qE '^CapBnd:\s+0+$' <<< "$status" && grep -qE '^CapEff:\s+0+$' <<< "$status" \
        && grep -qE '^NoNewPrivs:\s+1' <<< "$status" || { echo "process $pid"; grep -E '^(Name|Uid|Cap|NoNew)' <<< "$status"; return 1; }
    done
    docker exec "$id" sh -c 'touch /tmp/x && for folder in / /app /etc /usr/local/bin /var/lib; do ! touch $folder/x || exit 1; done' \
      || return 1
  done
}

limited() {
  local id
  for id in $(containers -a); do
    docker inspect -f '{{.Name}} {{.HostConfig.Memory}} {{.HostConfig.PidsLimit}}' "$id" \
      | awk '{ print } !($2 > 0 && $3 > 0) { exit 1 }' || return 1
  done
}

unpublished() {
  local published
  published=$(containers | xargs docker inspect -f '{{range $port, $hosts := .NetworkSettings.Ports}}{{range $hosts}}{{.HostIp}}:{{$port}}
{{end}}{{end}}' | grep . | sort | tr '\n' ' ')
  echo "$published"
  [ "$published" = "127.0.0.1:8080/tcp 127.0.0.1:8081/tcp " ]
}

no_secret_in_settings() {
  local secrets
  secrets=$(cat secrets/* | grep -oE '[0-9a-f]{64}' | sort -u)
  [ "$(wc -l <<< "$secrets")" -gt 10 ] || return 1
  ! containers -a | xargs docker inspect | grep -F "$secrets"
}

# Each attempt that must fail has one beside it that succeeds. NuGet is outside, and the build has just reached it.
worker_is_apart() {
  local worker; worker=$(container worker)
  reaches "$worker" accounts 8091 && reaches "$(container accounts)" postgres 5432 && reaches "$(container gateway)" redis 6379 \
    && reaches "$(container billing)" api.nuget.org 443 || return 1
  ! reaches "$worker" postgres 5432 && ! reaches "$worker" "$(address postgres data)" 5432 \
    && ! reaches "$worker" redis 6379 && ! reaches "$worker" "$(address redis data)" 6379 \
    && ! reaches "$worker" "$(address accounts data)" 8091 && ! reaches "$worker" api.nuget.org 443
}

# The second of the documented commands. Run again, it changes nothing.
make_key() {
  local answer
  answer=$(compose run --rm -T bootstrap) || { echo "$answer"; return 1; }
  key=$(sed -n 's/^Key //p' <<< "$answer" | tr -d '\r')
  [ -n "$key" ] || { echo "$answer"; return 1; }
  compose run --rm -T bootstrap | grep 'There is an operator already' && compose run --rm -T bootstrap keys list
}

models_listed() { wait_until 120 lists_models; }
lists_models() {
  curl -s -m 5 -H "Authorization: Bearer $key" "http://127.0.0.1:$TOLLGATE_API_PORT/v1/models" | grep -q tiny-assistant
}

booked() { wait_until 60 is_booked "$@"; }
is_booked() {
  local ids; ids=$(cat "$@" | sort -u)
  [ -n "$ids" ] || return 1
  [ "$(query "select distinct request_id from billing.usage_events" | tr -d - | grep -cxF "$ids")" -eq "$(wc -l <<< "$ids")" ]
}

# Two workers register as worker-1 and worker-2, and rounds of sixteen calls at once leave lines in both logs: more than one round where the
# gateway has not yet seen the models of one.
both_workers_answer() { wait_until 60 both_known && wait_until 90 both_answered; }
both_answered() {
  local i pids=()
  for i in $(seq 16); do ask "both-$i" & pids+=($!); done
  for i in "${pids[@]}"; do wait "$i" || return 1; done
  logs
  [ "$(logs | awk '$3 > 40' | wc -l)" -eq 2 ]
}
both_known() { [ "$(worker_names)" = "worker-1 worker-2 " ]; }
worker_names() { query 'select id from accounts.workers order by id' | tr '\n' ' '; }
# The workers' logs: path, checksum of the header, which has the log's id in its 40 bytes, and bytes.
logs() {
  docker exec "$(container worker)" sh -c 'for log in /data/worker/*/witness/*.witness; do
    echo "$log $(head -c 40 "$log" | cksum | cut -d " " -f 1) $(wc -c < "$log")"
  done'
}

names_stay() {
  local before; before=$(logs | cut -d " " -f 1,2)
  docker kill "$(container worker)" && compose up -d --force-recreate --no-deps --scale worker=2 worker && healthy || return 1
  wait_until 60 both_known && [ "$(logs | cut -d " " -f 1,2)" = "$before" ] && wait_until 60 lists_models && ask again
}

# Eight callers go on while everything is stopped. A call ends whole, or is refused before its first event.
stop_under_load() {
  local i pids=()
  rm -f "$work/stopped"
  for i in $(seq 8); do keep_asking "$i" & pids+=($!); done
  sleep 5
  compose stop || return 1
  touch "$work/stopped"
  for i in "${pids[@]}"; do wait "$i" || return 1; done
  containers -a | xargs docker inspect -f '{{.Name}} {{.State.ExitCode}} {{.State.OOMKilled}}' | tee "$work/exits"
  ! grep -E ' 137 | true$' "$work/exits" && ended_before gateway worker && ended_before worker billing && ended_before billing postgres \
    && ended_before gateway learning && ended_before learning postgres \
    && ended_before accounts postgres && ended_before accounts redis
}
ended_before() { echo "$1 before $2" && [[ $(ended "$1") < $(ended "$2") ]]; }
ended() { docker inspect -f '{{.State.FinishedAt}}' "$(container "$1")"; }
keep_asking() {
  local call=0 answer
  while [ ! -e "$work/stopped" ]; do
    call=$((call + 1)) answer="$work/calls/stop-$1-$call"
    ask_once "stop-$1-$call" && continue
    if grep '^data: ' "$answer" 2> /dev/null; then echo "$answer broke off"; return 1; fi
    sleep 0.2
  done
}

all_booked() {
  compose start && healthy || return 1
  cat "$work"/calls/*.request | wc -l
  booked "$work"/calls/*.request
}

cuda_image() {
  compose -f docker-compose.gpu.yml build worker || return 1
  docker run --rm --read-only --cap-drop ALL --entrypoint dotnet tollgate/worker-cuda Tollgate.Inference.dll --help
}
