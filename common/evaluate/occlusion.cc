// Threads take rows of squares from one list; what a square costs is kept by its number, and added
// to the pixels in the squares' order.
#include "common/evaluate/occlusion.h"

#include <algorithm>
#include <atomic>

#include "common/base/thread_team.h"

namespace convoy::evaluate {
namespace {

constexpr int kSideParts = 5;       // of the shorter side in a square's
constexpr int kMostPositions = 32;  // of squares along the longer side, about

// Where squares begin along a side: evenly spaced, the last one at its end.
std::vector<int> Positions(int size, int side, int stride) {
  std::vector<int> positions;
  for (int at = 0; at < size - side; at += stride) positions.push_back(at);
  positions.push_back(size - side);
  return positions;
}

// The median of the pixels along the image's edge, [channels].
std::vector<uint8_t> EdgeColour(const nn::ModelSpec& spec, const uint8_t* pixels) {
  std::vector<uint8_t> colour;
  for (int channel = 0; channel < spec.channels; ++channel) {
    std::vector<uint8_t> values;
    for (int y = 0; y < spec.height; ++y) {
      for (int x = 0; x < spec.width; ++x) {
        const bool edge = y == 0 || x == 0 || y == spec.height - 1 || x == spec.width - 1;
        if (edge) values.push_back(pixels[(y * spec.width + x) * spec.channels + channel]);
      }
    }
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    colour.push_back(*middle);
  }
  return colour;
}

class OcclusionRun {
 public:
  OcclusionRun(std::shared_ptr<const LoadedModel> model, const uint8_t* pixels)
      : model_(std::move(model)),
        spec_(model_->network().spec()),
        pixels_(pixels, pixels + model_->network().input_elems()),
        colour_(EdgeColour(spec_, pixels)) {
    const int shorter = std::min(spec_.height, spec_.width);
    side_ = std::max(1, shorter / kSideParts);
    const int longer = std::max(spec_.height, spec_.width);
    const int stride = std::clamp(longer / kMostPositions, 1, side_);
    rows_ = Positions(spec_.height, side_, stride);
    columns_ = Positions(spec_.width, side_, stride);
    answers_.resize(rows_.size() * columns_.size() * classes());
  }

  // Asks for all squares of a row at once.
  void TakeRows() {
    Predictor predictor(model_);
    std::vector<std::vector<uint8_t>> covered(columns_.size());
    std::vector<const uint8_t*> images(columns_.size());
    for (size_t row = next_++; row < rows_.size(); row = next_++) {
      for (size_t i = 0; i < columns_.size(); ++i) {
        covered[i] = Covered(rows_[row], columns_[i]);
        images[i] = covered[i].data();
      }
      predictor.Predict(images.data(), static_cast<int>(images.size()),
                        answers_.data() + row * columns_.size() * classes());
    }
  }

  Occlusion Finish() {
    Occlusion result{.height = spec_.height, .width = spec_.width, .side = side_, .drops = {}};
    std::vector<float> whole(classes());
    const uint8_t* image = pixels_.data();
    Predictor(model_).Predict(&image, 1, whole.data());
    result.label = MostLikely(whole.data(), static_cast<int>(classes()));
    result.probability = whole[static_cast<size_t>(result.label)];
    FindDearest(&result);
    SpreadDrops(&result);
    return result;
  }

 private:
  size_t classes() const { return static_cast<size_t>(model_->network().num_classes()); }

  std::vector<uint8_t> Covered(int top, int left) const {
    std::vector<uint8_t> image = pixels_;
    for (int y = top; y < top + side_; ++y) {
      for (int x = left; x < left + side_; ++x) {
        std::copy(colour_.begin(), colour_.end(),
                  image.begin() + (int64_t{y} * spec_.width + x) * spec_.channels);
      }
    }
    return image;
  }

  const float* AnswerWithout(size_t square) const { return answers_.data() + square * classes(); }

  void FindDearest(Occlusion* result) const {
    const auto label = static_cast<size_t>(result->label);
    size_t dearest = 0;
    for (size_t square = 1; square < rows_.size() * columns_.size(); ++square) {
      if (AnswerWithout(square)[label] < AnswerWithout(dearest)[label]) dearest = square;
    }
    result->top = rows_[dearest / columns_.size()];
    result->left = columns_[dearest % columns_.size()];
    result->label_without = MostLikely(AnswerWithout(dearest), static_cast<int>(classes()));
    result->probability_without = AnswerWithout(dearest)[label];
  }

  void SpreadDrops(Occlusion* result) const {
    const auto pixels = static_cast<size_t>(spec_.height) * static_cast<size_t>(spec_.width);
    std::vector<double> sums(pixels);
    std::vector<int> counts(pixels);
    for (size_t square = 0; square < rows_.size() * columns_.size(); ++square) {
      const double drop =
          result->probability - AnswerWithout(square)[static_cast<size_t>(result->label)];
      const int top = rows_[square / columns_.size()];
      const int left = columns_[square % columns_.size()];
      for (int y = top; y < top + side_; ++y) {
        for (int x = left; x < left + side_; ++x) {
          const auto pixel = static_cast<size_t>(y * spec_.width + x);
          sums[pixel] += drop;
          ++counts[pixel];
        }
      }
    }
    for (size_t i = 0; i < pixels; ++i)
      result->drops.push_back(static_cast<float>(sums[i] / counts[i]));
  }

  const std::shared_ptr<const LoadedModel> model_;
  const nn::ModelSpec& spec_;
  const std::vector<uint8_t> pixels_;
  const std::vector<uint8_t> colour_;
  int side_ = 1;
  std::vector<int> rows_;       // where squares begin
  std::vector<int> columns_;    // likewise
  std::vector<float> answers_;  // [rows, columns, classes]
  std::atomic<size_t> next_{0};
};

}  // namespace

Occlusion Occlude(const std::shared_ptr<const LoadedModel>& model, const uint8_t* pixels,
                  int threads) {
  OcclusionRun run(model, pixels);
  ThreadTeam team(std::max(1, threads));
  team.Run([&run](int) { run.TakeRows(); });
  return run.Finish();
}

}  // namespace convoy::evaluate
