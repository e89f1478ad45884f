#include "client/models/sample_images.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

namespace convoy::client {
namespace {

using ::testing::HasSubstr;

nn::Network NetworkFor(int side, int channels) {
  const std::string text =
      "name: 'n' input { height: " + std::to_string(side) + " width: " + std::to_string(side) +
      " channels: " + std::to_string(channels) +
      " } layers { flatten {} } layers { dense { units: 10 activation: SOFTMAX } }";
  return nn::Network::Create(nn::ParseModelSpec(text, "test").value()).value();
}

TEST(SampleImagesTest, GeneratedDigitsFitTheNotebooksInput) {
  const SampleImages images = FindSampleImages("generated", NetworkFor(28, 1), 5).value();
  EXPECT_EQ(images.dataset.count, 5);
  EXPECT_EQ(images.dataset.pixels.size(), 5U * 784);
  EXPECT_EQ(images.where, "generated digits");
}

TEST(SampleImagesTest, NamedDataOfAnotherSizeAreRefused) {
  const auto images = FindSampleImages("generated", NetworkFor(9, 3), 5);
  EXPECT_EQ(images.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(images.status().message()),
              HasSubstr("data: the generated digits are of another size"));
  EXPECT_FALSE(FindSampleImages("/nowhere", NetworkFor(28, 1), 5).ok());
}

TEST(SampleImagesTest, OtherNetworksGetRandomPixels) {
  const SampleImages images = FindSampleImages("", NetworkFor(9, 3), 5).value();
  EXPECT_EQ(images.dataset.height, 9);
  EXPECT_EQ(images.dataset.channels, 3);
  EXPECT_EQ(images.dataset.pixels.size(), 5U * 9 * 9 * 3);
  EXPECT_EQ(images.where, "random pixels");
}

}  // namespace
}  // namespace convoy::client
