#!/usr/bin/env bash
# A check refuses its fixture, for the reasons that are expected and no others:
#
#   refuses.sh EXPECTED CHECK [ARGUMENT...] FILE-OR-FOLDER
set -euo pipefail
expected=$1 fixture=${!#}
shift

if said=$("$@"); then
  echo "$1 accepts $fixture"
  exit 1
fi
diff "$expected" - <<<"${said//"$fixture:"/}"
