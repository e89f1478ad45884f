# How all of our code is compiled: the language, the warnings and the rules of floating-point
# arithmetic that the same-bits promise rests on.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

find_program(CONVOY_CCACHE ccache)
if(CONVOY_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CONVOY_CCACHE})
endif()

add_library(convoy_settings INTERFACE)
target_include_directories(convoy_settings INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(convoy_settings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wno-unused-parameter -Wno-missing-field-initializers
  $<$<CXX_COMPILER_ID:Clang>:-Wno-overlength-strings>  # the catalogues of po/ are built in as one
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>  # false alarms in std::string of g++ 12: gcc.gnu.org/PR105651
  # FMA only where it is written: the compiler must not fuse a multiplication and an addition in
  # one build, or in one loop body but not in its tail.
  -ffp-contract=off)
if(CONVOY_WERROR)
  target_compile_options(convoy_settings INTERFACE -Werror)
endif()
# Generated code takes this too: the classes of messages have a member more under the thread sanitizer.
add_library(convoy_sanitizer INTERFACE)
if(CONVOY_SANITIZE)
  target_compile_options(convoy_sanitizer INTERFACE -fsanitize=${CONVOY_SANITIZE} -fno-omit-frame-pointer
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)  # false alarms in std::regex under sanitizers: gcc.gnu.org/PR105562
  target_link_options(convoy_sanitizer INTERFACE -fsanitize=${CONVOY_SANITIZE})
endif()
target_link_libraries(convoy_settings INTERFACE convoy_sanitizer)
