#!/usr/bin/env bash
# What libbench itself costs, as docs/performance.md quotes it:
#
#   scripts/measure_limits.sh
#
# Medians of repeated runs of whole commands. Leave the machine alone while it runs (some minutes).
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"

need_to_test
install_missing
build_tree "$root/build-tests" -DCMAKE_BUILD_TYPE=RelWithDebInfo -DBENCH_BUILD_TESTS=ON
build_tree "$root/build" -DCMAKE_BUILD_TYPE=Release -DBENCH_BUILD_TESTS=OFF
run=$root/build/run_benches
ctl=$root/build/benchctl
work=$(mktemp -d)
export BENCH_CACHE_DIR=$work/cache BENCH_STATE_DIR=$work/state
trap 'rm -rf "$work"' EXIT

row() { # row WHAT VALUE
  printf '%-58s %s\n' "$1" "$2"
}

# median_ms REPEATS COMMAND...: of the command's wall time; its exit code does not matter
median_ms() {
  local repeats=$1 from i
  shift
  for ((i = 0; i < repeats; i++)); do
    from=$(date +%s%N)
    "$@" >"$work/out" 2>&1 || true
    echo $((($(date +%s%N) - from) / 1000))
  done | sort -n | awk '{v[NR] = $1} END {printf "%.1f ms", v[int((NR + 1) / 2)] / 1000}'
}

thousand=$(seq -s, 1 1000)
row '--list of 1,000 benchmarks' \
  "$(median_ms 21 "$run" truth/intercept --param "n=$thousand" --list)"

# Two real runs of 1,000 benchmarks, 16 launches each, as short as they can be.
for name in old new; do
  "$run" truth/intercept --param "n=$thousand" --launches 16 --warm-up-time 1ms \
    --measurement-time 2ms --baselines-dir "$work/baselines" --save-baseline "$name" -q \
    >/dev/null 2>&1
done
row 'loading and comparing two baselines of 1,000 benchmarks' \
  "$(median_ms 11 "$ctl" compare old new --baselines-dir "$work/baselines" --output-format csv)"

row 'resampling, 100,000 of 100 points: mean, median, MAD, slope' \
  "$("$root"/build-tests/tests/unit/stats/time_bootstrap |
    sed -n 's/^ *100 points with x *//p')"

share='[.benchmarks[].launches | (.warm_up_ns + .measured_ns) | add] | add'
"$run" core_operations/uuid --out "$work/uuid.json" -q >/dev/null 2>&1
row 'warm-up and measurement, of the wall time of a default run' \
  "$(jq -r "($share) / .wall_ns * 1000 | round / 10 | tostring + \" %\"" "$work/uuid.json")"

overhead='[.benchmarks[].launches | [.wall_ns, .warm_up_ns, .measured_ns] | transpose[]
  | .[0] - .[1] - .[2]] | sort | .[length / 2 | floor] / 1000000'
row 'a launch beside warm-up and measurement, process and all' \
  "$(jq -r "$overhead * 100 | round / 100 | tostring + \" ms\"" "$work/uuid.json")"

for mode in '' --quick; do
  from=$(date +%s%N)
  "$run" core_operations $mode -q >/dev/null 2>&1 || true
  row "core_operations${mode:+ $mode}, $("$run" core_operations --list | wc -l) benchmarks" \
    "$((($(date +%s%N) - from) / 1000000000)) s"
done
