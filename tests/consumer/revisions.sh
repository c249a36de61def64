#!/usr/bin/env bash
# scripts/compare_revisions.sh on a small project in a repository of its own:
#
#   revisions.sh BUILD-DIR WORK-DIR
#
# WORK-DIR is emptied first. CC and CMAKE are taken from the environment.
set -euo pipefail

build_dir=$1 work_dir=$2
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
script=$here/../../scripts/compare_revisions.sh

fail() {
  printf '%s\n' "$1"
  cat out.txt err.txt
  exit 1
}

expect() { # expect TEXT FILE
  grep -qF -- "$1" "$2" || fail "expected \"$1\" in $2:"
}

# compare EXIT-CODE ARGUMENT...: runs the script on the project
compare() {
  local expected=$1 status=0
  shift
  "$script" --source "$work_dir/project" --cache "$work_dir/cache" --target work_bench \
    --benchctl "$build_dir/benchctl" --cmake -DCMAKE_PREFIX_PATH="$work_dir/prefix" \
    "$@" >out.txt 2>err.txt || status=$?
  [[ $status -eq $expected ]] || fail "exit code $status instead of $expected: $*"
}

in_project() {
  git -C "$work_dir/project" "$@"
}

commit_all() { # commit_all TAG
  in_project add --all
  in_project commit --quiet -m "$1"
  in_project tag "$1"
}

rm -rf "$work_dir"
mkdir -p "$work_dir"
cd "$work_dir"
export HOME=$work_dir
unset "${!BENCH_@}"
printf '[%s]\n  %s\n  %s\n' user 'name = tester' 'email = tester@localhost' >.gitconfig
printf '[protocol "file"]\n  allow = always\n' >>.gitconfig
"${CMAKE:-cmake}" --install "$build_dir" --prefix prefix >install.log

cp -r "$here/layouts" project
git init --quiet project
commit_all first
in_project rm --quiet -r work work_bench.cpp
commit_all without_sources
in_project checkout --quiet first -- work work_bench.cpp
echo 'syntax error' >project/work/work.cpp
commit_all broken
sed 's/work_bench/other_bench/g' "$here/layouts/CMakeLists.txt" >project/CMakeLists.txt
in_project checkout --quiet first -- work
mv project/work_bench.cpp project/other_bench.cpp
commit_all renamed
in_project checkout --quiet -B trunk first
sed 's/"steps"/"paces"/' "$here/layouts/work_bench.cpp" >project/work_bench.cpp
commit_all paces
in_project checkout --quiet -B trunk first

# A change that is not committed, half of it in the index, and a new file.
echo '// changed' >>project/work/work.cpp
in_project add work/work.cpp
echo '// again' >>project/work/work.cpp
echo '// new' >project/new.cpp
status_before=$(in_project status --porcelain=v2)
index_before=$(cksum <project/.git/index)

tiny=(--launches 3 --warm-up-time 1ms --measurement-time 6ms --threshold 900%)
compare 0 first --layouts 2 --filter work/numbers/steps -- "${tiny[@]}" --output-format json
[[ $(jq -r '.outcome.comparisons[] | .name' out.txt) == work/numbers/steps ]] ||
  fail 'another benchmark was compared'
expect 'building first' err.txt
expect 'building work-tree' err.txt
for side in cache/*/as/first cache/*/as/work-tree; do
  [[ -x $side ]] || fail "no executable $side"
  [[ $(cd "$(readlink -f "$side").layouts" && echo *) == '1 2' ]] || fail "no layouts of $side"
done

# The second time everything is there; what the first run made is not the user's concern.
compare 0 first --layouts=2 -- "${tiny[@]}"
if grep -q building err.txt; then
  fail 'built again'
fi
[[ $(in_project status --porcelain=v2) == "$status_before" ]] || fail 'the checkout changed'
[[ $(in_project worktree list | wc -l) -eq 1 ]] || fail 'a work tree was left behind'
[[ $(cksum <project/.git/index) == "$index_before" ]] || fail 'the index changed'

# The exit code is benchctl's.
compare 5 first paces -- "${tiny[@]}"
expect 'missing' out.txt

compare 2 no_such_revision
expect "'no_such_revision' is no revision" err.txt
compare 2 broken
expect 'syntax' err.txt
expect 'broken does not build' err.txt
compare 2 without_sources
expect 'without_sources cannot be configured' err.txt
compare 2 first renamed
expect "renamed has no executable 'work_bench'" err.txt
compare 2 first --layouts many
expect "--layouts is 2 to 64, not 'many'" err.txt
compare 2
expect 'with which revision?' err.txt
compare 2 first paces first
expect 'two revisions at most' err.txt
compare 2 first --no-such-option 1
expect 'what is --no-such-option?' err.txt
compare 2 first --layouts
expect '--layouts needs a value' err.txt
[[ $(in_project worktree list | wc -l) -eq 1 ]] || fail 'a work tree was left behind'

# An interruption, sent by the very build that it interrupts.
# shellcheck disable=SC2016 # for the shell that cmake starts
echo 'execute_process(COMMAND sh -c "kill -INT $INTERRUPTED")' >>project/CMakeLists.txt
status=0
bash -c 'export INTERRUPTED=$$; exec "$@"' bash "$script" --source "$work_dir/project" \
  --cache "$work_dir/cache" --target work_bench --benchctl "$build_dir/benchctl" \
  --cmake -DCMAKE_PREFIX_PATH="$work_dir/prefix" first >out.txt 2>err.txt || status=$?
[[ $status -eq 130 ]] || fail "exit code $status after an interruption"
[[ $(in_project worktree list | wc -l) -eq 1 ]] || fail 'a work tree was left behind'
in_project checkout --quiet -- CMakeLists.txt

# Submodules come along, as committed; what is not committed in them cannot.
git init --quiet part
cp project/new.cpp part/
(cd part && git add --all && git commit --quiet -m part)
in_project submodule --quiet add "$work_dir/part" part
compare 0 first -- "${tiny[@]}"
echo '// changed' >>project/part/new.cpp
compare 2 first
expect 'submodules with changes that are not committed: part' err.txt
[[ $(in_project worktree list | wc -l) -eq 1 ]] || fail 'a work tree was left behind'
