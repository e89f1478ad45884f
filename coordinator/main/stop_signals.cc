#include "coordinator/main/stop_signals.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <ctime>

#include "common/base/check.h"
#include "common/base/status.h"

namespace convoy::coordinator {
namespace {

// One wish may arrive twice: from a terminal and from the program in between.
constexpr int64_t kSameWishMillis = 500;

// All that a handler of signals can reach. The eventfds stay readable once they are written to.
std::atomic<int64_t> g_first_millis{0};  // of the steady clock; 0: no signal came
static_assert(std::atomic<int64_t>::is_always_lock_free);
int g_asked = -1;
int g_ended = -1;

int64_t NowMillis() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
}

void Set(int event) {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(event, &one, sizeof one);
}

// Returns whether one of the events was set in time; -1 waits for ever.
bool AwaitEither(int event, int other, int milliseconds) {
  pollfd awaited[] = {{.fd = event, .events = POLLIN, .revents = 0},
                      {.fd = other, .events = POLLIN, .revents = 0}};
  int ready = 0;
  while ((ready = ::poll(awaited, 2, milliseconds)) < 0 && errno == EINTR) {
  }
  return ready > 0;
}

void OnSignal(int signal) {
  const int saved_errno = errno;
  const int64_t now = NowMillis();
  int64_t first = 0;
  if (g_first_millis.compare_exchange_strong(first, now)) {
    Set(g_asked);
  } else if (now - first >= kSameWishMillis) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
  }
  errno = saved_errno;
}

void EndInTime(int milliseconds) {
  AwaitEither(g_asked, g_ended, -1);
  if (AwaitEither(g_ended, g_ended, milliseconds)) return;
  constexpr char kLine[] = "coordinator: something does not end; it is ended all the same\n";
  // Not by the log, which may be what hangs; nor does a terminal that takes nothing hold this up.
  pollfd terminal{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
  if (::poll(&terminal, 1, 0) > 0) {
    [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, kLine, sizeof kLine - 1);
  }
  ::_exit(static_cast<int>(ExitCode::kFailed));
}

}  // namespace

StopSignals::StopSignals(absl::Duration time) {
  CONVOY_CHECK(g_asked < 0);
  g_asked = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  g_ended = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  CONVOY_CHECK(g_asked >= 0 && g_ended >= 0);
  struct sigaction action {};
  action.sa_handler = &OnSignal;
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGTERM, SIGINT}) {
    struct sigaction inherited {};
    ::sigaction(signal, nullptr, &inherited);
    if (inherited.sa_handler != SIG_IGN) ::sigaction(signal, &action, nullptr);
  }
  watchdog_ = std::thread(&EndInTime, static_cast<int>(absl::ToInt64Milliseconds(time)));
}

StopSignals::~StopSignals() {
  for (const int signal : {SIGTERM, SIGINT}) {
    if (std::signal(signal, SIG_DFL) == SIG_IGN) std::signal(signal, SIG_IGN);
  }
  Set(g_ended);
  watchdog_.join();
}

void StopSignals::Await() const { AwaitEither(g_asked, g_asked, -1); }

}  // namespace convoy::coordinator
