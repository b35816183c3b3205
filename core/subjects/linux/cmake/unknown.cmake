# SPDX-License-Identifier: MIT
# What happens when a tree's file does not compile against the shims. What the tree can supply is taken from it. If the
# tree cannot supply it, the configuration ends with one line that says what to do.
find_package(Python3 COMPONENTS Interpreter)
set(NOFAIL_SHIM "" CACHE FILEPATH "a header of your own, which the files of NOFAIL_LINUX get after the shims")
set(NOFAIL_LINUX_HEADERS_FROM "" CACHE STRING
    "for each tree of NOFAIL_LINUX the folder that has the kernel's other headers, if it is not the tree itself")

# nofail_linux_diagnose(PREFIX FROM ERRORS COMMAND...): sets PREFIX_kind, PREFIX_name, PREFIX_file and PREFIX_text to
# what diagnose.py says of the ERRORS of the COMMAND, with the headers of FROM.
function(nofail_linux_diagnose prefix from errors)
  set(answer "")
  if(Python3_Interpreter_FOUND)
    file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/errors.txt "${errors}")
    execute_process(COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/core/subjects/linux/cmake/diagnose.py
                            "${from}" ${CMAKE_CURRENT_BINARY_DIR}/errors.txt ${ARGN} OUTPUT_VARIABLE answer)
  endif()
  string(REGEX MATCH "^([a-z]*) ?([^ \n]*) ?([^\n]*)\n?(.*)$" answer "${answer}")
  set(${prefix}_kind "${CMAKE_MATCH_1}" PARENT_SCOPE)
  set(${prefix}_name "${CMAKE_MATCH_2}" PARENT_SCOPE)
  set(${prefix}_file "${CMAKE_MATCH_3}" PARENT_SCOPE)
  set(${prefix}_text "${CMAKE_MATCH_4}" PARENT_SCOPE)
endfunction()

# nofail_linux_supply(VARIABLE FROM SHIMS KIND NAME FILE TEXT): supplies what a diagnosis says is missing, if the
# headers of FROM have it. Sets VARIABLE to 1 if it did, else to 0.
function(nofail_linux_supply variable from shims kind name file text)
  set(${variable} 0 PARENT_SCOPE)
  get_property(taken GLOBAL PROPERTY NOFAIL_TAKEN_${shims})
  if(name IN_LIST taken)
    return()
  endif()
  if(kind STREQUAL "header")
    nofail_linux_shim(${shims}/${name})
  elseif(kind STREQUAL "taken")
    # What is taken later is needed by what was taken before.
    file(READ ${shims}/nofail/taken.h before)
    file(WRITE ${shims}/nofail/taken.h "${text}${before}")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${from}/${file}")
    message(STATUS "Takes ${name} from the tree's ${file}")
  else()
    return()
  endif()
  set_property(GLOBAL APPEND PROPERTY NOFAIL_TAKEN_${shims} ${name})
  set(${variable} 1 PARENT_SCOPE)
endfunction()

# nofail_linux_explain(TREE FROM NAME ERROR KIND UNKNOWN FILE): ends the configuration with one line that says what to
# do about ERROR. KIND, UNKNOWN and FILE are from the diagnosis.
function(nofail_linux_explain tree from name error kind unknown file)
  string(REPLACE "${tree}/" "" error "${error}")
  string(REPLACE "${from}/" "" error "${error}")
  string(REGEX REPLACE "; ISO C99 and later[^;]*" "" error "${error}")
  string(FIND "${error}" "${NOFAIL_SHIM}:" at)
  if(NOFAIL_SHIM AND at EQUAL 0)
    nofail_linux_refuse("${tree} (${name}): ${error}; the header that --shim names does not compile, so mend it")
  elseif(error MATCHES "core/subjects/linux/")
    string(CONCAT advice "the tree's functions are not those that this suite calls, so core/subjects/linux/subject.c "
           "has to follow (HACKING.md, A kernel version)")
    nofail_linux_refuse("${tree} (${name}): ${error}; ${advice}")
  elseif(kind STREQUAL "broken")
    string(CONCAT advice "the tree does not compile, so mend it first: make kernel/bpf/ net/core/ says the same")
    nofail_linux_refuse("${tree} (${name}): ${error}; ${advice}")
  endif()
  set(origin "")
  if(file)
    set(origin ", which is in the tree's ${file}")
  elseif(NOFAIL_LINUX_HEADERS_FROM AND from STREQUAL tree)  # a snapshot alone
    set(origin " (and knows the other headers of a tree only if it is a directory, without revision and patch)")
  endif()
  string(CONCAT advice "this suite does not know ${unknown}${origin}: say in a header of your own what it does, and "
         "add --shim FILE (docs/linux.md, What a patch may use)")
  nofail_linux_refuse("${tree} (${name}): ${error}; ${advice}")
endfunction()
