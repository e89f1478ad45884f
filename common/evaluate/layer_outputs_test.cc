#include "common/evaluate/layer_outputs.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "common/evaluate/evaluate_testing.h"
#include "common/nn/geometry.h"

namespace convoy::evaluate {
namespace {

class LayerOutputsTest : public testing::TestWithParam<const char*> {};

TEST_P(LayerOutputsTest, AreOfTheLayersShapesAndEndInThePrediction) {
  const auto model = UntrainedModel(GetParam());
  const data::Dataset images = NoiseDataset(3);
  Predictor predictor(model);
  for (int64_t i = 0; i < images.count; ++i) {
    const uint8_t* pixels = images.View().image(i);
    const std::vector<std::vector<float>> outputs = LayerOutputs(*model, pixels);
    const std::vector<nn::Layer>& layers = model->network().layers();
    ASSERT_EQ(outputs.size(), layers.size());
    for (size_t layer = 0; layer < layers.size(); ++layer) {
      EXPECT_EQ(static_cast<int64_t>(outputs[layer].size()), nn::ElemsOf(layers[layer].output));
    }
    std::vector<float> expected(static_cast<size_t>(model->network().num_classes()));
    predictor.Predict(&pixels, 1, expected.data());
    for (size_t j = 0; j < expected.size(); ++j) {
      EXPECT_NEAR(outputs.back()[j], expected[j], 2e-6) << j;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(BuiltinModels, LayerOutputsTest,
                         testing::Values("notebook", "lenet5", "deep"));

// conv1 by hand: the sum over the window, the bias and ReLU.
TEST(LayerOutputsTest, FirstConvolutionIsTheDefinition) {
  const auto model = UntrainedModel("notebook");
  const data::Dataset images = NoiseDataset(1);
  const std::vector<float> conv1 = LayerOutputs(*model, images.pixels.data())[0];
  const float* weights = model->weights().weights;  // kernel [3, 3, 1, 32], bias [32]
  for (const int place : {0, 5, 25}) {
    for (const int filter : {0, 17, 31}) {
      double sum = weights[288 + filter];
      for (int y = 0; y < 3; ++y) {
        for (int x = 0; x < 3; ++x) {
          const uint8_t pixel = images.pixels[static_cast<size_t>((place + y) * 28 + place + x)];
          sum += pixel / 255.0 * weights[(y * 3 + x) * 32 + filter];
        }
      }
      const auto index = static_cast<size_t>((place * 26 + place) * 32 + filter);
      EXPECT_NEAR(conv1[index], std::max(sum, 0.0), 1e-5);
    }
  }
}

}  // namespace
}  // namespace convoy::evaluate
