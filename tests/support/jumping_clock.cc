// Loaded before the C library (LD_PRELOAD): a wall clock that somebody sets while the program runs.
// The file that CONVOY_TEST_CLOCK names holds by how many seconds it is wrong, 8 bytes, and may
// change at any time. The steady clock is left alone, as setting a clock leaves it.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

int64_t Wrong() {
  static const volatile int64_t* seconds = [] {
    const char* path = std::getenv("CONVOY_TEST_CLOCK");
    const int file = path == nullptr ? -1 : ::open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) std::abort();
    void* memory = ::mmap(nullptr, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
    ::close(file);
    if (memory == MAP_FAILED) std::abort();
    return static_cast<const volatile int64_t*>(memory);
  }();
  return *seconds;
}

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  static auto* real =
      reinterpret_cast<int (*)(clockid_t, timespec*)>(::dlsym(RTLD_NEXT, "clock_gettime"));
  const int code = real(clock, time);
  if (code == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
    time->tv_sec += Wrong();
  return code;
}

extern "C" int gettimeofday(timeval* __restrict time, void* __restrict) noexcept {
  timespec now;
  const int code = ::clock_gettime(CLOCK_REALTIME, &now);
  if (code == 0) *time = {now.tv_sec, now.tv_nsec / 1000};
  return code;
}

extern "C" time_t time(time_t* result) noexcept {
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  if (result != nullptr) *result = now.tv_sec;
  return now.tv_sec;
}
