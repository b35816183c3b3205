# SPDX-License-Identifier: MIT
# cmake -DLIBRARY=lib.a -DNAME=name -DOUT=out.o -DLINKER=ld -DNM=nm -DOBJCOPY=objcopy -P isolate_subject.cmake
#
# Makes of a subject's library one object whose functions and variables nobody outside sees, but for its linked_subject,
# which is called linked_subject_<name>: so that several subjects, each with functions of the same names, go into one
# program.
#
# Only what is strong becomes local. What compilers share between objects stays shared: inline functions, and a
# sanitizer's note that it has been told of the program's variables.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE error)
  if(failed)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}: ${error}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

run(${LINKER} -r --whole-archive ${LIBRARY} -o ${OUT}.whole)
run(${NM} --extern-only --defined-only --format=posix ${OUT}.whole)
string(REGEX MATCHALL "[^\n]+ [TDRB] [^\n]*" lines "${output}")
list(TRANSFORM lines REPLACE " .*" "")
list(REMOVE_ITEM lines linked_subject)
list(JOIN lines "\n" local)
file(WRITE ${OUT}.local "${local}\n")
run(${OBJCOPY} --localize-symbols=${OUT}.local --redefine-sym linked_subject=linked_subject_${NAME} ${OUT}.whole ${OUT})
