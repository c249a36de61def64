#!/usr/bin/env bash
# run.sh TEST-PROGRAM BACKEND DIR: starts the backend's server with its data in DIR, lets the
# program test it (it stops and starts the server in between), and stops it. 77 without a server.
set -euo pipefail
program=$1 backend=$2 dir=$3
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../scripts" && pwd)
export BENCH_BACKENDS_DIR=$dir BACKENDS_SCRIPT=$scripts/backends.sh
export BENCH_BACKENDS_PORT=$((20000 + $$ % 3000 * 4)) # other checkouts may test at the same time
case $backend in
  mqtt) server=mosquitto ;;
  rabbitmq) server=rabbitmq ;;
  kafka) exec "$program" kafka ;;
esac
export BACKENDS_SERVER=$server
PATH=$PATH:/usr/sbin
if ! command -v "$server" >/dev/null && ! command -v "$server-server" >/dev/null; then
  echo "skipped: $server is not installed (scripts/backends.sh start installs it)"
  exit 77
fi
trap '"$BACKENDS_SCRIPT" stop "$server"' EXIT
"$BACKENDS_SCRIPT" stop "$server" # of a run that was killed
variables=$("$BACKENDS_SCRIPT" start "$server")
eval "$variables"
"$program" "$backend"
