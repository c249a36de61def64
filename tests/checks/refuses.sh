#!/usr/bin/env bash
# A check refuses its fixture, for the reasons that are expected and no others:
#
#   refuses.sh EXPECTED CHECK FILE-OR-FOLDER
set -euo pipefail
expected=$1 check=$2 fixture=$3

if said=$("$check" "$fixture"); then
  echo "$check accepts $fixture"
  exit 1
fi
diff "$expected" - <<<"${said//"$fixture:"/}"
