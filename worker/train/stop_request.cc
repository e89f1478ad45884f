#include "worker/train/stop_request.h"

#include <atomic>
#include <csignal>

namespace convoy::train {
namespace {

std::atomic<bool> g_stop_requested{false};
std::atomic<bool> g_cancel_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void OnSignal(int signal) {
  if (g_stop_requested.exchange(true) && signal == SIGINT) {
    std::signal(SIGINT, SIG_DFL);
    std::raise(SIGINT);
  }
}

}  // namespace

void InstallSignals() {
  struct sigaction action {};
  action.sa_handler = &OnSignal;
  action.sa_flags = SA_RESTART;
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1}) sigaction(signal, &action, nullptr);
  // A file beyond the limit of ulimit -f is then a failed write, which is reported.
  std::signal(SIGXFSZ, SIG_IGN);
}

void RequestCancel() {
  g_cancel_requested = true;
  g_stop_requested = true;
}

bool CancelRequested() { return g_cancel_requested; }

bool StopRequested() { return g_stop_requested.load(std::memory_order_relaxed); }

}  // namespace convoy::train
