#include "worker/train/checkpoint_writer.h"

#include <utility>

#include "common/base/check.h"

namespace convoy::train {

CheckpointWriter::CheckpointWriter(SaveFunction save) : save_(std::move(save)) {}

std::unique_ptr<formats::Checkpoint> CheckpointWriter::TakeBuffer() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (free_.empty()) return std::make_unique<formats::Checkpoint>();
  std::unique_ptr<formats::Checkpoint> buffer = std::move(free_.back());
  free_.pop_back();
  return buffer;
}

absl::Status CheckpointWriter::Submit(std::unique_ptr<formats::Checkpoint> checkpoint) {
  CONVOY_CHECK(checkpoint != nullptr);
  // A task can be copied, so what it holds has to be.
  const auto held = std::make_shared<std::unique_ptr<formats::Checkpoint>>(std::move(checkpoint));
  executor_.Post([this, held] { return Save(std::move(*held)); });
  return executor_.TakeError();
}

absl::Status CheckpointWriter::Flush() { return executor_.Flush(); }

absl::Status CheckpointWriter::Save(std::unique_ptr<formats::Checkpoint> checkpoint) {
  absl::Status status = save_(*checkpoint);
  const std::lock_guard<std::mutex> lock(mutex_);
  free_.push_back(std::move(checkpoint));
  return status;
}

}  // namespace convoy::train
