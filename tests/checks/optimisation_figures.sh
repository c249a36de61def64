#!/usr/bin/env bash
# The figures of a page are replaced by those of a result, and a page whose figures the result has
# not stays as it is:
#
#   optimisation_figures.sh SCRIPT FOLDER          FOLDER holds results.json and the pages
set -euo pipefail
script=$1 folder=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp "$folder/before.md" "$work/page.md"
"$script" "$folder/results.json" "$work/page.md"
diff "$folder/after.md" "$work/page.md"

cp "$folder/page.md" "$work/page.md"
if "$script" "$folder/results.json" "$work/page.md" 2>"$work/said"; then
  echo 'figures that were not measured are accepted'
  exit 1
fi
grep -q '^batching: was not measured$' "$work/said"
diff "$folder/page.md" "$work/page.md"
