#!/usr/bin/env bash
# Plays the life of a baseline with real measurements and looks at the exit codes:
#
#   scripts/check_baselines.sh RUN_BENCHES SLOWED_RUN_BENCHES
#
# The second executable is the same with a slower broker (-DMINIBUS_SLOWDOWN_PERCENT=50).
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[[ $# -eq 2 ]] || die 'usage: check_baselines.sh RUN_BENCHES SLOWED_RUN_BENCHES'
fast=$(realpath "$1") slow=$(realpath "$2")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export BENCH_CACHE_DIR=$work/cache BENCH_STATE_DIR=$work/state

options=('core_operations/publish/**/size=100,*' --no-plots --baselines-dir "$work/baselines")

expect() { # expect EXIT-CODE WHAT COMMAND...
  local expected=$1 what=$2 status=0
  shift 2
  "$@" >output.log 2>&1 || status=$?
  if [[ $status -ne $expected ]]; then
    cat output.log
    die "$what: exit code $status instead of $expected"
  fi
  printf '  %s: exit code %d\n' "$what" "$status"
}

# edit_baseline JQ-PROGRAM: changes every file of the baseline "main" into one of "edited".
edit_baseline() {
  local file
  rm -rf baselines/edited
  cp -r baselines/main baselines/edited
  for file in baselines/edited/*/*.json; do
    jq "$1" "$file" >edited.json
    mv edited.json "$file"
  done
}

# compare_slowed: on a busy machine "inconclusive" (exit code 4) is a right answer, but not the one
# wanted: then both sides are measured again. "Pass" is never right.
compare_slowed() {
  local attempt status
  for attempt in 1 2 3 4 5; do
    status=0
    "$slow" "${options[@]}" --baseline main --fail-on regressed,missing,incomparable,inconclusive ||
      status=$?
    [[ $status -eq 4 ]] || return "$status"
    printf 'attempt %d could not tell\n' "$attempt"
    "$fast" "${options[@]}" --save-baseline main
  done
  return 4
}

expect 0 'save a baseline' "$fast" "${options[@]}" --save-baseline main
expect 0 'the same code' "$fast" "${options[@]}" --baseline main --out results.json
expect 3 'publish slowed down by half' compare_slowed

expect 3 'the same, side by side' "$(dirname "$fast")/benchctl" compare "$fast" "$slow" \
  'core_operations/publish/**/size=100,batch=1*' --baselines-dir "$work/baselines"

edit_baseline '.benchmarks += [.benchmarks[0] | .name += "-gone"]'
expect 5 'a benchmark that is gone' "$fast" "${options[@]}" --baseline edited
edit_baseline '.host.cpu_model = "some other processor"'
expect 5 'a baseline of another machine' "$fast" "${options[@]}" --baseline edited --no-duel
expect 0 'the same, with its executable at hand' "$fast" "${options[@]}" --baseline edited

follows_schema() { # follows_schema KIND FILE
  expect 0 "$(basename "$2") follows its schema" \
    python3 -m jsonschema -i "$2" "$root/docs/schema/$1.schema.json"
}
follows_schema results results.json
for file in baselines/main/*/*.json; do
  follows_schema baseline "$file"
done
