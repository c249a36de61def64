#!/usr/bin/env bash
# Builds the benchmarks and runs them:
#
#   scripts/run_benchmarks.sh [FILTER...] [options]     (--help lists the options)
#   scripts/run_benchmarks.sh                           everything that can run here
#
# Installs what the build needs when it is missing (Debian and its relatives), builds in build/,
# leaves the link ./run_benches behind and ends with its exit code. Paths in the options are
# relative to the project's root.
#
# Without arguments it also starts the message brokers (scripts/backends.sh) that are not given by
# RABBITMQ_URL and MQTT_BROKER, and stops them at the end; what cannot be started is skipped. That
# takes up to 20 minutes and ends with one page: what ran, what was skipped and why, budgets, the
# slowest and the noisiest. All figures are in build/results.json and build/report/.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"

need_to_build
want gnuplot-nox command -v gnuplot
install_missing

build_tree "$root/build" -DCMAKE_BUILD_TYPE=Release -DBENCH_BUILD_TESTS=OFF
ln -sfn build/run_benches run_benches
[[ $# -eq 0 ]] || exec ./run_benches "$@"

trap stop_servers EXIT
start_server mosquitto MQTT_BROKER || say 'goes on without mosquitto'
start_server rabbitmq RABBITMQ_URL || say 'goes on without rabbitmq'
status=0
./run_benches --output-format summary --out build/results.json --report build/report || status=$?
printf '\nAll figures: build/results.json and build/report/index.html\n'
exit "$status"
