# shellcheck shell=bash
# Shared by the scripts here and by .ci/run: where the project is, which packages are missing, how a
# build tree is made. Sourced, never run. Everything it says goes to standard error.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
missing_packages=()
optional_packages=()

say() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
}

die() {
  say "$@"
  exit 2
}

# need PACKAGE COMMAND...: PACKAGE (a Debian name) has to be installed unless the command succeeds.
need() {
  local package=$1
  shift
  "$@" >/dev/null 2>&1 </dev/null || missing_packages+=("$package")
}

# want PACKAGE COMMAND...: as need, but only comes along when something needed is installed anyway.
want() {
  local package=$1
  shift
  "$@" >/dev/null 2>&1 </dev/null || optional_packages+=("$package")
}

can_compile() { # can_compile COMPILER LANGUAGE: with a C library to compile against
  printf '#include <stdlib.h>\nint main(void) { return 0; }\n' | "$1" -x "$2" - -o /dev/null
}

has_library() { # has_library NAME: installed, for programs that load it by its name
  [[ $(/sbin/ldconfig -p) == *"$1"* ]]
}

need_to_build() {
  need build-essential can_compile cc c
  need cmake command -v cmake
  need ninja-build command -v ninja
  need pkg-config command -v pkg-config
  need libjansson-dev pkg-config --exists 'jansson >= 2.11'
  need git command -v git
  want zlib1g-dev pkg-config --exists zlib
  want librabbitmq-dev pkg-config --exists librabbitmq
  want libmosquitto-dev pkg-config --exists libmosquitto
  want librdkafka-dev pkg-config --exists rdkafka
  want libnng-dev test -e /usr/include/nng/nng.h
  want libjemalloc2 has_library libjemalloc.so.2
}

need_to_test() {
  need_to_build
  need g++ can_compile c++ c++
  need libcmocka-dev pkg-config --exists 'cmocka >= 1.1'
  need clang can_compile clang++ c++
  want lld command -v ld.lld
  need jq command -v jq
  need python3-jsonschema python3 -c 'import jsonschema'
}

install_missing() {
  [[ ${#missing_packages[@]} -gt 0 ]] || return 0
  local as_root=()
  if [[ $EUID -ne 0 ]]; then
    as_root=(sudo)
  fi
  type apt-get "${as_root[@]}" >/dev/null 2>&1 ||
    die "install these first (names of Debian packages): ${missing_packages[*]}"
  local packages=("${missing_packages[@]}" "${optional_packages[@]}")
  say "installing ${packages[*]}"
  quietly "${as_root[@]}" apt-get -qq update
  quietly "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq install -y --no-install-recommends "${packages[@]}"
  missing_packages=()
  optional_packages=()
}

# quietly COMMAND...: its output is shown only when it fails, and then the script ends.
quietly() {
  local log status=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 </dev/null || status=$?
  [[ $status -eq 0 ]] || cat "$log" >&2
  rm -f "$log"
  [[ $status -eq 0 ]] || die "failed: $*"
}

# build_tree DIR [CMAKE OPTION...]: configures and builds everything in DIR.
build_tree() {
  local dir=$1 generator=()
  shift
  if [[ ! -e $dir/CMakeCache.txt ]]; then
    generator=(-G Ninja)
    say "building in ${dir#"$root"/}/"
  fi
  quietly cmake -S "$root" -B "$dir" "${generator[@]}" "$@"
  quietly cmake --build "$dir" --parallel
}

started_servers=()

# start_server NAME VARIABLE: and sets the variable to its address, unless that names one already.
start_server() {
  local address
  [[ -z ${!2-} ]] || return 0
  "$root/scripts/backends.sh" status "$1" >/dev/null || started_servers+=("$1")
  address=$("$root/scripts/backends.sh" start "$1") && eval "$address"
}

# stop_servers: those that start_server has started.
stop_servers() {
  [[ ${#started_servers[@]} -eq 0 ]] || "$root/scripts/backends.sh" stop "${started_servers[@]}"
}

# source_files PATTERN...: the project's own files, also those not committed yet, NUL-separated.
# The checkout may belong to somebody else, as it does in most containers.
source_files() {
  git -c safe.directory='*' -C "$root" ls-files -z \
    --cached --others --exclude-standard --deduplicate -- "$@"
}
