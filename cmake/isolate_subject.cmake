# SPDX-License-Identifier: MIT
# cmake -DLIBRARY=lib.a -DSYMBOL=name -DOUT=out.o -DLINKER=ld -DNM=nm -DOBJCOPY=objcopy -P isolate_subject.cmake
#
# Turns a subject's library into one object in which all functions and variables are local, except the variable
# linked_subject, which is renamed to SYMBOL. So several subjects that define functions of the same names
# can be linked into one program.
#
# Only strong symbols become local. Weak symbols, which compilers share between objects, stay shared: inline functions,
# and the variable by which a sanitizer notes that it has registered the program's variables.
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
run(${OBJCOPY} --localize-symbols=${OUT}.local --redefine-sym linked_subject=${SYMBOL} ${OUT}.whole ${OUT})
