# SPDX-License-Identifier: MIT
# A program with one subject links the subject's library, which defines linked_subject. A program with several subjects
# links objects that are made here, one for each subject (cmake/isolate_subject.cmake).
if(NOT CMAKE_NM OR NOT CMAKE_OBJCOPY OR NOT CMAKE_LINKER)
  message(FATAL_ERROR "ld, nm and objcopy are needed; install binutils")
endif()
define_property(GLOBAL PROPERTY NOFAIL_SUBJECTS BRIEF_DOCS "the libraries of the subjects that tools have, in order")

# nofail_isolated_subject(OBJECT LIBRARY SYMBOL): makes the file OBJECT, which is the library with all names but
# linked_subject's hidden, and that one renamed to SYMBOL.
function(nofail_isolated_subject object library symbol)
  add_custom_command(OUTPUT ${object}
    COMMAND ${CMAKE_COMMAND} -DLIBRARY=$<TARGET_FILE:${library}> -DSYMBOL=${symbol} -DOUT=${object}
      -DLINKER=${CMAKE_LINKER} -DNM=${CMAKE_NM} -DOBJCOPY=${CMAKE_OBJCOPY}
      -P ${PROJECT_SOURCE_DIR}/cmake/isolate_subject.cmake
    DEPENDS ${library} ${PROJECT_SOURCE_DIR}/cmake/isolate_subject.cmake VERBATIM)
endfunction()

# nofail_link_baseline(TARGET LIBRARY): links the subject of the library into TARGET as its baseline, beside the subject
# that TARGET is linked with.
function(nofail_link_baseline target library)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/baseline_${target}.o)
  nofail_isolated_subject(${object} ${library} linked_baseline)
  target_sources(${target} PRIVATE ${object})
endfunction()

# nofail_link_subjects(TARGET LIBRARY...): links the subjects of these libraries into TARGET. It also writes
# subjects.inc, which has a row NOFAIL_SUBJECT(linked_subject_...) for each subject, and adds its folder to TARGET's
# include path.
function(nofail_link_subjects target)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/subjects_${target})
  set(rows "")
  foreach(library IN LISTS ARGN)
    string(MAKE_C_IDENTIFIER ${library} name)
    set(object ${folder}/${name}.o)
    nofail_isolated_subject(${object} ${library} linked_subject_${name})
    target_sources(${target} PRIVATE ${object})
    string(APPEND rows "NOFAIL_SUBJECT(linked_subject_${name})\n")
  endforeach()
  file(CONFIGURE OUTPUT ${folder}/subjects.inc CONTENT "${rows}")
  target_include_directories(${target} PRIVATE ${folder})
endfunction()
