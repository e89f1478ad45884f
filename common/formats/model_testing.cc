#include "common/formats/model_testing.h"

#include <utility>

#include "common/base/check.h"

namespace convoy::formats::samples {
namespace {

// Values that look like weights, none of them equal to its neighbours'.
std::vector<float> Values(int64_t num_elems, int64_t seed) {
  std::vector<float> values(static_cast<size_t>(num_elems));
  auto state = static_cast<uint32_t>(seed) * 2654435761U + 1U;
  for (float& value : values) {
    state = state * 1664525U + 1013904223U;
    value = static_cast<float>(static_cast<int32_t>(state)) * 0x1p-31F;
  }
  return values;
}

NamedTensor Tensor(std::string name, Shape shape, bool trainable, int64_t seed) {
  const int64_t num_elems = NumElems(shape).value();
  return {std::move(name), std::move(shape), trainable, Values(num_elems, seed)};
}

}  // namespace

ModelFile Model(int64_t seed) {
  ModelFile model;
  model.model_textproto = "name: \"sample\" layer { conv2d { filters: 5 } }\n";
  model.recipe_textproto = "batch_size: 128\nseed: 42\n";
  model.data_sha256 = std::string(63, 'a') + "7";
  model.kernel_family = {"avx2", "Haswell"};
  model.tensors = {Tensor("conv2d/kernel:0", {3, 3, 1, 5}, true, seed),
                   Tensor("conv2d/bias:0", {5}, true, seed + 1),
                   Tensor("norm/moving_mean:0", {5}, false, seed + 2),
                   Tensor("empty/kernel:0", {0, 7}, true, seed + 3),
                   Tensor("scale:0", {}, true, seed + 4),
                   Tensor("dense/kernel:0", {7, 3}, true, seed + 5)};
  model.metrics = {{"test_loss", 0.03125 + static_cast<double>(seed)}, {"test_accuracy", 0.99}};
  return model;
}

Checkpoint LargeCheckpointAt(int64_t global_step, int64_t extra_elems) {
  Checkpoint checkpoint;
  checkpoint.model = Model(global_step);
  checkpoint.model.metrics.clear();
  if (extra_elems > 0) {
    checkpoint.model.tensors.push_back(
        Tensor("extra/kernel:0", {extra_elems}, true, global_step + 6));
  }
  const std::vector<NamedTensor>& tensors = checkpoint.model.tensors;
  const int64_t trainable = TotalElems(tensors, /*only_trainable=*/true);
  const int64_t all = TotalElems(tensors, /*only_trainable=*/false);
  const auto number = static_cast<double>(global_step);
  checkpoint.position = {2, global_step % 100, global_step, global_step * 128};
  checkpoint.sums = {0.1 * number, global_step, global_step + 5};
  checkpoint.history = {{{"loss", 0.2 + number}, {"accuracy", 0.9}, {"val_loss", 1.0 / 3.0}},
                        {{"loss", 0.1 + number}, {"accuracy", 0.95}, {"val_loss", 0.1}}};
  checkpoint.optimizer.step_count = global_step;
  checkpoint.optimizer.slots = {{"m", Values(trainable, global_step + 7)},
                                {"v", Values(trainable, global_step + 8)}};
  checkpoint.best = BestWeights{"val_loss", 0.1, 1, Values(all, global_step + 9)};
  checkpoint.callbacks = {{"early_stopping", std::string("\0\xff wait=2", 9)}, {"empty", ""}};
  checkpoint.run = {"20260102-030405-abc", 3, {12.5, 11.25, 0.5}};
  return checkpoint;
}

Checkpoint CheckpointAt(int64_t global_step) { return LargeCheckpointAt(global_step, 0); }

std::string Encode(const Checkpoint& checkpoint) {
  std::string bytes;
  CONVOY_CHECK(EncodeCheckpoint(checkpoint, &bytes).ok());
  return bytes;
}

std::string MessageOf(const absl::Status& status) { return std::string(status.message()); }

}  // namespace convoy::formats::samples
