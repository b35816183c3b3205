# SPDX-License-Identifier: MIT
# cmake -DOUT=sources.inc -DROW=NOFAIL_SOURCE(subject, -DROOT=folder -DFILES=a.c,b.h -P hash_sources.cmake
# cmake -DOUT=suite.inc -DROOT=folder -DFILES=a.c,b.h -P hash_sources.cmake
#
# Writes what the contents of files are, as C++: with ROW, one row for each file, ROW"NAME", "SHA-256"). Without it, one
# string, the hash of all names and contents. Names are relative to ROOT, so they say nothing of this machine.
# -DSHIM=FILE adds a row with the name --shim.
string(REPLACE "," ";" files "${FILES}")
set(rows "")
set(all "")
foreach(file IN LISTS files)
  file(SHA256 "${ROOT}/${file}" hash)
  string(APPEND rows "${ROW}\"${file}\", \"${hash}\")\n")
  string(APPEND all "${hash} ${file}\n")
endforeach()
if(SHIM)
  file(SHA256 "${SHIM}" hash)
  string(APPEND rows "${ROW}\"--shim\", \"${hash}\")\n")
endif()
if(NOT ROW)
  string(SHA256 hash "${all}")
  set(rows "\"${hash}\"\n")
endif()
file(WRITE "${OUT}" "${rows}")
