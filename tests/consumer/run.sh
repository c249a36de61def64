#!/usr/bin/env bash
# A user's view of the installed library:
#
#   run.sh cmake|layouts|pkg-config BUILD-DIR WORK-DIR
#
# Installs BUILD-DIR below WORK-DIR (emptied first), moves the installed tree away to show that
# nothing in it knows where it stood, and builds and runs the projects of this folder against it.
# CC, CXX and CMAKE are taken from the environment.
set -euo pipefail

mode=$1 build_dir=$2 work_dir=$3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
: "${CC:=cc}" "${CXX:=c++}" "${CMAKE:=cmake}"

expect() { # expect TEXT FILE
  grep -qF -- "$1" "$2" || {
    printf 'expected "%s" in this:\n' "$1"
    cat "$2"
    exit 1
  }
}

rm -rf "$work_dir"
mkdir -p "$work_dir"
cd "$work_dir"
export BENCH_CACHE_DIR=$work_dir/cache BENCH_STATE_DIR=$work_dir/state
"$CMAKE" --install "$build_dir" --prefix "$work_dir/first" >install.log
mv first prefix

by_cmake() {
  "$CMAKE" -S "$here/project" -B build -DCMAKE_PREFIX_PATH="$work_dir/prefix" \
    -DCMAKE_C_COMPILER="$CC" -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_BUILD_TYPE=Release >configure.log
  "$CMAKE" --build build >build.log
  # Each benchmark is a test of its own, and all of them pass.
  (cd build && ctest --output-on-failure) >ctest.log || {
    cat ctest.log
    exit 1
  }
  expect 'bench.strings/memory/copy/size=65536' ctest.log
  expect 'bench.vectors/sum/accumulate/n=10' ctest.log
  expect '100% tests passed, 0 tests failed out of 5' ctest.log
  # The flags are part of the fingerprint: optimisation and options that change code, no warnings.
  build/my_bench --quick --measurement-time 20ms --warm-up-time 5ms --launches 3 --no-plots \
    --exact strings/memory/copy/size=64 --out results.json >run.log
  expect '"-O3 -DNDEBUG -fno-inline' results.json
  # An executable that cannot be asked is one failing test, not a silent hole.
  rm build/my_bench
  if (cd build && ctest -R '^bench.my_bench.list$') >missing.log 2>&1; then
    echo 'ctest did not notice that an executable is gone'
    exit 1
  fi
  expect 'bench.my_bench.list' missing.log
}

configure() { # configure SOURCE BUILD [CMAKE OPTION...]
  "$CMAKE" -S "$1" -B "$2" -DCMAKE_PREFIX_PATH="$work_dir/prefix" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_C_COMPILER="$CC" -DCMAKE_CXX_COMPILER="$CXX" "${@:3}" >configure.log 2>&1
}

refuses() { # refuses TEXT CMAKE-OPTION...: how the project cannot be configured
  rm -rf refused
  if configure "$here/layouts" refused "${@:2}"; then
    echo "CMake accepts ${*:2}"
    exit 1
  fi
  expect "$1" configure.log
}

addresses() { # addresses EXECUTABLE FUNCTION: in its layouts, each once
  local variant
  for variant in "$1.layouts"/*; do
    nm "$variant" | awk -v name="$2" '$3 == name { print $1 }'
  done | sort -u
}

offsets() { # offsets BUILD: within a cache line, of the library's functions in all variants
  local variant address
  for variant in 1 2 3; do
    for address in $(nm "$1/work_bench.layouts/$variant" | awk '$3 ~ /^work_/ { print $1 }'); do
      echo $((16#$address % 64))
    done
  done
}

# What two builds have in common stands alike in variants of one number, whatever else is different.
variants_correspond() {
  local build
  for build in one two; do
    rm -rf $build
    configure "$here/layouts" $build "-DCMAKE_CXX_FLAGS=-DWORK_${build}"
    "$CMAKE" --build $build >build.log
  done
  if [[ $(offsets one) != "$(offsets two)" || $(offsets one | sort -u | wc -l) -lt 2 ]]; then
    echo 'functions do not stand alike, or all at one offset, in variants of one number:'
    paste <(offsets one) <(offsets two)
    exit 1
  fi
}

layouts_by() { # layouts_by METHOD GENERATOR [CMAKE OPTION...]
  local build=by-$1 function variant
  rm -rf "$build"
  configure "$here/layouts" "$build" -G "$2" -DBENCH_LAYOUT_METHOD="$1" "${@:3}"
  expect "work_bench: 3 layout variants ($1" configure.log
  "$CMAKE" --build "$build" >build.log
  for variant in 1 2 3; do
    "$build/work_bench.layouts/$variant" --test >test.log 2>&1
    expect '1 ok' test.log
  done
  for function in work_first work_second; do
    [[ $(addresses "$build/work_bench" $function | wc -l) -gt 1 ]] || {
      echo "$function is at the same place in all layouts ($1)"
      exit 1
    }
  done
  # Variants of older code must not be left behind.
  touch "$build"/CMakeFiles/work_bench.dir/*.o
  "$CMAKE" --build "$build" --target work_bench >build.log
  [[ ! -e $build/work_bench.layouts ]]
  "$CMAKE" --build "$build" --target work_bench_layouts >build.log
  [[ $(cd "$build/work_bench.layouts" && echo *) == '1 2 3' ]]
  configure "$here/layouts" "$build" -DBENCH_LAYOUTS=2
  "$CMAKE" --build "$build" >build.log
  [[ $(cd "$build/work_bench.layouts" && echo *) == '1 2' ]]
  configure "$here/layouts" "$build" -DBENCH_LAYOUTS=0
  "$CMAKE" --build "$build" >build.log
  [[ ! -e $build/work_bench.layouts ]]
}

with_layouts() {
  local ninja='Unix Makefiles'
  if command -v ninja >/dev/null; then
    ninja=Ninja
  fi
  local collected=-DCMAKE_EXE_LINKER_FLAGS=-Wl,--gc-sections
  layouts_by script 'Unix Makefiles' -DCMAKE_CXX_FLAGS='-g -Wp,-DWITH_A_COMMA' $collected
  layouts_by padding "$ninja"
  if command -v ld.lld >/dev/null; then
    layouts_by shuffle "$ninja" $collected
    layouts_by shuffle 'Unix Makefiles'
    layouts_by script "$ninja" -DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=lld
  fi
  variants_correspond
  # What gcc leaves to the link, only GNU's linkers can finish.
  rm -rf optimized
  configure "$here/layouts" optimized -DCMAKE_INTERPROCEDURAL_OPTIMIZATION=ON
  "$CMAKE" --build optimized >build.log 2>&1
  optimized/work_bench.layouts/3 --test
  # No word in the project: the variable alone.
  configure "$here/project" project -DBENCH_LAYOUTS=2
  "$CMAKE" --build project >build.log
  project/my_bench.layouts/2 --test
  project/cpp_bench.layouts/2 --test
  refuses "'1' layout variants; 2 to 64" -DBENCH_LAYOUTS=1
  refuses "'many' layout variants; 2 to 64" -DBENCH_LAYOUTS=many
  refuses "is script, shuffle or padding, not 'luck'" -DBENCH_LAYOUT_METHOD=luck
}

by_pkg_config() {
  local pc flags
  pc=$(find prefix -name libbench-main.pc)
  PKG_CONFIG_PATH=$work_dir/$(dirname "$pc")
  export PKG_CONFIG_PATH
  flags=$(pkg-config --cflags --libs libbench-main)
  # shellcheck disable=SC2086 # the flags are words
  "$CC" -O2 "$here/my_bench.c" $flags -o my_bench
  # shellcheck disable=SC2086
  "$CXX" -O2 "$here/cpp_bench.cpp" $flags -o cpp_bench
  ./my_bench --list >list.txt
  expect 'strings/memory/copy/size=1024' list.txt
  ./my_bench --test
  ./cpp_bench --test
}

case $mode in
  cmake) by_cmake ;;
  layouts) with_layouts ;;
  pkg-config) by_pkg_config ;;
  *)
    echo "usage: $0 cmake|layouts|pkg-config BUILD-DIR WORK-DIR" >&2
    exit 2
    ;;
esac
