# SPDX-License-Identifier: MIT

# nofail_linux_try(TREE NAME SHIMS FILES DEFINITIONS): ends the configuration with a message if one of the tree's FILES
# or the adapter does not compile. NAME is the subject's name, for the message.
function(nofail_linux_try tree name shims files definitions)
  list(TRANSFORM files PREPEND ${tree}/)
  foreach(file IN LISTS files ITEMS ${PROJECT_SOURCE_DIR}/core/subjects/linux/subject.c)
    nofail_linux_compiles(fine ${file} ${shims} ${definitions})
    if(NOT fine)
      string(REPLACE "${tree}/" "" error "${fine_error}")
      string(CONCAT advice "what it needs from the kernel has to be added to core/subjects/linux (api.h says where "
             "what belongs, CMakeLists.txt lists the headers), what its functions are called with to "
             "core/subjects/linux/subject.c")
      nofail_linux_refuse("${tree} (${name}): ${error}; ${advice}")
    endif()
  endforeach()
endfunction()

# nofail_linux_library(TARGET TREE SHIMS FILES DEFINITIONS): adds the library TARGET, which consists of the tree's FILES
# and the adapter.
function(nofail_linux_library target tree shims files definitions)
  set(adapter ${PROJECT_SOURCE_DIR}/core/subjects/linux)
  list(TRANSFORM files PREPEND ${tree}/)
  set(sources ${files} ${adapter}/values.c ${adapter}/subject.c)
  nofail_library(NAME ${target} INSTRUMENTED SRCS ${sources})
  target_include_directories(${target} BEFORE PRIVATE ${shims})
  target_compile_definitions(${target} PRIVATE ${definitions})
  target_compile_options(${target} PRIVATE -fmacro-prefix-map=${tree}/=)
  # Options of source files come after those of targets. So these options switch off the warnings that all targets get
  # and that the kernel's code does not heed.
  set_source_files_properties(${sources} PROPERTIES COMPILE_OPTIONS "${NOFAIL_LINUX_OPTIONS}")
endfunction()

# nofail_linux_subject(TARGET TREE HEADERS): adds the library TARGET, the subject that runs the files of TREE. HEADERS
# are the kernel headers that the tree's files include. TARGET gets two properties: NOFAIL_NAME is the subject's name;
# NOFAIL_LEAVES_CHARGE, for the tests, is 1 if a socket that goes keeps its charge (probes/uncharges.text), else 0.
function(nofail_linux_subject target tree headers)
  nofail_linux_check("${tree}")
  get_filename_component(tree ${tree} REALPATH)
  nofail_linux_files(files ${tree})
  nofail_linux_name(name ${tree})
  set(shims ${CMAKE_CURRENT_BINARY_DIR}/${target})
  nofail_linux_shims(${shims} ${tree} ${headers})

  set(cgroup 0)
  if(kernel/bpf/bpf_cgrp_storage.c IN_LIST files)
    set(cgroup 1)
  endif()
  nofail_linux_definitions(definitions ${tree} ${shims} CONFIG_BPF_SYSCALL=1 NOFAIL_LINUX_NAME=\"${name}\"
                           NOFAIL_LINUX_CGROUP=${cgroup})
  nofail_linux_try(${tree} ${name} ${shims} "${files}" "${definitions}")

  nofail_linux_library(${target} ${tree} ${shims} "${files}" "${definitions}")
  nofail_linux_text_probe(uncharges uncharges ${tree})
  set(leaves_charge 1)
  if(uncharges)
    set(leaves_charge 0)
  endif()
  set_target_properties(${target} PROPERTIES NOFAIL_NAME ${name} NOFAIL_LEAVES_CHARGE ${leaves_charge})
endfunction()
