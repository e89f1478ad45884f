// Parts ink from paper in a photograph. Otsu's threshold makes a first guess; the paper's
// brightness is then fitted by least squares with a polynomial of second order (light falls off
// over a page, and a lamp makes a gradient), subtracted, and the threshold found again in the
// difference, twice. Which of the two is ink follows from the picture's edge, which is paper. What
// is left is scaled to ink from 0 to 1, so pencil and marker look alike.
#include "common/images/ink.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "common/base/status.h"

namespace convoy::images {
namespace {

constexpr int kLevels = 256;
// The least difference in brightness, out of 255, between ink and background.
constexpr float kMinContrast = 16;
// Below the first share of the ink's usual difference from the background a pixel is background,
// above the second it is all ink.
constexpr float kInkBegins = 0.2f;
constexpr float kInkIsFull = 0.9f;
constexpr int kRefits = 2;

using Histogram = std::array<int64_t, kLevels>;

int LevelOf(float value) { return std::clamp(static_cast<int>(value + 0.5f), 0, kLevels - 1); }

Histogram CountLevels(const std::vector<float>& values) {
  Histogram counts{};
  for (const float value : values) ++counts[static_cast<size_t>(LevelOf(value))];
  return counts;
}

// Returns the level that parts the values into two groups, this one being the last of the lower,
// with the largest variance between the groups. Source: Otsu, "A threshold selection method from
// gray-level histograms", IEEE Transactions on Systems, Man, and Cybernetics 9 (1979).
int OtsuThreshold(const Histogram& counts) {
  double total = 0;
  double sum = 0;
  for (size_t level = 0; level < kLevels; ++level) {
    total += static_cast<double>(counts[level]);
    sum += static_cast<double>(level) * static_cast<double>(counts[level]);
  }
  double below = 0;
  double sum_below = 0;
  double best_variance = -1;
  int best = 0;
  for (size_t level = 0; level + 1 < kLevels; ++level) {
    below += static_cast<double>(counts[level]);
    sum_below += static_cast<double>(level) * static_cast<double>(counts[level]);
    if (below == 0 || below == total) continue;
    const double difference = sum_below / below - (sum - sum_below) / (total - below);
    const double variance = below * (total - below) * difference * difference;
    if (variance > best_variance) {
      best_variance = variance;
      best = static_cast<int>(level);
    }
  }
  return best;
}

// Returns whether most of the picture's edge is brighter than `threshold`.
bool EdgeIsBright(const Plane& picture, int threshold) {
  const int margin = std::max(1, std::min(picture.width, picture.height) / 20);
  int64_t bright = 0;
  int64_t pixels = 0;
  for (int y = 0; y < picture.height; ++y) {
    const bool whole_row = y < margin || y >= picture.height - margin;
    for (int x = 0; x < picture.width; ++x) {
      if (!whole_row && x == margin) x = std::max(x, picture.width - margin);
      bright += LevelOf(picture.at(x, y)) > threshold;
      ++pixels;
    }
  }
  return 2 * bright > pixels;
}

// A brightness that changes over the picture as a polynomial of second order.
class Surface {
 public:
  static constexpr size_t kTerms = 6;
  using Terms = std::array<double, kTerms>;

  // Fits the pixels whose `member` is set, by least squares. A constant where there are too few.
  Surface(const Plane& picture, const std::vector<uint8_t>& member)
      : width_(picture.width), height_(picture.height) {
    std::array<Terms, kTerms> matrix{};
    Terms right{};
    double sum = 0;
    int64_t count = 0;
    for (int y = 0; y < height_; ++y) {
      for (int x = 0; x < width_; ++x) {
        if (member[static_cast<size_t>(y) * width_ + x] == 0) continue;
        const Terms terms = TermsAt(x, y);
        const double value = picture.at(x, y);
        for (size_t i = 0; i < kTerms; ++i) {
          for (size_t j = 0; j <= i; ++j) matrix[i][j] += terms[i] * terms[j];
          right[i] += terms[i] * value;
        }
        sum += value;
        ++count;
      }
    }
    if (!Solve(matrix, right, count)) {
      coefficients_ = {};
      coefficients_[0] = count == 0 ? 0 : sum / static_cast<double>(count);
    }
  }

  double At(int x, int y) const {
    const Terms terms = TermsAt(x, y);
    double value = 0;
    for (size_t i = 0; i < kTerms; ++i) value += coefficients_[i] * terms[i];
    return value;
  }

 private:
  Terms TermsAt(int x, int y) const {
    const double u = 2 * (x + 0.5) / width_ - 1;
    const double v = 2 * (y + 0.5) / height_ - 1;
    return {1, u, v, u * u, u * v, v * v};
  }

  // Cholesky's method on the lower triangle. Returns false if the pixels do not determine the
  // surface.
  bool Solve(std::array<Terms, kTerms> matrix, Terms right, int64_t count) {
    constexpr double kSmallestPivot = 1e-6;
    for (size_t i = 0; i < kTerms; ++i) {
      for (size_t j = 0; j <= i; ++j) {
        double sum = matrix[i][j];
        for (size_t k = 0; k < j; ++k) sum -= matrix[i][k] * matrix[j][k];
        if (i == j && sum <= kSmallestPivot * static_cast<double>(count)) return false;
        matrix[i][j] = i == j ? std::sqrt(sum) : sum / matrix[j][j];
      }
    }
    for (size_t i = 0; i < kTerms; ++i) {
      for (size_t k = 0; k < i; ++k) right[i] -= matrix[i][k] * right[k];
      right[i] /= matrix[i][i];
    }
    for (size_t i = kTerms; i-- > 0;) {
      for (size_t k = i + 1; k < kTerms; ++k) right[i] -= matrix[k][i] * right[k];
      right[i] /= matrix[i][i];
    }
    coefficients_ = right;
    return true;
  }

  int width_;
  int height_;
  Terms coefficients_{};
};

// Returns how much each pixel differs from `background` in the ink's direction, at least 0.
std::vector<float> Difference(const Plane& picture, const Surface& background, bool dark) {
  std::vector<float> difference(picture.values.size());
  for (int y = 0; y < picture.height; ++y) {
    for (int x = 0; x < picture.width; ++x) {
      const double above = picture.at(x, y) - background.At(x, y);
      difference[static_cast<size_t>(y) * picture.width + x] =
          static_cast<float>(std::max(dark ? -above : above, 0.0));
    }
  }
  return difference;
}

// Returns the mean of the differences above the threshold.
float InkLevel(const std::vector<float>& difference, int threshold) {
  double sum = 0;
  int64_t count = 0;
  for (const float value : difference) {
    if (LevelOf(value) <= threshold) continue;
    sum += value;
    ++count;
  }
  return count == 0 ? 0 : static_cast<float>(sum / static_cast<double>(count));
}

}  // namespace

absl::StatusOr<Ink> FindInk(const Plane& picture) {
  const int split = OtsuThreshold(CountLevels(picture.values));
  Ink ink{.strength = picture, .dark = EdgeIsBright(picture, split)};
  std::vector<uint8_t> background(picture.values.size());
  for (size_t i = 0; i < background.size(); ++i) {
    background[i] = (LevelOf(picture.values[i]) > split) == ink.dark;
  }
  std::vector<float> difference;
  int threshold = 0;
  for (int fit = 0; fit <= kRefits; ++fit) {
    difference = Difference(picture, Surface(picture, background), ink.dark);
    threshold = OtsuThreshold(CountLevels(difference));
    for (size_t i = 0; i < background.size(); ++i) {
      background[i] = LevelOf(difference[i]) <= threshold;
    }
  }
  const float level = InkLevel(difference, threshold);
  if (level < kMinContrast) {
    return absl::InvalidArgumentError(
        "nothing stands out from the background; draw the digit thicker or in a stronger contrast");
  }
  for (size_t i = 0; i < difference.size(); ++i) {
    const float share = (difference[i] / level - kInkBegins) / (kInkIsFull - kInkBegins);
    ink.strength.values[i] = std::clamp(share, 0.0f, 1.0f);
  }
  return ink;
}

}  // namespace convoy::images
