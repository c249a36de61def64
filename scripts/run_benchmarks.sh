#!/usr/bin/env bash
# Builds the benchmarks and runs them:
#
#   scripts/run_benchmarks.sh [FILTER...] [options]     (--help lists the options)
#
# Installs what the build needs when it is missing (Debian and its relatives), builds in build/,
# leaves the link ./run_benches behind and ends with its exit code. Paths in the options are
# relative to the project's root.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"

need_to_build
want gnuplot-nox command -v gnuplot
install_missing

build_tree "$root/build" -DCMAKE_BUILD_TYPE=Release -DBENCH_BUILD_TESTS=OFF
ln -sfn build/run_benches run_benches
exec ./run_benches "$@"
