#include "common/data/digits/generated_digits.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "common/base/sha256.h"

namespace convoy::data {
namespace {

struct Digits {
  Digits(uint64_t seed, uint32_t split, int64_t count, int num_threads)
      : pixels(static_cast<size_t>(count) * kDigitPixels, 0xAA),
        labels(static_cast<size_t>(count), 0xAA) {
    GenerateDigits(seed, split, count, num_threads, pixels.data(), labels.data());
  }

  std::string Image(size_t index) const {
    return std::string(reinterpret_cast<const char*>(pixels.data()) + index * kDigitPixels,
                       kDigitPixels);
  }

  std::string Hash() const {
    Sha256 hash;
    hash.Update(pixels.data(), pixels.size());
    const std::vector<uint8_t> classes(labels.begin(), labels.end());
    hash.Update(classes.data(), classes.size());
    return hash.HexDigest();
  }

  std::vector<uint8_t> pixels;
  std::vector<Label> labels;
};

// The bytes of a set are part of what a run trains on: a change here changes every run on generated
// digits, so it must be meant. Pixels [1000, 28, 28], then labels [1000],
// a byte each.
TEST(GenerateDigitsTest, BytesAreTheKnownOnes) {
  EXPECT_EQ(Digits(42, kGeneratedTrainSplit, 1000, 1).Hash(),
            "7eebdb151b49bf8729133eec460a14762e459ed97d292fdb69821b1d0e32a6f6");
}

TEST(GenerateDigitsTest, ThreadsDoNotChangeTheBytes) {
  const std::string expected = Digits(7, kGeneratedTrainSplit, 501, 1).Hash();
  for (int num_threads : {2, 3, 8}) {
    EXPECT_EQ(Digits(7, kGeneratedTrainSplit, 501, num_threads).Hash(), expected);
  }
}

TEST(GenerateDigitsTest, AnyImageCanBeDrawnByItself) {
  const Digits digits(7, kGeneratedTestSplit, 300, 2);
  for (uint32_t index : {299u, 0u, 17u, 150u}) {
    std::string image(kDigitPixels, 'x');
    Label label = 0xAAAA;
    DrawDigit(7, kGeneratedTestSplit, index, reinterpret_cast<uint8_t*>(image.data()), &label);
    EXPECT_EQ(image, digits.Image(index));
    EXPECT_EQ(label, digits.labels[index]);
  }
}

TEST(GenerateDigitsTest, NoImagesIsFine) { EXPECT_TRUE(Digits(7, 0, 0, 2).labels.empty()); }

TEST(GenerateDigitsTest, LastIndexOfASplitCanBeDrawn) {
  std::vector<uint8_t> pixels(kDigitPixels);
  Label label = 0xAAAA;
  DrawDigit(7, kGeneratedTrainSplit, 0xFFFFFFFF, pixels.data(), &label);
  EXPECT_LT(label, 10);
  EXPECT_GT(*std::max_element(pixels.begin(), pixels.end()), 128);
}

TEST(GenerateDigitsTest, EveryTenImagesHoldEachDigitOnceInChangingOrder) {
  const Digits digits(3, kGeneratedTrainSplit, 2000, 2);
  std::set<std::vector<Label>> orders;
  for (size_t first = 0; first < 2000; first += 10) {
    std::vector<Label> ten(digits.labels.begin() + static_cast<ptrdiff_t>(first),
                           digits.labels.begin() + static_cast<ptrdiff_t>(first + 10));
    orders.insert(ten);
    std::sort(ten.begin(), ten.end());
    ASSERT_EQ(ten, (std::vector<Label>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  }
  EXPECT_GT(orders.size(), 195u);
}

TEST(GenerateDigitsTest, NoTwoImagesOfSeedsAndSplitsAreEqual) {
  std::set<std::string> images;
  for (uint64_t seed : {uint64_t{1}, uint64_t{1} << 40}) {
    for (uint32_t split : {kGeneratedTrainSplit, kGeneratedTestSplit}) {
      const Digits digits(seed, split, 2000, 2);
      for (size_t index = 0; index < 2000; ++index) images.insert(digits.Image(index));
    }
  }
  EXPECT_EQ(images.size(), 8000u);
}

// Sums over the pixels of one image, and the box around what is not black.
struct Shape {
  explicit Shape(const uint8_t* pixels) {
    for (int row = 0; row < kDigitSize; ++row) {
      for (int column = 0; column < kDigitSize; ++column) {
        const int grey = pixels[row * kDigitSize + column];
        ink += grey;
        mean_row += grey * row;
        mean_column += grey * column;
        if (grey == 0) continue;
        top = std::min(top, row);
        bottom = std::max(bottom, row);
        left = std::min(left, column);
        right = std::max(right, column);
      }
    }
    mean_row /= ink;
    mean_column /= ink;
  }

  int height() const { return bottom - top + 1; }
  int width() const { return right - left + 1; }

  double ink = 0, mean_row = 0, mean_column = 0;
  int top = kDigitSize, bottom = -1, left = kDigitSize, right = -1;
};

TEST(GenerateDigitsTest, ImagesFillATwentyPixelBoxAroundTheirCentreOfMass) {
  const Digits digits(5, kGeneratedTrainSplit, 3000, 2);
  int off_centre = 0;
  for (size_t index = 0; index < 3000; ++index) {
    const Shape shape(digits.pixels.data() + index * kDigitPixels);
    const int side = std::max(shape.height(), shape.width());
    ASSERT_LE(side, 20);
    ASSERT_GE(side, 18);
    // The box may not leave the image, which stops the shift of a few digits short.
    off_centre += std::abs(shape.mean_row - 14) > 0.51 || std::abs(shape.mean_column - 14) > 0.51;
  }
  EXPECT_LE(off_centre, 15);
}

// MNIST's training images have a mean of 0.1307; the classes lie between 0.076 (1) and 0.173 (0).
TEST(GenerateDigitsTest, InkIsAsMuchAsInMnist) {
  const Digits digits(9, kGeneratedTrainSplit, 5000, 2);
  std::array<double, 10> ink{};
  double total = 0;
  for (size_t index = 0; index < 5000; ++index) {
    const Shape shape(digits.pixels.data() + index * kDigitPixels);
    ink[digits.labels[index]] += shape.ink / (255.0 * kDigitPixels * 500);
    total += shape.ink / (255.0 * kDigitPixels * 5000);
  }
  EXPECT_NEAR(total, 0.1307, 0.015);
  EXPECT_NEAR(ink[0], 0.173, 0.025);
  EXPECT_NEAR(ink[1], 0.076, 0.02);
  EXPECT_EQ(std::min_element(ink.begin(), ink.end()) - ink.begin(), 1);
}

}  // namespace
}  // namespace convoy::data
