#!/usr/bin/env bash
# How large the broker is when it is shipped, and for information libbench itself:
#
#   scripts/measure_size.sh [BUILD-DIRECTORY]     (without one it builds in build/)
#
# One line each: what it is, bytes stripped, bytes compressed by gzip -9. The benchmarks
# binary_size/program measure the same by themselves.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[[ $# -eq 0 || ($# -eq 1 && -d $1) ]] || die "use: $(basename "$0") [BUILD-DIRECTORY]"
if [[ $# -eq 1 ]]; then
  build=$1
else
  need_to_build
  install_missing
  build=$root/build
  build_tree "$build" -DCMAKE_BUILD_TYPE=Release -DBENCH_BUILD_TESTS=OFF
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

printf '%-24s %10s %10s\n' of stripped gzipped
row() { # row WHAT PROGRAM
  [[ -x $build/$2 ]] || die "$2 is not in the build directory"
  strip -o "$work/stripped" "$build/$2"
  printf '%-24s %10d %10d\n' \
    "$1" "$(wc -c <"$work/stripped")" "$(gzip -9 -n -c "$work/stripped" | wc -c)"
}

row broker cold_start
row broker_with_transports whole_transports
row libbench whole_libbench
