# convoy_tsan: linked into every program where the thread sanitizer is on, empty elsewhere. It tells
# the sanitizer of absl's locks (tests/support/tsan_absl.cc).
add_library(convoy_tsan INTERFACE)
if(NOT CONVOY_SANITIZE MATCHES thread OR NOT BUILD_TESTING)
  return()
endif()

# absl's inline namespace differs between distributions.
find_path(CONVOY_ABSL_INCLUDE absl/base/options.h REQUIRED)
file(STRINGS ${CONVOY_ABSL_INCLUDE}/absl/base/options.h NAMESPACE
  REGEX "^#define ABSL_OPTION_INLINE_NAMESPACE_NAME ")
string(REGEX REPLACE ".* " "" NAMESPACE "${NAMESPACE}")
string(LENGTH "${NAMESPACE}" LENGTH)
set(SCOPE 4absl${LENGTH}${NAMESPACE})
set(CONVOY_ABSL_SCOPE ${SCOPE})  # for tests/support, where convoy_tsan_absl is

target_link_libraries(convoy_tsan INTERFACE convoy_tsan_absl $<TARGET_OBJECTS:convoy_tsan_absl>)
foreach(SYMBOL
    ${SCOPE}5Mutex4LockEv
    ${SCOPE}5Mutex6UnlockEv
    ${SCOPE}5Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE
    ${SCOPE}7CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE
    ${SCOPE}12Notification6NotifyEv
    K${SCOPE}12Notification19WaitForNotificationEv
    ${SCOPE}15BlockingCounter14DecrementCountEv
    ${SCOPE}15BlockingCounter4WaitEv)
  target_link_options(convoy_tsan INTERFACE -Wl,--wrap=_ZN${SYMBOL})
endforeach()
