# SPDX-License-Identifier: MIT
# A tree's files are compiled as the kernel is, and with no header but the shims and the compiler's own.
set(NOFAIL_LINUX_OPTIONS -std=gnu11 -ffreestanding -nostdlibinc -fwrapv -fno-strict-aliasing
    -fno-delete-null-pointer-checks -Wno-unused -Wno-unused-parameter -Wno-sign-compare -Wno-pointer-sign
    -Wno-empty-body -Werror=implicit-function-declaration -Werror=incompatible-pointer-types -Werror=int-conversion
    -Werror=incompatible-function-pointer-types)

# nofail_linux_compiles(VARIABLE FILE SHIMS DEFINITION...): VARIABLE becomes 1 if FILE compiles against the headers in
# SHIMS, else 0, and VARIABLE_error becomes the first error.
function(nofail_linux_compiles variable file shims)
  set(definitions ${ARGN})
  list(TRANSFORM definitions PREPEND -D)
  execute_process(COMMAND ${CMAKE_C_COMPILER} ${NOFAIL_LINUX_OPTIONS} ${definitions} -I${shims} -I${PROJECT_SOURCE_DIR}
                          -fsyntax-only -w -fno-caret-diagnostics ${file}
                  RESULT_VARIABLE failed ERROR_VARIABLE said OUTPUT_QUIET)
  set(${variable} 1 PARENT_SCOPE)
  if(failed)
    set(${variable} 0 PARENT_SCOPE)
    string(REGEX MATCH "[^\n]*error:[^\n]*" first "${said}")
    if(NOT first)
      set(first "the compiler failed (${failed})")
    endif()
    set(${variable}_error "${first}" PARENT_SCOPE)
  endif()
endfunction()
