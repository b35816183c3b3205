# SPDX-License-Identifier: MIT

# nofail_linux_try(TREE FROM NAME SHIMS FILES DEFINITIONS): ends the configuration with a message if one of the FILES
# does not compile, also with what can be taken from the headers in FROM. NAME is the subject's name, for the message.
function(nofail_linux_try tree from name shims files definitions)
  foreach(file IN LISTS files)
    nofail_linux_compiles(fine ${file} ${shims} ${definitions})
    while(NOT fine)
      nofail_linux_diagnose(why "${from}" "${fine_errors}" ${fine_command})
      nofail_linux_supply(supplied "${from}" ${shims} "${why_kind}" "${why_name}" "${why_file}" "${why_text}")
      if(NOT supplied)
        nofail_linux_explain(${tree} "${from}" ${name} "${fine_error}" "${why_kind}" "${why_name}" "${why_file}")
      endif()
      nofail_linux_compiles(fine ${file} ${shims} ${definitions})
    endwhile()
  endforeach()
endfunction()

# nofail_linux_library(TARGET TREE FROM SHIMS FILES DEFINITIONS): adds the library TARGET, which consists of the tree's
# FILES and the adapter. Messages have paths relative to TREE and to FROM.
function(nofail_linux_library target tree from shims files definitions)
  set(adapter ${PROJECT_SOURCE_DIR}/core/subjects/linux)
  list(TRANSFORM files PREPEND ${tree}/)
  set(sources ${files} ${adapter}/values.c ${adapter}/percpu.c ${adapter}/subject.c)
  nofail_library(NAME ${target} INSTRUMENTED SRCS ${sources})
  target_include_directories(${target} BEFORE PRIVATE ${shims})
  target_compile_definitions(${target} PRIVATE ${definitions})
  nofail_sites_relative_to(${target} ${tree})
  target_compile_options(${target} PRIVATE -fmacro-prefix-map=${from}/=)
  # Options of source files come after those of targets. So these options switch off the warnings that all targets get
  # and that the kernel's code does not heed.
  set_source_files_properties(${sources} PROPERTIES COMPILE_OPTIONS "${NOFAIL_LINUX_OPTIONS}")
endfunction()

# nofail_linux_complete(TARGET TREE): ends the configuration with a message if the subject TARGET of TREE uses a
# function that nobody defines: none of the tree's files, nor the kernel contract (kernel_*), nor the C library. A
# linker would say so as well, but after everything else has been built.
function(nofail_linux_complete target tree)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${target})
  get_target_property(sources ${target} SOURCES)
  get_target_property(definitions ${target} COMPILE_DEFINITIONS)
  list(TRANSFORM definitions PREPEND -D)
  set(objects "")
  foreach(source IN LISTS sources)
    get_filename_component(name ${source} NAME)
    execute_process(COMMAND ${CMAKE_C_COMPILER} ${NOFAIL_LINUX_OPTIONS} ${definitions} -I${folder}
                            -I${PROJECT_SOURCE_DIR} -O1 -w -c ${source} -o ${folder}/${name}.o ERROR_QUIET)
    list(APPEND objects ${folder}/${name}.o)
  endforeach()
  execute_process(COMMAND ${CMAKE_LINKER} -r -o ${folder}/all.o ${objects} RESULT_VARIABLE failed ERROR_VARIABLE said)
  if(failed)
    string(REGEX MATCH "multiple definition of [^;\n]*" error "${said}")
    nofail_linux_refuse("${tree}: its files cannot be linked: ${error}")
  endif()
  execute_process(COMMAND ${CMAKE_NM} -u ${folder}/all.o OUTPUT_VARIABLE undefined)
  string(REGEX MATCHALL "[A-Za-z0-9_]+\n" undefined "${undefined}")
  list(TRANSFORM undefined STRIP)
  list(FILTER undefined EXCLUDE REGEX "^(kernel_.*|__st(art|op)_.*|mem(cmp|cpy|move|set)|str(cmp|len|ncmp))$")
  if(undefined)
    list(GET undefined 0 first)
    get_target_property(name ${target} NOFAIL_NAME)
    string(CONCAT advice "docs/linux.md lists those files; say in a header of your own what others do for them, and "
           "add --shim FILE")
    nofail_linux_refuse("${tree} (${name}): no file that is under test defines ${first}; ${advice}")
  endif()
endfunction()

# nofail_linux_subject(TARGET TREE SHIM FROM): adds the library TARGET, the subject that runs the files of TREE. SHIM is
# a header of the user's, or "". The tree's files may include the kernel headers of the global property
# NOFAIL_LINUX_HEADERS; what these do not have is looked for in the headers of the folder FROM, or of TREE if FROM is ""
# or not there. TARGET gets two properties: NOFAIL_NAME is the subject's name; NOFAIL_LEAVES_CHARGE, for the tests, is 1
# if a socket that goes keeps its charge (probes/uncharges.text), else 0.
function(nofail_linux_subject target tree shim from)
  nofail_linux_name(name "${tree}")
  get_filename_component(tree "${tree}" REALPATH)
  if(from STREQUAL "" OR NOT IS_DIRECTORY "${from}")
    set(from "${tree}")
  endif()
  nofail_linux_files(files ${tree})
  set(shims ${CMAKE_CURRENT_BINARY_DIR}/${target})
  get_property(headers GLOBAL PROPERTY NOFAIL_LINUX_HEADERS)
  nofail_linux_shims(${shims} ${tree} "${shim}" ${headers})

  set(cgroup 0)
  if(kernel/bpf/bpf_cgrp_storage.c IN_LIST files)
    set(cgroup 1)
  endif()
  nofail_linux_text_definitions(definitions ${tree} CONFIG_BPF_SYSCALL=1 NOFAIL_LINUX_NAME=\"${name}\"
                                NOFAIL_LINUX_CGROUP=${cgroup})
  set(paths ${files})
  list(TRANSFORM paths PREPEND ${tree}/)
  nofail_linux_try(${tree} "${from}" ${name} ${shims} "${paths}" "${definitions}")
  nofail_linux_definitions(definitions ${tree} ${shims} ${definitions})
  set(adapter ${PROJECT_SOURCE_DIR}/core/subjects/linux/subject.c)
  nofail_linux_try(${tree} "${from}" ${name} ${shims} ${adapter} "${definitions}")

  nofail_linux_keep_unchanged(${shims})

  nofail_linux_library(${target} ${tree} "${from}" ${shims} "${files}" "${definitions}")
  nofail_subject_sources(${target} ${tree} ${files} ${NOFAIL_LINUX_HEADERS_UNDER_TEST})
  nofail_linux_text_probe(uncharges uncharges ${tree})
  set(leaves_charge 1)
  if(uncharges)
    set(leaves_charge 0)
  endif()
  set_target_properties(${target} PROPERTIES NOFAIL_SHIM "${shim}" NOFAIL_NAME ${name}
                        NOFAIL_LEAVES_CHARGE ${leaves_charge})
endfunction()
