// Measures how well a network reads pictures of digits as people have them: MNIST's test images,
// enlarged, moved, in other contrasts, under uneven light, are prepared (common/images/digit.h) and
// read again. Usage:
// prepared_digits MODEL.convoy DATA_DIRECTORY [IMAGES]
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "common/base/check.h"
#include "common/base/random.h"
#include "common/data/data_directory.h"
#include "common/evaluate/loaded_model.h"
#include "common/images/digit.h"

namespace convoy {
namespace {

constexpr int kSide = 28;

struct Picture {
  const char* name;
  int width;
  int height;
  double side;        // of the enlarged image, in pixels of the picture
  double background;  // 0 to 255
  double ink;         // 0 to 255
  double light = 0;   // how much darker the right lower corner is
  double grain = 0;   // the largest change of a pixel at random
};

constexpr Picture kPictures[] = {
    {"28 x 28, dark on white", 28, 28, 28, 255, 0},
    {"28 x 28, on grey", 28, 28, 28, 90, 230},
    {"200 x 150, light on black", 200, 150, 110, 0, 255},
    {"200 x 150, dark on grey", 200, 150, 110, 150, 20},
    {"200 x 150, dark on white, weak", 200, 150, 110, 240, 190},
    {"640 x 480, uneven light, grain", 640, 480, 300, 230, 60, 120, 12},
    {"1200 x 1600, small, uneven light", 1200, 1600, 220, 220, 40, 80, 8},
    {"16 x 16, dark on white", 16, 16, 16, 255, 0},
};

// Returns the image's value at a place from 0 to 28, by linear interpolation.
double ValueAt(const uint8_t* image, double x, double y) {
  const auto pixel = [image](int px, int py) -> double {
    return px < 0 || py < 0 || px >= kSide || py >= kSide ? 0 : image[py * kSide + px];
  };
  const double left = std::floor(x - 0.5);
  const double top = std::floor(y - 0.5);
  const double u = x - 0.5 - left;
  const double v = y - 0.5 - top;
  const int px = static_cast<int>(left);
  const int py = static_cast<int>(top);
  return (1 - v) * ((1 - u) * pixel(px, py) + u * pixel(px + 1, py)) +
         v * ((1 - u) * pixel(px, py + 1) + u * pixel(px + 1, py + 1));
}

images::GreyImage Draw(const Picture& picture, const uint8_t* image, RandomSequence& random) {
  images::GreyImage drawn{.width = picture.width, .height = picture.height};
  const double x0 = (picture.width - picture.side) * random.NextFloat();
  const double y0 = (picture.height - picture.side) * random.NextFloat();
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x) {
      const double share = ValueAt(image, (x + 0.5 - x0) * kSide / picture.side,
                                   (y + 0.5 - y0) * kSide / picture.side) /
                           255;
      const double shade =
          picture.light * 0.5 *
          (static_cast<double>(x) / picture.width + static_cast<double>(y) / picture.height);
      const double value = picture.background + share * (picture.ink - picture.background) - shade +
                           picture.grain * (2 * random.NextFloat() - 1);
      drawn.pixels.push_back(static_cast<uint8_t>(std::clamp(value, 0.0, 255.0) + 0.5));
    }
  }
  return drawn;
}

using Source = std::function<std::vector<uint8_t>(const uint8_t* image)>;

double Accuracy(evaluate::Predictor& predictor, const data::DatasetView& data,
                const Source& source) {
  int64_t right = 0;
  for (int64_t i = 0; i < data.count; ++i) {
    const std::vector<uint8_t> pixels = source(data.image(i));
    const uint8_t* pointer = pixels.data();
    float probabilities[10];
    predictor.Predict(&pointer, 1, probabilities);
    right += evaluate::MostLikely(probabilities, 10) == data.labels[i];
  }
  return static_cast<double>(right) / static_cast<double>(data.count);
}

std::vector<uint8_t> Prepared(const images::GreyImage& picture) {
  const absl::StatusOr<images::PreparedDigit> digit = images::PrepareDigit(picture, kSide, kSide);
  if (!digit.ok()) {
    std::fprintf(stderr, "%s\n", digit.status().ToString().c_str());
    return std::vector<uint8_t>(kSide * kSide);
  }
  return digit->pixels;
}

void MeasureAll(const data::DatasetView& data,
                const std::shared_ptr<const evaluate::LoadedModel>& model) {
  evaluate::Predictor predictor(model);
  int64_t changed = 0;
  const double original = Accuracy(predictor, data, [](const uint8_t* image) {
    return std::vector<uint8_t>(image, image + kSide * kSide);
  });
  std::printf("%-36s %8.4f  (%lld images)\n", "the images themselves", original,
              static_cast<long long>(data.count));
  const double passed = Accuracy(predictor, data, [&changed](const uint8_t* image) {
    const std::vector<uint8_t> same(image, image + kSide * kSide);
    std::vector<uint8_t> prepared = Prepared({.width = kSide, .height = kSide, .pixels = same});
    changed += prepared != same;
    return prepared;
  });
  std::printf("%-36s %8.4f  (%lld changed)\n", "prepared as they are", passed,
              static_cast<long long>(changed));
  for (const Picture& picture : kPictures) {
    RandomSequence random(1, RandomStream::kAugmentation);
    const double accuracy = Accuracy(predictor, data, [&](const uint8_t* image) {
      return Prepared(Draw(picture, image, random));
    });
    std::printf("%-36s %8.4f\n", picture.name, accuracy);
  }
}

int Main(int argc, char** argv) {
  int64_t images = 10000;
  if (argc < 3 || argc > 4 || (argc == 4 && !absl::SimpleAtoi(argv[3], &images))) {
    std::fprintf(stderr, "usage: prepared_digits MODEL.convoy DATA_DIRECTORY [IMAGES]\n");
    return 2;
  }
  const auto model = evaluate::LoadedModel::Load(argv[1]);
  const auto data = data::LoadIdxDirectory(argv[2]);
  if (!model.ok() || !data.ok()) {
    std::fprintf(stderr, "%s\n", (model.ok() ? data.status() : model.status()).ToString().c_str());
    return 2;
  }
  const data::DatasetView test = data->test.View();
  MeasureAll(test.Slice({0, std::min(images, test.count)}), *model);
  return 0;
}

}  // namespace
}  // namespace convoy

int main(int argc, char** argv) { return convoy::Main(argc, argv); }
