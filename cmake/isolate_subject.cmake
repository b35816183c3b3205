# SPDX-License-Identifier: MIT
# cmake -DLIBRARY=lib.a -DSYMBOL=name -DOUT=out.o -DLINKER=ld -DNM=nm -DOBJCOPY=objcopy -P isolate_subject.cmake
#
# Turns a subject's library into one object in which all functions and variables are local, except the variable
# linked_subject, which is renamed to SYMBOL. So several subjects that define functions of the same names
# can be linked into one program.
#
# A section that the subject knows by its bounds (__start_NAME and __stop_NAME, which the linker defines) gets a name of
# its own, NAME_SYMBOL. Otherwise the linker would put the sections of all subjects together, and each subject would
# take the static variables of all of them for its own, and reset them before each run.
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
run(${NM} --undefined-only --format=posix ${OUT}.whole)
string(REGEX MATCHALL "__start_nofail_[^ \n]+" bounds "${output}")
list(REMOVE_DUPLICATES bounds)
set(sections "")
foreach(start IN LISTS bounds)
  string(REGEX REPLACE "^__start_" "" name ${start})
  list(APPEND sections --rename-section=${name}=${name}_${SYMBOL})
  foreach(bound IN ITEMS start stop)
    list(APPEND sections --redefine-sym=__${bound}_${name}=__${bound}_${name}_${SYMBOL})
  endforeach()
endforeach()
run(${OBJCOPY} --localize-symbols=${OUT}.local --redefine-sym linked_subject=${SYMBOL} ${sections} ${OUT}.whole
    ${OUT})
