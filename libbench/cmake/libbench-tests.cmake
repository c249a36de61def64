# Run by ctest, never by a project: turns the benchmarks of one executable into tests.
# In: bench_target, bench_executable, bench_properties. See bench_discover_tests().

execute_process(COMMAND ${bench_executable} --list --format json
  RESULT_VARIABLE bench_status OUTPUT_VARIABLE bench_list ERROR_QUIET)
if(bench_status EQUAL 0)
  string(JSON bench_count ERROR_VARIABLE bench_error LENGTH "${bench_list}")
endif()

if(NOT bench_status EQUAL 0 OR bench_error)
  # The test shows what is wrong: not built, or an executable that cannot list its benchmarks.
  add_test("bench.${bench_target}.list" ${bench_executable} --list --format json)
elseif(bench_count GREATER 0)
  math(EXPR bench_last "${bench_count} - 1")
  foreach(bench_index RANGE ${bench_last})
    string(JSON bench_name GET "${bench_list}" ${bench_index} name)
    add_test("bench.${bench_name}" ${bench_executable} --test --exact "${bench_name}")
    set_tests_properties("bench.${bench_name}" PROPERTIES
      LABELS bench SKIP_RETURN_CODE 77 ${bench_properties})
  endforeach()
endif()
