// One thread and a queue: tasks run one after another, in the order in which they were given.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <limits>
#include <mutex>
#include <thread>

#include "absl/status/status.h"

namespace convoy {

// For work that its callers must not wait for (disk, network), and that must stay in order. A task
// that fails does not stop the next: the first error is kept until somebody takes it. Thread-safe,
// but a task must not call Post on a full queue, nor Flush.
class SerialExecutor {
 public:
  using Task = std::function<absl::Status()>;

  // Post waits while `max_waiting` tasks have not begun yet.
  explicit SerialExecutor(size_t max_waiting = std::numeric_limits<size_t>::max());

  // Runs what is waiting, then ends the thread. An error is lost: call Flush before.
  ~SerialExecutor();
  SerialExecutor(const SerialExecutor&) = delete;
  SerialExecutor& operator=(const SerialExecutor&) = delete;

  void Post(Task task);

  // Has `task` run and waits for its end. Returns its error, which is not kept.
  absl::Status Run(const Task& task);

  // Waits until no task waits or runs. Returns as TakeError.
  absl::Status Flush();

  // Returns the first error since it was last asked for, OK if there was none.
  absl::Status TakeError();

 private:
  void Serve();

  const size_t max_waiting_;
  std::mutex mutex_;
  // The members below are guarded by mutex_.
  std::condition_variable changed_;
  std::deque<Task> waiting_;
  bool running_ = false;
  bool ending_ = false;
  absl::Status error_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace convoy
