#!/usr/bin/env bash
# Writes docs/performance-targets.md from the budgets and from what a run has measured:
#
#   scripts/performance_targets.sh RESULTS.json [PAGE]
#                                                   writes the page
#   scripts/performance_targets.sh --check [GATES PAGE]
#                                                   says which budget of the gates it does not name
#
# RESULTS.json is of `./run_benches regression_tests --out RESULTS.json`, or of a run of everything.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

page=$root/docs/performance-targets.md
gates=$root/baselines/gates.json

check() {
  local why whys status=0
  whys=$(jq -er '.budgets[].why | gsub("\\|"; "\\|") | gsub("\\s+"; " ") | "| \(.) |"' "$gates" |
    sort -u) || die "there are no budgets in $gates"
  while IFS= read -r why; do
    grep -qF -- "$why" "$page" || {
      echo "missing in the page: $why"
      status=1
    }
  done <<<"$whys"
  return "$status"
}

# A row for each budget of the gates: of the benchmarks that it is for, the one with the least room.
# shellcheck disable=SC2016 # of jq
rows='
def digits(n): if . == 0 then 0 else
  (. | fabs | log10 | floor) as $e | (n - 1 - $e) as $d
  | if $d > 0 then (. * pow(10; $d) | round) / pow(10; $d) else round end end;
def scaled(steps): . as $v | (steps | map(select(.[0] <= ($v | fabs))) | last // steps[0]) as $s
  | "\($v / $s[0] | digits(4)) \($s[1])";
def quantity($unit):
  if . == null then "–"
  elif $unit == "ns" then scaled([[1, "ns"], [1e3, "µs"], [1e6, "ms"], [1e9, "s"]])
  elif $unit == "1/s" then scaled([[1, "/s"], [1e3, "k/s"], [1e6, "M/s"], [1e9, "G/s"]])
  elif $unit == "B/s" then scaled([[1, "B/s"], [1024, "KiB/s"], [1048576, "MiB/s"]])
  elif $unit == "bytes" then scaled([[1, "B"], [1024, "KiB"], [1048576, "MiB"]])
  elif $unit == "fraction" then "\(. * 100 | digits(3)) %"
  else "\(digits(4))" + if $unit == "1" or $unit == "" then "" else " \($unit)" end end;
def measured: .unit as $u | .measured | (.point | quantity($u)) +
  if .lower == null then "" else " (\(.lower | quantity($u)) … \(.upper | quantity($u)))" end;
def bound($value): .unit as $u
  | if .is_maximum then "at most " else "at least " end + ($value | quantity($u));
def target: bound(.loosened_from // .limit);
def missed: .loosened_from as $was
  | if .is_maximum then (.measured.lower // .measured.point) > $was
    else (.measured.upper // .measured.point) < $was end;
def loosening: if .justification == null then ""
  else "; held to \(bound(.limit)): \(.justification)" end;
def rank: {"over": 0, "inconclusive": 1, "pass": 2}[.verdict] // 3;
def verdict: if .verdict == "pass" and .justification != null and missed then "**missed**"
  else {"over": "**missed**", "inconclusive": "undecided", "pass": "met"}[.verdict]
    // "not measured" end;
def cell: gsub("\\|"; "\\|") | gsub("\\s+"; " ");
.outcome.budgets
| group_by(.subject | split("/")[0])[]
| "\n## \(.[0].subject | split("/")[0])\n",
  "| what for | metric | target | measured | room left | |",
  "|:--|:--|--:|--:|--:|:--|",
  ( group_by([.why, .metric, .limit])[] | sort_by([rank, .margin]) | length as $n | .[0]
    | [ (.why | cell), "\(.metric) of `\(.subject | sub(" over "; "` over `"))`"
        + if $n > 1 then ", the closest of \($n)" else "" end,
        target, measured,
        (if .margin == null then "–" else "\(.margin * 100 | digits(3)) %" end),
        verdict + if rank == 3 then ": " + (.reason | cell) else "" end + (loosening | cell) ]
    | "| " + join(" | ") + " |" )
'

# shellcheck disable=SC2016 # of jq
head_of_page='
def host: [.cpu_model, "\(.n_cpus) CPUs", (.hypervisor | select(. != "none")), .compiler]
  | map(select(. != null and . != "")) | join(", ");
"# Performance targets

What the broker under measurement has to reach, and what it reached. The targets are the budgets of
[`baselines/gates.json`](../baselines/gates.json), with their reasons; the figures come from one
run. A target that this code misses stays in the table as missed, with what it is held to meanwhile
and why. A target is met, or missed, only when the whole interval is on one side of it (95 %, in
brackets; of ratios by a pair of the two, measured side by side); percentiles and counters have no
interval. What did not run is not measured, and says why. Targets of servers are about the server
and the machine as much as about this code: a miss here is a fact about the machine below.

This page is generated: `scripts/performance_targets.sh RESULTS.json`. The same table, live:

    ./run_benches regression_tests

Measured on \(.host | host), \(.timestamp[0:10]), commit \(.git_commit // "unknown" | .[0:10])."
'

if [[ ${1-} == --check && ($# -eq 1 || $# -eq 3) ]]; then
  gates=${2-$gates} page=${3-$page}
  check
  exit
fi
[[ ($# -eq 1 || $# -eq 2) && $1 != -* ]] ||
  die "use: $(basename "$0") RESULTS.json [PAGE] | --check [GATES PAGE]"
[[ -r $1 ]] || die "$1 cannot be read"
page=${2-$page}
text=$(jq -r "$head_of_page" "$1") && tables=$(jq -r "$rows" "$1") || tables=''
[[ -n $tables ]] || die "$1 is not a file of results with budgets"
printf '%s\n' "$text" "$tables" >"$page"
check
