// Models and checkpoints for tests: every number follows from the arguments, so that a test can
// tell whether a file is whole and of one piece.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/formats/checkpoint.h"

namespace convoy::formats::samples {

// Two convolution tensors, a dense layer, a moving mean that is not trained, a scalar and an empty
// tensor; the values depend on `seed`.
ModelFile Model(int64_t seed);

// A checkpoint in the middle of epoch 2 with Adam's slots, best weights and callback states; all of
// it depends on `global_step`.
Checkpoint CheckpointAt(int64_t global_step);

// The same with `extra_elems` more weights, for larger files.
Checkpoint LargeCheckpointAt(int64_t global_step, int64_t extra_elems);

// EncodeCheckpoint, for checkpoints that are valid.
std::string Encode(const Checkpoint& checkpoint);

std::string MessageOf(const absl::Status& status);

}  // namespace convoy::formats::samples
