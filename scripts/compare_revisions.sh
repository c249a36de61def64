#!/usr/bin/env bash
# Builds two revisions of a project and compares their benchmarks side by side:
#
#   scripts/compare_revisions.sh [OPTION...] BASE [HEAD] [-- ARGUMENT...]
#
# BASE and HEAD are commits, branches or tags. Without HEAD it is the work tree as it stands, with
# changes that are not committed and new files that git does not ignore. Ends with the exit code of
# `benchctl compare`; 2 when a revision cannot be had or built.
#
#   --layouts K       K layout variants of each side (8 is a good number): placement by the linker
#                     is then not mistaken for a difference
#   --filter FILTER   which benchmarks; repeatable
#   --target NAME     the benchmark executable; run_benches
#   --source DIR      the project, below a git checkout; this one
#   --cmake OPTION    for the configuration of both, such as -DCMAKE_C_COMPILER=clang; repeatable
#   --benchctl FILE   what compares; the one that HEAD builds, or else the one in PATH
#   --cache DIR       where revisions are built, and found again; build/revisions
#
# Arguments after -- go to `benchctl compare`. Each revision is built in a git work tree of its own,
# which is removed afterwards; the checkout and the index are not touched.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

layouts=0 target=run_benches project=$root cache=$root/build/revisions benchctl=''
filters=() cmake_options=() revisions=() arguments=()
tree='' # the work tree that stands just now

usage() {
  sed -n '2,/^set /{/^set /!s/^# \{0,1\}//p}' "$0"
}

parse() {
  while [[ $# -gt 0 ]]; do
    case $1 in
      -h | --help)
        usage
        exit 0
        ;;
      --)
        arguments=("${@:2}")
        break
        ;;
      --*=*)
        set -- "${1%%=*}" "${1#*=}" "${@:2}"
        continue
        ;;
      -*)
        [[ $# -ge 2 ]] || die "$1 needs a value, if it is an option; --help lists them"
        option "$1" "$2"
        shift
        ;;
      *) revisions+=("$1") ;;
    esac
    shift
  done
  [[ ${#revisions[@]} -ge 1 ]] || die 'compare with which revision? --help says how'
  [[ ${#revisions[@]} -le 2 ]] || die "two revisions at most, not ${#revisions[@]}"
  [[ $layouts == 0 || $layouts =~ ^[1-9][0-9]?$ && $layouts -ge 2 && $layouts -le 64 ]] ||
    die "--layouts is 2 to 64, not '$layouts'"
}

option() { # option NAME VALUE
  case $1 in
    --layouts) layouts=$2 ;;
    --filter) filters+=("$2") ;;
    --target) target=$2 ;;
    --source) project=$2 ;;
    --cmake) cmake_options+=("$2") ;;
    --benchctl) benchctl=$2 ;;
    --cache) cache=$2 ;;
    *) die "what is $1? --help lists the options" ;;
  esac
}

# The checkout may belong to somebody else; hooks and reminders are for people; and even a look at
# the status would refresh the index.
repository() {
  git --no-optional-locks -c safe.directory='*' -c core.hooksPath=/dev/null \
    -c advice.detachedHead=false -C "$project" "$@"
}

commit_of() { # commit_of REVISION
  repository rev-parse --verify --quiet --end-of-options "$1^{commit}" ||
    die "'$1' is no revision of $project (a shallow clone has few: git fetch --unshallow)"
}

# A commit of the work tree as it stands, or HEAD when nothing is changed. It is made with an index
# of its own and belongs to no branch; the same content gives the same commit.
commit_of_work_tree() ( # in a subshell: it exports
  local head index dirty tree_id parents=()
  head=$(repository rev-parse --verify --quiet 'HEAD^{commit}') && parents=(-p "$head")
  dirty=$(repository status --porcelain=v2 --ignore-submodules=none)
  if [[ -z $dirty && -n $head ]]; then
    printf '%s\n' "$head"
    return
  fi
  dirty=$(awk '$1 ~ /^[12u]$/ && $3 ~ /^S.*[MU]/ { printf " %s", $NF }' <<<"$dirty")
  [[ -z $dirty ]] || die "submodules with changes that are not committed:$dirty"
  index=$(mktemp)
  cp "$(repository rev-parse --path-format=absolute --git-path index)" "$index" 2>/dev/null ||
    rm -f "$index"
  GIT_INDEX_FILE=$index repository add --all -- ':/'
  tree_id=$(GIT_INDEX_FILE=$index repository write-tree)
  rm -f "$index"
  export GIT_AUTHOR_NAME=libbench GIT_AUTHOR_EMAIL=libbench@localhost
  export GIT_COMMITTER_NAME=libbench GIT_COMMITTER_EMAIL=libbench@localhost
  export GIT_AUTHOR_DATE='2000-01-01T00:00:00Z' GIT_COMMITTER_DATE='2000-01-01T00:00:00Z'
  repository commit-tree "$tree_id" "${parents[@]}" -m 'The work tree'
)

remove_tree() {
  local admin
  [[ -n $tree ]] || return 0
  # With submodules git refuses; then the same is done by hand.
  if [[ -e $tree/.git ]] && ! repository worktree remove --force "$tree" 2>/dev/null; then
    admin=$(git -c safe.directory='*' -C "$tree" rev-parse --absolute-git-dir) || admin=''
    [[ $admin != */worktrees/* ]] || rm -rf "$admin"
  fi
  rm -rf "$tree"
  tree=''
}

# logged WHAT LOG COMMAND...: ends the script with the end of the log when the command fails.
logged() {
  local what=$1 log=$2
  shift 2
  "$@" >"$log" 2>&1 </dev/null || {
    tail -n 30 "$log" >&2
    die "$what; all of it is in $log"
  }
}

# What CMake says about a target of the build tree, in the files of its file API: one fact per line.
target_file() { # target_file BUILD TARGET
  grep -lF "\"name\" : \"$2\"," "$1"/.cmake/api/v1/reply/target-"$2"-*.json 2>/dev/null | head -n 1
}

executable_of() { # executable_of BUILD TARGET
  local file path
  file=$(target_file "$1" "$2")
  [[ -n $file ]] && grep -qF '"type" : "EXECUTABLE"' "$file" || return 1
  path=$(sed -n '/"artifacts"/,/\]/s/.*"path" : "\(.*\)".*/\1/p' "$file" | head -n 1)
  [[ $path == /* ]] || path=$1/$path
  printf '%s\n' "$path"
}

build() { # build REVISION DIR TARGET...
  local revision=$1 dir=$2
  shift 2
  logged "$revision does not build" "$dir/build.log" \
    cmake --build "$dir/build" --parallel --target "$@"
}

# make_side NAME COMMIT: builds it unless it is there; sets `side` to its folder. The folders of two
# sides have names of the same length, so that paths in the executables differ by no byte in size.
make_side() {
  local name=$1 commit=$2 generator=() targets=("$target") key
  key=$(printf '%s\n' "$project" "$layouts" "$target" "${cmake_options[@]}" "${CC:-}" "${CXX:-}" \
    "${CFLAGS:-}" "${CXXFLAGS:-}" "${LDFLAGS:-}" | cksum)
  side=$cache/${commit:0:12}-${key%% *}
  if [[ -e $side/complete ]]; then
    return
  fi
  say "building $name (${commit:0:12})"
  rm -rf "$side"
  mkdir -p "$side/build/.cmake/api/v1/query"
  : >"$side/build/.cmake/api/v1/query/codemodel-v2"
  tree=$side/source
  logged "$name cannot be checked out" "$side/checkout.log" \
    repository worktree add --force --detach "$tree" "$commit"
  if [[ -e $tree/.gitmodules ]]; then
    logged "the submodules of $name cannot be checked out" "$side/checkout.log" \
      git -c safe.directory='*' -C "$tree" submodule update --init --recursive
  fi
  command -v ninja >/dev/null && generator=(-G Ninja)
  logged "$name cannot be configured" "$side/configure.log" \
    cmake -S "$tree/$prefix" -B "$side/build" "${generator[@]}" -DCMAKE_BUILD_TYPE=Release \
    -DBENCH_BUILD_TESTS=OFF -DBENCH_LAYOUTS="$layouts" "${cmake_options[@]}"
  executable_of "$side/build" "$target" >/dev/null ||
    die "$name has no executable '$target' (--target names another)"
  local extra
  for extra in "${target}_layouts" benchctl; do
    [[ -z $(target_file "$side/build" "$extra") ]] || targets+=("$extra")
  done
  build "$name" "$side" "${targets[@]}"
  remove_tree
  : >"$side/complete"
}

# call_it FOLDER NAME: sets `called` to the executable by a name that says something in a report.
call_it() {
  local executable
  executable=$(executable_of "$1/build" "$target")
  called=$1/as/${2//[^[:alnum:]._-]/-}
  mkdir -p "$1/as"
  ln -sfn "$executable" "$called"
  if [[ $layouts -gt 0 && ! -d $executable.layouts ]]; then
    say "$2 has no layout variants: bench_add_executable() and bench_record_flags() make them"
  fi
}

parse "$@"
# A hook's variables would lead to another repository or index.
mapfile -t local_variables < <(git rev-parse --local-env-vars)
unset "${local_variables[@]}"
[[ -e $project/CMakeLists.txt ]] || die "no CMakeLists.txt in $project"
project=$(cd "$project" && pwd -P)
prefix=$(repository rev-parse --show-prefix 2>/dev/null) || die "$project is in no git checkout"
mkdir -p "$cache"
cache=$(cd "$cache" && pwd -P)
if [[ $project == "$root" ]]; then
  need_to_build
  install_missing
fi

trap remove_tree EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
old_name=${revisions[0]} new_name=${revisions[1]:-work-tree}
old_commit=$(commit_of "$old_name")
if [[ ${#revisions[@]} -eq 2 ]]; then
  new_commit=$(commit_of "$new_name")
else
  new_commit=$(commit_of_work_tree)
fi

exec 9>"$cache/lock"
flock --nonblock 9 || {
  say "waiting for another $(basename "$0")"
  flock 9
}
make_side "$old_name" "$old_commit"
old=$side
make_side "$new_name" "$new_commit"
new=$side
exec 9>&-

if [[ -z $benchctl ]]; then
  benchctl=$(executable_of "$new/build" benchctl) || benchctl=$(command -v benchctl) ||
    die "no benchctl in PATH (--benchctl says where it is)"
fi
call_it "$old" "$old_name"
old=$called
call_it "$new" "$new_name"
exec "$benchctl" compare "$old" "$called" "${filters[@]}" "${arguments[@]}"
