#!/usr/bin/env bash
# Checks in which direction the folders of the library include each other:
#
#   scripts/check_layers.sh [FOLDER]          FOLDER is the library's, by default libbench/
#
# Names every include that goes the wrong way or does not say its folder.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

declare -A allowed=(
  [base]='base/'
  [measure]='base/ measure/'
  [code]='base/ code/'
  [stats]='base/ stats/'
  [result]='base/ stats/ result/ measure/host.h measure/histogram.h'
  [suite]='base/ suite/'
  [worker]='base/ measure/ result/model.h suite/ worker/'
  [run]='base/ measure/ stats/ result/ suite/ worker/ run/'
  [profile]='base/ result/ profile/'
  [history]='base/ stats/ result/ history/'
  [report]='base/ stats/ result/ history/ report/'
  [local]='base/ stats/ result/ measure/host.h local/'
  [selftest]='base/ measure/ stats/ result/ suite/ worker/ run/ selftest/'
  [cli]='base/ code/ measure/ stats/ result/ suite/ worker/ run/ profile/ history/ report/ local/
         cli/'
  [ctl]='base/ code/ measure/ stats/ result/ suite/ worker/ run/ profile/ history/ report/ local/
         selftest/ cli/ ctl/'
  [include]=''
)

is_allowed() { # is_allowed FOLDER QUOTED-INCLUDE
  local prefix
  for prefix in ${allowed[$1]}; do
    [[ $2 == "$prefix"* ]] && return 0
  done
  return 1
}

cd "${1:-$root/libbench}"
wrong=0
for folder in */; do
  folder=${folder%/}
  [[ $folder == cmake ]] && continue
  if [[ ! -v allowed[$folder] ]]; then
    printf '%s: a folder without a rule in %s\n' "$folder" "$(basename "$0")"
    wrong=1
    continue
  fi
  while IFS=: read -r file line text; do
    if [[ $text =~ \"(.*)\" ]]; then
      is_allowed "$folder" "${BASH_REMATCH[1]}" && continue
    elif [[ $folder != base || $text != *'<bench/'* || $text == *'<bench/common.h>'* ]]; then
      continue
    fi
    printf '%s:%s: %s may not have this: %s\n' "$file" "$line" "$folder" "$text"
    wrong=1
  done < <(grep -rnE --include='*.[ch]' '^[[:space:]]*#[[:space:]]*include' "$folder" || true)
done
exit "$wrong"
