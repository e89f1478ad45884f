// Measures how well a network reads pictures of digits as people have them: MNIST's test images,
// enlarged, moved, in other contrasts, under uneven light, on sheets on desks, in shadows and on
// ruled paper, are prepared (common/images/digit.h) and read again. What is refused is counted
// apart: of pages of text, everything should be. Usage: prepared_digits MODEL.convoy DATA_DIRECTORY
// [IMAGES]
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

// What else is in a picture.
enum class Scene { kPlain, kDesk, kVignette, kShadow, kRuled, kSquared, kText };

struct Picture {
  const char* name;
  int width;
  int height;
  double side;        // of the enlarged image, in pixels of the picture
  double background;  // 0 to 255
  double ink;         // 0 to 255
  double light = 0;   // how much darker the right lower corner is
  double grain = 0;   // the largest change of a pixel at random
  Scene scene = Scene::kPlain;
  double degree = 0;  // of the scene: degrees that a sheet is turned by, or how dark it gets
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
    {"sheet on a dark desk", 480, 400, 180, 225, 40, 0, 4, Scene::kDesk, 0},
    {"sheet on a dark desk, askew by 8", 480, 400, 180, 225, 40, 0, 4, Scene::kDesk, 8},
    {"sheet on a dark desk, askew by 20", 480, 400, 160, 225, 40, 0, 4, Scene::kDesk, 20},
    {"vignette", 480, 400, 220, 225, 40, 0, 4, Scene::kVignette, 150},
    {"hard shadow", 480, 400, 220, 225, 40, 0, 4, Scene::kShadow, 90},
    {"ruled paper", 480, 400, 220, 235, 30, 0, 4, Scene::kRuled, 60},
    {"squared paper", 480, 400, 220, 235, 30, 0, 4, Scene::kSquared, 60},
    {"page of text", 480, 400, 30, 235, 30, 0, 4, Scene::kText, 0},
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

// How much darker the scene makes a place of the sheet.
double SceneShade(const Picture& picture, int x, int y) {
  const double u = static_cast<double>(x) / picture.width;
  const double v = static_cast<double>(y) / picture.height;
  constexpr int kLines = 32;  // pixels between two of ruled paper
  switch (picture.scene) {
    case Scene::kVignette:
      return picture.degree * 2 * ((u - 0.5) * (u - 0.5) + (v - 0.5) * (v - 0.5));
    case Scene::kShadow:
      return u + 0.3 * v < 0.6 ? picture.degree : 0;
    case Scene::kRuled:
      return y % kLines < 2 ? picture.degree : 0;
    case Scene::kSquared:
      return y % kLines < 2 || x % kLines < 2 ? picture.degree : 0;
    default:
      return 0;
  }
}

// The digit's ink, from 0 to 1, at a place: one digit, or a page of them.
double InkAt(const Picture& picture, const uint8_t* image, double x, double y) {
  if (picture.scene == Scene::kText) {
    x = std::fmod(x + picture.width, picture.side);
    y = std::fmod(y + picture.height, picture.side);
  }
  return ValueAt(image, x * kSide / picture.side, y * kSide / picture.side) / 255;
}

constexpr double kDeskValue = 60;

// Lays the picture askew on a desk that is larger by a fifth.
images::GreyImage OnDesk(const images::GreyImage& sheet, double degrees) {
  constexpr double kLarger = 1.2;
  images::GreyImage desk{.width = static_cast<int>(sheet.width * kLarger),
                         .height = static_cast<int>(sheet.height * kLarger)};
  const double angle = degrees * 3.14159265358979 / 180;
  const double scale = kLarger / (std::cos(angle) + std::sin(angle)) / 1.1;
  for (int y = 0; y < desk.height; ++y) {
    for (int x = 0; x < desk.width; ++x) {
      const double dx = (x - desk.width / 2) / scale;
      const double dy = (y - desk.height / 2) / scale;
      const int sx =
          static_cast<int>(std::cos(angle) * dx + std::sin(angle) * dy) + sheet.width / 2;
      const int sy =
          static_cast<int>(std::cos(angle) * dy - std::sin(angle) * dx) + sheet.height / 2;
      const bool on_sheet = sx >= 0 && sy >= 0 && sx < sheet.width && sy < sheet.height;
      desk.pixels.push_back(on_sheet
                                ? sheet.at(sx, sy)
                                : static_cast<uint8_t>(kDeskValue + 10 * ((x / 7 + y / 3) % 2)));
    }
  }
  return desk;
}

images::GreyImage Draw(const Picture& picture, const uint8_t* image, RandomSequence& random) {
  images::GreyImage drawn{.width = picture.width, .height = picture.height};
  const double x0 = (picture.width - picture.side) * random.NextFloat();
  const double y0 = (picture.height - picture.side) * random.NextFloat();
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x) {
      const double share = InkAt(picture, image, x + 0.5 - x0, y + 0.5 - y0);
      const double shade =
          picture.light * 0.5 *
              (static_cast<double>(x) / picture.width + static_cast<double>(y) / picture.height) +
          SceneShade(picture, x, y);
      const double value = picture.background + share * (picture.ink - picture.background) - shade +
                           picture.grain * (2 * random.NextFloat() - 1);
      drawn.pixels.push_back(static_cast<uint8_t>(std::clamp(value, 0.0, 255.0) + 0.5));
    }
  }
  return picture.scene == Scene::kDesk ? OnDesk(drawn, picture.degree) : drawn;
}

// Returns the pixels for the network; none where the picture is refused.
using Source = std::function<std::vector<uint8_t>(const uint8_t* image)>;

struct Outcome {
  double right = 0;  // shares of all images
  double refused = 0;
  // Of what was answered.
  double accuracy() const { return refused == 1 ? 1 : right / (1 - refused); }
};

Outcome Measure(evaluate::Predictor& predictor, const data::DatasetView& data,
                const Source& source) {
  int64_t right = 0;
  int64_t refused = 0;
  for (int64_t i = 0; i < data.count; ++i) {
    const std::vector<uint8_t> pixels = source(data.image(i));
    refused += pixels.empty();
    if (pixels.empty()) continue;
    const uint8_t* pointer = pixels.data();
    float probabilities[10];
    predictor.Predict(&pointer, 1, probabilities);
    right += evaluate::MostLikely(probabilities, 10) == data.labels[i];
  }
  const auto count = static_cast<double>(data.count);
  return {static_cast<double>(right) / count, static_cast<double>(refused) / count};
}

std::vector<uint8_t> Prepared(const images::GreyImage& picture) {
  const absl::StatusOr<images::PreparedDigit> digit = images::PrepareDigit(picture, kSide, kSide);
  return digit.ok() ? digit->pixels : std::vector<uint8_t>();
}

void MeasureAll(const data::DatasetView& data,
                const std::shared_ptr<const evaluate::LoadedModel>& model) {
  evaluate::Predictor predictor(model);
  int64_t changed = 0;
  const Outcome original = Measure(predictor, data, [](const uint8_t* image) {
    return std::vector<uint8_t>(image, image + kSide * kSide);
  });
  std::printf("%-36s %8.4f  (%lld images)\n", "the images themselves", original.right,
              static_cast<long long>(data.count));
  const Outcome passed = Measure(predictor, data, [&changed](const uint8_t* image) {
    const std::vector<uint8_t> same(image, image + kSide * kSide);
    std::vector<uint8_t> prepared = Prepared({.width = kSide, .height = kSide, .pixels = same});
    changed += prepared != same;
    return prepared;
  });
  std::printf("%-36s %8.4f  (%lld changed)\n", "prepared as they are", passed.right,
              static_cast<long long>(changed));
  for (const Picture& picture : kPictures) {
    RandomSequence random(1, RandomStream::kAugmentation);
    const Outcome outcome = Measure(predictor, data, [&](const uint8_t* image) {
      return Prepared(Draw(picture, image, random));
    });
    std::printf("%-36s %8.4f right %8.4f refused %8.4f right of the answered\n", picture.name,
                outcome.right, outcome.refused, outcome.accuracy());
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
