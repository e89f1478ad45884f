#include "common/exports/input_scale.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "common/exports/exports_testing.h"
#include "common/exports/keras/keras_weights.h"
#include "common/exports/probabilities.h"

namespace convoy::exports {
namespace {

using ::testing::HasSubstr;

// Images whose values are value / 2 + 64: what a network should see as value * 2 - 128/255.
data::Dataset Squeezed(data::Dataset images) {
  for (uint8_t& pixel : images.pixels) pixel = static_cast<uint8_t>(pixel / 2 + 64);
  return images;
}

data::Dataset Even(data::Dataset images) {
  for (uint8_t& pixel : images.pixels) pixel = static_cast<uint8_t>(pixel / 2 * 2);
  return images;
}

double LargestDifference(const std::vector<double>& a, const std::vector<double>& b) {
  double worst = 0;
  for (size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
  return worst;
}

// Every network sees through the scale what it saw without: also those that cannot take it up.
TEST(InputScaleTest, EveryNetworkAnswersTheSameForScaledImages) {
  for (const nn::Network& network : ExportNetworks()) {
    const formats::ModelFile model = ModelOf(network);
    const data::Dataset images = Even(RandomImages(network, 20));
    const auto scaled = WithInputScale(model, 2, -128.0 / 255);
    ASSERT_TRUE(scaled.ok()) << scaled.status();
    const auto expected = ConvoyProbabilities(model, images.View()).value();
    const auto actual = ConvoyProbabilities(*scaled, Squeezed(images).View()).value();
    EXPECT_LT(LargestDifference(expected, actual), 1e-4) << network.spec().name;
    // Without it the answers are others.
    const auto without = ConvoyProbabilities(model, Squeezed(images).View()).value();
    EXPECT_GT(LargestDifference(expected, without), 1e-3) << network.spec().name;
  }
}

TEST(InputScaleTest, TheUsualScaleKeepsEveryBit) {
  const formats::ModelFile model = BuiltinModel("notebook");
  EXPECT_TRUE(SameTensors(WithInputScale(model, 1, 0).value().tensors, model.tensors));
}

TEST(InputScaleTest, APaddedConvolutionGetsALayerBeforeIt) {
  const formats::ModelFile model = ModelOf(R"(name: "n" input { height: 5 width: 5 }
      layers { conv2d { filters: 2 kernel_size: 3 padding: SAME } } layers { flatten {} }
      layers { dense { units: 3 activation: SOFTMAX } })");
  EXPECT_EQ(WithInputScale(model, 255, 0).value().model_textproto, model.model_textproto);
  const formats::ModelFile scaled = WithInputScale(model, 2, -1).value();
  EXPECT_THAT(scaled.model_textproto, HasSubstr("name: \"rescaling\""));
  EXPECT_TRUE(NetworkOfModel(scaled).ok());
}

TEST(InputScaleTest, UnknownScalesAndImpossibleOnesAreRefused) {
  EXPECT_THAT(std::string(FindInputScale("0..25").status().message()),
              HasSubstr("unknown scale '0..25'; did you mean '0..255'?"));
  EXPECT_FALSE(WithInputScale(BuiltinModel("notebook"), 0, 0).ok());
}

TEST(InputScaleTest, TheScaleThatFitsIsFound) {
  KerasModel file;
  file.model = ModelOf(R"(name: "n" input { height: 4 width: 4 } layers { flatten {} }
      layers { dense { units: 3 activation: SOFTMAX } })");
  const nn::Network network = NetworkOfModel(file.model).value();
  data::Dataset images = RandomImages(network, 200);
  const auto label_as = [&](const char* scale) {
    const auto model = WithInputScale(file, FindInputScale(scale).value()).value();
    const auto probabilities = ConvoyProbabilities(model, images.View()).value();
    for (size_t i = 0; i < images.labels.size(); ++i) {
      const auto row = probabilities.begin() + static_cast<std::ptrdiff_t>(3 * i);
      images.labels[i] = static_cast<Label>(std::max_element(row, row + 3) - row);
    }
  };
  for (const char* scale : {"0..1", "-1..1", "inverted"}) {
    label_as(scale);
    const auto choice = ChooseInputScale(file, images.View());
    ASSERT_TRUE(choice.ok()) << choice.status();
    EXPECT_EQ(choice->scale.name, scale);
    EXPECT_TRUE(choice->knows_the_images);
    EXPECT_EQ(choice->accuracies.size(), InputScales().size());
  }
}

}  // namespace
}  // namespace convoy::exports
