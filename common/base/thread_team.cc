#include "common/base/thread_team.h"

#include <cfenv>

#include "common/base/check.h"

namespace convoy {
namespace {

// About 20 us: longer than a fork takes when all threads have a core, short enough to yield the
// core soon when they have not.
constexpr int kSpins = 2000;

void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

void ComputeAsIeee754() { CONVOY_CHECK_EQ(std::fesetenv(FE_DFL_ENV), 0); }

// Waits until `value` is no longer `old`.
template <typename T>
void WaitWhileEqual(const std::atomic<T>& value, T old) {
  for (int spin = 0; spin < kSpins; ++spin) {
    if (value.load(std::memory_order_acquire) != old) return;
    Pause();
  }
  value.wait(old, std::memory_order_acquire);
}

}  // namespace

ThreadTeam::ThreadTeam(int size) {
  CONVOY_CHECK_GE(size, 1);
  ComputeAsIeee754();
  threads_.reserve(static_cast<size_t>(size - 1));
  for (int thread = 1; thread < size; ++thread) {
    threads_.emplace_back([this, thread] { Serve(thread); });
  }
}

ThreadTeam::~ThreadTeam() {
  work_ = nullptr;
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void ThreadTeam::Run(absl::FunctionRef<void(int thread)> work) {
  if (threads_.empty()) {
    work(0);
    return;
  }
  work_ = &work;
  running_.store(static_cast<int>(threads_.size()), std::memory_order_relaxed);
  generation_.fetch_add(1, std::memory_order_release);
  generation_.notify_all();
  work(0);
  for (int left = running_.load(std::memory_order_acquire); left != 0;
       left = running_.load(std::memory_order_acquire)) {
    WaitWhileEqual(running_, left);
  }
}

void ThreadTeam::Serve(int thread) {
  ComputeAsIeee754();
  for (uint32_t seen = 0;; ++seen) {
    WaitWhileEqual(generation_, seen);
    if (work_ == nullptr) return;
    (*work_)(thread);
    if (running_.fetch_sub(1, std::memory_order_acq_rel) == 1) running_.notify_all();
  }
}

}  // namespace convoy
