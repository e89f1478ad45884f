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

template <typename... Kinds>
bool IsA(const LayerKind& kind) {
  return (std::holds_alternative<Kinds>(kind) || ...);
}

// From fast to general. Every kind of layer has an operation that never declines.
constexpr std::array kFactories = {
    OperationFactory{"winograd", &IsA<Conv2dSpec>, &MatchWinogradBlock},
    OperationFactory{"direct", &IsA<Conv2dSpec>, &MatchDirectBlock},
    OperationFactory{"im2col", &IsA<Conv2dSpec>, &MatchIm2colBlock},
    OperationFactory{"max_pooling2d", &IsA<MaxPooling2dSpec>, &MatchMaxPooling2d},
    OperationFactory{"average_pooling2d", &IsA<AveragePooling2dSpec, GlobalAveragePooling2dSpec>,
                     &MatchAveragePooling2d},
    OperationFactory{"batch_normalization", &IsA<BatchNormalizationSpec>, &MatchBatchNormalization},
    OperationFactory{"flatten", &IsA<FlattenSpec>, &MatchFlatten},
    OperationFactory{"dense", &IsA<DenseSpec>, &MatchDense},
    OperationFactory{"dropout", &IsA<DropoutSpec>, &MatchDropout},
    OperationFactory{"activation", &IsA<ActivationSpec>, &MatchActivation},
    OperationFactory{"group_normalization", &IsA<GroupNormalizationSpec>, &MatchGroupNormalization},
    OperationFactory{"rescaling", &IsA<RescalingSpec>, &MatchRescaling},
    OperationFactory{"zero_padding2d", &IsA<ZeroPadding2dSpec>, &MatchZeroPadding2d},
    OperationFactory{"depthwise_conv2d", &IsA<DepthwiseConv2dSpec>, &MatchDepthwiseConv2d},
    OperationFactory{"add", &IsA<AddSpec>, &MatchAdd},
};

// Returns the first match for the layers from `first` on; adds to `declined`, as "NAME: REASON",
// why faster ways do not take them.
Match FindMatch(const std::vector<Layer>& layers, size_t first,
                std::vector<std::string>* declined) {
  for (const OperationFactory& factory : kFactories) {
    if (!factory.is_for(layers[first].kind)) continue;
    absl::StatusOr<Match> match = factory.match(layers, first);
    if (match.ok()) {
      CONVOY_CHECK_GT(match->num_layers, 0);
      return *std::move(match);
    }
    declined->push_back(absl::StrCat(factory.name, ": ", std::string(match.status().message())));
  }
  CONVOY_CHECK(!"a kind of layer without a general operation");
  return {};
}

// Every operation's prepared weights begin at a cache line.
int64_t RoundUpToLine(int64_t num_floats) {
  constexpr auto kFloatsPerLine = static_cast<int64_t>(kCacheLineBytes / sizeof(float));
  return (num_floats + kFloatsPerLine - 1) / kFloatsPerLine * kFloatsPerLine;
}

}  // namespace

Plan::Plan(Network network) : network_(std::move(network)) {
  for (size_t first = 0; first < network_.layers().size();) first += AddStage(first);
}

size_t Plan::AddStage(size_t first) {
  const std::vector<Layer>& layers = network_.layers();
  std::vector<std::string> declined;
  Match match = FindMatch(layers, first, &declined);
  const auto num_layers = static_cast<size_t>(match.num_layers);
  std::vector<std::string> names;
  for (size_t i = first; i < first + num_layers; ++i) names.push_back(layers[i].name);
  const std::string joined = absl::StrJoin(names, " + ");
  AddExplanation(joined, match, declined);
  if (match.operation == nullptr) {
    stages_until_.resize(first + num_layers, stages_.size());
    return num_layers;
  }
  Stage stage{.operation = std::move(match.operation),
              .layers = joined,
              .src_elems = ElemsOf(layers[first].input),
              .dst_elems = ElemsOf(layers[first + num_layers - 1].output),
              .prepared_offset = prepared_floats_};
  prepared_floats_ += RoundUpToLine(stage.operation->PreparedFloats());
  for (size_t i = first + num_layers; i-- > first;) {
    if (layers[i].parameters.empty()) continue;
    stage.has_parameters = true;
    stage.parameters_begin = layers[i].parameters.front().offset;
  }
  if (layers[first].skip_from >= 0) {
    const size_t until = stages_until_[static_cast<size_t>(layers[first].skip_from)];
    stage.skip = static_cast<int>(until);
    if (until > 0) stages_[until - 1].feeds_skip = true;
  }
  stages_.push_back(std::move(stage));
  stages_until_.resize(first + num_layers, stages_.size());
  return num_layers;
}

void Plan::AddExplanation(const std::string& layers, const Match& match,
                          const std::vector<std::string>& declined) {
  explanation_.push_back(absl::StrCat(
      layers, ": ",
      match.operation == nullptr ? "nothing to compute" : match.operation->Describe()));
  for (const auto* reasons : {&declined, &match.declined}) {
    for (const std::string& reason : *reasons) {
      explanation_.push_back(absl::StrCat("  not ", reason));
    }
  }
}

void Plan::Prepare(const float* weights, float* prepared) const {
  for (const Stage& stage : stages_) {
    stage.operation->Prepare(weights, prepared + stage.prepared_offset);
  }
}

std::string Plan::Explain() const { return absl::StrJoin(explanation_, "\n") + "\n"; }

}  // namespace convoy::nn
