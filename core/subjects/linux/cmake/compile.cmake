# SPDX-License-Identifier: MIT
# The options that a tree's files are compiled with. The dialect of C is the kernel's. The only headers that the files
# can include are the shims (cmake/shims.cmake) and the compiler's own.
set(NOFAIL_LINUX_OPTIONS -std=gnu11 -ffreestanding -nostdlibinc -fwrapv -fno-strict-aliasing
    -fno-delete-null-pointer-checks -Wno-unused -Wno-unused-parameter -Wno-sign-compare -Wno-pointer-sign
    -Wno-empty-body -Werror=implicit-function-declaration -Werror=incompatible-pointer-types -Werror=int-conversion
    -Werror=incompatible-function-pointer-types CACHE INTERNAL "options of a tree's files")

# nofail_linux_compiles(VARIABLE FILE SHIMS DEFINITION...): sets VARIABLE to 1 if FILE compiles against the headers in
# the folder SHIMS, with the DEFINITIONs. Otherwise sets VARIABLE to 0, VARIABLE_error to the compiler's first error,
# VARIABLE_errors to all that it said, and VARIABLE_command to how it was called, without the file.
function(nofail_linux_compiles variable file shims)
  set(definitions ${ARGN})
  list(TRANSFORM definitions PREPEND -D)
  set(command ${CMAKE_C_COMPILER} ${NOFAIL_LINUX_OPTIONS} ${definitions} -I${shims} -I${PROJECT_SOURCE_DIR} -xc)
  execute_process(COMMAND ${command} -fsyntax-only -w -fno-caret-diagnostics ${file}
                  RESULT_VARIABLE failed ERROR_VARIABLE said OUTPUT_QUIET)
  set(${variable} 1 PARENT_SCOPE)
  if(failed)
    set(${variable} 0 PARENT_SCOPE)
    string(REGEX MATCH "[^\n]*error:[^\n]*" first "${said}")
    if(NOT first)
      set(first "the compiler failed (${failed})")
    endif()
    set(${variable}_error "${first}" PARENT_SCOPE)
    set(${variable}_errors "${said}" PARENT_SCOPE)
    set(${variable}_command ${command} PARENT_SCOPE)
  endif()
endfunction()
