#include "worker/train/stop_request.h"

#include <atomic>
#include <csignal>
#include <cstdint>
#include <ctime>

namespace convoy::train {
namespace {

// One wish may arrive twice: from a terminal and from the program in between.
constexpr int64_t kSameWishMillis = 500;

std::atomic<bool> g_stop_requested{false};
std::atomic<bool> g_cancel_requested{false};
std::atomic<int64_t> g_first_millis{0};  // of the steady clock; 0: no signal came
static_assert(std::atomic<int64_t>::is_always_lock_free);

int64_t NowMillis() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
}

void OnSignal(int signal) {
  g_stop_requested = true;
  const int64_t now = NowMillis();
  int64_t first = 0;
  if (g_first_millis.compare_exchange_strong(first, now) || now - first < kSameWishMillis) return;
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

}  // namespace

void InstallSignals() {
  struct sigaction action {};
  action.sa_handler = &OnSignal;
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1, SIGUSR2, SIGHUP}) {
    struct sigaction inherited {};
    ::sigaction(signal, nullptr, &inherited);
    if (inherited.sa_handler != SIG_IGN) ::sigaction(signal, &action, nullptr);
  }
}

void RequestCancel() {
  g_cancel_requested = true;
  g_stop_requested = true;
}

bool CancelRequested() { return g_cancel_requested; }

bool StopRequested() { return g_stop_requested.load(std::memory_order_relaxed); }

}  // namespace convoy::train
