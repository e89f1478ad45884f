#include "client/process/wishes.h"

#include <atomic>
#include <csignal>
#include <cstdint>
#include <ctime>

namespace convoy::client {
namespace {

constexpr int64_t kSameWishMillis = 500;

std::atomic<int> g_wishes{0};
std::atomic<int64_t> g_first_millis{0};
static_assert(std::atomic<int64_t>::is_always_lock_free);

void OnWish(int /*signal*/) {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const int64_t millis = int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
  int64_t first = 0;
  if (g_first_millis.compare_exchange_strong(first, millis)) {
    g_wishes = 1;
  } else if (millis - first >= kSameWishMillis) {
    g_wishes = 2;
  }
}

}  // namespace

void HearWishes() {
  struct sigaction action {};
  action.sa_handler = &OnWish;
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) {
    struct sigaction inherited {};
    ::sigaction(signal, nullptr, &inherited);
    if (inherited.sa_handler != SIG_IGN) ::sigaction(signal, &action, nullptr);
  }
}

int Wishes() { return g_wishes; }

}  // namespace convoy::client
