#include "coordinator/store/kept_versions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

namespace convoy::coordinator {
namespace {

constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();

std::vector<int64_t> Epochs(const std::vector<EarlierVersion>& versions) {
  std::vector<int64_t> epochs;
  for (const EarlierVersion& version : versions) epochs.push_back(version.epoch);
  return epochs;
}

// What is kept when one epoch after the other ends, `step` of them between two that are told.
std::vector<EarlierVersion> Train(int64_t epochs, int64_t room, int64_t step = 1) {
  std::vector<EarlierVersion> kept;
  for (int64_t last = step; last <= epochs; last += step) {
    kept.push_back({.epoch = last - step, .bytes = 10});
    kept = KeptVersions(kept, last, room);
  }
  return kept;
}

TEST(KeptVersionsTest, AreEvenlySpacedFromTheUntrainedNetworkOn) {
  std::vector<EarlierVersion> kept;
  for (int64_t last = 1; last <= 1000; ++last) {
    kept.push_back({.epoch = last - 1, .bytes = 10});
    kept = KeptVersions(kept, last, kNoLimit);
    const std::vector<int64_t> epochs = Epochs(kept);
    ASSERT_LE(epochs.size(), static_cast<size_t>(kMaxEarlierVersions));
    ASSERT_GE(epochs.size(), static_cast<size_t>(std::min(last, kMaxEarlierVersions / 2)));
    const int64_t spacing = epochs.size() > 1 ? epochs[1] : 1;
    for (size_t i = 0; i < epochs.size(); ++i) {
      ASSERT_EQ(epochs[i], static_cast<int64_t>(i) * spacing) << "after epoch " << last;
    }
    ASSERT_LE(last - epochs.back(), spacing);
  }
}

TEST(KeptVersionsTest, SpacingDoublesWhenThereAreTooMany) {
  EXPECT_EQ(Epochs(Train(5, kNoLimit)), (std::vector<int64_t>{0, 1, 2, 3, 4}));
  EXPECT_EQ(Epochs(Train(16, kNoLimit)).size(), 16u);
  EXPECT_EQ(Epochs(Train(17, kNoLimit)), (std::vector<int64_t>{0, 2, 4, 6, 8, 10, 12, 14, 16}));
}

TEST(KeptVersionsTest, EpochsThatWereNeverToldLeaveNoHoles) {
  const std::vector<int64_t> epochs = Epochs(Train(60, kNoLimit, /*step=*/3));
  EXPECT_GE(epochs.size(), 8u);
  EXPECT_LE(epochs.size(), static_cast<size_t>(kMaxEarlierVersions));
  EXPECT_EQ(epochs.front(), 0);
  for (size_t i = 1; i < epochs.size(); ++i) EXPECT_LE(epochs[i] - epochs[i - 1], 6);
}

TEST(KeptVersionsTest, FewerWhereThereIsLittleRoom) {
  for (int64_t last = 1; last <= 200; ++last) {
    const std::vector<EarlierVersion> kept = Train(last, /*room=*/45);
    ASSERT_LE(kept.size(), 4u);
    ASSERT_GE(kept.size(), static_cast<size_t>(std::min<int64_t>(last, 2)));
    ASSERT_EQ(kept.front().epoch, 0);
  }
  EXPECT_EQ(Epochs(Train(9, /*room=*/45)), (std::vector<int64_t>{0, 4, 8}));
}

TEST(KeptVersionsTest, NoneWhereNotEvenOneHasRoom) {
  EXPECT_TRUE(Train(3, /*room=*/9).empty());
  EXPECT_TRUE(Train(3, /*room=*/0).empty());
  EXPECT_TRUE(KeptVersions({{.epoch = 0, .bytes = 10}}, /*last=*/0, /*room=*/9).empty());
}

}  // namespace
}  // namespace convoy::coordinator
