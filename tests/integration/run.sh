#!/usr/bin/env bash
# run.sh TEST-PROGRAM BACKEND DIR: starts the backend's server with its data in DIR, lets the
# program test it (it stops and starts the server in between), and stops it. 77 without a server.
set -euo pipefail
program=$1 backend=$2 dir=$3
scripts=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../scripts" && pwd)
export BENCH_BACKENDS_DIR=$dir BACKENDS_SCRIPT=$scripts/backends.sh
case $backend in
  mqtt) server=mosquitto BENCH_BACKENDS_PORT=28310 ;;
  rabbitmq) server=rabbitmq BENCH_BACKENDS_PORT=28320 ;;
  kafka) exec "$program" kafka ;;
esac
export BENCH_BACKENDS_PORT BACKENDS_SERVER=$server
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
