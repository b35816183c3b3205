# SPDX-License-Identifier: MIT
include(${CMAKE_CURRENT_LIST_DIR}/atomic_names.cmake)

# nofail_linux_shim(FILE [HEADER]): writes a header that stands for one of the kernel's. It includes api.h, then what is
# taken from the tree and what the user adds (nofail/extra.h), and then HEADER.
function(nofail_linux_shim file)
  set(text "#include \"core/subjects/linux/api.h\"\n#include \"nofail/extra.h\"\n")
  foreach(header IN LISTS ARGN)
    string(APPEND text "#include \"${header}\"\n")
  endforeach()
  file(CONFIGURE OUTPUT ${file} CONTENT "${text}" @ONLY)
endfunction()

# nofail_linux_set_aside(FILE): moves a file that may be made again.
function(nofail_linux_set_aside file)
  if(EXISTS ${file})
    file(RENAME ${file} ${file}.before)
  endif()
endfunction()

# nofail_linux_keep_unchanged(FOLDER): moves back, with their time stamps, files that were set aside and have been made
# again with the same contents. So nothing is compiled again for them.
function(nofail_linux_keep_unchanged folder)
  file(GLOB_RECURSE before ${folder}/*.before)
  foreach(old IN LISTS before)
    string(REGEX REPLACE "\\.before$" "" new "${old}")
    set(hash "")
    file(SHA256 ${old} old_hash)
    if(EXISTS ${new})
      file(SHA256 ${new} hash)
    endif()
    if(hash STREQUAL old_hash)
      file(RENAME ${old} ${new})
    else()
      file(REMOVE ${old})
    endif()
  endforeach()
endfunction()

# nofail_linux_shims(FOLDER TREE SHIM HEADER...): fills FOLDER with the headers that the tree's files may include, one
# for each HEADER (a name without .h). The two headers of local storage are the tree's own. SHIM is a header of the
# user's, or "".
function(nofail_linux_shims folder tree shim)
  # Headers that an earlier configuration supplied for another state of the tree.
  file(GLOB_RECURSE left RELATIVE ${folder} ${folder}/*.h)
  foreach(file IN LISTS left)
    string(REGEX REPLACE "\\.h$" "" header "${file}")
    if(NOT header IN_LIST ARGN AND NOT header MATCHES "^(nofail/.*|linux/bpf_local_storage|net/bpf_sk_storage)$")
      nofail_linux_set_aside(${folder}/${file})
    endif()
  endforeach()
  nofail_linux_atomic_names(${folder}/nofail/atomic_names.h)
  set(extra "#ifndef NOFAIL_EXTRA_H_\n#define NOFAIL_EXTRA_H_\n#include \"nofail/taken.h\"\n")
  if(shim)
    string(APPEND extra "#include \"${shim}\"\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${shim}")
  endif()
  file(CONFIGURE OUTPUT ${folder}/nofail/extra.h CONTENT "${extra}#endif\n" @ONLY)
  nofail_linux_set_aside(${folder}/nofail/taken.h)
  file(WRITE ${folder}/nofail/taken.h "")  # unknown.cmake fills it
  foreach(header IN LISTS ARGN)
    nofail_linux_shim(${folder}/${header}.h)
  endforeach()
  foreach(header linux/bpf_local_storage net/bpf_sk_storage)
    nofail_linux_shim(${folder}/${header}.h ${tree}/include/${header}.h)
  endforeach()
endfunction()

# nofail_linux_compile_as_tree(TARGET SHIMS OPTION...): lets TARGET, a library of C files, be compiled as a tree's files
# are, but without a tree, with more OPTIONs. SHIMS is the folder that gets what is made for it.
function(nofail_linux_compile_as_tree target shims)
  nofail_linux_atomic_names(${shims}/nofail/atomic_names.h)
  target_include_directories(${target} BEFORE PRIVATE ${shims})
  target_compile_definitions(${target} PRIVATE NOFAIL_LINUX_OPS_RETURN_INT=0 NOFAIL_LINUX_GLOBAL_OPTMEM_MAX=0)
  get_target_property(sources ${target} SOURCES)
  set_source_files_properties(${sources} PROPERTIES COMPILE_OPTIONS "${NOFAIL_LINUX_OPTIONS};${ARGN}")
endfunction()
