# SPDX-License-Identifier: MIT

# nofail_linux_shims(FOLDER TREE HEADER...): fills FOLDER with the headers that the tree's files may include. Each
# HEADER (a name without .h) becomes a file that includes api.h. Two more files include api.h and then the tree's own
# header.
function(nofail_linux_shims folder tree)
  foreach(header IN LISTS ARGN)
    file(CONFIGURE OUTPUT ${folder}/${header}.h CONTENT "#include \"core/subjects/linux/api.h\"\n")
  endforeach()
  foreach(header linux/bpf_local_storage net/bpf_sk_storage)
    file(CONFIGURE OUTPUT ${folder}/${header}.h CONTENT
         "#include \"core/subjects/linux/api.h\"\n#include \"${tree}/include/${header}.h\"\n")
  endforeach()
endfunction()
