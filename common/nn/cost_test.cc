#include "common/nn/cost.h"

#include <gtest/gtest.h>

namespace convoy::nn {
namespace {

TEST(CostTest, CountsAsTheFormulasSay) {
  const auto network = Network::Create(*ParseModelSpec(
      "input { height: 10 width: 8 channels: 3 } layers { conv2d { filters: 4 kernel_size: 3 } } "
      "layers { depthwise_conv2d { kernel_size: 3 } } layers { flatten {} } "
      "layers { dense { units: 5 activation: SOFTMAX } }",
      "test"));
  ASSERT_TRUE(network.ok()) << network.status();
  const auto& layers = network->layers();
  EXPECT_EQ(Multiplications(layers[0]), 8 * 6 * 4 * 3 * 3 * 3);
  EXPECT_EQ(Multiplications(layers[1]), 6 * 4 * 4 * 3 * 3);
  EXPECT_EQ(Multiplications(layers[2]), 0);
  EXPECT_EQ(Multiplications(layers[3]), 6 * 4 * 4 * 5);
  EXPECT_EQ(Multiplications(*network), 8 * 6 * 4 * 27 + 96 * 9 + 96 * 5);
  EXPECT_EQ(OutputElems(*network), 8 * 6 * 4 + 96 + 96 + 5);
}

}  // namespace
}  // namespace convoy::nn
