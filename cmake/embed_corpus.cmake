# SPDX-License-Identifier: MIT
# cmake -DOUT=crash_corpus.inc -DFILES=a.sched,b.sched -P embed_corpus.cmake
#
# Turns .sched files into rows {"NAME", R"sched(TEXT)sched"}, for fuzz/check/crash_corpus.cc. Lines that are comments
# are left out. The name is the path below corpus/, without .sched: for example known/map_free-bucket-timeout.
set(rows "")
string(REPLACE "," ";" files "${FILES}")
foreach(file IN LISTS files)
  string(REGEX REPLACE "^.*/corpus/(.*)\\.sched$" "\\1" name ${file})
  file(READ ${file} text)
  string(REGEX REPLACE "(^|\n)(#[^\n]*\n)+" "\\1" text "${text}")
  string(APPEND rows "    {\"${name}\", R\"sched(${text})sched\"},\n")
endforeach()
file(WRITE ${OUT} "${rows}")
