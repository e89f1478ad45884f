#include "worker/train/checkpoint_writer.h"

#include <utility>

#include "common/base/check.h"

namespace convoy::train {

CheckpointWriter::CheckpointWriter(SaveFunction save)
    : save_(std::move(save)), thread_([this] { Serve(); }) {}

CheckpointWriter::~CheckpointWriter() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::unique_ptr<formats::Checkpoint> CheckpointWriter::TakeBuffer() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (free_.empty()) return std::make_unique<formats::Checkpoint>();
  std::unique_ptr<formats::Checkpoint> buffer = std::move(free_.back());
  free_.pop_back();
  return buffer;
}

absl::Status CheckpointWriter::Submit(std::unique_ptr<formats::Checkpoint> checkpoint) {
  CONVOY_CHECK(checkpoint != nullptr);
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return waiting_ == nullptr; });
  waiting_ = std::move(checkpoint);
  changed_.notify_all();
  return TakeError();
}

absl::Status CheckpointWriter::Flush() {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return waiting_ == nullptr && !saving_; });
  return TakeError();
}

absl::Status CheckpointWriter::TakeError() { return std::exchange(error_, absl::OkStatus()); }

void CheckpointWriter::Serve() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return waiting_ != nullptr || ending_; });
    if (waiting_ == nullptr) return;
    std::unique_ptr<formats::Checkpoint> checkpoint = std::move(waiting_);
    saving_ = true;
    changed_.notify_all();
    lock.unlock();
    const absl::Status status = save_(*checkpoint);
    lock.lock();
    if (error_.ok()) error_ = status;
    free_.push_back(std::move(checkpoint));
    saving_ = false;
    changed_.notify_all();
  }
}

}  // namespace convoy::train
