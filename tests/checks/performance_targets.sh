#!/usr/bin/env bash
# A page of targets stays as it is when there is nothing to write into it:
#
#   performance_targets.sh SCRIPT PAGE
set -euo pipefail
script=$1 page=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

: >"$work/empty.json"
echo 'not JSON' >"$work/text.json"
echo '{}' >"$work/other.json"
echo '{"host": {}, "timestamp": "2026-11-21T", "outcome": {"budgets": []}}' >"$work/none.json"

for results in empty text other none missing; do
  cp "$page" "$work/page.md"
  status=0
  "$script" "$work/$results.json" "$work/page.md" 2>"$work/said" || status=$?
  [[ $status -eq 2 ]] || {
    echo "$results: exit code $status"
    exit 1
  }
  grep -q "$results.json" "$work/said"
  diff "$page" "$work/page.md"
done
