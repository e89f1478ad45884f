// The optimizer's slots are sharded (ZeRO stage 1), checkpoints are not: rank 0 gathers every
// rank's shard and puts each range where it stands among the parameters, so that a run can go on
// with another number of ranks. On the way back every rank takes whole slots, of which it keeps its
// own shard up to date.
#include "worker/train/checkpointer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/kernels/blas/gemm.h"
#include "common/kernels/simd/isa.h"
#include "worker/step/sharding_plan.h"
#include "worker/train/slot_packing.h"

namespace convoy::train {
Checkpointer::Checkpointer(comm::Communicator& communicator, const Job& job,
                           const nn::Network& network, step::TrainingStep& step,
                           formats::CheckpointStore* store, OnSaved on_saved, std::string run_id)
    : communicator_(communicator),
      job_(job),
      network_(network),
      step_(step),
      run_id_(std::move(run_id)) {
  if (store == nullptr) return;
  writer_ = std::make_unique<CheckpointWriter>([store, on_saved = std::move(on_saved)](
                                                   const formats::Checkpoint& checkpoint) {
    const absl::Status saved = store->Save(checkpoint);
    const int64_t number = checkpoint.position.global_step;
    if (saved.ok() && on_saved) {
      on_saved(number, absl::StrCat(store->directory(), "/", formats::CheckpointFileName(number)));
    }
    return saved;
  });
}

absl::Status Checkpointer::Restore(const formats::Checkpoint& checkpoint, Progress* progress,
                                   Callbacks* callbacks) {
  std::vector<float> weights;
  for (const formats::NamedTensor& tensor : checkpoint.model.tensors) {
    weights.insert(weights.end(), tensor.data.begin(), tensor.data.end());
  }
  CONVOY_RETURN_IF_ERROR(step_.SetWeights(weights.data()));
  for (size_t i = 0; i < step_.slots().slot_names().size(); ++i) {
    CopyFromTrainable(network_, checkpoint.optimizer.slots[i].values, step_.slots().slot(i).data());
  }
  progress->position = checkpoint.position;
  progress->sums = checkpoint.sums;
  progress->history = checkpoint.history;
  progress->best = checkpoint.best;
  progress->epoch_seconds = checkpoint.run.epoch_train_seconds;
  progress->epoch_seconds.resize(static_cast<size_t>(checkpoint.position.epoch) + 1);
  progress->restarts = checkpoint.run.restarts + 1;
  saved_ = checkpoint.position;
  return callbacks->Load(checkpoint.callbacks);
}

absl::Status Checkpointer::Save(const Progress& progress, const Callbacks& callbacks) {
  if (saved_ == progress.position) return absl::OkStatus();
  CONVOY_ASSIGN_OR_RETURN(std::vector<formats::OptimizerSlot> slots, GatherSlots());
  absl::Status submitted;
  if (writer_ != nullptr) {
    std::unique_ptr<formats::Checkpoint> checkpoint = writer_->TakeBuffer();
    FillModel(&checkpoint->model);
    checkpoint->position = progress.position;
    checkpoint->sums = progress.sums;
    checkpoint->history = progress.history;
    checkpoint->optimizer = {.step_count = progress.position.global_step,
                             .slots = std::move(slots)};
    checkpoint->best = progress.best;
    checkpoint->callbacks = callbacks.Save();
    checkpoint->run = {.run_id = run_id_,
                       .restarts = progress.restarts,
                       .epoch_train_seconds = progress.epoch_seconds,
                       .blas_config = kernels::BlasConfig()};
    submitted = writer_->Submit(std::move(checkpoint));
  }
  saved_ = progress.position;
  return comm::Agree(communicator_, submitted);
}

absl::Status Checkpointer::Flush() {
  return comm::Agree(communicator_, writer_ == nullptr ? absl::OkStatus() : writer_->Flush());
}

formats::ModelFile Checkpointer::Model() const {
  formats::ModelFile model;
  FillModel(&model);
  return model;
}

// Assigns every member: the model may be one that was filled before.
void Checkpointer::FillModel(formats::ModelFile* model) const {
  model->model_textproto = nn::ModelSpecToText(job_.recipe.model);
  model->recipe_textproto = RecipeToText(job_.recipe_proto);
  model->data_sha256 = job_.data_sha256;
  model->class_names = job_.class_names;
  model->image_form = job_.image_form;
  model->kernel_family = {.isa = std::string(IsaName(kernels::CurrentIsa())),
                          .blas_core = kernels::BlasCore()};
  const std::vector<nn::Parameter> parameters = network_.Parameters();
  model->tensors.resize(parameters.size());
  for (size_t i = 0; i < parameters.size(); ++i) {
    formats::NamedTensor& tensor = model->tensors[i];
    tensor.name = parameters[i].name;
    tensor.shape = parameters[i].shape;
    tensor.trainable = parameters[i].trainable;
    const float* values = step_.weights().current() + parameters[i].offset;
    tensor.data.assign(values, values + parameters[i].size);
  }
  model->metrics.clear();
}

// Rank 0 gets the slots of all ranks in the parameters' order; the others nothing.
absl::StatusOr<std::vector<formats::OptimizerSlot>> Checkpointer::GatherSlots() {
  step::RangeOptimizer& optimizer = step_.slots();
  const bool root = communicator_.rank() == 0;
  const bool all_at_root = step::TotalSize(step_.UpdatedBy(0)) == network_.num_parameters();
  std::vector<formats::OptimizerSlot> slots(optimizer.slot_names().size());
  for (size_t i = 0; i < slots.size(); ++i) {
    slots[i].name = optimizer.slot_names()[i];
    std::vector<float>& values = slots[i].values;
    const AlignedBuffer<float>& own = optimizer.slot(i);
    if (!all_at_root) {
      CONVOY_ASSIGN_OR_RETURN(values, GatherShards(own.data()));
    } else if (root) {
      values.assign(own.begin(), own.end());
    }
    if (root) KeepTrainable(network_, &values);
  }
  return slots;
}

// Returns, on rank 0, every rank's shard of `values` [num_parameters] at its place.
absl::StatusOr<std::vector<float>> Checkpointer::GatherShards(const float* values) {
  std::vector<int64_t> counts;
  std::vector<int64_t> offsets;
  int64_t total = 0;
  for (int rank = 0; rank < communicator_.world_size(); ++rank) {
    counts.push_back(step::TotalSize(step_.UpdatedBy(rank)));
    offsets.push_back(total);
    total += counts.back();
  }
  std::vector<float> own;
  for (const data::Range& range : step_.UpdatedBy(communicator_.rank())) {
    own.insert(own.end(), values + range.begin, values + range.end);
  }
  const bool root = communicator_.rank() == 0;
  std::vector<float> packed(root ? static_cast<size_t>(total) : 0);
  CONVOY_RETURN_IF_ERROR(communicator_.GatherParts(own.data(), packed.data(), counts, offsets, 0));
  std::vector<float> placed(packed.size());
  auto next = packed.begin();
  for (int rank = 0; root && rank < communicator_.world_size(); ++rank) {
    for (const data::Range& range : step_.UpdatedBy(rank)) {
      std::copy(next, next + range.size(), placed.begin() + range.begin);
      next += range.size();
    }
  }
  return placed;
}

}  // namespace convoy::train
