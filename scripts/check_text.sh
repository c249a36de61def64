#!/usr/bin/env bash
# Checks what no compiler sees: lines over 100 characters, paths of one person's machine, words that
# say "not finished".
#
#   scripts/check_text.sh [FILE...]           by default all of the project's sources and documents
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
export LC_ALL=C.UTF-8

files=("$@")
if [[ $# -eq 0 ]]; then
  cd "$root"
  mapfile -d '' -t files < <(source_files '*.c' '*.h' '*.cc' '*.cpp' '*.rs' '*.sh' '*.cmake' \
    '*CMakeLists.txt' '*.in' '*.yml' '*.md' .ci/run ':!tests/checks/text/*' ':!tests/data/*')
fi
code=()
for file in "${files[@]}"; do
  [[ $file == *.md ]] || code+=("$file")
done

found=0
complain() { # complain WHAT REGEX FILE...
  local what=$1 regex=$2
  shift 2
  if [[ $# -gt 0 ]] && grep -nHE -- "$regex" "$@"; then
    printf '^ %s\n' "$what"
    found=1
  fi
}

complain 'over 100 characters' '^.{101,}' "${code[@]}"
complain 'a path of one machine' '(^|[^[:alnum:]._-])/(work|root|farm|home|Users)/' "${files[@]}"
complain 'not finished' '\b(TO''DO|FIX''ME|XX''X|HA''CK)\b' "${files[@]}"
exit "$found"
