// Tells the thread sanitizer what absl's locks order. Debian's absl is not built with the
// sanitizer, which would call everything that they guard a data race. Where the sanitizer is on,
// the linker sends our calls of absl's functions here (--wrap, cmake/ThreadSanitizer.cmake); "real"
// are absl's own. CONVOY_ABSL is absl's namespace as it stands in their mangled names.
#include <sanitizer/tsan_interface.h>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

// Declares absl's function as real::name and ours in its place as wrap::name.
#define CONVOY_WRAPPED(result, name, parameters, symbol) \
  namespace real {                                       \
  result name parameters __asm__("__real__ZN" symbol);   \
  }                                                      \
  namespace wrap {                                       \
  result name parameters __asm__("__wrap__ZN" symbol);   \
  }

using absl::BlockingCounter;
using absl::Condition;
using absl::CondVar;
using absl::Mutex;
using absl::Notification;
using absl::Time;

CONVOY_WRAPPED(void, Lock, (Mutex*), CONVOY_ABSL "5Mutex4LockEv")
CONVOY_WRAPPED(void, Unlock, (Mutex*), CONVOY_ABSL "5Mutex6UnlockEv")
CONVOY_WRAPPED(bool, Await, (Mutex*, const Condition&, Time),
               CONVOY_ABSL "5Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE")
CONVOY_WRAPPED(bool, Wait, (CondVar*, Mutex*, Time),
               CONVOY_ABSL "7CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE")
CONVOY_WRAPPED(void, Notify, (Notification*), CONVOY_ABSL "12Notification6NotifyEv")
CONVOY_WRAPPED(void, Wait, (const Notification*),
               "K" CONVOY_ABSL "12Notification19WaitForNotificationEv")
CONVOY_WRAPPED(bool, Decrement, (BlockingCounter*),
               CONVOY_ABSL "15BlockingCounter14DecrementCountEv")
CONVOY_WRAPPED(void, Wait, (BlockingCounter*), CONVOY_ABSL "15BlockingCounter4WaitEv")

namespace wrap {

void Lock(Mutex* mutex) {
  real::Lock(mutex);
  __tsan_acquire(mutex);
}

void Unlock(Mutex* mutex) {
  __tsan_release(mutex);
  real::Unlock(mutex);
}

bool Wait(CondVar* changed, Mutex* mutex, Time deadline) {
  __tsan_release(mutex);
  const bool timed_out = real::Wait(changed, mutex, deadline);
  __tsan_acquire(mutex);
  return timed_out;
}

bool Await(Mutex* mutex, const Condition& until, Time deadline) {
  __tsan_release(mutex);
  const bool reached = real::Await(mutex, until, deadline);
  __tsan_acquire(mutex);
  return reached;
}

void Notify(Notification* event) {
  __tsan_release(event);
  real::Notify(event);
}

void Wait(const Notification* event) {
  real::Wait(event);
  __tsan_acquire(const_cast<Notification*>(event));
}

bool Decrement(BlockingCounter* counter) {
  __tsan_release(counter);
  return real::Decrement(counter);
}

void Wait(BlockingCounter* counter) {
  real::Wait(counter);
  __tsan_acquire(counter);
}

}  // namespace wrap
