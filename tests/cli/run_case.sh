#!/usr/bin/env bash
# Runs one golden case of the command line:
#
#   run_case.sh CASE-DIR
#
# A case is a folder with
#   cmd             what to run, for bash (-u, pipefail), in an empty directory that is removed
#                   afterwards; $RUN_BENCHES, $BENCHCTL and $FIXTURE are the executables, $QUICK
#                   options that make a measurement a matter of milliseconds
#   expected_exit   the exit code; 0 without this file
#   stdout.glob     one shell pattern per line of output; a line "..." stands for any number of
#   stderr.glob     lines. Without the file the stream is not looked at.
# Nothing of the caller's environment decides how the output looks, and nothing is written to its
# home: caches and records are beside the case's directory.
set -euo pipefail

case_dir=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/cwd"

unset NO_COLOR CLICOLOR CLICOLOR_FORCE CI GITHUB_STEP_SUMMARY "${!BENCH_@}"
export BENCH_CACHE_DIR=$work/cache BENCH_STATE_DIR=$work/state
export LC_ALL=C TERM=dumb TZ=UTC COLUMNS=100
export QUICK='--launches 3 --warm-up-time 1ms --measurement-time 6ms --no-plots'

# matches LINES PATTERNS FROM-LINE FROM-PATTERN: the rest of the lines, by the rest of the patterns.
matches() {
  local -n lines=$1 patterns=$2
  local i=$3 j=$4
  while ((j < ${#patterns[@]})); do
    if [[ ${patterns[j]} == ... ]]; then
      for (( ; i <= ${#lines[@]}; i++)); do
        matches "$1" "$2" "$i" $((j + 1)) && return 0
      done
      return 1
    fi
    ((i < ${#lines[@]})) || return 1
    # shellcheck disable=SC2053 # the right side is a pattern
    [[ ${lines[i]} == ${patterns[j]} ]] || return 1
    ((i += 1, j += 1))
  done
  ((i == ${#lines[@]}))
}

failed=0
complain() { # complain WHAT FILE...
  printf '%s: %s\n' "$(basename "$case_dir")" "$1"
  shift
  local file
  for file in "$@"; do
    printf -- '---- %s\n' "$(basename "$file")"
    cat "$file"
  done
  failed=1
}

expected=0
[[ -e $case_dir/expected_exit ]] && expected=$(<"$case_dir/expected_exit")
status=0
(cd "$work/cwd" && exec bash -uo pipefail "$case_dir/cmd") \
  </dev/null >"$work/stdout" 2>"$work/stderr" || status=$?

[[ $status == "$expected" ]] ||
  complain "exit code $status instead of $expected" "$work/stdout" "$work/stderr"
for stream in stdout stderr; do
  [[ -e $case_dir/$stream.glob ]] || continue
  # shellcheck disable=SC2034 # read by matches, by name
  mapfile -t seen <"$work/$stream"
  # shellcheck disable=SC2034
  mapfile -t wanted <"$case_dir/$stream.glob"
  matches seen wanted 0 0 ||
    complain "$stream is not as expected" "$work/$stream" "$case_dir/$stream.glob"
done
exit "$failed"
