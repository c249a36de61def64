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

need_to_build
install_missing
build_tree "$root/build" -DCMAKE_BUILD_TYPE=Release -DBENCH_BUILD_TESTS=OFF

case ${1-} in
  '')
    exclude=()
    for suite in "${with_servers[@]}"; do
      exclude+=(--exclude "$suite/**")
    done
    exec build/run_benches "${exclude[@]}" --save-baseline main
    ;;
  --servers)
    trap 'scripts/backends.sh stop' EXIT
    addresses=$(scripts/backends.sh start)
    eval "$addresses"
    build/run_benches "${with_servers[@]}" --save-baseline servers
    ;;
  *) die "use: $(basename "$0") [--servers]" ;;
esac
