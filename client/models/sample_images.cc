#include "client/models/sample_images.h"

#include <algorithm>
#include <utility>

#include "common/base/cpus.h"
#include "common/base/random.h"
#include "common/base/status.h"
#include "common/data/data_directory.h"
#include "common/data/digits/generated_digits.h"
#include "common/i18n/translate.h"

namespace convoy::client {
namespace {

constexpr uint64_t kSeed = 1;
constexpr int kDigitSide = 28;

bool Fits(const data::Dataset& images, const nn::Network& network) {
  return network.input_shape() == Shape{images.height, images.width, images.channels};
}

SampleImages DrawDigits(int64_t count) {
  data::Dataset digits{
      .count = count, .height = kDigitSide, .width = kDigitSide, .channels = 1, .num_classes = 10};
  digits.pixels.resize(static_cast<size_t>(count * digits.View().image_bytes()));
  digits.labels.resize(static_cast<size_t>(count));
  data::GenerateDigits(kSeed, data::kGeneratedTestSplit, count, UsableCores(), digits.pixels.data(),
                       digits.labels.data());
  return {std::move(digits), Tr("generated digits")};
}

SampleImages DrawNoise(const nn::Network& network, int64_t count) {
  const Shape& shape = network.input_shape();
  data::Dataset noise{.count = count,
                      .height = static_cast<int>(shape[0]),
                      .width = static_cast<int>(shape[1]),
                      .channels = static_cast<int>(shape[2]),
                      .num_classes = network.num_classes()};
  noise.pixels.resize(static_cast<size_t>(count * noise.View().image_bytes()));
  noise.labels.resize(static_cast<size_t>(count));
  RandomSequence random(kSeed, RandomStream::kNoise, 0);
  for (uint8_t& pixel : noise.pixels) pixel = static_cast<uint8_t>(random.NextBelow(256));
  return {std::move(noise), Tr("random pixels")};
}

absl::StatusOr<SampleImages> LoadTestImages(const std::string& directory, int64_t count) {
  CONVOY_ASSIGN_OR_RETURN(data::DataSource source, data::LoadIdxDirectory(directory));
  data::Dataset& test = source.test;
  test.count = std::min(test.count, count);
  test.pixels.resize(static_cast<size_t>(test.count * test.View().image_bytes()));
  test.labels.resize(static_cast<size_t>(test.count));
  return SampleImages{std::move(test), Tr("test images of $0", source.where)};
}

}  // namespace

absl::StatusOr<SampleImages> FindSampleImages(const std::string& data, const nn::Network& network,
                                              int64_t count) {
  const data::DataChoice choice = data::FindDataDirectory(data);
  absl::StatusOr<SampleImages> images = DrawDigits(count);
  if (!choice.directory.empty()) images = LoadTestImages(choice.directory, count);
  if (!images.ok()) return Annotate(images.status(), choice.reason);
  if (Fits(images->dataset, network)) return images;
  if (data.empty()) return DrawNoise(network, count);
  return absl::InvalidArgumentError(
      Tr("data: the $0 are of another size than the network's input $1; leave `data` out",
         images->where, ShapeToString(network.input_shape())));
}

}  // namespace convoy::client
