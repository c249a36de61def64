#!/usr/bin/env bash
# The figures of docs/optimisation.md come from a run of the suite `pitfalls`:
#
#   ./run_benches pitfalls --out results.json
#   scripts/optimisation_figures.sh results.json [PAGE]
#       rewrites what stands in PAGE between <!-- figures: NAME --> and <!-- end -->, where NAME is
#       `run` or a group of the suite
#   scripts/optimisation_figures.sh --check RUN_BENCHES [PAGE]
#       fails when PAGE lacks a group that the suite has, has one that the suite has not, or has no
#       figures for it
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage='the head of the script says how it is called'

marked_groups() { # marked_groups PAGE: in the order of their markers
  sed -nE 's/^<!-- figures: ([a-z0-9_]+) -->$/\1/p' "$1"
}

# figures_of PAGE NAME: the lines between its markers
figures_of() {
  awk -v begin="<!-- figures: $2 -->" \
    '$0 == "<!-- end -->" { inside = 0 } inside { print } $0 == begin { inside = 1 }' "$1"
}

# ---- --check ----------------------------------------------------------------------------------

check() { # check RUN_BENCHES PAGE
  local run_benches=$1 page=$2 name found=0
  local -A in_page=() in_suite=([run]=1)
  local groups
  groups=$("$run_benches" --list pitfalls | cut -d/ -f2 | sort -u)
  [[ -n $groups ]] || die "$run_benches has no suite pitfalls"
  for name in $groups; do
    in_suite[$name]=1
  done
  for name in $(marked_groups "$page"); do
    in_page[$name]=1
    if [[ -z ${in_suite[$name]-} ]]; then
      echo "$name: is not in the suite"
      found=1
    elif [[ -z $(figures_of "$page" "$name") ]]; then
      echo "$name: has no figures"
      found=1
    fi
  done
  for name in run $groups; do
    if [[ -z ${in_page[$name]-} ]]; then
      echo "$name: is missing in the page"
      found=1
    fi
  done
  return "$found"
}

# ---- rewriting --------------------------------------------------------------------------------

# One line for each NAME: NAME, tab, text.
# shellcheck disable=SC2016 # jq's own variables
figures_program='
  def three: if . >= 100 then round elif . >= 10 then (. * 10 | round / 10)
             else (. * 100 | round / 100) end;
  def time: if . >= 1e6 then "\(. / 1e6 | three) ms" elif . >= 1e3 then "\(. / 1e3 | three) µs"
            else "\(three) ns" end;
  def short: split("/")[2];
  (.benchmarks | map({key: .name, value: .}) | from_entries) as $benchmark
  | (.benchmarks | map(select(.suite == "pitfalls" and .status != "ok")) | map(.name)) as $failed
  | if $failed != [] then error("not measured: \($failed | join(", "))") else . end
  | "run\tMeasured on \(.host.cpu_model), \(.host.n_cpus) CPUs" +
    (if .host.hypervisor then " (\(.host.hypervisor))" else "" end) +
    ", \(.host.compiler) \(.host.flags), commit \(.git_commit // "unknown" | .[0:10]), " +
    "\(.timestamp[0:10]), by `./run_benches pitfalls --out results.json`.",
    (.pairs[] | select(.suite == "pitfalls") | . as $pair
     | "\(.name | split("/")[1])\t`\(.variant | short)` takes " +
       "**\(.change.point + 1 | three) times** as long as `\(.base | short)` " +
       "(95 %: \(.change.lower + 1 | three) to \(.change.upper + 1 | three)). " +
       "Alone: \($benchmark[.variant].time.median.point | time) and " +
       "\($benchmark[.base].time.median.point | time).")'

rewrite() { # rewrite RESULTS PAGE
  local results=$1 page=$2 lines temporary
  [[ -r $results ]] || die "$results cannot be read"
  lines=$(jq -er "$figures_program" "$results") || die "$results is no result of pitfalls"
  temporary=$(mktemp "$page.XXXXXX")
  # shellcheck disable=SC2064 # its name of now
  trap "rm -f '$temporary'" EXIT
  awk -F'\t' '
    NR == FNR { text[$1] = $2; next }
    $0 == "<!-- end -->" { inside = 0 }
    !inside { print }
    match($0, /^<!-- figures: [a-z0-9_]+ -->$/) {
      name = substr($0, 15, length($0) - 18)
      if (!(name in text)) {
        print name ": was not measured" >"/dev/stderr"
        exit 1
      }
      print text[name]
      inside = 1
    }' <(printf '%s\n' "$lines") "$page" >"$temporary" || die "$page is as it was"
  cat "$temporary" >"$page"
}

case ${1-} in
  --check)
    [[ $# -eq 2 || $# -eq 3 ]] || die "$usage"
    check "$2" "${3:-$root/docs/optimisation.md}"
    ;;
  '' | -*) die "$usage" ;;
  *)
    [[ $# -le 2 ]] || die "$usage"
    rewrite "$1" "${2:-$root/docs/optimisation.md}"
    ;;
esac
