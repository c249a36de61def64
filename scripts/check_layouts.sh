#!/usr/bin/env bash
# Is the linker's choice mistaken for the programmer's? The same function, byte for byte, stands at
# 32 offsets within a cache line, in one executable for each; pairs of them are compared as old and
# new, with a threshold of 1 %. Any "regressed" or "improved" is a false alarm:
#
#   scripts/check_layouts.sh [OPTION...] [-- BENCHCTL-OPTION...]
#
#   --decisions N   how many pairs, 300 by default; they are drawn with a fixed seed
#   --layouts K     layout variants of each executable, 8 by default; 0 shows what happens without
#   --seed N        draws other pairs and other layouts
#   --independent   each executable has its own draw of layouts: functions do not stand alike in
#                   variant i of old and new, and all that helps is that there are several
#   --method M      how layouts are made: script, shuffle or padding
#
# Prints the verdicts, and how often false alarms can happen at most, with 95 % confidence (Clopper
# and Pearson 1934). Exit code 1 when more than 1 % of the decisions are false alarms. Takes two
# seconds or more for each decision; leave the machine alone meanwhile.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

decisions=300 layouts=8 seed=1 independent=OFF method='' options=(--threshold 1%)
while [[ $# -gt 0 ]]; do
  case $1 in
    --decisions | --layouts | --seed)
      [[ ${2:-} =~ ^[0-9]+$ ]] || die "$1 needs a number"
      declare "${1#--}=$2"
      shift
      ;;
    --independent) independent=ON ;;
    --method)
      method=${2:-}
      shift
      ;;
    --)
      options+=("${@:2}")
      break
      ;;
    *) die "what is $1? The head of the script lists the options" ;;
  esac
  shift
done

[[ $decisions -gt 0 ]] || die '--decisions is 1 or more'

need_to_build
need jq command -v jq
want lld command -v ld.lld
install_missing
build_tree "$root/build" -DCMAKE_BUILD_TYPE=Release -DBENCH_BUILD_TESTS=OFF
work=$root/build/layouts
quietly cmake --install "$root/build" --prefix "$work/prefix"
say "building 32 executables with $layouts layouts each"
quietly cmake -S "$root/scripts/layouts" -B "$work/subjects" -DCMAKE_BUILD_TYPE=Release \
  -DCMAKE_PREFIX_PATH="$work/prefix" -DLAYOUTS="$layouts" -DINDEPENDENT=$independent \
  -DBENCH_LAYOUT_METHOD="$method" -DBENCH_LAYOUT_SEED="$seed"
quietly cmake --build "$work/subjects" --parallel

out=$work/comparison.json
for ((i = 0; i < decisions; i++)); do
  # Two different offsets.
  pair=$(printf '%s %s' "$seed" "$i" | cksum)
  old=$((${pair%% *} % 32)) step=$((1 + ${pair%% *} / 32 % 31))
  new=$(((old + step) % 32))
  status=0 # a verdict's, not an error
  "$root/build/benchctl" compare "$work/subjects/offset_$((2 * old))" \
    "$work/subjects/offset_$((2 * new))" --output-format json "${options[@]}" \
    >"$out" 2>"$work/comparison.log" || status=$?
  line=$(jq -r '.outcome.comparisons[0] | .change |= map_values(. * 10000 | round / 100) |
    "\(.verdict), \(.change.point) % (\(.change.lower) to \(.change.upper))"' "$out") || {
    cat "$work/comparison.log" >&2
    die "offsets $((2 * old)) and $((2 * new)) could not be compared (exit code $status)"
  }
  printf '%4d of %d: %2d bytes against %2d: %s\n' \
    $((i + 1)) "$decisions" $((2 * new)) $((2 * old)) "$line"
done | tee "$work/decisions.txt"

awk -F '[:,] ' '
  function tail(k, n, p,   i, term, sum) { # at most k of n
    term = sum = (1 - p) ^ n
    for (i = 1; i <= k; i++) { term *= (n - i + 1) / i * p / (1 - p); sum += term }
    return sum
  }
  { n[$3]++ }
  END {
    alarms = n["regressed"] + n["improved"]
    low = alarms / NR; high = 1
    for (i = 0; i < 60; i++) {
      middle = (low + high) / 2
      if (tail(alarms, NR, middle) > 0.05) low = middle; else high = middle
    }
    printf "\n"
    for (verdict in n) printf "%-14s %4d\n", verdict, n[verdict]
    printf "false alarms: %d of %d, %.2f %%; at most %.2f %% (95 %% confidence)\n",
      alarms, NR, 100 * alarms / NR, 100 * high
    exit alarms > 0.01 * NR
  }' "$work/decisions.txt"
