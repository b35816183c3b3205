# SPDX-License-Identifier: MIT
# cmake -DOUT=listed.inc -DFILES=a.sched,b.sched -P embed_listed.cmake
#
# Turns the `expect SUBJECT: SIGNATURE, SIGNATURE known=NAME` lines of .sched files into rows
# {"SUBJECT", "SIGNATURE", "NAME", is_known}, for fuzz/check/known.cc. docs/schedule.md has the grammar of the line.
set(rows "")
string(REPLACE "," ";" files "${FILES}")
foreach(file IN LISTS files)
  # The name is the path below corpus/known/ or corpus/findings/, without .sched. So the name of a finding has its cause
  # in it, for example owner-pointer-left/leak.selem.SelemUnlinkNofail.
  string(REGEX REPLACE "^.*/corpus/(known|findings)/(.*)\\.sched$" "\\2" stem ${file})
  file(STRINGS ${file} lines REGEX "^[ \t]*expect[ \t]")
  foreach(line IN LISTS lines)
    # Quoted text is dropped first: it may hold any characters, also ones that mean something in the rest of the line.
    string(REGEX REPLACE "\"[^\"]*\"" "" line "${line}")
    string(REGEX REPLACE "#.*" "" line "${line}")
    if(NOT line MATCHES "^[ \t]*expect[ \t]+([^ \t:]+)[ \t]*:(.*)$")
      message(FATAL_ERROR "${file}: not an expect line: ${line}")
    endif()
    set(subject ${CMAKE_MATCH_1})
    set(rest "${CMAKE_MATCH_2}")
    set(name ${stem})
    set(is_known false)
    if(rest MATCHES "[ \t]known=([^ \t,]+)")
      set(name ${CMAKE_MATCH_1})
      set(is_known true)
    endif()
    string(REGEX REPLACE "[ \t]+(known|see)=.*$" "" rest "${rest}")
    string(REGEX REPLACE "[ \t]" "" rest "${rest}")
    string(REPLACE "," ";" signatures "${rest}")
    foreach(signature IN LISTS signatures)
      if(NOT signature STREQUAL "pass")
        string(APPEND rows "    {\"${subject}\", \"${signature}\", \"${name}\", ${is_known}},\n")
      endif()
    endforeach()
  endforeach()
endforeach()
file(WRITE ${OUT} "${rows}")
