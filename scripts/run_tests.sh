#!/usr/bin/env bash
# Builds and runs all tests:
#
#   scripts/run_tests.sh [ctest options]      such as -L unit, -R '^stats/', --rerun-failed
#
# Installs what the tests need when it is missing (Debian and its relatives) and builds in
# build-tests/.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

need_to_test
install_missing

build_tree "$root/build-tests" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DBENCH_BUILD_TESTS=ON
exec ctest --test-dir "$root/build-tests" --output-on-failure --parallel "$(nproc)" "$@"
