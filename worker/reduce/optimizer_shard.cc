#include "worker/reduce/optimizer_shard.h"

#include <algorithm>
#include <array>

#include "common/base/check.h"

namespace convoy::reduce {
namespace {

constexpr int64_t kFloatsPerLine = kCacheLineBytes / sizeof(float);

// More than any optimizer of common/optim has.
constexpr size_t kMaxSlots = 4;

}  // namespace

Range OwnedSlice(int64_t num_parameters, int rank, int world_size) {
  const int64_t lines = (num_parameters + kFloatsPerLine - 1) / kFloatsPerLine;
  const auto cut = [&](int64_t r) {
    return std::min(num_parameters, lines * r / world_size * kFloatsPerLine);
  };
  return {cut(rank), cut(rank + 1)};
}

OptimizerShard::OptimizerShard(const optim::Optimizer& optimizer, Range owned)
    : optimizer_(optimizer), owned_(owned), slot_names_(optimizer.SlotNames()) {
  CONVOY_CHECK_LE(slot_names_.size(), kMaxSlots);
  for (size_t i = 0; i < slot_names_.size(); ++i) {
    slots_.emplace_back(static_cast<size_t>(owned.size()));
  }
}

void OptimizerShard::Update(const UpdateRule& rule, Range part, const float* weights,
                            const float* grad_sum, float* new_weights) {
  std::array<float*, kMaxSlots> slots{};
  for (size_t i = 0; i < slots_.size(); ++i) {
    slots[i] = slots_[i].data() + (part.begin - owned_.begin);
  }
  optimizer_.Update(rule.step, rule.learning_rate, rule.grad_scale, part.size(),
                    weights + part.begin, grad_sum, slots.data(), new_weights + part.begin);
}

}  // namespace convoy::reduce
