// A checkpoint: everything that training needs to go on as if it had never stopped, at any world
// size and thread count.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/formats/model_file.h"

namespace convoy::formats {

struct Position {
  int64_t epoch = 0;          // the one in progress, from 0; that many are finished
  int64_t step_in_epoch = 0;  // steps done of it
  int64_t global_step = 0;    // steps done since the start
  int64_t images_seen = 0;    // images trained on since the start

  bool operator==(const Position&) const = default;
};

// Exact sums over the training images of the unfinished epoch.
struct MetricSums {
  double loss_sum = 0;
  int64_t correct = 0;
  int64_t count = 0;

  bool operator==(const MetricSums&) const = default;
};

// One array of the optimizer, such as Adam's first moments: not sharded, over all trainable tensors
// in their order. Its name is 1 to 24 characters of a-z, 0-9, '_', '.', '-' and '/'.
struct OptimizerSlot {
  std::string name;
  std::vector<float> values;
};

struct OptimizerState {
  int64_t step_count = 0;
  std::vector<OptimizerSlot> slots;
};

// The best weights so far by a monitored metric.
struct BestWeights {
  std::string monitor;  // such as "val_loss"
  double value = 0;
  int64_t epoch = 0;          // the finished epoch that gave them, from 0
  std::vector<float> values;  // over all tensors, trainable and not, in their order
};

// What differs between two runs of one recipe; not covered by the same-bits promise.
struct RunInfo {
  std::string run_id;
  int64_t restarts = 0;
  std::vector<double> epoch_train_seconds;  // of each finished epoch, then of the unfinished one
  std::string blas_config;  // version and build options of OpenBLAS; "" in older files
};

struct Checkpoint {
  ModelFile model;  // current weights; here the recipe and data_sha256 say how training goes on
  Position position;
  MetricSums sums;
  metrics::History history;  // metrics of each finished epoch, in order
  OptimizerState optimizer;
  std::optional<BestWeights> best;
  std::map<std::string, std::string> callbacks;  // name -> its state, any bytes
  RunInfo run;
};

// Returns INVALID_ARGUMENT if parts contradict one another: besides ValidateModel, a slot whose
// size is not that of the trainable tensors, best weights whose size is not that of all tensors, a
// history without one entry per finished epoch, a negative position or count, names that are not
// proper.
absl::Status ValidateCheckpoint(const Checkpoint& checkpoint);

// Writes the file's bytes into `*bytes`, whose memory is reused. The same content gives the same
// bytes. Errors as ValidateCheckpoint.
absl::Status EncodeCheckpoint(const Checkpoint& checkpoint, std::string* bytes);

// Reads what EncodeCheckpoint wrote; `name` is the file's, for messages. Errors as
// ContainerReader::Parse; INVALID_ARGUMENT if it is a model, DATA_LOSS if parts contradict one
// another.
absl::StatusOr<Checkpoint> DecodeCheckpoint(std::string bytes, std::string name);

}  // namespace convoy::formats
