#include "worker/train/slot_packing.h"

#include <gtest/gtest.h>

#include <numeric>

#include "common/nn/plan/network_testing.h"

namespace convoy::train {
namespace {

TEST(SlotPackingTest, LeavesOutWhatIsNotTrainedAndPutsTheRestBack) {
  const nn::Network network = nn::NetworkOf(1, 2, 1, R"(
    layers { batch_normalization {} } layers { flatten {} } layers { batch_normalization {} }
    layers { dense { units: 2 activation: SOFTMAX } })");
  // gamma, beta, mean, variance; then two of each; then kernel [2, 2] and bias [2].
  std::vector<float> slot(static_cast<size_t>(network.num_parameters()));
  std::iota(slot.begin(), slot.end(), 0.0f);
  std::vector<float> packed = slot;
  KeepTrainable(network, &packed);
  EXPECT_EQ(packed, std::vector<float>({0, 1, 4, 5, 6, 7, 12, 13, 14, 15, 16, 17}));
  std::vector<float> back(slot.size(), -1);
  CopyFromTrainable(network, packed, back.data());
  for (size_t i = 0; i < slot.size(); ++i) {
    const bool trained = i < 2 || (i >= 4 && i < 8) || i >= 12;
    EXPECT_EQ(back[i], trained ? slot[i] : -1) << i;
  }
}

TEST(SlotPackingTest, ASlotOfTrainedParametersStays) {
  const nn::Network network = nn::NetworkOf(
      1, 2, 1, "layers { flatten {} } layers { dense { units: 2 activation: SOFTMAX } }");
  const std::vector<float> slot = {1, 2, 3, 4, 5, 6};
  std::vector<float> packed = slot;
  KeepTrainable(network, &packed);
  EXPECT_EQ(packed, slot);
}

}  // namespace
}  // namespace convoy::train
