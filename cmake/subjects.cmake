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

# nofail_subject_sources(LIBRARY ROOT FILE...): says which files the subject of the library is made of, as paths from
# ROOT. A certificate has their hashes.
function(nofail_subject_sources library root)
  set_target_properties(${library} PROPERTIES NOFAIL_ROOT "${root}" NOFAIL_SOURCES "${ARGN}")
endfunction()

# nofail_sites_relative_to(LIBRARY FOLDER): sites of the subject of the library name files as paths from FOLDER.
function(nofail_sites_relative_to library folder)
  # A ccache that is told a base directory hands relative names to the compiler.
  file(RELATIVE_PATH relative ${CMAKE_BINARY_DIR} ${folder})
  string(REGEX REPLACE "/$" "" relative "${relative}")
  target_compile_options(${library} PRIVATE -fmacro-prefix-map=${folder}/= -fmacro-prefix-map=${relative}/=)
  set_target_properties(${library} PROPERTIES NOFAIL_SITES "${folder}")
endfunction()

# nofail_hash_sources(OUT ROW ROOT SHIM FILE...): makes the file OUT, which says what is in these files and in SHIM, a
# file anywhere, or "" (hash_sources.cmake).
function(nofail_hash_sources out row root shim)
  list(JOIN ARGN "," files)
  list(TRANSFORM ARGN PREPEND "${root}/" OUTPUT_VARIABLE paths)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DROW=${row} -DROOT=${root} -DSHIM=${shim} -DFILES=${files}
      -P ${PROJECT_SOURCE_DIR}/cmake/hash_sources.cmake
    DEPENDS ${paths} ${shim} ${PROJECT_SOURCE_DIR}/cmake/hash_sources.cmake VERBATIM)
endfunction()

# nofail_link_subjects(TARGET LIBRARY...): links the subjects of these libraries into TARGET. It also writes
# subjects.inc, which has a row NOFAIL_SUBJECT(linked_subject_..., "FOLDER") for each subject, with the folder that its
# sites are relative to; for each subject sources_<name>.inc, with a row NOFAIL_SOURCE(linked_subject_..., "NAME",
# "HASH") for each file that it is made of; and sources.inc, which includes those. It adds their folder to TARGET's
# include path, and defines NOFAIL_ROOT as the folder of this suite.
function(nofail_link_subjects target)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/subjects_${target})
  set(rows "")
  set(includes "")
  foreach(library IN LISTS ARGN)
    string(MAKE_C_IDENTIFIER ${library} name)
    set(object ${folder}/${name}.o)
    nofail_isolated_subject(${object} ${library} linked_subject_${name})
    target_sources(${target} PRIVATE ${object})
    get_target_property(sites ${library} NOFAIL_SITES)
    string(APPEND rows "NOFAIL_SUBJECT(linked_subject_${name}, \"${sites}\")\n")
    get_target_property(root ${library} NOFAIL_ROOT)
    get_target_property(files ${library} NOFAIL_SOURCES)
    if(NOT files)
      message(FATAL_ERROR "${library}: say with nofail_subject_sources() which files the subject is made of")
    endif()
    set(sources ${folder}/sources_${name}.inc)
    get_target_property(shim ${library} NOFAIL_SHIM)
    if(NOT shim)
      set(shim "")
    endif()
    nofail_hash_sources(${sources} "NOFAIL_SOURCE(linked_subject_${name}, " ${root} "${shim}" ${files})
    target_sources(${target} PRIVATE ${sources})
    string(APPEND includes "#include \"sources_${name}.inc\"\n")
  endforeach()
  file(CONFIGURE OUTPUT ${folder}/subjects.inc CONTENT "${rows}")
  file(CONFIGURE OUTPUT ${folder}/sources.inc CONTENT "${includes}")
  target_include_directories(${target} PRIVATE ${folder})
  target_compile_definitions(${target} PRIVATE NOFAIL_ROOT="${PROJECT_SOURCE_DIR}")
endfunction()
