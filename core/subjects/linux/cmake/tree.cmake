# SPDX-License-Identifier: MIT
# Functions that find out about a Linux tree without compiling it.

# The headers of a tree that are under test as well: each tree has them.
set(NOFAIL_LINUX_HEADERS_UNDER_TEST include/linux/bpf_local_storage.h include/net/bpf_sk_storage.h)

# nofail_linux_files(VARIABLE TREE): sets VARIABLE to the tree's files that the subject consists of, as paths relative
# to the top of the tree. CMake configures again when one of the files changes that are asked for here.
function(nofail_linux_files variable tree)
  set(files kernel/bpf/bpf_local_storage.c net/core/bpf_sk_storage.c kernel/bpf/bpf_task_storage.c
      kernel/bpf/bpf_inode_storage.c)
  set(cgroup kernel/bpf/bpf_cgrp_storage.c)  # from 6.2 on
  if(EXISTS "${tree}/${cgroup}")
    list(APPEND files ${cgroup})
  endif()
  set(${variable} ${files} PARENT_SCOPE)
  list(APPEND files Makefile ${NOFAIL_LINUX_HEADERS_UNDER_TEST})
  list(TRANSFORM files PREPEND "${tree}/")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${files})
endfunction()

# nofail_linux_name(VARIABLE TREE): sets VARIABLE to linux-VERSION, with the version that the tree's Makefile says. The
# second tree of a version gets @2 after its name, the third @3. Ends the configuration with a message if TREE is no
# Linux tree, or is older than the subject can use (scripts/linux_tree knows).
function(nofail_linux_name variable tree)
  execute_process(COMMAND ${CMAKE_COMMAND} -E env PYTHONPATH=${PROJECT_SOURCE_DIR}/scripts PYTHONDONTWRITEBYTECODE=1
                          python3 -P -m linux_tree name "${tree}"
                  RESULT_VARIABLE failed OUTPUT_VARIABLE plain ERROR_VARIABLE said
                  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_STRIP_TRAILING_WHITESPACE)
  if(failed)
    nofail_linux_refuse("${said}")
  endif()
  get_property(names GLOBAL PROPERTY NOFAIL_LINUX_NAMES)
  set(name ${plain})
  set(count 1)
  while(name IN_LIST names)
    math(EXPR count "${count} + 1")
    set(name "${plain}@${count}")
  endwhile()
  set_property(GLOBAL APPEND PROPERTY NOFAIL_LINUX_NAMES ${name})
  set(${variable} ${name} PARENT_SCOPE)
endfunction()
