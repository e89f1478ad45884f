// Threads that do what gRPC's callback threads must not wait for.
#pragma once

#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace convoy::coordinator {

// Thread-safe.
class TaskPool {
 public:
  TaskPool(int threads, size_t max_waiting);
  // Does what waits, then ends the threads.
  ~TaskPool();
  TaskPool(const TaskPool&) = delete;
  TaskPool& operator=(const TaskPool&) = delete;

  // Returns false, and does nothing, if as many tasks wait as may.
  bool Post(std::function<void()> task);

 private:
  void Serve();

  const size_t max_waiting_;
  absl::Mutex mutex_;
  std::deque<std::function<void()>> waiting_ ABSL_GUARDED_BY(mutex_);
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;  // last: they use all of the above
};

}  // namespace convoy::coordinator
