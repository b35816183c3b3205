# SPDX-License-Identifier: MIT
# Functions that find out about a Linux tree without compiling it.

# nofail_linux_check(TREE): ends the configuration with a message if TREE is no Linux tree, or is older than the subject
# can use. CMake configures again when one of the files changes that are checked here.
function(nofail_linux_check tree)
  if(NOT IS_DIRECTORY "${tree}")
    nofail_linux_refuse("${tree}: there is no such directory; expected the top of a Linux source tree")
  endif()
  get_filename_component(tree ${tree} REALPATH)
  set(needed Makefile include/linux/bpf_local_storage.h include/net/bpf_sk_storage.h kernel/bpf/bpf_local_storage.c
      net/core/bpf_sk_storage.c kernel/bpf/bpf_task_storage.c kernel/bpf/bpf_inode_storage.c)
  foreach(file IN LISTS needed)
    if(NOT EXISTS ${tree}/${file})
      nofail_linux_refuse("${tree}: has no ${file}; expected the top of a Linux source tree, 6.1 or later")
    endif()
  endforeach()
  list(TRANSFORM needed PREPEND ${tree}/)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${needed})
endfunction()

# nofail_linux_files(VARIABLE TREE): sets VARIABLE to the tree's files that the subject consists of, as paths relative
# to the top of the tree.
function(nofail_linux_files variable tree)
  set(files kernel/bpf/bpf_local_storage.c net/core/bpf_sk_storage.c kernel/bpf/bpf_task_storage.c
      kernel/bpf/bpf_inode_storage.c)
  set(cgroup kernel/bpf/bpf_cgrp_storage.c)  # from 6.2 on
  if(EXISTS ${tree}/${cgroup})
    list(APPEND files ${cgroup})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${tree}/${cgroup})
  endif()
  set(${variable} ${files} PARENT_SCOPE)
endfunction()

# nofail_linux_name(VARIABLE TREE): sets VARIABLE to linux-VERSION, with the version that the tree's Makefile says. The
# second tree of a version gets @2 after its name, the third @3.
function(nofail_linux_name variable tree)
  file(STRINGS ${tree}/Makefile lines REGEX "^(VERSION|PATCHLEVEL|EXTRAVERSION) *=")
  foreach(line IN LISTS lines)
    string(REGEX MATCH "^([A-Z]+) *= *(.*)$" line "${line}")
    set(make_${CMAKE_MATCH_1} ${CMAKE_MATCH_2})
  endforeach()
  set(name linux-${make_VERSION}.${make_PATCHLEVEL}${make_EXTRAVERSION})
  get_property(names GLOBAL PROPERTY NOFAIL_LINUX_NAMES)
  if(name IN_LIST names)
    list(FILTER names INCLUDE REGEX "^${name}(@|$)")
    list(LENGTH names count)
    math(EXPR count "${count} + 1")
    string(APPEND name "@${count}")
  endif()
  set_property(GLOBAL APPEND PROPERTY NOFAIL_LINUX_NAMES ${name})
  set(${variable} ${name} PARENT_SCOPE)
endfunction()
