// Checkpoints are written by a thread of their own, so that training does not wait for the disk.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "common/base/serial_executor.h"
#include "common/formats/checkpoint.h"

namespace convoy::train {

// Calls `save` for one checkpoint after another, in the order of their submission, on one thread.
//
// Errors: a checkpoint that could not be saved does not stop the next. The first error since the
// last report is returned, once, by the next Submit or Flush; the caller decides whether to go on.
//
// Thread-compatible: one thread owns the writer. `save` runs on the writer's thread.
class CheckpointWriter {
 public:
  using SaveFunction = std::function<absl::Status(const formats::Checkpoint&)>;

  // `save` is usually formats::CheckpointStore::Save, whose store then belongs to this writer's
  // thread.
  explicit CheckpointWriter(SaveFunction save);

  // Saves what is pending first. An error is lost: call Flush before.
  ~CheckpointWriter() = default;
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  // Returns a checkpoint to fill in and Submit: an old one when there is one, for the memory of its
  // vectors. Its content is old too: assign every member. At most three exist in a steady state,
  // one being filled, one waiting and one being saved.
  std::unique_ptr<formats::Checkpoint> TakeBuffer();

  // Hands over `checkpoint`. Returns at once unless two are pending, one being saved and one
  // waiting: then it blocks until the first is saved. Returns an earlier checkpoint's error, if
  // any; `checkpoint` is accepted all the same.
  absl::Status Submit(std::unique_ptr<formats::Checkpoint> checkpoint);

  // Blocks until everything submitted is saved or has failed. Returns the first error that has not
  // been reported.
  absl::Status Flush();

 private:
  absl::Status Save(std::unique_ptr<formats::Checkpoint> checkpoint);

  const SaveFunction save_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<formats::Checkpoint>> free_;  // guarded by mutex_
  SerialExecutor executor_{/*max_waiting=*/1};              // last: its tasks use all of the above
};

}  // namespace convoy::train
