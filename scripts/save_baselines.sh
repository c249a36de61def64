#!/usr/bin/env bash
# Measures every suite and saves the results as baselines of this machine:
#
#   scripts/save_baselines.sh               baselines/main/: the suites that need no server
#   scripts/save_baselines.sh --servers     baselines/servers/: those that do, on servers that
#                                           scripts/backends.sh starts and stops
#
# Let the machine rest meanwhile: a baseline of a busy machine decides little.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"

with_servers=(backend_comparison)

[[ $# -eq 0 || ($# -eq 1 && $1 == --servers) ]] || die "use: $(basename "$0") [--servers]"

need_to_build
install_missing
build_tree "$root/build" -DCMAKE_BUILD_TYPE=Release -DBENCH_BUILD_TESTS=OFF

case $# in
  0)
    exclude=()
    for suite in "${with_servers[@]}"; do
      exclude+=(--exclude "$suite/**")
    done
    exec build/run_benches "${exclude[@]}" --save-baseline main
    ;;
  1)
    trap stop_servers EXIT
    start_server mosquitto MQTT_BROKER
    start_server rabbitmq RABBITMQ_URL
    build/run_benches "${with_servers[@]}" --save-baseline servers
    ;;
esac
