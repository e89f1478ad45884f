#include "worker/train/slot_packing.h"

#include <algorithm>

namespace convoy::train {

void KeepTrainable(const nn::Network& network, std::vector<float>* slot) {
  auto next = slot->begin();
  for (const nn::Parameter& parameter : network.Parameters()) {
    if (!parameter.trainable) continue;
    const auto from = slot->begin() + parameter.offset;
    next = std::copy(from, from + parameter.size, next);
  }
  slot->erase(next, slot->end());
}

void CopyFromTrainable(const nn::Network& network, const std::vector<float>& values, float* slot) {
  auto next = values.begin();
  for (const nn::Parameter& parameter : network.Parameters()) {
    if (!parameter.trainable) continue;
    std::copy(next, next + parameter.size, slot + parameter.offset);
    next += parameter.size;
  }
}

}  // namespace convoy::train
