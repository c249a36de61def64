# For CMake projects with benchmarks; comes with find_package(libbench).
#
#   bench_add_executable(NAME SOURCE... [LAYOUTS K])
#     A benchmark executable: links libbench::main and records the compile flags. With LAYOUTS it
#     gets K layout variants.
#
#   bench_record_flags(TARGET)
#     Records in TARGET the flags it is compiled with (CMAKE_<LANG>_FLAGS, those of the
#     configuration, and compile options, warnings left out). They are part of what decides whether
#     two results can be compared. bench_add_executable() calls it.
#
#   bench_add_layouts(TARGET K)
#     Links TARGET K more times (2 to 64; 0: none) from the same objects and libraries, each time
#     with its functions and data elsewhere: the executables 1 to K in the directory
#     "<executable>.layouts", which `benchctl compare` finds there. Where the linker happens to put
#     a function is then no longer mistaken for a difference of the code. TARGET and the static and
#     object libraries of the project that it links are compiled with -ffunction-sections and
#     -fdata-sections. Has to stand where TARGET is added. The variants are part of "all", and
#     together the target TARGET_layouts.
#
#     The variable BENCH_LAYOUTS, such as -DBENCH_LAYOUTS=8, gives every target of
#     bench_add_executable() and bench_record_flags() variants without editing anything, and stands
#     above what LAYOUTS and bench_add_layouts() say; 0 switches them off. BENCH_LAYOUT_SEED, a
#     whole number, draws other layouts. BENCH_LAYOUT_METHOD names how they are made: script (GNU ld
#     and lld; functions of one name stand alike in variant i of two builds), shuffle (lld from 13;
#     they do not) or padding (any linker; most moves together). Empty takes the first that works.
#
#   bench_discover_tests(TARGET [PROPERTIES NAME VALUE...])
#     Every benchmark of TARGET becomes the test "bench.<full name>", which runs it once without
#     measuring (--test). ctest asks the executable for its benchmarks each time it starts, so the
#     list is never stale. Tests carry the label "bench"; PROPERTIES are added to each. A benchmark
#     that skips itself is a skipped test.

include(${CMAKE_CURRENT_LIST_DIR}/libbench-layouts.cmake)

function(bench_add_executable name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "LAYOUTS" "")
  add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE libbench::main)
  bench_record_flags(${name})
  if(DEFINED arg_LAYOUTS)
    bench_add_layouts(${name} ${arg_LAYOUTS})
  endif()
endfunction()

function(bench_record_flags target)
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  foreach(language C CXX)
    if(NOT language IN_LIST languages)
      continue()
    endif()
    separate_arguments(flags UNIX_COMMAND "${CMAKE_${language}_FLAGS}")
    foreach(config IN LISTS CMAKE_CONFIGURATION_TYPES CMAKE_BUILD_TYPE)
      string(TOUPPER "${config}" upper)
      separate_arguments(more UNIX_COMMAND "${CMAKE_${language}_FLAGS_${upper}}")
      list(APPEND flags "$<$<CONFIG:${config}>:${more}>")
    endforeach()
    string(REPLACE "," "$<COMMA>" flags "${flags}") # -Wl,... is one flag
    list(APPEND flags "$<TARGET_PROPERTY:${target},COMPILE_OPTIONS>")
    set(without_warnings "$<FILTER:${flags},INCLUDE,^([^-]|-[^W])>")
    target_compile_definitions(${target} PRIVATE
      "$<$<COMPILE_LANGUAGE:${language}>:BENCH_COMPILE_FLAGS=\"$<JOIN:${without_warnings}, >\">")
  endforeach()
  if(NOT "${BENCH_LAYOUTS}" STREQUAL "")
    bench_add_layouts(${target} ${BENCH_LAYOUTS})
  endif()
endfunction()

function(bench_discover_tests target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "PROPERTIES")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "bench_discover_tests: what is ${arg_UNPARSED_ARGUMENTS}?")
  endif()
  set(script ${CMAKE_CURRENT_BINARY_DIR}/${target}-bench-tests)
  file(GENERATE OUTPUT ${script}-$<CONFIG>.cmake CONTENT
"set(bench_target [==[${target}]==])
set(bench_executable [==[$<TARGET_FILE:${target}>]==])
set(bench_properties [==[${arg_PROPERTIES}]==])
include([==[${CMAKE_CURRENT_FUNCTION_LIST_DIR}/libbench-tests.cmake]==])
")
  # A generator with one configuration is tested without naming it.
  file(WRITE ${script}.cmake
"set(bench_config \"\${CTEST_CONFIGURATION_TYPE}\")
if(NOT bench_config)
  set(bench_config [==[${CMAKE_BUILD_TYPE}]==])
endif()
set(bench_script [==[${script}]==])
include(\${bench_script}-\${bench_config}.cmake)
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${script}.cmake)
endfunction()
