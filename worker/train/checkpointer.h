// Checkpoints of a training under way: from the ranks' shards to one file, and back.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/formats/checkpoint_store.h"
#include "common/formats/model_file.h"
#include "worker/comm/communicator.h"
#include "worker/step/training_step.h"
#include "worker/train/callbacks.h"
#include "worker/train/checkpoint_writer.h"
#include "worker/train/job.h"
#include "worker/train/progress.h"

namespace convoy::train {

// Thread-compatible: the rank's training thread makes all calls. Those marked COLLECTIVE return the
// same error on all ranks.
class Checkpointer {
 public:
  using OnSaved = std::function<void(int64_t global_step, const std::string& path)>;

  // `store` is rank 0's; null: no checkpoints are written. `on_saved` is told, in another thread,
  // of each one's step and file; may be empty. `run_id` is written into them. All references must
  // outlive this.
  Checkpointer(comm::Communicator& communicator, const Job& job, const nn::Network& network,
               step::TrainingStep& step, formats::CheckpointStore* store, OnSaved on_saved,
               std::string run_id);

  // COLLECTIVE. Sets weights, optimizer slots, `progress` and `callbacks` to the checkpoint's.
  absl::Status Restore(const formats::Checkpoint& checkpoint, Progress* progress,
                       Callbacks* callbacks);

  // COLLECTIVE. Has a checkpoint written, in another thread, unless the last one was of the same
  // position. Returns what prevented an earlier one from being written.
  absl::Status Save(const Progress& progress, const Callbacks& callbacks);

  // COLLECTIVE. Waits until all are written. Errors as Save.
  absl::Status Flush();

  // Returns the network with the weights in force.
  formats::ModelFile Model() const;

 private:
  void FillModel(formats::ModelFile* model) const;
  absl::StatusOr<std::vector<formats::OptimizerSlot>> GatherSlots();
  absl::StatusOr<std::vector<float>> GatherShards(const float* values);

  comm::Communicator& communicator_;
  const Job& job_;
  const nn::Network& network_;
  step::TrainingStep& step_;
  const std::string run_id_;
  std::unique_ptr<CheckpointWriter> writer_;  // rank 0 only
  std::optional<formats::Position> saved_;    // of the last checkpoint
};

}  // namespace convoy::train
