# What `cmake --install` puts where, and the files by which others find it: find_package(libbench),
# pkg-config libbench-main. Both work from wherever the tree is moved to.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/libbench)
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
set(here ${CMAKE_CURRENT_LIST_DIR})

install(TARGETS bench bench_main EXPORT libbench-targets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/libbench/include/bench
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(EXPORT libbench-targets NAMESPACE libbench:: DESTINATION ${package_dir})

configure_package_config_file(${here}/libbench-config.cmake.in libbench-config.cmake
  INSTALL_DESTINATION ${package_dir} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(libbench-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${CMAKE_CURRENT_BINARY_DIR}/libbench-config.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/libbench-config-version.cmake
  ${here}/libbench-helpers.cmake
  ${here}/libbench-layouts.cmake
  ${here}/libbench-place.cmake
  ${here}/libbench-tests.cmake
  DESTINATION ${package_dir})

file(RELATIVE_PATH BENCH_PC_PREFIX /${pkgconfig_dir} /)
string(REGEX REPLACE "/$" "" BENCH_PC_PREFIX "${BENCH_PC_PREFIX}")
foreach(name libbench libbench-main)
  configure_file(${here}/${name}.pc.in ${name}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc DESTINATION ${pkgconfig_dir})
endforeach()

install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/README.md
  DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs DESTINATION ${CMAKE_INSTALL_DOCDIR})
