// A fixed team of threads that run the same function side by side.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "absl/functional/function_ref.h"

namespace convoy {

// `size` threads, of which the caller is thread 0. Run is fork and join; between two calls the
// other threads sleep, after a short spin. Nothing is allocated by Run. Thread-compatible: one
// thread owns the team and calls Run, never from inside a Run.
//
// All threads, the caller too, compute as IEEE 754 says from the team's start on: rounded to
// nearest, subnormal numbers kept. A thread inherits its state from the one that made it, and a
// library that was built with -ffast-math changes that of the thread that loads it.
class ThreadTeam {
 public:
  explicit ThreadTeam(int size);
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int size() const { return static_cast<int>(threads_.size()) + 1; }

  // Calls work(thread) for every thread in [0, size()) and returns when all have returned. What
  // they wrote is visible to the caller afterwards.
  void Run(absl::FunctionRef<void(int thread)> work);

 private:
  void Serve(int thread);

  std::vector<std::thread> threads_;
  const absl::FunctionRef<void(int)>* work_ = nullptr;  // null ends the threads
  std::atomic<uint32_t> generation_{0};                 // moves when there is work
  std::atomic<int> running_{0};                         // threads that have not finished it
};

}  // namespace convoy
