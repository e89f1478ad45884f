// Measures how well a network reads pictures of digits as people have them: MNIST's test images,
// drawn in other sizes, places and contrasts, and as photographs (photographs.h), are prepared
// (common/images/digit.h) and read again. Fails if of any group of photographs less than 95% is
// read rightly or refused, or less than 90% of what is answered rightly; what shows no single digit
// is to be refused. Usage: prepared_digits MODEL.convoy DATA_DIRECTORY [IMAGES [SEED [GROUP]]]
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "bench/photo_scene.h"
#include "bench/photographs.h"
#include "common/base/check.h"
#include "common/base/random.h"
#include "common/data/data_directory.h"
#include "common/evaluate/loaded_model.h"
#include "common/images/decode/decode.h"
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

images::GreyImage Draw(const Picture& picture, const uint8_t* image, RandomSequence& random) {
  images::GreyImage drawn{.width = picture.width, .height = picture.height};
  const double x0 = (picture.width - picture.side) * random.NextFloat();
  const double y0 = (picture.height - picture.side) * random.NextFloat();
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x) {
      const double share = bench::ValueAt(image, (x + 0.5 - x0) * kSide / picture.side,
                                          (y + 0.5 - y0) * kSide / picture.side);
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

// Returns the pixels for the network of image `i`; none where the picture is refused.
using Source = std::function<std::vector<uint8_t>(int64_t i)>;

// Counts of pictures.
struct Outcome {
  int64_t right = 0;
  int64_t refused = 0;
  int64_t wrong = 0;

  double Share(int64_t count) const {
    return static_cast<double>(count) / static_cast<double>(right + refused + wrong);
  }
};

Outcome Measure(evaluate::Predictor& predictor, const data::DatasetView& data,
                const Source& source) {
  Outcome outcome;
  for (int64_t i = 0; i < data.count; ++i) {
    const std::vector<uint8_t> pixels = source(i);
    outcome.refused += pixels.empty();
    if (pixels.empty()) continue;
    const uint8_t* pointer = pixels.data();
    float probabilities[10];
    predictor.Predict(&pointer, 1, probabilities);
    const bool right = evaluate::MostLikely(probabilities, 10) == data.labels[i];
    ++(right ? outcome.right : outcome.wrong);
  }
  return outcome;
}

void Print(const char* name, const Outcome& outcome, const char* verdict = "") {
  std::printf("%-36s %8.4f right %8.4f refused %8.4f wrong%s\n", name, outcome.Share(outcome.right),
              outcome.Share(outcome.refused), outcome.Share(outcome.wrong), verdict);
  std::fflush(stdout);
}

std::vector<uint8_t> Prepared(const images::GreyImage& picture) {
  const absl::StatusOr<images::PreparedDigit> digit = images::PrepareDigit(picture, kSide, kSide);
  return digit.ok() ? digit->pixels : std::vector<uint8_t>();
}

void MeasureDrawn(const data::DatasetView& data, evaluate::Predictor& predictor) {
  int64_t changed = 0;
  const auto themselves = [&](int64_t i) {
    return std::vector<uint8_t>(data.image(i), data.image(i) + kSide * kSide);
  };
  Print("the images themselves", Measure(predictor, data, themselves));
  const Outcome passed = Measure(predictor, data, [&](int64_t i) {
    std::vector<uint8_t> prepared =
        Prepared({.width = kSide, .height = kSide, .pixels = themselves(i)});
    changed += prepared != themselves(i);
    return prepared;
  });
  Print("prepared as they are", passed);
  std::printf("%lld of them changed\n", static_cast<long long>(changed));
  for (const Picture& picture : kPictures) {
    RandomSequence random(1, RandomStream::kAugmentation);
    Print(picture.name, Measure(predictor, data, [&](int64_t i) {
            return Prepared(Draw(picture, data.image(i), random));
          }));
  }
}

// Returns whether the group keeps the limits.
bool MeasurePhotographs(int group, const data::DatasetView& data, uint64_t seed,
                        evaluate::Predictor& predictor) {
  const bench::PhotoGroup& kind = bench::PhotoGroups()[static_cast<size_t>(group)];
  Outcome outcome = Measure(predictor, data, [&](int64_t i) {
    const absl::StatusOr<images::GreyImage> picture =
        images::DecodeGrey(bench::Photograph(group, data, i, seed), kind.name);
    CONVOY_CHECK(picture.ok());
    return Prepared(*picture);
  });
  if (!kind.digit) {  // whatever is answered is wrong
    outcome.wrong += outcome.right;
    outcome.right = 0;
  }
  constexpr double kMostWrong = 0.05;
  constexpr double kMostWrongOfAnswered = 0.1;
  const auto answered = static_cast<double>(outcome.right + outcome.wrong);
  const bool kept =
      outcome.Share(outcome.wrong) <= kMostWrong &&
      (!kind.digit || static_cast<double>(outcome.wrong) <= kMostWrongOfAnswered * answered);
  Print(kind.name, outcome, kept ? "" : "  TOO MANY WRONG");
  return kept;
}

int Main(int argc, char** argv) {
  int64_t images = 100;
  uint64_t seed = 1;
  int group = -1;
  if (argc < 3 || argc > 6 || (argc >= 4 && !absl::SimpleAtoi(argv[3], &images)) ||
      (argc >= 5 && !absl::SimpleAtoi(argv[4], &seed)) ||
      (argc == 6 && !absl::SimpleAtoi(argv[5], &group))) {
    std::fprintf(stderr,
                 "usage: prepared_digits MODEL.convoy DATA_DIRECTORY [IMAGES [SEED [GROUP]]]\n");
    return 2;
  }
  const auto model = evaluate::LoadedModel::Load(argv[1]);
  const auto data = data::LoadIdxDirectory(argv[2]);
  if (!model.ok() || !data.ok()) {
    std::fprintf(stderr, "%s\n", (model.ok() ? data.status() : model.status()).ToString().c_str());
    return 2;
  }
  const data::DatasetView all = data->test.View();
  // Other seeds write other digits.
  const auto count = std::min(images, all.count);
  const auto first = static_cast<int64_t>(seed * 1000) % (all.count - count + 1);
  const data::DatasetView test = all.Slice({first, first + count});
  evaluate::Predictor predictor(*model);
  if (group < 0) MeasureDrawn(test, predictor);
  bool kept = true;
  for (int i = 0; i < static_cast<int>(bench::PhotoGroups().size()); ++i) {
    if (group < 0 || group == i) kept = MeasurePhotographs(i, test, seed, predictor) && kept;
  }
  return kept ? 0 : 1;
}

}  // namespace
}  // namespace convoy

int main(int argc, char** argv) { return convoy::Main(argc, argv); }
