#include "common/nn/plan/plan.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/aligned_buffer.h"
#include "common/base/check.h"
#include "common/nn/geometry.h"
#include "common/nn/plan/layer_operations.h"

namespace convoy::nn {
namespace {

// From fast to general. Every kind of layer has a general operation, so one always matches.
constexpr std::array kFactories = {
    OperationFactory{"conv_block", &MatchConvBlock},
    OperationFactory{"conv2d", &MatchConv2d},
    OperationFactory{"max_pooling2d", &MatchMaxPooling2d},
    OperationFactory{"average_pooling2d", &MatchAveragePooling2d},
    OperationFactory{"batch_normalization", &MatchBatchNormalization},
    OperationFactory{"flatten", &MatchFlatten},
    OperationFactory{"dense", &MatchDense},
    OperationFactory{"dropout", &MatchDropout},
    OperationFactory{"activation", &MatchActivation},
};

// Every operation's prepared weights begin at a cache line.
int64_t RoundUpToLine(int64_t num_floats) {
  constexpr auto kFloatsPerLine = static_cast<int64_t>(kCacheLineBytes / sizeof(float));
  return (num_floats + kFloatsPerLine - 1) / kFloatsPerLine * kFloatsPerLine;
}

}  // namespace

Plan::Plan(Network network) : network_(std::move(network)) {
  const std::vector<Layer>& layers = network_.layers();
  for (size_t first = 0; first < layers.size();) {
    const size_t before = first;
    for (const OperationFactory& factory : kFactories) {
      absl::StatusOr<Match> match = factory.match(layers, first);
      if (!match.ok()) continue;
      const int covered = match->num_layers;
      AddStage(*std::move(match), first, factory);
      first += static_cast<size_t>(covered);
      break;
    }
    CONVOY_CHECK_GT(first, before);
  }
}

void Plan::AddStage(Match match, size_t first, const OperationFactory& factory) {
  const std::vector<Layer>& layers = network_.layers();
  const size_t last = first + static_cast<size_t>(match.num_layers) - 1;
  std::vector<std::string> names;
  for (size_t i = first; i <= last; ++i) names.push_back(layers[i].name);
  const std::string joined = absl::StrJoin(names, " + ");
  if (match.operation == nullptr) {
    explanation_.push_back(absl::StrCat(joined, ": nothing to compute"));
    return;
  }
  explanation_.push_back(
      absl::StrCat(joined, ": ", factory.name, " (", match.operation->Describe(), ")"));
  Stage stage{.operation = std::move(match.operation),
              .layers = joined,
              .factory = factory.name,
              .src_elems = ElemsOf(layers[first].input),
              .dst_elems = ElemsOf(layers[last].output),
              .prepared_offset = prepared_floats_};
  prepared_floats_ += RoundUpToLine(stage.operation->PreparedFloats());
  for (size_t i = last + 1; i-- > first;) {
    if (layers[i].parameters.empty()) continue;
    stage.has_parameters = true;
    stage.parameters_begin = layers[i].parameters.front().offset;
  }
  stages_.push_back(std::move(stage));
}

void Plan::Prepare(const float* weights, float* prepared) const {
  for (const Stage& stage : stages_) {
    stage.operation->Prepare(weights, prepared + stage.prepared_offset);
  }
}

std::string Plan::Explain() const { return absl::StrJoin(explanation_, "\n") + "\n"; }

}  // namespace convoy::nn
