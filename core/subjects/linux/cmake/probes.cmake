# SPDX-License-Identifier: MIT
# What a tree's version has. Each file in probes/ is one question, answered with 1 or 0.

# nofail_linux_compile_probe(VARIABLE NAME SHIMS DEFINITION...): whether probes/NAME.c compiles. For what shows in the
# declarations of the tree's headers.
function(nofail_linux_compile_probe variable name shims)
  set(file ${PROJECT_SOURCE_DIR}/core/subjects/linux/probes/${name}.c)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  nofail_linux_compiles(has ${file} ${shims} ${ARGN})
  set(${variable} ${has} PARENT_SCOPE)
endfunction()

# nofail_linux_text_probe(VARIABLE NAME TREE): whether the tree has a line that probes/NAME.text describes. Its first
# line that is no comment is a file of the tree, the next a regular expression. For what shows in function bodies
# alone.
function(nofail_linux_text_probe variable name tree)
  set(file ${PROJECT_SOURCE_DIR}/core/subjects/linux/probes/${name}.text)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  file(STRINGS ${file} question REGEX "^[^#]")
  list(GET question 0 where)
  list(GET question 1 regex)
  file(STRINGS ${tree}/${where} lines REGEX "${regex}")
  set(${variable} 0 PARENT_SCOPE)
  if(lines)
    set(${variable} 1 PARENT_SCOPE)
  endif()
endfunction()

# nofail_linux_definitions(VARIABLE TREE SHIMS DEFINITION...): appends what the adapter has to know of the tree's
# version to the DEFINITIONs: NOFAIL_LINUX_<PROBE>=0 or 1, and the mask NOFAIL_LINUX_MISSING_FIELDS.
function(nofail_linux_definitions variable tree shims)
  set(definitions ${ARGN})
  foreach(name OPS_RETURN_INT GLOBAL_OPTMEM_MAX)
    string(TOLOWER ${name} file)
    nofail_linux_text_probe(has ${file} ${tree})
    list(APPEND definitions NOFAIL_LINUX_${name}=${has})
  endforeach()
  nofail_linux_compile_probe(has_state state ${shims} ${definitions})
  nofail_linux_compile_probe(has_swap_uptrs swap_uptrs ${shims} ${definitions})
  nofail_linux_text_probe(has_kptr kptr ${tree})
  set(missing 0)
  if(NOT has_kptr)
    string(APPEND missing "|KERNEL_FIELD_KPTR|KERNEL_FIELD_REFCOUNT")
  endif()
  if(NOT has_swap_uptrs)
    string(APPEND missing "|KERNEL_FIELD_UPTR")
  endif()
  list(APPEND definitions "NOFAIL_LINUX_MISSING_FIELDS=(${missing})" NOFAIL_LINUX_STATE=${has_state}
       NOFAIL_LINUX_SWAP_UPTRS=${has_swap_uptrs})
  set(${variable} ${definitions} PARENT_SCOPE)
endfunction()
