#include "common/images/tilt.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace convoy::images {
namespace {

constexpr int kWidth = 320;
constexpr int kHeight = 240;

// A picture in which a place's brightness follows from where it is on a sheet that is turned
// clockwise; (0, 0) is the middle.
template <typename Brightness>
Plane Sheet(double degrees, const Brightness& brightness) {
  const double angle = degrees * std::acos(-1) / 180;
  Plane plane{kWidth, kHeight, {}};
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const double dx = x - 0.5 * kWidth;
      const double dy = y - 0.5 * kHeight;
      plane.values.push_back(brightness(std::cos(angle) * dx + std::sin(angle) * dy,
                                        std::cos(angle) * dy - std::sin(angle) * dx));
    }
  }
  return plane;
}

float LightSheet(double x, double y) {
  return std::abs(x) < 120 && std::abs(y) < 85 ? 220.0f : 60.0f;
}

TEST(TiltTest, FollowsTheSheetsEdges) {
  for (const double degrees : {-40.0, -15.0, -3.0, 0.0, 8.0, 30.0}) {
    EXPECT_NEAR(TiltOfSheet(Sheet(degrees, LightSheet), nullptr).value_or(99), degrees, 1);
  }
}

TEST(TiltTest, FollowsDarkSheetsOnLightDesks) {
  const auto board = [](double x, double y) { return 280 - LightSheet(x, y); };
  EXPECT_NEAR(TiltOfSheet(Sheet(12, board), nullptr).value_or(99), 12, 1);
}

TEST(TiltTest, FollowsTheLinesOnThePaper) {
  const auto ruled = [](double, double y) { return std::fmod(y + 1000, 24) < 2 ? 150.0f : 220.0f; };
  EXPECT_NEAR(TiltOfSheet(Sheet(-7, ruled), nullptr).value_or(99), -7, 1);
}

TEST(TiltTest, DoesNotFollowTheDesksPlanks) {
  const auto sheet = [](double x, double y) {
    return std::abs(x) < 90 && std::abs(y) < 65 ? 220.0f : 100.0f;
  };
  Plane picture = Sheet(10, sheet);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const bool crack = (y + x / 4) % 20 < 2;
      if (crack && picture.at(x, y) < 150) picture.at(x, y) = 50;
    }
  }
  Plane digit{kWidth, kHeight, std::vector<float>(kWidth * kHeight)};
  for (int y = 100; y < 140; ++y) digit.at(160, y) = 1;
  EXPECT_NEAR(TiltOfSheet(picture, &digit).value_or(99), 10, 1);
}

TEST(TiltTest, IsNothingWithoutASheet) {
  const auto even = [](double, double) { return 200.0f; };
  EXPECT_EQ(TiltOfSheet(Sheet(0, even), nullptr), std::nullopt);
  const auto shadow = [](double x, double) { return x < 20 ? 120.0f : 220.0f; };
  EXPECT_EQ(TiltOfSheet(Sheet(17, shadow), nullptr), std::nullopt);
  EXPECT_EQ(TiltOfSheet(Plane{1, 1, {9}}, nullptr), std::nullopt);
}

TEST(TiltTest, DoesNotFollowTheDigit) {
  const auto bar = [](double x, double y) {
    return std::abs(x) < 8 && std::abs(y) < 80 ? 30.0f : 220.0f;
  };
  const Plane picture = Sheet(20, bar);
  Plane digit = picture;
  for (float& value : digit.values) value = value < 128 ? 1.0f : 0.0f;
  EXPECT_EQ(TiltOfSheet(picture, &digit), std::nullopt);
}

// What is smeared beside a turned picture has lines of its own, in the direction of the turn.
TEST(TiltTest, DoesNotFollowWhatIsBesideATurnedPicture) {
  const auto dots = [](double x, double y) {
    const bool dot = std::fmod(x + 1000, 12) < 6 && std::fmod(y + 1000, 12) < 6;
    return dot ? 200.0f : 60.0f;
  };
  const Plane picture = Sheet(25, dots);
  const Plane turned = Turned(picture, -12);
  const Plane beside = BesideTurned(picture, -12);
  ASSERT_EQ(beside.values.size(), turned.values.size());
  EXPECT_EQ(beside.at(0, 0), 1);
  EXPECT_EQ(beside.at(beside.width / 2, beside.height / 2), 0);
  EXPECT_NEAR(TiltOfSheet(turned, nullptr, &beside).value_or(99), 13, 1);
}

TEST(TiltTest, TurningBackRestores) {
  Plane bar{kWidth, kHeight, std::vector<float>(kWidth * kHeight)};
  for (int y = 60; y < 180; ++y) {
    for (int x = 150; x < 160; ++x) bar.at(x, y) = 1;
  }
  const Plane back = Turned(Turned(bar, 25), -25);
  const int left = (back.width - kWidth) / 2;
  const int top = (back.height - kHeight) / 2;
  double difference = 0;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      difference += std::abs(back.at(left + x, top + y) - bar.at(x, y));
    }
  }
  const double mass = std::accumulate(back.values.begin(), back.values.end(), 0.0);
  EXPECT_NEAR(mass, 1200, 12);
  EXPECT_LT(difference, 250);
}

TEST(TiltTest, BoxesAreFoundAgainWhereTheyWere) {
  Plane plane{kWidth, kHeight, std::vector<float>(kWidth * kHeight)};
  const Plane turned = Turned(plane, 90);
  EXPECT_EQ(turned.width, kHeight);
  const Box before = BeforeTurning({10, 20, 30, 40}, 90, turned, plane);
  EXPECT_NEAR(before.x, 20, 1);
  EXPECT_NEAR(before.y, kHeight - 40, 1);
  EXPECT_NEAR(before.width, 40, 1);
  EXPECT_NEAR(before.height, 30, 1);
  EXPECT_EQ(BeforeTurning({1, 2, 3, 4}, 0, plane, plane), (Box{1, 2, 3, 4}));
}

}  // namespace
}  // namespace convoy::images
