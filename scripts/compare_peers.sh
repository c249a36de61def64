#!/usr/bin/env bash
# What the measuring loop costs, beside that of other frameworks, on this machine, in one session:
#
#   scripts/compare_peers.sh [ROUNDS]              at least 20, the default
#   scripts/compare_peers.sh --verdicts [TRIALS]   how far verdicts can be trusted instead
#
# Each round runs every framework once, on one CPU, in an order that alternates; what is compared is
# the ratio within a round. Needs libbenchmark-dev for Google Benchmark, librust-criterion-dev and
# cargo for criterion.rs; what is not there is said to be skipped. Ends with figures whose true
# value is known (suite "truth").
#
# With --verdicts each framework plays TRIALS (20 by default) on the bodies of the selftest: it
# measures the same code twice, then code that does 2 % more, and decides by its own rule which of
# them changed. `benchctl selftest --time 5m --peers FILE` follows: this tool's own verdicts, and
# all of them in one table. 20 trials are 200 decisions, about 5 minutes for Google Benchmark (which
# also needs libbenchmark-tools and python3-scipy) and 10 for criterion.rs. Leave the machine alone
# meanwhile.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

mode=loop rounds=${1:-20}
if [[ $rounds == --verdicts ]]; then
  mode=verdicts rounds=${2:-20}
  [[ $rounds =~ ^[1-9][0-9]{0,3}$ ]] || die 'TRIALS is a number from 1 to 9999'
  shift
fi
[[ $# -le 1 ]] || die "what is $2? The head of the script says how it is called"
[[ $mode == verdicts || ($rounds =~ ^[0-9]+$ && $rounds -ge 20) ]] ||
  die 'ROUNDS is a number, 20 or more'
peers=$root/scripts/peers
out=$root/build/peers
crates=/usr/share/cargo/registry

need_to_build
need jq command -v jq
install_missing
build_tree "$root/build" -DCMAKE_BUILD_TYPE=Release -DBENCH_BUILD_TESTS=OFF
mkdir -p "$out"

pinned=()
if command -v taskset >/dev/null; then
  pinned=(taskset -c "$(taskset -cp $$ | sed 's/.*[ ,-]//')")
fi

# ---- the frameworks ---------------------------------------------------------------------------
# build_X makes one and prints its version; measure_X prints its ns per iteration.

build_libbench() {
  cc -O2 -I "$root/libbench/include" "$peers/lb_empty.c" -o "$out/lb_empty" \
    "$root/build/libbench/libbench_main.a" "$root/build/libbench/libbench.a" \
    -ljansson -lm -pthread
  "$out/lb_empty" --version | head -n 1
}

measure_libbench() {
  "${pinned[@]}" "$out/lb_empty" --warm-up-time 100ms --measurement-time 300ms --launches 3 \
    --output-format json 2>/dev/null | jq '.benchmarks[0].time.median.point'
}

google_version() {
  local version
  version=$(pkg-config --modversion benchmark 2>/dev/null) || {
    echo 'skipped: libbenchmark-dev not installed'
    return 1
  }
  echo "Google Benchmark $version"
}

build_google() {
  google_version || return 1
  c++ -O2 "$peers/gb_empty.cc" -o "$out/gb_empty" -lbenchmark -pthread
}

measure_google() {
  "${pinned[@]}" "$out/gb_empty" --benchmark_min_time=0.3 --benchmark_format=json 2>/dev/null |
    jq '.benchmarks[0].real_time'
}

build_criterion() {
  local version
  version=$(dpkg-query -W -f '${Version}' librust-criterion-dev 2>/dev/null) || {
    echo 'skipped: librust-criterion-dev not installed'
    return 1
  }
  command -v cargo >/dev/null || {
    echo 'skipped: cargo not installed'
    return 1
  }
  mkdir -p "$out/criterion"
  cp -r "$peers/criterion/." "$out/criterion"
  (cd "$out/criterion" && quietly cargo build --release --offline \
    --config 'source.crates-io.replace-with="debian"' \
    --config "source.debian.directory=\"$crates\"")
  echo "criterion.rs $version"
}

measure_criterion() {
  CRITERION_HOME=$out/criterion/results "${pinned[@]}" \
    "$out/criterion/target/release/criterion_empty" --bench >/dev/null 2>&1
  jq '.median.point_estimate' "$out/criterion/results/empty/new/estimates.json"
}

if [[ $mode == verdicts ]]; then
  # shellcheck source=scripts/peers/verdicts.sh
  source "$peers/verdicts.sh"
  play_verdicts "$rounds"
  exit
fi

# ---- the rounds -------------------------------------------------------------------------------

present=()
for name in libbench google criterion; do
  if version=$("build_$name"); then
    present+=("$name")
  fi
  printf '%-10s %s\n' "$name" "$version"
done

for ((round = 0; round < rounds; round++)); do
  order=("${present[@]}")
  if ((round % 2)); then
    mapfile -t order < <(printf '%s\n' "${present[@]}" | tac)
  fi
  for name in "${order[@]}"; do
    ns=$("measure_$name") || die "$name could not be measured"
    printf '%d %s %s\n' "$round" "$name" "$ns"
  done
done >"$out/rounds.txt"

# Median of a column and the interval between two of its order statistics that holds the true median
# with at least 95 % confidence.
summary() {
  sort -g | awk '
    { x[NR] = $1 }
    END {
      n = NR; tail = p = 0.5 ^ n; k = 0
      while (2 * tail <= 0.05) { k++; p *= (n - k + 1) / k; tail += p }
      m = n % 2 ? x[(n + 1) / 2] : (x[n / 2] + x[n / 2 + 1]) / 2
      printf "%.4f  [%.4f, %.4f]\n", m, x[k], x[n + 1 - k]
    }'
}

printf '\nempty loop, ns per iteration, median of %d rounds with its 95 %% interval\n' "$rounds"
for name in "${present[@]}"; do
  printf '  %-22s %s\n' "$name" "$(awk -v name="$name" '$2 == name { print $3 }' "$out/rounds.txt" |
    summary)"
done
printf 'ratio within a round\n'
for name in "${present[@]:1}"; do
  printf '  %-22s %s\n' "libbench / $name" "$(awk -v peer="$name" '
    $2 == "libbench" { ours[$1] = $3 }
    $2 == peer { theirs[$1] = $3 }
    END { for (round in ours) print ours[round] / theirs[round] }' "$out/rounds.txt" | summary)"
done

# ---- figures with a known truth ---------------------------------------------------------------

quietly "${pinned[@]}" "$root/build/run_benches" truth --no-plots --out "$out/truth.json"
jq -r '
  [.benchmarks[] | {key: .name, value: .time.median.point}] | from_entries as $t |
  def chain($op; $n): $t["truth/chain/\($op)/n=\($n)"];
  # Weighted least squares over n, weights 1/n^2: the error of a time is proportional to it.
  [$t | to_entries[] | select(.key | startswith("truth/intercept/")) |
    {n: (.key | sub(".*n="; "") | tonumber), t: .value} | .w = 1 / (.n * .n)] as $p |
  ([$p[].w] | add) as $w |
  ([$p[] | .w * .n] | add / $w) as $n |
  ([$p[] | .w * .t] | add / $w) as $m |
  (([$p[] | .w * (.n - $n) * (.t - $m)] | add) /
   ([$p[] | .w * (.n - $n) * (.n - $n)] | add)) as $slope |
  ["2N multiplications over N", chain("multiply"; 2000) / chain("multiply"; 1000),
   "2, within 0.5 %"],
  ["a multiplication over an addition", chain("multiply"; 2000) / chain("add"; 2000),
   "ratio of the latencies (x86-64: 3), within 2 %"],
  ["ns left at 0 of 1...1000 multiplications", $m - $slope * $n, "0, within 0.3"],
  ["ns per iteration of the empty loop", $t["truth/loop/empty"], "one cycle"]
  | @tsv' "$out/truth.json" |
  awk -F '\t' 'BEGIN { print "\nfigures with a known truth" }
    { printf "  %-42s %9.4f   %s\n", $1, $2, $3 }'
