// Tells the thread sanitizer what absl's locks order. Debian's absl is not built with the
// sanitizer, which would call everything that they guard a data race. Where the sanitizer is on,
// the linker sends our calls of absl's functions here (--wrap, cmake/ThreadSanitizer.cmake); "real"
// are absl's own. CONVOY_ABSL is absl's namespace as it stands in their mangled names.
#include <sanitizer/tsan_interface.h>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

#define CONVOY_REAL(symbol) __asm__("__real__ZN" symbol)
#define CONVOY_WRAP(symbol) __asm__("__wrap__ZN" symbol)
#define CONVOY_WAIT CONVOY_ABSL "7CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE"
#define CONVOY_HAPPENED "K" CONVOY_ABSL "12Notification19WaitForNotificationEv"
#define CONVOY_AWAIT CONVOY_ABSL "5Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE"

namespace real {
using namespace absl;
void Lock(Mutex* mutex) CONVOY_REAL(CONVOY_ABSL "5Mutex4LockEv");
void Unlock(Mutex* mutex) CONVOY_REAL(CONVOY_ABSL "5Mutex6UnlockEv");
bool Wait(CondVar* changed, Mutex* mutex, Time deadline) CONVOY_REAL(CONVOY_WAIT);
bool Await(Mutex* mutex, const Condition& until, Time deadline) CONVOY_REAL(CONVOY_AWAIT);
void Notify(Notification* event) CONVOY_REAL(CONVOY_ABSL "12Notification6NotifyEv");
void Wait(const Notification* event) CONVOY_REAL(CONVOY_HAPPENED);
bool Decrement(BlockingCounter* counter)
    CONVOY_REAL(CONVOY_ABSL "15BlockingCounter14DecrementCountEv");
void Wait(BlockingCounter* counter) CONVOY_REAL(CONVOY_ABSL "15BlockingCounter4WaitEv");
}  // namespace real

namespace wrap {
using namespace absl;
void Lock(Mutex* mutex) CONVOY_WRAP(CONVOY_ABSL "5Mutex4LockEv");
void Unlock(Mutex* mutex) CONVOY_WRAP(CONVOY_ABSL "5Mutex6UnlockEv");
bool Wait(CondVar* changed, Mutex* mutex, Time deadline) CONVOY_WRAP(CONVOY_WAIT);
bool Await(Mutex* mutex, const Condition& until, Time deadline) CONVOY_WRAP(CONVOY_AWAIT);
void Notify(Notification* event) CONVOY_WRAP(CONVOY_ABSL "12Notification6NotifyEv");
void Wait(const Notification* event) CONVOY_WRAP(CONVOY_HAPPENED);
bool Decrement(BlockingCounter* counter)
    CONVOY_WRAP(CONVOY_ABSL "15BlockingCounter14DecrementCountEv");
void Wait(BlockingCounter* counter) CONVOY_WRAP(CONVOY_ABSL "15BlockingCounter4WaitEv");

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
