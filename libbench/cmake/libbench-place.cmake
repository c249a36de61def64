# Run before the link of a layout variant: the linker script that places its functions.
# In: executable, which holds the functions to place; nm; draw; output.
#
# Where in a cache line each function starts, and which stands before which, follows from the draw
# and from the function's name alone. What is the same in two builds therefore stands alike in
# variant i of both, and what differs is compared on the same footing. A function that needs an
# alignment gets it, so it stands at one of the offsets that it can have.
cmake_minimum_required(VERSION 3.20)

execute_process(COMMAND ${nm} -P ${executable}
  RESULT_VARIABLE status OUTPUT_VARIABLE symbols ERROR_VARIABLE error)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "${nm} cannot read ${executable}: ${error}")
endif()
string(REGEX MATCHALL "[^\n]+ [tTwWi] " symbols "${symbols}")
set(functions "")
foreach(symbol IN LISTS symbols)
  string(REGEX REPLACE " .*" "" name "${symbol}")
  if(name MATCHES "^[A-Za-z_][A-Za-z0-9_.$]*$")
    string(MD5 hash "libbench layout ${draw} ${name}")
    list(APPEND functions "${hash} ${name}")
  endif()
endforeach()
list(SORT functions)
list(REMOVE_DUPLICATES functions)

set(text "SECTIONS\n{\n  .text.bench_layout : ALIGN(64)\n  {\n")
foreach(function IN LISTS functions)
  string(SUBSTRING "${function}" 0 32 hash)
  string(SUBSTRING "${function}" 33 -1 name)
  string(SUBSTRING "${hash}" 24 8 gap)
  math(EXPR gap "0x${gap} % 64")
  string(APPEND text
    "    . = ALIGN(64) + ${gap};\n    *(.text.${name} .text.hot.${name} .text.startup.${name})\n")
endforeach()
string(APPEND text "  }\n}\nINSERT BEFORE .text;\n")
file(WRITE ${output} "${text}")
