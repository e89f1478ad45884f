# One line a target: convoy_library, convoy_program, convoy_tests, convoy_mpi_tests.

# Tests run once for every time that they are built: optimising them would cost more than it gives.
# What they test is in libraries, built as users get it.
add_library(convoy_test_settings INTERFACE)
target_compile_options(convoy_test_settings INTERFACE $<$<CONFIG:Release>:-O1>)
target_link_libraries(convoy_test_settings INTERFACE convoy_settings GTest::gmock GTest::gtest)

# What costs in a build is the headers of libraries, not our code. So the sources of a folder are compiled
# some at a time, each group as one (CMake's unity builds), unless its target is SEPARATE: sources that
# Highway compiles once for each instruction set, and folders whose sources have names of their own for
# different things. -DCONVOY_UNITY=OFF compiles every source alone, which a change of one source likes.
option(CONVOY_UNITY "Compile the sources of a folder together" ON)
function(convoy_compile_together NAME SEPARATE)
  if(CONVOY_UNITY AND NOT SEPARATE)
    set_target_properties(${NAME} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 24)
  endif()
endfunction()

# convoy_optimize_little()
# For a folder of texts, messages and files, whose time is not a user's: kernels, training, pictures and data keep -O3.
macro(convoy_optimize_little)
  add_compile_options($<$<CONFIG:Release>:-O1>)
endmacro()

# convoy_library(NAME [SEPARATE] SOURCES file... [LIBS target...])
# A folder's library. Headers are found from the project's root: #include "common/base/status.h".
function(convoy_library NAME)
  cmake_parse_arguments(ARG "SEPARATE" "" "SOURCES;LIBS" ${ARGN})
  add_library(${NAME} STATIC ${ARG_SOURCES})
  target_link_libraries(${NAME} PUBLIC convoy_settings ${ARG_LIBS})
  convoy_compile_together(${NAME} ${ARG_SEPARATE})
endfunction()

# convoy_program(NAME SOURCES file... [LIBS target...])
function(convoy_program NAME)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${NAME} ${ARG_SOURCES})
  target_link_libraries(${NAME} PRIVATE convoy_settings convoy_tsan ${ARG_LIBS})
endfunction()

# convoy_tests(NAME [SEPARATE] LABEL unit|integration SOURCES file_test.cc... [LIBS target...])
# One program, and one ctest, for a folder's GoogleTest files: most cases take less time than a program's start.
function(convoy_tests NAME)
  cmake_parse_arguments(ARG "SEPARATE" "LABEL" "SOURCES;LIBS" ${ARGN})
  if(NOT BUILD_TESTING)
    return()
  endif()
  add_executable(${NAME} ${ARG_SOURCES})
  target_link_libraries(${NAME} PRIVATE convoy_test_settings convoy_tsan ${ARG_LIBS} convoy_test_main)
  set_target_properties(${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  convoy_compile_together(${NAME} ${ARG_SEPARATE})
  add_test(NAME ${NAME} COMMAND ${NAME})
  set_tests_properties(${NAME} PROPERTIES LABELS ${ARG_LABEL})
endfunction()

# convoy_mpi_tests(NAME SOURCES file_test.cc... [LIBS target...])
# A GoogleTest program that runs whole under mpirun, once a world size: 1, 2, 3 and 4 ranks.
function(convoy_mpi_tests NAME)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  if(NOT BUILD_TESTING)
    return()
  endif()
  add_executable(${NAME} ${ARG_SOURCES})
  target_link_libraries(${NAME} PRIVATE convoy_test_settings convoy_tsan ${ARG_LIBS} convoy_mpi_test_main)
  set_target_properties(${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  foreach(RANKS 1 2 3 4)
    add_test(NAME ${NAME}.np${RANKS}
      COMMAND ${PROJECT_SOURCE_DIR}/tests/support/mpirun.sh ${RANKS} $<TARGET_FILE:${NAME}> --world-size=${RANKS})
    set_tests_properties(${NAME}.np${RANKS} PROPERTIES LABELS mpi PROCESSORS 2 TIMEOUT 120)
  endforeach()
endfunction()
