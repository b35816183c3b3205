# SPDX-License-Identifier: MIT
# Finds out what a tree's version has. Each file in probes/ is one question; the answer is 1 (yes) or 0 (no).

# nofail_linux_compile_probe(VARIABLE NAME SHIMS DEFINITION...): sets VARIABLE to 1 if probes/NAME.c compiles, else to
# 0. This is for questions that the declarations in the tree's headers answer.
function(nofail_linux_compile_probe variable name shims)
  set(file ${PROJECT_SOURCE_DIR}/core/subjects/linux/probes/${name}.c)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  nofail_linux_compiles(has ${file} ${shims} ${ARGN})
  set(${variable} ${has} PARENT_SCOPE)
endfunction()

# nofail_linux_text_probe(VARIABLE NAME TREE): sets VARIABLE to 1 if the tree has a line that probes/NAME.text
# describes, else to 0. Lines of the .text file that begin with # are comments. The first other line names a file of the
# tree, the second is a regular expression for a line of that file. This is for questions that only function bodies
# answer.
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

# nofail_linux_text_definitions(VARIABLE TREE DEFINITION...): sets VARIABLE to the DEFINITIONs and, after them, what the
# shims have to know of the tree's version: NOFAIL_LINUX_<PROBE>=0 or 1.
function(nofail_linux_text_definitions variable tree)
  set(definitions ${ARGN})
  foreach(name OPS_RETURN_INT GLOBAL_OPTMEM_MAX)
    string(TOLOWER ${name} file)
    nofail_linux_text_probe(has ${file} ${tree})
    list(APPEND definitions NOFAIL_LINUX_${name}=${has})
  endforeach()
  set(${variable} ${definitions} PARENT_SCOPE)
endfunction()

# nofail_linux_definitions(VARIABLE TREE SHIMS DEFINITION...): sets VARIABLE to the DEFINITIONs and, after them, what
# the adapter has to know of the tree's version: NOFAIL_LINUX_<PROBE>=0 or 1, and NOFAIL_LINUX_MISSING_FIELDS, the mask
# of the KERNEL_FIELD_* that values cannot have in this version. REQUIRES: the tree's files compile.
function(nofail_linux_definitions variable tree shims)
  set(definitions ${ARGN})
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
