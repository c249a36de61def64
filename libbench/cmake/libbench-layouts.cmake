# Layout variants: the same objects and libraries linked K times with another placement of their
# functions and data each time. Included by libbench-helpers.cmake, where bench_add_layouts() is
# described; the ways to place are
#
#   script   a linker script (libbench-place.cmake) that puts every function somewhere else; variant
#            i of two builds puts functions of one name at the same offset within a cache line
#   shuffle  lld, from 13: sections in an order that it draws from a seed
#   padding  any linker: nothing but the padding object, which the others link too
#
# BENCH_LAYOUT_METHOD names one; empty takes the first that works. A draw is "<seed>-<variant>", and
# everything random is a hash of it.

# A whole number from 0 to limit - 1, drawn from `text`.
function(bench__draw result text limit)
  string(MD5 hash "libbench layout ${text}")
  string(SUBSTRING ${hash} 0 8 hash)
  math(EXPR number "0x${hash} % ${limit}")
  set(${result} ${number} PARENT_SCOPE)
endfunction()

# Sections without a use, each in need of another size: what stands behind them moves, by any number
# of bytes. The last one refers to the others, for --gc-sections.
function(bench__write_padding path draw)
  string(CONCAT text "/* Padding of layout ${draw}. */\n"
    "extern int bench_layout_padding;\n__asm__(\n")
  set(all "")
  foreach(kind "text,ax,progbits,48" "rodata,a,progbits,16" "data,aw,progbits,16"
               "bss,aw,nobits,16")
    string(REPLACE "," ";" kind "${kind}")
    list(GET kind 0 name)
    list(GET kind 1 flags)
    list(GET kind 2 type)
    list(GET kind 3 count)
    foreach(i RANGE 1 ${count})
      # Most move things within two cache lines, each eighth by up to a page.
      set(limit 128)
      math(EXPR rest "${i} % 8")
      if(rest EQUAL 0)
        set(limit 4096)
      endif()
      bench__draw(size "${draw} ${name} ${i}" ${limit})
      math(EXPR size "${size} + 1")
      string(APPEND text "    \".section .${name}.bench_pad.${i},\\\"${flags}\\\",%${type}\\n\"\n"
        "    \"bench_pad_${name}_${i}: .skip ${size}\\n\"\n")
      string(APPEND all "    \".long bench_pad_${name}_${i} - .\\n\"\n")
    endforeach()
  endforeach()
  string(APPEND text
    "    \".section .rodata.bench_pad,\\\"a\\\",%progbits\\n\"\n"
    "    \".globl bench_layout_padding\\n\"\n    \"bench_layout_padding:\\n\"\n${all}"
    "    \".text\\n\");\n")
  file(CONFIGURE OUTPUT ${path} CONTENT "${text}" @ONLY)
endfunction()

# What the linker is told for a layout. `method` may name a linker too, as in "script,lld".
function(bench__layout_options result method draw script)
  set(options "")
  if(method MATCHES ",(.*)")
    list(APPEND options -fuse-ld=${CMAKE_MATCH_1})
  endif()
  if(method MATCHES "^shuffle")
    foreach(kind text rodata data bss)
      bench__draw(seed "${draw} ${kind}" 1000000000)
      math(EXPR seed "${seed} + 1")
      list(APPEND options "LINKER:--shuffle-sections=.${kind}*=${seed}")
    endforeach()
  elseif(method MATCHES "^script")
    list(APPEND options "LINKER:-T,${script}")
  endif()
  set(${result} "${options}" PARENT_SCOPE)
endfunction()

# Whether `language` can be linked with a method.
function(bench__try_layout_method result method language folder)
  set(source ${folder}/try.c)
  if(language STREQUAL "CXX")
    set(source ${folder}/try.cpp)
  endif()
  file(WRITE ${source} "int main(void) { return 0; }\n")
  file(WRITE ${folder}/try.ld "SECTIONS { .text.bench_layout : { . = ALIGN(64) + 1;"
    " *(.text.main .text.startup.main) } } INSERT BEFORE .text;\n")
  bench__layout_options(options ${method} try ${folder}/try.ld)
  try_compile(BENCH__LAYOUT_WORKS ${folder}/try SOURCES ${source} LINK_OPTIONS ${options})
  set(${result} ${BENCH__LAYOUT_WORKS} PARENT_SCOPE)
endfunction()

# Whether a target is linked from what only GNU's own linkers read.
function(bench__has_gcc_lto result target)
  set(found 0)
  if(CMAKE_C_COMPILER_ID STREQUAL "GNU" OR CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    foreach(config IN ITEMS "" ${CMAKE_CONFIGURATION_TYPES} ${CMAKE_BUILD_TYPE})
      string(TOUPPER "_${config}" suffix)
      string(REGEX REPLACE "_$" "" suffix "${suffix}")
      get_target_property(optimized ${target} INTERPROCEDURAL_OPTIMIZATION${suffix})
      if(optimized)
        set(found 1)
      endif()
    endforeach()
    get_target_property(options ${target} COMPILE_OPTIONS)
    if(options MATCHES "-flto")
      set(found 1)
    endif()
  endif()
  set(${result} ${found} PARENT_SCOPE)
endfunction()

# The method that was asked for, or the first that works; asked once per build tree and wish.
function(bench__choose_layout_method result target language folder)
  # The project's own linker, where it can.
  set(methods script script,lld script,bfd shuffle,lld padding)
  bench__has_gcc_lto(only_gnu ${target})
  if(only_gnu)
    list(FILTER methods EXCLUDE REGEX lld)
  endif()
  if(BENCH_LAYOUT_METHOD)
    if(NOT BENCH_LAYOUT_METHOD MATCHES "^(script|shuffle|padding)$")
      message(FATAL_ERROR "BENCH_LAYOUT_METHOD is script, shuffle or padding, not "
        "'${BENCH_LAYOUT_METHOD}'")
    endif()
    list(FILTER methods INCLUDE REGEX "^${BENCH_LAYOUT_METHOD}")
  endif()
  set(asked "${methods} ${CMAKE_${language}_FLAGS} ${CMAKE_EXE_LINKER_FLAGS}")
  if(NOT BENCH__LAYOUT_ASKED STREQUAL asked)
    foreach(method IN LISTS methods)
      bench__try_layout_method(works ${method} ${language} ${folder})
      if(works)
        set(chosen ${method})
        break()
      endif()
    endforeach()
    if(NOT works)
      message(FATAL_ERROR "layout variants by '${BENCH_LAYOUT_METHOD}': no linker here does that")
    endif()
    set(BENCH__LAYOUT_ASKED "${asked}" CACHE INTERNAL "")
    set(BENCH__LAYOUT_CHOSEN ${chosen} CACHE INTERNAL "")
  endif()
  set(${result} ${BENCH__LAYOUT_CHOSEN} PARENT_SCOPE)
endfunction()

# Everything that a variant and what it is a variant of have in common in their link.
function(bench__copy_link_properties from to)
  set(of_configs "")
  foreach(config IN ITEMS ${CMAKE_CONFIGURATION_TYPES} ${CMAKE_BUILD_TYPE})
    string(TOUPPER ${config} config)
    list(APPEND of_configs LINK_FLAGS_${config} INTERPROCEDURAL_OPTIMIZATION_${config})
  endforeach()
  foreach(property LINK_LIBRARIES LINK_DIRECTORIES LINK_FLAGS LINKER_LANGUAGE ${of_configs}
                   ENABLE_EXPORTS POSITION_INDEPENDENT_CODE INTERPROCEDURAL_OPTIMIZATION
                   BUILD_RPATH BUILD_RPATH_USE_ORIGIN SKIP_BUILD_RPATH BUILD_WITH_INSTALL_RPATH
                   INSTALL_RPATH INSTALL_RPATH_USE_LINK_PATH LINK_WHAT_YOU_USE
                   LINK_SEARCH_START_STATIC LINK_SEARCH_END_STATIC)
    get_target_property(value ${from} ${property})
    if(NOT value MATCHES "-NOTFOUND$")
      set_property(TARGET ${to} PROPERTY ${property} "${value}")
    endif()
  endforeach()
  get_target_property(sources ${from} SOURCES)
  get_target_property(language ${to} LINKER_LANGUAGE)
  if(NOT language AND sources MATCHES "\\.(cc|cp|cxx|cpp|CPP|c\\+\\+|C)(;|$)")
    set_property(TARGET ${to} PROPERTY LINKER_LANGUAGE CXX)
  endif()
endfunction()

# The padding of a draw, for all variants with it: the target bench_layout_<draw>.
function(bench__make_padding draw folder extension)
  if(TARGET bench_layout_${draw})
    return()
  endif()
  set(source ${folder}/${draw}.${extension})
  bench__write_padding(${source} ${draw})
  add_library(bench_layout_${draw} OBJECT EXCLUDE_FROM_ALL ${source})
  target_compile_options(bench_layout_${draw} PRIVATE -fno-lto)
  set_target_properties(bench_layout_${draw} PROPERTIES EXPORT_COMPILE_COMMANDS OFF
    C_CLANG_TIDY "" CXX_CLANG_TIDY "" C_CPPCHECK "" CXX_CPPCHECK "")
endfunction()

function(bench__link_layout target variant method folder extension)
  set(name ${target}.layout-${variant})
  get_target_property(seed ${target} BENCH_LAYOUT_SEED)
  set(draw ${seed}-${variant})
  bench__make_padding(${draw} ${folder} ${extension})
  add_executable(${name} $<TARGET_OBJECTS:bench_layout_${draw}> $<TARGET_OBJECTS:${target}>)
  bench__copy_link_properties(${target} ${name})
  get_target_property(options ${target} LINK_OPTIONS)
  if(NOT options)
    set(options "")
  endif()
  set(script ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${name}.ld)
  bench__layout_options(ours ${method} ${draw} ${script})
  get_target_property(depends ${target} LINK_DEPENDS)
  if(NOT depends)
    set(depends "")
  endif()
  # Linked whenever the executable is, and after it: see the command in bench__link_layouts().
  list(APPEND depends $<TARGET_FILE:${target}>)
  set_target_properties(${name} PROPERTIES
    LINK_OPTIONS "${options};-ffunction-sections;${ours};LINKER:-u,bench_layout_padding"
    LINK_DEPENDS "${depends}"
    RUNTIME_OUTPUT_DIRECTORY "$<TARGET_FILE:${target}>.layouts" OUTPUT_NAME ${variant} SUFFIX "")
  set(place "")
  if(method MATCHES "^script")
    set(place COMMAND ${CMAKE_COMMAND} -Dexecutable=$<TARGET_FILE:${target}> -Dnm=${CMAKE_NM}
      -Ddraw=${draw} -Doutput=${script}
      -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/libbench-place.cmake)
  endif()
  add_custom_command(TARGET ${name} PRE_LINK
    COMMAND ${CMAKE_COMMAND} -E make_directory $<TARGET_FILE:${target}>.layouts ${place} VERBATIM)
  add_dependencies(${target}_layouts ${name})
endfunction()

# Variants of an earlier configuration with another number of them would be taken for this one's.
function(bench__forget_layouts target count)
  set(record ${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${target}.layouts)
  file(GLOB before ${record}/*.txt)
  foreach(file IN LISTS before)
    file(STRINGS ${file} lines)
    list(GET lines 0 count_before)
    list(GET lines 1 folder)
    if(NOT count_before EQUAL count)
      file(REMOVE_RECURSE ${folder})
      file(REMOVE ${file})
    endif()
  endforeach()
  if(count GREATER 0)
    file(GENERATE OUTPUT ${record}/built-$<CONFIG>.txt
      CONTENT "${count}\n$<TARGET_FILE:${target}>.layouts\n")
  endif()
endfunction()

# At the end of the target's directory, when everything is known that it is linked with.
function(bench__link_layouts target)
  get_target_property(count ${target} BENCH_LAYOUTS)
  bench__forget_layouts(${target} ${count})
  if(count EQUAL 0)
    return()
  endif()
  get_property(languages GLOBAL PROPERTY ENABLED_LANGUAGES)
  set(language C)
  set(extension c)
  if(NOT "C" IN_LIST languages)
    set(language CXX)
    set(extension cpp)
  endif()
  set(folder ${CMAKE_BINARY_DIR}/CMakeFiles/bench_layouts)
  bench__choose_layout_method(method ${target} ${language} ${folder})
  add_custom_target(${target}_layouts)
  foreach(variant RANGE 1 ${count})
    bench__link_layout(${target} ${variant} ${method} ${folder} ${extension})
  endforeach()
  # Whoever builds the executable alone is left without variants, not with those of older code.
  add_custom_command(TARGET ${target} POST_BUILD
    COMMAND ${CMAKE_COMMAND} -E rm -rf $<TARGET_FILE:${target}>.layouts)
  message(STATUS "${target}: ${count} layout variants (${method})")
endfunction()

# The targets of this build among a list of link libraries.
function(bench__linked_targets result)
  set(found "")
  foreach(item IN LISTS ARGN)
    string(REGEX REPLACE "^\\$<(BUILD_INTERFACE|LINK_ONLY):(.*)>$" "\\2" item "${item}")
    if(TARGET "${item}")
      get_target_property(real ${item} ALIASED_TARGET)
      if(real)
        set(item ${real})
      endif()
      list(APPEND found ${item})
    endif()
  endforeach()
  set(${result} "${found}" PARENT_SCOPE)
endfunction()

# At the end of the project: every function that goes into the target can be placed on its own.
function(bench__cut_into_sections target)
  get_property(done TARGET ${target} PROPERTY BENCH__IN_SECTIONS)
  get_target_property(imported ${target} IMPORTED)
  if(done OR imported)
    return()
  endif()
  set_property(TARGET ${target} PROPERTY BENCH__IN_SECTIONS 1)
  get_target_property(type ${target} TYPE)
  set(libraries "")
  foreach(property LINK_LIBRARIES INTERFACE_LINK_LIBRARIES)
    if(NOT (type STREQUAL "INTERFACE_LIBRARY" AND property STREQUAL "LINK_LIBRARIES"))
      get_target_property(value ${target} ${property})
      if(value)
        list(APPEND libraries ${value})
      endif()
    endif()
  endforeach()
  if(type MATCHES "^(EXECUTABLE|STATIC_LIBRARY|OBJECT_LIBRARY)$")
    target_compile_options(${target} PRIVATE
      $<$<COMPILE_LANGUAGE:C,CXX>:-ffunction-sections>
      $<$<COMPILE_LANGUAGE:C,CXX>:-fdata-sections>)
  endif()
  bench__linked_targets(linked ${libraries})
  foreach(item IN LISTS linked)
    bench__cut_into_sections(${item})
  endforeach()
endfunction()

function(bench__cut_all_into_sections target)
  get_target_property(count ${target} BENCH_LAYOUTS)
  if(count GREATER 0)
    bench__cut_into_sections(${target})
  endif()
endfunction()

function(bench_add_layouts target count)
  if(NOT "${BENCH_LAYOUTS}" STREQUAL "")
    set(count ${BENCH_LAYOUTS})
  endif()
  if(NOT count MATCHES "^[0-9]+$" OR count EQUAL 1 OR count GREATER 64)
    message(FATAL_ERROR "${target}: '${count}' layout variants; 2 to 64, or 0 for none")
  endif()
  get_target_property(folder ${target} SOURCE_DIR)
  if(NOT folder STREQUAL CMAKE_CURRENT_SOURCE_DIR)
    message(FATAL_ERROR "bench_add_layouts(${target}) has to stand where ${target} is added, in "
      "${folder}")
  endif()
  get_property(planned TARGET ${target} PROPERTY BENCH_LAYOUTS SET)
  set_property(TARGET ${target} PROPERTY BENCH_LAYOUTS ${count})
  if(NOT "${BENCH_LAYOUT_SEED}" MATCHES "^[0-9]*$")
    message(FATAL_ERROR "BENCH_LAYOUT_SEED is a whole number, not '${BENCH_LAYOUT_SEED}'")
  endif()
  set_property(TARGET ${target} PROPERTY BENCH_LAYOUT_SEED "0${BENCH_LAYOUT_SEED}")
  if(NOT planned)
    cmake_language(EVAL CODE "
      cmake_language(DEFER CALL bench__link_layouts [[${target}]])
      cmake_language(DEFER DIRECTORY [[${CMAKE_SOURCE_DIR}]]
                     CALL bench__cut_all_into_sections [[${target}]])")
  endif()
endfunction()
