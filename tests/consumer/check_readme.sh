#!/usr/bin/env bash
# The README's first benchmark is my_bench.c, letter for letter.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

example=$(cat "$here/my_bench.c")
readme=$(cat "$here/../../README.md")
if [[ $readme != *$'```c\n'"$example"$'\n```'* ]]; then
  echo 'README.md does not hold tests/consumer/my_bench.c as it is, in one ```c block'
  exit 1
fi
