cmake_minimum_required(VERSION 3.25)
# Run at build time: writes the header with the commit that is being built, only when it changed.
execute_process(COMMAND git -C ${SOURCE_DIR} rev-parse HEAD
  OUTPUT_VARIABLE COMMIT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE FAILED)
if(FAILED)
  set(COMMIT unknown)
else()
  execute_process(COMMAND git -C ${SOURCE_DIR} status --porcelain --untracked-files=no
    OUTPUT_VARIABLE CHANGES ERROR_QUIET)
  if(CHANGES)
    string(APPEND COMMIT -dirty)
  endif()
endif()
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#pragma once\n#define CONVOY_GIT_COMMIT \"@COMMIT@\"\n" @ONLY)
