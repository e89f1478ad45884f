// A network compiled to operations: for each run of layers the first implementation, from fast to
// general, that takes it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/nn/network.h"
#include "common/nn/plan/operation.h"

namespace convoy::nn {

// Immutable, so thread-safe. Depends on the network alone, never on timing or the machine's load.
class Plan {
 public:
  // One operation and where it stands.
  struct Stage {
    std::unique_ptr<Operation> operation;
    std::string layers;     // "conv1 + pool1"
    int64_t src_elems = 0;  // of one image
    int64_t dst_elems = 0;  // of one image
    int64_t prepared_offset = 0;
    bool has_parameters = false;
    int64_t parameters_begin = 0;  // of its layers, if it has any
    // Of an Add: what is added, the output of stage `skip` - 1, or the images for 0; -1: nothing.
    int skip = -1;
    bool feeds_skip = false;  // whether its output is added somewhere later
  };

  explicit Plan(Network network);

  const Network& network() const { return network_; }
  const std::vector<Stage>& stages() const { return stages_; }
  int64_t prepared_floats() const { return prepared_floats_; }

  // Writes what the operations need of new weights, [prepared_floats] aligned to a cache line, from
  // weights [num_parameters]. `prepared` must be aligned to a cache line.
  void Prepare(const float* weights, float* prepared) const;

  // Returns a line a stage, the layers and how they are computed; below it, indented, a line for
  // each faster way, why it was not taken.
  std::string Explain() const;

 private:
  // Returns the number of layers of the stage that begins with layer `first`.
  size_t AddStage(size_t first);
  void AddExplanation(const std::string& layers, const Match& match,
                      const std::vector<std::string>& declined);

  Network network_;
  std::vector<Stage> stages_;
  std::vector<size_t> stages_until_;  // [layers]: as many stages make the layer's output
  std::vector<std::string> explanation_;
  int64_t prepared_floats_ = 0;
};

}  // namespace convoy::nn
