#include "common/nn/window.h"

#include <gtest/gtest.h>

namespace convoy::nn {
namespace {

TEST(PlaceWindowsTest, Valid) {
  EXPECT_EQ(PlaceWindows(28, 3, 1, Padding::kValid).output, 26);
  EXPECT_EQ(PlaceWindows(11, 2, 2, Padding::kValid).output, 5);
  EXPECT_EQ(PlaceWindows(3, 3, 2, Padding::kValid).output, 1);
  EXPECT_EQ(PlaceWindows(2, 3, 1, Padding::kValid).output, 0);
}

// Expected values by TensorFlow's documented rule for SAME.
TEST(PlaceWindowsTest, SamePutsTheOddPaddingBehind) {
  const WindowAxis even = PlaceWindows(28, 3, 1, Padding::kSame);
  EXPECT_EQ(even.output, 28);
  EXPECT_EQ(even.pad_before, 1);
  const WindowAxis odd = PlaceWindows(28, 4, 1, Padding::kSame);
  EXPECT_EQ(odd.output, 28);
  EXPECT_EQ(odd.pad_before, 1);
  const WindowAxis strided = PlaceWindows(7, 2, 2, Padding::kSame);
  EXPECT_EQ(strided.output, 4);
  EXPECT_EQ(strided.pad_before, 0);
  EXPECT_EQ(PlaceWindows(1, 5, 1, Padding::kSame).output, 1);
}

}  // namespace
}  // namespace convoy::nn
