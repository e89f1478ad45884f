#include "common/base/serial_executor.h"

#include <future>
#include <memory>
#include <utility>

#include "common/base/check.h"

namespace convoy {

SerialExecutor::SerialExecutor(size_t max_waiting)
    : max_waiting_(max_waiting), thread_([this] { Serve(); }) {
  CONVOY_CHECK(max_waiting >= 1);
}

SerialExecutor::~SerialExecutor() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void SerialExecutor::Post(Task task) {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_.size() < max_waiting_; });
    waiting_.push_back(std::move(task));
  }
  changed_.notify_all();
}

absl::Status SerialExecutor::Run(const Task& task) {
  // Shared, because the caller may be gone before set_value has returned.
  const auto result = std::make_shared<std::promise<absl::Status>>();
  Post([result, &task] {
    result->set_value(task());
    return absl::OkStatus();
  });
  return result->get_future().get();
}

absl::Status SerialExecutor::Flush() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_.empty() && !running_; });
  return std::exchange(error_, absl::OkStatus());
}

absl::Status SerialExecutor::TakeError() {
  const std::lock_guard lock(mutex_);
  return std::exchange(error_, absl::OkStatus());
}

void SerialExecutor::Serve() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return !waiting_.empty() || ending_; });
    if (waiting_.empty()) return;
    Task task = std::move(waiting_.front());
    waiting_.pop_front();
    running_ = true;
    changed_.notify_all();
    lock.unlock();
    const absl::Status status = task();
    task = nullptr;  // what it holds is given back before anybody is told that it has run
    lock.lock();
    running_ = false;
    error_.Update(status);
    changed_.notify_all();
  }
}

}  // namespace convoy
